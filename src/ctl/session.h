/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session: requests out, answers in, in the same order.
 *
 * One command and a batch of many are the same thing: a queue of what was asked, from which the
 * front goes when its answer is complete.  Requests are sent ahead of the answers, as many as the
 * queue holds, so a batch does not pay a round trip a line.  What can be said without the daemon
 * (help, a line that is no command) waits its turn in the same queue.  Nothing waits for ever: a
 * daemon that owes an answer and stays silent is given up.
 */
#ifndef CTL_SESSION_H
#define CTL_SESSION_H

#include "ctl/options.h"

/* Asks what the options say and shows the answers; returns the exit status. */
int session_run(const struct options *options);

#endif
