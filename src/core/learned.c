/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the engine that learns flows from upcalls, and forgets those that fell silent. */
#include <syslog.h>

#include "core/engine_impl.h"
#include "core/match.h"

#define MOVE_MS	     2000 /* how long a feed must be silent before another may take its place */
#define LOOKS_A_TURN 256  /* learned flows whose counters are read in one engine_tick() */
#define SLOTS_A_TURN 8192 /* flows of any kind passed over in one engine_tick() */

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

/* Whether an exact rule is in force for the flow: then where packets come from changes nothing. */
static bool is_configured(const struct state *state, const struct flow *flow)
{
	struct link *iif;

	return flow->exact && match_exact(state->rules, &flow->mfc.source, &flow->mfc.group, &iif);
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

	if (flow && is_configured(state, flow)) {
		flow->doubted = flow->installed;
		engine_update_flow(engine, flow);
		return;
	}
	if (!flow || !flow->learned) {
		if (no_room(engine))
			return;
		flow = fib_get(&state->fib, &upcall->source, &upcall->group);
	}
	flow->doubted = flow->installed;
	learn(engine, flow, link);
}

/*
 * The kernel asks once for a flow, and then keeps its packets for ten seconds without asking again;
 * it must not when the interface comes back meanwhile.  An entry, there for a moment, ends that.
 */
static void let_go(struct engine *engine, const struct upcall *upcall)
{
	struct flow *flow = fib_get(&engine->state.fib, &upcall->source, &upcall->group);
	struct plan plan = {0};

	flow->doubted = flow->installed;
	if (!flow->installed) {
		plan_stop(&plan, flow, upcall->vif);
		engine_execute(engine, &plan);
	}
	engine_update_flow(engine, flow);
}

/* A configured flow never moves; a learned one only where it would be forwarded and is missing. */
static void wrong_interface(struct engine *engine, const struct upcall *upcall,
			    const struct link *link)
{
	struct state *state = &engine->state;
	struct flow *flow = fib_find(&state->fib, &upcall->source, &upcall->group);
	bool covered;

	if (!flow || !flow->installed || flow->mfc.iif == upcall->vif)
		return;
	if (is_configured(state, flow))
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
	if (link && link->vif[upcall->group.family] != upcall->vif)
		link = NULL;
	if (upcall->type == UPCALL_NOCACHE && link)
		no_entry(engine, upcall, link);
	else if (upcall->type == UPCALL_NOCACHE)
		let_go(engine, upcall);
	else if (link)
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

uint64_t engine_sweep(struct engine *engine)
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
