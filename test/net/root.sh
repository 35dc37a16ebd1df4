#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the daemon gives up once it is ready, with -p and without, and that everything goes on working
# afterwards; --socket-group.
needs_root=yes
. "${0%/*}/lib.sh"

star 3
id -u nobody daemon >/dev/null 2>&1 || skip "needs users nobody and daemon"
group=$(id -gn nobody)
config <<'EOF'
mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1
mroute from eth0 group 225.2.0.0/16 to eth1 late
mroute from eth0 source fd00::10 group ff3e::1 to eth1 late
mgroup from eth0 group 225.1.1.1
EOF
chmod 755 "$T"
field() { awk -v f="$1:" '$1 == f {$1 = ""; print}' "/proc/$pid/status" | xargs; }
libcap=$(ldd "${SMCROUTED##* }" | grep -c libcap)
owner() { stat -c '%U %G %a' "$1"; }

# powerless [LEFT]: no capability but what is left.
powerless() {
	local set left=${1:-0000000000000000}
	for set in CapPrm CapEff; do
		assert_eq "$left" "$(field $set)" "$set"
	done
	for set in CapInh CapAmb; do
		assert_eq 0000000000000000 "$(field $set)" "$set"
	done
}

# The script does what takes the power of root.
cat >"$T/script" <<'EOF'
#!/bin/sh
ip link add made type veth peer name other 2>/dev/null || exit 9
ip link del made
EOF
chmod 755 "$T/script"

# script_ends STATUS: how the script of the start ended.
script_ends() { wait_for 5 grep -q "script reload, .* ended with status $1" "$T/smcroute.log"; }

# six: whether this build has IPv6.
six() { [ "$(show interfaces '.interfaces[] | select(.name == "eth0") | .mif')" != null ]; }

# everything: what must work whoever the daemon is.
everything() {
	assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.1)" "the IPv4 route"
	count_start h1 -n 1
	send h0 225.2.0.1
	count_stop h1
	assert_eq "1 0 0" "$(counted h1 10.0.0.10 225.2.0.1)" "a learned flow"
	if six; then
		count_start h1 -n 1
		send h0 -s fd00::10 ff3e::1
		count_stop h1
		assert_eq "1 0 0" "$(counted h1 fd00::10 ff3e::1)" "IPv6"
	fi
	ip link add late type veth peer name late2
	late_there() {
		[[ " $(in_kernel 10.0.0.10 225.2.0.1) " == *" late "* ]] || return
		! six || [[ " $(in_kernel fd00::10 ff3e::1) " == *" late "* ]]
	}
	wait_for 5 late_there
	ip link del late
	wait_for 5 not late_there
	status 0 ctl add eth0 10.0.0.10 225.3.3.3 eth2
	assert_eq "eth0 eth2" "$(in_kernel 10.0.0.10 225.3.3.3)" "a route by command"
	status 0 ctl join eth2 225.4.0.0/26
	status 0 ctl join eth2 10.0.0.0/28 232.4.0.1
	! six || status 0 ctl join eth2 ff05::/122
	assert_eq "$(six && echo 145 || echo 81)" "$(show groups '.groups.kernel | length')" "memberships"
	touch -d 2001-01-01 "$T/smcroute.pid"
	status 0 ctl reload
	assert_eq "" "$(in_kernel 10.0.0.10 225.3.3.3)" "after the reload"
	assert_eq 1 "$(show groups '.groups.kernel | length')" "memberships after the reload"
	[ "$(stat -c %Y "$T/smcroute.pid")" -gt 1000000000 ] || fail "reload does not touch the pid file"
	chown daemon "$T/smcroute.conf" && chmod 600 "$T/smcroute.conf"
	if [ "$(field Uid | cut -d ' ' -f 1)" = 0 ]; then
		status 0 ctl reload
	else
		status 1 ctl reload
		assert_match "may not read it" "$(cat "$T/err")" "a reload of what may not be read"
	fi
	chown root "$T/smcroute.conf" && chmod 644 "$T/smcroute.conf"
	assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.1)" "the route after that"
	assert_eq 1 "$(show groups '.groups.kernel | length')" "memberships after that"
}

step "-p USER: its ids, its groups, no capability at all, nothing to come back with"
daemon_start -p nobody -e "$T/script"
script_ends 9
pid=$(cat "$T/smcroute.pid")
uid=$(id -u nobody)
gid=$(id -g nobody)
assert_eq "$uid $uid $uid $uid" "$(field Uid)" "user"
assert_eq "$gid $gid $gid $gid" "$(field Gid)" "group"
assert_eq "$(id -G nobody)" "$(field Groups)" "groups"
powerless
[ "$libcap" = 0 ] || assert_eq 0000000000000000 "$(field CapBnd)" "CapBnd"
assert_eq "nobody" "$(owner "$T/smcroute.pid" | cut -d ' ' -f 1)" "owner of the pid file"
assert_eq "nobody" "$(owner "$T/smcroute.sock" | cut -d ' ' -f 1)" "owner of the socket"
grep -q 'receive buffer' "$T/smcroute.log" && fail "a small receive buffer, as root"
everything
powerless
status 0 setpriv --reuid nobody --regid "$group" --clear-groups $SMCROUTECTL -u "$T/smcroute.sock" show
status 77 setpriv --reuid daemon --regid daemon --clear-groups $SMCROUTECTL -u "$T/smcroute.sock" show

step "what it can't remove it empties or closes; the next start takes its place, and one after a crash"
daemon_stop
[ -e "$T/smcroute.pid" ] && [ ! -s "$T/smcroute.pid" ] || fail "the pid file is not empty"
[ -S "$T/smcroute.sock" ] || fail "who could remove the socket?"
status 69 ctl show
daemon_start -p nobody
assert_eq "$(cat "$T/smcroute.pid")" "${daemon_pid[$D]}" "the pid file of the next start"
status 0 ctl show
kill -KILL "${daemon_pid[$D]}"
daemon_ended 137
daemon_start -p nobody
assert_eq "$(cat "$T/smcroute.pid")" "${daemon_pid[$D]}" "the pid file after a crash"
status 0 ctl show
daemon_stop

step "-p USER:GROUP, in the background"
status 0 $SMCROUTED -i "$D" -f "$T/$D.conf" -u "$T/$D.sock" -P "$T/$D.pid" -p nobody:daemon
pid=$(cat "$T/smcroute.pid")
assert_eq "$uid" "$(field Uid | cut -d ' ' -f 1)" "user"
assert_eq "$(id -g daemon)" "$(field Gid | cut -d ' ' -f 1)" "group"
everything
powerless
status 0 ctl kill
wait_for 5 not kill -0 "$pid" 2>/dev/null
rm -f "$T/smcroute.pid" "$T/smcroute.sock"

step "without -p: root's socket, for root alone; power over files, and a script with root's power"
daemon_start -e "$T/script"
pid=$(cat "$T/smcroute.pid")
[ "$libcap" = 0 ] || powerless 0000000000000002 # CAP_DAC_OVERRIDE
script_ends 0
assert_eq "root root 600" "$(owner "$T/smcroute.sock")" "the socket"
status 77 setpriv --reuid nobody --regid "$group" --clear-groups $SMCROUTECTL -u "$T/smcroute.sock" show
everything
[ "$libcap" = 0 ] || powerless 0000000000000002
daemon_stop
[ ! -e "$T/smcroute.sock" ] || fail "root leaves files behind"

step "the same with files in a folder of somebody else"
mkdir "$T/theirs" && chown nobody "$T/theirs"
daemon_start -u "$T/theirs/socket" -P "$T/theirs/pid"
daemon_stop
assert_eq "" "$(ls "$T/theirs")" "files left behind"

step "capabilities of the program file, which come back with each exec()"
cp "${SMCROUTED##* }" "$T/copy"
python3 -c '
import os, struct, sys
os.setxattr(sys.argv[1], "security.capability", struct.pack("<5I", 0x02000001, 1 << 12 | 1 << 13, 0, 0, 0))
' "$T/copy" || fail "setxattr"
plain=$SMCROUTED
SMCROUTED="setpriv --reuid nobody --regid $group --clear-groups env ASAN_OPTIONS=detect_leaks=0 $T/copy"
daemon_start -u "$T/theirs/socket" -P "$T/theirs/pid"
assert_eq 1 "$(grep -c '^010101E1 0A00000A' /proc/net/ip_mr_cache)" "the kernel's entry"
daemon_stop
SMCROUTED=$plain

step "where no program gains power, the script has none, and that is said"
plain=$SMCROUTED
SMCROUTED="setpriv --no-new-privs $SMCROUTED"
daemon_start -e "$T/script"
if [ "$libcap" = 0 ]; then
	script_ends 0
else
	script_ends 9
	grep -q 'script runs as user 0 without any capability' "$T/smcroute.log" || fail "nothing said"
fi
daemon_stop
SMCROUTED=$plain

step "--socket-group: its members may, nobody else"
daemon_start --socket-group daemon
assert_eq "root daemon 660" "$(owner "$T/smcroute.sock")" "the socket"
status 0 setpriv --reuid nobody --regid daemon --clear-groups $SMCROUTECTL -u "$T/smcroute.sock" \
	add eth0 10.0.0.10 225.3.3.3 eth2
grep -q "command of user $uid, process [0-9]*: add eth0 10.0.0.10 225.3.3.3 eth2" "$T/smcroute.log" ||
	fail "the log does not tell who made a change"
status 77 setpriv --reuid nobody --regid "$group" --clear-groups $SMCROUTECTL -u "$T/smcroute.sock" show
daemon_stop
daemon_start -p nobody --socket-group daemon
assert_eq "nobody daemon 660" "$(owner "$T/smcroute.sock")" "the socket with -p"
daemon_stop
