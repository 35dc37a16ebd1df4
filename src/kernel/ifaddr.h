/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ifaddr: the addresses that an interface has at this moment.
 *
 * Nothing is remembered: they matter seldom and may change at any time, so the kernel is asked.
 */
#ifndef KERNEL_IFADDR_H
#define KERNEL_IFADDR_H

#include "core/addr.h"

/*
 * The first address of the interface within @range that is ready for use.  0; -EADDRNOTAVAIL when
 * there is none; any other -errno.
 */
int ifaddr_source(int ifindex, const struct prefix *range, struct addr *source);

/* Whether the address is in a subnet of the interface. */
bool ifaddr_on_link(int ifindex, const struct addr *addr);

#endif
