/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mrdisc: the messages of multicast router discovery (RFC 4286) as bytes.
 *
 * Switches that snoop on IGMP and MLD send multicast only where somebody asked for it, and to
 * routers.  A router that never queries tells them by advertisements that it is one.  Here messages
 * are made and judged; when to send them is for the daemon to decide.  IPv4 messages are IGMP, IPv6
 * ones ICMPv6: what differs stands in one const table.
 */
#ifndef CORE_MRDISC_H
#define CORE_MRDISC_H

#include "core/addr.h"

enum mrdisc_type { MRDISC_ADVERTISEMENT, MRDISC_SOLICITATION, MRDISC_TERMINATION, MRDISC_TYPES };

#define MRDISC_SIZE 8 /* bytes of the longest message */

struct mrdisc_family {
	uint8_t type[MRDISC_TYPES]; /* first byte of the message */
	uint8_t pseudo_header;	    /* protocol in the checksum's pseudo-header, 0 = it has none */
	struct addr snoopers;	    /* advertisements and terminations go there */
	struct addr routers;	    /* solicitations go there */
	struct prefix sources;	    /* that a message may come from */
};

extern const struct mrdisc_family mrdisc_families[FAMILIES];

/*
 * Writes a message from @source to @to and returns its size.  @interval, in seconds, is for
 * advertisements; their query interval and robustness are 0: we do not query.
 */
size_t mrdisc_encode(enum mrdisc_type type, uint8_t interval, const struct addr *source,
		     const struct addr *to, uint8_t message[MRDISC_SIZE]);

/* A message that came in, and what its IP header says. */
struct mrdisc_packet {
	struct addr source, to;
	uint8_t hops;		/* TTL or hop limit */
	const uint8_t *message; /* not owned */
	size_t len;
};

/* Takes away the IP header, which the kernel has checked, from a message that begins with it. */
void mrdisc_skip_ipv4_header(struct mrdisc_packet *packet);

/* Why the packet is no solicitation that a router should answer, or NULL when it is one. */
const char *mrdisc_flaw(const struct mrdisc_packet *packet);

#endif
