/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * privs: what remains after -p: nothing.
 *
 * Who holds the sockets for multicast routing may go on changing VIFs and routes without any
 * capability, and memberships never needed one.  So all of them go once everything is open.
 */
#ifndef DAEMON_PRIVS_H
#define DAEMON_PRIVS_H

#include "daemon/user.h"

/* Becomes @user and gives up every capability for good; 0 or -errno. */
int privs_drop(const struct user *user);

#endif
