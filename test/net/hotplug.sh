#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An interface that 100 rules use is made and deleted again and again: flows pass at once each time,
# nothing leaks.
#
#	SMCROUTE_HOTPLUG=500	how many times
. "${0%/*}/lib.sh"

cycles=${SMCROUTE_HOTPLUG:-500}
star 2
host far
for ((n = 1; n <= 50; n++)); do
	echo "mroute from eth0 source 10.0.0.10 group 225.1.0.$n to eth1 hot0"
	echo "mroute from hot0 source 10.0.9.10 group 225.2.0.$n to eth1 eth0"
done | config
echo "mgroup from hot0 group 225.3.0.0/28" >>"$T/$D.conf"
echo "mgroup from hot0 source 10.0.9.10 group 232.3.0.0/28" >>"$T/$D.conf"
daemon_start
joined() { awk '/^[0-9]/ {on = $2 == "hot0"; next} on && $1 ~ /^0[0-9A-F]0003E[18]$/' /proc/net/igmp |
	wc -l; }
entry_is() { [ "$(in_kernel "$1" "$2")" = "$3" ]; }

step "$cycles times"
"${MCAST%/*}/hotplug" hot0 "$cycles" h0 eth0 h1 far "${daemon_pid[$D]}" >"$T/times" ||
	fail "$(cat "$T/times")"
cat "$T/times"
read -r _ out _ <<<"$(grep ^out "$T/times")"
read -r _ in _ <<<"$(grep ^in "$T/times")"
read -r _ first last <<<"$(grep ^rss "$T/times")"

step "half of the times the flow passes within 20 ms of the interface being up"
[ "$out" -le $((20000 * SLOW)) ] || fail "to the interface it takes $out us"
[ "$in" -le $((20000 * SLOW)) ] || fail "from the interface it takes $in us"

# A sanitizer keeps what was freed, and valgrind is of another size altogether.
step "the daemon has not grown"
[ "$SLOW" -gt 1 ] || [ "$last" -le $((first + first / 50 + 256)) ] ||
	fail "from $first to $last KiB"

step "all is in place after the last time, once"
for table in ip_mr_vif ip6_mr_vif; do
	assert_eq "eth0 eth1 hot0" "$(awk 'NR > 1 {print $2}' /proc/net/$table | sort | xargs)" $table
done
for n in 1 50; do
	entry_is 10.0.0.10 225.1.0.$n "eth0 eth1 hot0" || fail "route $n to hot0"
	entry_is 10.0.9.10 225.2.0.$n "hot0 eth0 eth1" || fail "route $n from hot0"
done
assert_eq 101 "$(wc -l </proc/net/ip_mr_cache)" "lines of ip_mr_cache"
wait_for 5 is 32 joined
assert_eq 0 "$(show pending '.pending | length')" "pending rules"

step "it goes: so do its routes and groups, and no socket is left behind"
before=$(find "/proc/${daemon_pid[$D]}/fd" -type l | wc -l)
ip link del hot0
wait_for 5 entry_is 10.0.0.10 225.1.0.50 "eth0 eth1"
wait_for 5 entry_is 10.0.9.10 225.2.0.50 ""
[ "$(find "/proc/${daemon_pid[$D]}/fd" -type l | wc -l)" -lt "$before" ] || fail "sockets are left"
