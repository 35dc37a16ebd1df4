#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Learned entries go when they are silent (-c) or by "flush"; configured ones stay.
. "${0%/*}/lib.sh"

star 2
config <<'END'
mroute from eth0 source 10.0.0.77 group 225.1.1.1 to eth1
mroute from eth0 group 225.2.0.0/16 to eth1
mroute from eth0 group ff3e::/64 to eth1
END

entries() { show routes '.routes.kernel | length'; }
# learned: all three kinds.
learn() {
	send h0 225.2.0.1
	send h0 ff3e::1
	send h0 225.99.0.1
	wait_for 5 is 4 entries
}

step "silent entries and stop filters go after -c 1"
daemon_start -c 1
learn
began=$(date +%s%N)
wait_for 5 is 1 entries
took=$((($(date +%s%N) - began) / 1000000))
[ $took -ge 500 ] || fail "gone after $took ms already"
[ $took -le $((3000 * SLOW)) ] || fail "gone only after $took ms"
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.77 225.1.1.1)" "the configured route"

step "a flow with packets stays"
count_start h1 -n 60
send h0 -n 60 -r 20 225.2.0.5 &
sender=$!
flow_is() { [ "$(in_kernel 10.0.0.10 225.2.0.5)" = "$1" ]; }
wait_for 5 flow_is "eth0 eth1"
while kill -0 $sender 2>/dev/null; do
	flow_is "eth0 eth1" || ! kill -0 $sender 2>/dev/null || fail "the entry of a live flow went"
	sleep 0.1
done
wait $sender
count_stop h1
assert_eq "60 0 0" "$(counted h1 10.0.0.10 225.2.0.5)" "its packets"
wait_for 5 flow_is ""
daemon_stop

step "-c 0: nothing goes by itself; flush takes all that was learned"
daemon_start -c 0
learn
status 0 ctl flush
assert_eq 1 "$(entries)" "entries after a flush"
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.77 225.1.1.1)" "the configured route"
learn
status 0 ctl -F
assert_eq 1 "$(entries)" "entries after -F"

step "a flushed flow is learned again by its next packet, which arrives"
count_start h1 -n 1
send h0 225.2.0.1
count_stop h1
assert_eq "1 0 0" "$(counted h1 10.0.0.10 225.2.0.1)" "its packets"
daemon_stop

step "--max-flows: the limit holds, and what is beyond heals when there is room"
daemon_start -c 1 --max-flows 10
send h0 -f 50 -r 1000 225.2.7.0
wait_for 5 is 11 entries
wait_for 10 is 1 entries
