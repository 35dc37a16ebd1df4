#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.sh: what the daemon costs, measured against the least that the kernel lets anybody pay.
#
#	bench.sh [table] [FIGURE...]	measures (default: everything) and prints one table
#	bench.sh plots DIR		measures growth from 1,000 to 400,000 routes, writes SVG plots
#
# From the environment: SMCROUTED and SMCROUTECTL, the programs under test; BARE and PROBE, the tools
# beside this script, built; ROUNDS, how often each sample is taken, the median counts (default 5).
#
# A sample runs in network, mount and process namespaces of its own, so every kernel table is fresh;
# samples of the daemon and of the bare loop alternate, so that both see the same machine.  Run it
# as root: in a user namespace the kernel gives no large receive buffers, and the figures that need
# them are left out.  Status: 0 all targets met, 1 not, 77 nothing could be measured.

set -u -o pipefail

: "${SMCROUTED:?}" "${SMCROUTECTL:?}" "${BARE:?}" "${PROBE:?}" "${ROUNDS:=5}"
SMCROUTED=$(realpath "$SMCROUTED") SMCROUTECTL=$(realpath "$SMCROUTECTL")
BARE=$(realpath "$BARE") PROBE=$(realpath "$PROBE") SELF=$(realpath "$0")
export SMCROUTED SMCROUTECTL BARE PROBE ROUNDS

N=100000	# routes of most figures

# ---- inside the namespaces of a sample ----

# Entry k is the same here, in bare.c and in probe.c.  lines FAMILY N FORMAT: %s source, %s group.
lines() {
	awk -v family="$1" -v n="$2" -v format="$3\n" 'BEGIN {
		for (k = 0; k < n; k++) {
			low = k % 65536
			if (family == 4) {
				s = "10.1." int(low / 256) "." low % 256
				g = 225 "." int(k / 65536) "." int(low / 256) "." low % 256
			} else {
				s = sprintf("fd00:1::%x", low)
				g = sprintf("ff3e::%x:%x", int(k / 65536), low)
			}
			printf format, s, g
		}
	}'
}

routes() { lines "$1" "$2" 'mroute from in source %s group %s to out'; }

# The one rule that covers every flow.
wildcard() {
	[ "$1" = 4 ] && echo 'mroute from in group 225.0.0.0/8 to out' ||
		echo 'mroute from in group ff3e::/16 to out'
}

# 10,000 rules in 20 pairs of source and group length; the flows of the burst are covered by some.
mixed() {
	wildcard "$1"
	awk -v family="$1" 'BEGIN {
		for (i = 1; i < 10000; i++) {
			pair = i % 20; number = int(i / 20)
			if (family == 4) {
				slen = 16 + 4 * (pair % 4); glen = 20 + 3 * int(pair / 4)
				s = "10.1." number % 256 ".0"; g = "225." int(number / 256) "." number % 256 ".0"
			} else {
				slen = 96 + 8 * (pair % 4); glen = 100 + 6 * int(pair / 4)
				s = sprintf("fd00:1::%x", number * 64); g = sprintf("ff3e::%x", number * 64)
			}
			printf "mroute from in source %s/%d group %s/%d to out\n", s, slen, g, glen
		}
	}'
}

now() { echo "${EPOCHREALTIME/./}"; }

# took COMMAND...: its microseconds.
took() {
	local start
	start=$(now)
	"$@" >/run/took 2>&1 </dev/null || { echo "failed: $*" >&2; head -3 /run/took >&2; return 1; }
	echo $(($(now) - start))
}

# Returns when it is ready.
start() { "$SMCROUTED" -f /run/conf -u /run/sock -P /run/pid -l none --max-flows 1000000 "$@"; }

ctl() { "$SMCROUTECTL" -u /run/sock "$@"; }
pid() { cat /run/pid; }

stop() {
	local pid
	pid=$(pid)
	kill "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
}

status_of() { awk -v key="$1:" '$1 == key {print $2}' "/proc/$(pid)/status"; }

# Nanoseconds that the daemon was on a processor.
cpu_of() { cut -d' ' -f1 "/proc/$(pid)/schedstat"; }

# operations COMMAND...: how often the daemon asks the kernel to change something meanwhile.
operations() {
	local tracer
	strace -q -p "$(pid)" -e trace=setsockopt -o /run/trace 2>/run/strace.err &
	tracer=$!
	until grep -q "TracerPid:[[:space:]]*[1-9]" "/proc/$(pid)/status"; do sleep 0.01; done
	"$@" >/run/took
	kill $tracer
	wait $tracer
	grep -c '^setsockopt' /run/trace
}

in_host() { ip netns exec h "$@"; }

link() {
	ip link add "$1" type veth peer name "p$1" netns h && ip link set dev "$1" up &&
		ip -n h link set dev "p$1" up
}

network() {
	local key
	mount --make-rprivate / && mount -t proc proc /proc && mount -t sysfs sysfs /sys &&
		mount -t tmpfs tmpfs /run && mkdir /run/netns || exit 1
	for key in net.ipv4.conf.all.rp_filter net.ipv4.conf.default.rp_filter \
		net.ipv6.conf.all.accept_dad net.ipv6.conf.default.accept_dad; do
		sysctl -qw $key=0
	done
	ip link set lo up
	ip netns add h && link in && link out || exit 1
	ip addr add 10.0.0.1/24 dev in
	ip addr add 10.0.1.1/24 dev out
	until [ "$(cat /sys/class/net/in/operstate /sys/class/net/out/operstate)" = $'up\nup' ]; do
		sleep 0.01
	done
}

# Who answers: the daemon with one rule or with many, or the bare responder; each in a session of its
# own, since the scheduler shares time out between sessions.
answering() {
	case $2 in
	bare)
		: >/run/bare
		setsid "$BARE" "$1" answer in out >>/run/bare &
		until grep -q ready /run/bare; do sleep 0.01; done
		return ;;
	one) wildcard "$1" >/run/conf ;;
	many) mixed "$1" >/run/conf ;;
	esac
	start
}

sample_loop() { "$BARE" "$1" loop in out "$2"; }

# START RELOAD SHOW SHOW-J CLEAR ADD, in microseconds.
sample_life() {
	routes "$1" "$2" >/run/conf
	lines "$1" "$2" 'add in %s %s out' >/run/adds
	printf '%s ' "$(took start)" "$(took ctl reload)" "$(took ctl show)" "$(took ctl -j show)"
	: >/run/conf
	printf '%s ' "$(took ctl reload)"
	printf '%s\n' "$(took eval 'ctl -b </run/adds')"
	stop
}

# Kernel operations of a reload without a change, and with one line changed.
sample_changes() {
	routes "$1" "$2" >/run/conf
	start
	printf '%s ' "$(operations ctl reload)"
	sed -i "$(($2 / 2))s/to out/to/" /run/conf
	operations ctl reload
	stop
}

# Bytes for each route.
sample_memory() {
	local empty
	: >/run/conf
	start
	empty=$(status_of VmRSS)
	stop
	routes "$1" "$2" >/run/conf
	start
	echo $((($(status_of VmRSS) - empty) * 1024 / $2))
	stop
}

# kB resident, and of that anonymous; wake-ups in 30 seconds.
sample_idle() {
	local before
	{ wildcard 4; wildcard 6; routes 4 10; routes 6 10; } >/run/conf
	start
	sleep 1
	before=$(status_of voluntary_ctxt_switches)
	sleep 30
	echo "$(status_of VmRSS) $(status_of RssAnon) $(($(status_of voluntary_ctxt_switches) - before))"
}

sample_burst() {
	answering "$1" "$2"
	in_host "$PROBE" "$1" pin pout burst 0 20000 3
}

sample_rate() {
	answering "$1" "$2"
	in_host "$PROBE" "$1" pin pout rate 0 200 60 10000
}

sample_window() {
	answering "$1" "$2"
	in_host "$PROBE" "$1" pin pout window 0 "$3" 64
}

# While routes are shown again and again.
sample_latency() {
	local shows
	{ wildcard "$1"; routes "$1" "$2"; } >/run/conf
	start
	{ while :; do ctl show; done; } >/dev/null &
	shows=$!
	in_host "$PROBE" "$1" pin pout latency 1000000 2000 1000
	kill $shows
}

# CPU of a start with many of everything, in microseconds; and of one change of a strange link.
sample_many() {
	local n before start joined
	for ((n = 0; n < 32; n++)); do
		link "eth$n" || return
	done
	link other || return
	awk -v family="$1" 'BEGIN {
		group = family == 4 ? "239.%d.%d.1" : "ff3e:%x:%x::1"
		for (n = 0; n < 2000; n++)
			printf "mgroup from eth%d group " group "\n", n % 32, n / 250, n % 250
		group = family == 4 ? "238.%d.%d.0/24" : "ff3e:8%03x:%x::/64"
		for (n = 0; n < 1000; n++)
			printf "mroute from eth+ group " group " to eth1 eth2\n", n / 250, n % 250
	}' >/run/conf
	start
	start=$(($(cpu_of) / 1000))
	joined=$(ctl -d -t show groups | wc -l)
	[ "$joined" = 4000 ] || { echo "$joined lines of groups, not 4000" >&2; return 1; }
	for ((n = 0; n < 200; n++)); do
		echo "link set dev other down"
		echo "link set dev other up"
	done >/run/batch
	before=$(cpu_of)
	ip -b /run/batch || return
	ctl show interfaces >/dev/null
	echo "$start $((($(cpu_of) - before) / 400000))"
	stop
}

# Microseconds of a process that does nothing, and of one that adds a route.
sample_command() {
	local source=10.9.9.% group=226.1.1.%
	[ "$1" = 6 ] && source=fd00:9::% group=ff3e:1::%
	: >/run/conf
	start
	"$BARE" spawn 200 /bin/true -- "$SMCROUTECTL" -u /run/sock add in "$source" "$group" out
	stop
}

if [ "${1:-}" = --sample ]; then
	network
	"sample_$2" "${@:3}"
	exit
fi

# ---- outside ----

ROOT=yes
[ "$(id -u)" = 0 ] || ROOT=
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# sample NAME ARGS...: one line of numbers.
sample() {
	local user=()
	[ "$ROOT" ] || user=(--user --map-root-user)
	unshare "${user[@]}" --net --mount --pid --fork --kill-child "$SELF" --sample "$@" ||
		echo "bench: sample $* failed" >&2
}

# rounds FILE NAME ARGS -- FILE NAME ARGS ...: takes these samples in turn, ROUNDS times; each adds
# a line to its file.
rounds() {
	local n words
	for ((n = 0; n < ROUNDS; n++)); do
		words=()
		for word in "$@" --; do
			if [ "$word" != -- ]; then
				words+=("$word")
				continue
			fi
			sample "${words[@]:1}" >>"$WORK/${words[0]}"
			words=()
		done
	done
}

# median FILE COLUMN
median() {
	awk -v c="$2" '{print $c}' "$WORK/$1" | sort -g |
		awk '{v[NR] = $1} END {print NR ? v[int((NR + 1) / 2)] : "?"}'
}

most() { awk -v c="$2" '{print $c}' "$WORK/$1" | sort -g | tail -1; }

ms() { awk -v us="$1" 'BEGIN {printf "%.1f ms", us / 1000}'; }

failures=0 rows=0

# row FIGURE OURS LIMIT VALUE TARGET: what is compared with the target is the value.
row() {
	local verdict=met
	rows=$((rows + 1))
	awk -v v="$4" -v t="$5" 'BEGIN {exit !(v != "?" && v != "" && v + 0 <= t + 0)}' || {
		verdict=missed
		failures=$((failures + 1))
	}
	printf '%-46s %12s %12s %8s %8s  %s\n' "$1" "$2" "$3" "$4" "$5" "$verdict"
}

# ratio_row FIGURE OURS-US LIMIT-US TARGET
ratio_row() {
	row "$1" "$(ms "$2")" "$(ms "$3")" \
		"$(awk -v a="$2" -v b="$3" 'BEGIN {if (b > 0) printf "%.2f", a / b; else print "?"}')" "$4"
}

left_out() { printf '%-46s left out: %s\n' "$1" "$2"; }

figure_life() {
	local f=$1
	rounds "loop$f" loop "$f" $N -- "life$f" life "$f" $N
	ratio_row "IPv$f start, $N routes" "$(median "life$f" 1)" "$(median "loop$f" 1)" 2.0
	ratio_row "IPv$f reload, nothing changed" "$(median "life$f" 2)" "$(median "loop$f" 1)" 1.0
	ratio_row "IPv$f $N adds by smcroutectl -b" "$(median "life$f" 6)" "$(median "loop$f" 1)" 3.0
	ratio_row "IPv$f reload of an empty file" "$(median "life$f" 5)" "$(median "loop$f" 2)" 2.0
	row "IPv$f show, seconds" "$(ms "$(median "life$f" 3)")" "1 s" "$(seconds "life$f" 3)" 1.0
	row "IPv$f -j show, seconds" "$(ms "$(median "life$f" 4)")" "1 s" "$(seconds "life$f" 4)" 1.0
}

seconds() { awk -v us="$(median "$1" "$2")" 'BEGIN {printf "%.2f", us / 1000000}'; }

figure_changes() {
	local f=$1
	command -v strace >/dev/null || { left_out "IPv$f operations of a reload" "no strace"; return; }
	sample changes "$f" $N >"$WORK/changes$f"
	row "IPv$f operations, nothing changed" "$(median "changes$f" 1)" 0 "$(median "changes$f" 1)" 0
	row "IPv$f operations, one line changed" "$(median "changes$f" 2)" 1 "$(median "changes$f" 2)" 1
}

figure_memory() {
	local f=$1
	sample memory "$f" $N >"$WORK/memory$f"
	row "IPv$f memory, bytes a route" "$(median "memory$f" 1)" - "$(median "memory$f" 1)" 300
}

figure_idle() {
	[ "$1" = 4 ] || return 0
	sample idle >"$WORK/idle"
	row "idle, resident kB" "$(median idle 1)" - "$(median idle 1)" 3072
	row "idle, anonymous kB" "$(median idle 2)" - "$(median idle 2)" 600
	row "idle, wake-ups in 30 s" "$(median idle 3)" 0 "$(median idle 3)" 0
}

figure_burst() {
	local f=$1
	[ "$ROOT" ] || { left_out "IPv$f burst of 20000 new flows" "needs root"; return; }
	rounds "bburst$f" burst "$f" bare -- "burst$f" burst "$f" one -- "mburst$f" burst "$f" many
	row "IPv$f burst, flows without entry" \
		$((20000 - $(awk '{print $3}' "$WORK/burst$f" | sort -g | head -1))) \
		$((20000 - $(awk '{print $3}' "$WORK/bburst$f" | sort -g | head -1))) \
		$((20000 - $(awk '{print $3}' "$WORK/burst$f" | sort -g | head -1))) 0
	row "IPv$f burst, packets missing" "$(most "burst$f" 4)" "$(most "bburst$f" 4)" \
		"$(most "burst$f" 4)" 0
	row "IPv$f burst, 10000 rules, packets missing" "$(most "mburst$f" 4)" "$(most "bburst$f" 4)" \
		"$(most "mburst$f" 4)" 0
}

# Two processors and two busy processes: a single sample may be off by half.
figure_pace() {
	local f=$1 ROUNDS=$((3 * ROUNDS))
	[ "$ROOT" ] || { left_out "IPv$f burst, time with 10000 rules" "needs root"; return; }
	rounds "one$f" burst "$f" one -- "mixed$f" burst "$f" many
	ratio_row "IPv$f burst, 10000 rules against one" "$(median "mixed$f" 2)" \
		"$(median "one$f" 2)" 1.1
}

figure_rate() {
	local f=$1 ours bare
	[ "$ROOT" ] || { left_out "IPv$f loss at the start of a flow" "needs root"; return; }
	rounds "brate$f" rate "$f" bare -- "rate$f" rate "$f" one
	ours=$(median "rate$f" 3) bare=$(median "brate$f" 3)
	row "IPv$f lost at 100,000/s, mean of flows" "$ours" "$bare" "$ours" \
		"$(awk -v b="$bare" 'BEGIN {print 2 * b + 2}')"
}

figure_latency() {
	local f=$1
	[ "$ROOT" ] || { left_out "IPv$f upcall to route during show" "needs root"; return; }
	rounds "latency$f" latency "$f" $N
	row "IPv$f upcall to route during show, p99 ms" "$(ms "$(median "latency$f" 2)")" "5 ms" \
		"$(awk -v us="$(median "latency$f" 2)" 'BEGIN {printf "%.2f", us / 1000}')" 5
}

figure_many() {
	local f=$1
	rounds "many$f" many "$f"
	row "IPv$f 2000 groups, 1000 eth+: CPU s" "$(ms "$(median "many$f" 1)")" "1 s" \
		"$(seconds "many$f" 1)" 1.0
	row "IPv$f the same: link event, us" "$(median "many$f" 2)" "100" "$(median "many$f" 2)" 100
}

figure_command() {
	local f=$1 process add
	rounds "command$f" command "$f"
	process=$(median "command$f" 1) add=$(median "command$f" 2)
	row "IPv$f smcroutectl add beyond a process, us" "$add" "$process" $((add - process)) 200
}

FIGURES=(life changes memory idle burst pace rate latency many command)

table() {
	local figure f
	printf '%-46s %12s %12s %8s %8s\n' figure ours limit ratio target
	for figure in "$@"; do
		for f in 4 6; do
			"figure_$figure" $f
		done
	done
	[ $rows -gt 0 ] || return 77
	[ $failures = 0 ]
}

case ${1:-table} in
table)
	shift
	[ $# -gt 0 ] || set -- "${FIGURES[@]}"
	table "$@" ;;
plots) . "${SELF%/*}/plots.sh" "$2" ;;
*)
	echo "usage: bench.sh [table [${FIGURES[*]}] | plots DIR]" >&2
	exit 64 ;;
esac
