/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the model knows of flows: which rules cover them, where packets may have left them. */
#include <string.h>

#include "model_impl.h"

/* Possibilities */

void model_may(struct model_flow *flow, int index)
{
	for (size_t i = 0; i < flow->n_on; i++)
		if (flow->on[i] == index)
			return;
	if (flow->n_on < MODEL_ON)
		flow->on[flow->n_on++] = index;
}

void model_is(struct model_flow *flow, int index)
{
	flow->on[0] = index;
	flow->n_on = 1;
}

bool model_can(const struct model_flow *flow, int index)
{
	for (size_t i = 0; i < flow->n_on; i++)
		if (flow->on[i] == index)
			return true;
	return false;
}

/* Questions */

static const struct stmt *phyint_of(const struct model *model, const char *name)
{
	const struct stmt *last = NULL;

	for (size_t i = 0; i < model->n_rules; i++)
		if (model->rules[i].stmt.kind == STMT_PHYINT &&
		    ifpat_matches(model->rules[i].stmt.iif, name))
			last = &model->rules[i].stmt;
	return last;
}

bool model_usable(const struct model *model, const struct model_link *link)
{
	const struct stmt *phyint = phyint_of(model, link->info.name);

	return link->info.multicast && (!phyint || phyint->enable);
}

bool model_mentioned(const struct model *model, const char *name)
{
	for (size_t i = 0; i < model->n_rules; i++) {
		const struct stmt *st = &model->rules[i].stmt;

		if (ifpat_matches(st->iif, name))
			return true;
		for (size_t o = 0; o < st->n_oifs; o++)
			if (ifpat_matches(st->oifs[o], name))
				return true;
	}
	return false;
}

static bool covers(const struct model_rule *rule, const char *iif, const struct addr *source,
		   const struct addr *group)
{
	const struct stmt *st = &rule->stmt;

	if (st->kind != STMT_MROUTE || !ifpat_matches(st->iif, iif) || model_excluded(rule, iif) ||
	    !prefix_covers(&st->group, group) || !prefix_covers(&st->source, source) ||
	    !(st->scopes >> addr_group_scope(group) & 1))
		return false;
	for (size_t i = 0; i < st->n_except; i++)
		if (prefix_covers(&st->except[i], source))
			return false;
	return true;
}

/* The outbound VIFs with thresholds of (S,G) arriving on a link; true when there is any. */
bool model_ttls(const struct model *model, const struct view *view, const struct model_link *iif,
		const struct model_flow *flow, uint8_t ttls[MAX_VIFS])
{
	enum family family = (enum family)flow->group.family;
	bool any = false;

	memset(ttls, 0, MAX_VIFS);
	for (size_t l = 0; l < model->n_links; l++) {
		const struct link_info *oif = &model->links[l].info;
		const struct stmt *phyint = phyint_of(model, oif->name);
		int vif = view_vif_of(view, family, oif->index);

		for (size_t r = 0; vif >= 0 && r < model->n_rules; r++) {
			const struct stmt *st = &model->rules[r].stmt;

			if (!covers(&model->rules[r], iif->info.name, &flow->source, &flow->group))
				continue;
			for (size_t o = 0; o < st->n_oifs; o++) {
				if (!ifpat_matches(st->oifs[o], oif->name) ||
				    (ifpat_is_wild(st->oifs[o]) && oif->index == iif->info.index))
					continue;
				ttls[vif] = phyint ? phyint->threshold : 1;
				any = true;
			}
		}
	}
	return any;
}

/* The link of the exact rule in force for the flow; *@any: there are such rules. */
const struct model_link *model_exact(const struct model *model, const struct view *view,
				     const struct model_flow *flow, bool *any)
{
	const struct model_link *iif = NULL;

	*any = false;
	for (size_t r = 0; r < model->n_rules; r++) {
		const struct stmt *st = &model->rules[r].stmt;
		const struct model_link *link;

		if (!stmt_is_exact(st) || !addr_equal(&st->source.addr, &flow->source) ||
		    !addr_equal(&st->group.addr, &flow->group))
			continue;
		*any = true;
		link = model_link(model, st->iif);
		if (link &&
		    view_vif_of(view, (enum family)flow->group.family, link->info.index) >= 0)
			iif = link;
	}
	return iif;
}

/* Exact rules that come and go unseen may leave their flow learned wherever they had it. */
static void left_behind(const struct model *model, struct model_flow *flow)
{
	bool any = flow->exact_on != 0;

	for (size_t r = 0; r < model->n_rules; r++)
		any |= stmt_is_exact(&model->rules[r].stmt) &&
		       addr_equal(&model->rules[r].stmt.source.addr, &flow->source) &&
		       addr_equal(&model->rules[r].stmt.group.addr, &flow->group);
	for (size_t l = 0; any && l < model->n_links; l++)
		model_may(flow, model->links[l].info.index);
}

void model_stepped(struct model *model, bool deaf)
{
	for (int f = 0; f < FAMILIES; f++) {
		for (int i = 0; i < MODEL_FLOWS; i++) {
			struct model_flow *flow = &model->flows[f][i];

			if (model->fuzzy)
				left_behind(model, flow);
			for (size_t n = 0; n < flow->n_on; n++) {
				const struct model_link *link = model_link_at(model, flow->on[n]);

				if (deaf || !link || !model_usable(model, link) ||
				    !model_mentioned(model, link->info.name))
					model_may(flow, 0);
			}
		}
	}
}

/* Packets and time */

struct model_flow *model_flow(struct model *model, const struct addr *source,
			      const struct addr *group)
{
	for (int f = 0; f < FAMILIES; f++)
		for (int i = 0; i < MODEL_FLOWS; i++)
			if (addr_equal(&model->flows[f][i].source, source) &&
			    addr_equal(&model->flows[f][i].group, group))
				return &model->flows[f][i];
	return NULL;
}

void model_heard(struct model *model, struct model_flow *flow)
{
	flow->heard_ms = flow->latest_ms = model->now_ms;
	flow->looked = false;
}

void model_no_entry(struct model *model, const struct view *before, struct model_flow *flow,
		    int index)
{
	bool any;

	if (model->fuzzy)
		model_may(flow, index);
	else if (!model_exact(model, before, flow, &any))
		model_is(flow, index);
	model_heard(model, flow);
}

static bool forwards(const struct mfc *entry)
{
	static const uint8_t none[MAX_VIFS];

	return entry && memcmp(entry->ttls, none, sizeof(none)) != 0;
}

const char *model_wrong(struct model *model, struct model_flow *flow, int index,
			const struct view *before, const struct view *now)
{
	const struct mfc *was = view_entry(before, &flow->source, &flow->group);
	const struct mfc *is = view_entry(now, &flow->source, &flow->group);
	enum family family = (enum family)flow->group.family;
	const struct model_link *link = model_link_at(model, index);
	bool moved = is && now->vifs[family][is->iif] == index, live = forwards(was), any, wanted;
	uint8_t ttls[MAX_VIFS];

	wanted = link && !model_exact(model, before, flow, &any) &&
		 model_ttls(model, before, link, flow, ttls);
	if (model->fuzzy) {
		model_may(flow, index);
		if (moved)
			model_heard(model, flow);
		return NULL;
	}
	if (moved) {
		if (!wanted)
			return "a flow moved to where no rule wants it";
		if (live && model->now_ms - flow->heard_ms < MODEL_MOVE_MS)
			return "a flow moved away from a live feed";
		model_is(flow, index);
		model_heard(model, flow);
		return NULL;
	}
	if (wanted && was && !live)
		return "a stop filter did not move to where the flow is wanted";
	if (wanted && flow->looked && model->now_ms - flow->looked_ms >= MODEL_MOVE_MS)
		return "a flow stays where it is silent";
	if (wanted && !flow->looked) {
		flow->looked = true;
		flow->looked_ms = model->now_ms;
	}
	return NULL;
}

void model_wait(struct model *model, uint64_t ms)
{
	uint64_t late = model->cache_ms / 10 > 1000 ? model->cache_ms / 10 : 1000;

	model->now_ms += ms;
	for (int f = 0; f < FAMILIES && model->cache_ms; f++) {
		for (int i = 0; i < MODEL_FLOWS; i++) {
			struct model_flow *flow = &model->flows[f][i];

			if (model->now_ms - flow->latest_ms >= model->cache_ms + late &&
			    !model->fuzzy)
				model_is(flow, 0);
			else if (model->now_ms - flow->heard_ms >= model->cache_ms)
				model_may(flow, 0);
		}
	}
}

void model_flush(struct model *model)
{
	for (int f = 0; f < FAMILIES; f++)
		for (int i = 0; i < MODEL_FLOWS; i++)
			if (model->fuzzy)
				model_may(&model->flows[f][i], 0);
			else
				model_is(&model->flows[f][i], 0);
}
