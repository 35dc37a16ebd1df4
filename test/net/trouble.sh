#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What surrounds the daemon fails: nobody reads its log, the disk is full, it is killed while it
# starts, it is started with somebody's open files or on his terminal.
#
#	SMCROUTE_KILLS=1000	how many starts are cut short
. "${0%/*}/lib.sh"

kills=${SMCROUTE_KILLS:-30}
star 2
for ((n = 0; n < 200; n++)); do
	echo "mroute from eth0 source 10.0.0.10 group 225.1.1.$n to eth1"
done | config
echo "mgroup from eth0 group 225.2.2.2" >>"$T/$D.conf"
# shellcheck disable=SC2206
daemon=($SMCROUTED)
options=(-i "$D" -f "$T/$D.conf" -u "$T/$D.sock" -P "$T/$D.pid")
entries() { grep -c '0[0-9A-F]*E1' /proc/net/ip_mr_cache; }
# flood: a thousand commands that are worth a line each.
flood() {
	local n
	for ((n = 0; n < 500; n++)); do
		echo "add eth0 10.0.0.99 225.9.9.9 eth1"
		echo "remove eth0 10.0.0.99 225.9.9.9"
	done | timeout $((20 * SLOW)) "$SMCROUTECTL" -u "$T/$D.sock" -b || fail "the daemon does not answer"
}

step "nobody reads standard error: it goes on, and tells what was dropped when somebody does"
mkfifo "$T/pipe"
exec 7<>"$T/pipe"
"${daemon[@]}" -n "${options[@]}" -l info 2>"$T/pipe" </dev/null &
pid=$!
there() { [ -S "$T/$D.sock" ]; }
wait_for 10 there
flood
timeout 1 cat <&7 >"$T/first"
status 0 ctl add eth0 10.0.0.99 225.9.9.9 eth1
timeout 1 cat <&7 >"$T/second"
grep -q 'lines were dropped' "$T/second" || fail "not told: $(cat "$T/second")"
grep -q 'command of .*: add' "$T/second" || fail "the line after that is missing"
flags=$(awk '/^flags:/ {print $2}' "/proc/$pid/fdinfo/2")
assert_eq 0 $((flags & 04000)) "O_NONBLOCK on what others write to as well"
status 0 ctl kill
wait $pid || fail "status $?"
exec 7>&-

step "the same with a terminal, which has room for a part of a line"
mkfifo "$T/look"
# Prints what is on the terminal after each line of standard input.
python3 -uc '
import os, pty, sys
master, slave = pty.openpty()
os.set_blocking(master, False)
print(os.ttyname(slave))
for line in sys.stdin:
    try:
        while True:
            print(os.read(master, 65536).decode(), end="")
    except BlockingIOError:
        print("all read")' <"$T/look" >"$T/screen" &
terminal=$!
exec 8>"$T/look"
wait_for 5 grep -q /dev/pts "$T/screen"
pts=$(head -n 1 "$T/screen")
"${daemon[@]}" -n "${options[@]}" -l info 2>"$pts" </dev/null &
pid=$!
wait_for 10 there
flood
echo >&8
wait_for 5 grep -q "all read" "$T/screen"
status 0 ctl add eth0 10.0.0.99 225.9.9.9 eth1
echo >&8
wait_for 5 grep -q '^smcroute: warning: [0-9]* lines were dropped' "$T/screen"
grep -q 'command of .*: add eth0 10.0.0.99' <(tail -n 3 "$T/screen") || fail "the line after that is missing"
status 0 ctl kill
wait $pid || fail "status $?"
wait_for 10 not there

step "a start in the background lets go of the terminal, be the routes in place then or later"
# shellcheck disable=SC2046
holders() { find $(pgrep -P $$ smcrouted | sed 's|.*|/proc/&/fd|') -lname "$pts" | grep -q .; }
"${daemon[@]}" "${options[@]}" 2>"$pts" </dev/null || fail "status $?"
holders && fail "it holds the terminal"
status 0 ctl kill
wait_for 10 not there
"${daemon[@]}" "${options[@]}" -d 60 2>"$pts" </dev/null || fail "status $?"
later=$(pgrep -P $$ smcrouted) || fail "it does not wait for its start"
wait_for 5 not holders
kill "$later" || fail "it did not live that long"
wait_for 5 not kill -0 "$later" 2>/dev/null
exec 8>&-
wait $terminal

step "a syslog daemon that is stuck, absent, there again"
mkdir "$T/dev"
for node in null zero random urandom tty full; do
	: >"$T/dev/$node"
	mount --bind "/dev/$node" "$T/dev/$node" || fail "/dev/$node"
done
ln -s /proc/self/fd "$T/dev/fd"
mount --rbind "$T/dev" /dev || fail "/dev"
# collector COMMAND: listens at /dev/log; reads what is there after each line of standard input.
mkfifo "$T/read"
python3 -uc '
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
for line in sys.stdin:
    try:
        while True:
            print(s.recv(65536, socket.MSG_DONTWAIT).decode())
    except BlockingIOError:
        print("all read")
os.unlink("/dev/log")' <"$T/read" >"$T/syslog" &
collector=$!
exec 8>"$T/read"
wait_for 5 test -S /dev/log
status 0 "${daemon[@]}" "${options[@]}" -l info
flood
echo >&8
wait_for 5 grep -q "all read" "$T/syslog"
status 0 ctl add eth0 10.0.0.99 225.9.9.9 eth1
echo >&8
wait_for 5 grep -q 'lines were dropped' "$T/syslog"
assert_match '<28>[A-Z][a-z][a-z] [ 1-3][0-9] [0-9:]{8} smcroute\[[0-9]*\]: [0-9]* lines were' \
	"$(grep dropped "$T/syslog")" "its form"

step "out of memory in the background: syslog hears of it"
if [ "$SLOW" = 1 ]; then # sanitizers and valgrind have memory of their own
	pid=$(cat "$T/$D.pid")
	prlimit --pid "$pid" --as=$((($(awk '{print $1}' "/proc/$pid/statm") + 1000) * $(getconf PAGE_SIZE)))
	cp "$T/$D.conf" "$T/small.conf"
	seq 100000 | awk '{printf "mroute from eth0 source 10.0.0.10 group 227.%d.%d.%d to eth1\n",
		$1 / 65536, $1 / 256 % 256, $1 % 256}' | config
	status 69 ctl reload
	echo >&8
	wait_for 5 grep -q '<27>.*: out of memory: exiting' "$T/syslog"
	cp "$T/small.conf" "$T/$D.conf"
	status 0 "${daemon[@]}" "${options[@]}"
fi

step "syslog is gone"
exec 8>&-
wait $collector
flood
status 0 ctl kill
wait_for 10 not there
status 0 "${daemon[@]}" "${options[@]}"
status 0 ctl kill
wait_for 10 not there

step "a pid file on a full disk: said, nothing is left of it, it goes on"
mkdir "$T/small"
mount -t tmpfs -o size=4096 tmpfs "$T/small" || fail "tmpfs"
head -c 4096 /dev/zero >"$T/small/filler"
daemon_start -P "$T/small/pid"
assert_match "can't write the pid file $T/small/pid: No space left on device" "$(cat "$T/$D.log")" "the log"
[ ! -e "$T/small/pid" ] || fail "an empty pid file"
assert_eq 200 "$(entries)" "entries of the kernel"
status 0 ctl reload
daemon_stop
rm "$T/small/filler"

step "a background start keeps no descriptor of whoever started it"
exec 8>"$T/lock" 9</dev/null
flock -n 8 || fail "flock"
status 0 "${daemon[@]}" "${options[@]}"
find "/proc/$(cat "$T/$D.pid")/fd" -lname "$T/lock" | grep . && fail "it holds the lock"
exec 8>&- 8>"$T/lock"
flock -n 8 || fail "the lock is not free"
status 0 ctl kill
wait_for 10 not there
exec 8>&- 9<&-

step "more memberships than descriptors: clients, reload and pid file have theirs"
cp "$T/$D.conf" "$T/small.conf"
echo "mgroup from eth0 group 225.64.0.0/21" >"$T/$D.conf"
sysctl -q -w net.ipv4.igmp_max_memberships=20
SMCROUTED="prlimit --nofile=64 $SMCROUTED" daemon_start
[ -s "$T/$D.pid" ] || fail "no pid file"
grep -q "the kernel refused to join .* (Too many open files)" "$T/$D.log" || fail "nothing was refused"
held() { show groups '.groups.kernel | length'; }
[ "$(held)" -ge 400 ] || fail "$(held) groups only"
assert_eq refused "$(show groups '.groups.conf[].state')" "the state of the range"
status 0 ctl leave eth0 225.64.0.0/21
assert_eq 0 "$(held)" "groups after the leave"
status 1 ctl join eth0 225.64.0.0/21
cp "$T/small.conf" "$T/$D.conf"
status 0 ctl reload
assert_eq 1 "$(held)" "groups after the reload"
daemon_stop

step "killed $kills times at any moment of its start: the next start is clean"
RANDOM=20010911
for ((n = 0; n < kills; n++)); do
	foreground=-n
	[ $((n % 4)) = 0 ] && foreground=
	# shellcheck disable=SC2086
	"${daemon[@]}" $foreground "${options[@]}" 2>"$T/err" &
	sleep "0.0$((RANDOM % 8))$((RANDOM % 10))"
	kill -KILL $! 2>/dev/null
	wait $! 2>/dev/null
	# What it left in the background is a child of this shell, the first process here.
	# shellcheck disable=SC2046
	kill -KILL $(pgrep -P $$ smcrouted) 2>/dev/null
	wait_for 5 not pgrep -r R,S,D -P $$ smcrouted >/dev/null
	[ $((n % 10)) = 0 ] || continue
	daemon_start
	grep -e error -e warning "$T/$D.log" && fail "the start after kill $n"
	assert_eq 200 "$(entries)" "entries of the kernel"
	assert_eq "$(cat "$T/$D.pid")" "${daemon_pid[$D]}" "the pid file"
	status 0 ctl show
	daemon_stop
	[ -e "$T/$D.sock" ] || [ -e "$T/$D.pid" ] && fail "a file is left"
done
true
