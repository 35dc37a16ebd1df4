#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Exit statuses of the daemon, and what it does when a family is not to be had.
here=$(realpath "${0%/*}")
. "${0%/*}/lib.sh"

star 2
config <<'EOF'
mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1
mroute from eth0 source fd00::10 group ff3e::1 to eth1
EOF
options=(-i "$D" -f "$T/$D.conf" -u "$T/$D.sock" -P "$T/$D.pid")
# shellcheck disable=SC2206
daemon=($SMCROUTED)
without() { python3 "$here/without.py" "$@"; }
without inet6 true || skip "no seccomp filters"

# says REGEX: what the command of the last "status" said, and that it said it once.
says() {
	assert_match "$1" "$(cat "$T/err")" "what it says"
	assert_eq 1 "$(grep -cE -e "$1" "$T/err")" "lines that say $1"
}

# take 4|6: another program routes multicast of that family; it is process ${taker[4|6]}.
take() {
	: >"$T/taken$1"
	python3 -c '
import socket, sys, time
if sys.argv[1] == "4":
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IGMP)
    s.setsockopt(socket.IPPROTO_IP, 200, 1)
else:
    s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    s.setsockopt(socket.IPPROTO_IPV6, 200, 1)
print("taken", flush=True)
time.sleep(600)' "$1" >>"$T/taken$1" &
	taker[$1]=$!
	wait_for 5 grep -q taken "$T/taken$1"
}
declare -A taker=()

# works FAMILY...: the routes of just these families are in the kernel.
works() {
	local four="" six=""
	[[ $* == *4* ]] && four="eth0 eth1"
	[[ $* == *6* ]] && six="eth0 eth1"
	assert_eq "$four" "$(in_kernel 10.0.0.10 225.1.1.1)" "the IPv4 route"
	assert_eq "$six" "$(in_kernel fd00::10 ff3e::1)" "the IPv6 route"
}

step "0: ended by SIGTERM, SIGINT, kill and -D; socket and pid file go with it"
for how in TERM INT kill -D; do
	[ "$how" = -D ] && daemon_start -D 1 || daemon_start
	[ -S "$T/smcroute.sock" ] && [ -f "$T/smcroute.pid" ] || fail "no socket or pid file"
	case $how in
	kill) status 0 ctl kill ;;
	-D) ;;
	*) kill "-$how" "${daemon_pid[$D]}" ;;
	esac
	daemon_ended 0
	[ ! -e "$T/smcroute.sock" ] && [ ! -e "$T/smcroute.pid" ] || fail "$how leaves a file behind"
done

step "69: all families taken; likely culprits are named, in the background too"
take 4
take 6
status 69 "${daemon[@]}" -n "${options[@]}"
says 'pimd|mrouted|igmpproxy'
status 69 "${daemon[@]}" "${options[@]}"
says 'pimd|mrouted|igmpproxy'

step "one family taken, one absent: 69 as well"
kill "${taker[6]}"
wait "${taker[6]}" 2>/dev/null
status 69 without inet6 "${daemon[@]}" -n "${options[@]}"

step "IPv4 taken: said once, IPv6 goes on"
daemon_start
works 6
assert_eq 1 "$(grep -c 'IPv4.*taken' "$T/smcroute.log")" "lines about IPv4"
daemon_stop

step "IPv6 taken: said once, IPv4 goes on"
kill "${taker[4]}"
wait "${taker[4]}" 2>/dev/null
take 6
daemon_start
works 4
assert_eq 1 "$(grep -c 'IPv6.*taken' "$T/smcroute.log")" "lines about IPv6"
daemon_stop
kill "${taker[6]}"

step "a kernel without IPv6, in each of the ways in which it says so; without IPv4 the same"
plain=$SMCROUTED
for lack in inet6=EAFNOSUPPORT inet6=EPROTONOSUPPORT mroute6=ENOPROTOOPT mroute6=EOPNOTSUPP; do
	SMCROUTED="python3 $here/without.py $lack $plain"
	daemon_start
	works 4
	assert_eq 1 "$(grep -c 'no IPv6 multicast routing' "$T/smcroute.log")" "lines about IPv6"
	daemon_stop
done
SMCROUTED="python3 $here/without.py mroute4 $plain"
daemon_start
works 6
assert_eq 1 "$(grep -c 'no IPv4 multicast routing' "$T/smcroute.log")" "lines about IPv4"
daemon_stop
SMCROUTED=$plain

step "76: no multicast routing at all; no multiple tables with -t"
status 76 without mroute4 mroute6 "${daemon[@]}" -n "${options[@]}"
says 'CONFIG_IP_MROUTE'
status 76 without mroute4 inet6 "${daemon[@]}" "${options[@]}"
says 'CONFIG_IP_MROUTE'
status 76 without tables4 tables6 "${daemon[@]}" -n "${options[@]}" -t 7
says 'leave out -t'

step "77: not permitted; 71: the system is out of something"
status 77 setpriv --inh-caps=-all --bounding-set=-all "${daemon[@]}" -n "${options[@]}"
says 'CAP_NET_ADMIN.*CAP_NET_RAW'
status 71 without netlink "${daemon[@]}" -n "${options[@]}"
says 'Cannot allocate memory'
status 71 without mroute4=ENOMEM mroute6 "${daemon[@]}" -n "${options[@]}"
says 'Cannot allocate memory'

step "the two capabilities are all it needs"
SMCROUTED="setpriv --inh-caps=-all,+net_admin,+net_raw --bounding-set=-all,+net_admin,+net_raw $plain"
daemon_start
works 4 6
daemon_stop
SMCROUTED=$plain

step "70: it crashes in the background before it is ready"
awk 'BEGIN {for (i = 0; i < 200000; i++)
	print "mroute from eth0 source 10.1.1.1 group 225." int(i / 65536) "." int(i / 256) % 256 \
		"." i % 256 " to eth1"}' >"$T/long.conf"
child_of() { child=$(pgrep -P "$parent"); }
if [[ $SMCROUTED == *" "* ]]; then
	echo "  (not behind a wrapper: the child would be the wrapper's)"
else
	"${daemon[@]}" "${options[@]}" -f "$T/long.conf" >"$T/out" 2>"$T/err" </dev/null &
	parent=$!
	wait_for 5 child_of
	kill -ABRT "$child"
	got=0
	wait $parent || got=$?
	assert_eq 70 $got "status of the starting process"
fi

step "a range of groups in a family that the kernel lacks is not told one by one"
config <<'EOF'
mgroup from eth0 group ff05::/120
mgroup from eth0 group 225.1.1.1
EOF
SMCROUTED="python3 $here/without.py inet6 $plain"
daemon_start
assert_eq "225.1.1.1" "$(show groups '.groups.kernel[].group')" "memberships"
[ "$(grep -c warning "$T/smcroute.log")" -le 2 ] || fail "too many words"
