/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "core/engine_impl.h"
#include "core/match.h"

#define RETRY_MS 10000 /* between attempts at what the kernel refused */

struct engine *engine_new(struct kern *kern, const struct engine_config *config,
			  const struct engine_listener *listener)
{
	struct engine *engine = mem_alloc(sizeof(*engine));
	struct state *state = &engine->state;

	engine->kern = kern;
	engine->config = *config;
	engine->listener = *listener;
	state->rules = rules_new(&config->key);
	links_init(&state->links, &config->key);
	fib_init(&state->fib, &config->key);
	groups_init(&state->groups, &config->key);
	memcpy(state->present, kern->present, sizeof(state->present));
	return engine;
}

void engine_free(struct engine *engine)
{
	rules_unbind_all(engine->state.rules);
	rules_release(engine->state.rules);
	fib_free(&engine->state.fib);
	groups_free(&engine->state.groups);
	links_free(&engine->state.links);
	free(engine);
}

const struct state *engine_state(const struct engine *engine)
{
	return &engine->state;
}

struct kern *engine_kern(const struct engine *engine)
{
	return engine->kern;
}

uint64_t engine_operations(const struct engine *engine)
{
	return engine->operations;
}

uint64_t engine_topology(const struct engine *engine)
{
	return engine->topology;
}

void engine_note(const struct engine *engine, int priority, const char *format, ...)
{
	char text[512];
	va_list args;

	if (!engine->listener.note)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	engine->listener.note(engine->listener.ctx, priority, text);
}

/* Planning */

void engine_update_flow(struct engine *engine, struct flow *flow)
{
	struct plan plan = {0};

	plan_flow(&plan, &engine->state, flow);
	if (plan.step[STEP_DEL_MFC].count == 0)
		fib_drop(&engine->state.fib, flow);
	engine_execute(engine, &plan);
}

void engine_adopt(struct engine *engine, struct flow *flow)
{
	struct state *state = &engine->state;
	enum family family = (enum family)flow->mfc.group.family;
	struct link *link;
	bool covered;

	if (!flow->orphan)
		return;
	flow->orphan = false;
	if (flow->exact || flow->learned || !flow->installed)
		return;
	link = links_find(&state->links, state->vifs.slot[family][flow->mfc.iif].ifindex);
	if (!link || link->vif[family] != flow->mfc.iif)
		return;
	if (match_oifs(state->rules, link, &flow->mfc.source, &flow->mfc.group, &covered)) {
		fib_learn(&state->fib, flow, link->info.index);
		flow->changed_ms = engine->now_ms;
	}
}

static void adopt_orphans(struct engine *engine)
{
	struct state *state = &engine->state;
	struct seq_link *pos;
	uint32_t cursor;

	seq_for_each(pos, cursor, &state->fib.order)
		engine_adopt(engine, seq_entry(pos, struct flow, order));
}

static void drop_unused_flows(struct fib *fib)
{
	struct seq_link *pos;
	uint32_t cursor;

	seq_for_each(pos, cursor, &fib->order)
		fib_drop(fib, seq_entry(pos, struct flow, order));
}

/* One plan of what is dirty; true when another one is due. */
static bool settle_once(struct engine *engine)
{
	unsigned int dirty = engine->dirty;
	struct plan plan = {0};
	uint64_t before = engine->successes;
	bool starved;

	engine->dirty = 0;
	if (dirty & DIRTY_VIFS && plan_vifs(&plan, &engine->state))
		dirty |= DIRTY_FLOWS;
	if (dirty & DIRTY_FLOWS) {
		adopt_orphans(engine);
		plan_flows(&plan, &engine->state);
	}
	if (dirty & DIRTY_MEMBERS)
		plan_members(&plan, &engine->state);
	starved = plan.starved;
	engine_execute(engine, &plan);
	if (dirty & DIRTY_FLOWS)
		drop_unused_flows(&engine->state.fib);
	if (starved && engine->successes > before)
		engine->dirty |= DIRTY_VIFS;
	return engine->dirty != 0;
}

/* Says once for each link that there is no number left for it. */
static void check_crowded(const struct engine *engine, struct link *link, enum family family)
{
	bool before = link->crowded[family];

	link->crowded[family] = engine->state.present[family] && link->vif[family] == NO_VIF &&
				!link->vif_error[family] &&
				plan_link_usable(engine->state.rules, link);
	if (link->crowded[family] && !before)
		engine_note(engine, LOG_WARNING,
			    "%s: all %d %s VIFs are in use; routes on it wait until one is free",
			    link->info.name, MAX_VIFS, families[family].name);
}

static void find_crowded(struct engine *engine)
{
	struct list *pos, *tmp;

	list_for_each(pos, tmp, &engine->state.rules->pat_order) {
		struct ifpat *pat = list_entry(pos, struct ifpat, order);

		for (size_t i = 0; i < pat->n_links; i++)
			for (int f = 0; f < FAMILIES; f++)
				check_crowded(engine, pat->links[i], (enum family)f);
	}
}

void engine_settle(struct engine *engine)
{
	bool vifs = engine->dirty & DIRTY_VIFS;

	while (engine->dirty && settle_once(engine))
		;
	if (vifs)
		find_crowded(engine);
}

/* Rules */

struct rules *engine_new_rules(const struct engine *engine)
{
	return rules_new(&engine->config.key);
}

static void count_exact(struct engine *engine)
{
	struct state *state = &engine->state;
	struct seq_link *pos;
	uint32_t cursor, guess = 0;

	seq_for_each(pos, cursor, &state->fib.order) {
		struct flow *flow = seq_entry(pos, struct flow, order);

		flow->orphan = flow->exact > 0;
		flow->exact = 0;
	}
	seq_for_each(pos, cursor, &state->rules->order) {
		const struct rule *rule = seq_entry(pos, struct rule, order);

		if (rule_is_exact(rule))
			fib_get_next(&state->fib, &guess, &rule->source.addr, &rule->group.addr)
				->exact++;
	}
}

/* What the kernel refused may be right now. */
static void forget_refusals(struct engine *engine)
{
	struct links *links = &engine->state.links;
	struct hnode *node = NULL;
	size_t bucket = 0;

	while ((node = hmap_walk(&links->by_index, &bucket, node)))
		memset(container_of(node, struct link, by_index)->vif_error, 0,
		       sizeof(int[FAMILIES]));
	engine->refused = false;
	engine->dirty = DIRTY_ALL;
	if (engine->refused_flows > 1)
		engine_note(engine, LOG_WARNING, "%u more routes were refused; trying them again",
			    engine->refused_flows - 1);
	engine->refused_flows = 0;
}

void engine_load(struct engine *engine, struct rules *rules)
{
	rules_unbind_all(engine->state.rules);
	rules_release(engine->state.rules);
	engine->state.rules = rules;
	engine->topology++;
	rules_bind_new(rules, &engine->state.links);
	count_exact(engine);
	forget_refusals(engine);
}

/* Time */

static uint64_t tick_retry(struct engine *engine)
{
	if (!engine->refused) {
		engine->retry_ms = 0;
		return NEVER;
	}
	if (!engine->retry_ms)
		engine->retry_ms = engine->now_ms + RETRY_MS;
	if (engine->now_ms < engine->retry_ms)
		return engine->retry_ms;
	forget_refusals(engine);
	engine_settle(engine);
	engine->retry_ms = engine->now_ms + RETRY_MS;
	return engine->refused ? engine->retry_ms : NEVER;
}

uint64_t engine_tick(struct engine *engine, uint64_t now_ms)
{
	uint64_t retry, next;

	engine->now_ms = now_ms;
	engine_settle(engine);
	next = engine_sweep(engine);
	retry = tick_retry(engine); /* after the sweep, which may be refused something */
	return retry < next ? retry : next;
}

void engine_clear(struct engine *engine)
{
	engine_load(engine, engine_new_rules(engine));
	engine_settle(engine);
	engine_flush(engine);
}
