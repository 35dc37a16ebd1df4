#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Multicast router discovery after -p, with no capability left; and where the daemon begins anew to be
# without, in a family that it can't have.  Changing the user needs real root.
here=$(realpath "${0%/*}")
packets=$here/mrdisc.py
needs_root=yes
. "${0%/*}/lib.sh"

config <<<'phyint eth+ enable mrdisc'
# shellcheck disable=SC2086
$SMCROUTED -F "$T/$D.conf" 2>&1 | grep -q 'enable-mrdisc' &&
	skip "smcrouted was built without --enable-mrdisc"
chmod 755 "$T"

# watch HOST: what comes to its eth0.
watch() {
	ip netns exec "$1" python3 "$packets" watch eth0 >"$T/watch.$1" 2>&1 </dev/null &
	wait_for 10 grep -q ready "$T/watch.$1"
}

# saw_both HOST KIND
saw_both() {
	grep -q "ipv4 $2 .* alert good" "$T/watch.$1" &&
		grep -q "ipv6 $2 .* alert good" "$T/watch.$1"
}

counter() { show interfaces ".interfaces[] | select(.name == \"$1\") | .mrdisc.$2.$3"; }

star 1
watch h0
daemon_start -m 4 -p nobody

step "no capability is left"
process=${daemon_pid[$D]}
assert_eq "$(id -u nobody)" "$(awk '/^Uid/ {print $2}' "/proc/$process/status")" "user"
assert_eq 0 "$(awk '/^Cap(Prm|Eff|Inh)/ {n += $2 != "0000000000000000"} END {print n + 0}' \
	"/proc/$process/status")" "sets of capabilities that are not empty"

step "advertisements on the interface that was there"
wait_for 10 saw_both h0 advertisement

step "and on one that comes later, with answers to solicitations"
host h1
link h1 eth1 1
watch h1
wait_for 10 saw_both h1 advertisement
ip -n h1 addr add fe80::10/64 dev eth0 nodad
on h1 python3 "$packets" solicit eth0 -s 10.0.1.10 >/dev/null
on h1 python3 "$packets" solicit eth0 -s fe80::10 >/dev/null
wait_for 5 is 1 counter eth1 ipv4 received
wait_for 5 is 1 counter eth1 ipv6 received

step "terminations at the end"
daemon_stop
wait_for 5 saw_both h0 termination
wait_for 5 saw_both h1 termination

step "where it begins anew, a family that is taken leaves no socket behind, in scripts neither"
python=$(command -pv python3) || skip "needs a python3 that everybody may use"
take_family 6
home=$T/nobody
mkdir "$home" && chown nobody "$home"
# Where nobody may read.
cp "${SMCROUTED##* }" "$T/smcrouted" && cp "$here/without.py" "$T" || fail "cp"
cat >"$T/script" <<'EOF'
#!/bin/sh
readlink /proc/self/fd/* | grep -c socket: >"$T/nobody/said"
EOF
chmod 755 "$T/script"
export T
both=+net_admin,+net_raw
SMCROUTED="setpriv --reuid nobody --regid $(id -gn nobody) --clear-groups --inh-caps=$both --ambient-caps=$both
	$python $T/without.py capset $T/smcrouted"
daemon_start -m 4 -u "$home/socket" -P "$home/pid" -e "$T/script"
wait_for 5 grep -q . "$home/said"
assert_eq 0 "$(cat "$home/said")" "sockets of the daemon that its script has"
# raw FILE: how many raw sockets of the daemon are in this table of the kernel.
raw() {
	readlink "/proc/${daemon_pid[$D]}/fd/"* | grep -c -x -F -f <(awk 'NR > 1 {print "socket:[" $10 "]"}' "$1")
}
assert_eq 2 "$(raw /proc/net/raw)" "raw sockets for IPv4"
assert_eq 0 "$(raw /proc/net/raw6)" "raw sockets for IPv6"
daemon_stop
kill $taker
