/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/hmap.h"

#include <stdlib.h>
#include <string.h>

#define MIN_BUCKETS 16

static uint64_t rotate(uint64_t x, unsigned int by)
{
	return (x << by) | (x >> (64 - by));
}

static void sip_round(uint64_t v[4])
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

static void resize(struct hmap *map, size_t buckets)
{
	struct hnode **fresh = mem_alloc(buckets * sizeof(struct hnode *));

	for (size_t i = 0; map->buckets && i <= map->mask; i++) {
		struct hnode *node = map->buckets[i];

		while (node) {
			struct hnode *next = node->next;
			struct hnode **head = &fresh[node->hash & (buckets - 1)];

			node->next = *head;
			*head = node;
			node = next;
		}
	}
	free(map->buckets);
	map->buckets = fresh;
	map->mask = buckets - 1;
}

void hmap_insert(struct hmap *map, struct hnode *node, uint32_t hash)
{
	struct hnode **head;

	if (!map->buckets)
		resize(map, MIN_BUCKETS);
	else if (map->count > map->mask)
		resize(map, (map->mask + 1) * 2);
	head = &map->buckets[hash & map->mask];
	node->hash = hash;
	node->next = *head;
	*head = node;
	map->count++;
}

void hmap_remove(struct hmap *map, struct hnode *node)
{
	struct hnode **at = &map->buckets[node->hash & map->mask];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	node->next = NULL;
	map->count--;
	if (map->mask >= MIN_BUCKETS && map->count * 8 < map->mask)
		resize(map, (map->mask + 1) / 4);
}

void hmap_free(struct hmap *map)
{
	free(map->buckets);
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
	return map->buckets ? same_hash(map->buckets[hash & map->mask], hash) : NULL;
}

struct hnode *hmap_next(const struct hnode *node)
{
	return same_hash(node->next, node->hash);
}

struct hnode *hmap_walk(const struct hmap *map, size_t *bucket, struct hnode *node)
{
	if (node && node->next)
		return node->next;
	if (node)
		++*bucket;
	if (!map->buckets)
		return NULL;
	for (; *bucket <= map->mask; ++*bucket)
		if (map->buckets[*bucket])
			return map->buckets[*bucket];
	return NULL;
}
