#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The action script (-e): when it is called and with what.
. "${0%/*}/lib.sh"

star 2
config <<'END'
mroute from eth0 source 10.0.0.77 group 225.1.1.1 to eth1
mroute from eth0 group 225.2.0.0/16 to eth1
mroute from eth0 group ff3e::/64 to eth1
END
cat >"$T/hook" <<'END'
#!/bin/sh
cd /run/t
echo "$1 source=${source-unset} group=${group-unset} iif=${iif-unset} oifs=${oifs-unset}" \
	"family=${family-unset} table=${table-unset} notify=${NOTIFY_SOCKET-unset}" >>calls
[ -e slow ] && sleep 3
exit "$(cat status)"
END
chmod +x "$T/hook"
: >"$T/calls"
echo 0 >"$T/status"

called() { [ "$(grep -c "$1" "$T/calls")" = "$2" ]; }

step "reload after start and after each reload, without source and group"
NOTIFY_SOCKET=/nowhere daemon_start -c 0 -e ./hook
wait_for 5 called '^reload source=unset group=unset .*notify=unset' 1
status 0 ctl reload
wait_for 5 called '^reload source=unset group=unset' 2

step "install for learned flows that forward, of both families, not for a stop filter"
send h0 225.99.0.1
send h0 225.2.0.1
send h0 ff3e::1
wait_for 5 called '^install' 2
must_be_called() { called "$@" || fail "not called $2 times with $1: $(cat "$T/calls")"; }
must_be_called '^install source=10.0.0.10 group=225.2.0.1 iif=eth0 oifs=eth1' 1
must_be_called '^install source=fd00::10 group=ff3e::1 iif=eth0 oifs=eth1' 1
must_be_called '225.99.0.1' 0
must_be_called '225.1.1.1' 0

step "remove when it goes"
status 0 ctl flush
wait_for 5 called '^remove source=10.0.0.10 group=225.2.0.1' 1
wait_for 5 called '^remove source=fd00::10 group=ff3e::1' 1

step "its exit status is logged"
echo 7 >"$T/status"
status 0 ctl reload
wait_for 5 grep -q '\b7\b' "$T/smcroute.log"

step "many at once: the status of each is logged"
echo 9 >"$T/status"
touch "$T/slow"
send h0 -f 5 225.2.8.0
rm "$T/slow"
all_logged() { [ "$(grep -c 'install.*status 9' "$T/smcroute.log")" = 5 ]; }
wait_for 10 all_logged
echo 0 >"$T/status"

step "a slow script delays no packet"
touch "$T/slow"
count_start h1 -n 20
began=$(date +%s%N)
send h0 -n 1 -f 20 -r 100 225.2.9.0
count_stop h1
took=$((($(date +%s%N) - began) / 1000000))
[ $took -lt $((2500 * SLOW)) ] || fail "packets waited for the script, $took ms"
assert_eq "20 0 0" "$(counted_all h1)" "packets of 20 new flows"
rm "$T/slow"

step "a script that is not there is said so, and the daemon lives"
daemon_stop
daemon_start -e /nonexistent/script
wait_for 5 grep -q '/nonexistent/script' "$T/smcroute.log"
status 0 ctl show
