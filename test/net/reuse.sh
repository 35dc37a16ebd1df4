#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# MFC entries outlive their VIFs: when an interface goes while its flows go on, and others come and
# get its number, no packet of an old flow may leave by a new interface.
. "${0%/*}/lib.sh"

cycles=${SMCROUTE_REUSE:-70} # each number of 32 comes twice
star 2
host far
for bridge in olds news; do
	ip -n far link add $bridge type bridge mcast_snooping 0 && ip -n far link set $bridge up ||
		fail "bridge $bridge"
done
config <<'END'
mroute from eth0 source 10.0.0.10 group 225.1.0.0 to old+
mroute from eth0 group 225.1.0.0/16 to old+
mroute from eth0 group ff3e:1::/32 to old+
mroute from eth1 group 225.9.9.9 to new+
mroute from eth1 group ff3e:9::9 to new+
mgroup from new+ group 225.9.9.9
phyint spare+
END
daemon_start

# comes NAME: an interface whose far end is a port of the bridge for all of its kind.
comes() {
	ip link add "$1" type veth peer name "p$1" netns far &&
		ip -n far link set "p$1" master "${1%%[0-9]*}s" up && ip link set "$1" up ||
		fail "$1 does not come"
}
number() { awk -v name="$2" '$2 == name {sub(/:/, "", $1); print $1}' "/proc/net/$1"; }
has_numbers() { [ -n "$(number ip_mr_vif "$1")" ] && [ -n "$(number ip6_mr_vif "$1")" ]; }
# arrived BRIDGE FAMILY: packets so far.
arrived() {
	awk -v family="$2" '$3 ~ /^[0-9]+$/ && ($2 ~ /:/) == (family == 6) && $1 != "total" {
			last[$1 " " $2] = $3
		}
		END {
			for (flow in last)
				n += last[flow]
			print n + 0
		}' "$T/count.far:$1"
}
more_arrived() { [ "$(arrived olds 4)" -gt "$1" ] && [ "$(arrived olds 6)" -gt "$2" ]; }

count_start far:olds -i olds -u 50
count_start far:news -i news -u 50
send_start h0 -n 0 -f 8 -r 400 225.1.0.0
senders=$sender
send_start h0 -n 0 -f 8 -r 400 ff3e:1::1
senders+=" $sender"

step "$cycles times: an old one goes under traffic, at once a new one comes"
declare -A was_old=() reused=()
for ((n = 0; n < cycles; n++)); do
	# Numbers are given out in turn: so that old and new ones do not always get every other one.
	[ $((n % 16)) != 15 ] || { ip link add spare type veth peer name p0 netns far &&
		wait_for 10 has_numbers spare && ip link del spare; } || fail "spare"
	comes "old$n"
	wait_for 10 has_numbers "old$n"
	was_old[$(number ip_mr_vif "old$n")]=yes
	# Every fifth time the daemon hears of it late.
	[ $((n % 5)) != 0 ] || kill -STOP "${daemon_pid[$D]}"
	ip link del "old$n"
	comes "new$n"
	kill -CONT "${daemon_pid[$D]}"
	wait_for 10 has_numbers "new$n"
	[ -z "${was_old[$(number ip_mr_vif "new$n")]:-}" ] || reused[$(number ip_mr_vif "new$n")]=yes
	[ $n -lt 10 ] || ip link del "new$((n - 10))"
done

assert_eq "0 0" "$(arrived news 4) $(arrived news 6)" "packets that left by new interfaces"

step "the flows are alive and go by an old one"
comes old999
wait_for 10 has_numbers old999
wait_for 10 more_arrived "$(arrived olds 4)" "$(arrived olds 6)"

step "a table full of new ones: all numbers of old ones are in use"
ip link del old999
for ((n = 1000; n < 1020; n++)); do
	comes "new$n"
done
all_used() {
	[ "$(grep -c new /proc/net/ip_mr_vif) $(grep -c new /proc/net/ip6_mr_vif)" = "30 30" ]
}
wait_for 10 all_used
send h0 -n 20 -f 8 -r 800 225.1.0.0
send h0 -n 20 -f 8 -r 800 ff3e:1::1

# shellcheck disable=SC2086
kill $senders
# shellcheck disable=SC2086
wait $senders
count_stop far:olds far:news
echo "numbers reused: ${#reused[@]}; packets by old ones: $(counted_all far:olds)"
[ "${#reused[@]}" -ge 20 ] || fail "hardly any number was reused: this proves nothing"
assert_eq "" "$(awk '$1 != "total" && $3 > 0' "$T/count.far:news")" \
	"flows that left by a new interface"
