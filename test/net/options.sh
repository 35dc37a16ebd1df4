#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every option of the daemon: what it does, its long name, its default.
. "${0%/*}/lib.sh"

star 2
# shellcheck disable=SC2206
daemon=($SMCROUTED)
# shellcheck disable=SC2206
client=($SMCROUTECTL)

# An /etc of our own; a /dev of our own with a log in it, that is written to $T/syslog.
cp -r /etc "$T/etc" 2>/dev/null
mount --bind "$T/etc" /etc || fail "/etc"
mkdir "$T/dev"
for node in null zero random urandom tty full; do
	: >"$T/dev/$node"
	mount --bind "/dev/$node" "$T/dev/$node" || fail "/dev/$node"
done
ln -s /proc/self/fd "$T/dev/fd"
mount --rbind "$T/dev" /dev || fail "/dev"
: >"$T/syslog"
python3 -uc '
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
while True:
    print(s.recv(65536).decode())' >"$T/syslog" &
socket_there() { [ -S "$1" ]; }
wait_for 5 socket_there /dev/log

# The folders that were chosen at build time, as the help says.
help=$("${daemon[@]}" -h) || fail "help"
run=$(sed -n 's|.* \(/.*\)/NAME.pid.*|\1|p' <<<"$help")
etc=$(sed -n 's|.* \(/.*\)/NAME.conf.*|\1|p' <<<"$help")
mkdir -p "$run" "$etc" || fail "the default folders"
rm -f "$etc/smcroute.conf"

# background OPTIONS: starts one that goes to the background.
background() { status 0 "${daemon[@]}" "$@"; }
# ends PIDFILE: the daemon of that file is told to go and waited for.
ends() {
	local pid
	pid=$(cat "$1") || fail "no pid in $1"
	kill "$pid" && wait_for 5 not kill -0 "$pid" 2>/dev/null
	[ ! -e "$1" ] || fail "$1 is left"
}
# one COMMAND...: with an output of one line.
one() {
	status 0 "$@"
	assert_eq 1 "$(wc -l <"$T/out")" "lines of $*"
}

step "-h and -v: standard output, status 0; -D is not in the help"
one "${daemon[@]}" -v
assert_match '^smcrouted [0-9]+\.[0-9]+' "$(cat "$T/out")" "version"
for letter in c d e f F h i l m n N p P s t u v; do
	grep -q "^  -$letter, --[a-z-]* " <<<"$help" || fail "-$letter is not in the help"
done
grep -q -e '-D' <<<"$help" && fail "-D is in the help"
for default in "-c.*default 60" "-i.*default smcroute" "-l.*notice (default)" "-m.*default 20" "-t.*default 0"; do
	grep -q -e "$default" <<<"$help" || fail "not in the help: $default"
done

step "every option has a long name, which takes the same argument"
declare -A value=([c]=5 [d]=5 [e]=x [f]=x [F]=x [i]=x [l]=info [m]=20 [p]=root [P]=x [t]=7 [u]=x
	[I]=x [D]=5)
while read -r letter name; do
	option=${value[$letter]:+=${value[$letter]}}
	status 0 "${daemon[@]}" "--$name$option" -v
	status 0 "${daemon[@]}" "-$letter" ${value[$letter]:+"${value[$letter]}"} -v
done < <(sed -n 's/^  -\(.\), --\([a-z-]*\) .*/\1 \2/p' <<<"$help"; echo D exit-after; echo I identity)
one "${daemon[@]}" --strict --socket-group root --max-flows 5 -v
one "${daemon[@]}" -nNsv

step "bad values: 64, and what is wrong"
for line in "-c x" "-c -1" "-d x" "-D x" "-m 3" "-m 181" "-t -1" "-t 1000000000" "-l loud" "-l e" \
	"-l n" "-l 8" "-l -1" "-l 77" "-i a/b" "--max-flows 0" "--max-flows x" "-p nobody_at_all" \
	"-p root:nobody_at_all" "-p :root" "--socket-group nobody_at_all" "--strict=1" "--nonsense" \
	"-Z" "-c" "-f" "stray"; do
	# shellcheck disable=SC2086
	status 64 timeout 20 "${daemon[@]}" -n -D 1 $line
	assert_match "^smcrouted: .*'smcrouted -h'" "$(cat "$T/err")" "what $line is told"
	assert_eq "" "$(cat "$T/out")" "standard output of $line"
done

step "-l: every name, in any case, shortened, and the numbers; the default is notice"
: >"$T/none.conf"
for level in none emerg alert crit err error warning warn notice info debug \
	NONE Emerg ERR Info non inf w d al c not er 0 1 2 3 4 5 6 7; do
	one "${daemon[@]}" -l "$level" -v
done
here=(-f "$T/none.conf" -u "$T/l.sock" -P "$T/l.pid" -D 1)
status 0 "${daemon[@]}" -n "${here[@]}"
grep -q '^smcroute: Ready' "$T/err" || fail "no line that begins with Ready: $(cat "$T/err")"
default=$(cat "$T/err")
printf 'mroute from eth0 group 225.1.1.1 to eth1\n' >"$T/none.conf"
status 0 "${daemon[@]}" -n "${here[@]}" -l notice
notice=$(wc -l <"$T/err")
status 0 "${daemon[@]}" -n "${here[@]}" -l info
[ "$(wc -l <"$T/err")" -gt "$notice" ] || fail "info says no more than notice"
status 0 "${daemon[@]}" -n "${here[@]}" -l err
assert_eq "" "$(cat "$T/err")" "a good start at level err"
[[ $default == *error* ]] && fail "an error at a good start: $default"

step "defaults: NAME.conf, NAME.pid, NAME.sock; the client finds it; the tag in the log is NAME"
printf 'mroute from eth0 source 10.0.0.1 group 225.1.1.1 to eth1\n' >"$etc/smcroute.conf"
background
[ -S "$run/smcroute.sock" ] && [ -s "$run/smcroute.pid" ] || fail "no files in $run"
assert_eq 1 "$("${client[@]}" -j | jq '.routes.kernel | length')" "routes of the default file"
wait_for 5 grep -q 'smcroute\[[0-9]*\]: Ready' "$T/syslog"
ends "$run/smcroute.pid"
for option in -i -I; do
	printf 'mroute from eth0 source 10.0.0.2 group 225.1.1.1 to eth1\n' >"$etc/lab.conf"
	: >"$T/syslog"
	background $option lab
	[ -S "$run/lab.sock" ] && [ -s "$run/lab.pid" ] || fail "no files of lab in $run"
	for also in -i -I; do
		assert_eq 10.0.0.2 "$("${client[@]}" $also lab -j | jq -r '.routes.kernel[].source')" \
			"its route"
	done
	wait_for 5 grep -q 'lab\[[0-9]*\]: Ready' "$T/syslog"
	ends "$run/lab.pid"
done
rm "$etc/lab.conf"

step "no configuration at all, as Debian starts it: said, and fine"
rm "$etc/smcroute.conf"
: >"$T/syslog"
background
wait_for 5 grep -q "$etc/smcroute.conf" "$T/syslog"
status 0 "${client[@]}"
ends "$run/smcroute.pid"

step "-P: a name means a file in the usual place; with a slash it is a path"
background -P mine
ends "$run/mine.pid"
cd "$T" || fail "cd"
background -P ./other.pid
cd / || fail "cd"
ends "$T/other.pid"
cd "$T" || fail "cd"

step "relative -f, -u, -e and -P in the background: the directory of the start"
mkdir "$T/start" && cd "$T/start" || fail "cd"
printf 'mroute from eth0 source 10.0.0.3 group 225.1.1.1 to eth1\n' >r.conf
printf '#!/bin/sh\necho "$1" >>%s/called\n' "$T/start" >r.sh
chmod +x r.sh
touch called
background -f r.conf -u r.sock -e ./r.sh -P ./r.pid
cd / || fail "cd"
assert_eq 10.0.0.3 "$("${client[@]}" -u "$T/start/r.sock" -j | jq -r '.routes.kernel[].source')" \
	"its route"
wait_for 5 grep -q reload "$T/start/called"
status 0 "${client[@]}" -u "$T/start/r.sock" reload
called_twice() { [ "$(grep -c reload "$T/start/called")" = 2 ]; }
wait_for 5 called_twice
ends "$T/start/r.pid"
cd "$T" || fail "cd"

step "-n logs to standard error, with -s to the system's log; the background to the latter alone"
: >"$T/syslog"
status 0 "${daemon[@]}" -n -D 1
grep -q Ready "$T/err" || fail "-n: nothing on standard error"
[ -s "$T/syslog" ] && fail "-n: something in the system's log"
status 0 "${daemon[@]}" -n -s -D 1
wait_for 5 grep -q Ready "$T/syslog"
grep -q Ready "$T/err" && fail "-n -s: Ready on standard error"
: >"$T/syslog"
background -D 1
grep -q Ready "$T/err" && fail "in the background: Ready on standard error"
wait_for 5 grep -q Ready "$T/syslog"
gone() { [ ! -e "$run/smcroute.pid" ]; }
wait_for 5 gone

step "a start in the background that fails says so on standard error, with its status"
printf 'nonsense\n' >"$T/bad.conf"
status 78 "${daemon[@]}" --strict -f "$T/bad.conf"
assert_match 'bad.conf:1:1' "$(cat "$T/err")" "what it says"
[ ! -e "$run/smcroute.pid" ] && [ ! -e "$run/smcroute.sock" ] || fail "files are left"

step "JOURNAL_STREAM names standard error: what goes to the system's log is not said there as well"
: >"$T/syslog"
JOURNAL_STREAM=$(stat -c %d:%i "$T/err") status 78 "${daemon[@]}" --strict -f "$T/bad.conf"
assert_eq "" "$(cat "$T/err")" "what it says"
wait_for 5 grep -q 'bad.conf:1:1' "$T/syslog"
JOURNAL_STREAM=1:1 status 78 "${daemon[@]}" --strict -f "$T/bad.conf"
assert_match 'bad.conf:1:1' "$(cat "$T/err")" "what it says"

step "started without standard descriptors: no socket takes their place"
"${daemon[@]}" -f "$T/none.conf" <&- >&- 2>&- || fail "status $? in the background"
for fd in 0 1 2; do
	assert_eq /dev/null "$(readlink "/proc/$(cat "$run/smcroute.pid")/fd/$fd")" "descriptor $fd"
done
status 0 "${client[@]}" reload
ends "$run/smcroute.pid"
"${daemon[@]}" -n -D 1 -f "$T/none.conf" <&- >&- 2>&- || fail "status $? in the foreground"

step "-d: returns at once, nothing is looked at or written before; a signal ends it even then"
printf 'mroute from eth0 source 10.0.0.4 group 225.1.1.1 to eth1\n' >"$T/d.conf"
began=$(date +%s%N)
background -d 2 -f "$T/d.conf"
took=$((($(date +%s%N) - began) / 1000000))
[ $took -lt $((1000 * SLOW)) ] || fail "-d 2: returned after $took ms"
[ ! -e "$run/smcroute.pid" ] && [ ! -e "$run/smcroute.sock" ] || fail "files before the delay is over"
assert_eq 1 "$(wc -l </proc/net/ip_mr_vif)" "lines of VIFs during the delay"
ip link add late type veth peer name late1 || fail "veth"
printf 'mroute from eth0 source 10.0.0.5 group 225.1.1.1 to late\n' >"$T/d.conf"
pid_there() { [ -s "$run/smcroute.pid" ]; }
wait_for 6 pid_there
took=$((($(date +%s%N) - began) / 1000000))
[ $took -ge 1900 ] || fail "-d 2: ready after $took ms"
assert_eq 10.0.0.5 "$("${client[@]}" -j | jq -r '.routes.kernel[].source')" "the route of then"
ends "$run/smcroute.pid"
: >"$T/d.log"
"${daemon[@]}" -n -d 60 -f "$T/d.conf" >"$T/d.log" 2>&1 &
waiting=$!
# Before it is the daemon it is a shell, which may catch signals too.
catches_hangup() {
	[ "$(readlink "/proc/$waiting/exe")" != "$(readlink /proc/$$/exe)" ] &&
		((16#$(awk '/^SigCgt/ {print $2}' "/proc/$waiting/status") & 1))
}
wait_for 5 catches_hangup
kill -HUP $waiting
kill -TERM $waiting
wait $waiting || fail "-d 60: status $? after a signal"

step "-D counts from the start"
began=$(date +%s%N)
status 0 "${daemon[@]}" -n -D 1
took=$((($(date +%s%N) - began) / 1000000))
[ $took -ge 950 ] && [ $took -le $((2000 * SLOW)) ] || fail "-D 1: $took ms"

step "a pid file or socket that can't be made is logged, and the daemon goes on"
status 0 "${daemon[@]}" -n -D 1 -P /nowhere/pid -u "$T/u.sock"
assert_match '/nowhere/pid' "$(cat "$T/err")" "the pid file"
assert_match 'Ready' "$(cat "$T/err")" "the pid file"
status 0 "${daemon[@]}" -n -D 1 -u /nowhere/sock
assert_match '/nowhere/sock' "$(cat "$T/err")" "the socket"
assert_match 'Ready' "$(cat "$T/err")" "the socket"
long=$(printf 'x%.0s' {1..120})
status 0 "${daemon[@]}" -n -D 1 -u "$T/$long"
assert_match 'Ready' "$(cat "$T/err")" "a long name of a socket"
: >"$T/file"
status 0 "${daemon[@]}" -n -D 1 -u "$T/file"
assert_match 'file that is no socket' "$(cat "$T/err")" "a file"
ln -s file "$T/link"
status 0 "${daemon[@]}" -n -D 1 -u "$T/link"
assert_match 'file that is no socket' "$(cat "$T/err")" "a link to a file"
ln -sf nowhere "$T/link"
status 0 "${daemon[@]}" -n -D 1 -u "$T/link"
assert_eq "" "$(grep 'control socket' "$T/err")" "what is said of a link to nowhere"
[ ! -e "$T/link" ] && [ ! -L "$T/link" ] || fail "the socket in place of a link is left behind"

step "-N changes nothing: phyint enables, only what is named has a VIF"
printf 'phyint eth1\n' >"$T/N.conf"
for option in "" -N; do
	# shellcheck disable=SC2086
	background $option -f "$T/N.conf"
	assert_eq "eth1" "$(awk 'NR > 1 {print $2}' /proc/net/ip_mr_vif)" "VIFs with '$option'"
	ends "$run/smcroute.pid"
done
step "-m and phyint mrdisc are accepted"
printf 'phyint eth1 mrdisc\n' >"$T/m.conf"
for seconds in 4 20 180; do
	status 0 "${daemon[@]}" -n -D 1 -m $seconds -f "$T/m.conf"
	assert_match 'Ready' "$(cat "$T/err")" "-m $seconds"
done
