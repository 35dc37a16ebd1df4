/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report: the state of the engine as records of the control protocol, a piece at a time.
 *
 * A report may be long and its reader slow, and packets do not wait: each call writes a bounded
 * piece and remembers where it is.  Cursors survive whatever happens to the tables in between; what
 * is written is true at the moment of writing.  When the whole set of rules is replaced meanwhile,
 * the report says so and begins anew, some times; then it ends with an error.
 */
#ifndef DAEMON_REPORT_H
#define DAEMON_REPORT_H

#include "core/engine.h"
#include "core/request.h"
#include "daemon/mrdisc.h"

/* What is wrong with a configuration; shared by those who show it. */
struct problems {
	struct diags diags;
	unsigned int holders;
};

struct problems *problems_new(void);
struct problems *problems_hold(struct problems *problems);
void problems_release(struct problems *problems); /* NULL is fine */

struct report;

/* Where a report takes its facts from. */
struct report_sources {
	const struct engine *engine;
	const struct mrdisc *mrdisc;	  /* may be NULL */
	struct problems *const *problems; /* where those of the set in force are */
	uint32_t table;			  /* the kernel's multicast routing table in use */
};

/* The answer to a "show". */
struct report *report_show(const struct report_sources *sources, const struct request *request);

/* The answer to a refused reload: the problems, and @text as the error. */
struct report *report_refusal(struct problems *problems, const char *text);

/* Adds about @limit bytes at most to @out; false when the answer is complete. */
bool report_write(struct report *report, struct buf *out, size_t limit, uint64_t now_ms);

void report_free(struct report *report); /* NULL is fine */

/* The interface that has this VIF, or NULL. */
const struct link *report_vif_link(const struct state *state, enum family family,
				   unsigned int number);

#endif
