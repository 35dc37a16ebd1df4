#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Multicast router discovery, judged by a switch that snoops: the bridge of the kernel.
. "${0%/*}/lib.sh"

config <<<'phyint eth0 enable mrdisc'
# shellcheck disable=SC2086
$SMCROUTED -F "$T/$D.conf" 2>&1 | grep -q 'enable-mrdisc' &&
	skip "smcrouted was built without --enable-mrdisc"
sysctl -q -w net.ipv6.conf.default.addr_gen_mode=1 || fail "sysctl"

reload_with() {
	config
	status 0 ctl reload
}

# src -- p1 [br0] p0 -- trunk [router] eth1 -- h1
star 2
host sw
host src
ip link add trunk type veth peer name p0 netns sw
ip -n src link add eth0 type veth peer name p1 netns sw
ip addr add 10.0.6.1/24 dev trunk
ip -n src addr add 10.0.6.10/24 dev eth0 && ip -n src addr add fd00:6::10/64 dev eth0 nodad
ip -n sw link add br0 type bridge mcast_snooping 1 mcast_querier 0 mcast_querier_interval 600 \
	mcast_query_response_interval 100 mcast_query_interval 400 mcast_mld_version 2 ||
	skip "no bridge, or one without snooping"
for port in p0 p1; do
	ip -n sw link set $port master br0 up
done
ip -n sw addr add fe80::99/64 dev br0 nodad
ip -n sw link set br0 up
ip link set trunk up && ip -n src link set eth0 up
wait_for 10 link_up trunk

# Whether the switch takes p0 for the port of a router.
is_port() { on sw bridge -s -d mdb show | grep -q '^router ports on br0: .*p0'; }

routes='
mroute from trunk group 239.9.9.9 to eth1
mroute from trunk group ff3e::9 to eth1'
with="phyint trunk enable mrdisc $routes"
without="phyint trunk enable $routes"

step "no querier: advertisements of either family make the port of a router"
config <<<"$without"
daemon_start -m 4
is_port && fail "it is one before anybody advertised"
reload_with <<<"$with"
wait_for 8 is_port
on sw bridge -s -d mdb show | sed -n '/router/s/^/  IPv4 alone: /p'
about='.interfaces[] | select(.name == "trunk") | .mrdisc.ipv6.state'
wait_for 5 is waiting show interfaces "$about"

step "... which it ceases to be soon after them"
reload_with <<<"$without"
wait_for 15 not is_port
ip addr flush dev trunk
ip addr add fe80::6/64 dev trunk nodad
reload_with <<<"$with"
wait_for 8 is_port
on sw bridge -s -d mdb show | sed -n '/router/s/^/  IPv6 alone: /p'
reload_with <<<"$without"
wait_for 15 not is_port
ip addr add 10.0.6.1/24 dev trunk

step "a querier: the switch prunes, and nothing reaches the router that nobody knows"
ip -n sw link set br0 type bridge mcast_querier 1
reach() { # WANT: that many of 5 packets of each family get through to h1
	count_start h1 -n $(($1 * 2))
	send src -n 5 -t 9 239.9.9.9
	send src -n 5 -t 9 ff3e::9
	count_stop h1
	[ "$(counted h1 10.0.6.10 239.9.9.9)" = "$1 0 0" ] &&
		[ "$(counted h1 fd00:6::10 ff3e::9)" = "$1 0 0" ]
}
wait_for 20 reach 0

step "... until it advertises itself"
reload_with <<<"$with"
wait_for 20 reach 5
cat "$T/count.h1"

step "... and not any more after it ceased"
reload_with <<<"$without"
wait_for 15 not is_port
wait_for 15 reach 0
