/* SPDX-License-Identifier: GPL-2.0-or-later */
/* view: what a kernel holds at a moment, as plain values. */
#ifndef TEST_VIEW_H
#define TEST_VIEW_H

#include "core/kern.h"

struct view {
	int vifs[FAMILIES][MAX_VIFS]; /* ifindex, 0 = none */
	struct mfc *entries;
	size_t n_entries, entries_room;
	struct member *members; /* those in force */
	size_t n_members, members_room;
};

void view_clear(struct view *view);
void view_free(struct view *view);
void view_add_entry(struct view *view, const struct mfc *mfc);
void view_add_member(struct view *view, const struct member *member);
const struct mfc *view_entry(const struct view *view, const struct addr *source,
			     const struct addr *group);
bool view_has_member(const struct view *view, const struct member *member);

/* The number of a link, or -1. */
int view_vif_of(const struct view *view, enum family family, int ifindex);

#endif
