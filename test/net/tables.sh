#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two daemons on two kernel tables, chosen by "ip mrule": each routes its own, knows nothing else.
. "${0%/*}/lib.sh"

star 4
for family in -4 -6; do
	ip $family mrule add iif eth0 lookup 1 2>"$T/err" &&
		ip $family mrule add iif eth2 lookup 2 ||
		skip "no multiple tables: $(cat "$T/err")"
done

D=a
config <<'END'
mroute from eth0 group 225.1.0.0/16 to eth1
mroute from eth0 group ff3e::/64 to eth1
END
daemon_start -t 1
D=b
config <<'END'
mroute from eth2 group 225.1.0.0/16 to eth3
mroute from eth2 group ff3e::/64 to eth3
END
daemon_start -t 2

step "each gets its own packets only"
count_start h1 -n 100
count_start h3 -n 100
D=a
send_learned h0 10.0.0.10 225.1.2.3 50 -r 1000
send_learned h0 fd00::10 ff3e::23 50 -r 1000
D=b
send_learned h2 10.0.2.10 225.1.2.3 50 -r 1000
send_learned h2 fd00:2::10 ff3e::23 50 -r 1000
count_stop h1 h3
assert_eq "100 0 0" "$(counted_all h1)" "all that h1 got"
assert_eq "100 0 0" "$(counted_all h3)" "all that h3 got"
assert_eq "50 0 0" "$(counted h1 10.0.0.10 225.1.2.3)" "table 1, IPv4"
assert_eq "50 0 0" "$(counted h1 fd00::10 ff3e::23)" "table 1, IPv6"
assert_eq "50 0 0" "$(counted h3 10.0.2.10 225.1.2.3)" "table 2, IPv4"
assert_eq "50 0 0" "$(counted h3 fd00:2::10 ff3e::23)" "table 2, IPv6"

step "each client talks to its own daemon"
D=a
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.2.3)" "a"
assert_eq "" "$(in_kernel 10.0.2.10 225.1.2.3)" "flow of the other at a"
assert_eq 2 "$(show routes '.routes.kernel | length')" "entries of a"
status 0 ctl add eth0 10.0.0.10 225.5.5.5 eth1
D=b
assert_eq "eth2 eth3" "$(in_kernel 10.0.2.10 225.1.2.3)" "b"
assert_eq 2 "$(show routes '.routes.kernel | length')" "entries of b"

step "a table that is taken is taken for everybody else"
D=c
config </dev/null
daemon_launch -t 2
daemon_ended 69

step "one leaves, the other goes on"
D=b
daemon_stop
D=a
count_start h1 -n 10
send h0 -n 10 225.1.2.3
count_stop h1
assert_eq "10 0 0" "$(counted_all h1)" "packets after the other left"
