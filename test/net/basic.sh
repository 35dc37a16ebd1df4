#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every form of an mroute, both families: what a rule covers passes completely, the rest not at all.
. "${0%/*}/lib.sh"

star 3
config <<'END'
mroute from eth0 source 10.0.0.10 group 225.1.0.1 to eth1 eth2
mroute from eth0 group 225.1.0.2 to eth1
mroute from eth0 group 225.2.0.0/16 to eth2
mroute from eth0 source 172.16.0.0/12 group 225.3.0.0/24 to eth1 eth2
mroute from eth0 source fd00:0::10 group ff3e::1:1 to eth1 eth2
mroute from eth0 group ff3e::1:2 to eth1
mroute from eth0 group ff3e:0:0:2::/64 to eth2
mroute from eth0 source fd01::/16 group ff3e:0:0:3::/64 to eth1 eth2
END
daemon_start

# flow SOURCE GROUP PACKETS-AT-h1 PACKETS-AT-h2: each is sent 20 times.
declare -a flows=()
flow() { flows+=("$*"); }
flow 10.0.0.10 225.1.0.1 20 20
flow 10.0.0.11 225.1.0.1 0 0
flow 10.0.0.10 225.1.0.2 20 0
flow 1.2.3.4 225.1.0.2 20 0
flow 10.0.0.10 225.1.0.3 0 0
flow 10.0.0.10 225.2.0.0 0 20
flow 10.0.0.11 225.2.255.255 0 20
flow 10.0.0.10 225.3.0.0 0 0
flow 172.16.0.1 225.3.0.0 20 20
flow 172.31.255.254 225.3.0.255 20 20
flow 172.32.0.1 225.3.0.255 0 0
flow 172.16.0.1 225.3.1.0 0 0
flow fd00::10 ff3e::1:1 20 20
flow fd00::11 ff3e::1:1 0 0
flow fd00::10 ff3e::1:2 20 0
flow fd77::1 ff3e::1:2 20 0
flow fd00::10 ff3e::1:3 0 0
flow fd00::10 ff3e:0:0:2::1 0 20
flow fd00::10 ff3e:0:0:3::1 0 0
flow fd01:ffff::1 ff3e:0:0:3::9 20 20
flow fd02::1 ff3e:0:0:3::9 0 0

step "exact routes are in the kernel before any packet"
assert_eq "eth0 eth1 eth2" "$(in_kernel 10.0.0.10 225.1.0.1)" "IPv4"
assert_eq "eth0 eth1 eth2" "$(in_kernel fd00::10 ff3e::1:1)" "IPv6"

step "sending"
count_start h1 -n 180
count_start h2 -n 160
for f in "${flows[@]}"; do
	read -r source group _ <<<"$f"
	send_learned h0 "$source" "$group" 20 -r 1000
done
count_stop h1 h2
for f in "${flows[@]}"; do
	read -r source group n1 n2 <<<"$f"
	assert_eq "$n1 0 0" "$(counted h1 "$source" "$group")" "($source, $group) at h1"
	assert_eq "$n2 0 0" "$(counted h2 "$source" "$group")" "($source, $group) at h2"
done

step "counters: every flow is there, with its packets and bytes"
for f in "${flows[@]}"; do
	read -r source group _ <<<"$f"
	[[ $source == *:* ]] && size=148 || size=128
	entry=".routes.kernel[] | select(.source == \"$source\" and .group == \"$group\")"
	assert_eq "[20,$((20 * size))]" "$(show routes "$entry | [.packets, .bytes]")" \
		"counters of ($source, $group)"
done
assert_eq "${#flows[@]}" "$(show routes '.routes.kernel | length')" "number of entries"

step "a flow that no rule covers is a stop filter"
assert_eq "eth0" "$(in_kernel 10.0.0.10 225.1.0.3)" "stop filter"

step "TTL: a packet with 1 is not forwarded, one with 2 arrives with 1 less"
count_start h1
send h0 -t 1 -n 3 225.1.0.2
send h0 -t 2 -n 3 -s 1.2.3.4 225.1.0.2
count_stop h1
assert_eq "0 0 0" "$(counted h1 10.0.0.10 225.1.0.2)" "TTL 1"
assert_eq "3 0 0" "$(counted h1 1.2.3.4 225.1.0.2)" "TTL 2"

step "the kernel agrees, and after the end it holds nothing"
for table in ip_mr_vif ip6_mr_vif; do
	assert_eq "eth0 eth1 eth2" "$(grep -o 'eth[0-9]' /proc/net/$table | sort | xargs)" "$table"
done
daemon_stop
for table in ip_mr_vif ip6_mr_vif ip_mr_cache ip6_mr_cache; do
	assert_eq 1 "$(wc -l </proc/net/$table)" "lines of $table"
done
[ ! -e "$T/smcroute.sock" ] && [ ! -e "$T/smcroute.pid" ] || fail "socket or pid file is left"
