/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_impl: what report.c and stages.c share; nobody else includes this. */
#ifndef DAEMON_REPORT_IMPL_H
#define DAEMON_REPORT_IMPL_H

#include "daemon/report.h"

/* Deals with the next element of one table; false when there is none. */
typedef bool (*stage_fn)(struct report *report, struct buf *out);

struct report {
	const struct engine *engine;
	const struct mrdisc *mrdisc; /* may be NULL */
	const struct state *state;
	struct rules *rules;		  /* held; NULL when no rules are shown */
	struct problems *const *in_force; /* NULL when no rules are shown */
	struct problems *problems;	  /* held */
	const stage_fn *stages;		  /* of the topic */
	const stage_fn *stage;		  /* the present one; ends with NULL */
	uint32_t cursor;		  /* in its table */
	uint32_t moves;			  /* of all tables when they were attached to */
	uint32_t table;
	int *indexes; /* owned: of the interfaces to show */
	size_t n_indexes;
	uint64_t now;
	unsigned int restarts;
	uint64_t steps; /* in this call of report_write(), or what cost as much */
	struct buf scratch;
	char *refusal; /* owned; NULL = ends with "ok" */
	bool detail;
};

/* What a topic consists of, and what a refusal does; the last is NULL. */
const stage_fn *report_stages(enum topic topic);
extern const stage_fn report_problems[];

#endif
