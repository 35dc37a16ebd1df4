/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/fib.h"

#include <stdlib.h>
#include <string.h>

void fib_init(struct fib *fib, const struct hkey *key)
{
	memset(fib, 0, sizeof(*fib));
	fib->key = *key;
}

void fib_free(struct fib *fib)
{
	struct seq_link *link;
	uint32_t cursor;

	seq_for_each(link, cursor, &fib->order)
		free(seq_entry(link, struct flow, order));
	seq_free(&fib->order);
	hmap_free(&fib->flows);
}

static uint32_t hash(const struct fib *fib, const struct addr *source, const struct addr *group)
{
	struct addr both[2] = {*source, *group};

	return hmap_hash(&fib->key, both, sizeof(both));
}

static bool is_for(const struct flow *flow, const struct addr *source, const struct addr *group)
{
	return addr_equal(&flow->mfc.group, group) && addr_equal(&flow->mfc.source, source);
}

static struct flow *find(const struct fib *fib, uint32_t hash, const struct addr *source,
			 const struct addr *group)
{
	struct hnode *node = hmap_first(&fib->flows, hash);

	for (; node; node = hmap_next(node)) {
		struct flow *flow = container_of(node, struct flow, node);

		if (is_for(flow, source, group))
			return flow;
	}
	return NULL;
}

struct flow *fib_find(const struct fib *fib, const struct addr *source, const struct addr *group)
{
	return find(fib, hash(fib, source, group), source, group);
}

struct flow *fib_get(struct fib *fib, const struct addr *source, const struct addr *group)
{
	uint32_t code = hash(fib, source, group);
	struct flow *flow = find(fib, code, source, group);

	if (flow)
		return flow;
	flow = mem_alloc(sizeof(*flow));
	flow->mfc.source = *source;
	flow->mfc.group = *group;
	hmap_insert(&fib->flows, &flow->node, code);
	seq_append(&fib->order, &flow->order);
	return flow;
}

struct flow *fib_get_next(struct fib *fib, uint32_t *guess, const struct addr *source,
			  const struct addr *group)
{
	struct seq_link *link = seq_next(&fib->order, guess);
	struct flow *flow = link ? seq_entry(link, struct flow, order) : NULL;

	if (flow && is_for(flow, source, group))
		return flow;
	flow = fib_get(fib, source, group);
	*guess = flow->order.at + 1;
	return flow;
}

void fib_learn(struct fib *fib, struct flow *flow, int ifindex)
{
	if (flow->learned != (ifindex != 0))
		fib->learned += ifindex ? 1 : UINT32_MAX;
	flow->learned = ifindex != 0;
	flow->learned_on = ifindex;
}

bool fib_drop(struct fib *fib, struct flow *flow)
{
	if (flow->exact || flow->learned || flow->installed)
		return false;
	hmap_remove(&fib->flows, &flow->node);
	seq_remove(&fib->order, &flow->order);
	free(flow);
	return true;
}

void flow_installed(struct flow *flow, struct vifs *vifs, const struct mfc *mfc)
{
	flow_uninstalled(flow, vifs);
	flow->mfc = *mfc;
	flow->installed = true;
	flow->doubted = false;
	flow->error = 0;
	vifs_count(vifs, mfc, 1);
}

void flow_uninstalled(struct flow *flow, struct vifs *vifs)
{
	if (!flow->installed)
		return;
	vifs_count(vifs, &flow->mfc, -1);
	flow->installed = false;
}

bool flow_forwards(const struct flow *flow)
{
	static const uint8_t none[MAX_VIFS];

	return flow->installed && memcmp(flow->mfc.ttls, none, sizeof(none)) != 0;
}
