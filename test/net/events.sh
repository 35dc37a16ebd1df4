#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Events that concern no rule cost next to nothing; events that are lost cost one look at all
# interfaces; more interfaces than the kernel has VIFs: the rest waits, says so, and gets its turn.
#
#	SMCROUTE_EVENTS=3000	how many of the first kind
. "${0%/*}/lib.sh"

events=${SMCROUTE_EVENTS:-3000}
star 3
host far
# comes NAME: an interface with an end in "far".
comes() {
	ip link add "$1" type veth peer name "p$1" netns far && ip -n far link set "p$1" up &&
		ip link set "$1" up || fail "$1 does not come"
}
entry_is() { [ "$(in_kernel "$1" "$2")" = "$3" ]; }
vifs() { awk 'NR > 1 {print $2}' "/proc/net/$1" | sort | xargs; }

# ---- unrelated events ----

comes other
few() {
	echo "mroute from eth0 source 10.0.0.10 group 225.1.0.1 to eth1 eth2"
	echo "mroute from eth0 group 225.2.0.0/16 to eth+"
	echo "mgroup from eth1 group 225.1.0.1"
}
many() {
	few
	awk 'BEGIN { for (n = 0; n < 5000; n++)
		printf "mroute from eth0 source 10.7.%d.%d group 225.7.%d.%d to eth1 eth2\n",
			n / 250, n % 250, n / 250, n % 250 }'
}
# One line for ip(8) for each event: links and addresses, of interfaces with and without rules.
unrelated() {
	local n
	for ((n = 0; n < events; n += 10)); do
		cat <<-END
			link set other alias a$n
			addr add 10.200.$((n / 250 % 250)).$((n % 250))/32 dev other
			link set eth1 alias a$n
			addr del 10.200.$((n / 250 % 250)).$((n % 250))/32 dev other
			link set other mtu 1400
			addr add 10.201.$((n / 250 % 250)).$((n % 250))/32 dev eth1
			link set other mtu 1500
			addr del 10.201.$((n / 250 % 250)).$((n % 250))/32 dev eth1
			link set other promisc on
			link set other promisc off
		END
	done
}
# The netlink sockets of the daemon hold nothing unread.
heard() {
	! awk -v pid="${daemon_pid[$D]}" '$3 == pid && $5 > 0 {found = 1} END {exit !found}' \
		/proc/net/netlink
}
# Nanoseconds that the daemon has run.
cpu() { awk '{print $1}' "/proc/${daemon_pid[$D]}/schedstat"; }
tables() { cat /proc/net/ip_mr_vif /proc/net/ip6_mr_vif /proc/net/ip_mr_cache /proc/net/igmp; }

unrelated | split -l 100 - "$T/batch."
# cost: has the events happen, a hundred at a time; $ns becomes what one costs the daemon.
cost() {
	local batch before
	before=$(cpu)
	for batch in "$T"/batch.*; do
		ip -batch "$batch" || fail "ip -batch"
		wait_for 10 heard
	done
	ns=$((($(cpu) - before) / events))
}

step "$events unrelated events with 2 routes"
few | config
daemon_start -c 0
send h0 -f 20 225.2.0.1
in_kernel 10.0.0.10 225.2.0.20 >/dev/null
cost
with_few=$ns

step "and with 5,000: as cheap, and without a single operation"
many | config
status 0 ctl reload
ip monitor mroute >>"$T/monitor" &
monitor=$!
monitored() {
	ctl add eth0 10.0.0.99 225.99.0.1 eth1 && ctl remove eth0 10.0.0.99 225.99.0.1 &&
		[ "$(grep -c 225.99.0.1 "$T/monitor")" -ge 2 ]
}
wait_for 5 monitored
: >"$T/monitor"
tables >"$T/before"
cost
tables >"$T/after"
kill $monitor
wait $monitor
diff "$T/before" "$T/after" || fail "the kernel's tables are not what they were"
[ ! -s "$T/monitor" ] || fail "routes were touched: $(head -n 3 "$T/monitor")"
! grep -q 'dropped messages' "$T/$D.log" || fail "events were lost, which is another test"
echo "CPU time for an event: $with_few ns, with 5,000 routes $ns ns"
[ "$ns" -lt $((100000 * SLOW)) ] || fail "an event costs $ns ns"
[ "$ns" -lt $((3 * with_few + 10000 * SLOW)) ] || fail "an event costs more when there are more routes"
daemon_stop

# ---- lost events ----

# bounce NAME: to another namespace and back, which its index survives.
bounce() {
	ip link set "$1" netns far && ip -n far link set "$1" netns $$ && ip link set "$1" up ||
		fail "bounce $1"
}
lost() { grep -c 'dropped messages about interfaces' "$T/$D.log"; }
joined() {
	awk -v name="$1" '/^[0-9]/ {on = $2 == name; next} on && $1 == "010001E1"' /proc/net/igmp |
		wc -l
}

step "the daemon stands still while thousands of events overrun it"
comes kept
comes goes
comes old
config <<'END'
mroute from eth0 source 10.0.0.10 group 225.1.0.1 to eth1 kept goes old new late
mroute from kept source 10.0.9.10 group 225.1.0.2 to eth1
mgroup from kept group 225.1.0.1
mgroup from late group 225.1.0.1
END
daemon_start
wait_for 5 entry_is 10.0.0.10 225.1.0.1 "eth0 eth1 goes kept old"
flood() {
	awk 'BEGIN { for (n = 0; n < 20000; n++) print "link set other alias b" n }' >"$T/flood"
	ip -batch "$T/flood" || fail "ip -batch"
}
kill -STOP "${daemon_pid[$D]}"
flood
ip link del goes
bounce kept
ip link set old down
ip link set old name new
ip link set new up
comes late
ip link set eth2 multicast off
flood
kill -CONT "${daemon_pid[$D]}"

step "one look at all interfaces, and everything is right again"
wait_for 10 entry_is 10.0.0.10 225.1.0.1 "eth0 eth1 kept late new"
wait_for 10 entry_is 10.0.9.10 225.1.0.2 "kept eth1"
wait_for 5 is 1 joined kept
wait_for 5 is 1 joined late
assert_eq 1 "$(lost)" "lines about lost events"
for table in ip_mr_vif ip6_mr_vif; do
	assert_eq "eth0 eth1 kept late new" "$(vifs $table)" "$table"
done
assert_eq '["goes is absent; old is absent"]' "$(show pending '[.pending[].reason]')" "pending"
ip -n far addr add 10.0.9.10/24 dev pkept
count_start h1 -n 5
on far "$MCAST" send -i pkept -s 10.0.9.10 -n 5 225.1.0.2 >/dev/null
count_stop h1
assert_eq "5 0 0" "$(counted h1 10.0.9.10 225.1.0.2)" "packets from the one that came back"

step "events are heard as before"
ip link del late
wait_for 5 entry_is 10.0.0.10 225.1.0.1 "eth0 eth1 kept new"
assert_eq 1 "$(lost)" "lines about lost events"
ip link set eth2 multicast on
daemon_stop

# ---- more interfaces than VIFs ----

step "35 interfaces: 32 are served, the rules of the others say why they wait"
for ((n = 0; n < 34; n++)); do
	comes "m$n"
done
{
	echo "phyint eth0"
	for ((n = 0; n < 34; n++)); do
		echo "mroute from eth0 source 10.0.0.10 group 225.7.0.$n to m$n"
		echo "mroute from m$n source 10.7.0.10 group 225.8.0.$n to eth0"
		echo "mgroup from m$n group 225.1.0.1"
	done
} | config
daemon_start
rule() { show routes ".routes.ssm[] | select(.group == \"$1\") | .state + \": \" + (.reason // \"\")"; }
served() { [ "$(rule "225.7.0.$1")" = "active: " ] && [ "$(rule "225.8.0.$1")" = "active: " ]; }
waits="all 32 VIFs are in use"
for table in ip_mr_vif ip6_mr_vif; do
	assert_eq 32 "$(vifs $table | wc -w)" "VIFs in $table"
done
for n in 0 30; do
	served $n || fail "m$n: $(rule "225.7.0.$n"), $(rule "225.8.0.$n")"
done
for n in 31 32 33; do
	for group in 225.7.0.$n 225.8.0.$n; do
		assert_eq "pending: m$n: $waits" "$(rule $group)" "rule for $group"
	done
	assert_match "$waits" "$(show interfaces ".interfaces[] | select(.name == \"m$n\") | .reason")" \
		"why m$n has no VIF"
	assert_eq 1 "$(joined m$n)" "group on m$n, which needs no VIF"
done
assert_eq 6 "$(show pending '.pending | length')" "pending rules"

step "a slot comes free: the first that waits has it at once"
ip link del m5
wait_for 5 served 31
assert_eq "pending: m32: $waits" "$(rule 225.7.0.32)" "the next one"
ip link set m6 multicast off
wait_for 5 served 32
sed -i '/ m7\( \|$\)/d' "$T/$D.conf"
status 0 ctl reload
served 33 || fail "m33: $(rule 225.7.0.33)"
count_start far -i pm33 -n 3
send h0 -n 3 225.7.0.33
count_stop far
assert_eq "3 0 0" "$(counted far 10.0.0.10 225.7.0.33)" "packets by the last one"

step "back again, the others wait now"
ip link set m6 multicast on
wait_for 5 is "pending: m6: $waits" rule 225.7.0.6
comes m5
wait_for 5 is "pending: m5: $waits" rule 225.7.0.5
assert_eq 32 "$(vifs ip_mr_vif | wc -w)" "VIFs"
