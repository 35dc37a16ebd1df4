/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mrdisc: messages of router discovery, byte by byte, and which solicitations are good ones. */
#include "unit.h"

#include <string.h>

#include "core/mrdisc.h"

static const struct golden {
	const char *name;
	enum mrdisc_type type;
	uint8_t interval;
	const char *source, *to;
	uint8_t bytes[MRDISC_SIZE];
	size_t len;
} goldens[] = {
	{"IPv4 advertisement, 20 s",
	 MRDISC_ADVERTISEMENT,
	 20,
	 "10.0.0.1",
	 "224.0.0.106",
	 {0x30, 0x14, 0xcf, 0xeb, 0, 0, 0, 0},
	 8},
	{"IPv4 advertisement, 180 s",
	 MRDISC_ADVERTISEMENT,
	 180,
	 "192.0.2.1",
	 "224.0.0.106",
	 {0x30, 0xb4, 0xcf, 0x4b, 0, 0, 0, 0},
	 8},
	{"IPv4 solicitation",
	 MRDISC_SOLICITATION,
	 20,
	 "10.0.0.1",
	 "224.0.0.2",
	 {0x31, 0, 0xce, 0xff},
	 4},
	{"IPv4 termination",
	 MRDISC_TERMINATION,
	 20,
	 "10.0.0.1",
	 "224.0.0.106",
	 {0x32, 0, 0xcd, 0xff},
	 4},
	{"IPv6 advertisement, 20 s",
	 MRDISC_ADVERTISEMENT,
	 20,
	 "fe80::1",
	 "ff02::6a",
	 {0x97, 0x14, 0x6a, 0xba, 0, 0, 0, 0},
	 8},
	{"IPv6 advertisement, 4 s",
	 MRDISC_ADVERTISEMENT,
	 4,
	 "fe80::1",
	 "ff02::6a",
	 {0x97, 0x04, 0x6a, 0xca, 0, 0, 0, 0},
	 8},
	{"IPv6 solicitation",
	 MRDISC_SOLICITATION,
	 20,
	 "fe80::1",
	 "ff02::2",
	 {0x98, 0, 0x6a, 0x3a},
	 4},
	{"IPv6 termination",
	 MRDISC_TERMINATION,
	 20,
	 "fe80::1",
	 "ff02::6a",
	 {0x99, 0, 0x68, 0xd2},
	 4},
};

static void encode(void **row)
{
	const struct golden *want = *row;
	struct addr source = unit_addr(want->source), to = unit_addr(want->to);
	uint8_t bytes[MRDISC_SIZE];

	assert_int_equal(mrdisc_encode(want->type, want->interval, &source, &to, bytes), want->len);
	assert_memory_equal(bytes, want->bytes, want->len);
}

static const struct arrival {
	const char *name;
	const char *source, *to;
	uint8_t hops;
	uint8_t bytes[12];
	size_t len;
	const char *flaw; /* part of it, NULL = a good solicitation */
} arrivals[] = {
	{"IPv4", "10.0.0.10", "224.0.0.2", 1, {0x31, 0, 0xce, 0xff}, 4, NULL},
	{"IPv4 without source", "0.0.0.0", "224.0.0.2", 1, {0x31, 0, 0xce, 0xff}, 4, NULL},
	{"IPv4, reserved byte in use", "10.0.0.10", "224.0.0.2", 1, {0x31, 7, 0xce, 0xf8}, 4, NULL},
	{"IPv4, longer than needed",
	 "10.0.0.10",
	 "224.0.0.2",
	 1,
	 {0x31, 0, 0xcd, 0xfc, 1, 3},
	 6,
	 NULL},
	{"IPv4, an odd number of bytes",
	 "10.0.0.10",
	 "224.0.0.2",
	 1,
	 {0x31, 0, 0xcd, 0xff, 1},
	 5,
	 NULL},
	{"IPv6", "fe80::1", "ff02::2", 1, {0x98, 0, 0x6a, 0x3a}, 4, NULL},
	{"nothing", "10.0.0.10", "224.0.0.2", 1, {0}, 0, "truncated"},
	{"three bytes", "10.0.0.10", "224.0.0.2", 1, {0x31, 0, 0xce}, 3, "truncated"},
	{"three bytes of IPv6", "fe80::1", "ff02::2", 1, {0x98, 0, 0x6a}, 3, "truncated"},
	{"an advertisement",
	 "10.0.0.10",
	 "224.0.0.2",
	 1,
	 {0x30, 0x14, 0xcf, 0xeb},
	 8,
	 "something else"},
	{"IPv6 type on IPv4",
	 "10.0.0.10",
	 "224.0.0.2",
	 1,
	 {0x98, 0, 0x67, 0xff},
	 4,
	 "something else"},
	{"IPv4 type on IPv6", "fe80::1", "ff02::2", 1, {0x31, 0, 0xd1, 0x3a}, 4, "something else"},
	{"IPv4 checksum", "10.0.0.10", "224.0.0.2", 1, {0x31, 0, 0xce, 0xfe}, 4, "checksum"},
	{"IPv4 without checksum", "10.0.0.10", "224.0.0.2", 1, {0x31, 0, 0, 0}, 4, "checksum"},
	{"IPv6 checksum", "fe80::1", "ff02::2", 1, {0x98, 0, 0x6a, 0x3b}, 4, "checksum"},
	{"IPv6 checksum of another source",
	 "fe80::2",
	 "ff02::2",
	 1,
	 {0x98, 0, 0x6a, 0x3a},
	 4,
	 "checksum"},
	{"IPv6 checksum without pseudo-header",
	 "fe80::1",
	 "ff02::2",
	 1,
	 {0x98, 0, 0x67, 0xff},
	 4,
	 "checksum"},
	{"TTL 2", "10.0.0.10", "224.0.0.2", 2, {0x31, 0, 0xce, 0xff}, 4, "TTL"},
	{"TTL 0", "10.0.0.10", "224.0.0.2", 0, {0x31, 0, 0xce, 0xff}, 4, "TTL"},
	{"hop limit 255", "fe80::1", "ff02::2", 255, {0x98, 0, 0x6a, 0x3a}, 4, "hop limit"},
	{"to all hosts", "10.0.0.10", "224.0.0.1", 1, {0x31, 0, 0xce, 0xff}, 4, "all routers"},
	{"to one host", "10.0.0.10", "10.0.0.1", 1, {0x31, 0, 0xce, 0xff}, 4, "all routers"},
	{"IPv6 to all nodes", "fe80::1", "ff02::1", 1, {0x98, 0, 0x6a, 0x3b}, 4, "all routers"},
	{"IPv6 from a global address",
	 "fd00::10",
	 "ff02::2",
	 1,
	 {0x98, 0, 0x6b, 0xab},
	 4,
	 "link-local"},
	{"IPv6 from nowhere", "::", "ff02::2", 1, {0x98, 0, 0x68, 0xbc}, 4, "link-local"},
};

static void judge(void **row)
{
	const struct arrival *arrival = *row;
	const struct mrdisc_packet packet = {
		.source = unit_addr(arrival->source),
		.to = unit_addr(arrival->to),
		.hops = arrival->hops,
		.message = arrival->bytes,
		.len = arrival->len,
	};
	const char *flaw = mrdisc_flaw(&packet);

	if (!arrival->flaw) {
		assert_null(flaw);
		return;
	}
	assert_non_null(flaw);
	assert_non_null(strstr(flaw, arrival->flaw));
}

static const struct header {
	const char *name;
	uint8_t first; /* byte of the packet */
	size_t len, left;
} headers[] = {
	{"no options", 0x45, 24, 4},
	{"Router Alert", 0x46, 28, 4},
	{"all options", 0x4f, 64, 4},
	{"only a header", 0x46, 24, 0},
	{"less than a header", 0x4f, 59, 0},
	{"one byte", 0x46, 1, 0},
	{"nothing", 0x46, 0, 0},
};

static void skip_header(void **row)
{
	const struct header *header = *row;
	uint8_t bytes[64] = {header->first};
	struct mrdisc_packet packet = {.message = bytes, .len = header->len};

	mrdisc_skip_ipv4_header(&packet);
	assert_int_equal(packet.len, header->left);
	assert_ptr_equal(packet.message, bytes + header->len - header->left);
}

/* What one router sends another can check, whatever the addresses. */
static void encoded_is_good(void **state)
{
	static const char *const sources[FAMILIES] = {"0.0.0.0", "fe80::"};

	(void)state;
	for (int f = 0; f < FAMILIES; f++) {
		struct mrdisc_packet packet = {.source = unit_addr(sources[f]),
					       .to = mrdisc_families[f].routers,
					       .hops = 1};

		for (int i = 0; i < 70000; i++) {
			uint8_t bytes[MRDISC_SIZE];

			packet.len = mrdisc_encode(MRDISC_SOLICITATION, 0, &packet.source,
						   &packet.to, bytes);
			packet.message = bytes;
			assert_null(mrdisc_flaw(&packet));
			addr_next(&packet.source);
		}
	}
}

int main(void)
{
	struct unit unit = {0};

	UNIT_TABLE(&unit, encode, goldens);
	UNIT_TABLE(&unit, judge, arrivals);
	UNIT_TABLE(&unit, skip_header, headers);
	UNIT_TEST(&unit, encoded_is_good);
	return unit_run(&unit, "mrdisc");
}
