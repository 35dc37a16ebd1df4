/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/match.h"

static struct prefix cut(const struct addr *addr, uint8_t len)
{
	struct prefix prefix = {.addr = *addr, .len = len};

	addr_mask(&prefix.addr, len);
	return prefix;
}

/* Rules of one pattern and kind that cover (S,G) on the link with this name. */
static unsigned int match_pat(const struct rules *rules, const struct ifpat *pat,
			      enum rule_kind kind, const struct link *iif,
			      const struct addr *source, const struct addr *group, match_fn fn,
			      void *ctx)
{
	unsigned int found = 0;

	for (size_t i = 0; i < pat->n_tuples; i++) {
		const struct tuple *tuple = &pat->tuples[i];
		struct prefix s, g;
		struct rule *rule;

		if (tuple->kind != kind || tuple->family != group->family)
			continue;
		s = cut(source, tuple->source_len);
		g = cut(group, tuple->group_len);
		for (rule = rules_first(rules, pat, kind, &s, &g); rule; rule = rules_next(rule)) {
			if (!rule_admits(rule, source, group) ||
			    rule_excludes(rule, iif->info.name))
				continue;
			fn(ctx, rule);
			found++;
		}
	}
	return found;
}

static unsigned int match(const struct rules *rules, enum rule_kind kind, const struct link *iif,
			  const struct addr *source, const struct addr *group, match_fn fn,
			  void *ctx)
{
	struct ifpat *pats[MAX_PATS_OF_LINK];
	size_t n = rules_pats_of(rules, iif->info.name, pats);
	unsigned int found = 0;

	for (size_t i = 0; i < n; i++)
		found += match_pat(rules, pats[i], kind, iif, source, group, fn, ctx);
	return found;
}

unsigned int match_routes(const struct rules *rules, const struct link *iif,
			  const struct addr *source, const struct addr *group, match_fn fn,
			  void *ctx)
{
	return match(rules, RULE_MROUTE, iif, source, group, fn, ctx);
}

struct member_search {
	bool ssm, found;
};

/* An mgroup with a source asks for SSM memberships, one without for the ASM one. */
static void note_member(void *ctx, const struct rule *rule)
{
	struct member_search *search = ctx;

	if (prefix_is_any(&rule->source) != search->ssm)
		search->found = true;
}

bool match_member(const struct rules *rules, const struct link *iif, const struct addr *source,
		  const struct addr *group)
{
	struct member_search search = {.ssm = !addr_is_any(source)};

	match(rules, RULE_MGROUP, iif, source, group, note_member, &search);
	return search.found;
}

uint32_t rule_oif_mask(const struct rule *rule, const struct link *iif, enum family family)
{
	uint32_t all = 0;

	for (uint32_t i = 0; i < rule->n_oifs; i++) {
		const struct ifpat *oif = rule_oif(rule, i);
		uint32_t mask = oif->vif_mask[family];

		if (oif->wild && iif->vif[family] != NO_VIF)
			mask &= ~(1u << iif->vif[family]);
		all |= mask;
	}
	return all;
}

struct oif_union {
	const struct link *iif;
	enum family family;
	uint32_t mask;
};

static void join_oifs(void *ctx, const struct rule *rule)
{
	struct oif_union *all = ctx;

	all->mask |= rule_oif_mask(rule, all->iif, all->family);
}

uint32_t match_oifs(const struct rules *rules, const struct link *iif, const struct addr *source,
		    const struct addr *group, bool *covered)
{
	struct oif_union all = {.iif = iif, .family = (enum family)group->family};

	*covered = match_routes(rules, iif, source, group, join_oifs, &all) > 0;
	return all.mask;
}

const struct rule *match_exact(const struct rules *rules, const struct addr *source,
			       const struct addr *group, struct link **iif)
{
	const struct rule *best = NULL;

	for (struct rule *rule = rules_exact(rules, source, group); rule;
	     rule = rules_exact_next(rule)) {
		struct link *link = rule->iif->n_links ? rule->iif->links[0] : NULL;

		if (!link || link->vif[group->family] == NO_VIF || (best && rule->seq < best->seq))
			continue;
		best = rule;
		*iif = link;
	}
	return best;
}
