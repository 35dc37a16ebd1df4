/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shed: to be rid of capabilities without capset().
 *
 * The unit's filter for system calls forbids all that changes privileges, as this is what an
 * intruder would want; and a build may lack libcap.  What is left is exec(): a user who is not root
 * has no capabilities afterwards but the ambient ones, and those may be given up.  So the sockets
 * that take power are made first of all, and the program begins anew with them.
 */
#ifndef DAEMON_SHED_H
#define DAEMON_SHED_H

#include <stdint.h>

/* Does that if it has to be, and then does not return. */
void shed_early(uint32_t table, char *argv[]);

#endif
