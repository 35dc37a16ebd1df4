#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Kinds of interfaces that a kernel of a distribution has: each comes after the daemon, and carries
# packets both ways where the kind allows.
vm_options=(-t 900)
. "${0%/*}/lib.sh"

# The rules for interface IF, number N, in the router; they wait until it is there.
rules() {
	cat <<-EOF
		mroute from eth0 source 10.0.0.10 group 225.1.$2.1 to $1
		mroute from eth0 source fd00::10 group ff3e::1:$2 to $1
		mroute from $1 source 10.1.$2.10 group 225.2.$2.1 to eth1
		mroute from $1 group 225.3.$2.1 to eth1
		mroute from $1 source fd01:$2::10 group ff3e::2:$2 to eth1
		mroute from $1 group ff3e::3:$2 to eth1
	EOF
}

# wired IF N: the routes of IF are in the kernel.
wired() {
	wait_for 5 is "eth0 $1" in_kernel 10.0.0.10 "225.1.$2.1"
	wait_for 5 is "eth0 $1" in_kernel fd00::10 "ff3e::1:$2"
	wait_for 5 is "$1 eth1" in_kernel "10.1.$2.10" "225.2.$2.1"
	wait_for 5 is "$1 eth1" in_kernel "fd01:$2::10" "ff3e::2:$2"
}

# gone IF N: and are no more.
gone() {
	ip link del "$1" || fail "ip link del $1"
	wait_for 5 is "" in_kernel "10.1.$2.10" "225.2.$2.1"
	wait_for 5 not is "eth0 $1" in_kernel 10.0.0.10 "225.1.$2.1"
}

# number IF N [HOST HOST-IF]: addresses 10.1.N.1 and fd01:N::1, at the other end 10 for 1, and up.
number() {
	ip addr add "10.1.$2.1/24" dev "$1" && ip addr add "fd01:$2::1/64" dev "$1" nodad &&
		ip link set "$1" up multicast on || fail "number $*"
	[ $# -gt 2 ] || return 0
	ip -n "$3" addr add "10.1.$2.10/24" dev "$4" &&
		ip -n "$3" addr add "fd01:$2::10/64" dev "$4" nodad &&
		ip -n "$3" link set "$4" up multicast on || fail "number $*"
}

# sends IF HOST GROUP [OPTIONS]: four packets; the kernel keeps so many until the way is known.
sends() {
	on "$2" "$MCAST" send -i "$1" -n 4 "${@:4}" "$3" >/dev/null || fail "mcast send $*"
}

# got COUNTER SOURCE GROUP
got() {
	assert_eq "4 0 0" "$(counted "$@")" "packets ($2, $3)"
}

# outward N HOST IF FAMILIES: what h0 sends arrives at the other end.
outward() {
	local families=$4 end=$2:end
	count_start "$end" -i "$3" -n $((4 * ${#families}))
	[[ $families != *4* ]] || sends eth0 h0 "225.1.$1.1"
	[[ $families != *6* ]] || sends eth0 h0 "ff3e::1:$1"
	count_stop "$end"
	[[ $families != *4* ]] || got "$end" 10.0.0.10 "225.1.$1.1"
	[[ $families != *6* ]] || got "$end" fd00::10 "ff3e::1:$1"
}

# inward N HOST IF FAMILIES: what the other end sends arrives at h1, by a full route and a template.
inward() {
	local families=$4 group
	count_start h1 -n $((8 * ${#families}))
	if [[ $families == *4* ]]; then
		for group in "225.2.$1.1" "225.3.$1.1"; do
			sends "$3" "$2" "$group" -s "10.1.$1.10"
		done
	fi
	if [[ $families == *6* ]]; then
		for group in "ff3e::2:$1" "ff3e::3:$1"; do
			sends "$3" "$2" "$group" -s "fd01:$1::10"
		done
	fi
	count_stop h1
	if [[ $families == *4* ]]; then
		got h1 "10.1.$1.10" "225.2.$1.1"
		got h1 "10.1.$1.10" "225.3.$1.1"
	fi
	if [[ $families == *6* ]]; then
		got h1 "fd01:$1::10" "ff3e::2:$1"
		got h1 "fd01:$1::10" "ff3e::3:$1"
	fi
}

both() {
	outward "$@"
	inward "$@"
}

# ---- the kinds ----

dummy() {
	local before
	ip link add dummy0 type dummy && number dummy0 1
	wired dummy0 1
	before=$(cat /sys/class/net/dummy0/statistics/tx_packets)
	send h0 -n 50 225.1.1.1
	send h0 -n 50 ff3e::1:1
	wait_for 5 enough dummy0 $((before + 100))
	gone dummy0 1
}
enough() { [ "$(cat "/sys/class/net/$1/statistics/tx_packets")" -ge "$2" ]; }

vlan() {
	ip link add link under name under.10 type vlan id 10
	ip -n far link add link eth0 name tagged type vlan id 10
	number under.10 2 far tagged
	wired under.10 2
	both 2 far tagged 46
	gone under.10 2
}

# tunnel TYPE IF N FAMILIES
tunnel() {
	ip link add "$2" type "$1" local 10.0.9.1 remote 10.0.9.10 ttl 64 &&
		ip -n far link add "$2" type "$1" local 10.0.9.10 remote 10.0.9.1 ttl 64 ||
		fail "ip link add $2"
	number "$2" "$3" far "$2"
	wired "$2" "$3"
	both "$3" far "$2" "$4"
	gone "$2" "$3"
}

# As the kernel makes it a tunnel has no MULTICAST flag: said, and used as soon as it has.
flag() {
	ip link add gre1 type gre local 10.0.9.1 remote 10.0.9.10 ttl 64
	ip link set gre1 up
	wait_for 5 is "no MULTICAST flag" reason gre1
	ip link set gre1 multicast on
	wired gre1 3
	gone gre1 3
}
reason() { show interfaces ".interfaces[] | select(.name == \"$1\").reason"; }

wireguard() {
	wg genkey >"$T/here.key"
	wg genkey >"$T/there.key"
	ip link add wg0 type wireguard && ip -n far link add wg0 type wireguard || fail "wg0"
	wg set wg0 listen-port 51820 private-key "$T/here.key" peer "$(wg pubkey <"$T/there.key")" \
		endpoint 10.0.9.10:51820 allowed-ips 0.0.0.0/0,::/0
	on far wg set wg0 listen-port 51820 private-key "$T/there.key" peer \
		"$(wg pubkey <"$T/here.key")" endpoint 10.0.9.1:51820 allowed-ips 0.0.0.0/0,::/0
	number wg0 6 far wg0
	wired wg0 6
	both 6 far wg0 46
	gone wg0 6
}

bond() {
	ip link add bond0 type bond mode active-backup
	host bonded
	ip link add leg type veth peer name eth0 netns bonded && ip link set leg master bond0
	number bond0 7 bonded eth0
	wait_for 5 link_up bond0
	wired bond0 7
	both 7 bonded eth0 46
	gone bond0 7
}

# The router has a foot in VLAN 20 of a bridge that filters VLANs, asks and listens who wants what.
bridge_with_everything() {
	local n
	ip link add br0 type bridge vlan_filtering 1 mcast_snooping 1 mcast_querier 1 \
		mcast_query_response_interval 100 || fail "ip link add br0"
	for n in 1 2; do
		host "port$n"
		ip link add "port$n" type veth peer name eth0 netns "port$n"
		ip link set "port$n" master br0 up
		bridge vlan del dev "port$n" vid 1
		bridge vlan add dev "port$n" vid 20 pvid untagged
	done
	bridge vlan add dev br0 vid 20 self
	ip link set br0 up
	ip link add link br0 name br0.20 type vlan id 20
	ip -n port2 link set eth0 up
	number br0.20 8 port1 eth0
	wired br0.20 8
	for n in 225.2.8.1 225.3.8.1 ff3e::2:8 ff3e::3:8; do
		status 0 ctl join br0.20 "$n"
	done
	inward 8 port1 eth0 46
	count_start port1:joined -i eth0 -j -n 10 225.1.8.1 ff3e::1:8
	wait_for 5 knows 225.1.8.1
	wait_for 5 knows ff3e::1:8
	# A bridge that asks floods until it had time for answers.
	wait_for 5 unasked 225.1.8.1
	wait_for 5 unasked ff3e::1:8
	count_stop port1:joined
	for n in 225.2.8.1 225.3.8.1 ff3e::2:8 ff3e::3:8; do
		status 0 ctl leave br0.20 "$n"
	done
	ip link del br0.20
	gone br0 9
}
knows() { bridge mdb show dev br0 | grep -q "port port1 grp $1 "; }
# A packet for the group comes to port1, not to port2.
unasked() {
	count_start port1 -n 1 "$1"
	count_start port2
	send h0 "$1"
	count_stop port1 port2
	assert_eq 1 "$(counted_all port1 | cut -d ' ' -f 1)" "packets where somebody asked"
	[ "$(counted_all port2)" = "0 0 0" ]
}

macvlan() {
	ip link add link under name mv0 type macvlan mode bridge
	number mv0 10
	wired mv0 10
	both 10 far eth0 46
	gone mv0 10
}

# A second daemon on the table of a VRF that does not exist yet.
vrf() {
	local group
	D=blue
	config <<-EOF
		mroute from in source 10.0.20.10 group 225.1.1.1 to out
		mroute from in group 225.1.1.2 to out
		mroute from in source fd00:20::10 group ff3e::1 to out
		mroute from in group ff3e::2 to out
	EOF
	daemon_start -t 1000
	ip link add blue type vrf table 1000 && ip link set blue up || fail "ip link add blue"
	host b0
	host b1
	link b0 in 20
	link b1 out 21
	ip link set in master blue && ip link set out master blue || fail "master"
	wait_for 5 is "in out" in_kernel 10.0.20.10 225.1.1.1
	wait_for 5 is "in out" in_kernel fd00:20::10 ff3e::1
	count_start b1 -n 16
	for group in 225.1.1.1 225.1.1.2 ff3e::1 ff3e::2; do
		sends eth0 b0 $group
	done
	count_stop b1
	assert_eq "16 0 0" "$(counted_all b1)" "packets through the VRF"
	assert_eq "in out" "$(in_kernel fd00:20::10 ff3e::2)" "a learned flow"
	daemon_stop
}

# A daemon has a table to itself; which packets are looked up there is said later.
mrule() {
	local family group
	D=green
	host g0
	host g1
	link g0 left 30
	link g1 right 31
	config <<-EOF
		mroute from left source 10.0.30.10 group 225.1.1.1 to right
		mroute from left group 225.1.1.2 to right
		mroute from left source fd00:30::10 group ff3e::1 to right
		mroute from left group ff3e::2 to right
	EOF
	daemon_start -t 2000
	count_start g1
	for group in 225.1.1.1 225.1.1.2 ff3e::1 ff3e::2; do
		sends eth0 g0 $group
	done
	count_stop g1
	assert_eq "0 0 0" "$(counted_all g1)" "packets without a rule for the table"
	for family in -4 -6; do
		ip $family mrule add pref 10 iif left lookup 2000 || fail "ip $family mrule"
	done
	count_start g1 -n 16
	for group in 225.1.1.1 225.1.1.2 ff3e::1 ff3e::2; do
		sends eth0 g0 $group
	done
	count_stop g1
	assert_eq "16 0 0" "$(counted_all g1)" "packets through the table"
	daemon_stop
}

star 2
host far
link far under 9
{
	rules dummy0 1
	rules under.10 2
	rules gre1 3
	rules ipip1 4
	rules sit1 5
	rules wg0 6
	rules bond0 7
	rules br0.20 8
	rules br0 9
	rules mv0 10
} | config
daemon_start

try "dummy" dummy
try "VLAN" vlan
try "GRE" tunnel gre gre1 3 46
try "GRE as it comes" flag
try "IPv4 in IPv4" tunnel ipip ipip1 4 4
try "IPv6 in IPv4" tunnel sit sit1 5 6
if command -v wg >/dev/null; then
	try "WireGuard" wireguard
else
	echo "ok - WireGuard # skip wg is not installed"
fi
try "bond" bond
try "bridge with VLAN filtering and snooping" bridge_with_everything
try "macvlan" macvlan
try "VRF" vrf
try "ip mrule after the start" mrule
try "all rules wait again" wait_for 5 is 60 show pending '.pending | length'
finish
