/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The half of the engine that has the kernel carry out plans and records what came of it. */
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "core/engine_impl.h"

/* "eth0", or "interface 7" when it is gone. */
static const char *link_name(const struct engine *engine, int ifindex, char text[32])
{
	const struct link *link = links_find(&engine->state.links, ifindex);

	if (link)
		memcpy(text, link->info.name, sizeof(link->info.name));
	else
		snprintf(text, 32, "interface %d", ifindex);
	return text;
}

static void tell_flow(const struct engine *engine, enum flow_event event, struct flow *flow)
{
	flow->told = event == FLOW_INSTALLED;
	if (engine->listener.flow)
		engine->listener.flow(engine->listener.ctx, event, flow);
}

static void record_vif(struct engine *engine, const struct kop *op, int result)
{
	struct vifs *vifs = &engine->state.vifs;
	const char *family = families[op->family].name;
	char name[32];

	engine->topology++;
	if (op->type == KOP_DEL_VIF) {
		if (result < 0)
			return;
		vifs_free(vifs, op->family, op->vif.number);
		engine_note(engine, LOG_INFO, "%s VIF %u is free", family, op->vif.number);
		return;
	}
	link_name(engine, op->vif.ifindex, name);
	if (result < 0) {
		struct link *link = links_find(&engine->state.links, op->vif.ifindex);

		if (link) {
			link->vif[op->family] = NO_VIF;
			link->vif_error[op->family] = -result;
		}
		engine->dirty |= DIRTY_VIFS | DIRTY_FLOWS;
		engine_note(engine, LOG_WARNING,
			    "%s: the kernel refused an %s VIF (%s); routes on it wait", name,
			    family, strerror(-result));
		return;
	}
	vifs_take(vifs, op->family, op->vif.number, op->vif.ifindex);
	engine_note(engine, LOG_INFO, "%s has %s VIF %u", name, family, op->vif.number);
}

/* Thousands may be refused at once: one is told, and how many more when they are tried again. */
static void refuse_flow(struct engine *engine, struct flow *flow, int result)
{
	char source[ADDR_TEXT], group[ADDR_TEXT];

	if (flow->error != -result && engine->refused_flows++ == 0)
		engine_note(engine, LOG_WARNING,
			    "(%s, %s): the kernel refused the route (%s); will try again",
			    addr_format(&flow->mfc.source, source),
			    addr_format(&flow->mfc.group, group), strerror(-result));
	flow->error = (int16_t)-result;
}

static void record_set(struct engine *engine, const struct kop *op, int result)
{
	struct flow *flow = op->subject;
	bool forwarded = flow_forwards(flow), moved;

	if (result < 0) {
		refuse_flow(engine, flow, result);
		return;
	}
	moved = !flow->installed || flow->mfc.iif != op->mfc.iif;
	flow_installed(flow, &engine->state.vifs, &op->mfc);
	if (!flow_forwards(flow)) {
		if (flow->told)
			tell_flow(engine, FLOW_REMOVED, flow);
	} else if (flow->learned && !flow->exact && (moved || !forwarded)) {
		tell_flow(engine, FLOW_INSTALLED, flow);
	}
}

static void record_del(struct engine *engine, const struct kop *op, int result)
{
	struct flow *flow = op->subject;
	struct state *state = &engine->state;

	if (result < 0) {
		refuse_flow(engine, flow, result);
		return;
	}
	if (flow->told)
		tell_flow(engine, FLOW_REMOVED, flow);
	flow_uninstalled(flow, &state->vifs);
	flow->error = 0;
	fib_learn(&state->fib, flow, 0);
	fib_drop(&state->fib, flow);
}

/* Of a range the first one is told, and how many more there are; see engine_execute(). */
static void refuse_member(struct engine *engine, struct membership *membership, int result)
{
	char group[ADDR_TEXT], name[32];

	if (membership->error != -result && engine->refused_joins++ == 0)
		engine_note(engine, LOG_WARNING,
			    "%s: the kernel refused to join %s (%s); will try again",
			    link_name(engine, membership->member.ifindex, name),
			    addr_format(&membership->member.group, group), strerror(-result));
	groups_set_error(&engine->state.groups, membership, -result);
}

/* Has the kernel do it and keeps count. */
static int apply(struct engine *engine, struct kop *op)
{
	int result = engine->kern->apply(engine->kern, op);

	engine->operations++;
	if (result < 0) {
		engine->refused = true;
		engine->refusal = -result;
	} else {
		engine->successes++;
	}
	return result;
}

/* Ranges may overlap, so a plan may ask twice for one membership. */
static void join(struct engine *engine, struct kop *op)
{
	struct groups *groups = &engine->state.groups;
	struct membership *membership = groups_find(groups, &op->member);
	const struct link *link;
	int result;

	if (membership && membership->joined)
		return;
	if (!membership)
		membership = groups_add(groups, &op->member);
	result = apply(engine, op);
	if (result < 0) {
		refuse_member(engine, membership, result);
		return;
	}
	link = links_find(&engine->state.links, op->member.ifindex);
	membership->born = link ? link->born : 0;
	membership->joined = true;
	membership->socket = op->socket;
	groups_set_error(groups, membership, 0);
}

/* One that the kernel does not want to let go of is kept, and left again later. */
static void leave(struct engine *engine, struct kop *op)
{
	struct membership *membership = op->subject;

	if (membership->joined && apply(engine, op) < 0)
		return;
	groups_remove(&engine->state.groups, membership);
}

static void change(struct engine *engine, struct kop *op)
{
	int result = apply(engine, op);

	switch (op->type) {
	case KOP_SET_MFC:
	case KOP_RENEW_MFC:
		record_set(engine, op, result);
		break;
	case KOP_DEL_MFC:
		record_del(engine, op, result);
		break;
	default:
		record_vif(engine, op, result);
	}
}

void engine_execute(struct engine *engine, struct plan *plan)
{
	for (int step = 0; step < PLAN_STEPS; step++) {
		/* Entries must not name a VIF that the kernel has just refused: plan them again. */
		if (step == STEP_SET_MFC && engine->dirty & DIRTY_VIFS)
			continue;
		for (size_t i = 0; i < plan->step[step].count; i++) {
			/* the kernel looks through its memberships from the newest on */
			size_t n = step == STEP_LEAVE ? plan->step[step].count - 1 - i : i;
			struct kop *op = &plan->step[step].list[n];

			if (op->type == KOP_JOIN)
				join(engine, op);
			else if (op->type == KOP_LEAVE)
				leave(engine, op);
			else
				change(engine, op);
		}
	}
	if (engine->refused_joins > 1)
		engine_note(engine, LOG_WARNING, "%u more memberships were refused",
			    engine->refused_joins - 1);
	engine->refused_joins = 0;
	plan_free(plan);
}
