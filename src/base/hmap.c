/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/hmap.h"

#include <stdlib.h>
#include <string.h>

#define MIN_SLOTS 16

static uint64_t rotate(uint64_t x, unsigned int by)
{
	return (x << by) | (x >> (64 - by));
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

/* Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012; 1 and 3 rounds. */
uint32_t hmap_hash(const struct hkey *key, const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t v[4] = {key->k0 ^ 0x736f6d6570736575U, key->k1 ^ 0x646f72616e646f6dU,
			 key->k0 ^ 0x6c7967656e657261U, key->k1 ^ 0x7465646279746573U};
	uint64_t last = (uint64_t)len << 56, word;
	size_t left = len;

	for (; left >= 8; left -= 8, p += 8) {
		memcpy(&word, p, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	word = 0;
	memcpy(&word, p, left);
	last |= word;
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	word = v[0] ^ v[1] ^ v[2] ^ v[3];
	return (uint32_t)(word ^ (word >> 32));
}

/* What stands for a hash in a slot, where 0 means free. */
static uint32_t code_of(uint32_t hash)
{
	return hash ? hash : 1;
}

/* The slot of this code, or the free one where it belongs. */
static size_t find_slot(const struct hmap *map, uint32_t code)
{
	size_t slot = code & map->mask;

	while (map->hashes[slot] && map->hashes[slot] != code)
		slot = (slot + 1) & map->mask;
	return slot;
}

static void fill_slot(struct hmap *map, size_t slot, uint32_t code, struct hnode *first)
{
	map->hashes[slot] = code;
	map->first[slot] = first;
}

static void resize(struct hmap *map, size_t slots)
{
	struct hmap old = *map;

	map->hashes = mem_alloc(slots * sizeof(*map->hashes));
	map->first = mem_grow(NULL, slots * sizeof(struct hnode *));
	map->mask = slots - 1;
	for (size_t i = 0; old.hashes && i <= old.mask; i++)
		if (old.hashes[i])
			fill_slot(map, find_slot(map, old.hashes[i]), old.hashes[i], old.first[i]);
	free(old.hashes);
	free(old.first);
}

void hmap_insert(struct hmap *map, struct hnode *node, uint32_t hash)
{
	uint32_t code = code_of(hash);
	size_t slot;

	if (!map->hashes)
		resize(map, MIN_SLOTS);
	else if ((map->count + 1) * 5 > (map->mask + 1) * 4)
		resize(map, (map->mask + 1) * 2);
	slot = find_slot(map, code);
	node->hash = hash;
	node->next = map->hashes[slot] ? map->first[slot] : NULL;
	fill_slot(map, slot, code, node);
	map->count++;
}

/* Frees a slot; what stands behind it because places before were taken moves up. */
static void free_slot(struct hmap *map, size_t slot)
{
	size_t next = slot;

	while (map->hashes[next = (next + 1) & map->mask]) {
		size_t home = map->hashes[next] & map->mask;

		if (((next - home) & map->mask) < ((next - slot) & map->mask))
			continue;
		fill_slot(map, slot, map->hashes[next], map->first[next]);
		slot = next;
	}
	map->hashes[slot] = 0;
}

void hmap_remove(struct hmap *map, struct hnode *node)
{
	size_t slot = find_slot(map, code_of(node->hash));
	struct hnode **at = &map->first[slot];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	node->next = NULL;
	map->count--;
	if (!map->first[slot])
		free_slot(map, slot);
	if (map->mask >= MIN_SLOTS && map->count * 8 < map->mask)
		resize(map, (map->mask + 1) / 4);
}

void hmap_free(struct hmap *map)
{
	free(map->hashes);
	free(map->first);
	memset(map, 0, sizeof(*map));
}

static struct hnode *same_hash(struct hnode *node, uint32_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

struct hnode *hmap_first(const struct hmap *map, uint32_t hash)
{
	size_t slot;

	if (!map->hashes)
		return NULL;
	slot = find_slot(map, code_of(hash));
	return map->hashes[slot] ? same_hash(map->first[slot], hash) : NULL;
}

struct hnode *hmap_next(const struct hnode *node)
{
	return same_hash(node->next, node->hash);
}

struct hnode *hmap_walk(const struct hmap *map, size_t *slot, struct hnode *node)
{
	if (node && node->next)
		return node->next;
	if (node)
		++*slot;
	if (!map->hashes)
		return NULL;
	for (; *slot <= map->mask; ++*slot)
		if (map->hashes[*slot])
			return map->first[*slot];
	return NULL;
}
