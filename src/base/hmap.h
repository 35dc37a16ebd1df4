/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hmap: a chained hash table whose links live inside the elements.
 *
 * The caller computes hashes with hmap_hash(), which is SipHash-1-3 under the key of the table's
 * owner: addresses arrive from the network, and nobody out there may choose which flows share a
 * bucket.  Load is kept at one element a bucket or less, so that insert, find and remove are O(1)
 * and an element costs a link (16 bytes) and 8 to 16 bytes of buckets.
 */
#ifndef BASE_HMAP_H
#define BASE_HMAP_H

#include "base/util.h"

struct hnode {
	struct hnode *next; /* in its bucket */
	uint32_t hash;
};

struct hmap {
	struct hnode **buckets; /* owned; NULL while empty */
	size_t mask;		/* number of buckets - 1 */
	size_t count;
};

struct hkey {
	uint64_t k0, k1;
};

/* SipHash-1-3 of @len bytes at @data, folded to 32 bits. */
uint32_t hmap_hash(const struct hkey *key, const void *data, size_t len);

void hmap_insert(struct hmap *map, struct hnode *node, uint32_t hash);
void hmap_remove(struct hmap *map, struct hnode *node);

/* Frees the buckets, not the elements; the map is empty and usable afterwards. */
void hmap_free(struct hmap *map);

/* The first element with this hash, or NULL; then hmap_next() for the others. */
struct hnode *hmap_first(const struct hmap *map, uint32_t hash);
struct hnode *hmap_next(const struct hnode *node);

/*
 * Walks all elements in no useful order.  Start with *@bucket = 0 and @node = NULL; returns NULL at
 * the end.  The map must not change meanwhile.  To free everything: fetch the next element before
 * freeing one, and call hmap_free() at the end.
 */
struct hnode *hmap_walk(const struct hmap *map, size_t *bucket, struct hnode *node);

#endif
