/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hmap: a hash table whose links live inside the elements.
 *
 * The caller computes hashes with hmap_hash(), which is SipHash-1-3 under the key of the table's
 * owner: addresses arrive from the network, and nobody out there may choose which flows share a
 * place.
 *
 * Open addressing: a slot stands for one hash, elements with the same hash hang in a chain behind
 * it.  Hashes stand in an array of their own, close together: to find that something is not there
 * touches no element, and to find what is there touches no other; with many elements that is where
 * the time goes.  At most 80 % of the slots are taken, so that insert, find and remove are O(1) and
 * an element costs a link (16 bytes) and 15 to 30 bytes of slots.
 */
#ifndef BASE_HMAP_H
#define BASE_HMAP_H

#include "base/util.h"

struct hnode {
	struct hnode *next; /* in the same slot */
	uint32_t hash;
};

struct hmap {
	uint32_t *hashes;     /* owned; of each slot, 0 = free; NULL while empty */
	struct hnode **first; /* owned; of each slot that is not free */
	size_t mask;	      /* number of slots - 1 */
	size_t count;	      /* elements */
};

struct hkey {
	uint64_t k0, k1;
};

/* SipHash-1-3 of @len bytes at @data, folded to 32 bits. */
uint32_t hmap_hash(const struct hkey *key, const void *data, size_t len);

void hmap_insert(struct hmap *map, struct hnode *node, uint32_t hash);
void hmap_remove(struct hmap *map, struct hnode *node);

/* Frees the slots, not the elements; the map is empty and usable afterwards. */
void hmap_free(struct hmap *map);

/* The first element with this hash, or NULL; then hmap_next() for the others. */
struct hnode *hmap_first(const struct hmap *map, uint32_t hash);
struct hnode *hmap_next(const struct hnode *node);

/*
 * Walks all elements in no useful order.  Start with *@slot = 0 and @node = NULL; returns NULL at
 * the end.  The map must not change meanwhile.  To free everything: fetch the next element before
 * freeing one, and call hmap_free() at the end.
 */
struct hnode *hmap_walk(const struct hmap *map, size_t *slot, struct hnode *node);

#endif
