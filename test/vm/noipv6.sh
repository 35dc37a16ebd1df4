#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel that was told to leave out IPv6: said once, IPv4 is routed, IPv6 rules do no harm.
vm_options=(-k ipv6.disable=1 -t 500)
. "${0%/*}/lib.sh"

[ ! -e /proc/sys/net/ipv6 ] || fail "this kernel has IPv6"

missing='there is no IPv6 multicast routing here'

start() {
	assert_eq 1 "$(grep -c "$missing" "$T/$D.log")" "lines about it in $(cat "$T/$D.log")"
	assert_eq 0 "$(grep -c 'error:' "$T/$D.log")" "errors in $(cat "$T/$D.log")"
}

routes() {
	assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.1)" "the route"
	count_start h1 -n 8
	send h0 -n 4 225.1.1.1
	send h0 -n 4 225.1.2.9
	count_stop h1
	assert_eq "4 0 0" "$(counted h1 10.0.0.10 225.1.1.1)" "packets of a route"
	assert_eq "4 0 0" "$(counted h1 10.0.0.10 225.1.2.9)" "packets of a template"
	assert_eq 225.1.1.1 "$(show groups '.groups.kernel[].group')" "the group"
}

ipv6_rules() {
	local rule interface
	status 0 ctl -d show
	status 0 ctl -d show groups
	status 0 ctl show pending
	rule='.routes.ssm[] | select(.group == "ff3e::1") | [.state, .reason] | join(": ")'
	assert_match "^pending: .*IPv6" "$(show routes "$rule")" "what is said of a route"
	interface='.interfaces[] | select(.name == "eth0") | .vif, .mif'
	assert_eq "0 null" "$(show interfaces "$interface" | paste -sd ' ')" "its places"
	timeout 20 "$SMCROUTECTL" -u "$T/$D.sock" add eth0 fd00::10 ff3e::9 eth1
	timeout 20 "$SMCROUTECTL" -u "$T/$D.sock" join eth0 ff3e::9
	routes
}

reload() {
	status 0 ctl reload
	ip link del eth1
	wait_for 5 not is "eth0 eth1" in_kernel 10.0.0.10 225.1.1.1
	link h1 eth1 1
	wait_for 5 is "eth0 eth1" in_kernel 10.0.0.10 225.1.1.1
	routes
	assert_eq 1 "$(grep -c "$missing" "$T/$D.log")" "lines about it"
}

table() {
	D=other
	config <<<'mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1'
	daemon_start -t 100
	assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.1)" "the route in another table"
	daemon_stop
}

star 2
config <<-EOF
	mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1
	mroute from eth0 group 225.1.2.0/24 to eth1
	mgroup from eth0 group 225.1.1.1
	mroute from eth0 source fd00::10 group ff3e::1 to eth1
	mroute from eth0 group ff3e::2 to eth1
	mgroup from eth0 group ff3e::1
EOF
daemon_start
try "start" start
try "IPv4 is routed" routes
try "IPv6 rules do no harm" ipv6_rules
try "reload, and an interface that comes back" reload
try "another table" table
finish
