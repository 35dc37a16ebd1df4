/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the engine that hears of links, and finds out about those it did not hear of. */
#include <stdlib.h>
#include <string.h>

#include "core/engine_impl.h"

static void bind(struct engine *engine, struct link *link)
{
	if (rules_bind(engine->state.rules, link))
		engine->dirty |= DIRTY_VIFS | DIRTY_MEMBERS;
}

static void unbind(struct engine *engine, struct link *link)
{
	if (rules_unbind(engine->state.rules, link))
		engine->dirty |= DIRTY_VIFS | DIRTY_MEMBERS;
}

/* Two links never have one name: whoever had this one has lost it, and we shall hear of it. */
static void free_name(struct engine *engine, const char *name)
{
	struct link *other = links_find_name(&engine->state.links, name);
	struct link_info nameless;

	if (!other)
		return;
	nameless = other->info;
	memset(nameless.name, 0, sizeof(nameless.name));
	unbind(engine, other);
	links_update(&engine->state.links, other, &nameless);
}

static bool has_vif(const struct link *link)
{
	return link->vif[FAMILY_IPV4] != NO_VIF || link->vif[FAMILY_IPV6] != NO_VIF;
}

static void update_link(struct engine *engine, struct link *link, const struct link_info *info)
{
	bool renamed = strcmp(link->info.name, info->name) != 0;

	if (!renamed && link->info.multicast == info->multicast) {
		link->info = *info;
		if (engine->refused) {
			memset(link->vif_error, 0, sizeof(link->vif_error));
			engine->dirty |= DIRTY_ALL;
		}
		return;
	}
	if (renamed) {
		free_name(engine, info->name);
		/* a wildcard rule may leave out one of the names */
		if (has_vif(link))
			engine->dirty |= DIRTY_FLOWS;
	}
	unbind(engine, link);
	links_update(&engine->state.links, link, info);
	memset(link->vif_error, 0, sizeof(link->vif_error));
	bind(engine, link);
}

void engine_link(struct engine *engine, const struct link_info *info)
{
	struct link *link = links_find(&engine->state.links, info->index);

	engine->topology++;
	if (link) {
		update_link(engine, link, info);
	} else {
		free_name(engine, info->name);
		link = links_add(&engine->state.links, info);
		bind(engine, link);
	}
	link->seen = true;
}

/*
 * The kernel has dropped the VIFs of a link by itself when it tells us that the link is gone.  One
 * that it has all the same was added after that: the index is in use again, and we shall hear of
 * it.
 */
void engine_link_gone(struct engine *engine, int index)
{
	struct link *link = links_find(&engine->state.links, index);

	if (!link)
		return;
	engine->topology++;
	unbind(engine, link);
	for (int f = 0; f < FAMILIES; f++)
		for (unsigned int n = 0; n < MAX_VIFS; n++)
			if (engine->state.vifs.slot[f][n].ifindex == index &&
			    !engine->kern->has_vif(engine->kern, (enum family)f, (uint8_t)n))
				vifs_free(&engine->state.vifs, (enum family)f, n);
	/* not left to the masks of patterns: theirs may go with their rules before we plan */
	if (has_vif(link))
		engine->dirty |= DIRTY_FLOWS;
	links_remove(&engine->state.links, link);
}

void engine_links_begin(struct engine *engine)
{
	struct hnode *node = NULL;
	size_t bucket = 0;

	while ((node = hmap_walk(&engine->state.links.by_index, &bucket, node)))
		container_of(node, struct link, by_index)->seen = false;
}

/* Drops the links that were not seen since engine_links_begin(). */
static void drop_unseen_links(struct engine *engine)
{
	const struct links *links = &engine->state.links;
	int *gone = mem_alloc(links->by_index.count * sizeof(*gone));
	struct hnode *node = NULL;
	size_t bucket = 0, n = 0;

	while ((node = hmap_walk(&links->by_index, &bucket, node))) {
		const struct link *link = container_of(node, struct link, by_index);

		if (!link->seen)
			gone[n++] = link->info.index;
	}
	while (n)
		engine_link_gone(engine, gone[--n]);
	free(gone);
}

/*
 * A VIF that the kernel lost without our hearing of it tells that its link was deleted and came
 * back with the same index: its memberships are lost too.
 */
static void check_vif(struct engine *engine, enum family family, unsigned int number)
{
	int ifindex = engine->state.vifs.slot[family][number].ifindex;
	struct link *link = ifindex ? links_find(&engine->state.links, ifindex) : NULL;
	struct link_info info;

	if (!link || engine->kern->has_vif(engine->kern, family, (uint8_t)number))
		return;
	info = link->info;
	engine_link_gone(engine, ifindex);
	engine_link(engine, &info);
}

/* A link without any VIF lacks that witness: what was joined on it is left and joined again. */
static void doubt_memberships(struct engine *engine)
{
	struct links *links = &engine->state.links;
	struct hnode *node = NULL;
	size_t bucket = 0;

	while ((node = hmap_walk(&links->by_index, &bucket, node))) {
		struct link *link = container_of(node, struct link, by_index);

		if (has_vif(link))
			continue;
		link->born = ++links->births;
		engine->dirty |= DIRTY_MEMBERS;
	}
}

void engine_links_end(struct engine *engine)
{
	drop_unseen_links(engine);
	for (int f = 0; f < FAMILIES; f++)
		for (unsigned int n = 0; n < MAX_VIFS; n++)
			check_vif(engine, (enum family)f, n);
	doubt_memberships(engine);
}
