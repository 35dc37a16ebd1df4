/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reload: which configuration is in force, and what happens when there is a new one.
 *
 * At the start every good statement is used: an unattended router with one wrong line must still
 * forward the others.  Later there is a good set to keep, so that a file with any error is refused
 * as a whole.  Either way errors are logged, and those of the set in force stay visible.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "daemon/hook.h"
#include "daemon/pidfile.h"
#include "daemon/report.h"

struct reload {
	struct engine *engine;
	const char *path;
	struct hook *hook;
	struct pidfile *pidfile;   /* NULL until the daemon is ready */
	struct problems *problems; /* owned: of the set in force */
};

/* Loads the configuration for the first time; -EINVAL when it has errors and @strict. */
int reload_start(struct reload *reload, bool strict);

/* The daemon is ready: tells the service manager and the log. */
void reload_ready(const struct reload *reload);

/*
 * Loads it again and has the kernel hold the result.  0, or -EINVAL when the running set stays,
 * with what is wrong with the new one in *@refused (to be released; NULL: not wanted) and one line
 * for people in @text.
 */
int reload_run(struct reload *reload, struct problems **refused, struct buf *text);

void reload_free(struct reload *reload);

#endif
