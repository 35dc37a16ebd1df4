/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * privs: the capabilities that the daemon starts with, and those that remain.
 *
 * Who holds the sockets for multicast routing may go on changing VIFs and routes without any
 * capability, and neither memberships, netlink nor sending ever needed one.  So all of them go once
 * everything is open.  A daemon that stays root keeps the one over files, as whoever starts a
 * program as root expects it to read its files and remove its own; and its bounding set, with which
 * its action script begins with the power of root, as scripts of root do.
 *
 * Without libcap only a change of the user takes capabilities away, or shed.h.
 */
#ifndef DAEMON_PRIVS_H
#define DAEMON_PRIVS_H

#include "daemon/user.h"

/* Whether this process can change to @user. */
bool privs_may_become(const struct user *user);

/* Those that multicast routing takes and that are not there, as words; NULL = both are there. */
const char *privs_missing(void);

/* Becomes @user, if it has a name, and gives up capabilities; 0 or -errno. */
int privs_drop(const struct user *user);

/* Whether programs that we start have root's capabilities. */
bool privs_of_scripts(void);

/* Whether privs_drop() can give them up; a filter for system calls may forbid it. */
bool privs_droppable(void);

#endif
