#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A flood of new flows from sources that do not exist, and packets that pretend to be the kernel's own
# requests: memory has a bound, established flows lose nothing, and all is well afterwards.
#
#	SMCROUTE_FLOOD=1000000	how many flows
here=$(realpath "${0%/*}")
. "${0%/*}/lib.sh"

flows=${SMCROUTE_FLOOD:-16000}
limit=4000
each=20
probe=${MCAST%/net/mcast}/bench/probe
star 2
both_ends noise
config <<'EOF'
mroute from eth0 group 230.1.1.0/24 to eth1
mroute from eth0 group ff3e:2::/32 to eth1
mroute from noise0 group 225.0.0.0/8 to noise1
mroute from noise0 group ff3e::/32 to noise1
EOF
daemon_start -c 2 --max-flows $limit
pid=${daemon_pid[$D]}
memory() { awk -v w="$1:" '$1 == w {print $2}' "/proc/$pid/status"; }
# entries: those in force; the kernel also lists what waits for one.
entries() { cat /proc/net/ip_mr_cache /proc/net/ip6_mr_cache | awk '$3 >= 0 && $3 < 32' | grep -vc Group; }
established() { [ "$(grep -c '^..0101E6' /proc/net/ip_mr_cache) $(grep -c '^ff3e:0002' /proc/net/ip6_mr_cache)" \
	= "$each $each" ]; }

step "forged packets: no route comes of them"
on h0 python3 "$here/forge.py" eth0 4000 20010911 || fail "forge"
send h0 230.1.1.200 # the last of all: when it is through, the others were looked at
learned_marker() { grep -q '^C80101E6' /proc/net/ip_mr_cache; }
wait_for 5 learned_marker
kill -0 "$pid" || fail "the daemon is gone"
grep -h '^..4242E1\|^ff3e:0000:0000:0000:0000:0000:0066' /proc/net/ip_mr_cache /proc/net/ip6_mr_cache &&
	fail "entries for packets that were never sent"
status 0 ctl show

step "live flows, and then $flows new ones; $limit is the limit"
senders=()
count_start h1
for group in 230.1.1.0 ff3e:2::; do
	send_start h0 -f $each -r 200 -n 0 $group
	senders+=("$sender")
done
wait_for 10 established
base=$(memory VmRSS)
# In pieces that fit into the kernel's queue of a processor (1000), where live flows wait too.
for ((first = 0; first < flows; first += 1600)); do
	for family in 4 6; do
		on lab nice "$probe" $family lab0 lab1 burst $first 800 1 >/dev/null || fail "probe"
	done
	established || fail "an established flow has lost its entry"
	[ "$(entries)" -le $((limit + 50)) ] || fail "$(entries) entries"
done
grep -q -- "--max-flows allows" "$T/$D.log" || fail "not a word about the limit"
[ "$(wc -l <"$T/$D.log")" -lt $((40 + flows / 1000)) ] || fail "$(wc -l <"$T/$D.log") lines of log"
echo "  from $base to $(memory VmHWM) KiB"
[ "$SLOW" -gt 1 ] || [ "$(memory VmHWM)" -le $((base + 20000)) ] || fail "$(memory VmHWM) KiB"

step "it is over: what it brought is forgotten, new flows are routed"
few() { [ "$(entries)" -le $((2 * each + 30)) ]; }
wait_for 20 few
read -r _ _ _ lost < <(on lab "$probe" 4 lab0 lab1 latency 5000000 50 1000)
assert_eq 0 "$lost" "new flows that were not routed"

step "the established flows lost nothing"
kill -TERM "${senders[@]}"
wait "${senders[@]}"
count_stop h1
read -r packets lost twice <<<"$(counted_all h1)"
echo "  $packets packets, $lost lost, $twice twice"
[ "$packets" -gt 400 ] || fail "only $packets packets"
assert_eq "0 0" "$lost $twice" "packets lost, packets twice"
