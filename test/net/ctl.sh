#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The client: exit statuses, messages, abbreviations, batches; and clients that misbehave.
here=$(realpath "${0%/*}")
. "${0%/*}/lib.sh"

star 3
config <<'END'
mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1
END

step "no daemon: says which socket"
status 69 ctl show
assert_match "$T/smcroute.sock" "$(cat "$T/err")" "what it says"
daemon_start

step "success is silent"
for line in "add eth0 10.0.0.1 225.2.2.2 eth1" "add eth0 10.0.0.1 225.2.2.2 eth2" \
	"add eth0 10.0.0.1 225.2.2.2 eth1 eth2" "remove eth0 10.0.0.1 225.2.2.2 eth1" \
	"add eth0 225.3.3.3 eth1" "add eth0 225.4.0.0/16 eth1 eth2" "add eth0 ff3e::1 eth1" \
	"join eth0 225.3.3.3" "leave eth0 225.3.3.3" "flush" "reload"; do
	# shellcheck disable=SC2086
	status 0 ctl $line
	assert_eq "" "$(cat "$T/out" "$T/err")" "output of $line"
done

step "what is done is in the kernel when the client returns"
status 0 ctl add eth0 10.0.0.1 225.2.2.2 eth1 eth2
assert_eq 1 "$(grep -c '^020202E1 0100000A' /proc/net/ip_mr_cache)" "lines of the kernel"
status 0 ctl remove eth0 10.0.0.1 225.2.2.2 eth1
assert_eq "eth0 eth2" "$(in_kernel 10.0.0.1 225.2.2.2)" "after remove of one OIF"
status 0 ctl del eth0 10.0.0.1 225.2.2.2
assert_eq "" "$(in_kernel 10.0.0.1 225.2.2.2)" "after remove"
assert_eq 0 "$(grep -c '^020202E1 0100000A' /proc/net/ip_mr_cache)" "lines of the kernel"

step "a prefix may be removed by another spelling of it"
status 0 ctl add eth0 225.5.3.2/24 eth1
status 0 ctl remove eth0 225.5.3.0/24

step "refused by the daemon: 1 and one line"
for line in "remove eth0 10.0.0.1 225.2.2.2" "remove eth0 225.99.9.9" "leave eth0 225.1.2.3" \
	"add eth0 1.2.3.4 eth1" "add eth0 10.0.0.1 ff3e::1 eth1" "add eth0 225.1.2.3/33 eth1" \
	"add eth0 225.1.2.3/99 eth1" "join eth0 1.2.3.4" "join eth0 225.1.2.3/x" \
	"add eth0 224.1.1.1 225.1.1.1 eth1"; do
	# shellcheck disable=SC2086
	status 1 ctl $line
	assert_eq "0 1" "$(wc -l <"$T/out") $(wc -l <"$T/err")" "lines of output of $line"
done

step "an answer is about the request, whatever was logged in between"
ip link add strange type veth peer name other
status 0 ctl add strange 225.98.0.0/16 eth1
ip link del strange
status 1 ctl remove eth0 225.99.9.9
assert_match "no rule 'mroute from eth0 group 225.99.9.9'" "$(cat "$T/err")" "the refusal"
status 0 ctl remove strange 225.98.0.0/16

step "not understood: 64 and a hint"
for line in "frobnicate" "shove" "add eth0" "join eth0" "-Z" "show nonsense" "re 1 2 3" "-u"; do
	# shellcheck disable=SC2086
	status 64 ctl $line
	[ -s "$T/err" ] || fail "no hint for $line"
done

step "any prefix that means one command"
status 0 ctl a eth0 10.0.0.1 225.2.2.2 eth1
for line in "s" "sh ro" "s g" "s i" "s p" "sho mroute" "show int" "show iface" "show status" "r" \
	"re" "rel" "version" "help" "help add" "-h" "-v"; do
	# shellcheck disable=SC2086
	status 0 ctl $line
done
status 0 ctl a eth0 10.0.0.1 225.2.2.2 eth1
status 0 ctl rem eth0 10.0.0.1 225.2.2.2

step "options behind the command, combined ones"
status 0 $SMCROUTECTL show -pu "$T/smcroute.sock" routes
status 0 $SMCROUTECTL show interfaces -j -u "$T/smcroute.sock"
jq -e '.interfaces | length >= 4' "$T/out" >/dev/null || fail "no JSON: $(cat "$T/out")"
grep -q $'\e' "$T/out" && fail "terminal sequences in a pipe"

step "every show in every form; JSON is JSON"
for topic in "" routes groups interfaces pending; do
	for form in "" -d -p -t -j -dj; do
		# shellcheck disable=SC2086
		status 0 ctl $form show $topic
		if [[ $form == *j* ]]; then
			jq -e . "$T/out" >/dev/null || fail "not JSON: $form show $topic"
		fi
		grep -q $'\e' "$T/out" && fail "terminal sequences in a pipe: $form show $topic"
	done
done

step "batch: the rest goes on, the bad line is named, many words and lines"
words=$(printf ' eth%s' {0..99})
{
	echo "# a comment"
	echo
	echo "add eth0 10.0.0.1 225.6.0.1$words"
	echo "add eth0 10.0.0.1 nonsense eth1"
	for ((n = 1; n <= 300; n++)); do
		echo "add eth0 10.0.0.1 225.6.1.$((n % 250)) eth1"
	done
	echo "   join   eth0   225.6.6.6   "
} >"$T/batch"
got=0
ctl -b <"$T/batch" >"$T/out" 2>"$T/err" || got=$?
assert_eq 1 $got "status of a batch with a bad line"
assert_match "4" "$(cat "$T/err")" "the message names the line"
assert_eq 1 "$(wc -l <"$T/err")" "lines about the bad line"
assert_eq 251 "$(show routes '[.routes.ssm[] | select(.group | startswith("225.6."))] | length')" \
	"routes added"
assert_eq 100 "$(show pending '.pending[] | select(.group == "225.6.0.1") | .oifs | length')" \
	"outbound interfaces of the long line"
assert_eq 1 "$(show groups '.groups.kernel | length')" "groups joined"
sed -i 4d "$T/batch"
sed -i '$d' "$T/batch"
ctl -b <"$T/batch" || fail "a good batch"

step "clients that say nothing, leave early or talk rubbish harm nobody"
python3 "$here/rude.py" "$T/smcroute.sock" || fail "rude clients"
status 0 ctl show

step "kill: the daemon is gone when the client returns"
status 0 ctl kill
[ ! -e "$T/smcroute.sock" ] || fail "the socket is still there"
daemon_ended 0
