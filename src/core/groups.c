/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/groups.h"

#include <stdlib.h>
#include <string.h>

void groups_init(struct groups *groups, const struct hkey *key)
{
	memset(groups, 0, sizeof(*groups));
	groups->key = *key;
}

void groups_free(struct groups *groups)
{
	struct seq_link *link;
	uint32_t cursor;

	seq_for_each(link, cursor, &groups->order)
		free(seq_entry(link, struct membership, order));
	seq_free(&groups->order);
	hmap_free(&groups->members);
}

static bool equal(const struct member *a, const struct member *b)
{
	return a->ifindex == b->ifindex && addr_equal(&a->group, &b->group) &&
	       addr_equal(&a->source, &b->source);
}

static uint32_t hash(const struct groups *groups, const struct member *member)
{
	uint8_t bytes[sizeof(int) + 2 * sizeof(struct addr)];

	memcpy(bytes, &member->ifindex, sizeof(int));
	memcpy(bytes + sizeof(int), &member->source, sizeof(struct addr));
	memcpy(bytes + sizeof(int) + sizeof(struct addr), &member->group, sizeof(struct addr));
	return hmap_hash(&groups->key, bytes, sizeof(bytes));
}

struct membership *groups_find(const struct groups *groups, const struct member *member)
{
	struct hnode *node = hmap_first(&groups->members, hash(groups, member));

	for (; node; node = hmap_next(node)) {
		struct membership *found = container_of(node, struct membership, node);

		if (equal(&found->member, member))
			return found;
	}
	return NULL;
}

struct membership *groups_add(struct groups *groups, const struct member *member)
{
	struct membership *fresh = mem_alloc(sizeof(*fresh));

	fresh->member = *member;
	hmap_insert(&groups->members, &fresh->node, hash(groups, member));
	seq_append(&groups->order, &fresh->order);
	return fresh;
}

void groups_set_error(struct groups *groups, struct membership *membership, int error)
{
	groups->refused += (error != 0) - (size_t)(membership->error != 0);
	membership->error = (int16_t)error;
}

void groups_remove(struct groups *groups, struct membership *membership)
{
	groups_set_error(groups, membership, 0);
	hmap_remove(&groups->members, &membership->node);
	seq_remove(&groups->order, &membership->order);
	free(membership);
}
