/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel: netlink messages about links, and upcalls, taken apart. */
#include "unit.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/rtnetlink.h>

#include "kernel/mrt.h"
#include "kernel/rtnl.h"

/* rtnl: one message; the name goes behind an attribute that we skip. */
static const struct link_message {
	const char *name; /* of the case */
	uint16_t type, flags;
	uint8_t family;
	int index;
	unsigned int ifi_flags;
	const char *ifname; /* NULL = no attribute */
	const char *seen;
} link_messages[] = {
	{"a new link", RTM_NEWLINK, 0, AF_UNSPEC, 2, IFF_UP | IFF_MULTICAST, "eth0",
	 "link 2 eth0 up multicast"},
	{"down, no multicast", RTM_NEWLINK, 0, AF_UNSPEC, 1, 0, "lo", "link 1 lo"},
	{"the longest name, a large index", RTM_NEWLINK, 0, AF_UNSPEC, INT_MAX, IFF_UP,
	 "abcdefghijklmno", "link 2147483647 abcdefghijklmno up"},
	{"part of a dump", RTM_NEWLINK, NLM_F_MULTI, AF_UNSPEC, 3, IFF_UP, "a", "link 3 a up part"},
	{"an interrupted dump", RTM_NEWLINK, NLM_F_MULTI | NLM_F_DUMP_INTR, AF_UNSPEC, 3, 0, "a",
	 "link 3 a part interrupted"},
	{"a link goes", RTM_DELLINK, 0, AF_UNSPEC, 2, 0, "eth0", "gone 2"},
	{"a link goes without a name", RTM_DELLINK, 0, AF_UNSPEC, 2, 0, NULL, "gone 2"},
	{"a bridge tells about its port", RTM_NEWLINK, 0, AF_BRIDGE, 2, 0, "eth0", ""},
	{"a port leaves its bridge", RTM_DELLINK, 0, AF_BRIDGE, 2, 0, "eth0", ""},
	{"no name", RTM_NEWLINK, 0, AF_UNSPEC, 2, 0, NULL, ""},
	{"an empty name", RTM_NEWLINK, 0, AF_UNSPEC, 2, 0, "", ""},
	{"a name too long", RTM_NEWLINK, 0, AF_UNSPEC, 2, 0, "abcdefghijklmnop", ""},
	{"index 0", RTM_NEWLINK, 0, AF_UNSPEC, 0, 0, "eth0", ""},
	{"a negative index", RTM_NEWLINK, 0, AF_UNSPEC, -1, 0, "eth0", ""},
	{"something else", RTM_NEWADDR, 0, AF_UNSPEC, 2, 0, "eth0", ""},
};

static void put(struct buf *out, const void *data, size_t len)
{
	static const char zero[NLMSG_ALIGNTO];

	buf_add(out, data, len);
	buf_add(out, zero, NLMSG_ALIGN(len) - len);
}

static void put_attr(struct buf *out, unsigned short type, const void *data, size_t len)
{
	struct rtattr attr = {.rta_type = type, .rta_len = (unsigned short)RTA_LENGTH(len)};

	put(out, &attr, sizeof(attr));
	put(out, data, len);
}

static void put_link(struct buf *out, const struct link_message *message)
{
	struct nlmsghdr header = {.nlmsg_type = message->type, .nlmsg_flags = message->flags};
	struct ifinfomsg info = {.ifi_family = message->family,
				 .ifi_index = message->index,
				 .ifi_flags = message->ifi_flags};
	struct buf body = {0};
	uint32_t mtu = 1500;

	put(&body, &info, sizeof(info));
	put_attr(&body, IFLA_MTU, &mtu, sizeof(mtu));
	if (message->ifname)
		put_attr(&body, IFLA_IFNAME, message->ifname, strlen(message->ifname) + 1);
	put_attr(&body, IFLA_QDISC, "noqueue", 8);
	header.nlmsg_len = (uint32_t)(sizeof(header) + body.len);
	put(out, &header, sizeof(header));
	put(out, body.data, body.len);
	buf_free(&body);
}

static void put_end(struct buf *out, uint16_t type, int error, size_t len)
{
	struct nlmsghdr header = {.nlmsg_type = type,
				  .nlmsg_len = (uint32_t)(sizeof(header) + len)};

	put(out, &header, sizeof(header));
	put(out, &error, len);
}

static void see(void *ctx, const struct rtnl_message *message)
{
	struct buf *seen = ctx;

	buf_puts(seen, seen->len ? "; " : "");
	if (message->kind == RTNL_DONE)
		buf_printf(seen, "done %d", message->error);
	else if (message->kind == RTNL_LINK_GONE)
		buf_printf(seen, "gone %d", message->link.index);
	else
		buf_printf(seen, "link %d %s%s%s", message->link.index, message->link.name,
			   message->link.up ? " up" : "",
			   message->link.multicast ? " multicast" : "");
	buf_puts(seen, message->part ? " part" : "");
	buf_puts(seen, message->interrupted ? " interrupted" : "");
}

/* Parses a copy of exactly this size, so that a sanitizer sees who reads beyond it. */
static void parse(const char *data, size_t len, struct buf *seen)
{
	char *copy = malloc(len ? len : 1);

	memcpy(copy, data, len);
	rtnl_parse(copy, len, see, seen);
	free(copy);
}

static void link_message(void **row)
{
	const struct link_message *want = *row;
	struct buf data = {0}, seen = {0};

	put_link(&data, want);
	parse(data.data, data.len, &seen);
	assert_string_equal(buf_text(&seen), want->seen);
	buf_free(&data);
	buf_free(&seen);
}

static void many_messages_in_a_datagram(void **state)
{
	struct buf data = {0}, seen = {0};

	(void)state;
	put_link(&data, &link_messages[0]);
	put_link(&data, &link_messages[7]);
	put_link(&data, &link_messages[1]);
	put_end(&data, NLMSG_DONE, 0, sizeof(int));
	put_end(&data, NLMSG_ERROR, -EBUSY, sizeof(int));
	put_end(&data, NLMSG_NOOP, -EBUSY, sizeof(int));
	put_end(&data, NLMSG_DONE, 0, 0);
	put_end(&data, NLMSG_DONE, INT_MIN, sizeof(int));
	parse(data.data, data.len, &seen);
	assert_string_equal(buf_text(&seen),
			    "link 2 eth0 up multicast; link 1 lo; done 0; done 16; "
			    "done 0; done 0");
	buf_free(&data);
	buf_free(&seen);
}

/* Cut anywhere: nothing is read beyond the end, and whole messages before the cut are seen. */
static void cut_anywhere(void **state)
{
	struct buf data = {0};
	size_t first;

	(void)state;
	put_link(&data, &link_messages[0]);
	first = data.len;
	put_link(&data, &link_messages[1]);
	for (size_t len = 0; len < data.len; len++) {
		struct buf seen = {0};

		parse(data.data, len, &seen);
		assert_string_equal(buf_text(&seen), len < first ? "" : "link 2 eth0 up multicast");
		buf_free(&seen);
	}
	buf_free(&data);
}

/* Each byte of a message made wrong: anything may be seen, nothing may break. */
static void any_byte_wrong(void **state)
{
	struct buf data = {0}, seen = {0};

	(void)state;
	put_link(&data, &link_messages[2]);
	put_link(&data, &link_messages[0]);
	for (size_t at = 0; at < data.len; at++) {
		char was = data.data[at];

		for (int value = 0; value < 256; value += 5) {
			data.data[at] = (char)value;
			parse(data.data, data.len, &seen);
		}
		data.data[at] = was;
	}
	buf_free(&data);
	buf_free(&seen);
}

/* Upcalls, in the layout of the kernel. */

struct igmp_layout { /* struct igmpmsg */
	uint32_t unused1, unused2;
	uint8_t type, mbz, vif, vif_hi;
	uint8_t source[4], group[4];
};

struct mrt6_layout { /* struct mrt6msg */
	uint8_t mbz, type;
	uint16_t mif;
	uint32_t pad;
	uint8_t source[16], group[16];
};

#define NOCACHE	 1
#define WRONGVIF 2
#define WHOLEPKT 3
#define NO	 99

static const struct upcall_case {
	const char *name;
	const char *source, *group;
	unsigned int type, mbz, vif;
	size_t cut;
	unsigned int seen; /* enum upcall_type, or NO */
} upcall_cases[] = {
	{"IPv4: no entry", "10.0.0.1", "225.1.2.3", NOCACHE, 0, 3, 0, UPCALL_NOCACHE},
	{"IPv4: wrong VIF", "10.0.0.1", "225.1.2.3", WRONGVIF, 0, 31, 0, UPCALL_WRONGVIF},
	{"IPv4: a whole packet for PIM", "10.0.0.1", "225.1.2.3", WHOLEPKT, 0, 3, 0, NO},
	{"IPv4: another type", "10.0.0.1", "225.1.2.3", 0, 0, 3, 0, NO},
	{"IPv4: a packet", "10.0.0.1", "225.1.2.3", NOCACHE, 2, 3, 0, NO},
	{"IPv4: VIF out of range", "10.0.0.1", "225.1.2.3", NOCACHE, 0, 32, 0, NO},
	{"IPv4: VIF in the high byte", "10.0.0.1", "225.1.2.3", NOCACHE, 0, 256, 0, NO},
	{"IPv4: no group", "10.0.0.1", "10.0.0.2", NOCACHE, 0, 3, 0, NO},
	{"IPv4: source 0.0.0.0", "0.0.0.0", "225.1.2.3", NOCACHE, 0, 3, 0, NO},
	{"IPv4: source is a group", "225.1.1.1", "225.1.2.3", NOCACHE, 0, 3, 0, NO},
	{"IPv4: cut", "10.0.0.1", "225.1.2.3", NOCACHE, 0, 3, 1, NO},
	{"IPv4: empty", "10.0.0.1", "225.1.2.3", NOCACHE, 0, 3, 20, NO},
	{"IPv6: no entry", "2001:db8::1", "ff05::1", NOCACHE, 0, 3, 0, UPCALL_NOCACHE},
	{"IPv6: wrong MIF", "2001:db8::1", "ff05::1", WRONGVIF, 0, 31, 0, UPCALL_WRONGVIF},
	{"IPv6: a whole packet for PIM", "2001:db8::1", "ff05::1", WHOLEPKT, 0, 3, 0, NO},
	{"IPv6: an ICMPv6 message", "2001:db8::1", "ff05::1", NOCACHE, 143, 3, 0, NO},
	{"IPv6: MIF out of range", "2001:db8::1", "ff05::1", NOCACHE, 0, 32, 0, NO},
	{"IPv6: MIF beyond a byte", "2001:db8::1", "ff05::1", NOCACHE, 0, 0x100, 0, NO},
	{"IPv6: no group", "2001:db8::1", "2001:db8::2", NOCACHE, 0, 3, 0, NO},
	{"IPv6: source ::", "::", "ff05::1", NOCACHE, 0, 3, 0, NO},
	{"IPv6: source is a group", "ff05::2", "ff05::1", NOCACHE, 0, 3, 0, NO},
	{"IPv6: cut", "2001:db8::1", "ff05::1", NOCACHE, 0, 3, 1, NO},
	{"IPv6: empty", "2001:db8::1", "ff05::1", NOCACHE, 0, 3, 40, NO},
};

static size_t lay_out(const struct upcall_case *want, const struct addr *source,
		      const struct addr *group, uint8_t data[64])
{
	struct igmp_layout four = {.type = (uint8_t)want->type,
				   .mbz = (uint8_t)want->mbz,
				   .vif = (uint8_t)want->vif,
				   .vif_hi = (uint8_t)(want->vif >> 8)};
	struct mrt6_layout six = {
		.type = (uint8_t)want->type, .mbz = (uint8_t)want->mbz, .mif = (uint16_t)want->vif};

	memcpy(four.source, source->b, 4);
	memcpy(four.group, group->b, 4);
	memcpy(six.source, source->b, 16);
	memcpy(six.group, group->b, 16);
	if (source->family == FAMILY_IPV6) {
		memcpy(data, &six, sizeof(six));
		return sizeof(six);
	}
	memcpy(data, &four, sizeof(four));
	return sizeof(four);
}

static void upcall_decoded(void **row)
{
	const struct upcall_case *want = *row;
	struct addr source = unit_addr(want->source), group = unit_addr(want->group);
	struct upcall upcall;
	uint8_t data[64], *copy;
	size_t len = lay_out(want, &source, &group, data) - want->cut;
	int result;

	copy = malloc(len ? len : 1);
	memcpy(copy, data, len);
	result = mrt_decode(mrt_ops[source.family], copy, len, &upcall);
	free(copy);
	if (want->seen == NO) {
		assert_true(result < 0);
		return;
	}
	assert_int_equal(result, 0);
	assert_int_equal(upcall.type, want->seen);
	assert_int_equal(upcall.vif, want->vif);
	assert_true(addr_equal(&upcall.source, &source));
	assert_true(addr_equal(&upcall.group, &group));
}

int main(void)
{
	struct unit unit = {0};

	UNIT_TABLE(&unit, link_message, link_messages);
	UNIT_TEST(&unit, many_messages_in_a_datagram);
	UNIT_TEST(&unit, cut_anywhere);
	UNIT_TEST(&unit, any_byte_wrong);
	UNIT_TABLE(&unit, upcall_decoded, upcall_cases);
	return unit_run(&unit, "kernel");
}
