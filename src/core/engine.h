/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine: events in, kernel operations out.
 *
 * Every event (interfaces, upcalls, commands, new rules, time) changes a table and marks what may
 * have become wrong; engine_settle() plans that part and has the kernel execute the plan.  A
 * refused operation leaves the shadow as it was, its errno is kept for "show", and the next event
 * that could change the answer tries again.  Nothing exits, nothing is applied by half.  The engine
 * reads no clock: who calls it says what time it is, in milliseconds of any monotonic clock.
 */
#ifndef CORE_ENGINE_H
#define CORE_ENGINE_H

#include "core/plan.h"

enum flow_event { FLOW_INSTALLED, FLOW_REMOVED };

/* What the engine tells the outside; either may be NULL. */
struct engine_listener {
	void *ctx;
	/* A line for the log; @priority as in syslog.h. */
	void (*note)(void *ctx, int priority, const char *text);
	/* A learned entry that forwards was installed or moved, or such an entry was removed. */
	void (*flow)(void *ctx, enum flow_event event, const struct flow *flow);
};

struct engine_config {
	uint64_t cache_ms;  /* forget learned entries silent for so long; 0 = never */
	uint32_t max_flows; /* limit on learned entries */
	struct hkey key;    /* random */
};

struct engine;

struct engine *engine_new(struct kern *kern, const struct engine_config *config,
			  const struct engine_listener *listener);
void engine_free(struct engine *engine);

/* The tables, for reports; nobody but the engine changes them. */
const struct state *engine_state(const struct engine *engine);
struct kern *engine_kern(const struct engine *engine);

/* An empty rule set that may later be handed to engine_load(). */
struct rules *engine_new_rules(const struct engine *engine);

/* Takes over the set (and the caller's hold on it) in place of the present one. */
void engine_load(struct engine *engine, struct rules *rules);

/* Interfaces: new or changed, gone; and a full list between begin and end. */
void engine_link(struct engine *engine, const struct link_info *info);
void engine_link_gone(struct engine *engine, int index);
void engine_links_begin(struct engine *engine);
void engine_links_end(struct engine *engine);

/* A packet without entry, or on another interface than its entry's. */
void engine_upcall(struct engine *engine, const struct upcall *upcall, uint64_t now_ms);

/*
 * Commands, carried out and settled at once.  0; -EINVAL when refused, with the reason in @diags;
 * -EIO when the rule stands but the kernel refused its operations for now, with the errno in
 * @diags.
 */
int engine_add(struct engine *engine, const struct stmt *st, struct diags *diags);
int engine_remove(struct engine *engine, const struct stmt *st, struct diags *diags);
int engine_join(struct engine *engine, const struct stmt *st, struct diags *diags);
int engine_leave(struct engine *engine, const struct stmt *st, struct diags *diags);

/* Forgets all learned flows, stop filters too. */
void engine_flush(struct engine *engine);

/*
 * Has the kernel do whatever events since the last call made necessary.  The operations executed
 * are counted in engine_operations().
 */
void engine_settle(struct engine *engine);
uint64_t engine_operations(const struct engine *engine);

/* A number that changes whenever links, VIFs or the set of rules may have changed. */
uint64_t engine_topology(const struct engine *engine);

/*
 * Looks after learned flows that may have gone silent, a bounded number at a time.  Returns when to
 * call again (now_ms: at once, there is more), UINT64_MAX for not at all.
 */
uint64_t engine_tick(struct engine *engine, uint64_t now_ms);

/* Deletes all that the kernel holds for us; for the end of the program. */
void engine_clear(struct engine *engine);

enum rule_state {
	RULE_ACTIVE,
	RULE_PENDING,  /* the link has no VIF, or a plain outbound one is missing */
	RULE_SHADOWED, /* another exact rule for the same (S,G) is in force */
	RULE_REFUSED,  /* by the kernel, see the errno */
};

/* How a rule fares on a link that its IIF names; @reason gets a text for people, "" when active. */
enum rule_state engine_rule_state(const struct engine *engine, const struct rule *rule,
				  const struct link *link, struct buf *reason);

/* Whether it has no inbound interface, or lacks a plain outbound one; *@reason says which. */
bool engine_rule_is_pending(const struct engine *engine, const struct rule *rule,
			    struct buf *reason);

#endif
