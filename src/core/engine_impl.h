/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_impl: what the files that make up the engine share; nobody else includes this. */
#ifndef CORE_ENGINE_IMPL_H
#define CORE_ENGINE_IMPL_H

#include "core/engine.h"

#define NEVER UINT64_MAX

/* What may have become wrong since the last plan. */
enum dirt {
	DIRTY_VIFS = 1,	   /* links, names or phyint settings changed */
	DIRTY_FLOWS = 2,   /* any flow */
	DIRTY_MEMBERS = 4, /* any membership */
	DIRTY_ALL = 7,
};

struct engine {
	struct state state;
	struct kern *kern;
	struct engine_config config;
	struct engine_listener listener;
	unsigned int dirty;	/* set of enum dirt */
	uint64_t operations;	/* executed so far */
	uint64_t topology;	/* see engine_topology() */
	uint64_t successes;	/* of them, those that the kernel did not refuse */
	int refusal;		/* errno of the latest refusal */
	uint32_t refused_joins; /* in the present plan, not told before */
	uint32_t refused_flows; /* since the last attempt, not told before */
	uint64_t now_ms;	/* the latest time that anybody told */
	bool refused;		/* the kernel said no to something: try again now and then */
	bool full;		/* max_flows was reached and said */
	uint64_t retry_ms;	/* when to try refused operations again */
	uint64_t sweep_ms;	/* when the next look at learned flows begins */
	bool sweeping;		/* one is going on */
	uint32_t sweep_cursor;
};

void engine_note(const struct engine *engine, int priority, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* Executes a plan and frees it. */
void engine_execute(struct engine *engine, struct plan *plan);

/* Plans one flow and executes that; drops its record when nothing needs it any more. */
void engine_update_flow(struct engine *engine, struct flow *flow);

/*
 * A flow that forwards and that no exact rule names any more goes on as a learned one when another
 * rule wants it too, so that no packet of it is lost.
 */
void engine_adopt(struct engine *engine, struct flow *flow);

/* Looks at some learned flows and forgets silent ones; when to call again, or NEVER. */
uint64_t engine_sweep(struct engine *engine);

#endif
