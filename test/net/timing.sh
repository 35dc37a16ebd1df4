#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# When things happen: expiry to the tenth, readiness when the routes are there, and those who wait
# for it: the service manager, the pid file, the starting process.
. "${0%/*}/lib.sh"

star 3
config <<'EOF'
mroute from eth0 group 225.2.0.0/16 to eth1
mroute from eth0 group ff3e::/64 to eth1
EOF

# watch SECONDS: when each flow was last seen in the kernel's IPv4 table, as "GROUP-HEX MS" lines.
watch() {
	python3 -c '
import sys, time
end = time.time() + float(sys.argv[1])
seen = {}
while time.time() < end:
    with open("/proc/net/ip_mr_cache") as table:
        for line in list(table)[1:]:
            seen[line.split()[0]] = time.time()
    time.sleep(0.005)
for group, when in sorted(seen.items()):
    print(group, int(when * 1000))' "$1"
}

step "-c 2: no flow goes earlier than 2 s after its last packet, none later than 3 s"
daemon_start -c 2
watch 7 >"$T/watched" &
watcher=$!
declare -A last=()
hex() { printf '%02X%02X%02XE1' "$3" "$2" "$1"; }
for ((n = 1; n <= 30; n++)); do
	# Some with several packets, some that no rule covers.
	second=$((n % 4 ? 2 : 99))
	for ((i = 0; i < n % 3 + 1; i++)); do
		send h0 "225.$second.0.$n"
	done
	last[$(hex $second 0 $n)]=$(($(date +%s%N) / 1000000))
done
# What comes in elsewhere does not keep a flow alive.
send h2 -s 10.0.0.10 -n 300 -r 100 225.2.0.1
wait $watcher
for group in "${!last[@]}"; do
	[ "$group" = "$(hex 2 0 1)" ] && continue # it is back at once, as a stop filter
	gone=$(awk -v g="$group" '$1 == g {print $2}' "$T/watched")
	[ -n "$gone" ] || fail "$group was never there"
	stayed=$((gone - ${last[$group]}))
	# The last packet was sent some milliseconds before its time was taken.
	[ $stayed -ge 1900 ] || fail "$group went $stayed ms after its last packet"
	[ $stayed -le $((2000 + 1100 * SLOW)) ] || fail "$group stayed for $stayed ms"
done
daemon_stop

step "packets on another interface do not keep a flow alive"
daemon_start -c 2
send h0 -s 10.0.0.9 225.2.0.7
is_at() { [[ "$(in_kernel 10.0.0.9 225.2.0.7)" == "$1"* ]]; }
wait_for 5 is_at eth0
send_start h2 -s 10.0.0.9 -n 0 -r 50 225.2.0.7
# eth2 must have a VIF for the kernel to look at its packets at all.
status 0 ctl add eth2 10.9.9.9 225.9.9.9 eth1
wait_for 6 not is_at eth0
kill "$sender"
daemon_stop

step "the service manager hears of readiness, reloads and the end, each when it is true"
cat >"$T/notify.py" <<'PY'
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("listening", flush=True)
while True:
    message = s.recv(65536).decode()
    routes = sum(1 for _ in open("/proc/net/ip_mr_cache")) - 1
    pid_file = os.path.exists("/run/t/smcroute.pid")
    print(message.replace("\n", " "), "routes=%d" % routes, "pid_file=%s" % pid_file, flush=True)
PY
: >"$T/notes"
python3 "$T/notify.py" "$T/notify" >"$T/notes" &
wait_for 5 grep -q listening "$T/notes"
{
	for ((n = 0; n < 5000; n++)); do
		echo "mroute from eth0 source 10.0.0.10 group 225.1.$((n / 250)).$((n % 250)) to eth1"
	done
} | config
began=$(date +%s%N)
NOTIFY_SOCKET=$T/notify daemon_start
took=$((($(date +%s%N) - began) / 1000000))
[ $took -lt $((1000 * SLOW)) ] || fail "5,000 routes: ready after $took ms"
assert_eq 5001 "$(wc -l </proc/net/ip_mr_cache)" "lines of the kernel when Ready is in the log"
noted() { [ "$(grep -c "$1" "$T/notes")" = "$2" ]; }
if [ -s "$T/notes" ] && (wait_for 2 noted READY=1 1) >/dev/null 2>&1; then
	grep -q 'READY=1.*routes=5000 pid_file=True' "$T/notes" || fail "$(cat "$T/notes")"
	status 0 ctl reload
	wait_for 5 noted READY=1 2
	grep -q 'RELOADING=1.*MONOTONIC_USEC=[0-9]' "$T/notes" || fail "$(cat "$T/notes")"
	echo nonsense >"$T/smcroute.conf"
	status 1 ctl reload
	wait_for 5 noted READY=1 3
	assert_match 'STATUS=[^ ]' "$(tail -n 1 "$T/notes")" "the status after a refused reload"
	daemon_stop
	wait_for 5 noted STOPPING=1 1
else
	echo "  (built without libsystemd)"
	daemon_stop
fi

step "the pid file is written last, and touched at the end of each reload"
config <<<"mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1"
D=other
config <<<"mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1"
daemon_launch
pid_there() { [ -s "$T/other.pid" ]; }
wait_for 5 pid_there
assert_eq 2 "$(wc -l </proc/net/ip_mr_cache)" "lines of the kernel when the pid file is there"
assert_eq "${daemon_pid[$D]}" "$(cat "$T/other.pid")" "the pid"
for conf in good bad missing; do
	touch -d 2001-01-01 "$T/other.pid"
	case $conf in
	bad) echo nonsense >"$T/other.conf" ;;
	missing) rm "$T/other.conf" ;;
	esac
	kill -HUP "${daemon_pid[$D]}"
	touched() { [ "$(stat -c %Y "$T/other.pid")" -gt 1000000000 ]; }
	wait_for 5 touched
done
grep -q 'other: reloaded' "$T/other.log" || fail "no line about the good reload"
grep -q 'reload refused' "$T/other.log" || fail "no line about the refused ones"
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.1)" "the running set"
