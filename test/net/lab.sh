#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# As network test labs use it: routers in namespaces, started in the background by -I, -f and -P
# while their interfaces are down, and told at once by the client what to do; each with files of its
# own in one common folder.
. "${0%/*}/lib.sh"

# shellcheck disable=SC2206
daemon=($SMCROUTED)
# shellcheck disable=SC2206
client=($SMCROUTECTL)
run=$("${daemon[@]}" -h | sed -n 's|.* \(/.*\)/NAME.pid.*|\1|p')
mkdir -p "$run"

# Two routers in a row: source --(in)-- r1 --(mid)-- r2 --(out)-- sink; other --(alt)-- r1
for name in r1 r2 source other sink; do
	host $name
done
veth() { ip link add "$2" netns "$1" type veth peer name "$4" netns "$3" || fail "veth $*"; }
veth source eth0 r1 in
veth other eth0 r1 alt
veth r1 mid r2 mid
veth r2 out sink eth0
for name in source other sink; do
	ip -n $name addr add 10.0.9.10/24 dev eth0
	ip -n $name addr add fd00:9::10/64 dev eth0 nodad
	ip -n $name link set eth0 up
done

# quick COMMAND...: success in less than a second.
quick() {
	local began
	began=$(date +%s%N)
	status 0 "$@"
	took=$((($(date +%s%N) - began) / 1000000))
	[ $took -lt $((1000 * SLOW)) ] || fail "$*: took $took ms"
}
# tell ROUTER WORDS...: the same in silence, by the client.
tell() {
	local router=$1
	shift
	quick on "$router" "${client[@]}" -I "$router" "$@"
	assert_eq "" "$(cat "$T/out" "$T/err")" "output of $*"
}
# kernel ROUTER GROUP: entries of the group's last bytes, as the kernel prints it.
kernel() { on "$1" cat /proc/net/ip_mr_cache /proc/net/ip6_mr_cache | grep -ci "$2"; }

step "started while the interfaces are down, and at once told what to do"
for r in r1 r2; do
	[ $r = r1 ] && echo "phyint alt" >"$T/$r.conf" || : >"$T/$r.conf"
	quick on $r "${daemon[@]}" -N -I $r -f "$T/$r.conf" -P "$T/$r.pid"
done
tell r1 add in 10.0.9.10 225.1.2.3 mid
tell r1 add in fd00:9::10 ff3e::123 mid
tell r2 add mid 10.0.9.10 225.1.2.3 out
tell r2 add mid fd00:9::10 ff3e::123 out
for r in r1 r2; do
	[ -S "$run/$r.sock" ] || fail "no socket of $r"
	kill -0 "$(cat "$T/$r.pid")" || fail "no process of $r"
	assert_eq "1 1" "$(kernel $r 030201E1) $(kernel $r ff3e:0000:0000:0000:0000:0000:0000:0123)" \
		"entries of $r"
done

step "they come up: packets pass both routers from the first one on"
for name in "r1 in" "r1 alt" "r1 mid" "r2 mid" "r2 out"; do
	ip -n "${name% *}" link set "${name#* }" up
done
lower_up() { [ "$(ip -n "$1" -j link show "$2" | jq -r '.[0].operstate')" = UP ]; }
wait_for 5 lower_up sink eth0
wait_for 5 lower_up r2 mid
wait_for 5 lower_up source eth0
# The kernel takes IPv6 multicast in only when it has a route for it on that interface.
takes_in() { [ -n "$(ip -n "$1" -6 route show table local type multicast dev "$2")" ]; }
wait_for 5 takes_in r1 in
wait_for 5 takes_in r1 alt
wait_for 5 takes_in r2 mid
count_start sink -n 200
send source -n 100 -r 1000 225.1.2.3
send source -n 100 -r 1000 ff3e::123
count_stop sink
assert_eq "100 0 0" "$(counted sink 10.0.9.10 225.1.2.3)" "IPv4"
assert_eq "100 0 0" "$(counted sink fd00:9::10 ff3e::123)" "IPv6"

step "the same (S,G) on another interface is dropped, counted, and does not move the route"
count_start sink
send other -n 30 -r 100 225.1.2.3
send other -n 30 -r 100 ff3e::123
send source -n 1 225.1.2.3
send source -n 1 ff3e::123
count_stop sink
assert_eq "1" "$(counted sink 10.0.9.10 225.1.2.3 | cut -d ' ' -f 1)" "IPv4"
assert_eq "2" "$(counted_all sink | cut -d ' ' -f 1)" "all that came"
for group in 225.1.2.3 ff3e::123; do
	assert_eq '["in",["mid"],30]' "$(on r1 "${client[@]}" -I r1 -dj | jq -c ".routes.kernel[] |
		select(.group == \"$group\") | [.iif, .oifs, .wrong_if]")" "the entry of $group"
done

step "removed at once, by the words with which it was added"
tell r1 remove in 10.0.9.10 225.1.2.3 mid
assert_eq '[]' "$(on r1 "${client[@]}" -I r1 -j | jq -c '.routes.kernel[] |
	select(.group == "225.1.2.3") | .oifs')" "the route without its outbound interface"
tell r1 remove in 10.0.9.10 225.1.2.3
tell r1 remove in fd00:9::10 ff3e::123
assert_eq "0 0" "$(kernel r1 030201E1) $(kernel r1 ff3e:0000:0000:0000:0000:0000:0000:0123)" "entries"
status 1 on r1 "${client[@]}" -I r1 remove in 10.0.9.10 225.1.2.3 mid

step "a route without outbound interfaces beside a wider one: the flow goes where that says"
tell r1 add in 10.0.9.10 225.1.2.3 mid
tell r1 remove in 10.0.9.10 225.1.2.3 mid
tell r1 add in 0.0.0.0 225.1.2.3 mid
tell r1 add in :: ff3e::123 mid
quick on r2 "${client[@]}" -I r2 add mid fd00:9::10 ff3e::123 out
count_start sink -n 4
send source -n 2 225.1.2.3
send source -n 2 ff3e::123
count_stop sink
assert_eq "2 0 0" "$(counted sink 10.0.9.10 225.1.2.3)" "IPv4"
assert_eq "2 0 0" "$(counted sink fd00:9::10 ff3e::123)" "IPv6"
tell r1 remove in 0.0.0.0 225.1.2.3 mid
tell r1 remove in :: ff3e::123 mid
count_start sink -n 1
send source -n 2 225.1.2.3
tell r1 add in 10.0.9.10 225.1.2.4 mid
tell r2 add mid 10.0.9.10 225.1.2.4 out
send source -n 1 225.1.2.4
count_stop sink
assert_eq "0 0 0" "$(counted sink 10.0.9.10 225.1.2.3)" "after the removal"

step "join as the labs do, and a route that is there before the packets"
tell r1 join in 225.7.7.7
tell r1 join in 10.0.9.10 232.7.7.7
tell r1 leave in 225.7.7.7
tell r1 leave in 10.0.9.10 232.7.7.7

step "each is stopped by its own name or pid file; the other goes on"
pid=$(cat "$T/r1.pid")
tell r1 kill
wait_for 5 not kill -0 "$pid" 2>/dev/null
[ ! -e "$T/r1.pid" ] && [ ! -e "$run/r1.sock" ] || fail "files of r1 are left"
status 0 on r2 "${client[@]}" -I r2 show
pid=$(cat "$T/r2.pid")
kill "$pid"
wait_for 5 not kill -0 "$pid" 2>/dev/null
[ ! -e "$T/r2.pid" ] && [ ! -e "$run/r2.sock" ] || fail "files of r2 are left"
