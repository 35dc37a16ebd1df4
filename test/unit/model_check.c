/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model's answer, compared with what a kernel holds. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model_impl.h"

static bool PRINTF_LIKE(2, 3) differs(char why[MODEL_WHY], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, MODEL_WHY, format, args);
	va_end(args);
	return true;
}

/*
 * When the last exact rule goes, its entry lives on as a learned one where another rule forwards
 * it. Whether that happened, or had to happen.
 */
static bool adopted(const struct model *model, const struct view *view,
		    const struct model_flow *flow, bool any_exact, int index)
{
	const struct model_link *link = index ? model_link_at(model, index) : NULL;
	uint8_t ttls[MAX_VIFS];

	return !any_exact && link && (flow->exact_on == index || model->fuzzy) &&
	       view_vif_of(view, (enum family)flow->group.family, index) >= 0 &&
	       model_ttls(model, view, link, flow, ttls);
}

/* Whether the flow may have no entry. */
static bool may_be_absent(const struct model *model, const struct view *view,
			  const struct model_flow *flow, bool any_exact)
{
	enum family family = (enum family)flow->group.family;

	for (size_t i = 0; i < flow->n_on; i++) {
		int on = flow->on[i];

		if (on && !(model_link_at(model, on) && view_vif_of(view, family, on) >= 0))
			return true;
		if (!on && (flow->n_on > 1 || model->fuzzy ||
			    !adopted(model, view, flow, any_exact, flow->exact_on)))
			return true;
	}
	return false;
}

static bool flow_differs(const struct model *model, const struct view *view,
			 const struct model_flow *flow, char why[MODEL_WHY])
{
	enum family family = (enum family)flow->group.family;
	const struct mfc *entry = view_entry(view, &flow->source, &flow->group);
	int on = entry ? view->vifs[family][entry->iif] : 0;
	const struct model_link *exact, *link = on ? model_link_at(model, on) : NULL;
	char s[ADDR_TEXT], g[ADDR_TEXT];
	uint8_t ttls[MAX_VIFS];
	bool any;

	addr_format(&flow->source, s);
	addr_format(&flow->group, g);
	exact = model_exact(model, view, flow, &any);
	if (!entry)
		return (exact || !may_be_absent(model, view, flow, any)) &&
		       differs(why, "(%s, %s): the kernel lacks an entry", s, g);
	if (!link)
		return differs(why, "(%s, %s): the entry's iif is VIF %u, which is not there", s, g,
			       entry->iif);
	if (exact && exact != link)
		return differs(why, "(%s, %s): iif is %s, should be %s", s, g, link->info.name,
			       exact->info.name);
	if (!exact && !model_can(flow, on) && !adopted(model, view, flow, any, on))
		return differs(why, "(%s, %s): an entry too many, from %s", s, g, link->info.name);
	model_ttls(model, view, link, flow, ttls);
	for (int n = 0; n < MAX_VIFS; n++)
		if (family == FAMILY_IPV4 ? entry->ttls[n] != ttls[n] : !entry->ttls[n] != !ttls[n])
			return differs(why, "(%s, %s) from %s: ttl of VIF %d is %u, should be %u",
				       s, g, link->info.name, n, entry->ttls[n], ttls[n]);
	return false;
}

static bool vifs_differ(const struct model *model, const struct view *view, enum family family,
			char why[MODEL_WHY])
{
	size_t wanted = 0, held = 0, all = 0;
	const char *without = "";

	for (int n = 0; n < MAX_VIFS; n++)
		all += view->vifs[family][n] != 0;
	for (size_t l = 0; l < model->n_links; l++) {
		const struct model_link *link = &model->links[l];
		bool want = model_usable(model, link) && model_mentioned(model, link->info.name);
		int vif = view_vif_of(view, family, link->info.index);

		wanted += want;
		held += vif >= 0;
		if (want && vif < 0)
			without = link->info.name;
		if (!want && vif >= 0)
			return differs(why, "%s should have no %s VIF", link->info.name,
				       families[family].name);
		if (want && link->vif[family] >= 0 && link->vif[family] != vif)
			return differs(why, "%s has %s VIF %d and had %d", link->info.name,
				       families[family].name, vif, link->vif[family]);
	}
	if (all != held)
		return differs(why, "%s VIFs that are nobody's", families[family].name);
	if (held != (wanted > MAX_VIFS ? MAX_VIFS : wanted))
		return differs(why, "%s lacks its %s VIF: %zu want one, %zu have one", without,
			       families[family].name, wanted, held);
	return false;
}

bool model_wants(const struct model *model, const struct member *member)
{
	const struct model_link *link = model_link_at(model, member->ifindex);

	for (size_t r = 0; link && model_usable(model, link) && r < model->n_rules; r++) {
		const struct stmt *st = &model->rules[r].stmt;

		if (st->kind == STMT_MGROUP && ifpat_matches(st->iif, link->info.name) &&
		    prefix_covers(&st->group, &member->group) &&
		    prefix_is_any(&st->source) == addr_is_any(&member->source) &&
		    prefix_covers(&st->source, &member->source))
			return true;
	}
	return false;
}

/* Whether a rule's memberships on a link are there. */
static bool lacks_member(const struct view *view, const struct stmt *st,
			 const struct model_link *link, char why[MODEL_WHY])
{
	struct member member = {link->info.index, st->source.addr, st->group.addr};
	char g[ADDR_TEXT];

	for (uint64_t n = prefix_size(&st->group); n--; addr_next(&member.group))
		if (!view_has_member(view, &member))
			return differs(why, "%s is not in %s%s", link->info.name,
				       addr_format(&member.group, g),
				       addr_is_any(&member.source) ? "" : " (with a source)");
	return false;
}

static bool members_differ(const struct model *model, const struct view *view, char why[MODEL_WHY])
{
	char g[ADDR_TEXT];

	for (size_t i = 0; i < view->n_members; i++)
		if (!model_wants(model, &view->members[i]))
			return differs(
				why, "link %d is in %s%s, which nobody wants",
				view->members[i].ifindex, addr_format(&view->members[i].group, g),
				addr_is_any(&view->members[i].source) ? "" : " (with a source)");
	for (size_t r = 0; r < model->n_rules; r++) {
		const struct stmt *st = &model->rules[r].stmt;

		for (size_t l = 0; st->kind == STMT_MGROUP && l < model->n_links; l++)
			if (ifpat_matches(st->iif, model->links[l].info.name) &&
			    model_usable(model, &model->links[l]) &&
			    lacks_member(view, st, &model->links[l], why))
				return true;
	}
	return false;
}

bool model_differs(const struct model *model, const struct view *view, char why[MODEL_WHY])
{
	size_t known = 0;

	for (int f = 0; f < FAMILIES; f++) {
		if (vifs_differ(model, view, (enum family)f, why))
			return true;
		for (int i = 0; i < MODEL_FLOWS; i++) {
			const struct model_flow *flow = &model->flows[f][i];

			if (flow_differs(model, view, flow, why))
				return true;
			known += view_entry(view, &flow->source, &flow->group) != NULL;
		}
	}
	if (known != view->n_entries)
		return differs(why, "entries for flows that never were");
	return members_differ(model, view, why);
}

void model_observe(struct model *model, const struct view *view)
{
	for (int f = 0; f < FAMILIES; f++) {
		for (int i = 0; i < MODEL_FLOWS; i++) {
			struct model_flow *flow = &model->flows[f][i];
			const struct mfc *entry = view_entry(view, &flow->source, &flow->group);
			int on = entry ? view->vifs[f][entry->iif] : 0;
			bool any, exact = model_exact(model, view, flow, &any) != NULL;

			if (flow->n_on > 1)
				flow->latest_ms = model->now_ms;
			if (!exact) {
				if (!model_can(flow, on))
					model_heard(model, flow); /* adopted just now */
				model_is(flow, on);
			}
			flow->exact_on = exact ? on : 0;
		}
		for (size_t l = 0; l < model->n_links; l++)
			model->links[l].vif[f] =
				view_vif_of(view, (enum family)f, model->links[l].info.index);
	}
}
