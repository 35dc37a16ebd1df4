/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ctl: the control socket and who is connected to it.
 *
 * Nobody out there can make the daemon wait: sockets never block, a client that says nothing for
 * minutes or does not read is closed, and each gets a bounded piece of work done in a turn of the
 * loop.  A long answer is made while the socket takes it, so a client costs bounded memory too.
 * Requests are carried out in order, even those of a client that has left since.
 */
#ifndef DAEMON_CTL_H
#define DAEMON_CTL_H

#include "base/loop.h"
#include "daemon/command.h"
#include "daemon/user.h"

struct ctl;

struct ctl_config {
	const char *path;
	uid_t owner; /* NO_UID = who we are */
	gid_t group; /* that may use the socket; NO_GID = none */
};

/*
 * Listens at @path.  NULL when that is not to be had, which is logged and no reason to end: the
 * daemon works without.  "kill" stops the loop with status 0.
 */
struct ctl *ctl_open(struct loop *loop, struct commander *commander,
		     const struct ctl_config *config);

/*
 * Closes all connections but that of a client that sent "kill", which ends with the process; @ctl
 * may be NULL.
 */
void ctl_close(struct ctl *ctl);

#endif
