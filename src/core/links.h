/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * links: the interfaces that exist now, by index and by name.
 *
 * A plain table, filled from the kernel's messages only.  Besides what the kernel tells, a link
 * carries its place in the other tables: its VIF number of each family, and why it has none.
 */
#ifndef CORE_LINKS_H
#define CORE_LINKS_H

#include "base/hmap.h"
#include "core/kern.h"

#define NO_VIF (-1)

struct link {
	struct hnode by_index, by_name; /* in links */
	struct link_info info;
	int vif[FAMILIES];	 /* number, or NO_VIF; owned by vifs and plan */
	int vif_error[FAMILIES]; /* errno of the kernel's refusal of a VIF, or 0 */
	bool crowded[FAMILIES];	 /* it was said that all numbers are taken */
	uint64_t born;		 /* number of this life: an index may come back */
	bool seen;		 /* in the resync that is going on */
};

struct links {
	struct hmap by_index, by_name;
	struct hkey key;
	uint64_t births;
};

void links_init(struct links *links, const struct hkey *key);
void links_free(struct links *links);

struct link *links_find(const struct links *links, int index);
struct link *links_find_name(const struct links *links, const char *name);

/* Adds a link that is not there yet. */
struct link *links_add(struct links *links, const struct link_info *info);

/* Takes over a new description with the same index. */
void links_update(struct links *links, struct link *link, const struct link_info *info);

/* Frees @link. */
void links_remove(struct links *links, struct link *link);

#endif
