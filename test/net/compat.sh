#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# smcroute, the one command of old scripts: every option, several in one call, statuses.
. "${0%/*}/lib.sh"

: "${SMCROUTE:=${SMCROUTECTL%/*}/smcroute}"
[ -x "$SMCROUTE" ] || fail "no program $SMCROUTE"
files=(-u "$T/$D.sock")
files_d=("${files[@]}" -P "$T/$D.pid")

# old WORDS...: the command for daemon $D.
old() { "$SMCROUTE" "${files[@]}" "$@"; }

# With a wrapper around the daemon smcroute still starts the plain one: it takes the one beside it.
alive() { kill -0 "$1" 2>/dev/null; }

# In the background it logs to syslog, so the routes tell that it is the one meant.
start() {
	status 0 "$SMCROUTE" -d "${files_d[@]}" "$@"
	pid=$(cat "$T/$D.pid") && alive "$pid" || fail "no daemon when -d has returned"
}

# The words that the daemon was started with.
started_with() { tr '\0' ' ' <"/proc/$pid/cmdline"; }

count() { show "$1" "$2 | length"; }

star 3
config <<'END'
mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1
END
touch "$T/empty.conf"

step "usage: 64 and a hint, and nothing is done"
for line in "" "-Z" "-a" "-a eth0 10.0.0.1" "-r eth0 10.0.0.1" "-j eth0" "-j eth0 225.1.1.1 x" \
	"-l eth0" "-x eth0 225.1.1.1" "-y eth0 225.1.1.1" "-F x" "-k x" "stray" "-d -f" "-d stray" \
	"-N" "-d -n -k"; do
	# shellcheck disable=SC2086
	status 64 "$SMCROUTE" $line
	[ -s "$T/err" ] || fail "no hint for '$line'"
done
status 0 "$SMCROUTE" -h
assert_match "-a IIF SOURCE GROUP OIF" "$(cat "$T/out")" "help"
status 0 "$SMCROUTE" -k -h
status 0 "$SMCROUTE" -v
assert_match "3\.[0-9]+" "$(cat "$T/out")" "version"

step "no daemon: 69, and it says which socket"
status 69 old -F
assert_match "$T/$D.sock" "$(cat "$T/err")" "what it says"

step "-d with everything that goes with it"
printf '#!/bin/sh\necho "$1" >>%s/events\n' "$T" >"$T/script"
chmod +x "$T/script"
more="-i $D -m 30 -t 0 --strict --max-flows 10"
# shellcheck disable=SC2086
start -c 7 -e "$T/script" -f "$T/$D.conf" -N -s -L info $more
assert_match "-c 7 -e $T/script -f $T/$D.conf -N -s -l info $more" "$(started_with)" \
	"options of the daemon"
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.1)" "the route of its file"
wait_for 5 grep -q reload "$T/events"

step "-d again: 69, and the first goes on"
status 69 "$SMCROUTE" -d -f "$T/empty.conf" -u "$T/two.sock" -P "$T/two.pid" -k
alive "$pid" || fail "the first daemon is gone"

step "-a and -r"
status 0 old -a eth0 10.0.0.1 225.2.2.2 eth1 eth2
assert_eq "" "$(cat "$T/out" "$T/err")" "success is silent"
assert_eq "eth0 eth1 eth2" "$(in_kernel 10.0.0.1 225.2.2.2)" "after -a"
assert_eq 1 "$(grep -c '^020202E1 0100000A' /proc/net/ip_mr_cache)" "lines of the kernel"
status 0 old -r eth0 10.0.0.1 225.2.2.2 eth2
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.1 225.2.2.2)" "after -r of one OIF"
status 0 old -r eth0 10.0.0.1 225.2.2.2
assert_eq "" "$(in_kernel 10.0.0.1 225.2.2.2)" "after -r"
status 1 old -r eth0 10.0.0.1 225.2.2.2
status 0 old -a eth0 fd00::1 ff3e::7 eth1
assert_eq "eth0 eth1" "$(in_kernel fd00::1 ff3e::7)" "after -a, IPv6"

step "-a with any source, and -F"
status 0 old -a eth0 0.0.0.0 225.3.3.3 eth1
send h0 -n 1 225.3.3.3
wait_for 5 is "eth0 eth1" in_kernel 10.0.0.10 225.3.3.3
status 0 old -F
assert_eq "" "$(in_kernel 10.0.0.10 225.3.3.3)" "a learned flow after -F"
status 0 old -r eth0 0.0.0.0 225.3.3.3

step "-j and -l, -x and -y"
status 0 old -j eth0 225.4.4.4
status 1 old -j eth0 225.4.4.4
status 0 old -x eth0 10.0.0.1 232.4.4.4
status 0 old -j eth1 ff0e::4:4
joined() { show groups '[.groups.kernel[] | .source, .group, .iif] | join(" ")'; }
assert_match "225\.4\.4\.4 eth0" "$(joined)" "memberships"
assert_match "10\.0\.0\.1 232\.4\.4\.4 eth0" "$(joined)" "memberships"
assert_match "ff0e::4:4 eth1" "$(joined)" "memberships"
status 0 old -y eth0 10.0.0.1 232.4.4.4
status 0 old -l eth0 225.4.4.4
status 1 old -l eth0 225.4.4.4
status 0 old -l eth1 ff0e::4:4
assert_eq 0 "$(count groups '.groups.kernel')" "memberships after -l and -y"

step "several in one call, in their order; the first failure counts, the rest goes on"
status 0 old -j eth0 225.5.5.5 -a eth0 10.0.0.1 225.5.5.5 eth1 -r eth0 10.0.0.1 225.5.5.5 \
	-a eth0 10.0.0.1 225.5.5.5 eth2
assert_eq "eth0 eth2" "$(in_kernel 10.0.0.1 225.5.5.5)" "after add, remove, add"
assert_eq 1 "$(count groups '.groups.kernel')" "memberships"
status 1 old -l eth0 225.9.9.9 -a eth0 10.0.0.1 225.6.6.6 eth1
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.1 225.6.6.6)" "what comes behind a refused one"
status 64 old -r eth0 10.0.0.1 225.6.6.6 -Z
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.1 225.6.6.6)" "a call that is not understood"
status 1 old -a eth0 1.2.3.4 10.9.9.9 eth1
assert_match "10\.9\.9\.9" "$(cat "$T/err")" "what it says about a group that is none"

step "-k: gone when it returns"
status 0 old -k
wait_for 5 not alive "$pid"
[ ! -e "$T/$D.sock" ] && [ ! -e "$T/$D.pid" ] || fail "socket or pid file left behind"

step "-d with commands in the same call: first the daemon, whatever the order"
start -f "$T/empty.conf" -j eth0 225.7.7.7 -D -a eth0 10.0.0.1 225.7.7.7 eth1
assert_match "-l debug" "$(started_with)" "options of the daemon"
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.1 225.7.7.7)" "the route"
assert_eq 1 "$(count groups '.groups.kernel')" "memberships"
status 0 old -k
wait_for 5 not alive "$pid"

step "-I names the daemon and its files, as -i does"
status 0 "$SMCROUTE" -d -I lab -f "$T/empty.conf" -u "$T/lab.sock" -P "$T/lab.pid"
status 0 "$SMCROUTE" -u "$T/lab.sock" -k
status 69 "$SMCROUTE" -I nobody -F
assert_match "nobody\.sock" "$(cat "$T/err")" "the socket of another identity"

step "-n: this process becomes the daemon"
"$SMCROUTE" -d -n "${files_d[@]}" -f "$T/empty.conf" >"$T/$D.log" 2>&1 </dev/null &
pid=$!
wait_for 5 grep -q Ready "$T/$D.log"
assert_eq "$pid" "$(cat "$T/$D.pid")" "process of the pid file"
assert_eq smcrouted "$(cat "/proc/$pid/comm")" "name of the process"
kill -TERM "$pid"
got=0
wait "$pid" || got=$?
assert_eq 0 $got "exit status"

step "an exit status of the daemon is that of the call"
echo nonsense >"$T/bad.conf"
status 78 "$SMCROUTE" -d --strict -f "$T/bad.conf" "${files_d[@]}"
status 64 "$SMCROUTE" -d -p nobody-of-this-name "${files_d[@]}"
