#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Interfaces that come late, go, come back, get another name: the rules wait for them and use them.
. "${0%/*}/lib.sh"

star 2
config <<'END'
phyint late ttl-threshold 9
mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1 late
mroute from eth0 group ff3e::1 to late
mroute from late source 10.0.7.10 group 225.2.2.2 to eth0
mroute from wl+ group 225.3.3.3 to eth1
mgroup from late group 225.1.1.1
mgroup from late source 10.0.7.10 group 232.1.1.1
END
daemon_start
host far
entry_is() { [ "$(in_kernel "$1" "$2")" = "$3" ]; }
pending() { show pending '.pending | length'; }
joined() { awk '/^[0-9]/ {on = $2 == "late"; next} on && $1 == "010101E1"' /proc/net/igmp | wc -l; }

step "pending is shown as typed, present parts work"
assert_eq "6" "$(pending)" "pending rules"
status 0 ctl show pending
assert_match "mroute +from late source 10.0.7.10 group 225.2.2.2 to eth0" "$(cat "$T/out")" \
	"show pending"
assert_match "mgroup +from late group 225.1.1.1" "$(cat "$T/out")" "show pending"
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.1)" "the part that is there"
assert_eq "" "$(in_kernel 10.0.7.10 225.2.2.2)" "a route from nowhere"

arrive() {
	link far late 7
	wait_for 5 is 1 pending
	wait_for 5 is 1 joined
}

works() {
	assert_eq "eth0 eth1 late" "$(in_kernel 10.0.0.10 225.1.1.1)" "the outbound route, $1"
	assert_eq "late eth0" "$(in_kernel 10.0.7.10 225.2.2.2)" "the inbound route, $1"
	count_start far -n 11
	send h0 -n 10 -t 11 225.1.1.1
	send h0 -n 10 -t 9 225.1.1.1
	send h0 ff3e::1
	count_stop far
	assert_eq "10 0 0" "$(counted far 10.0.0.10 225.1.1.1)" "threshold 9, $1"
	assert_eq "1 0 0" "$(counted far fd00::10 ff3e::1)" "IPv6, $1"
	count_start h0 -n 5
	send far -n 5 225.2.2.2
	count_stop h0
	assert_eq "5 0 0" "$(counted h0 10.0.7.10 225.2.2.2)" "from late, $1"
}

step "it arrives, with its threshold, routes and groups"
arrive
works "first time"

step "it goes and comes back, 40 times: no VIF leaks"
for ((n = 0; n < 40; n++)); do
	ip link del late
	wait_for 5 is 6 pending
	link far late 7
	wait_for 5 is 1 pending
done
wait_for 5 is 1 joined
works "after 40 times"

step "it gets another name: its rules let it go; its old name again: they take it back"
ip link set late down
ip link set late name other
ip link set other up
wait_for 5 is 6 pending
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.1)" "the route without it"
assert_eq "" "$(show interfaces '.interfaces[] | select(.name == "late") | .name')" "the old name"
ip link set other down
ip link set other name late
ip link set late up
wait_for 5 is 1 pending
wait_for 5 link_up late
works "renamed back"

step "a wildcard takes every interface that comes"
for name in wl0 wl1; do
	ip link add $name type veth peer name eth0 netns far 2>/dev/null ||
		ip link add $name type veth peer name "p$name" netns far
	ip link set $name up
done
wait_for 5 is 0 pending
rows='[.routes.asm[] | select(.group == "225.3.3.3") | .iif] | sort | join(" ")'
assert_eq "wl0 wl1" "$(show routes "$rows")" "rows of the wildcard"

step "without MULTICAST it is not used; the daemon lives on"
ip link set late multicast off
wait_for 5 entry_is 10.0.0.10 225.1.1.1 "eth0 eth1"
status 0 ctl show
ip link set late multicast on
wait_for 5 entry_is 10.0.0.10 225.1.1.1 "eth0 eth1 late"
