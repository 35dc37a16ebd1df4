#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may start the daemon: whoever has CAP_NET_ADMIN and CAP_NET_RAW, wherever they come from; and what
# is said to all others.
here=$(realpath "${0%/*}")
needs_root=yes
. "${0%/*}/lib.sh"

id -u nobody daemon >/dev/null 2>&1 || skip "needs users nobody and daemon"
star 2
config <<'EOF'
mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1
mroute from eth0 source fd00::10 group ff3e::1 to eth1
EOF
chmod 755 "$T"
home=$T/nobody
mkdir "$home" && chown nobody "$home"
# Where nobody may read.
cp "${SMCROUTED##* }" "$T/smcrouted" && cp "$here/without.py" "$T" || fail "cp"
python=$(command -pv python3) || skip "needs a python3 that everybody may use"
plain=$T/smcrouted
files=(-u "$home/socket" -P "$home/pid" --socket-group daemon)
ctl() { $SMCROUTECTL -u "$home/socket" "$@"; }

# as_nobody [setpriv-OPTION...]: the daemon of a user without any capability but those.
as_nobody() {
	SMCROUTED="setpriv --reuid nobody --regid nogroup --groups nogroup,daemon"
	SMCROUTED+=" $* $plain"
}

# nobody_routes: it is nobody, has no power left, and routes; files go with it.
nobody_routes() {
	local pid=${daemon_pid[$D]}
	assert_eq "$(id -u nobody)" "$(awk '/^Uid/ {print $2}' "/proc/$pid/status")" "user"
	assert_eq 0 "$(awk '/^Cap('"${sets:-Prm|Eff|Inh|Amb}"')/ {n += $2 != "0000000000000000"} END {print n + 0}' \
		"/proc/$pid/status")" "sets of capabilities that are not empty"
	assert_eq "nobody daemon 660" "$(stat -c '%U %G %a' "$home/socket")" "the socket"
	assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.1)" "the IPv4 route"
	status 0 ctl add eth0 10.0.0.10 225.3.3.3 eth1
	assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.3.3.3)" "a route by command"
	status 0 ctl reload
	assert_eq "" "$(in_kernel 10.0.0.10 225.3.3.3)" "that route after a reload"
	daemon_stop
	assert_eq "" "$(ls "$home")" "files left behind"
}

step "ambient capabilities"
both=+net_admin,+net_raw
as_nobody --inh-caps=$both --ambient-caps=$both
daemon_start "${files[@]}"
nobody_routes

step "-p of such a user has no effect, which is said"
daemon_start "${files[@]}" -p daemon
grep -q -e '-p daemon has no effect' "$T/$D.log" || fail "nothing said"
nobody_routes

step "-p of the user that it is already"
daemon_start "${files[@]}" -p nobody
grep -q 'has no effect' "$T/$D.log" && fail "more said than needs be"
nobody_routes

step "capabilities of the program file"
copy=$T/copy
cp "$plain" "$copy"
python3 -c '
import os, struct, sys
both = 1 << 12 | 1 << 13
os.setxattr(sys.argv[1], "security.capability", struct.pack("<5I", 0x02000001, both, 0, 0, 0))
' "$copy" || fail "setxattr"
original=$plain plain=$copy
as_nobody
# Nobody may look into a process with such a program, the leak detector neither.
ASAN_OPTIONS=detect_leaks=0 daemon_start "${files[@]}"
nobody_routes
plain=$original

step "where no program may change its privileges, it begins anew without them, and with its sockets"
cat >"$T/script" <<'EOF'
#!/bin/sh
readlink /proc/self/fd/* | grep -c socket: >"$T/said"
env | grep SMCROUTED_SOCKETS >>"$T/said"
EOF
chmod 755 "$T/script" && : >"$T/said" && chmod 666 "$T/said"
plain="$python $T/without.py capset $original"
as_nobody --inh-caps=$both --ambient-caps=$both
export T
daemon_start "${files[@]}" -p daemon -e "$T/script"
wait_for 5 grep -q . "$T/said"
assert_eq 0 "$(cat "$T/said")" "sockets of the daemon that its script has"

assert_eq 1 "$(grep -c 'has no effect' "$T/$D.log")" "lines about -p"
assert_eq 1 "$(grep -c 'Ready' "$T/$D.log")" "lines about readiness"
grep 'receive buffer' "$T/$D.log" && fail "a small receive buffer"
# What is left to be inherited is of no use to anybody.
sets='Prm|Eff|Amb' nobody_routes

step "the same with a family that is taken"
take_family 6
daemon_start "${files[@]}"
assert_eq 1 "$(grep -c 'IPv6.*taken by another program' "$T/$D.log")" "lines about IPv6"
sets='Prm|Eff|Amb' nobody_routes
kill $taker
plain=$original

step "what is missing is named, and what to do"
# refused WORDS [setpriv-OPTION...]
refused() {
	as_nobody "${@:2}"
	# shellcheck disable=SC2086
	status 77 $SMCROUTED -n -f "$T/$D.conf" "${files[@]}"
	assert_match "without $1; start as root, or .*AmbientCapabilities=.*setcap" "$(cat "$T/err")" \
		"the message"
	assert_eq "" "$(ls "$home")" "files of a daemon that did not start"
}
refused 'CAP_NET_ADMIN and CAP_NET_RAW'
refused 'CAP_NET_RAW' --inh-caps=+net_admin --ambient-caps=+net_admin

# The kernel itself asks for the other one only where much memory is wanted.
as_nobody --inh-caps=+net_raw --ambient-caps=+net_raw
daemon_start "${files[@]}"
grep -q 'receive buffer' "$T/$D.log" || fail "nothing said of a small receive buffer"
nobody_routes

step "root of another user namespace"
# shellcheck disable=SC2086
status 77 unshare --user --map-root-user $plain -n -f "$T/$D.conf" -u "$T/s" -P "$T/p"
assert_match 'belongs to another user namespace' "$(cat "$T/err")" "the message"
