/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * background: leaves the terminal, without leaving the user in the dark.
 *
 * The process that was started waits until its child, the daemon, is ready or has failed, and ends
 * with the daemon's status; until then the daemon's messages go to the same stderr.
 */
#ifndef DAEMON_BACKGROUND_H
#define DAEMON_BACKGROUND_H

#include "base/util.h"

#define BACKGROUND_CHILD (-1)

/*
 * Forks.  In the child: BACKGROUND_CHILD, with *@ready for background_ready().  In the parent: the
 * exit status to end with now, after waiting for the child when @wait.
 */
int background_start(bool wait, int *ready);

/* Gives up the terminal and releases the parent. */
void background_ready(int ready);

#endif
