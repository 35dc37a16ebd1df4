/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * model: what the kernel should hold, found the naive way.
 *
 * It keeps the world as it is told (links, the file's lines, the rules in force, which flows were
 * learned) and answers by looking at every rule for every link and flow.  With the daemon it shares
 * values and the parser of statements, but no decision.  model_differs() compares its answer with a
 * struct view, which is what some kernel holds: the judging one in memory, or Linux.
 *
 * Where the daemon may do one thing or the other (a learned entry is forgotten a little early or
 * late, events and packets cross) the model knows a set of possibilities; the next comparison tells
 * which it was.
 */
#ifndef TEST_MODEL_H
#define TEST_MODEL_H

#include <stdarg.h>

#include "core/request.h"
#include "view.h"

#define MODEL_LINKS   48
#define MODEL_RULES   48
#define MODEL_WITHOUT 8
#define MODEL_FLOWS   8 /* of one family */
#define MODEL_ON      (MODEL_LINKS + 1)
#define MODEL_STMT    300
#define MODEL_WHY     256
#define MODEL_SOURCES 2
#define MODEL_GROUPS  4
#define MODEL_MOVE_MS 2000

extern const char *const model_sources[FAMILIES][MODEL_SOURCES];
extern const char *const model_groups[FAMILIES][MODEL_GROUPS];

struct model_link {
	struct link_info info;
	int vif[FAMILIES]; /* that it must keep while it is wanted; -1 = none, or any */
};

/* All statements of one rule as one. */
struct model_rule {
	struct stmt stmt;
	char without[MODEL_WITHOUT][IFNAME_SIZE]; /* taken out of its wildcard IIF */
	size_t n_without;
};

struct model_flow {
	struct addr source, group;
	int on[MODEL_ON]; /* where it may have been learned: links, 0 = nowhere; one when known */
	size_t n_on;
	int exact_on;	    /* the link of its entry at the last comparison, if configured */
	uint64_t heard_ms;  /* when the last packet came in on the entry's own interface, */
	uint64_t latest_ms; /* at the latest */
	uint64_t looked_ms; /* when the daemon first had to look at its counters after that */
	bool looked;
};

struct model {
	struct model_link links[MODEL_LINKS];
	size_t n_links;
	struct model_rule rules[MODEL_RULES]; /* in the order of their latest statement */
	size_t n_rules;
	char file[MODEL_RULES][MODEL_STMT];
	size_t n_file;
	struct model_flow flows[FAMILIES][MODEL_FLOWS];
	uint64_t now_ms, cache_ms; /* learned flows silent for so long are forgotten; 0 = never */
	bool fuzzy; /* several things happen between two comparisons, in an order nobody knows */
};

void model_init(struct model *model, uint64_t cache_ms);
void model_free(struct model *model);

/* Links.  A name may be anything; an index is there once. */
struct model_link *model_link(const struct model *model, const char *name);
struct model_link *model_link_at(const struct model *model, int index);
void model_set_link(struct model *model, const struct link_info *info);
void model_link_gone(struct model *model, int index);

/* No room for another rule: nothing may be stated now. */
bool model_full(const struct model *model);

/* Rules: a command, 0 or -EINVAL if it should be refused; the file, and its taking force. */
int model_command(struct model *model, const struct request *request);
bool model_file_add(struct model *model, const char *statement);
bool model_file_drop(struct model *model, const char *statement);
void model_reload(struct model *model);

/*
 * The rules in force become the file, in another order where order does not count.  True when that
 * says the same as the rules do now.
 */
bool model_restate(struct model *model, uint64_t seed);

struct model_flow *model_flow(struct model *model, const struct addr *source,
			      const struct addr *group);

/* Packets: without entry; on the entry's own interface; on another one (see model_wrong()). */
void model_no_entry(struct model *model, const struct view *before, struct model_flow *flow,
		    int index);
void model_heard(struct model *model, struct model_flow *flow);

/*
 * The kernel reported a packet of the flow on a link that is not its inbound one, with @before in
 * the kernel, and then @now.  NULL, or what was wrong about that.
 */
const char *model_wrong(struct model *model, struct model_flow *flow, int index,
			const struct view *before, const struct view *now);

/*
 * To be called after each step.  Who is not used right now may lose what was learned on it, even if
 * it is used again soon; a daemon that is @deaf may use or not use anything, by its old name.
 */
void model_stepped(struct model *model, bool deaf);

void model_wait(struct model *model, uint64_t ms);
void model_flush(struct model *model);

/* Nothing is known any more about learned flows, until the next flush. */
void model_forget_vifs(struct model *model);

/* Whether a rule asks for this membership. */
bool model_wants(const struct model *model, const struct member *member);

/* True, with the reason in @why, when the kernel holds anything else than it should. */
bool model_differs(const struct model *model, const struct view *view, char why[MODEL_WHY]);

/* Learns from a view that does not differ. */
void model_observe(struct model *model, const struct view *view);

/* What is wrong, and rules and links, as a comment above a list of steps. */
void model_explain(const struct model *model, const struct view *view, struct buf *out,
		   const char *format, va_list args) PRINTF_LIKE(4, 0);

#endif
