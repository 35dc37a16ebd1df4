#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Memberships, as the kernel counts them: many, beyond the limits of one socket, ASM beside SSM,
# overlapping ranges.
. "${0%/*}/lib.sh"

star 2
sysctl -q -w net.ipv4.igmp_max_memberships=20 net.ipv4.igmp_max_msf=10 || skip "no igmp sysctls"

# The kernel's own lists: groups of an interface (beginning with two hex digits; IPv4 ones are
# written backwards), and (group, source) pairs with their number of including sockets.
igmp() {
	awk -v i="$1" '
		/^[0-9]/ { on = $2 == i; next }
		on { print substr($1, 7, 2) substr($1, 5, 2) substr($1, 3, 2) substr($1, 1, 2) }' \
		/proc/net/igmp | grep -c "^$2"
}
igmp6() { awk -v i="$1" -v g="$2" '$2 == i && index($3, g) == 1' /proc/net/igmp6 | wc -l; }
included() { awk -v i="$2" -v g="$3" '$2 == i && $3 == g {n += $5} END {print n + 0}' "$1"; }
mcfilter() { included /proc/net/mcfilter "$@"; }
mcfilter6() { included /proc/net/mcfilter6 "$@"; }

empty_config() { config </dev/null; }

# reload_with: standard input is the new configuration.
reload_with() { config; status 0 ctl reload; }

empty_config
daemon_start

for limit in 20 10; do
	step "500 IPv4 groups with $limit a socket"
	sysctl -q -w net.ipv4.igmp_max_memberships=$limit
	for ((n = 0; n < 500; n++)); do
		echo "mgroup from eth0 group 225.50.$((n / 250)).$((n % 250))"
	done | reload_with
	assert_eq 500 "$(igmp eth0 E132)" "groups in the kernel"
	assert_eq 500 "$(show groups '.groups.kernel | length')" "groups shown"
	assert_eq 500 "$(show groups '[.groups.conf[] | select(.state == "active")] | length')" \
		"active groups"
	reload_with </dev/null
	assert_eq 0 "$(igmp eth0 E132)" "groups after all left"
done
sysctl -q -w net.ipv4.igmp_max_memberships=20

step "200 sources of one group with 10 a socket"
for ((n = 1; n <= 200; n++)); do
	echo "mgroup from eth0 source 10.0.0.$n group 232.1.1.1"
done | reload_with
assert_eq 200 "$(mcfilter eth0 0xe8010101)" "sources in the kernel"
reload_with </dev/null
assert_eq 0 "$(mcfilter eth0 0xe8010101)" "sources after all left"

step "400 IPv6 groups and 100 sources"
{
	for ((n = 1; n <= 400; n++)); do
		printf 'mgroup from eth0 group ff3e::77:%x\n' $n
	done
	for ((n = 1; n <= 100; n++)); do
		printf 'mgroup from eth0 source fd00::%x group ff3e::88\n' $n
	done
} | reload_with
assert_eq 400 "$(igmp6 eth0 ff3e000000000000000000000077)" "IPv6 groups in the kernel"
assert_eq 100 "$(mcfilter6 eth0 ff3e0000000000000000000000000088)" "IPv6 sources in the kernel"
reload_with </dev/null
assert_eq 0 "$(igmp6 eth0 ff3e0000)" "IPv6 groups after all left"

step "ASM and SSM of the same group side by side, in either order"
for order in "225.1.2.3 10.0.0.10,225.1.2.3" "10.0.0.10,225.1.2.3 225.1.2.3"; do
	for what in $order; do
		case $what in
		*,*) status 0 ctl join eth0 "${what%,*}" "${what#*,}" ;;
		*) status 0 ctl join eth0 "$what" ;;
		esac
	done
	assert_eq 1 "$(mcfilter eth0 0xe1010203)" "the source"
	# Two sockets: one excludes nothing, one includes the source; EXCLUDE wins on the wire.
	assert_eq 1 "$(igmp eth0 E1010203)" "the group"
	status 0 ctl leave eth0 10.0.0.10 225.1.2.3
	assert_eq 0 "$(mcfilter eth0 0xe1010203)" "the source after its leave"
	assert_eq 1 "$(igmp eth0 E1010203)" "the group after the leave of the source"
	status 0 ctl leave eth0 225.1.2.3
	assert_eq 0 "$(igmp eth0 E1010203)" "the group after its leave"
done

step "a group that overlapping ranges ask for stays until nobody asks"
status 0 ctl join eth0 225.7.0.0/28
assert_eq 16 "$(igmp eth0 E107)" "a range"
status 0 ctl join eth0 225.7.0.0/30
status 0 ctl join eth0 225.7.0.1
status 0 ctl leave eth0 225.7.0.0/28
assert_eq 4 "$(igmp eth0 E107)" "the narrower range is left"
status 0 ctl leave eth0 225.7.0.0/30
assert_eq 1 "$(igmp eth0 E107)" "the single group is left"
status 0 ctl leave eth0 225.7.0.1
assert_eq 0 "$(igmp eth0 E107)" "nothing is left"

step "sources by range, on two interfaces by wildcard"
status 0 ctl join eth+ 10.1.1.0/30 232.2.2.2
assert_eq "4 4" "$(mcfilter eth0 0xe8020202) $(mcfilter eth1 0xe8020202)" "sources"
status 0 ctl leave eth+ 10.1.1.0/30 232.2.2.2
assert_eq "0 0" "$(mcfilter eth0 0xe8020202) $(mcfilter eth1 0xe8020202)" "sources after"

step "refused: what is joined already, what was not joined, a range too wide"
status 0 ctl join eth0 225.8.8.8
status 1 ctl join eth0 225.8.8.8
status 0 ctl leave eth0 225.8.8.8
status 1 ctl leave eth0 225.8.8.8
status 1 ctl join eth0 225.0.0.0/8
status 1 ctl join eth0 1.2.3.4

step "at the end the kernel holds no membership"
status 0 ctl join eth0 225.8.8.8
daemon_stop
assert_eq 0 "$(igmp eth0 E108)" "groups after the end"
