/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * discover: the raw socket of one family for multicast router discovery.
 *
 * Opening it is all that needs a capability.  One socket serves all interfaces: each packet says by
 * which one it came or is to go.  Router Alert and the hop limit of 1 are set once for everything
 * that leaves.  A filter lets nothing in but solicitations.  The groups that these are sent to are
 * joined on other sockets, because one socket may hold only so many memberships.
 */
#ifndef KERNEL_DISCOVER_H
#define KERNEL_DISCOVER_H

#include "core/mrdisc.h"

struct discover;

int discover_open(struct discover **out, enum family family);
void discover_close(struct discover *discover); /* NULL is fine */

/* Readable when a solicitation may have come. */
int discover_fd(const struct discover *discover);

/* Sends a message; 0 or -errno. */
int discover_send(struct discover *discover, int ifindex, const struct addr *source,
		  const struct addr *to, const uint8_t *message, size_t len);

/* Joins the group of all routers: a handle (>= 0) for leaving it again, or -errno. */
int discover_join(struct discover *discover, int ifindex);

/* Works with the old ifindex when the interface is gone, and must come then too. */
void discover_leave(struct discover *discover, int ifindex, int handle);

typedef void (*discover_fn)(void *ctx, int ifindex, const struct mrdisc_packet *packet);

/* Hands packets that wait to @fn, up to a fixed number; the rest stays readable. */
void discover_read(struct discover *discover, discover_fn fn, void *ctx);

#endif
