/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * join: group memberships, held by a pool of sockets.
 *
 * The kernel ties memberships to sockets and limits how many one may hold, by several limits that
 * differ between the families.  Nothing here knows them: a socket that refuses a membership for
 * lack of room is full until something is left on it, and the next one is tried.  A fresh socket
 * that refuses too is a real refusal.  Sockets that hold nothing are closed.
 *
 * The last descriptors of the process are not for memberships, however many are asked for: without
 * one for a client or a file nobody could ask for fewer.  Reaching them is a refusal, EMFILE.
 *
 * ASM and SSM memberships have pools of their own: on one socket the kernel would turn an ASM
 * membership silently into one for the sources that are joined after it.
 *
 * The sockets are UDP sockets without a port.  The kernel has no way to deliver to these, so that
 * nobody has to read from them.
 */
#ifndef KERNEL_JOIN_H
#define KERNEL_JOIN_H

#include "core/kern.h"

struct join;

struct join *join_new(void);

/* Leaves everything. */
void join_free(struct join *join);

/*
 * KOP_JOIN and KOP_LEAVE as struct kern wants them.  A leave works with the old ifindex after the
 * interface is gone, and must come then too: until it does, the membership takes up room.
 */
int join_apply(struct join *join, struct kop *op);

#endif
