/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inherit: sockets that take power to make, handed over to the program that this process becomes.
 *
 * An environment variable names them.  They are complete: whoever inherits one asks nothing more of
 * the kernel that would take a capability.
 */
#ifndef KERNEL_INHERIT_H
#define KERNEL_INHERIT_H

#include "core/addr.h"

#define INHERIT_VARIABLE "SMCROUTED_SOCKETS"

enum inherit { INHERIT_MRT, INHERIT_DISCOVER, INHERIT_KINDS };

/* Sets the variable: sockets, which stay open over exec(), -errno, or 0 for none. */
void inherit_give(const int result[FAMILIES][INHERIT_KINDS]);

/* Whether this program began with some; from now on no other program inherits any of them. */
bool inherit_begin(void);

/* That socket, -errno when it could not be had, or 0: nothing was inherited, make your own. */
int inherit_take(enum inherit kind, enum family family);

#endif
