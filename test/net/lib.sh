# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# lib.sh: what a net test stands on.  A test is a bash script that begins with
#
#	. "${0%/*}/lib.sh"
#
# and finds itself as root of a network, mount, process and (unless it said "needs_root=yes" before)
# user namespace of its own.  That namespace is the router; other hosts are further network
# namespaces, tied to it by veth pairs.  Everything, files included, goes with the last process.
#
# From the environment: SMCROUTED and SMCROUTECTL, the programs under test (may be several words,
# "valgrind -q ... /path/smcrouted"); MCAST, the packet tool; SLOW, a factor for all time limits;
# DROP_TO, a user that each daemon shall become (-p), which takes real root, and who owns the folder.
# Status: 0 passed, 77 skipped, anything else failed.  Nothing here sleeps for a fixed time: say
# what you wait for.

set -u -o pipefail

: "${needs_root:=no}" "${DROP_TO:=}"
[ -z "$DROP_TO" ] || needs_root=yes

if [ -z "${NET_INSIDE:-}" ]; then
	export NET_INSIDE=yes
	[ "$needs_root" = yes ] && [ "$(id -u)" != 0 ] && { echo "needs root"; exit 77; }
	[ "$needs_root" = yes ] && user=() || user=(--user --map-root-user)
	exec unshare "${user[@]}" --net --mount --pid --fork --kill-child bash "$0" "$@"
fi

# In a virtual machine of its own a test needs nothing of that.
if [ "$NET_INSIDE" != machine ]; then
	mount --make-rprivate / && mount -t proc proc /proc && mount -t sysfs sysfs /sys &&
		mount -t tmpfs tmpfs /run || exit 1
fi
mkdir -p /run/netns /run/t || exit 1
ip link set lo up

: "${SMCROUTED:?}" "${SMCROUTECTL:?}" "${MCAST:?}" "${SLOW:=1}"
T=/run/t	# files of this test
D=smcroute	# name of the daemon that is meant: configuration, log, socket are $T/$D.*
declare -A daemon_pid=() counter_pid=()
[ -z "$DROP_TO" ] || chown "$DROP_TO" "$T" || exit 1
cd "$T" || exit 1

# ---- verdicts ----

# Ends the test: prints why, and what the daemons said.
fail() {
	local log
	echo "FAILED at line ${BASH_LINENO[*]}: $*"
	for log in "$T"/*.log; do
		[ -s "$log" ] && { echo "--- ${log##*/} (last lines)"; tail -n 40 "$log"; }
	done
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

# assert_eq WANT GOT WHAT
assert_eq() {
	[ "$1" = "$2" ] || fail "$3: want '$1', got '$2'"
}

# assert_match REGEX TEXT WHAT
assert_match() {
	[[ $2 =~ $1 ]] || fail "$3: '$2' does not match '$1'"
}

# status WANT COMMAND...: runs it, output to $T/out and $T/err, and checks how it ended.
status() {
	local want=$1 got=0
	shift
	"$@" >"$T/out" 2>"$T/err" </dev/null || got=$?
	[ "$got" = "$want" ] || fail "$*: want status $want, got $got; said: $(cat "$T/out" "$T/err")"
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
	local end=$((SECONDS + $1 * SLOW)) what
	shift
	what=$*
	until "$@"; do
		[ "$SECONDS" -gt "$end" ] && fail "waited in vain for: $what"
		sleep 0.05
	done
}

not() { ! "$@"; }

# is WANT COMMAND...: whether it prints just that.
is() {
	local want=$1
	shift
	[ "$("$@" 2>/dev/null)" = "$want" ]
}

step() { echo "- $*"; }

# One place to clean up: every daemon must end well, without a word from sanitizer or valgrind.
at_exit() {
	local got=$?
	trap - EXIT
	if [ $got = 0 ]; then
		for D in "${!daemon_pid[@]}"; do
			daemon_stop
		done
	fi
	exit $got
}
trap at_exit EXIT

# ---- the network ----

# Settings of a namespace: spoofed sources are welcome, addresses are usable at once.
sysctl_host() {
	local key
	for key in net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
		net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0; do
		"$@" sysctl -e -q -w $key || return 1
	done
}
sysctl_host || fail "sysctl"

# host NAME: another network namespace.
host() {
	ip netns add "$1" && ip -n "$1" link set lo up && sysctl_host ip netns exec "$1" || fail "host $1"
}

# on HOST COMMAND...: "router" is this namespace.
on() {
	local enter=(ip netns exec "$1")
	[ "$1" = router ] && enter=()
	shift
	"${enter[@]}" "$@"
}

# link HOST IF N: veth from IF of the router to eth0 of HOST, numbered N: the router has 10.0.N.1
# and fd00:N::1, the host 10.0.N.10 and fd00:N::10.
link() {
	ip link add "$2" type veth peer name eth0 netns "$1" &&
		ip addr add "10.0.$3.1/24" dev "$2" &&
		ip -n "$1" addr add "10.0.$3.10/24" dev eth0 || fail "link $*"
	if [ -e /proc/sys/net/ipv6 ]; then
		ip addr add "fd00:$3::1/64" dev "$2" nodad &&
			ip -n "$1" addr add "fd00:$3::10/64" dev eth0 nodad || fail "link $*"
	fi
	ip link set "$2" up && ip -n "$1" link set eth0 up || fail "link $*"
	wait_for 5 link_up "$2"
}

link_up() {
	[ "$(cat "/sys/class/net/$1/operstate")" = up ]
}

# star COUNT: hosts h0, h1, ... on eth0, eth1, ... of the router.
star() {
	local n
	for ((n = 0; n < $1; n++)); do
		host "h$n"
		link "h$n" "eth$n" "$n"
	done
}

# both_ends PREFIX: one host "lab" on two interfaces of the router: its lab0 and lab1 are at PREFIX0
# and PREFIX1.
both_ends() {
	local n
	host lab
	for n in 0 1; do
		ip link add "$1$n" type veth peer name "lab$n" netns lab && ip link set "$1$n" up &&
			ip -n lab link set "lab$n" up || fail "link $n"
		wait_for 5 link_up "$1$n"
	done
}

# take_family 4|6: another program routes multicast of this family, until process $taker ends.
take_family() {
	python3 -c '
import socket, sys, time
family, protocol, level = {
    "4": (socket.AF_INET, socket.IPPROTO_IGMP, socket.IPPROTO_IP),
    "6": (socket.AF_INET6, socket.IPPROTO_ICMPV6, socket.IPPROTO_IPV6),
}[sys.argv[1]]
s = socket.socket(family, socket.SOCK_RAW, protocol)
s.setsockopt(level, 200, 1)  # MRT_INIT, MRT6_INIT
print("taken", flush=True)
time.sleep(600)' "$1" >"$T/taken" &
	taker=$!
	wait_for 5 grep -q taken "$T/taken"
}

# ---- the daemon ----

# config: standard input becomes the configuration of daemon $D.
config() { cat >"$T/$D.conf"; }

# daemon_start [OPTIONS]: in the foreground of the shell's background; returns when it is ready.
daemon_start() {
	daemon_launch "$@"
	wait_for 10 daemon_ready
}

daemon_launch() {
	: >"$T/$D.log"
	# shellcheck disable=SC2086
	$SMCROUTED -n -i "$D" -f "$T/$D.conf" -u "$T/$D.sock" -P "$T/$D.pid" -l info \
		${DROP_TO:+-p "$DROP_TO"} "$@" \
		>>"$T/$D.log" 2>&1 </dev/null &
	daemon_pid[$D]=$!
}

daemon_ready() {
	kill -0 "${daemon_pid[$D]}" 2>/dev/null || fail "the daemon $D is gone"
	grep -q 'Ready' "$T/$D.log"
}

# daemon_stop: asks it to leave and looks how it did.
daemon_stop() {
	kill -TERM "${daemon_pid[$D]}" 2>/dev/null
	daemon_ended 0
}

# daemon_ended STATUS: waits for its end.
daemon_ended() {
	local pid=${daemon_pid[$D]} got=0
	unset "daemon_pid[$D]"
	(wait_for 15 not kill -0 "$pid") 2>/dev/null || { kill -ABRT "$pid"; fail "$D does not end"; }
	wait "$pid" || got=$?
	grep -q -e 'ERROR: AddressSanitizer' -e 'ERROR: LeakSanitizer' -e 'runtime error:' "$T/$D.log" &&
		fail "a sanitizer complains about $D"
	assert_eq "$1" "$got" "exit status of the daemon $D"
}

# ctl WORDS...: the client of daemon $D.
ctl() {
	# shellcheck disable=SC2086
	$SMCROUTECTL -u "$T/$D.sock" "$@"
}

# show TOPIC JQ-FILTER: from "show TOPIC" as JSON, with details.
show() {
	ctl -d -j show "$1" | jq -rc "$2"
}

# in_kernel SOURCE GROUP: the kernel's entry as "iif oif oif", or nothing; as the daemon reports it.
in_kernel() {
	show routes ".routes.kernel[] | select(.source == \"$1\" and .group == \"$2\")
		| [.iif] + (.oifs | sort) | join(\" \")"
}

# ---- packets ----

# send HOST ARGS...: from eth0 of a host; returns when all are sent.  See "mcast send".
send() {
	local where=$1
	shift
	on "$where" "$MCAST" send -i eth0 "$@" >/dev/null || fail "mcast send $*"
}

# send_learned HOST SOURCE GROUP COUNT [ARGS...]: a flow that the router has to learn.  The kernel
# keeps no more than four packets of it until then, so the others follow when there is an entry.
send_learned() {
	send "$1" -s "$2" "${@:5}" -n 1 "$3"
	wait_for 5 learned "$2" "$3"
	send "$1" -s "$2" "${@:5}" -n $(($4 - 1)) -b 1 "$3"
}

learned() { [ -n "$(in_kernel "$1" "$2")" ]; }

# send_start HOST ARGS...: the same in the background, process number in $sender; with -n 0 until
# it is killed.
send_start() {
	ip netns exec "$1" "$MCAST" send -i eth0 "${@:2}" >/dev/null </dev/null &
	sender=$!
}

# count_start HOST [ARGS...]: counts all that comes to eth0 of a host; several names may count on
# one host as HOST:NAME.  Returns when the counter is ready.
count_start() {
	local name=$1 enter=(ip netns exec "${1%%:*}")
	[ "$1" = router ] && enter=()
	shift
	: >"$T/count.$name"
	"${enter[@]}" "$MCAST" recv -i eth0 "$@" >"$T/count.$name" 2>&1 </dev/null &
	counter_pid[$name]=$!
	wait_for 5 grep -q ready "$T/count.$name"
}

# count_stop NAME...: what is on the way is waited for.
count_stop() {
	local name
	for name; do
		kill -TERM "${counter_pid[$name]}" 2>/dev/null
		wait "${counter_pid[$name]}"
		unset "counter_pid[$name]"
		grep -q dropped "$T/count.$name" && fail "the counter $name could not keep up"
	done
	return 0
}

# counted NAME SOURCE GROUP: packets of a flow, as "PACKETS LOST DUPLICATES"; nothing: "0 0 0".
counted() {
	awk -v s="$2" -v g="$3" '$1 == s && $2 == g {n = $3 " " $4 " " $5} END {print n ? n : "0 0 0"}' \
		"$T/count.$1"
}

# counted_all NAME: the same for everything it got.
counted_all() {
	awk '$1 == "total" {n = $3 " " $4 " " $5} END {print n}' "$T/count.$1"
}
