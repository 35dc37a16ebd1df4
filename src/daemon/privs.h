/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * privs: the capabilities that the daemon starts with, and that none remains.
 *
 * Who holds the sockets for multicast routing may go on changing VIFs and routes without any
 * capability, and neither memberships, netlink nor sending ever needed one.  So all of them go once
 * everything is open, whoever the user is.  Only the bounding set of a daemon that stays root is
 * left alone: its action script then begins with the power of root, as scripts of root do.
 */
#ifndef DAEMON_PRIVS_H
#define DAEMON_PRIVS_H

#include "daemon/user.h"

/* Whether this process can change to @user. */
bool privs_may_become(const struct user *user);

/* The capabilities to route multicast with that are not there, as words; NULL = both are. */
const char *privs_missing(void);

/* Becomes @user, if it has a name, and gives up every capability; 0 or -errno. */
int privs_drop(const struct user *user);

/* Whether capset() is ours to call; a filter for system calls may forbid it. */
bool privs_droppable(void);

/* Begins this program anew without the capabilities of a user who is not root; or returns -errno.
 */
int privs_restart(char *argv[]);

/* Whether programs that we start have root's capabilities nevertheless. */
bool privs_regained(void);

#endif
