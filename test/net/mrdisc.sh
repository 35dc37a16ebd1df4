#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Multicast router discovery: the packets byte by byte, their timing, who takes part, what is
# ignored.
packets=$(realpath "${0%/*}")/mrdisc.py
. "${0%/*}/lib.sh"

config <<<'phyint eth0 enable mrdisc'
# shellcheck disable=SC2086
if $SMCROUTED -F "$T/$D.conf" 2>&1 | grep -q 'enable-mrdisc'; then
	printf 'phyint eth0 mrdisc\nphyint eth1 mrdisc\n' >"$T/$D.conf"
	status 0 $SMCROUTED -F "$T/$D.conf"
	assert_match "$D.conf:1:[0-9]+: warning: mrdisc has no effect" "$(cat "$T/err")" \
		"built without"
	assert_eq 1 "$(wc -l <"$T/err")" "lines said about it"
	skip "smcrouted was built without --enable-mrdisc"
fi
sysctl -q -w net.ipv6.conf.default.addr_gen_mode=1 net.ipv6.auto_flowlabels=0 || fail "sysctl"

# watch HOST [FILE]: what comes to eth0 of the host, from now on.
declare -A watcher=()
watch() {
	watch_stop "$1"
	: >"$T/watch.$1"
	ip netns exec "$1" python3 "$packets" watch eth0 "${@:2}" >"$T/watch.$1" 2>&1 </dev/null &
	watcher[$1]=$!
	wait_for 10 grep -q ready "$T/watch.$1"
}

watch_stop() {
	[ -z "${watcher[$1]:-}" ] || { kill "${watcher[$1]}"; wait "${watcher[$1]}"; } 2>/dev/null
	unset "watcher[$1]"
}

# seen HOST FAMILY KIND: how many.
seen() { grep -c "^[0-9]* $2 $3 " "$T/watch.$1"; }

seen_least() { [ "$(seen "$1" "$2" "$3")" -ge "$4" ]; }

# saw_both HOST KIND N: at least so many of each family.
saw_both() { seen_least "$1" ipv4 "$2" "$3" && seen_least "$1" ipv6 "$2" "$3"; }

# solicit HOST ARGS...
solicit() {
	ip netns exec "$1" python3 "$packets" solicit eth0 "${@:2}" || fail "solicit $*"
}

# about IF FAMILY KEY: of show interfaces.
about() { show interfaces ".interfaces[] | select(.name == \"$1\") | .mrdisc.$2.$3"; }

# Whether it advertises; the first one may come at once, so that nobody sees it "starting".
takes_part() { [[ $(about "$1" ipv4 state) == @(starting|active) ]]; }

reload_with() {
	config
	status 0 ctl reload
}

star 2
ip addr add fe80::1/64 dev eth0 nodad
ip addr add fe80::1/64 dev eth1 nodad

step "advertisements: byte by byte, on the interface that has mrdisc and on no other"
watch h0 "$T/h0.pcap"
watch h1
config <<'EOF'
phyint eth0 enable mrdisc
phyint eth1 enable
EOF
daemon_start
wait_for 10 saw_both h0 advertisement 3
hex4=$(awk '$2 == "ipv4" {print $10; exit}' "$T/watch.h0")
hex6=$(awk '$2 == "ipv6" {print $10; exit}' "$T/watch.h0")
assert_match '^46000020....4000 0102....0a000001e000006a940400003014cfeb00000000$' \
	"${hex4:0:16} ${hex4:16}" "IPv4 (but for id and header checksum)"
assert_eq "6000000000100001fe800000000000000000000000000001ff02000000000000000000000000006a\
3a0005020000010097146aba00000000" "$hex6" "IPv6"
assert_eq "active active" "$(about eth0 ipv4 state) $(about eth0 ipv6 state)" "show interfaces"
assert_eq null "$(show interfaces '.interfaces[] | select(.name == "eth1") | .mrdisc')" "eth1"
assert_match "eth0 .*mrdisc ipv4 active, [0-9]+ sent, 0 received, 0 ignored; mrdisc ipv6 active, " \
	"$(ctl -d show interfaces)" "show interfaces -d"

step "a termination of each family when the daemon ends"
daemon_stop
wait_for 5 saw_both h0 termination 1
hex4=$(awk '$3 == "termination" && $2 == "ipv4" {print $10}' "$T/watch.h0")
hex6=$(awk '$3 == "termination" && $2 == "ipv6" {print $10}' "$T/watch.h0")
assert_match '^4600001c....4000 0102....0a000001e000006a940400003200cdff$' \
	"${hex4:0:16} ${hex4:16}" "IPv4 (but for id and header checksum)"
assert_eq "60000000000c0001fe800000000000000000000000000001ff02000000000000000000000000006a\
3a00050200000100990068d2" "$hex6" "IPv6"
watch_stop h0
assert_eq ready "$(cat "$T/watch.h1")" "packets on eth1"
assert_eq "" "$(grep -v -e ready -e ' 1 alert good ' "$T/watch.h0")" "odd packets"

if command -v tshark >/dev/null; then
	step "tshark finds nothing to complain about"
	# It knows the IPv6 messages, and of the IPv4 ones all but what is behind their type.
	sniff() { tshark -r "$T/h0.pcap" -o ip.check_checksum:TRUE "$@" 2>/dev/null; }
	assert_eq "" "$(sniff -Y '_ws.expert || _ws.malformed')" "complaints"
	assert_eq "$(($(wc -l <"$T/watch.h0") - 1))" "$(sniff -Y 'ip.checksum.status == 1 &&
		igmp.type in {0x30, 0x32} && ip.opt.type == 148 || icmpv6.checksum.status == 1 &&
		icmpv6.type in {151, 153} && ipv6.opt.router_alert == 0' | wc -l)" "packets"
fi

step "three early ones within seconds, then one an interval, give or take a fortieth"
watch h0
daemon_start -m 4
wait_for 25 saw_both h0 advertisement 6
for family in ipv4 ipv6; do
	assert_eq 4 "$(awk -v f=$family '$2 == f {print $9; exit}' "$T/watch.h0")" "interval told"
	awk -v f=$family -v slack=$((500 * SLOW)) '
		$2 != f { next }
		n++ {
			gap = $1 - last
			print "  " f, gap " ms"
			if (n <= 3 ? gap > 2000 + slack : gap < 3900 - slack || gap > 4100 + slack)
				bad = 1
		}
		{ last = $1 }
		END { exit bad }' "$T/watch.h0" || fail "timing of $family"
done

step "solicitations: answered within 2 s, but a flood of them not more than any other"
answered() { # FAMILY SOLICIT-ARGS...: asks right after an advertisement
	local family=$1 had asked took
	had=$(seen h0 "$family" advertisement)
	wait_for 6 seen_least h0 "$family" advertisement $((had + 1))
	had=$(seen h0 "$family" advertisement)
	asked=$(solicit h0 "${@:2}")
	wait_for 6 seen_least h0 "$family" advertisement $((had + 1))
	took=$(awk -v f="$family" -v n=$((had + 1)) '$2 == f && ++i == n {print $1}' "$T/watch.h0")
	echo "  $family after $((took - asked)) ms"
	[ $((took - asked)) -lt $((2000 + 500 * SLOW)) ] || fail "no answer to $*"
}
ip -n h0 addr add fe80::10/64 dev eth0 nodad
answered ipv4 -s 10.0.0.10
answered ipv6 -s fe80::10
answered ipv4 -s 0.0.0.0
watch h0
begin=$SECONDS
solicit h0 -s 10.0.0.10 -n 20000 >/dev/null
solicit h0 -s fe80::10 -n 20000 >/dev/null
status 0 ctl show
wait_for 6 saw_both h0 advertisement 1
more=$(($(seen h0 ipv4 advertisement) + $(seen h0 ipv6 advertisement)))
[ $more -le $((8 * (SECONDS - begin + 1))) ] || fail "$more advertisements for a flood"
[ "$(about eth0 ipv4 received)" -gt 2 ] || fail "counter of solicitations"
assert_eq "0 0" "$(about eth0 ipv4 ignored) $(about eth0 ipv6 ignored)" "ignored so far"

step "malformed and hostile ones are ignored and counted"
settled() { # the flood is eaten up
	local before
	before=$(about eth0 "$1" received)
	sleep 0.3
	[ "$before" = "$(about eth0 "$1" received)" ]
}
wait_for 20 settled ipv4
wait_for 20 settled ipv6
ignored() { # FAMILY SOLICIT-ARGS...
	local family=$1 before received
	before=$(about eth0 "$family" ignored)
	received=$(about eth0 "$family" received)
	solicit h0 "${@:2}" >/dev/null
	wait_for 5 is $((before + 1)) about eth0 "$family" ignored
	assert_eq "$received" "$(about eth0 "$family" received)" "received after $*"
}
ignored ipv4 -s 10.0.0.10 -c
ignored ipv4 -s 10.0.0.10 -l 3
ignored ipv4 -s 10.0.0.10 -t 2
ignored ipv4 -s 10.0.0.10 -d 224.0.0.1
ignored ipv4 -s 10.0.1.10
ignored ipv4 -s 192.0.2.1
ignored ipv6 -s fe80::10 -c
# The kernel itself drops ICMPv6 without a whole header.
ignored ipv6 -s fe80::10 -t 255
ignored ipv6 -s fe80::10 -d ff02::1
ignored ipv6 -s fd00::10
ignored ipv6 -s ::
ignored ipv6 -s fe80:1::10

step "a reload that takes mrdisc away: terminations; one that brings it: early ones again"
reload_with <<<'phyint eth0 enable'
wait_for 5 saw_both h0 termination 1
assert_eq null "$(about eth0 ipv4 state)" "show interfaces"
watch h0
reload_with <<<'phyint eth0 enable mrdisc'
wait_for 8 saw_both h0 advertisement 3
reload_with <<<'phyint eth0 disable mrdisc'
wait_for 5 saw_both h0 termination 1

step "a wildcard takes late interfaces; a rename lets go of them, with a termination"
reload_with <<<'phyint late+ enable mrdisc'
host far
link far late0 7
watch far
ip addr add fe80::1/64 dev late0 nodad
wait_for 10 saw_both far advertisement 2
if ip link set late0 name other 2>/dev/null; then
	wait_for 5 saw_both far termination 1
else # a kernel that renames only what is down
	ip link set late0 down && ip link set late0 name other && ip link set other up ||
		fail "rename"
fi
wait_for 5 is null about other ipv4 state
watch far
ip link set other down && ip link set other name late9 && ip link set late9 up || fail "rename"
ip addr replace fe80::1/64 dev late9 nodad
wait_for 10 saw_both far advertisement 2

step "it goes and comes back, with counters of its own"
watch_stop far
ip link del late9
link far late0 7
ip addr add fe80::1/64 dev late0 nodad
watch far
wait_for 10 saw_both far advertisement 2

step "without MULTICAST it does not take part: a termination"
ip link set late0 multicast off
wait_for 5 saw_both far termination 1
ip link set late0 multicast on
wait_for 5 takes_part late0

step "without address: the daemon waits for one, and the other family goes on"
watch_stop far
ip link del late0
ip link add late1 type veth peer name eth0 netns far
ip -n far link set eth0 up
watch far
ip link set late1 up
wait_for 10 is waiting about late1 ipv4 state
wait_for 10 is "no address" about late1 ipv6 reason
ip addr add 10.0.8.1/24 dev late1
wait_for 8 seen_least far ipv4 advertisement 1
assert_eq "waiting" "$(about late1 ipv6 state)" "IPv6"
ip addr add fd00:8::1/64 dev late1 nodad
ip addr add fe80::8/64 dev late1 nodad
wait_for 8 seen_least far ipv6 advertisement 1
assert_eq "fe80::8" "$(awk '$2 == "ipv6" {print $4; exit}' "$T/watch.far")" "its source"
assert_eq "active" "$(about late1 ipv4 state)" "IPv4"
ip addr flush dev late1 scope global
wait_for 8 is waiting about late1 ipv4 state
watch_stop far
ip link del late1

step "more interfaces than one socket may have memberships"
limit=$(sysctl -n net.ipv4.igmp_max_memberships)
for ((n = 0; n < limit + 5; n++)); do
	ip link add "m$n" type veth peer name "p$n" netns far
	ip addr add "10.9.$n.1/24" dev "m$n" && ip link set "m$n" up &&
		ip -n far link set "p$n" up || fail "interface m$n"
done
reload_with <<<'phyint m+ enable mrdisc'
all_of() { # KEY MIN: how many of them
	show interfaces "[.interfaces[] | select(.mrdisc.ipv4.$1 >= $2)] | length"
}
wait_for 10 is $((limit + 5)) all_of sent 1
for ((n = 0; n < limit + 5; n++)); do
	ip netns exec far python3 "$packets" solicit "p$n" -s "10.9.$n.2" >/dev/null ||
		fail "solicit p$n"
done
wait_for 10 is $((limit + 5)) all_of received 1
daemon_stop
for ((n = 0; n < limit + 5; n++)); do
	ip link del "m$n"
done
