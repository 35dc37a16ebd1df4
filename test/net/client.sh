#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The client alone: commands and their short forms, options anywhere, batches over one connection,
# and daemons that are absent, slow to start, stuck or something else.
here=$(realpath "${0%/*}")
. "${0%/*}/lib.sh"

star 2
config <<'EOF'
mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1
EOF
# shellcheck disable=SC2206
client=($SMCROUTECTL)

# serve MODE: something else listens on the socket.
serve() {
	rm -f "$T/$D.sock"
	python3 "$here/server.py" "$T/$D.sock" "$1" >"$T/served" &
	server=$!
	wait_for 5 grep -q ready "$T/served"
}
unserve() {
	kill $server
	wait $server 2>/dev/null
	rm -f "$T/$D.sock"
}
# told STATUS SECONDS WORDS...: ends with that status in that time, with a message of one line.
told() {
	local status=$1 seconds=$2 began
	shift 2
	began=$(date +%s%N)
	status "$status" timeout $((40 * SLOW)) "${client[@]}" -u "$T/$D.sock" "$@"
	took=$((($(date +%s%N) - began) / 1000000))
	[ $took -le $((seconds * 1000 * SLOW)) ] || fail "$*: took $took ms"
	assert_eq "0 1" "$(wc -l <"$T/out") $(wc -l <"$T/err")" "lines of output of $*"
	assert_match "$T/$D.sock" "$(cat "$T/err")" "what $* is told"
}

step "an answer that begins anew: what came before is not shown"
serve restarts
status 0 "${client[@]}" -u "$T/$D.sock" -d show groups
assert_eq "0 1" "$(grep -c 225.1.1.1 "$T/out") $(grep -c 225.1.1.2 "$T/out")" "lines of each"
unserve

step "no daemon: 69, which socket; -i, -I and -u name it"
told 69 4 show
told 69 4 add eth0 225.1.1.1 eth1
told 69 4 reload
told 69 4 -F
echo "flush" | "${client[@]}" -b -u "$T/$D.sock" 2>"$T/err" && fail "a batch without daemon"
assert_match "$T/$D.sock" "$(cat "$T/err")" "what a batch is told"
for option in -i -I; do
	status 69 "${client[@]}" $option lab show
	assert_match '/lab.sock' "$(cat "$T/err")" "$option lab"
	status 69 "${client[@]}" show $option lab
	assert_match '/lab.sock' "$(cat "$T/err")" "show $option lab"
done
status 69 "${client[@]}"
assert_match '/smcroute.sock' "$(cat "$T/err")" "no options"
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$T/$D.sock"
told 69 4 show
rm "$T/$D.sock"

step "a daemon that is just starting is waited for"
(sleep 0.7; exec $SMCROUTED -n -f "$T/$D.conf" -u "$T/$D.sock" -P "$T/$D.pid" >"$T/$D.log" 2>&1) &
daemon_pid[$D]=$!
status 0 ctl add eth0 10.0.0.1 225.2.2.2 eth1
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.1)" "the route of the file"
assert_eq "eth0 eth1" "$(in_kernel 10.0.0.1 225.2.2.2)" "the route of the client"

step "a stuck daemon: 69 and a message, in bounded time; it goes on when it goes on"
kill -STOP "${daemon_pid[$D]}"
told 69 5 show
told 69 5 add eth0 10.0.0.1 225.2.2.3 eth1
kill -CONT "${daemon_pid[$D]}"
status 0 ctl show
daemon_stop

step "something that says nothing, hangs up, is something else, or falls silent"
for mode in mute:69:5 hangup:69:4 other:69:2 greets:69:20; do
	IFS=: read -r name status seconds <<<"$mode"
	serve "$name"
	told "$status" "$seconds" show
	unserve
done

step "every prefix of every command, options in front and behind, combined ones"
daemon_start
for word in a ad add; do
	status 0 ctl $word eth0 10.0.0.1 225.2.2.2 eth1
	assert_eq "eth0 eth1" "$(in_kernel 10.0.0.1 225.2.2.2)" "$word"
	for off in rem remo remov remove d de del; do
		status 0 ctl $off eth0 10.0.0.1 225.2.2.2
		assert_eq "" "$(in_kernel 10.0.0.1 225.2.2.2)" "$off"
		status 0 ctl add eth0 10.0.0.1 225.2.2.2 eth1
	done
done
for word in j jo joi join; do
	status 0 ctl $word eth0 225.2.2.2
	status 1 ctl $word eth0 225.2.2.2
	for off in l le lea leav leave; do
		status 0 ctl $off eth0 225.2.2.2
		status 1 ctl $off eth0 225.2.2.2
		status 0 ctl join eth0 225.2.2.2
	done
	status 0 ctl leave eth0 225.2.2.2
done
for word in r re rel relo reloa reload res rest resta restar restart; do
	status 0 ctl add eth0 10.0.0.1 225.2.2.2 eth1
	status 0 ctl $word
	assert_eq "" "$(in_kernel 10.0.0.1 225.2.2.2)" "$word"
done
for word in f fl flu flus flush -F --flush; do
	send h0 225.99.1.1
	stopped() { [ "$(in_kernel 10.0.0.10 225.99.1.1)" = eth0 ]; }
	wait_for 5 stopped
	status 0 ctl $word
	assert_eq "" "$(in_kernel 10.0.0.10 225.99.1.1)" "$word"
done
for word in "" s sh sho show "s r" "s m" "s s" "s g" "s i" "s p" "show mroute" "show mroutes" "show status" \
	"show iface" "show ifaces" "show intf" "show int" "show interfaces" "show routes" \
	"show groups" "show pending"; do
	# shellcheck disable=SC2086
	status 0 ctl $word
	[ -s "$T/out" ] || fail "nothing shown by '$word'"
done
for word in v ver version -v --version; do
	status 0 "${client[@]}" $word
	assert_match '^smcroutectl [0-9]+\.[0-9]+' "$(cat "$T/out")" "$word"
done
for word in h he help -h --help "help add" "help rem" "help show"; do
	# shellcheck disable=SC2086
	status 0 "${client[@]}" $word
	[ -s "$T/out" ] || fail "no $word"
done
status 0 "${client[@]}" show -pu "$T/$D.sock" routes
status 0 "${client[@]}" -u "$T/$D.sock" show routes -d -p
status 0 "${client[@]}" show -dpt -u "$T/$D.sock" groups
status 0 "${client[@]}" --socket="$T/$D.sock" --plain --no-headings --detail show
status 0 "${client[@]}" --json --socket "$T/$D.sock"
cd "$T" || fail "cd"
status 0 "${client[@]}" -u ./smcroute.sock show

step "join and leave of ranges, one source, both families"
status 0 ctl join eth0 225.3.0.0/28
status 0 ctl join eth0 10.0.0.0/30 232.3.0.0/30
status 0 ctl join eth0 fd00::1 ff35::1
status 0 ctl join eth0 ff05::/126
assert_eq 37 "$(show groups '.groups.kernel | length')" "memberships"
status 0 ctl leave eth0 225.3.0.5/28
status 0 ctl leave eth0 10.0.0.3/30 232.3.0.1/30
status 0 ctl leave eth0 fd00::1 ff35::1
status 0 ctl leave eth0 ff05::/126
assert_eq 0 "$(show groups '.groups.kernel | length')" "memberships"

step "usage: 64 and a hint; nothing on standard output"
for line in "frobnicate" "shwo" "add" "add eth0" "rem eth0" "join" "join eth0" "leave eth0" \
	"join eth0 225.1.1.1 225.1.1.1 x" "show nonsense" "show routes groups" "flush now" "kill now" \
	"-Z" "-i" "-u" "--nonsense" "-b show" "-F -k" "-F show"; do
	# shellcheck disable=SC2086
	status 64 ctl $line
	assert_eq "" "$(cat "$T/out")" "output of $line"
	assert_eq 1 "$(wc -l <"$T/err")" "lines of message of $line"
done
status 64 "${client[@]}" -i a/b show
status 64 ctl add eth0 '' eth1
status 64 ctl add eth0 225.1.1.1 'eth 1'
status 0 ctl show

step "-b: one connection, comments and blank lines, numbers of bad lines, the rest goes on"
daemon_stop
serve counts
plain=$T/$D.sock
# The daemon listens behind the one who counts.
status 0 "${client[@]}" help
: >"$T/$D.log"
# shellcheck disable=SC2086
$SMCROUTED -n -f "$T/$D.conf" -u "$plain.real" -P "$T/$D.pid" -l info >>"$T/$D.log" 2>&1 &
daemon_pid[$D]=$!
wait_for 10 daemon_ready
{
	printf '# comment\n\n   \t\n  # another\nadd eth0 10.0.0.1 225.4.0.1 eth1\nadd eth0 nonsense eth1\n'
	printf 'frobnicate\nremove eth0 225.9.9.9\nshow groups\r\n'
	for ((n = 1; n <= 2000; n++)); do
		echo "a eth0 10.0.1.$((n % 250)) 225.4.$((n / 250)).2 eth1"
	done
	printf 'add eth0 10.0.0.1 225.4.0.9 eth1' # no newline
} >"$T/batch"
got=0
ctl -b <"$T/batch" >"$T/out" 2>"$T/err" || got=$?
assert_eq 1 $got "status of a batch with bad lines"
assert_eq 1 "$(grep -c connection "$T/served")" "connections of a batch"
assert_eq 3 "$(wc -l <"$T/err")" "messages: $(cat "$T/err")"
for line in 6 7 8; do
	grep -qw "$line" "$T/err" || fail "line $line is not named: $(cat "$T/err")"
done
grep -q 'Group Memberships' "$T/out" || fail "no show in a batch"
assert_eq 2002 "$(show routes '[.routes.ssm[] | select(.group | startswith("225.4."))] | length')" "routes"
: | ctl -b || fail "an empty batch"
ctl -b <<<"show" >"$T/out" || fail "a batch of one"
[ -s "$T/out" ] || fail "a batch of one shows nothing"

step "-k: gone when it returns; the same for kill, quickly after a start"
status 0 ctl -k
daemon_ended 0
unserve
daemon_start
status 0 ctl k
[ ! -e "$T/$D.sock" ] && [ ! -e "$T/$D.pid" ] || fail "files are left"
daemon_ended 0

step "no permission for the socket: a clear message"
daemon_start
if [ "$(id -u)" = 0 ] && setpriv --reuid 65534 true 2>/dev/null; then
	status 77 setpriv --reuid 65534 "${client[@]}" -u "$T/$D.sock" show
	assert_match "$T/$D.sock" "$(cat "$T/err")" "what it says"
fi
