/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mrdisc: multicast router discovery (RFC 4286), an option of the build.
 *
 * An interface takes part in a family as long as it is up, has a VIF of that family and its phyint
 * says mrdisc: where we could not forward we do not advertise.  Everything that needs privileges is
 * opened at the start, because a later configuration may want it.  All functions take NULL, which
 * is what a build without it has.
 */
#ifndef DAEMON_MRDISC_H
#define DAEMON_MRDISC_H

#include "base/loop.h"
#include "core/engine.h"

/* Whether this program was built with it. */
bool mrdisc_available(void);

struct mrdisc;

/* @interval is in seconds, 0 = the default.  What can't be opened is logged, and left out. */
struct mrdisc *mrdisc_open(struct loop *loop, const struct engine *engine, unsigned long interval);

/* Follows the engine's links and rules; to be called whenever the engine has settled. */
void mrdisc_update(struct mrdisc *mrdisc);

/* Takes leave on every interface; comes before the engine is cleared. */
void mrdisc_close(struct mrdisc *mrdisc);

enum mrdisc_state {
	MRDISC_STARTING, /* nothing sent yet */
	MRDISC_ACTIVE,
	MRDISC_WAITING, /* the last advertisement could not be sent */
};

struct mrdisc_status {
	enum mrdisc_state state;
	const char *reason; /* for MRDISC_WAITING */
	uint64_t sent;	    /* advertisements */
	uint64_t received;  /* solicitations */
	uint64_t ignored;   /* packets that were no proper solicitation */
};

/* False when the interface with this VIF does not take part. */
bool mrdisc_status(const struct mrdisc *mrdisc, enum family family, int vif,
		   struct mrdisc_status *status);

#endif
