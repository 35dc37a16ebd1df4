/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command: carries out a request of the control socket.
 */
#ifndef DAEMON_COMMAND_H
#define DAEMON_COMMAND_H

#include "daemon/reload.h"

/* What requests work on.  The last three members are command's own: zeroed before the first. */
struct commander {
	struct engine *engine;
	struct reload *reload;
	const struct mrdisc *mrdisc; /* may be NULL */
	uint32_t table;
	struct words words;
	struct request request;
	struct diags diags; /* about the present request */
};

/* Who asks, as the kernel vouches. */
struct peer {
	unsigned int uid;
	int pid;
};

struct answer {
	struct buf *out;
	struct report *report; /* the rest of the answer, or NULL; the caller's to free */
	bool kill;	       /* the daemon is to end once this answer is sent */
};

/* A request of any bytes; an empty one has no answer. */
void command_run(struct commander *commander, const char *line, size_t len, const struct peer *peer,
		 struct answer *answer);

void commander_free(struct commander *commander);

#endif
