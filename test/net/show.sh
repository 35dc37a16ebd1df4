#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What "show" prints for people: sections, columns, order, details; what "remove" then understands.
. "${0%/*}/lib.sh"

star 4
ip link add v0 type veth peer name v1 || fail "veth"
config <<'EOF'
phyint eth1 ttl-threshold 9
mroute from eth0 group 225.1.2.3 to eth1 eth2
mroute from eth0 source 10.0.0.10 group 225.1.2.4 to eth2
mroute from eth0 source 10.0.0.99/24 group 225.1.2.99/24 to eth3 nowhere
mroute from eth0 source 10.0.0.10 group 225.1.2.5 to
mroute from wild+ group 239.1.1.1 to eth1
mroute from eth+ group 239.2.2.2 to eth+
mroute from wg0 group 239.5.5.5 to eth2
mroute from wg0 source 10.0.0.10 group 239.5.5.5 except 10.0.0.11,10.1.0.0/16 to eth2 eth1
mroute from wg0 group :: to 65520 eth2
mgroup from eth0 group 225.1.2.3
mgroup from eth0 source 10.0.0.10 group 232.1.2.0/31
mgroup from wg0 group 225.1.2.3
mgroup from wg0 source fd00::1 group ff35::1
EOF
daemon_start
send h0 -n 2 225.99.9.9
send h0 -n 3 -s 10.0.0.77 225.1.2.3
rows() { [ "$(show routes '.routes.kernel | length')" = "$1" ]; }
wait_for 5 rows 4

# shows TEXT ARGS...: the whole output of the client.
shows() {
	local want=$1
	shift
	status 0 ctl "$@"
	[ "$(cat "$T/out")" = "$want" ] || fail "$*: $(diff <(echo "$want") "$T/out")"
}

routes='(*,G) Template Rules
ROUTE (S,G)                                 IIF   OIFS
(*, 225.1.2.3)                              eth0  eth1 eth2
(10.0.0.0/24, 225.1.2.0/24)                 eth0  eth3
(*, 239.2.2.2)                              eth0  eth1 eth2 eth3
(*, 239.2.2.2)                              eth1  eth0 eth2 eth3
(*, 239.2.2.2)                              eth2  eth0 eth1 eth3
(*, 239.2.2.2)                              eth3  eth0 eth1 eth2

(S,G) Rules
ROUTE (S,G)                                 IIF   OIFS
(10.0.0.10, 225.1.2.4)                      eth0  eth2
(10.0.0.10, 225.1.2.5)                      eth0

Kernel MFC Table
ROUTE (S,G)                                 IIF   OIFS
(10.0.0.10, 225.1.2.4)                      eth0  eth2 eth3
(10.0.0.10, 225.1.2.5)                      eth0  eth3
(10.0.0.77, 225.1.2.3)                      eth0  eth1 eth2 eth3
(10.0.0.10, 225.99.9.9)                     eth0'

step "routes: three sections, forwarding entries before stop filters, 42 columns for the flow"
for command in "" show "show routes" "show route" "show mroutes" "show mroute" "show status" "s" \
	"sh ro" "show st"; do
	# shellcheck disable=SC2086
	shows "$routes" $command
done

step "-p is the same in a pipe, -t has rows only"
shows "$routes" -p show
shows "$(grep '^(.*, ' <<<"$routes")" -t show

step "-d: PACKETS and BYTES, and why something is not in force"
status 0 ctl -d show
assert_match '^\(\*,G\) Template Rules
ROUTE \(S,G\)                                 IIF   PACKETS  BYTES  OIFS
' "$(cat "$T/out")" "headings"
assert_match '\(10.0.0.77, 225.1.2.3\) +eth0 +3 +384  eth1 eth2 eth3
\(10.0.0.10, 225.99.9.9\) +eth0 +2 +256$' "$(cat "$T/out")" "counters"
assert_match '\(10.0.0.0/24, 225.1.2.0/24\) .*nowhere is absent.*smcroute.conf:4' "$(cat "$T/out")" \
	"the reason, and where the rule comes from"

status 0 ctl show routes detail
assert_match 'PACKETS' "$(cat "$T/out")" "detail as a word"

groups='Group Memberships Table
GROUP (S,G)                                 IIF
(*, 225.1.2.3)                              eth0
(10.0.0.10, 232.1.2.0/31)                   eth0'
step "groups: what was asked for; with -d also what the kernel holds, one by one"
for command in "show groups" "show g" "s gr"; do
	# shellcheck disable=SC2086
	shows "$groups" $command
done
shows "$(grep '^(.*, ' <<<"$groups")" -t show groups
shows "$groups

Kernel Group Memberships Table
GROUP (S,G)                                 IIF
(*, 225.1.2.3)                              eth0
(10.0.0.10, 232.1.2.0)                      eth0
(10.0.0.10, 232.1.2.1)                      eth0" -d show groups

step "interfaces: all of the system, N/A where there is none"
index() { cat "/sys/class/net/$1/ifindex"; }
interfaces=$(
	echo " INDEX PHYINT  VIF  MIF"
	for name in lo v1 v0 eth0 eth1 eth2 eth3; do
		case $name in
		eth1) vif=0 ;;
		eth0) vif=1 ;;
		eth[23]) vif=${name#eth} ;;
		*) vif=N/A ;;
		esac
		printf '%6d %-6s  %3s  %3s\n' "$(index $name)" $name $vif $vif
	done | sort -n
)
for topic in interfaces interface iface ifaces intf int i; do
	shows "$interfaces" show $topic
done
shows "$(sed 1d <<<"$interfaces")" -t show int

step "pending: as typed"
pending='Pending Routes and Groups
mroute  from eth0 source 10.0.0.0/24 group 225.1.2.0/24 to eth3 nowhere
mroute  from wild+ group 239.1.1.1 to eth1
mroute  from wg0 group 239.5.5.5 to eth2
mroute  from wg0 source 10.0.0.10 group 239.5.5.5 except 10.0.0.11,10.1.0.0/16 to eth2 eth1
mroute  from wg0 group :: to 65520 eth2
mgroup  from wg0 group 225.1.2.3
mgroup  from wg0 source fd00::1 group ff35::1'
for command in "show pending" "show p" "s pend"; do
	# shellcheck disable=SC2086
	shows "$pending" $command
done
shows "$(sed 1d <<<"$pending")" -t show pending

step "colours and sequences on a terminal only, and not with -p, NO_COLOR or TERM=dumb"
# typed NAME=VALUE... [-p]: the output as a terminal gets it.
typed() {
	# shellcheck disable=SC2086
	python3 - "$@" $SMCROUTECTL -u "$T/$D.sock" show <<'PY'
import os, pty, sys
settings = [a for a in sys.argv[1:] if a.startswith(("TERM=", "NO_COLOR="))]
os.environ.update(a.split("=") for a in settings)
words = [a for a in sys.argv[1:] if a not in settings and a != "-p"]
pty.spawn(words + [a for a in sys.argv[1:] if a == "-p"])
PY
}
typed TERM=xterm >"$T/typed"
grep -q $'\e\\[' "$T/typed" || fail "plain on a terminal: $(cat -v "$T/typed")"
for how in "TERM=xterm -p" "TERM=xterm NO_COLOR=1" TERM=dumb; do
	# shellcheck disable=SC2086
	typed $how >"$T/typed"
	grep -q $'\e\\[' "$T/typed" && fail "sequences with $how"
	assert_eq "$routes" "$(tr -d '\r' <"$T/typed")" "text with $how"
done

step "remove takes a rule as it was written, by another spelling too"
status 1 ctl remove eth0 225.1.2.9
status 1 ctl remove wild+ 239.1.1.2
status 0 ctl remove eth0 10.0.0.1/24 225.1.2.200/24 nowhere
status 0 ctl remove eth0 10.0.0.0/24 225.1.2.0/24
status 0 ctl remove wild+ 239.1.1.1
status 0 ctl remove wg0 :: 65520 eth2
status 0 ctl show pending
grep -q -e '225.1.2.0' -e 'wild' "$T/out" && fail "still there: $(cat "$T/out")"

step "a plain IIF is taken out of the wildcard rule that covers it, when there is no rule of its own"
status 0 ctl remove eth2 239.2.2.2
rows_of='[.routes.asm[] | select(.group == "239.2.2.2") | .iif] | join(" ")'
assert_eq "eth0 eth1 eth3" "$(show routes "$rows_of")" "rows of the wildcard"
status 1 ctl remove eth2 239.2.2.2
status 0 ctl add eth1 239.2.2.2 eth0
status 0 ctl remove eth1 239.2.2.2
assert_eq "eth0 eth1 eth3" "$(show routes "$rows_of")" "rows, when eth1 had a rule of its own"
send h2 239.2.2.2
stopped() { [ "$(in_kernel 10.0.2.10 239.2.2.2)" = eth2 ]; }
wait_for 5 stopped
status 0 ctl remove eth+ 239.2.2.2
assert_eq "" "$(show routes "$rows_of")" "rows without the wildcard"

step "commands work on the rules of the file until the next reload"
status 0 ctl remove eth0 10.0.0.10 225.1.2.4
status 0 ctl leave eth0 225.1.2.3
status 0 ctl join eth0 225.3.3.3
status 0 ctl add eth0 10.0.0.10 225.1.2.6 eth1
status 0 ctl reload
assert_eq "eth0 eth2 eth3" "$(in_kernel 10.0.0.10 225.1.2.4)" "the route of the file"
assert_eq "" "$(show routes '.routes.ssm[] | select(.group == "225.1.2.6") | .group')" "the added one"
shows "$groups" show groups

step "nothing pending"
config <<<"mroute from eth0 group 225.1.2.3 to eth1"
status 0 ctl reload
shows "No pending routes or groups" show pending

step "wider than its column: the others move"
long=fd00:1111:2222:3333:4444:5555:6666:7777
status 0 ctl add eth0 $long ff3e:1111:2222:3333:4444:5555:6666:7777 eth1
status 0 ctl show
assert_match "\($long, ff3e:1111:2222:3333:4444:5555:6666:7777\)  eth0  eth1" "$(cat "$T/out")" "row"

step "a reload in the middle of an answer: it begins anew, with what is in force then"
routes() {
	seq "$1" | awk -v to="$2" '{
		printf "mroute from eth0 source 10.0.0.10 group 226.1.%d.%d to %s\n", $1 / 256, $1 % 256, to
	}'
}
routes 20000 eth1 | config
status 0 ctl reload
{ routes 2 eth2; echo 'mroute from eth0 source 10.0.0.10 group 224.0.0.9 to eth1'; } | config
# overtake.py SOCKET ROUNDS REQUESTS TIMES: in each round these requests, so often, overtake an answer.
cat >"$T/overtake.py" <<'EOF'
import socket, sys
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    return s, s.makefile("r")
show, answer = connect()
show.sendall(b"show routes\n")
answer.readline()
lines = [answer.readline()]
control, said = connect()
said.readline()
def ends(line):
    return line.startswith(("ok", "error"))
for n in range(int(sys.argv[2])):
    for _ in range(int(sys.argv[4])):
        control.sendall(sys.argv[3].encode())
        for _ in sys.argv[3].splitlines():
            while not ends(said.readline()):
                pass
    restarted = False
    while not restarted and not ends(lines[-1]):
        lines.append(answer.readline())
        restarted = lines[-1] == "restart\n"
while not ends(lines[-1]):
    lines.append(answer.readline())
lines.reverse()
rest = lines[:lines.index("restart\n")]
for record in "route", "problem":
    print(sum(line.startswith(record + " ") for line in rest), end=" ")
print(lines.count("restart\n"), lines[0], end="")
EOF
overtake() { python3 "$T/overtake.py" "$T/smcroute.sock" "$@" >"$T/out" || fail "no answer"; }
overtake 1 $'reload\n' 1
assert_eq "3 1 1 ok" "$(cat "$T/out")" "routes, problems, restarts and the end of the answer"

step "so does one during which far more came and went than there is"
{ routes 4000 eth1; echo 'mroute from eth0 source 10.0.0.10 group 224.0.0.9 to eth1'; } | config
status 0 ctl reload
overtake 1 "$(for ((n = 0; n < 250; n++)); do
	echo "add eth0 10.0.0.99 226.9.9.9 eth1"
	echo "remove eth0 10.0.0.99 226.9.9.9"
done)
" 80
assert_eq "4001 1 1 ok" "$(cat "$T/out")" "routes, problems, restarts and the end of the answer"

step "reloaded again and again it ends some time"
routes 20000 eth1 | config
status 0 ctl reload
overtake 20 $'reload\n' 1
assert_match '^[0-9]+ 0 16 error 1 .*again and again' "$(cat "$T/out")" "the end of the answer"
status 0 ctl show
