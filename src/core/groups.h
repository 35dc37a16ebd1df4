/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * groups: shadow of the memberships that the kernel holds for us, and of those that it refused.
 */
#ifndef CORE_GROUPS_H
#define CORE_GROUPS_H

#include "base/hmap.h"
#include "base/seq.h"
#include "core/kern.h"

struct membership {
	struct hnode node;     /* in groups.members */
	struct seq_link order; /* in groups.order */
	struct member member;
	int16_t error; /* errno of the kernel's refusal, 0 = none */
	int socket;    /* of the pool, when joined */
	uint64_t born; /* life of the link on which it was joined */
	bool joined;
};

struct groups {
	struct hmap members;
	struct seq order;
	struct hkey key;
	size_t refused; /* memberships with an error */
};

void groups_init(struct groups *groups, const struct hkey *key);
void groups_free(struct groups *groups);

struct membership *groups_find(const struct groups *groups, const struct member *member);
struct membership *groups_add(struct groups *groups, const struct member *member);
void groups_set_error(struct groups *groups, struct membership *membership, int error);
void groups_remove(struct groups *groups, struct membership *membership);

#endif
