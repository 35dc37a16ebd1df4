#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A flow that arrives on another interface: a configured (S,G) never moves, a learned one only to
# where a rule covers it, and only from a stop filter or from a feed that has died.
. "${0%/*}/lib.sh"

star 4
config <<'END'
mroute from eth0 source 10.9.9.9 group 225.1.1.1 to eth2
mroute from eth1 group 225.1.1.1 to eth2
mroute from eth0 group 225.2.0.0/16 to eth2
mroute from eth1 group 225.2.0.0/16 to eth2
mroute from eth0 source fd00:9::9 group ff3e::1 to eth2
mroute from eth1 group ff3e::1 to eth2
mroute from eth0 group ff3e:2::/32 to eth2
mroute from eth1 group ff3e:2::/32 to eth2
mroute from eth1 group 225.3.0.0/16 to eth2
phyint eth3
END
daemon_start
entry() { [ "$(in_kernel "$1" "$2")" = "$3" ]; }

step "configured: what comes in elsewhere is dropped, for as long as it comes"
count_start h2
send_start h1 -s 10.9.9.9 -n 40 -r 10 225.1.1.1
send h1 -s fd00:9::9 -n 40 -r 10 ff3e::1
wait $sender
send h0 -s 10.9.9.9 -n 5 225.1.1.1
send h0 -s fd00:9::9 -n 5 ff3e::1
count_stop h2
assert_eq "5 0 0" "$(counted h2 10.9.9.9 225.1.1.1)" "IPv4"
assert_eq "5 0 0" "$(counted h2 fd00:9::9 ff3e::1)" "IPv6"
assert_eq "eth0 eth2" "$(in_kernel 10.9.9.9 225.1.1.1)" "the entry, IPv4"
assert_eq "eth0 eth2" "$(in_kernel fd00:9::9 ff3e::1)" "the entry, IPv6"
wrong='.routes.kernel[] | select(.source == "10.9.9.9") | .wrong_if'
assert_eq 40 "$(show routes "$wrong")" "packets on the wrong interface"

step "learned: no flip-flop between two live feeds"
# The kernel tells of a packet on the wrong interface every 3 s at most: look for 7.
both() { entry 10.9.9.8 225.2.0.1 "$1" && entry fd00:9::8 ff3e:2::1 "$1"; }
feeds=()
feed() {
	send_start "$1" -s 10.9.9.8 -n 0 -r 20 225.2.0.1
	feeds+=("$sender")
	send_start "$1" -s fd00:9::8 -n 0 -r 20 ff3e:2::1
	feeds+=("$sender")
}
feed h0
wait_for 5 both "eth0 eth2"
feed h1
end=$((SECONDS + 7))
while [ $SECONDS -lt $end ]; do
	both "eth0 eth2" || fail "a flow moved: $(show routes .routes.kernel)"
	sleep 0.2
done

step "learned: fail-over when the feed dies, to the one that is still there"
kill "${feeds[@]:0:2}"
wait_for 12 both "eth1 eth2"
count_start h2 -u 100
arrived() { [[ $(counted h2 "$1" "$2") == [1-9]* ]]; }
wait_for 5 arrived 10.9.9.8 225.2.0.1
wait_for 5 arrived fd00:9::8 ff3e:2::1
kill "${feeds[@]:2:2}"
count_stop h2

step "learned: a stop filter moves at the first packet on an interface with a rule"
send h0 -s 10.9.9.7 225.3.0.1
wait_for 5 entry 10.9.9.7 225.3.0.1 eth0
send h1 -s 10.9.9.7 -n 2 225.3.0.1
wait_for 5 entry 10.9.9.7 225.3.0.1 "eth1 eth2"

step "learned: never to where no rule covers it"
count_start h2
send h3 -s 10.9.9.7 -n 40 -r 10 225.3.0.1
count_stop h2
assert_eq "eth1 eth2" "$(in_kernel 10.9.9.7 225.3.0.1)" "the entry"
assert_eq "0 0 0" "$(counted h2 10.9.9.7 225.3.0.1)" "packets of the wrong interface"
