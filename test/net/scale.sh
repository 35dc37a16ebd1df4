#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Ten times the routes cost ten times as much, not a hundred: start, reload, show.  And a /17 of
# groups, more sockets than select() takes.
. "${0%/*}/lib.sh"

star 2
# routes COUNT: of both families and either kind.
routes() {
	awk -v count="$1" 'BEGIN { for (n = 0; n < count; n += 4) {
		low = int(n / 250) "." n % 250
		print "mroute from eth0 source 10.7." low " group 225.7." low " to eth1"
		printf "mroute from eth0 source fd00::%x group ff3e::%x to eth1\n", n, n
		print "mroute from eth0 group 226.7." low " to eth1"
		printf "mroute from eth+ group ff3e::7:%x to eth1\n", n
	}}'
}
# Microseconds that the daemon has run.
cpu() { awk '{print int($1 / 1000)}' "/proc/${daemon_pid[$D]}/schedstat"; }
# cost VARIABLE COMMAND...: what that costs the daemon.
cost() {
	local before
	before=$(cpu)
	status 0 "${@:2}"
	printf -v "$1" %d $(($(cpu) - before))
}
# measure COUNT: $start, $reload, $show
measure() {
	routes "$1" | config
	daemon_launch -l notice
	wait_for 30 daemon_ready
	start=$(cpu)
	cost reload ctl reload
	cost show ctl -j show
	# The wildcard has a row for each of its interfaces.
	assert_eq $(($1 * 5 / 4)) "$(jq ".routes | .asm + .ssm | length" "$T/out")" "rows"
	daemon_stop
	echo "$1 routes: start $start us, reload $reload us, show $show us"
}

step "1,000 and 10,000 routes"
measure 1000
few=("$start" "$reload" "$show")
measure 10000
for what in start reload show; do
	[ "${!what}" -le $((40 * few[0] + 20000 * SLOW)) ] ||
		fail "$what grows from ${few[0]} to ${!what} us"
	few=("${few[@]:1}")
done

step "a /17 of groups, which is left as soon as it was joined"
config <<<"mgroup from eth0 group 225.128.0.0/17"
daemon_launch
wait_for 60 daemon_ready
assert_eq 32768 "$(ctl -d -j show groups | jq '.groups.kernel | length')" "groups"
daemon_stop
