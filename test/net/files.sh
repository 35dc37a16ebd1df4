#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Files that nobody would call a configuration: the check and the reload say what is wrong and where,
# at once, and the running daemon loses nothing.
here=$(realpath "${0%/*}")
. "${0%/*}/lib.sh"

star 2
# shellcheck disable=SC2206
daemon=($SMCROUTED)
good() {
	cat <<'EOF'
mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1
mroute from eth0 source fd00::10 group ff3e::1 to eth1
mgroup from eth0 group 225.2.2.2
include part.d/*.conf
EOF
}
mkdir "$T/part.d"
echo "mroute from eth0 source 10.0.0.10 group 225.1.1.2 to eth1" >"$T/part.d/a.conf"
good | config
# Without the power to read what is not readable.
plain=$SMCROUTED
SMCROUTED="setpriv --bounding-set=-dac_override,-dac_read_search $plain"
daemon_start
SMCROUTED=$plain
pid=${daemon_pid[$D]}
tables() { cat /proc/net/ip_mr_cache /proc/net/ip6_mr_cache /proc/net/igmp | awk '{print $1, $2, $3}' | sort; }
tables >"$T/before"

# refused REGEX: both the check and the reload refuse the configuration and say so.
refused() {
	local got=0
	setpriv --bounding-set=-dac_override,-dac_read_search timeout $((20 * SLOW)) "${daemon[@]}" \
		-F "$T/$D.conf" >"$T/out" 2>"$T/err" </dev/null || got=$?
	assert_eq 78 $got "status of the check"
	assert_match "$1" "$(head -c 2000 "$T/err")" "what the check says"
	status 1 ctl reload
	assert_match "$1" "$(head -c 2000 "$T/err")" "what the reload says"
	kept
}
kept() {
	kill -0 "$pid" 2>/dev/null || fail "the daemon is gone"
	cmp -s "$T/before" <(tables) || fail "the kernel has something else: $(tables)"
}
replace() { rm -rf "$T/$D.conf"; "$@" || fail "$*"; }

step "a folder, a pipe, a socket, a device, nothing, what may not be read, a link to itself"
replace mkdir "$T/$D.conf"
refused "$D.conf: it is a directory"
replace mkfifo "$T/$D.conf"
refused "$D.conf: it is a pipe"
replace python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$T/$D.conf"
refused "$D.conf: it can't be opened"
replace ln -s /dev/zero "$T/$D.conf"
refused "$D.conf: it is a device"
replace true
refused "$D.conf: there is no such file"
replace ln -s "$D.conf" "$T/$D.conf"
refused "$D.conf: it can't be opened: Too many levels of symbolic links"
rm "$T/$D.conf"
good | config
chmod 0 "$T/$D.conf"
refused "$D.conf: it can't be opened: .*may not read it"
chmod 644 "$T/$D.conf"
chmod 0 "$T/part.d/a.conf"
refused "$D.conf:4:1: .*part.d/a.conf can't be opened: .*may not read it"
chmod 644 "$T/part.d/a.conf"

step "a folder of an include that may not be read is not an empty one"
chmod 0 "$T/part.d"
refused "$D.conf:4:1: can't look for .*part.d/.*a folder on the way can't be read"
chmod 755 "$T/part.d"

step "includes in a circle"
echo "include ../$D.conf" >"$T/part.d/b.conf"
refused "b.conf:1:1: .*includes itself, by way of .*b.conf"
echo "include *.conf" >"$T/part.d/b.conf"
refused "b.conf:1:1: .*includes itself"
rm "$T/part.d/b.conf"

step "huge numbers, NULs, other bytes, another kind of file"
for line in "phyint eth0 ttl-threshold 99999999999999999999" "phyint eth0 ttl-threshold -1" \
	"mgroup from eth0 group 225.1.2.3/99999999999999999999" "mgroup from eth0 group ff0e::/4294967297" \
	"mroute from eth0 group :: to 99999999999999999999 eth1" "mgroup from eth0 group 225.1.2.99999999999" \
	"mgroup from eth0 group 225.1.2.3\\0" "mgr\\0up from eth0 group 225.1.2.3" "\\0" "\\377\\376" \
	"mgroup from eth0 group ff0e::1::2" "mroute from eth0 group 225.1.2.3 source 0x7f.1 to eth1"; do
	{ good; printf '%b\n' "$line"; } | config
	[[ $line == *"99999999 eth1" ]] && continue # the name of an interface, or none
	refused "$D.conf:5:[0-9]+: "
done
cat "${MCAST}" >"$T/$D.conf"
refused "$D.conf:1:1: unknown statement"
[ "$(wc -l <"$T/err")" -le 1010 ] || fail "$(wc -l <"$T/err") lines about it"

step "100 MB: rubbish in lines and without, and a good file"
resident() { awk '/^VmRSS:/ {print int($2 / 1024)}' "/proc/$pid/status"; }
before=$(resident)
head -c $((100000000 / SLOW)) /dev/zero | tr '\0' x >"$T/$D.conf"
refused "$D.conf:1:1: unknown statement 'xxxx"
yes "rubbish 1 2 3" | head -c $((100000000 / SLOW / 4)) >"$T/$D.conf"
refused "$D.conf:1:1: unknown statement 'rubbish'"
tail -n 5 "$T/err" | grep -q "there is more, which is not listed" || fail "no word of the others"
{ yes "# a comment" | head -n 8000000; good; } >"$T/$D.conf"
status 0 timeout $((20 * SLOW)) "${daemon[@]}" -F "$T/$D.conf"
status 0 ctl reload
kept
[ "$SLOW" -gt 1 ] || [ "$(resident)" -le $((before + 20)) ] || fail "from $before to $(resident) MiB"

step "files that vanish, and change, while they are read"
good | config
for ((n = 0; n < 300; n++)); do
	echo "mgroup from eth0 group 225.2.2.2" >"$T/part.d/v$n.conf"
done
( for ((n = 0; n < 300; n++)); do rm "$T/part.d/v$n.conf"; done ) &
vanishing=$!
while kill -0 $vanishing 2>/dev/null; do
	status 0 ctl reload
	kept
done
wait $vanishing

step "cut off and changed at random: refused as a whole, or taken as a whole"
RANDOM=20010911
good >"$T/good"
size=$(stat -c %s "$T/good")
for ((n = 0; n < 60; n++)); do
	if [ $((n % 2)) = 0 ]; then
		head -c $((RANDOM % size)) "$T/good" >"$T/$D.conf"
	else
		at=$((RANDOM % size))
		{ head -c $at "$T/good"; printf '%b' "\\0$((RANDOM % 3 + 1))$((RANDOM % 8))$((RANDOM % 8))"
			tail -c +$((at + 2)) "$T/good"; } >"$T/$D.conf"
	fi
	checked=0
	"${daemon[@]}" -F "$T/$D.conf" >"$T/out" 2>"$T/err" || checked=$?
	reloaded=0
	ctl reload >"$T/out" 2>"$T/err" || reloaded=$?
	case $checked-$reloaded in
	0-0) ;;
	78-1) kept ;;
	*) fail "the check says $checked, the reload $reloaded: $(cat "$T/$D.conf" "$T/err")" ;;
	esac
	cp "$T/good" "$T/$D.conf"
	status 0 ctl reload
	kept
done
