/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of the engine: changes of the running rule set, one statement at a time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine_impl.h"
#include "core/match.h"

static const struct pos nowhere;
static const struct origin by_command;

/* What an mroute or mgroup covers, for use after the rule is gone. */
struct cover {
	struct prefix source, group;
	bool exact;
};

static struct cover cover_of(const struct rule *rule)
{
	return (struct cover){rule->source, rule->group, rule_is_exact(rule)};
}

/* New names are bound to their links, and what changed in names is dirty. */
static void note_names(struct engine *engine, uint32_t pats_change)
{
	if (engine->state.rules->pats_change == pats_change)
		return;
	rules_bind_new(engine->state.rules, &engine->state.links);
	engine->dirty |= DIRTY_VIFS;
}

/* Settles, then looks at every flow that a changed rule covers. */
static void update_covered(struct engine *engine, const struct cover *cover)
{
	struct fib *fib = &engine->state.fib;
	struct seq_link *pos;
	uint32_t cursor;

	engine_settle(engine);
	if (cover->exact) {
		struct flow *flow = fib_find(fib, &cover->source.addr, &cover->group.addr);

		if (flow) {
			engine_adopt(engine, flow);
			engine_update_flow(engine, flow);
		}
		return;
	}
	seq_hold(&fib->order);
	seq_for_each(pos, cursor, &fib->order) {
		struct flow *flow = seq_entry(pos, struct flow, order);

		if (prefix_covers(&cover->group, &flow->mfc.group) &&
		    prefix_covers(&cover->source, &flow->mfc.source))
			engine_update_flow(engine, flow);
	}
	seq_release(&fib->order);
}

/* The errno that the kernel gave for an exact rule, 0 when it did not refuse. */
static int refusal_of(const struct engine *engine, const struct cover *cover)
{
	const struct flow *flow;

	if (!cover->exact)
		return 0;
	flow = fib_find(&engine->state.fib, &cover->source.addr, &cover->group.addr);
	return flow ? flow->error : 0;
}

int engine_add(struct engine *engine, const struct stmt *st, struct diags *diags)
{
	struct state *state = &engine->state;
	uint32_t names = state->rules->pats_change;
	struct cover cover;
	struct rule *rule;
	bool fresh;
	int error;

	rule = rules_add(state->rules, st, by_command, &fresh);
	cover = cover_of(rule);
	if (fresh && cover.exact)
		fib_get(&state->fib, &cover.source.addr, &cover.group.addr)->exact++;
	note_names(engine, names);
	update_covered(engine, &cover);
	error = refusal_of(engine, &cover);
	if (!error)
		return 0;
	diag_error(diags, nowhere,
		   "the kernel refused the route for now (%s); the rule stands and is tried again",
		   strerror(error));
	return -EIO;
}

static void remove_rule(struct engine *engine, struct rule *rule)
{
	struct state *state = &engine->state;
	uint32_t names = state->rules->pats_change;
	struct cover cover = cover_of(rule);
	struct flow *flow;

	rules_remove(state->rules, rule);
	if (cover.exact) {
		flow = fib_get(&state->fib, &cover.source.addr, &cover.group.addr);
		flow->exact--;
		flow->orphan = true;
	}
	note_names(engine, names);
	update_covered(engine, &cover);
}

/* All of the OIFs must be there, or none goes. */
static int remove_oifs(struct engine *engine, struct rule *rule, const struct stmt *st,
		       struct diags *diags)
{
	struct rules *rules = engine->state.rules;
	uint32_t names = rules->pats_change;
	struct cover cover = cover_of(rule);
	const char *missing = rules_remove_oifs(rules, rule, st);

	if (missing) {
		diag_error(diags, nowhere, "the route has no outbound interface '%s'", missing);
		return -EINVAL;
	}
	note_names(engine, names);
	update_covered(engine, &cover);
	return 0;
}

/* The rule with a wildcard IIF that covers the plain IIF of the statement. */
static struct rule *find_wildcard(const struct rules *rules, const struct stmt *st)
{
	struct ifpat *pats[MAX_PATS_OF_LINK];
	size_t n;

	if (ifpat_is_wild(st->iif))
		return NULL;
	n = rules_pats_of(rules, st->iif, pats);
	for (size_t i = 0; i < n; i++) {
		struct rule *rule =
			rules_first(rules, pats[i], RULE_MROUTE, &st->source, &st->group);

		for (; rule; rule = rules_next(rule))
			if (rule->scopes == st->scopes && !rule_excludes(rule, st->iif))
				return rule;
	}
	return NULL;
}

static int refuse_removal(const struct stmt *st, struct diags *diags)
{
	struct buf text = {0};

	stmt_print(st, &text);
	diag_error(diags, nowhere, "there is no rule '%s'", buf_text(&text));
	buf_free(&text);
	return -EINVAL;
}

int engine_remove(struct engine *engine, const struct stmt *st, struct diags *diags)
{
	struct rule *rule = rules_find(engine->state.rules, st);
	struct cover cover;

	if (rule && st->n_oifs)
		return remove_oifs(engine, rule, st, diags);
	if (rule) {
		remove_rule(engine, rule);
		return 0;
	}
	rule = find_wildcard(engine->state.rules, st);
	if (!rule)
		return refuse_removal(st, diags);
	if (st->n_oifs) {
		diag_error(diags, nowhere,
			   "the rule is written for '%s'; name that to remove its outbound "
			   "interfaces",
			   rule->iif->text);
		return -EINVAL;
	}
	rule_exclude(rule, st->iif);
	cover = cover_of(rule);
	update_covered(engine, &cover);
	return 0;
}

/* Joins or leaves on one link; the errno of the last refusal, or 0. */
static int update_members(struct engine *engine, int ifindex, const struct stmt *st)
{
	struct plan plan = {0};

	engine->refusal = 0;
	plan_members_of(&plan, &engine->state, ifindex, &st->source, &st->group);
	engine_execute(engine, &plan);
	return engine->refusal;
}

int engine_join(struct engine *engine, const struct stmt *st, struct diags *diags)
{
	struct rules *rules = engine->state.rules;
	uint32_t names = rules->pats_change;
	struct rule *rule;
	int error = 0;
	bool fresh;

	if (rules_find(rules, st)) {
		diag_error(diags, nowhere, "this membership was already asked for on '%s'",
			   st->iif);
		return -EINVAL;
	}
	rule = rules_add(rules, st, by_command, &fresh);
	note_names(engine, names);
	engine_settle(engine);
	for (size_t i = 0; i < rule->iif->n_links; i++) {
		int refused = update_members(engine, rule->iif->links[i]->info.index, st);

		error = error ? error : refused;
	}
	if (!error)
		return 0;
	diag_error(diags, nowhere,
		   "the kernel refused to join for now (%s); the membership stands and is tried "
		   "again",
		   strerror(error));
	return -EIO;
}

int engine_leave(struct engine *engine, const struct stmt *st, struct diags *diags)
{
	struct rules *rules = engine->state.rules;
	struct rule *rule = rules_find(rules, st);
	uint32_t names = rules->pats_change;
	size_t n;
	int *links;

	if (!rule) {
		diag_error(diags, nowhere, "no such membership was asked for on '%s'", st->iif);
		return -EINVAL;
	}
	n = rule->iif->n_links;
	links = mem_alloc(n * sizeof(*links));
	for (size_t i = 0; i < n; i++)
		links[i] = rule->iif->links[i]->info.index;
	rules_remove(rules, rule);
	note_names(engine, names);
	for (size_t i = 0; i < n; i++)
		update_members(engine, links[i], st);
	free(links);
	engine_settle(engine);
	return 0;
}
