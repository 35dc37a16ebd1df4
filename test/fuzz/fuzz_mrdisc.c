/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet of router discovery.  The first byte is the family, the next two are the hop limit and
 * whether the packet goes to all routers, then come the addresses and the message, for IPv4 with
 * its header.  What passes is what we would have sent ourselves, but for what a receiver must not
 * mind.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mrdisc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_good(const struct mrdisc_packet *packet)
{
	enum family family = (enum family)packet->source.family;
	uint8_t again[MRDISC_SIZE];
	size_t len = mrdisc_encode(MRDISC_SOLICITATION, 0, &packet->source, &packet->to, again);

	if (packet->hops != 1 || packet->len < len || packet->message[0] != again[0])
		abort();
	if (family == FAMILY_IPV6 && (packet->source.b[0] != 0xfe || packet->source.b[1] >> 6 != 2))
		abort();
	/* A checksum of 0 has another spelling. */
	if (packet->len == len && packet->message[1] == 0 && (again[2] || again[3]) &&
	    memcmp(packet->message, again, len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mrdisc_packet packet = {0};
	size_t bytes, at = 3;
	enum family family;
	uint8_t *copy;

	if (size < at)
		return 0;
	family = data[0] & 1 ? FAMILY_IPV6 : FAMILY_IPV4;
	bytes = families[family].bytes;
	if (size < at + 2 * bytes)
		return 0;
	packet.source.family = packet.to.family = (uint8_t)family;
	memcpy(packet.source.b, data + at, bytes);
	memcpy(packet.to.b, data + at + bytes, bytes);
	at += 2 * bytes;
	packet.hops = data[1];
	if (data[2])
		packet.to = mrdisc_families[family].routers;
	packet.len = size - at;
	copy = malloc(packet.len); /* of the exact size: reading beyond it is seen */
	memcpy(copy, data + at, packet.len);
	packet.message = copy;
	if (family == FAMILY_IPV4)
		mrdisc_skip_ipv4_header(&packet);
	if (!mrdisc_flaw(&packet))
		check_good(&packet);
	free(copy);
	return 0;
}
