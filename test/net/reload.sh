#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Reload under traffic: flows that did not change lose nothing; a broken file changes nothing.
. "${0%/*}/lib.sh"

star 4
flows=200
base() {
	echo "mroute from eth0 source 10.0.0.10 group 225.1.1.0 to eth1"
	echo "mroute from eth0 group 225.1.1.0/24 to eth1"
	echo "mroute from eth0 group 225.9.0.1 to eth1"
	echo "mroute from eth0 source 10.0.0.10 group 225.9.0.3 to eth1 eth2"
}
{ base; echo "mroute from eth0 group 225.9.0.2 to eth1"; } | config
daemon_start

step "200 flows at 1,000 packets a second in total while rules come, go and change"
count_start h1 -n $((flows * 25))
send h0 -n 25 -f $flows -r 1000 225.1.1.0 &
traffic=$!
packets() {
	show routes '[.routes.kernel[] | select(.group | startswith("225.1.1.")) | .packets] | add'
}
enough() { [ "$(packets)" -gt "$1" ]; }
wait_for 10 enough 1000
{ base; echo "mroute from eth0 group 225.9.0.4 to eth3"; echo "phyint eth2 ttl-threshold 3"; } |
	sed 's/225.9.0.3 to eth1 eth2/225.9.0.3 to eth1 eth3/' | config
status 0 ctl reload
assert_eq "eth0 eth1 eth3" "$(in_kernel 10.0.0.10 225.9.0.3)" "the changed route"
wait_for 10 enough 2500
{ base; echo "mroute from eth0 group 225.9.0.2 to eth1"; } | config
kill -HUP "${daemon_pid[$D]}"
changed_back() { [ "$(in_kernel 10.0.0.10 225.9.0.3)" = "eth0 eth1 eth2" ]; }
wait_for 10 changed_back
assert_eq 2 "$(grep -c 'reloaded' "$T/smcroute.log")" "log lines about reloads"
wait $traffic || fail "sender"
count_stop h1
for ((n = 0; n < flows; n++)); do
	assert_eq "25 0 0" "$(counted h1 10.0.0.10 225.1.1.$n)" "flow to 225.1.1.$n"
done

step "a new wildcard turns the stop filters that it covers into routes at once, and back"
send h0 225.20.0.1
assert_eq "eth0" "$(in_kernel 10.0.0.10 225.20.0.1)" "a stop filter"
{ base; echo "mroute from eth0 group 225.20.0.0/16 to eth2"; } | config
status 0 ctl reload
assert_eq "eth0 eth2" "$(in_kernel 10.0.0.10 225.20.0.1)" "the same flow, covered"
base | config
status 0 ctl reload
assert_eq "eth0" "$(in_kernel 10.0.0.10 225.20.0.1)" "the same flow, not covered any more"

step "a broken file changes nothing, and the client says where and why"
before=$(show routes .routes)
{
	base
	echo "# a comment"
	echo "mroute from eth0 group 225.30.0.1 too eth1"
	echo "mroute from eth0 group 225.30.0.2 to eth1"
	echo "mgroup from eth0 group 10.1.2.3"
} | config
status 1 ctl reload
assert_match "smcroute.conf:6:35: .*too" "$(cat "$T/err")" "the first error"
assert_match "smcroute.conf:8:24: .*10.1.2.3" "$(cat "$T/err")" "the second error"
assert_eq "" "$(cat "$T/out")" "standard output"
assert_eq "$(jq -c '.kernel |= map(del(.packets, .bytes, .age))' <<<"$before")" \
	"$(show routes .routes | jq -c '.kernel |= map(del(.packets, .bytes, .age))')" "the rules"
kill -HUP "${daemon_pid[$D]}"
wait_for 5 grep -q 'smcroute.conf:8:24' "$T/smcroute.log"

step "a missing file is an error at reload"
rm "$T/smcroute.conf"
status 1 ctl reload
assert_match "smcroute.conf" "$(cat "$T/err")" "what the client says"
assert_eq "eth0 eth1 eth2" "$(in_kernel 10.0.0.10 225.9.0.3)" "a route after all that"

step "the pid file is touched by every reload, refused ones too"
touch -d '2001-01-01' "$T/smcroute.pid"
status 1 ctl reload
[ "$(stat -c %Y "$T/smcroute.pid")" -gt 1000000000 ] || fail "the pid file is as old as before"

step "what a client added goes with the next reload"
base | config
status 0 ctl add eth0 10.0.0.99 225.40.0.1 eth1
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.99 225.40.0.1)" "the route added"
status 0 ctl reload
assert_eq "" "$(in_kernel 10.0.0.99 225.40.0.1)" "the route added, after a reload"

step "flows that begin while a reload takes their interface away live as soon as it is back"
new=300
echo "mroute from eth0 group 225.50.0.0/16 to eth1" | config
status 0 ctl reload
cp "$T/smcroute.conf" "$T/with.conf"
seq 60000 | awk '{printf "mroute from eth1 source 10.1.0.10 group 226.0.%d.%d to eth2\n", $1 / 256, $1 % 256}' | config
send_start h0 -f $new -n 1 -r 1000 225.50.0.1
status 0 ctl reload
wait $sender || fail "sender"
config <"$T/with.conf"
status 0 ctl reload
forwarding() { show routes '[.routes.kernel[] | select(.state == "forward")] | length'; }
assert_eq 0 "$(forwarding)" "flows right after the second reload"
send h0 -f $new -n 1 -r 1000 225.50.0.1
wait_for 3 is $new forwarding
