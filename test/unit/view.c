/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view.h"

#include <stdlib.h>
#include <string.h>

void view_clear(struct view *view)
{
	memset(view->vifs, 0, sizeof(view->vifs));
	view->n_entries = view->n_members = 0;
}

void view_free(struct view *view)
{
	free(view->entries);
	free(view->members);
}

void view_add_entry(struct view *view, const struct mfc *mfc)
{
	struct mfc *place =
		mem_append(&view->entries, view->n_entries, &view->entries_room, sizeof(*place));

	*place = *mfc;
	view->n_entries++;
}

void view_add_member(struct view *view, const struct member *member)
{
	struct member *place =
		mem_append(&view->members, view->n_members, &view->members_room, sizeof(*place));

	*place = *member;
	view->n_members++;
}

const struct mfc *view_entry(const struct view *view, const struct addr *source,
			     const struct addr *group)
{
	for (size_t i = 0; i < view->n_entries; i++)
		if (addr_equal(&view->entries[i].source, source) &&
		    addr_equal(&view->entries[i].group, group))
			return &view->entries[i];
	return NULL;
}

int view_vif_of(const struct view *view, enum family family, int ifindex)
{
	for (int n = 0; n < MAX_VIFS; n++)
		if (ifindex && view->vifs[family][n] == ifindex)
			return n;
	return -1;
}

bool view_has_member(const struct view *view, const struct member *member)
{
	for (size_t i = 0; i < view->n_members; i++) {
		const struct member *found = &view->members[i];

		if (found->ifindex == member->ifindex &&
		    addr_equal(&found->source, &member->source) &&
		    addr_equal(&found->group, &member->group))
			return true;
	}
	return false;
}
