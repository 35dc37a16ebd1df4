#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Live flows of both families, and meanwhile everything that may happen to a router, at random:
# reloads, commands, interfaces that come and go, rude clients, floods of new flows.  No packet is
# lost, memory and descriptors stay flat, and at the end the kernel has what the file asks for.
# "make soak" lets it go on for half an hour.
#
#	SMCROUTE_SOAK=20	for how many seconds
#	SMCROUTE_SEED=N		where to begin
here=$(realpath "${0%/*}")
. "${0%/*}/lib.sh"

seconds=${SMCROUTE_SOAK:-20}
seed=${SMCROUTE_SEED:-20010911}
RANDOM=$seed
each=125	# flows of each kind: 500 in all
rate=125	# packets a second of each kind
probe=${MCAST%/net/mcast}/bench/probe
star 2
both_ends noise

base() {
	local n
	for ((n = 0; n < each; n++)); do
		echo "mroute from eth0 source 10.0.0.10 group 225.1.0.$n to eth1"
		printf 'mroute from eth0 source fd00::10 group ff3e:1::%x to eth1\n' $n
	done
	echo "mroute from eth0 group 225.2.0.0/24 to eth1 flap+"
	echo "mroute from eth0 group ff3e:2::/32 to eth1 flap+"
	echo "mroute from noise0 group 225.8.0.0/13 to noise1"
	echo "mgroup from eth0 group 225.1.0.0/26"
}
# Entries of the kernel that the base and the live flows make, as it prints them.
flows4() { awk '/^..0[01]0[12]E1 0A00000A/ {print $1, $2, $3, $7, $8}' /proc/net/ip_mr_cache | sort; }
flows6() { awk '/^ff3e:000[12]:/ {print $1, $2, $3, $7, $8}' /proc/net/ip6_mr_cache | sort; }
memory() { awk '/^VmRSS:/ {print $2}' "/proc/$pid/status"; }
descriptors() { find "/proc/$pid/fd" -type l | wc -l; }

overflows() {
	local sum=0 dropped
	while read -r _ dropped _; do
		sum=$((sum + 16#$dropped))
	done </proc/net/softnet_stat
	echo $sum
}

overflowed=$(overflows)
base | config
daemon_start -c 10 --max-flows 5000 -l notice
pid=${daemon_pid[$D]}
open=$(descriptors)

kinds=(225.1.0.0 225.2.0.0 ff3e:1:: ff3e:2::)
senders=()
count_start h1
for group in "${kinds[@]}"; do
	send_start h0 -f $each -r $rate -n 0 $group
	senders+=("$sender")
done
all_flow() { [ "$(flows4 | wc -l) $(flows6 | wc -l)" = "$((2 * each)) $((2 * each))" ]; }
wait_for 10 all_flow
flows4 >"$T/want4"
flows6 >"$T/want6"

# ---- what happens ----

do_reload() {
	{
		base
		for ((n = RANDOM % 50; n > 0; n--)); do
			echo "mroute from eth0 group 226.$((RANDOM % 9)).0.0/16 to eth1"
			echo "mroute from flap$((RANDOM % 4)) source 10.0.0.$((RANDOM % 9)) group 227.0.0.1 to eth1"
			echo "mgroup from eth1 group 228.0.0.$((RANDOM % 255))"
			echo "phyint flap$((RANDOM % 4)) ttl-threshold $((RANDOM % 200 + 1))"
		done
	} | config
	status 0 ctl reload
}
do_refused_reload() {
	{ base; echo "mroute from eth0 gruop 225.1.1.1"; } | config
	status 1 ctl reload
}
do_hangup() {
	base | config
	kill -HUP "$pid"
	status 0 ctl show # it has read the file, which changes soon
}
do_commands() {
	for ((n = 0; n < 40; n++)); do
		echo "add eth0 10.0.0.$((RANDOM % 9)) 229.0.0.$((RANDOM % 9)) eth1 flap$((RANDOM % 4))"
		echo "remove eth0 10.0.0.$((RANDOM % 9)) 229.0.0.$((RANDOM % 9))"
		echo "join eth1 229.0.0.$((RANDOM % 9))"
		echo "leave eth1 229.0.0.$((RANDOM % 9))"
		echo "show routes"
	done | ctl -j -b >/dev/null 2>&1
}
do_show() {
	local topic
	for topic in routes groups interfaces pending; do
		status 0 ctl -d -j show $topic
	done
}
do_flap() {
	local name=flap$((RANDOM % 4))
	if [ -e /sys/class/net/$name ]; then
		[ $((RANDOM % 2)) = 0 ] && ip link set $name down || ip link del $name
	else
		ip link add $name type veth peer name "p$name"
		ip link set $name up
	fi
}
do_attack() { timeout 10 nice python3 "$here/attack.py" "$T/$D.sock" 100 1 >"$T/attack" || fail "$(cat "$T/attack")"; }
# In pieces that fit into the kernel's queue of a processor (1000), where live flows wait too.
do_flood() {
	local first=$((RANDOM * 8)) n
	for ((n = 0; n < 8; n++)); do
		on lab timeout 20 nice "$probe" $((n % 2 * 2 + 4)) lab0 lab1 burst $((first + n * 400)) 400 1 >/dev/null
	done
}
things=(reload reload refused_reload hangup commands show flap flap flap flap attack flood)
declare -A times=()

step "$seconds s of everything, seed $seed"
began=$SECONDS
highest=0 # memory of the second half, against that of the first
early=0
while [ $((SECONDS - began)) -lt "$seconds" ]; do
	thing=${things[RANDOM % ${#things[@]}]}
	"do_$thing"
	times[$thing]=$((${times[$thing]:-0} + 1))
	now=$(memory)
	if [ $(((SECONDS - began) * 2)) -lt "$seconds" ]; then
		[ "$now" -gt "$early" ] && early=$now
	elif [ "$now" -gt "$highest" ]; then
		highest=$now
	fi
	kill -0 "$pid" || fail "the daemon is gone"
done
for thing in "${!times[@]}"; do
	echo "  $thing: ${times[$thing]} times"
done

step "no packet was lost"
kill -TERM "${senders[@]}"
wait "${senders[@]}"
count_stop h1
read -r packets lost twice <<<"$(counted_all h1)"
echo "  $packets packets, $lost lost, $twice twice"
assert_eq "$((4 * each))" "$(awk '$1 == "total" {print $2}' "$T/count.h1")" "flows"
[ "$packets" -gt $((seconds * rate * 3)) ] || fail "only $packets packets"
awk '$1 != "total" && ($4 || $5) {print "  " $0}' "$T/count.h1" | sort | head -n 20
echo "  $(($(overflows) - overflowed)) packets overflowed the queues of the processors, of the whole machine"
assert_eq "0 0" "$lost $twice" "packets lost, packets twice"

step "descriptors and memory are flat"
for ((n = 0; n < 4; n++)); do
	[ ! -e /sys/class/net/flap$n ] || ip link del flap$n
done
base | config
status 0 ctl reload
status 0 ctl flush
wait_for 10 is "$open" descriptors
echo "  $open descriptors; at most $early KiB in the first half, $highest KiB in the second"
# A short run may see its first attack late.
allowed=$((early + early / 20 + (seconds < 300 ? 20000 : 1000)))
[ "$SLOW" -gt 1 ] || [ "$highest" -le $allowed ] || fail "memory grows"

step "the kernel has what the file asks for"
only_exact() { [ "$(awk 'NR > 1' /proc/net/ip_mr_cache | wc -l)" = $each ] &&
	[ "$(awk 'NR > 1' /proc/net/ip6_mr_cache | wc -l)" = $each ]; }
wait_for 20 only_exact
cmp <(grep '^..0001E1' "$T/want4") <(flows4) || fail "IPv4 entries"
cmp <(grep '^ff3e:0001' "$T/want6") <(flows6) || fail "IPv6 entries"
