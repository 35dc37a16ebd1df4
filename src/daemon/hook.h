/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook: runs the user's action script.
 *
 * Scripts are started and never waited for: a bounded number run at once, the rest queue up in
 * order, and what does not fit into the queue is dropped and said so.  When no process is to be had
 * the queue stands still until a script ends or a second is over.  Every end is logged.  All
 * functions take NULL for "no script" and then do nothing.
 */
#ifndef DAEMON_HOOK_H
#define DAEMON_HOOK_H

#include <sys/resource.h>

#include "base/loop.h"
#include "core/engine.h"

struct hook;

struct hook_config {
	const char *script; /* a path; NULL for none: then the hook is NULL as well */
	uint32_t table;
	rlim_t descriptors; /* the soft limit for scripts: ours is raised */
};

struct hook *hook_new(struct loop *loop, const struct hook_config *config);

/*
 * Takes down who has which VIF number, after every turn.  A number stays its interface's as long as
 * an entry names it, so an entry that goes because its interface went can still be told by name.
 */
void hook_update(struct hook *hook, const struct engine *engine);

/* Event "reload": the configuration is in force, at the start or again. */
void hook_reload(struct hook *hook);

/* Event "install" or "remove": a learned flow that forwards. */
void hook_flow(struct hook *hook, const char *event, const struct state *state,
	       const struct flow *flow);

/* Running scripts go on without us. */
void hook_free(struct hook *hook);

#endif
