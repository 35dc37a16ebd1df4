/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * takeover: takes over the kernel's multicast routing, or says in words why not.
 *
 * One family is enough to go on; what is wrong with the other is said once.
 */
#ifndef DAEMON_TAKEOVER_H
#define DAEMON_TAKEOVER_H

#include "kernel/klinux.h"

/* 0, or the exit status (sysexits.h) to end with; the reason is in the log. */
int takeover(struct klinux **klinux, uint32_t table);

#endif
