#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Starting: exit statuses, the background, pid file, what a broken or missing configuration does.
. "${0%/*}/lib.sh"

star 2
config <<'END'
mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1
END
options=(-i "$D" -f "$T/$D.conf" -u "$T/$D.sock" -P "$T/$D.pid")
# shellcheck disable=SC2206
daemon=($SMCROUTED)

# unprivileged COMMAND...: without any capability.
unprivileged() { setpriv --inh-caps=-all --bounding-set=-all --no-new-privs "$@"; }

step "usage: 64"
for line in "-Z" "-l nonsense" "-t x" "-t 1000000000" "-c" "-m 3" "-m 181" "extra" "--nonsense" \
	"-p nobody-of-this-name -n"; do
	# shellcheck disable=SC2086
	status 64 timeout 20 "${daemon[@]}" "${options[@]}" $line
	[ -s "$T/err" ] || fail "nothing said about $line"
done
status 0 "${daemon[@]}" -h
[ -s "$T/out" ] || fail "no help on standard output"
status 0 "${daemon[@]}" -v
assert_match "3\.[0-9]+" "$(cat "$T/out")" "version"

step "-F: 0 good, 78 bad or missing, every error shown, included files too"
status 0 "${daemon[@]}" -F "$T/smcroute.conf"
status 78 "${daemon[@]}" -F "$T/missing.conf"
printf 'mroute frm eth0 group 225.1.1.1 to eth1\ninclude %s\n' "$T/part.conf" >"$T/bad.conf"
printf '\n\nmgroup from eth0 group 1.2.3.4\n' >"$T/part.conf"
status 78 "${daemon[@]}" -F "$T/bad.conf"
assert_match "bad.conf:1:8" "$(cat "$T/out" "$T/err")" "the error of the main file"
assert_match "part.conf:3:24" "$(cat "$T/out" "$T/err")" "the error of the included file"
status 0 unprivileged "${daemon[@]}" -F "$T/smcroute.conf"

step "without permission: 77"
status 77 unprivileged "${daemon[@]}" -n "${options[@]}"
[ -s "$T/err" ] || fail "nothing said about it"

step "in the background: the starting process returns when the daemon is ready"
status 0 "${daemon[@]}" "${options[@]}"
pid=$(cat "$T/smcroute.pid")
kill -0 "$pid" || fail "no process $pid of the pid file"
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.1)" "its route"
assert_eq "/" "$(readlink "/proc/$pid/cwd")" "its working directory"

step "a second one: 69, and the first goes on"
status 69 "${daemon[@]}" -i second -f "$T/smcroute.conf" -u "$T/second.sock" -P "$T/second.pid"
status 69 "${daemon[@]}" -n -i second -f "$T/smcroute.conf" -u "$T/second.sock" -P "$T/second.pid"
[ -s "$T/err" ] || fail "nothing said about it"
status 0 ctl show
status 0 ctl kill
wait_for 5 not kill -0 "$pid" 2>/dev/null
[ ! -e "$T/smcroute.pid" ] || fail "pid file left behind"

step "relative paths mean the directory of the start, in the background too"
mkdir "$T/here" && cd "$T/here" || fail "cd"
cp ../smcroute.conf mine.conf
status 0 "${daemon[@]}" -i rel -f mine.conf -u mine.sock -P ./mine.pid
cd "$T" || fail "cd"
status 0 $SMCROUTECTL -u "$T/here/mine.sock" reload
status 0 $SMCROUTECTL -u "$T/here/mine.sock" kill
pid_gone() { [ ! -e "$T/here/mine.pid" ]; }
wait_for 5 pid_gone

step "one family taken: the other is served"
take_family 4
config <<'END'
mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1
mroute from eth0 source fd00::10 group ff3e::1 to eth1
END
daemon_start
assert_eq "eth0 eth1" "$(in_kernel fd00::10 ff3e::1)" "the IPv6 route"
assert_eq "" "$(in_kernel 10.0.0.10 225.1.1.1)" "the IPv4 route"
daemon_stop
kill $taker

step "no configuration at all: it waits for clients"
rm "$T/smcroute.conf"
daemon_start
status 0 ctl add eth0 10.0.0.10 225.1.1.1 eth1
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.1)" "a route by a client"
daemon_stop

step "a broken file at start: the good statements count, the errors stay visible; --strict: 78"
config <<'END'
mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1
mrouteXYZ from eth0 group 225.1.1.2 to eth1
mroute from eth0 source 10.0.0.10 group 225.1.1.3 to eth1
END
daemon_start
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.1)" "the first good statement"
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.3)" "the second good statement"
assert_match "smcroute.conf:2:1" "$(cat "$T/smcroute.log")" "the log"
status 0 ctl show
assert_match "smcroute.conf:2:1" "$(cat "$T/out" "$T/err")" "show"
daemon_stop
daemon_launch --strict
daemon_ended 78

step "-D: leaves by itself"
daemon_launch -D 1
daemon_ended 0

step "-l none: not a word"
: >"$T/smcroute.conf"
daemon_launch -l none -D 1
daemon_ended 0
[[ $SMCROUTED == *valgrind* ]] || assert_eq "" "$(cat "$T/smcroute.log")" "the log"

step "as the test labs do: interfaces down, client at once"
ip link set eth0 down
ip link set eth1 down
: >"$T/smcroute.conf"
status 0 "${daemon[@]}" -N -I lab -f "$T/smcroute.conf" -P "$T/lab.pid" -u "$T/lab.sock"
# shellcheck disable=SC2206
lab=($SMCROUTECTL -u "$T/lab.sock")
status 0 "${lab[@]}" add eth0 10.0.0.10 225.1.1.1 eth1
assert_eq 1 "$(grep -c '^010101E1' /proc/net/ip_mr_cache)" "entries of the kernel"
status 0 "${lab[@]}" remove eth0 10.0.0.10 225.1.1.1
assert_eq 0 "$(grep -c '^010101E1' /proc/net/ip_mr_cache)" "entries of the kernel"
status 0 "${lab[@]}" kill
