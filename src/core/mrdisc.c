/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/mrdisc.h"

#include <string.h>

#define LEAST 4 /* bytes of a message: type, a byte, checksum */

const struct mrdisc_family mrdisc_families[FAMILIES] = {
	[FAMILY_IPV4] =
		{
			.type = {0x30, 0x31, 0x32},
			.snoopers = {FAMILY_IPV4, {224, 0, 0, 106}},
			.routers = {FAMILY_IPV4, {224, 0, 0, 2}},
			.sources = {.addr = {FAMILY_IPV4, {0}}, .len = 0},
		},
	[FAMILY_IPV6] =
		{
			.type = {151, 152, 153},
			.pseudo_header = 58,
			.snoopers = {FAMILY_IPV6, {0xff, 0x02, [15] = 0x6a}},
			.routers = {FAMILY_IPV6, {0xff, 0x02, [15] = 0x02}},
			.sources = {.addr = {FAMILY_IPV6, {0xfe, 0x80}}, .len = 10},
		},
};

static uint32_t add_words(uint32_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	return sum;
}

/* The internet checksum; 0 over a message that carries the right one. */
static uint16_t checksum(const struct addr *source, const struct addr *to, const uint8_t *message,
			 size_t len)
{
	uint8_t pseudo = mrdisc_families[source->family].pseudo_header;
	uint32_t sum = add_words(0, message, len);

	if (pseudo) {
		sum = add_words(sum, source->b, sizeof(source->b));
		sum = add_words(sum, to->b, sizeof(to->b));
		sum += (uint32_t)len + pseudo;
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

size_t mrdisc_encode(enum mrdisc_type type, uint8_t interval, const struct addr *source,
		     const struct addr *to, uint8_t message[MRDISC_SIZE])
{
	bool advertisement = type == MRDISC_ADVERTISEMENT;
	size_t len = advertisement ? MRDISC_SIZE : LEAST;
	uint16_t sum;

	memset(message, 0, len);
	message[0] = mrdisc_families[source->family].type[type];
	if (advertisement)
		message[1] = interval;
	sum = checksum(source, to, message, len);
	message[2] = (uint8_t)(sum >> 8);
	message[3] = (uint8_t)sum;
	return len;
}

/* How long it is, in words of 4 bytes, stands in its first byte. */
void mrdisc_skip_ipv4_header(struct mrdisc_packet *packet)
{
	size_t size = packet->len ? (packet->message[0] & 15u) * 4u : 0;

	size = size < packet->len ? size : packet->len;
	packet->message += size;
	packet->len -= size;
}

const char *mrdisc_flaw(const struct mrdisc_packet *packet)
{
	const struct mrdisc_family *family = &mrdisc_families[packet->source.family];

	if (packet->len < LEAST)
		return "it is truncated";
	if (packet->message[0] != family->type[MRDISC_SOLICITATION])
		return "it is something else";
	if (checksum(&packet->source, &packet->to, packet->message, packet->len))
		return "its checksum is wrong";
	if (packet->hops != 1)
		return "its TTL or hop limit is not 1";
	if (!addr_equal(&packet->to, &family->routers))
		return "it was not sent to all routers";
	if (!prefix_covers(&family->sources, &packet->source))
		return "its source is no link-local address";
	return NULL;
}
