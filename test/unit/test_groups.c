/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine: memberships. */
#include "unit.h"
#include "script.h"

#define LINKS "link 2 eth0", "link 3 eth1"
#define REFUSED_JOIN                                                                             \
	"the kernel refused to join for now (No buffer space available); the membership stands " \
	"and is tried again"

static const struct story stories[] = {
	{"ASM and SSM, both families",
	 {LINKS, "file mgroup from eth0 group 225.1.2.3",
	  "file mgroup from eth0 source 10.0.0.1 group 232.1.2.3",
	  "file mgroup from eth1 group ff05::1",
	  "file ssmgroup from eth1 source 2001:db8::1 group ff35::1", "load",
	  "member eth0 225.1.2.3", "member eth0 10.0.0.1 232.1.2.3", "nomember eth0 232.1.2.3",
	  "member eth1 ff05::1", "member eth1 2001:db8::1 ff35::1", "members 4"}},
	{"fault: an ASM and an SSM join of one group share a place and the ASM one is lost",
	 {LINKS, "file mgroup from eth0 group 225.1.2.3",
	  "file mgroup from eth0 source 192.168.1.42 group 225.1.2.3", "load",
	  "member eth0 225.1.2.3", "member eth0 192.168.1.42 225.1.2.3",
	  "leave eth0 192.168.1.42 225.1.2.3", "member eth0 225.1.2.3", "members 1"}},
	{"a repeated statement is one membership",
	 {LINKS, "file mgroup from eth0 group 225.1.2.3", "file mgroup from eth0 group 225.1.2.3",
	  "load", "members 1", "load", "members 0"}},
	{"ranges of groups and sources expand to each",
	 {LINKS, "file mgroup from eth0 source 10.0.0.1/31 group 232.1.2.3/30", "load", "members 8",
	  "member eth0 10.0.0.0 232.1.2.0", "member eth0 10.0.0.1 232.1.2.3"}},
	{"fault: a /17 of groups",
	 {LINKS, "join eth0 225.1.0.0/21", "members 2048", "member eth0 225.1.7.255",
	  "leave eth0 225.1.0.0/21", "members 0"}},
	{"an IPv6 range at the end of a 64 bit half",
	 {LINKS, "join eth0 ff05::ffff:ffff:ffff:fffc/126", "members 4",
	  "member eth0 ff05::ffff:ffff:ffff:ffff"}},
	{"overlapping ranges: leaving one keeps what the other wants",
	 {LINKS, "join eth0 225.1.2.0/30", "join eth0 225.1.2.2/31", "members 4",
	  "leave eth0 225.1.2.0/30", "members 2", "member eth0 225.1.2.2", "member eth0 225.1.2.3",
	  "leave eth0 225.1.2.2/31", "members 0"}},
	{"a wildcard and a plain name on one interface: one membership",
	 {LINKS, "file mgroup from eth+ group 225.1.2.3", "file mgroup from eth0 group 225.1.2.3",
	  "load", "members 2", "leave eth0 225.1.2.3", "member eth0 225.1.2.3",
	  "leave eth+ 225.1.2.3", "members 0"}},
	{"a late interface, deleted and re-created",
	 {"file mgroup from eth0 group 225.1.2.3", "load", "members 0",
	  "rule mgroup from eth0 group 225.1.2.3 => pending eth0 is absent", "link 2 eth0",
	  "member eth0 225.1.2.3", "gone 2", "members 0", "link 7 eth0", "member eth0 225.1.2.3",
	  "members 1", "rule mgroup from eth0 group 225.1.2.3 => active"}},
	{"a wildcard that matches nothing",
	 {"file mgroup from wg+ group 225.1.2.3", "load",
	  "rule mgroup from wg+ group 225.1.2.3 => pending no interface matches wg+"}},
	{"a renamed interface leaves and the newcomer joins",
	 {LINKS, "file mgroup from eth0 group 225.1.2.3", "load", "link 2 old", "members 0",
	  "link 9 eth0", "member eth0 225.1.2.3", "nomember old 225.1.2.3"}},
	{"a membership holds a VIF",
	 {LINKS, "file mgroup from eth1 group 225.1.2.3", "load", "vif eth1 0", "mif eth1 0",
	  "leave eth1 225.1.2.3", "vif eth1 -"}},
	{"a phyint that disables takes the membership away, whatever comes first",
	 {LINKS, "file mgroup from eth0 group 225.1.2.3", "file phyint eth0 disable", "load",
	  "members 0", "rule mgroup from eth0 group 225.1.2.3 => pending eth0 is disabled"}},
	{"join and leave: twice is refused, so is what was not asked for",
	 {LINKS, "join eth0 225.1.2.3",
	  "fail join eth0 225.1.2.3 => this membership was already asked for on 'eth0'",
	  "fail leave eth0 225.1.2.4 => no such membership was asked for on 'eth0'",
	  "fail leave eth1 225.1.2.3 => no such membership was asked for on 'eth1'",
	  "fail leave eth0 10.0.0.1 225.1.2.3 => no such membership was asked for on 'eth0'",
	  "leave eth0 225.1.2.3",
	  "fail leave eth0 225.1.2.3 => no such membership was asked for on 'eth0'", "members 0"}},
	{"leave works on the file too, a reload restores it",
	 {LINKS, "file mgroup from eth0 group 225.1.2.3", "load",
	  "fail join eth0 225.1.2.3 => this membership was already asked for on 'eth0'",
	  "leave eth0 225.1.2.3", "members 0", "file mgroup from eth0 group 225.1.2.3", "load",
	  "members 1"}},
	{"join on an interface that does not exist yet",
	 {"join eth0 225.1.2.3", "link 2 eth0", "member eth0 225.1.2.3"}},
	{"a refused join: told, shown, tried again",
	 {LINKS, "refuse join ENOBUFS", "fail join eth0 225.1.2.3 => " REFUSED_JOIN,
	  "noted eth0: the kernel refused to join 225.1.2.3 (No buffer space available)",
	  "rule mgroup from eth0 group 225.1.2.3 => refused eth0: the kernel refused to join: No "
	  "buffer space available",
	  "wait 20000", "silent", "obey", "wait 10000", "member eth0 225.1.2.3",
	  "rule mgroup from eth0 group 225.1.2.3 => active"}},
	{"a join refused in the middle of a range is told to the requester",
	 {LINKS, "refuse join ENOBUFS 3", "fail join eth0 225.1.2.0/29 => " REFUSED_JOIN,
	  "members 3", "rule mgroup from eth0 group 225.1.2.0/29 => refused", "obey", "wait 10000",
	  "members 8"}},
	{"a refused join that is left again",
	 {LINKS, "refuse join ENOBUFS", "fail join eth0 225.1.2.3 => " REFUSED_JOIN,
	  "leave eth0 225.1.2.3", "obey", "mark", "wait 30000", "members 0"}},
	{"a refused leave is tried again",
	 {LINKS, "join eth0 225.1.2.3", "refuse leave EPERM", "leave eth0 225.1.2.3", "members 1",
	  "obey", "wait 10000", "members 0"}},
	{"a refused leave that is joined again",
	 {LINKS, "join eth0 225.1.2.3", "refuse leave EPERM", "leave eth0 225.1.2.3",
	  "join eth0 225.1.2.3", "obey", "wait 10000", "member eth0 225.1.2.3", "members 1",
	  "rule mgroup from eth0 group 225.1.2.3 => active"}},
};

int main(void)
{
	struct unit unit = {0};

	UNIT_TABLE(&unit, script_run, stories);
	return unit_run(&unit, "groups");
}
