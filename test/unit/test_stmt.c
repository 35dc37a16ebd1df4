/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stmt: what the configuration file and the commands may say, and what they are told otherwise. */
#include "unit.h"

#include <string.h>

/* Accepted in silence; what the printer makes of it must parse to the same again. */
static const struct good {
	const char *line;
	const char *printed; /* NULL = just like the line */
} goods[] = {
	/* phyint */
	{"phyint eth0 enable", NULL},
	{"phyint eth0", "phyint eth0 enable"},
	{"phyint eth0 disable", NULL},
	{"phyint eth+ enable", NULL},
	{"phyint + disable", NULL},
	{"phyint eth0 mrdisc", "phyint eth0 enable mrdisc"},
	{"phyint eth0 ttl-threshold 9", "phyint eth0 enable ttl-threshold 9"},
	{"phyint eth0 enable mrdisc ttl-threshold 255", NULL},
	{"phyint eth0 ttl-threshold 255 mrdisc enable",
	 "phyint eth0 enable mrdisc ttl-threshold 255"},
	{"phyint eth0 enable disable", "phyint eth0 disable"},
	{"phyint eth0 ttl-threshold 3 ttl-threshold 1", "phyint eth0 enable"},
	{"phyint disable enable", NULL}, /* an interface of that name */
	/* mgroup */
	{"mgroup from eth0 group 225.1.2.3", NULL},
	{"ssmgroup from eth0 source 1.2.3.4 group 232.1.2.3",
	 "mgroup from eth0 source 1.2.3.4 group 232.1.2.3"},
	{"ssmgroup from eth0 group 232.1.2.3", "mgroup from eth0 group 232.1.2.3"},
	{"mgroup from eth0 group 225.1.2.3/24", "mgroup from eth0 group 225.1.2.0/24"},
	{"mgroup from eth0 source 10.1.2.3/30 group 225.1.2.3/30",
	 "mgroup from eth0 source 10.1.2.0/30 group 225.1.2.0/30"},
	{"mgroup from eth+ group ff05::/112", NULL},
	{"mgroup from eth0 group 225.1.0.0/17", NULL},
	{"mgroup from eth0 group 225.1.0.0/16", NULL},
	{"mgroup from eth0 source 0.0.0.0 group 225.1.2.3", "mgroup from eth0 group 225.1.2.3"},
	{"mgroup from eth0 group 224.0.0.5", NULL}, /* joining a link-local group works */
	/* mroute: clauses in any order */
	{"mroute from eth0 group 225.1.2.3 to eth1", NULL},
	{"mroute from eth0 source 192.168.1.42 group 225.1.2.3 to eth1 eth2", NULL},
	{"mroute from eth0 group 225.1.2.3 source 192.168.1.42 to eth1",
	 "mroute from eth0 source 192.168.1.42 group 225.1.2.3 to eth1"},
	{"mroute group 225.1.2.3 source 192.168.1.42 from eth0 to eth1",
	 "mroute from eth0 source 192.168.1.42 group 225.1.2.3 to eth1"},
	{"mroute source 192.168.1.42 from eth0 group 225.1.2.3 to eth1",
	 "mroute from eth0 source 192.168.1.42 group 225.1.2.3 to eth1"},
	{"  mroute\tfrom   eth0 group 225.1.2.3 to eth1  ",
	 "mroute from eth0 group 225.1.2.3 to eth1"},
	{"mroute from eth0 group 225.1.2.3 to eth1\r", "mroute from eth0 group 225.1.2.3 to eth1"},
	/* fault: a comment after the OIFs became interface names */
	{"mroute from eth0 group 225.1.2.3 to eth1 # eth2 and so on",
	 "mroute from eth0 group 225.1.2.3 to eth1"},
	{"mroute from eth0 group 225.1.2.3 to eth1 eth2 #eth3",
	 "mroute from eth0 group 225.1.2.3 to eth1 eth2"},
	{"mroute from eth#0 group 225.1.2.3 to a#b", NULL},
	/* mroute: a rule without OIFs */
	{"mroute from eth0 group 225.1.2.3 to", "mroute from eth0 group 225.1.2.3"},
	{"mroute from eth0 group 225.1.2.3", NULL},
	{"mroute from eth0 group 225.1.2.3 to # none", "mroute from eth0 group 225.1.2.3"},
	/* mroute: wildcards, and keywords as names of interfaces */
	{"mroute from eth+ group 225.1.2.3 to eth+ wg+", NULL},
	{"mroute from + group 225.1.2.3 to +", NULL},
	{"mroute from from group 225.1.2.3 to eth1", NULL},
	{"mroute from to group 225.1.2.3 to to2", NULL},
	{"mroute from abcdefghijklmno group 225.1.2.3 to abcdefghijklmno+", NULL},
	/* mroute: prefixes, host bits, /0 */
	{"mroute from eth0 group 225.1.2.3/24 to eth1",
	 "mroute from eth0 group 225.1.2.0/24 to eth1"},
	{"mroute from eth0 source 10.1.2.3/8 group 225.1.2.3 to eth1",
	 "mroute from eth0 source 10.0.0.0/8 group 225.1.2.3 to eth1"},
	{"mroute from eth0 source 10.1.2.3/32 group 225.1.2.3/32 to eth1",
	 "mroute from eth0 source 10.1.2.3 group 225.1.2.3 to eth1"},
	{"mroute from eth0 group 225.1.2.3/0 to eth1",
	 "mroute from eth0 group 224.0.0.0/4 to eth1"},
	{"mroute from eth0 group 0.0.0.0 to eth1", "mroute from eth0 group 224.0.0.0/4 to eth1"},
	{"mroute from eth0 group 0.0.0.0/0 to eth1", "mroute from eth0 group 224.0.0.0/4 to eth1"},
	{"mroute from eth0 group 239.1.1.1/2 to eth1",
	 "mroute from eth0 group 224.0.0.0/4 to eth1"},
	{"mroute from eth0 group ff05::1/0 to eth1", "mroute from eth0 group ff00::/8 to eth1"},
	{"mroute from eth0 group :: to eth1", "mroute from eth0 group ff00::/8 to eth1"},
	{"mroute from eth0 source 0.0.0.0 group 225.1.2.3 to eth1",
	 "mroute from eth0 group 225.1.2.3 to eth1"},
	{"mroute from eth0 source 10.1.2.3/0 group 225.1.2.3 to eth1",
	 "mroute from eth0 group 225.1.2.3 to eth1"},
	{"mroute from eth0 source :: group ff05::1 to eth1",
	 "mroute from eth0 group ff05::1 to eth1"},
	{"mroute from eth0 source 2001:db8::1/64 group ff05::1:2/112 to eth1",
	 "mroute from eth0 source 2001:db8::/64 group ff05::1:0/112 to eth1"},
	{"mroute from eth0 source FE80::1 group FF05::1 to eth1",
	 "mroute from eth0 source fe80::1 group ff05::1 to eth1"},
	/* any source is any source, however long the prefix is said to be */
	{"mroute from eth0 source 0.0.0.0/32 group 225.1.2.3 to eth1",
	 "mroute from eth0 group 225.1.2.3 to eth1"},
	{"mroute from eth0 source ::/128 group ff05::1 to eth1",
	 "mroute from eth0 group ff05::1 to eth1"},
	/* mroute: masks of IPv6 scopes, only where the group is "::" */
	{"mroute from wpan0 source :: group :: to 65520 eth0",
	 "mroute from wpan0 group :: to 65520 eth0"},
	{"mroute from wpan0 group :: to 0xfff0 eth0 eth1",
	 "mroute from wpan0 group :: to 65520 eth0 eth1"},
	{"mroute from wpan0 group ::/0 to 32 eth0", "mroute from wpan0 group :: to 32 eth0"},
	{"mroute from wpan0 group :: to 65535 eth0", "mroute from wpan0 group ff00::/8 to eth0"},
	{"mroute from wpan0 group :: to 65520", NULL},
	{"mroute from wpan0 group :: to 65520 7", NULL},
	{"mroute from wpan0 group ff00::/8 to 65520 eth0", NULL}, /* 65520 is an interface */
	{"mroute from wpan0 group 0.0.0.0 to 65520",
	 "mroute from wpan0 group 224.0.0.0/4 to 65520"},
	{"mroute from wpan0 group ff05::1 to 7 0x10", NULL},
	{"mroute from wpan0 group :: to eth0 16", "mroute from wpan0 group ff00::/8 to eth0 16"},
	{"mroute from wpan0 group :: to 0xyz", "mroute from wpan0 group ff00::/8 to 0xyz"},
	{"mroute from wpan0 source 2001:db8::1 group :: to 16 eth0", NULL},
	/* mroute: except */
	{"mroute from eth0 group 225.1.2.3 except 10.0.0.1 to eth1", NULL},
	{"mroute from eth0 group 225.1.2.3 except 10.0.0.1,10.1.0.0/16 to eth1", NULL},
	{"mroute except 10.1.2.3/16 from eth0 group 225.1.2.3 to eth1",
	 "mroute from eth0 group 225.1.2.3 except 10.1.0.0/16 to eth1"},
	{"mroute from eth0 group ff05::1 except 2001:db8::1,2001:db8:1::/48 to eth1", NULL},
	{"mroute from eth0 group :: except 2001:db8::1 to 16 eth1", NULL},
	{"mroute from eth0 group 225.1.2.3 except 0.0.0.0/0 to eth1", NULL},
	{"mroute from eth0 group 225.1.2.3 except 0.0.0.0/32 to eth1",
	 "mroute from eth0 group 225.1.2.3 except 0.0.0.0/0 to eth1"},
	/* mroute: the same OIF twice, a wildcard that holds the IIF */
	{"mroute from eth0 group 225.1.2.3 to eth1 eth1", NULL},
	{"mroute from eth0 group 225.1.2.3 to eth+", NULL},
	{"mroute from eth+ group 225.1.2.3 to eth+", NULL},
	/* include */
	{"include /etc/smcroute.d/*.conf", NULL},
	{"include other.conf # more", "include other.conf"},
};

static void parse_good(struct stmt *st, const char *line)
{
	struct diags diags = {0};
	struct buf said = {0};
	int result = unit_stmt(st, line, 1, &diags);

	unit_diags(&diags, &said);
	assert_string_equal(buf_text(&said), "");
	assert_int_equal(result, 0);
	buf_free(&said);
	diags_free(&diags);
}

static void same_stmt(const struct stmt *a, const struct stmt *b)
{
	assert_int_equal(a->kind, b->kind);
	if (a->kind == STMT_INCLUDE)
		return;
	assert_string_equal(a->iif, b->iif);
	if (a->kind == STMT_PHYINT) {
		assert_int_equal(a->enable, b->enable);
		assert_int_equal(a->mrdisc, b->mrdisc);
		assert_int_equal(a->threshold, b->threshold);
		return;
	}
	assert_true(prefix_equal(&a->source, &b->source));
	assert_true(prefix_equal(&a->group, &b->group));
	assert_int_equal(a->scopes, b->scopes);
	assert_int_equal(a->n_oifs, b->n_oifs);
	for (size_t i = 0; i < a->n_oifs; i++)
		assert_string_equal(a->oifs[i], b->oifs[i]);
	assert_int_equal(a->n_except, b->n_except);
	for (size_t i = 0; i < a->n_except; i++)
		assert_true(prefix_equal(&a->except[i], &b->except[i]));
}

static void accepted_and_round_trip(void **row)
{
	const struct good *want = *row;
	struct stmt st = {0}, again = {0};
	struct buf printed = {0}, twice = {0};

	parse_good(&st, want->line);
	stmt_print(&st, &printed);
	assert_string_equal(buf_text(&printed), want->printed ? want->printed : want->line);
	parse_good(&again, buf_text(&printed));
	same_stmt(&st, &again);
	stmt_print(&again, &twice);
	assert_string_equal(buf_text(&twice), buf_text(&printed));
	buf_free(&printed);
	buf_free(&twice);
	stmt_free(&st);
	stmt_free(&again);
}

/* Refused, or accepted with a warning: exactly what is said, the file being "conf", line 1. */
static const struct said {
	const char *line, *said;
} warned[] = {
	{"mroute from eth0 group 225.1.2.3 to eth0 eth1",
	 "conf:1:37: warning: packets from 'eth0' go back out of it; leave it out unless that is "
	 "what you want"},
	{"mroute from a\x1b[1m group 225.1.2.3 to a\x1b[1m",
	 "conf:1:38: warning: packets from 'a?[1m' go back out of it; leave it out unless that is "
	 "what you want"},
	{"mroute from eth0 group 225.1.2.3 to group to",
	 "conf:1:37: warning: 'group' behind 'to' is an interface name; if it is meant as the "
	 "keyword, "
	 "put it before 'to'\n"
	 "conf:1:43: warning: 'to' behind 'to' is an interface name; if it is meant as the "
	 "keyword, "
	 "put it before 'to'"},
	{"mroute from eth0 group 224.0.0.251 to eth1",
	 "conf:1:1: warning: the kernel forwards no link-local group; hosts must use another one"},
	{"mroute from eth0 group 224.0.0.0/25 to eth1",
	 "conf:1:1: warning: the kernel forwards no link-local group; hosts must use another one"},
	{"mroute from eth0 group ff02::1 to eth1",
	 "conf:1:1: warning: the kernel forwards no link-local group; hosts must use another one"},
	{"mroute from eth0 group ff11::/16 to eth1",
	 "conf:1:1: warning: the kernel forwards no link-local group; hosts must use another one"},
	{"  mroute from eth0 group ff02::1 to eth0",
	 "conf:1:37: warning: packets from 'eth0' go back out of it; leave it out unless that is "
	 "what you want\n"
	 "conf:1:3: warning: the kernel forwards no link-local group; hosts must use another one"},
};

static const struct said refused[] = {
	/* fault: keywords matched by prefix, unknown words were skipped in silence */
	{"mrouteXYZ from eth0 group 225.1.2.3 to eth1",
	 "conf:1:1: unknown statement 'mrouteXYZ'; did you mean 'mroute'?"},
	{"mroute from eth0 group 225.1.2.3 tofu eth1",
	 "conf:1:34: unknown word 'tofu' in mroute; did you mean 'to'?"},
	{"mroute form eth0 group 225.1.2.3 to eth1",
	 "conf:1:8: unknown word 'form' in mroute; did you mean 'from'?"},
	{"hello world", "conf:1:1: unknown statement 'hello'"},
	{"Mroute from eth0 group 225.1.2.3 to eth1",
	 "conf:1:1: unknown statement 'Mroute'; did you mean 'mroute'?"},
	{"mroute from eth0 group 225.1.2.3 eth1", "conf:1:34: unknown word 'eth1' in mroute"},
	{"mgroup from eth0 group 225.1.2.3 to eth1", "conf:1:34: unknown word 'to' in mgroup"},
	{"mgroup from eth0 group 225.1.2.3 except 1.2.3.4",
	 "conf:1:34: unknown word 'except' in mgroup"},
	{"phyint eth0 from eth1", "conf:1:13: unknown word 'from' in phyint"},
	{"phyint eth0 enabled",
	 "conf:1:13: unknown word 'enabled' in phyint; did you mean 'enable'?"},
	{"phyint eth0 ttl 3",
	 "conf:1:13: unknown word 'ttl' in phyint; did you mean 'ttl-threshold'?"},
	{"phyint eth0 \x1b[31m", "conf:1:13: unknown word '?[31m' in phyint"},
	/* what is missing */
	{"phyint", "conf:1:1: an interface name is missing behind 'phyint'"},
	{"phyint # eth0", "conf:1:1: an interface name is missing behind 'phyint'"},
	{"phyint eth0 ttl-threshold",
	 "conf:1:13: a TTL of 1 to 255 is missing behind 'ttl-threshold'"},
	{"include", "conf:1:1: a file name or pattern is missing behind 'include'"},
	{"mroute", "conf:1:1: mroute without 'from' and an inbound interface\n"
		   "conf:1:1: mroute without 'group' and a multicast group"},
	{"mroute from eth0 to eth1", "conf:1:1: mroute without 'group' and a multicast group"},
	{"mroute group 225.1.2.3 to eth1",
	 "conf:1:1: mroute without 'from' and an inbound interface"},
	{"mgroup from eth0", "conf:1:1: mgroup without 'group' and a multicast group"},
	{"ssmgroup group 225.1.2.3", "conf:1:1: ssmgroup without 'from' and an inbound interface"},
	{"mroute from", "conf:1:8: an interface name is missing behind 'from'"},
	{"mroute from eth0 group", "conf:1:18: a multicast group is missing behind 'group'"},
	{"mroute from eth0 group 225.1.2.3 source",
	 "conf:1:34: an address is missing behind 'source'"},
	{"mroute from eth0 group 225.1.2.3 except",
	 "conf:1:34: an address is missing behind 'except'"},
	{"mroute to eth1 from eth0 group 225.1.2.3",
	 "conf:1:16: warning: 'from' behind 'to' is an interface name; if it is meant as the "
	 "keyword, "
	 "put it before 'to'\n"
	 "conf:1:26: warning: 'group' behind 'to' is an interface name; if it is meant as the "
	 "keyword, "
	 "put it before 'to'\n"
	 "conf:1:1: mroute without 'from' and an inbound interface\n"
	 "conf:1:1: mroute without 'group' and a multicast group"},
	/* twice */
	{"mroute from eth0 from eth1 group 225.1.2.3 to eth2",
	 "conf:1:18: 'from' stands twice in one statement"},
	{"mroute from eth0 group 225.1.2.3 group 225.1.2.4 to eth2",
	 "conf:1:34: 'group' stands twice in one statement"},
	{"mgroup from eth0 source 1.1.1.1 source 2.2.2.2 group 225.1.2.3",
	 "conf:1:33: 'source' stands twice in one statement"},
	/* addresses: rejected input once exited 0 */
	{"mroute from eth0 group 1.2.3.4 to eth1",
	 "conf:1:24: '1.2.3.4' is no multicast group: IPv4 groups are 224.0.0.0 to "
	 "239.255.255.255"},
	{"mgroup from eth0 group 240.0.0.1",
	 "conf:1:24: '240.0.0.1' is no multicast group: IPv4 groups are 224.0.0.0 to "
	 "239.255.255.255"},
	{"mroute from eth0 group 2001:db8::1 to eth1",
	 "conf:1:24: '2001:db8::1' is no multicast group: IPv6 groups are ff00::/8"},
	{"mroute from eth0 group 10.1.2.0/8 to eth1",
	 "conf:1:24: '10.1.2.0/8' is no multicast group: IPv4 groups are 224.0.0.0 to "
	 "239.255.255.255"},
	{"mroute from eth0 group 225.1.2.3/33 to eth1",
	 "conf:1:24: the prefix length in '225.1.2.3/33' must be 0 to 32"},
	{"mroute from eth0 group 225.1.2.3/99 to eth1",
	 "conf:1:24: the prefix length in '225.1.2.3/99' must be 0 to 32"},
	{"mroute from eth0 group 225.1.2.3/ to eth1",
	 "conf:1:24: the prefix length in '225.1.2.3/' must be 0 to 32"},
	{"mroute from eth0 group 225.1.2.3/-1 to eth1",
	 "conf:1:24: the prefix length in '225.1.2.3/-1' must be 0 to 32"},
	{"mroute from eth0 group ff05::1/129 to eth1",
	 "conf:1:24: the prefix length in 'ff05::1/129' must be 0 to 128"},
	{"mroute from eth0 group 225.1.2.3/24/24 to eth1",
	 "conf:1:24: the prefix length in '225.1.2.3/24/24' must be 0 to 32"},
	{"mroute from eth0 group 225.1.2 to eth1",
	 "conf:1:24: '225.1.2' is no IPv4 or IPv6 address"},
	{"mroute from eth0 group eth1 to eth1", "conf:1:24: 'eth1' is no IPv4 or IPv6 address"},
	{"mroute from eth0 source x group 225.1.2.3 to eth1",
	 "conf:1:25: 'x' is no IPv4 or IPv6 address"},
	{"mroute from eth0 source 225.1.2.3 group 225.1.2.3 to eth1",
	 "conf:1:25: the source '225.1.2.3' is a multicast address, a sender never has one"},
	{"mroute from eth0 source ff02::1 group ff05::1 to eth1",
	 "conf:1:25: the source 'ff02::1' is a multicast address, a sender never has one"},
	/* fault: source of one family and group of the other aborted the daemon */
	{"mroute from eth0 source 10.0.0.1 group ff05::1 to eth1",
	 "conf:1:1: the source is an IPv4 address and the group an IPv6 one"},
	{"mroute from eth0 group 225.1.2.3 source 2001:db8::1 to eth1",
	 "conf:1:1: the source is an IPv6 address and the group an IPv4 one"},
	{"mgroup from eth0 source :: group 225.1.2.3",
	 "conf:1:1: the source is an IPv6 address and the group an IPv4 one"},
	{"mroute from eth0 group ff05::1 except 10.0.0.1 to eth1",
	 "conf:1:1: an excepted source is no IPv6 address like the group"},
	{"mroute from eth0 group 225.1.2.3 except 10.0.0.1,,10.0.0.2 to eth1",
	 "conf:1:50: '' is no IPv4 or IPv6 address"},
	{"mroute from eth0 group 225.1.2.3 except 10.0.0.1,x to eth1",
	 "conf:1:50: 'x' is no IPv4 or IPv6 address"},
	{"mroute from eth0 group 225.1.2.3 except 225.1.2.3 to eth1",
	 "conf:1:41: the source '225.1.2.3' is a multicast address, a sender never has one"},
	/* numbers */
	{"phyint eth0 ttl-threshold 0", "conf:1:27: the TTL threshold '0' must be 1 to 255"},
	{"phyint eth0 ttl-threshold 256", "conf:1:27: the TTL threshold '256' must be 1 to 255"},
	{"phyint eth0 ttl-threshold x", "conf:1:27: the TTL threshold 'x' must be 1 to 255"},
	{"mroute from eth0 group :: to 0 eth1",
	 "conf:1:30: the scope mask '0' must be 1 to 65535: bit n stands for scope n"},
	{"mroute from eth0 group :: to 65536 eth1",
	 "conf:1:30: the scope mask '65536' must be 1 to 65535: bit n stands for scope n"},
	{"mroute from eth0 group :: to 0x10000",
	 "conf:1:30: the scope mask '0x10000' must be 1 to 65535: bit n stands for scope n"},
	/* ranges of memberships: a /17 once crashed, "1 << 112" for an IPv6 range */
	{"mgroup from eth0 group 225.0.0.0/15",
	 "conf:1:1: the ranges stand for more than 65536 memberships; join a smaller range"},
	{"mgroup from eth0 group ff05::/16",
	 "conf:1:1: the ranges stand for more than 65536 memberships; join a smaller range"},
	{"mgroup from eth0 group ::",
	 "conf:1:1: the ranges stand for more than 65536 memberships; join a smaller range"},
	{"mgroup from eth0 source 10.0.0.0/24 group 232.0.0.0/23",
	 "conf:1:1: the ranges stand for more than 65536 memberships; join a smaller range"},
	{"mgroup from eth0 source 2001:db8::/32 group ff35::1",
	 "conf:1:1: the ranges stand for more than 65536 memberships; join a smaller range"},
	/* names of interfaces */
	{"mroute from abcdefghijklmnop group 225.1.2.3 to eth1",
	 "conf:1:13: 'abcdefghijklmnop' is no interface: an interface name has at most 15 "
	 "characters"},
	{"mroute from eth0 group 225.1.2.3 to eth1 a/b",
	 "conf:1:42: 'a/b' is no interface: an interface name has no '/', ':' or NUL"},
	{"phyint eth0:1 enable",
	 "conf:1:8: 'eth0:1' is no interface: an interface name has no '/', ':' or NUL"},
	{"include a b", "conf:1:11: 'b' stands behind the file name; one include, one name"},
	/* more than one error is told */
	{"mroute from a/b source x group 1.1.1.1 to c/d",
	 "conf:1:13: 'a/b' is no interface: an interface name has no '/', ':' or NUL\n"
	 "conf:1:24: 'x' is no IPv4 or IPv6 address\n"
	 "conf:1:32: '1.1.1.1' is no multicast group: IPv4 groups are 224.0.0.0 to "
	 "239.255.255.255\n"
	 "conf:1:43: 'c/d' is no interface: an interface name has no '/', ':' or NUL"},
};

/* What was seen elsewhere, and what happens here: the printed statement, or the refusal. */
static const struct fault {
	const char *name, *line, *printed, *said;
} faults[] = {
	{"a comment after the OIFs becomes interface names",
	 "mroute from eth0 group 225.1.2.3 to eth1 # eth2 eth3",
	 "mroute from eth0 group 225.1.2.3 to eth1", ""},
	{"keywords match by prefix: a statement", "mrouteXYZ from eth0 group 225.1.2.3 to eth1",
	 NULL, "conf:1:1: unknown statement 'mrouteXYZ'; did you mean 'mroute'?"},
	{"keywords match by prefix: a clause", "mroute from eth0 group 225.1.2.3 tofu eth1", NULL,
	 "conf:1:34: unknown word 'tofu' in mroute; did you mean 'to'?"},
	{"unknown words are skipped in silence", "mroute from eth0 via x group 225.1.2.3 to eth1",
	 NULL, "conf:1:18: unknown word 'via' in mroute"},
	{"source of one family and group of the other abort the daemon",
	 "mroute from eth0 source 10.0.0.1 group ff05::1 to eth1", NULL,
	 "conf:1:1: the source is an IPv4 address and the group an IPv6 one"},
	{"rejected input is taken: a length of 99", "mgroup from eth0 group 225.1.2.3/99", NULL,
	 "conf:1:24: the prefix length in '225.1.2.3/99' must be 0 to 32"},
	{"rejected input is taken: no group", "mgroup from eth0 group 1.2.3.4", NULL,
	 "conf:1:24: '1.2.3.4' is no multicast group: IPv4 groups are 224.0.0.0 to "
	 "239.255.255.255"},
	{"a /17 of groups crashes", "mgroup from eth0 group 225.1.0.0/17",
	 "mgroup from eth0 group 225.1.0.0/17", ""},
	{"1 << 112 for an IPv6 range", "mgroup from eth0 group ff05::/16", NULL,
	 "conf:1:1: the ranges stand for more than 65536 memberships; join a smaller range"},
};

static void fault(void **row)
{
	const struct fault *want = *row;
	struct buf printed = {0}, said = {0};
	struct diags diags = {0};
	struct stmt st = {0};
	int result = unit_stmt(&st, want->line, 1, &diags);

	unit_diags(&diags, &said);
	assert_string_equal(buf_text(&said), want->said);
	assert_int_equal(result < 0, !want->printed);
	if (want->printed) {
		stmt_print(&st, &printed);
		assert_string_equal(buf_text(&printed), want->printed);
	}
	buf_free(&printed);
	buf_free(&said);
	diags_free(&diags);
	stmt_free(&st);
}

static void said_of(const char *line, int result, const char *said)
{
	struct diags diags = {0};
	struct stmt st = {0};
	struct buf text = {0};

	assert_int_equal(unit_stmt(&st, line, 1, &diags) < 0, result < 0);
	unit_diags(&diags, &text);
	assert_string_equal(buf_text(&text), said);
	assert_int_equal(diags.errors > 0, result < 0);
	buf_free(&text);
	diags_free(&diags);
	stmt_free(&st);
}

static void accepted_with_warning(void **row)
{
	const struct said *want = *row;

	said_of(want->line, 0, want->said);
}

static void refused_with_message(void **row)
{
	const struct said *want = *row;

	said_of(want->line, -1, want->said);
}

/* Commands: printed as the statement they stand for. */
static const struct command {
	const char *words;
	enum stmt_kind kind;
	const char *printed; /* NULL = refused */
	const char *said;
} command_forms[] = {
	{"eth0 225.1.2.3 eth1", STMT_MROUTE, "mroute from eth0 group 225.1.2.3 to eth1", ""},
	{"eth0 10.0.0.1 225.1.2.3 eth1 eth2", STMT_MROUTE,
	 "mroute from eth0 source 10.0.0.1 group 225.1.2.3 to eth1 eth2", ""},
	{"eth0 10.0.0.1/8 225.1.2.3/24", STMT_MROUTE,
	 "mroute from eth0 source 10.0.0.0/8 group 225.1.2.0/24", ""},
	{"eth0 0.0.0.0 225.1.2.3 eth1", STMT_MROUTE, "mroute from eth0 group 225.1.2.3 to eth1",
	 ""},
	{"eth+ 225.1.2.3 +", STMT_MROUTE, "mroute from eth+ group 225.1.2.3 to +", ""},
	{"eth0 2001:db8::1 ff05::1 eth1", STMT_MROUTE,
	 "mroute from eth0 source 2001:db8::1 group ff05::1 to eth1", ""},
	{"eth0 225.1.2.3 225", STMT_MROUTE, "mroute from eth0 group 225.1.2.3 to 225", ""},
	{"wpan0 :: :: 65472 eth0", STMT_MROUTE, "mroute from wpan0 group :: to 65472 eth0", ""},
	{"wpan0 :: 65472 eth0", STMT_MROUTE, "mroute from wpan0 group :: to 65472 eth0", ""},
	{"wpan0 :: :: 0xffc0 eth0", STMT_MROUTE, "mroute from wpan0 group :: to 65472 eth0", ""},
	{"wpan0 :: eth0", STMT_MROUTE, "mroute from wpan0 group ff00::/8 to eth0", ""},
	{"eth0 #1 eth1", STMT_MROUTE, NULL, "'#1' is no IPv4 or IPv6 address"},
	{"eth0 225.1.2.3 #1", STMT_MROUTE, "mroute from eth0 group 225.1.2.3 to #1", ""},
	{"eth0 225.1.2.3 eth0", STMT_MROUTE, "mroute from eth0 group 225.1.2.3 to eth0",
	 "warning: packets from 'eth0' go back out of it; leave it out unless that is what you "
	 "want"},
	{"eth0 224.0.0.9 eth1", STMT_MROUTE, "mroute from eth0 group 224.0.0.9 to eth1",
	 "warning: the kernel forwards no link-local group; hosts must use another one"},
	{"eth0", STMT_MROUTE, NULL, "an interface and a multicast group are needed"},
	{"eth0 eth1", STMT_MROUTE, NULL, "'eth1' is no IPv4 or IPv6 address"},
	{"eth0 1.2.3.4 eth1", STMT_MROUTE, NULL,
	 "'1.2.3.4' is no multicast group: IPv4 groups are 224.0.0.0 to 239.255.255.255"},
	{"eth0 10.0.0.1 ff05::1 eth1", STMT_MROUTE, NULL,
	 "the source is an IPv4 address and the group an IPv6 one"},
	{"eth0 225.1.2.3 225.1.2.4 eth1", STMT_MROUTE, NULL,
	 "the source '225.1.2.3' is a multicast address, a sender never has one"},
	{"eth0 225.1.2.3/99 eth1", STMT_MROUTE, NULL,
	 "the prefix length in '225.1.2.3/99' must be 0 to 32"},
	{"eth0 225.1.2.3 a/b", STMT_MROUTE, NULL,
	 "'a/b' is no interface: an interface name has no '/', ':' or NUL"},
	{"eth0 225.1.2.3", STMT_MGROUP, "mgroup from eth0 group 225.1.2.3", ""},
	{"eth0 10.0.0.1 232.1.2.3", STMT_MGROUP, "mgroup from eth0 source 10.0.0.1 group 232.1.2.3",
	 ""},
	{"eth0 225.1.2.3/30", STMT_MGROUP, "mgroup from eth0 group 225.1.2.0/30", ""},
	{"eth0 1.2.3.4", STMT_MGROUP, NULL,
	 "'1.2.3.4' is no multicast group: IPv4 groups are 224.0.0.0 to 239.255.255.255"},
	{"eth0 225.1.2.3 eth1", STMT_MGROUP, NULL,
	 "'eth1' stands behind the group and is no part of a membership"},
	{"eth0 225.0.0.0/4", STMT_MGROUP, NULL,
	 "the ranges stand for more than 65536 memberships; join a smaller range"},
};

static void command_form(void **row)
{
	const struct command *want = *row;
	struct words words = {0};
	struct diags diags = {0};
	struct stmt st = {0};
	struct buf said = {0}, printed = {0};
	int result;

	words_split(&words, want->words, strlen(want->words), false);
	result = stmt_parse_command(&st, want->kind, words.list, words.count, &diags);
	unit_diags(&diags, &said);
	assert_string_equal(buf_text(&said), want->said);
	assert_int_equal(result < 0, !want->printed);
	if (want->printed) {
		stmt_print(&st, &printed);
		assert_string_equal(buf_text(&printed), want->printed);
	}
	words_free(&words);
	diags_free(&diags);
	stmt_free(&st);
	buf_free(&said);
	buf_free(&printed);
}

/* Fault: more than 32 outbound names overflowed the stack. */
static void any_number_of_oifs(void **state)
{
	struct stmt st = {0};
	struct buf line = {0}, printed = {0};

	(void)state;
	buf_puts(&line, "mroute from in group 225.1.2.3 to");
	for (int i = 0; i < 4000; i++)
		buf_printf(&line, " out%d", i);
	parse_good(&st, buf_text(&line));
	assert_int_equal(st.n_oifs, 4000);
	stmt_print(&st, &printed);
	assert_string_equal(buf_text(&printed), buf_text(&line));
	buf_free(&line);
	buf_free(&printed);
	stmt_free(&st);
}

/* One struct for many lines: nothing of an earlier one shows. */
static void reuse_leaves_no_traces(void **state)
{
	static const char *const lines[] = {
		"mroute from eth0 source 1.2.3.4 group :: except 9.9.9.9 to 5 a b c",
		"mroute from wpan0 source 2001:db8::1 group :: except 2001:db8::2 to 5 a b c",
		"phyint eth0 disable mrdisc ttl-threshold 9",
		"include abc",
		"nonsense",
		"mroute from eth0 group 225.1.2.3/99 to x",
	};
	struct stmt st = {0};
	struct diags diags = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct stmt clean = {0}, dirty_phyint = {0};

		unit_stmt(&st, lines[i], 1, &diags);
		parse_good(&st, "mgroup from lan group 225.1.2.3");
		parse_good(&clean, "mgroup from lan group 225.1.2.3");
		same_stmt(&st, &clean);
		unit_stmt(&st, lines[i], 1, &diags);
		parse_good(&st, "phyint lan");
		parse_good(&dirty_phyint, "phyint lan");
		same_stmt(&st, &dirty_phyint);
		unit_stmt(&st, lines[i], 1, &diags);
		parse_good(&st, "include x");
		assert_string_equal(buf_text(&st.path), "x");
		stmt_free(&clean);
		stmt_free(&dirty_phyint);
	}
	diags_free(&diags);
	stmt_free(&st);
}

static void bytes_that_are_no_text(void **state)
{
	static const char line[] = "mroute from et\0h group 225.1.2.3 to eth1";
	static const char path[] = "include a\0b";
	struct words words = {0};
	struct diags diags = {0};
	struct stmt st = {0};

	(void)state;
	words_split(&words, line, sizeof(line) - 1, true);
	assert_true(stmt_parse(&st, &words, (struct pos){"conf", 1, 1}, &diags) < 0);
	assert_string_equal(diags.list[0].text,
			    "'et?h' is no interface: an interface name has no '/', ':' or NUL");
	words_split(&words, path, sizeof(path) - 1, true);
	assert_true(stmt_parse(&st, &words, (struct pos){"conf", 1, 1}, &diags) < 0);
	assert_string_equal(diags.list[1].text, "a file name has no NUL");
	words_free(&words);
	diags_free(&diags);
	stmt_free(&st);
}

static const struct range {
	const char *line;
	uint64_t memberships;
} ranges[] = {
	{"mroute from a group 225.1.2.3", 1},
	{"mroute from a group 225.1.2.0/24", 256},
	{"mroute from a source 10.0.0.0/24 group 225.1.2.0/24", 65536},
	{"mroute from a group ff05::/64", UINT64_MAX},
	{"mroute from a group ff05::/65", 1ull << 63},
	{"mroute from a source 2001:db8::/120 group ff05::/72", UINT64_MAX},
};

static void memberships_of_range(void **row)
{
	const struct range *want = *row;
	struct stmt st = {0};

	parse_good(&st, want->line);
	assert_true(stmt_memberships(&st.source, &st.group) == want->memberships);
	stmt_free(&st);
}

/* diag */

static void diag_forms(void **state)
{
	struct diags diags = {0};
	struct buf text = {0};

	(void)state;
	diag_error(&diags, (struct pos){"f", 3, 7}, "x %d", 1);
	diag_warn(&diags, (struct pos){"f", 0, 0}, "y");
	diag_warn(&diags, (struct pos){0}, "z");
	diag_error(&diags, (struct pos){0}, "%s", "");
	unit_diags(&diags, &text);
	assert_string_equal(buf_text(&text), "f:3:7: x 1\nf: warning: y\nwarning: z\n");
	assert_int_equal(diags.errors, 2);
	diags_free(&diags);
	assert_int_equal(diags.count, 0);
	buf_free(&text);
}

int main(void)
{
	struct unit unit = {0};

	UNIT_TABLE(&unit, accepted_and_round_trip, goods);
	UNIT_TABLE(&unit, accepted_with_warning, warned);
	UNIT_TABLE(&unit, refused_with_message, refused);
	UNIT_TABLE(&unit, fault, faults);
	UNIT_TABLE(&unit, command_form, command_forms);
	UNIT_TEST(&unit, any_number_of_oifs);
	UNIT_TEST(&unit, reuse_leaves_no_traces);
	UNIT_TEST(&unit, bytes_that_are_no_text);
	UNIT_TABLE(&unit, memberships_of_range, ranges);
	UNIT_TEST(&unit, diag_forms);
	return unit_run(&unit, "stmt");
}
