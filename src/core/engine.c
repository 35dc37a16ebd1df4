/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "core/engine_impl.h"
#include "core/match.h"

#define NEVER	     UINT64_MAX
#define RETRY_MS     10000 /* between attempts at what the kernel refused */
#define MOVE_MS	     2000  /* how long a feed must be silent before another may take its place */
#define LOOKS_A_TURN 256   /* learned flows whose counters are read in one engine_tick() */
#define SLOTS_A_TURN 8192  /* flows of any kind passed over in one engine_tick() */

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

/* Links */

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

/* Flows */

/* Packets that came in on the flow's own interface; 0 when nobody can tell. */
static uint64_t own_packets(const struct engine *engine, const struct flow *flow)
{
	struct mfc_count count;

	if (!flow->installed || flow->doubted ||
	    engine->kern->count(engine->kern, &flow->mfc.source, &flow->mfc.group, &count) < 0)
		return 0;
	return count.packets - count.wrong_if;
}

/* Looks at the flow; how long no packet came in on its own interface. */
static uint64_t silence(struct engine *engine, struct flow *flow)
{
	uint64_t packets = own_packets(engine, flow);

	if (packets != flow->packets) {
		flow->packets = packets;
		flow->changed_ms = engine->now_ms;
	}
	return engine->now_ms - flow->changed_ms;
}

static void learn(struct engine *engine, struct flow *flow, const struct link *link)
{
	fib_learn(&engine->state.fib, flow, link->info.index);
	flow->packets = own_packets(engine, flow);
	flow->changed_ms = engine->now_ms;
	engine_update_flow(engine, flow);
}

static bool no_room(struct engine *engine)
{
	bool full = engine->state.fib.learned >= engine->config.max_flows;

	if (full && !engine->full)
		engine_note(engine, LOG_WARNING,
			    "%u learned flows, as many as --max-flows allows: new ones are not "
			    "forwarded until old ones expire",
			    engine->state.fib.learned);
	engine->full = full;
	return full;
}

static void no_entry(struct engine *engine, const struct upcall *upcall, const struct link *link)
{
	struct state *state = &engine->state;
	struct flow *flow = fib_find(&state->fib, &upcall->source, &upcall->group);

	if (!flow || !flow->learned) {
		if (no_room(engine))
			return;
		flow = fib_get(&state->fib, &upcall->source, &upcall->group);
	}
	flow->doubted = flow->installed;
	learn(engine, flow, link);
}

/* A configured flow never moves; a learned one only where it would be forwarded and is missing. */
static void wrong_interface(struct engine *engine, const struct upcall *upcall,
			    const struct link *link)
{
	struct state *state = &engine->state;
	struct flow *flow = fib_find(&state->fib, &upcall->source, &upcall->group);
	struct link *ignored;
	bool covered;

	if (!flow || !flow->installed || flow->mfc.iif == upcall->vif)
		return;
	if (flow->exact && match_exact(state->rules, &upcall->source, &upcall->group, &ignored))
		return;
	if (!match_oifs(state->rules, link, &upcall->source, &upcall->group, &covered))
		return;
	if (flow_forwards(flow) && silence(engine, flow) < MOVE_MS)
		return;
	learn(engine, flow, link);
}

/* The number is that of an interface as we know it now; what settles may give it to another one. */
void engine_upcall(struct engine *engine, const struct upcall *upcall, uint64_t now_ms)
{
	struct state *state = &engine->state;
	struct link *link;
	int index;

	if (upcall->vif >= MAX_VIFS || !addr_is_multicast(&upcall->group))
		return;
	index = state->vifs.slot[upcall->group.family][upcall->vif].ifindex;
	engine->now_ms = now_ms;
	engine_settle(engine);
	link = links_find(&state->links, index);
	if (!link || link->vif[upcall->group.family] != upcall->vif)
		return;
	if (upcall->type == UPCALL_NOCACHE)
		no_entry(engine, upcall, link);
	else
		wrong_interface(engine, upcall, link);
}

static void forget(struct engine *engine, struct flow *flow)
{
	fib_learn(&engine->state.fib, flow, 0);
	engine_update_flow(engine, flow);
}

void engine_flush(struct engine *engine)
{
	struct seq_link *pos;
	uint32_t cursor;

	engine_settle(engine);
	seq_hold(&engine->state.fib.order);
	seq_for_each(pos, cursor, &engine->state.fib.order) {
		struct flow *flow = seq_entry(pos, struct flow, order);

		if (flow->learned)
			forget(engine, flow);
	}
	seq_release(&engine->state.fib.order);
}

/*
 * Four looks in each tenth of the time that a flow may be silent (but not more than four a second).
 * The clock is read before the counters, so that a packet may be younger than the look that finds
 * it: one period is added against that.  With one until the packet is seen and one until the time
 * is seen to be over, a flow goes never early and at most three quarters of a tenth late.
 */
static uint64_t sweep_period(const struct engine *engine)
{
	uint64_t tenth = engine->config.cache_ms / 10;

	return (tenth > 1000 ? tenth : 1000) / 4;
}

/* Looks at some learned flows from sweep_cursor on; true when all were seen. */
static bool sweep(struct engine *engine)
{
	uint64_t limit = engine->config.cache_ms + sweep_period(engine);
	unsigned int looks = LOOKS_A_TURN, slots = SLOTS_A_TURN;

	while (looks && slots--) {
		struct seq_link *pos = seq_next(&engine->state.fib.order, &engine->sweep_cursor);
		struct flow *flow;

		if (!pos)
			return true;
		flow = seq_entry(pos, struct flow, order);
		if (!flow->learned)
			continue;
		looks--;
		if (silence(engine, flow) >= limit)
			forget(engine, flow);
	}
	return false;
}

static uint64_t tick_sweep(struct engine *engine)
{
	if (!engine->sweeping) {
		if (!engine->config.cache_ms || !engine->state.fib.learned)
			return NEVER;
		if (engine->now_ms < engine->sweep_ms)
			return engine->sweep_ms;
		engine->sweeping = true;
		engine->sweep_cursor = 0;
		seq_hold(&engine->state.fib.order);
	}
	if (!sweep(engine))
		return engine->now_ms;
	engine->sweeping = false;
	seq_release(&engine->state.fib.order);
	engine->sweep_ms = engine->now_ms + sweep_period(engine);
	return engine->state.fib.learned ? engine->sweep_ms : NEVER;
}

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
	next = tick_sweep(engine);
	retry = tick_retry(engine); /* after the sweep, which may be refused something */
	return retry < next ? retry : next;
}

void engine_clear(struct engine *engine)
{
	engine_load(engine, engine_new_rules(engine));
	engine_settle(engine);
	engine_flush(engine);
}
