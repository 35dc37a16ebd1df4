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

# sends IF HOST ARGS...: like "send", by another interface.
sends() {
	on "$2" "$MCAST" send -i "$1" "${@:3}" >/dev/null || fail "mcast send $*"
}

# outward N HOST IF FAMILIES: what h0 sends arrives at the other end.
outward() {
	count_start "$2:out" -i "$3" -n $((5 * ${#4}))
	[[ $4 != *4* ]] || send h0 -n 5 -r 100 "225.1.$1.1"
	[[ $4 != *6* ]] || send h0 -n 5 -r 100 "ff3e::1:$1"
	count_stop "$2:out"
	[[ $4 != *4* ]] || assert_eq "5 0 0" "$(counted "$2:out" 10.0.0.10 "225.1.$1.1")" "packets out"
	[[ $4 != *6* ]] || assert_eq "5 0 0" "$(counted "$2:out" fd00::10 "ff3e::1:$1")" "IPv6 packets out"
}

# inward N HOST IF FAMILIES: what the other end sends arrives at h1, the first packet of all too.
inward() {
	count_start h1 -n $((10 * ${#4}))
	if [[ $4 == *4* ]]; then
		sends "$3" "$2" -n 5 -r 100 "225.2.$1.1"
		sends "$3" "$2" -n 5 -r 100 "225.3.$1.1"
	fi
	if [[ $4 == *6* ]]; then
		sends "$3" "$2" -n 5 -r 100 "ff3e::2:$1"
		sends "$3" "$2" -n 5 -r 100 "ff3e::3:$1"
	fi
	count_stop h1
	if [[ $4 == *4* ]]; then
		assert_eq "5 0 0" "$(counted h1 "10.1.$1.10" "225.2.$1.1")" "packets of a route"
		assert_eq "5 0 0" "$(counted h1 "10.1.$1.10" "225.3.$1.1")" "packets of a template"
	fi
	if [[ $4 == *6* ]]; then
		assert_eq "5 0 0" "$(counted h1 "fd01:$1::10" "ff3e::2:$1")" "IPv6 packets of a route"
		assert_eq "5 0 0" "$(counted h1 "fd01:$1::10" "ff3e::3:$1")" "IPv6 packets of a template"
	fi
}

# both N HOST IF FAMILIES
both() {
	outward "$@"
	inward "$@"
}

load() {
	local module
	for module; do
		modprobe "$module" || fail "no module $module"
	done
}

# ---- the kinds ----

dummy() {
	local before
	load dummy
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
	load 8021q
	ip link add link under name under.10 type vlan id 10
	ip -n far link add link eth0 name tagged type vlan id 10
	number under.10 2 far tagged
	wired under.10 2
	both 2 far tagged 46
	gone under.10 2
}

# tunnel TYPE IF N FAMILIES
tunnel() {
	load "$1"
	ip link add "$2" type "${5:-$1}" local 10.0.9.1 remote 10.0.9.10 ttl 64 &&
		ip -n far link add "$2" type "${5:-$1}" local 10.0.9.10 remote 10.0.9.1 ttl 64 ||
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
	load wireguard
	wg genkey >"$T/here.key"
	wg genkey >"$T/there.key"
	ip link add wg0 type wireguard && ip -n far link add wg0 type wireguard || fail "ip link add"
	wg set wg0 listen-port 51820 private-key "$T/here.key" peer "$(wg pubkey <"$T/there.key")" \
		endpoint 10.0.9.10:51820 allowed-ips 0.0.0.0/0,::/0
	on far wg set wg0 listen-port 51820 private-key "$T/there.key" \
		peer "$(wg pubkey <"$T/here.key")" endpoint 10.0.9.1:51820 allowed-ips 0.0.0.0/0,::/0
	number wg0 6 far wg0
	wired wg0 6
	both 6 far wg0 46
	gone wg0 6
}

bond() {
	load bonding
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
	load bridge
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
	load macvlan
	ip link add link under name mv0 type macvlan mode bridge
	number mv0 10
	ip -n far addr add 10.1.10.10/24 dev eth0
	ip -n far addr add fd01:10::10/64 dev eth0 nodad
	wired mv0 10
	outward 10 far eth0 46
	count_start h1 -n 10
	sends eth0 far -n 5 -r 100 -s 10.1.10.10 225.3.10.1
	sends eth0 far -n 5 -r 100 -s fd01:10::10 ff3e::3:10
	count_stop h1
	assert_eq "5 0 0" "$(counted h1 10.1.10.10 225.3.10.1)" "packets"
	assert_eq "5 0 0" "$(counted h1 fd01:10::10 ff3e::3:10)" "IPv6 packets"
	gone mv0 10
}

# A second daemon on the table of a VRF that does not exist yet.
vrf() {
	load vrf
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
	count_start b1 -n 20
	send b0 -n 5 -r 100 225.1.1.1
	send b0 -n 5 -r 100 225.1.1.2
	send b0 -n 5 -r 100 ff3e::1
	send b0 -n 5 -r 100 ff3e::2
	count_stop b1
	assert_eq "20 0 0" "$(counted_all b1)" "packets through the VRF"
	assert_eq "in out" "$(in_kernel fd00:20::10 ff3e::2)" "a learned flow"
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
try "GRE" tunnel ip_gre gre1 3 46 gre
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
try "all rules wait again" wait_for 5 is 60 show pending '.pending | length'
finish
