/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a rule does not (fully) do what its user wants, in words. */
#include <string.h>

#include "core/engine_impl.h"
#include "core/match.h"

/* Why this link has no VIF although a rule names it. */
static enum rule_state explain_link(const struct state *state, const struct link *link,
				    enum family family, struct buf *reason)
{
	const char *name = link->info.name;

	if (!link->info.multicast) {
		buf_printf(reason, "%s has no MULTICAST flag", name);
	} else if (!rules_phyint(state->rules, name).enable) {
		buf_printf(reason, "%s is disabled by a phyint statement", name);
	} else if (!state->present[family]) {
		buf_printf(reason, "no %s multicast routing here", families[family].name);
	} else if (link->vif_error[family]) {
		buf_printf(reason, "%s: the kernel refused a VIF: %s", name,
			   strerror(link->vif_error[family]));
		return RULE_REFUSED;
	} else {
		buf_printf(reason, "%s: all %d VIFs are in use", name, MAX_VIFS);
	}
	return RULE_PENDING;
}

static void explain_absence(const struct ifpat *pat, struct buf *reason)
{
	if (pat->wild)
		buf_printf(reason, "no interface matches %s", pat->text);
	else
		buf_printf(reason, "%s is absent", pat->text);
}

/* The first link of the pattern that has a VIF; else NULL. */
static const struct link *usable_link(const struct ifpat *pat, enum family family)
{
	for (size_t i = 0; i < pat->n_links; i++)
		if (pat->links[i]->vif[family] != NO_VIF)
			return pat->links[i];
	return NULL;
}

/* Why no link of the pattern has a VIF. */
static enum rule_state explain_names(const struct state *state, const struct ifpat *pat,
				     enum family family, struct buf *reason)
{
	if (pat->n_links)
		return explain_link(state, pat->links[0], family, reason);
	explain_absence(pat, reason);
	return RULE_PENDING;
}

static enum rule_state explain_oifs(const struct state *state, const struct rule *rule,
				    enum family family, struct buf *reason)
{
	enum rule_state worst = RULE_ACTIVE, why;

	for (uint32_t i = 0; i < rule->n_oifs; i++) {
		const struct ifpat *oif = rule_oif(rule, i);
		struct buf text = {0};

		if (!oif->wild && !usable_link(oif, family)) {
			why = explain_names(state, oif, family, &text);
			buf_printf(reason, "%s%s", reason->len ? "; " : "", buf_text(&text));
			worst = worst == RULE_REFUSED ? worst : why;
		}
		buf_free(&text);
	}
	return worst;
}

static enum rule_state explain_exact(const struct engine *engine, const struct rule *rule,
				     struct buf *reason)
{
	const struct state *state = &engine->state;
	const struct addr *source = &rule->source.addr, *group = &rule->group.addr;
	const struct flow *flow = fib_find(&state->fib, source, group);
	const struct rule *winner;
	struct link *iif;

	winner = match_exact(state->rules, source, group, &iif);
	if (winner && winner != rule) {
		buf_printf(reason,
			   "the kernel has one place for it and a later rule has it, from %s",
			   winner->iif->text);
		return RULE_SHADOWED;
	}
	if (flow && flow->error) {
		buf_printf(reason, "the kernel refused the route: %s", strerror(flow->error));
		return RULE_REFUSED;
	}
	return RULE_ACTIVE;
}

static enum rule_state explain_route(const struct engine *engine, const struct rule *rule,
				     const struct link *iif, struct buf *reason)
{
	const struct state *state = &engine->state;
	enum family family = (enum family)rule->group.addr.family;
	enum rule_state why;

	if (iif->vif[family] == NO_VIF)
		return explain_link(state, iif, family, reason);
	if (rule_is_exact(rule)) {
		why = explain_exact(engine, rule, reason);
		if (why != RULE_ACTIVE)
			return why;
	}
	return explain_oifs(state, rule, family, reason);
}

/* The first membership of the range that the kernel refused on this link. */
static int refused_member(const struct state *state, const struct rule *rule, int ifindex)
{
	struct member member = {.ifindex = ifindex, .group = rule->group.addr};
	uint64_t groups = prefix_size(&rule->group);
	uint64_t sources = prefix_is_any(&rule->source) ? 1 : prefix_size(&rule->source);

	if (!state->groups.refused)
		return 0;
	for (uint64_t g = 0; g < groups; g++, addr_next(&member.group)) {
		member.source = rule->source.addr;
		for (uint64_t s = 0; s < sources; s++, addr_next(&member.source)) {
			const struct membership *found = groups_find(&state->groups, &member);

			if (found && found->error)
				return found->error;
		}
	}
	return 0;
}

static enum rule_state explain_group(const struct engine *engine, const struct rule *rule,
				     const struct link *link, struct buf *reason)
{
	const struct state *state = &engine->state;
	int error;

	if (!plan_link_usable(state->rules, link))
		return explain_link(state, link, (enum family)rule->group.addr.family, reason);
	error = refused_member(state, rule, link->info.index);
	if (!error)
		return RULE_ACTIVE;
	buf_printf(reason, "%s: the kernel refused to join: %s", link->info.name, strerror(error));
	return RULE_REFUSED;
}

static bool group_is_pending(const struct state *state, const struct rule *rule, struct buf *reason)
{
	for (size_t i = 0; i < rule->iif->n_links; i++)
		if (plan_link_usable(state->rules, rule->iif->links[i]))
			return false;
	explain_names(state, rule->iif, (enum family)rule->group.addr.family, reason);
	return true;
}

bool engine_rule_is_pending(const struct engine *engine, const struct rule *rule,
			    struct buf *reason)
{
	const struct state *state = &engine->state;
	enum family family = (enum family)rule->group.addr.family;

	if (rule->kind == RULE_MGROUP)
		return group_is_pending(state, rule, reason);
	if (usable_link(rule->iif, family))
		return explain_oifs(state, rule, family, reason) != RULE_ACTIVE;
	explain_names(state, rule->iif, family, reason);
	return true;
}

enum rule_state engine_rule_state(const struct engine *engine, const struct rule *rule,
				  const struct link *link, struct buf *reason)
{
	if (rule->kind == RULE_MGROUP)
		return explain_group(engine, rule, link, reason);
	return explain_route(engine, rule, link, reason);
}
