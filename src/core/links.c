/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/links.h"

#include <stdlib.h>
#include <string.h>

static uint32_t hash_index(const struct links *links, int index)
{
	return hmap_hash(&links->key, &index, sizeof(index));
}

static uint32_t hash_name(const struct links *links, const char *name)
{
	return hmap_hash(&links->key, name, strlen(name));
}

void links_init(struct links *links, const struct hkey *key)
{
	memset(links, 0, sizeof(*links));
	links->key = *key;
}

void links_free(struct links *links)
{
	struct hnode *node, *next;
	size_t bucket = 0;

	for (node = hmap_walk(&links->by_index, &bucket, NULL); node; node = next) {
		next = hmap_walk(&links->by_index, &bucket, node);
		free(container_of(node, struct link, by_index));
	}
	hmap_free(&links->by_index);
	hmap_free(&links->by_name);
}

struct link *links_find(const struct links *links, int index)
{
	struct hnode *node = hmap_first(&links->by_index, hash_index(links, index));

	for (; node; node = hmap_next(node)) {
		struct link *link = container_of(node, struct link, by_index);

		if (link->info.index == index)
			return link;
	}
	return NULL;
}

struct link *links_find_name(const struct links *links, const char *name)
{
	struct hnode *node = hmap_first(&links->by_name, hash_name(links, name));

	for (; node; node = hmap_next(node)) {
		struct link *link = container_of(node, struct link, by_name);

		if (strcmp(link->info.name, name) == 0)
			return link;
	}
	return NULL;
}

struct link *links_add(struct links *links, const struct link_info *info)
{
	struct link *link = mem_alloc(sizeof(*link));

	link->info = *info;
	link->born = ++links->births;
	for (int f = 0; f < FAMILIES; f++)
		link->vif[f] = NO_VIF;
	hmap_insert(&links->by_index, &link->by_index, hash_index(links, info->index));
	hmap_insert(&links->by_name, &link->by_name, hash_name(links, info->name));
	return link;
}

void links_update(struct links *links, struct link *link, const struct link_info *info)
{
	hmap_remove(&links->by_name, &link->by_name);
	link->info = *info;
	hmap_insert(&links->by_name, &link->by_name, hash_name(links, info->name));
}

void links_remove(struct links *links, struct link *link)
{
	hmap_remove(&links->by_index, &link->by_index);
	hmap_remove(&links->by_name, &link->by_name);
	free(link);
}
