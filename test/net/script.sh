#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The action script's whole environment: what is in it, for each event, and what is not.
. "${0%/*}/lib.sh"

star 4
config <<'EOF'
mroute from eth0 source 10.0.0.77 group 225.1.1.1 to eth1
mroute from eth0 group 225.2.0.0/16 to eth1 eth2
mroute from eth1 group 225.2.0.0/16 to eth2
mroute from eth0 group ff3e::/64 to eth1
mgroup from eth3 group 225.4.0.0/21
EOF
cat >"$T/hook" <<'EOF'
#!/bin/sh
n=$(mktemp /run/t/call.XXXXXX)
{
	echo "args=$*"
	env
	echo "cwd=$(pwd)"
	echo "stdin=$(readlink /proc/self/fd/0)"
	echo "fds=$(ls /proc/$$/fd | wc -l)"
	echo "limit=$(ulimit -Sn)"
} >"$n.new"
mv "$n.new" "$n"
rm -f "$n.new"
case $1 in
install) exit 3 ;;
remove) kill -KILL $$ ;;
esac
EOF
chmod +x "$T/hook"
# calls REGEX...: how many calls have lines that match each of them.
calls() {
	local file n=0 regex
	for file in "$T"/call.??????; do
		[ -s "$file" ] || continue
		for regex; do
			grep -qxE -- "$regex" "$file" || continue 2
		done
		n=$((n + 1))
	done
	echo $n
}
happened() { [ "$(calls "${@:2}")" -ge "$1" ]; }

table=0
for family in -4 -6; do
	ip $family mrule add pref 10 lookup 7 2>/dev/null && table=7
done
export source=stale group=stale iif=stale oifs=stale family=stale table_kept=yes
# Fewer descriptors than the memberships take.
limit=$(ulimit -Sn)
ulimit -Sn 64
NOTIFY_SOCKET=/nowhere daemon_start -c 0 -t $table -e ./hook
ulimit -Sn "$limit"
unset source group iif oifs family

step "reload: after the start and every good reload; nothing of a flow, not even what was ours"
wait_for 5 happened 1 'args=reload'
status 0 ctl reload
wait_for 5 happened 2 'args=reload'
config <<<nonsense
status 1 ctl reload
config <<'EOF'
mroute from eth0 source 10.0.0.77 group 225.1.1.1 to eth1
mroute from eth0 group 225.2.0.0/16 to eth1 eth2
mroute from eth1 group 225.2.0.0/16 to eth2
mroute from eth0 group ff3e::/64 to eth1
mgroup from eth3 group 225.4.0.0/21
EOF
kill -HUP "${daemon_pid[$D]}"
wait_for 5 happened 3 'args=reload'
assert_eq 3 "$(calls 'args=reload')" "calls with reload"
for name in source group iif oifs family NOTIFY_SOCKET; do
	assert_eq 0 "$(calls 'args=reload' "$name=.*")" "reloads with $name"
done
assert_eq 3 "$(calls 'args=reload' "table=$table" 'table_kept=yes')" "reloads with the rest"

step "the limit on descriptors is the one that the daemon was started with, however many it has"
sockets=$(find "/proc/${daemon_pid[$D]}/fd" -lname 'socket:*' | wc -l)
[ "$sockets" -gt 64 ] || fail "the daemon has $sockets sockets only"
assert_eq 3 "$(calls 'args=reload' 'limit=64')" "reloads with the limit"

step "install: source, group, iif, oifs, table and family of a learned entry that forwards"
send h0 225.2.0.1
send h0 ff3e::1
send h0 225.99.0.1
send h0 -s 10.0.0.77 225.1.1.1
wait_for 5 happened 2 'args=install'
assert_eq 1 "$(calls 'args=install' 'source=10.0.0.10' 'group=225.2.0.1' 'iif=eth0' 'oifs=eth1 eth2' \
	'family=ipv4' "table=$table")" "calls for the IPv4 flow"
assert_eq 1 "$(calls 'args=install' 'source=fd00::10' 'group=ff3e::1' 'iif=eth0' 'oifs=eth1' \
	'family=ipv6' "table=$table")" "calls for the IPv6 flow"
assert_eq 0 "$(calls 'NOTIFY_SOCKET=.*')" "calls with NOTIFY_SOCKET"
assert_eq 1 "$(calls "cwd=$T" 'stdin=/dev/null' 'group=ff3e::1')" "folder and standard input"

step "install once more when a learned entry moves"
# It is silent for two seconds before, and the kernel tells of a wrong interface every three.
moved() {
	send h1 -s 10.0.0.10 225.2.0.1
	happened 1 'args=install' 'iif=eth1' 'source=10.0.0.10' 'oifs=eth2'
}
wait_for 15 moved

step "remove when it goes or no longer forwards; nothing for stop filters and configured routes"
status 0 ctl remove eth1 225.2.0.0/16
wait_for 5 happened 1 'args=remove' 'group=225.2.0.1' 'source=10.0.0.10'
status 0 ctl flush
wait_for 5 happened 1 'args=remove' 'group=ff3e::1' 'family=ipv6'
wait_for 5 grep -q 'hook install.*status 3' "$T/smcroute.log"
wait_for 5 grep -q 'hook remove.*signal 9' "$T/smcroute.log"
assert_eq "0 0" "$(calls 'group=225.99.0.1') $(calls 'group=225.1.1.1')" "calls for the others"

step "the end of the daemon calls nobody"
before=$(calls 'args=.*')
daemon_stop
assert_eq "$before" "$(calls 'args=.*')" "calls"

step "no process to be had: calls wait, which is said once"
# fails ERRNO: starts of a script do from now on; 0 = no longer.
fails() {
	echo "all posix_spawn $1 0" >fail.new
	[ "$1" != 0 ] || : >fail.new
	mv fail.new fail
}
said() { is "$1" grep -c "can't run the action script" "$T/smcroute.log"; }
SMCROUTED="env FAIL=$T/fail LD_PRELOAD=${MCAST%/*}/fail.so $SMCROUTED"
fails 0
daemon_start -c 0 -t $table -e ./hook
wait_for 5 happened $((before + 1)) 'args=.*'
times=0
for errno in 11 12; do
	fails $errno
	send h0 -f 5 225.2.$errno.0
	wait_for 5 said $((times += 1))
	status 0 ctl flush
	assert_eq 0 "$(calls "group=225.2.$errno.*")" "calls without a process"
	fails 0
	wait_for 5 happened 5 'args=install' "group=225.2.$errno.*"
	wait_for 5 happened 5 'args=remove' "group=225.2.$errno.*"
	said $times || fail "said more than once"
done

step "a script that can't be run for another reason: that call is dropped"
fails 2
status 0 ctl reload
wait_for 5 said $((times + 1))
fails 0
before=$(calls 'args=reload')
status 0 ctl reload
wait_for 5 happened $((before + 1)) 'args=reload'
assert_eq $((before + 1)) "$(calls 'args=reload')" "calls with reload"

step "remove tells the names of interfaces that are gone"
status 0 ctl flush
rm -f "$T"/call.*
send h0 225.2.13.1
send h0 ff3e::13
wait_for 5 happened 2 'args=install'
ip link del eth1 # the entry stays as a stop filter
wait_for 5 happened 1 'args=remove' 'group=ff3e::13' 'iif=eth0' 'oifs='
assert_eq 0 "$(calls 'args=remove' 'group=225.2.13.1')" "calls for the flow that goes on"
kill -STOP "${daemon_pid[$D]}" # it shall hear of both at once
ip link del eth2
ip link del eth0
kill -CONT "${daemon_pid[$D]}"
wait_for 5 happened 1 'args=remove' 'group=225.2.13.1' 'iif=eth0' 'oifs=eth2'
