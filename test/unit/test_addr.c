/* SPDX-License-Identifier: GPL-2.0-or-later */
/* addr and ifname: addresses, prefixes, interface names and patterns. */
#include "unit.h"

#include <string.h>

#define NAME15 "abcdefghijklmno"

static const struct spelling {
	const char *text;
	const char *canonical; /* NULL = refused */
} spellings[] = {
	{"1.2.3.4", "1.2.3.4"},
	{"0.0.0.0", "0.0.0.0"},
	{"255.255.255.255", "255.255.255.255"},
	{"225.1.2.3", "225.1.2.3"},
	{"::", "::"},
	{"ff05:0:0::1", "ff05::1"},
	{"FF05::ABCD", "ff05::abcd"},
	{"2001:db8:0:1:0:0:0:2", "2001:db8:0:1::2"},
	{"::ffff:1.2.3.4", "::ffff:1.2.3.4"},
	{"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
	{"1111:2222:3333:4444:5555:6666:123.123.123.123",
	 "1111:2222:3333:4444:5555:6666:7b7b:7b7b"},
	{"", NULL},
	{"1.2.3", NULL},
	{"1.2.3.4.5", NULL},
	{"1.2.3.256", NULL},
	{"1.2.3.4 ", NULL},
	{"1.2.3.-4", NULL},
	{"0x7f.1", NULL},
	{"eth0", NULL},
	{":", NULL},
	{"::1::", NULL},
	{"fe80::1%eth0", NULL},
	{"1:2:3:4:5:6:7:8:9", NULL},
	{"1.2.3.4/24", NULL},
	{"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", NULL},
};

static void addr_spelling(void **row)
{
	const struct spelling *want = *row;
	char text[ADDR_TEXT];
	struct addr addr;
	int result = addr_parse(&addr, want->text, strlen(want->text));

	if (!want->canonical) {
		assert_true(result < 0);
		return;
	}
	assert_int_equal(result, 0);
	assert_string_equal(addr_format(&addr, text), want->canonical);
}

static void addr_parse_stops_at_len(void **state)
{
	struct addr addr, nul;

	(void)state;
	assert_int_equal(addr_parse(&addr, "1.2.3.4567", 8), 0);
	assert_int_equal(addr.b[3], 45);
	assert_true(addr_parse(&nul, "1.2.3.4\0", 8) < 0);
}

static const struct kind {
	const char *text;
	bool any, multicast, link_local;
	unsigned int scope; /* of a group */
} kinds[] = {
	{"0.0.0.0", true, false, false, 14},
	{"223.255.255.255", false, false, false, 14},
	{"224.0.0.0", false, true, true, 14},
	{"224.0.0.255", false, true, true, 14},
	{"224.0.1.0", false, true, false, 14},
	{"239.255.255.255", false, true, false, 14},
	{"240.0.0.0", false, false, false, 14},
	{"10.0.0.1", false, false, false, 14},
	{"::", true, false, false, 0},
	{"ff00::", false, true, false, 0},
	{"ff01::1", false, true, true, 1},
	{"ff02::1", false, true, true, 2},
	{"ff12::1", false, true, true, 2},
	{"ff05::1", false, true, false, 5},
	{"ff3e::1", false, true, false, 14},
	{"ff0f::1", false, true, false, 15},
	{"fe80::1", false, false, false, 0},
	{"fd02::1", false, false, false, 2},
	{"::ffff:225.1.2.3", false, false, false, 0},
};

static void addr_kind(void **row)
{
	const struct kind *want = *row;
	struct addr addr = unit_addr(want->text);

	assert_int_equal(addr_is_any(&addr), want->any);
	assert_int_equal(addr_is_multicast(&addr), want->multicast);
	assert_int_equal(addr_is_link_local_group(&addr), want->link_local);
	if (want->multicast)
		assert_int_equal(addr_group_scope(&addr), want->scope);
}

static const struct cut {
	const char *text;
	unsigned int len;
	const char *masked, *printed;
	const char *inside, *outside; /* the latter may be NULL */
	uint64_t size;
} cuts[] = {
	{"225.1.2.3", 32, "225.1.2.3", "225.1.2.3", "225.1.2.3", "225.1.2.2", 1},
	{"225.1.2.3", 24, "225.1.2.0", "225.1.2.0/24", "225.1.2.255", "225.1.3.0", 256},
	{"225.1.2.3", 31, "225.1.2.2", "225.1.2.2/31", "225.1.2.3", "225.1.2.4", 2},
	{"239.255.2.3", 4, "224.0.0.0", "224.0.0.0/4", "239.1.1.1", "240.0.0.0", 1u << 28},
	{"10.1.2.3", 0, "0.0.0.0", "0.0.0.0/0", "255.255.255.255", NULL, 1ull << 32},
	{"225.1.2.3", 17, "225.1.0.0", "225.1.0.0/17", "225.1.127.1", "225.1.128.0", 32768},
	{"ff05::ffff", 128, "ff05::ffff", "ff05::ffff", "ff05::ffff", "ff05::fffe", 1},
	{"ff05::ffff", 121, "ff05::ff80", "ff05::ff80/121", "ff05::ff81", "ff05::ff7f", 128},
	{"ff05::ffff", 16, "ff05::", "ff05::/16", "ff05:1::", "ff15::", UINT64_MAX},
	{"ff05::ffff", 65, "ff05::", "ff05::/65", "ff05::1", "ff05::8000:0:0:0", 1ull << 63},
	{"ff05::ffff", 64, "ff05::", "ff05::/64", "ff05::1", "ff05:0:0:1::", UINT64_MAX},
	{"2001:db8::1", 0, "::", "::/0", "ffff::", NULL, UINT64_MAX},
};

static void prefix_cut(void **row)
{
	const struct cut *want = *row;
	struct prefix prefix = {.addr = unit_addr(want->text), .len = (uint8_t)want->len};
	struct addr inside = unit_addr(want->inside);
	char text[PREFIX_TEXT];

	addr_mask(&prefix.addr, want->len);
	assert_string_equal(addr_format(&prefix.addr, text), want->masked);
	assert_string_equal(prefix_format(&prefix, text), want->printed);
	assert_int_equal(prefix_size(&prefix), want->size);
	assert_int_equal(prefix_is_any(&prefix), want->len == 0);
	assert_int_equal(prefix_is_full(&prefix), want->size == 1);
	assert_true(prefix_covers(&prefix, &inside));
	if (want->outside) {
		struct addr outside = unit_addr(want->outside);

		assert_false(prefix_covers(&prefix, &outside));
	}
}

/* A prefix of one family covers nothing of the other, /0 included. */
static void prefix_families_are_apart(void **state)
{
	struct addr four = unit_addr("0.0.0.0"), six = unit_addr("::");
	struct prefix any4 = prefix_any(FAMILY_IPV4), any6 = prefix_any(FAMILY_IPV6);

	(void)state;
	assert_true(prefix_covers(&any4, &four));
	assert_false(prefix_covers(&any4, &six));
	assert_false(prefix_covers(&any6, &four));
	assert_false(prefix_equal(&any4, &any6));
	assert_false(addr_equal(&four, &six));
}

static const struct all_groups {
	const char *text;
	enum family family;
	const char *first, *last;
} all_groups[] = {
	{"224.0.0.0/4", FAMILY_IPV4, "224.0.0.0", "239.255.255.255"},
	{"ff00::/8", FAMILY_IPV6, "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
};

static void prefix_of_all_groups(void **row)
{
	const struct all_groups *want = *row;
	struct prefix all = prefix_all_groups(want->family);
	struct addr first = unit_addr(want->first), last = unit_addr(want->last);
	char text[PREFIX_TEXT];

	assert_string_equal(prefix_format(&all, text), want->text);
	assert_true(prefix_covers(&all, &first));
	assert_true(prefix_covers(&all, &last));
}

static const struct step {
	const char *text, *next;
} steps[] = {
	{"225.1.2.3", "225.1.2.4"},
	{"225.1.255.255", "225.2.0.0"},
	{"255.255.255.255", "0.0.0.0"},
	{"ff05::ffff", "ff05::1:0"},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::"},
};

static void addr_step(void **row)
{
	const struct step *want = *row;
	struct addr addr = unit_addr(want->text), next = unit_addr(want->next);

	addr_next(&addr);
	assert_true(addr_equal(&addr, &next));
}

/* ifname */

static const struct pattern {
	const char *text;
	const char *flaw; /* NULL = fine */
	bool wild;
	const char *matches, *differs; /* names; either may be NULL */
} patterns[] = {
	{"eth0", NULL, false, "eth0", "eth01"},
	{"eth", NULL, false, "eth", "eth0"},
	{"eth+", NULL, true, "eth0", "et"},
	{"eth1+", NULL, true, "eth10", "eth0"},
	{"eth+", NULL, true, "eth", "xeth0"},
	{"+", NULL, true, "anything", NULL},
	{"a+b", NULL, false, "a+b", "aab"},
	{"a++", NULL, true, "a+", "aa"},
	{"eth0.100", NULL, false, "eth0.100", "eth0"},
	{NAME15, NULL, false, NAME15, "abc"},
	{NAME15 "+", NULL, true, NAME15, "abc"},
	{"1", NULL, false, "1", "2"},
	{"", "an interface name can't be empty", false, NULL, NULL},
	{NAME15 "p", "an interface name has at most 15 characters", false, NULL, NULL},
	{NAME15 "p+", "an interface name has at most 15 characters", false, NULL, NULL},
	{"a/b", "an interface name has no '/', ':' or NUL", false, NULL, NULL},
	{"eth0:1", "an interface name has no '/', ':' or NUL", false, NULL, NULL},
};

static void ifname_pattern(void **row)
{
	const struct pattern *want = *row;
	const char *flaw = ifpat_flaw(want->text, strlen(want->text));

	if (want->flaw) {
		assert_non_null(flaw);
		assert_string_equal(flaw, want->flaw);
		return;
	}
	assert_null(flaw);
	assert_int_equal(ifpat_is_wild(want->text), want->wild);
	if (want->matches)
		assert_true(ifpat_matches(want->text, want->matches));
	if (want->differs)
		assert_false(ifpat_matches(want->text, want->differs));
}

static void ifname_with_nul_is_flawed(void **state)
{
	(void)state;
	assert_non_null(ifpat_flaw("et\0h", 4));
	assert_non_null(ifpat_flaw("\0+", 2));
}

int main(void)
{
	struct unit unit = {0};

	UNIT_TABLE(&unit, addr_spelling, spellings);
	UNIT_TEST(&unit, addr_parse_stops_at_len);
	UNIT_TABLE(&unit, addr_kind, kinds);
	UNIT_TABLE(&unit, prefix_cut, cuts);
	UNIT_TEST(&unit, prefix_families_are_apart);
	UNIT_TABLE(&unit, prefix_of_all_groups, all_groups);
	UNIT_TABLE(&unit, addr_step, steps);
	UNIT_TABLE(&unit, ifname_pattern, patterns);
	UNIT_TEST(&unit, ifname_with_nul_is_flawed);
	return unit_run(&unit, "addr");
}
