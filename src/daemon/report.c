/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/report.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/proto.h"
#include "daemon/report_impl.h"

#define MAX_STEPS    64 /* elements looked at in one call, written or not */
#define MAX_RESTARTS 16 /* of a reader slower than the changes */

struct problems *problems_new(void)
{
	struct problems *problems = mem_alloc(sizeof(*problems));

	problems->holders = 1;
	return problems;
}

struct problems *problems_hold(struct problems *problems)
{
	problems->holders++;
	return problems;
}

void problems_release(struct problems *problems)
{
	if (!problems || --problems->holders)
		return;
	diags_free(&problems->diags);
	free(problems);
}

const struct link *report_vif_link(const struct state *state, enum family family,
				   unsigned int number)
{
	int index = state->vifs.slot[family][number].ifindex;

	return index ? links_find(&state->links, index) : NULL;
}

static int compare_indexes(const void *a, const void *b)
{
	const int *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* The hash can't be walked in pieces while it changes; the indexes can. */
static void list_interfaces(struct report *report)
{
	const struct hmap *map = &report->state->links.by_index;
	struct hnode *node = NULL;
	size_t bucket = 0;

	report->indexes = mem_alloc(map->count * sizeof(*report->indexes));
	while ((node = hmap_walk(map, &bucket, node)))
		report->indexes[report->n_indexes++] =
			container_of(node, struct link, by_index)->info.index;
	qsort(report->indexes, report->n_indexes, sizeof(*report->indexes), compare_indexes);
}

/* Counting watchers is no change of the tables, which are the engine's alone to change. */
static struct seq *orders_of(const struct report *report, int which)
{
	const struct seq *orders[] = {&report->rules->order, &report->state->fib.order,
				      &report->state->groups.order};

	return which < (int)ARRAY_SIZE(orders) ? (struct seq *)orders[which] : NULL;
}

static uint32_t count_moves(const struct report *report)
{
	const struct seq *order;
	uint32_t moves = 0;

	for (int i = 0; (order = orders_of(report, i)); i++)
		moves += order->moves;
	return moves;
}

/* Holds the rules as they are now, and stands at the beginning of the tables. */
static void attach(struct report *report)
{
	struct seq *order;

	report->rules = report->state->rules;
	rules_hold(report->rules);
	report->problems = problems_hold(*report->in_force);
	for (int i = 0; (order = orders_of(report, i)); i++)
		seq_watch(order);
	report->moves = count_moves(report);
	report->stage = report->stages;
	report->cursor = 0;
}

static void detach(struct report *report)
{
	struct seq *order;

	problems_release(report->problems);
	if (!report->rules)
		return;
	for (int i = 0; (order = orders_of(report, i)); i++)
		seq_unwatch(order);
	rules_release(report->rules);
}

struct report *report_show(const struct report_sources *sources, const struct request *request)
{
	struct report *report = mem_alloc(sizeof(*report));

	report->engine = sources->engine;
	report->mrdisc = sources->mrdisc;
	report->state = engine_state(sources->engine);
	report->in_force = sources->problems;
	report->stages = report_stages(request->topic);
	report->detail = request->detail;
	report->table = sources->table;
	attach(report);
	if (request->topic == TOPIC_INTERFACES)
		list_interfaces(report);
	return report;
}

struct report *report_refusal(struct problems *problems, const char *text)
{
	struct report *report = mem_alloc(sizeof(*report));

	report->problems = problems_hold(problems);
	report->stage = report_problems;
	report->refusal = mem_strndup(text, strlen(text));
	return report;
}

static void finish(struct report *report, struct buf *out)
{
	if (report->refusal)
		proto_error(out, REPLY_REFUSED, report->refusal);
	else
		proto_ok(out);
}

/* Whether what was said so far is of rules that are gone, or the cursor is worth nothing any more.
 */
static bool is_stale(const struct report *report)
{
	return report->rules &&
	       (report->rules != report->state->rules || report->moves != count_moves(report));
}

static bool restart(struct report *report, struct buf *out)
{
	if (report->restarts++ == MAX_RESTARTS) {
		proto_error(
			out, REPLY_REFUSED,
			"what is shown was replaced again and again in the meantime; ask again");
		return false;
	}
	record_begin(out, "restart");
	record_end(out);
	detach(report);
	attach(report);
	return true;
}

bool report_write(struct report *report, struct buf *out, size_t limit, uint64_t now_ms)
{
	size_t start = out->len;

	report->now = now_ms;
	if (is_stale(report) && !restart(report, out))
		return false;
	for (report->steps = 0; report->steps < MAX_STEPS && out->len - start < limit;
	     report->steps++) {
		if ((*report->stage)(report, out))
			continue;
		report->stage++;
		report->cursor = 0;
		if (*report->stage)
			continue;
		finish(report, out);
		return false;
	}
	return true;
}

void report_free(struct report *report)
{
	if (!report)
		return;
	detach(report);
	free(report->indexes);
	buf_free(&report->scratch);
	free(report->refusal);
	free(report);
}
