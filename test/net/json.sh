#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# JSON: 10,000 routes on interfaces with odd names are valid, and equal to the kernel's own dump;
# the keys of every topic.
here=$(realpath "${0%/*}")
. "${0%/*}/lib.sh"

# shellcheck disable=SC2016
names=('q"uote' 'back\slash' '\' '"' 'ünïcode→' $'ctl\x01x' $'esc\e[31m' $'del\x7f' $'bad\xff\xfe'
	$'half\xc3' '{}[],' "single'" '#hash' '<&>' 'x=y' '$(id)' '~' '日本語' 'é')
python3 - "${names[@]}" <<'PY' || fail "interfaces"
import fcntl, os, socket, struct, subprocess, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n, name in enumerate(sys.argv[1:]):
    subprocess.check_call(["ip", "link", "add", "plain", "type", "veth", "peer", "name", "p%d" % n])
    fcntl.ioctl(s, 0x8923, struct.pack("16s16s", b"plain", os.fsencode(name)))  # SIOCSIFNAME
PY

# 10,000 routes in a file, both families, each with up to 4 outbound interfaces.
python3 - "${names[@]}" <<'PY' >"$T/smcroute.conf" || fail "no configuration"
import os, random, sys
random.seed(20010101)
names = [os.fsencode(n) for n in sys.argv[1:]]
names = [n for n in names if not n.startswith(b"#")]  # in a file that begins a comment
for i in range(10000):
    iif = random.choice(names)
    oifs = random.sample([n for n in names if n != iif], random.randrange(5))
    if i % 2:
        flow = b"source 10.%d.%d.1 group 225.1.%d.%d" % (i >> 8, i & 255, i >> 8, i & 255)
    else:
        flow = b"source fd00::%x group ff3e::%x" % (i, i)
    sys.stdout.buffer.write(b"mroute from %s %s to %s\n" % (iif, flow, b" ".join(oifs)))
PY
daemon_launch -l notice
wait_for 30 daemon_ready
# shellcheck disable=SC1003
status 0 ctl add '#hash' 10.1.1.1 225.200.1.1 '"' '\'
status 0 ctl add '{}[],' 10.1.1.2 225.200.1.1 '#hash'

step "10,000 routes: one line, valid UTF-8, valid JSON"
status 0 ctl -j show
mv "$T/out" "$T/routes.json"
assert_eq 1 "$(wc -l <"$T/routes.json")" "lines"
python3 - "$T/routes.json" "${names[@]}" <<'PY' || fail "the JSON is not right"
import json, sys
text = open(sys.argv[1], "rb").read().decode()  # strict
assert not any(ord(c) < 32 and c != "\n" for c in text), "a bare control character"
routes = json.loads(text)["routes"]
names = {"".join("\ufffd" if "\udc80" <= c <= "\udcff" else c for c in n) for n in sys.argv[2:]}
assert len(routes["ssm"]) == 10002 and len(routes["kernel"]) == 10002 and routes["asm"] == []
seen = {r["iif"] for r in routes["kernel"]} | {o for r in routes["kernel"] for o in r["oifs"]}
assert seen == names, seen ^ names
PY

step "the same as the kernel's own dump, thresholds too; rules and kernel agree"
"$here/dump.py" >"$T/kernel" || fail "no dump of the kernel"
assert_eq 10002 "$(wc -l <"$T/kernel")" "entries of the kernel"
for set in kernel ssm; do
	jq -c ".routes.${set}[] | [.source, .group, .iif,
		([.oifs, (.ttls // [.oifs[] | 1])] | transpose | map({(.[0]): .[1]}) | add // {})]" \
		"$T/routes.json" | python3 -c '
import json, sys
lines = []
for line in sys.stdin.buffer:
    source, group, iif, oifs = json.loads(line)
    lines.append(json.dumps([source, group, iif, dict(sorted(oifs.items()))], ensure_ascii=False))
sys.stdout.buffer.write("".join(line + "\n" for line in sorted(lines)).encode())' >"$T/$set"
	cmp "$T/kernel" "$T/$set" || fail "differs: $(diff "$T/kernel" "$T/$set" | head -n 6)"
done

step "interfaces: all of the system, with the same names"
status 0 ctl -j show interfaces
python3 - "$T/out" <<'PY' || fail "not what the system has: $(cat "$T/out")"
import json, socket, sys
have = json.load(open(sys.argv[1], encoding="utf-8"))["interfaces"]
have = {(i["index"], i["name"]) for i in have}
want = {(index, "".join("\ufffd" if "\udc80" <= c <= "\udcff" else c for c in name))
        for index, name in socket.if_nameindex()}
assert have == want, have ^ want
PY

step "text: no control character of a name reaches the terminal"
status 0 ctl show interfaces
LC_ALL=C grep -q $'[\x01-\x08\x0b-\x1f\x7f]' "$T/out" && fail "a control character"
status 1 ctl remove $'esc\e[31m' 225.9.9.9
LC_ALL=C grep -q $'\e' "$T/err" && fail "a control character in a message"

step "every name works in commands"
for name in "${names[@]}"; do
	status 0 ctl add "$name" 10.9.9.9 225.201.1.1 "$name"
	status 0 ctl join "$name" 225.201.1.1
	status 0 ctl leave "$name" 225.201.1.1
	status 0 ctl remove "$name" 10.9.9.9 225.201.1.1 "$name"
	status 0 ctl remove "$name" 10.9.9.9 225.201.1.1
done
daemon_stop

step "the keys of every topic, with their types"
star 2
config <<'EOF'
mroute from eth0 group 225.1.2.3 to eth1
mroute from eth0 source 10.0.0.10/24 group 225.1.2.3 to eth1
mroute from eth0 source 10.0.0.10 group 225.1.2.3 to eth1
mroute from eth0 source fd00::/64 group ff3e::/64 to
mroute from eth+ group 239.1.1.1 to eth1 wg0
mroute from wg0 group 239.5.5.5 to eth1
mgroup from eth0 source 10.0.0.10 group 232.1.1.0/30
mgroup from eth0 group 225.1.2.3
mgroup from wg0 group ff05::1
phyint eth1 ttl-threshold 9
nonsense
EOF
daemon_start
send h0 225.99.9.9
send h0 -s 10.0.0.11 225.1.2.3
learned() { [ -n "$(in_kernel 10.0.0.10 225.99.9.9)" ] && [ -n "$(in_kernel 10.0.0.11 225.1.2.3)" ]; }
wait_for 5 learned
# has TOPIC FILTER: one line of JSON for which it holds; without and with details.
has() {
	local form
	for form in -j -dj; do
		status 0 ctl $form show "$1"
		assert_eq 1 "$(wc -l <"$T/out")" "lines of $form show $1"
		jq -e "$2" "$T/out" >/dev/null || fail "$form show $1: not $2: $(cat "$T/out")"
	done
}
route='(.source | type == "string" or . == null) and (.group | type == "string") and
	(.iif | type == "string") and (.oifs | type == "array" and all(type == "string"))'
has routes ".routes | (keys - [\"asm\", \"ssm\", \"kernel\"] == []) and
	(.asm, .ssm, .kernel | length > 0 and all($route))"
has routes '.routes.asm | map([.source, .group, .iif, .oifs]) == [
	[null, "225.1.2.3", "eth0", ["eth1"]], ["10.0.0.0/24", "225.1.2.3", "eth0", ["eth1"]],
	["fd00::/64", "ff3e::/64", "eth0", []],
	[null, "239.1.1.1", "eth0", ["eth1"]], [null, "239.1.1.1", "eth1", ["eth1"]]]'
has routes '.routes.ssm | map([.source, .group, .iif, .oifs]) ==
	[["10.0.0.10", "225.1.2.3", "eth0", ["eth1"]]]'
has routes '.routes.kernel | map([.source, .group, .iif, .oifs]) |
	contains([["10.0.0.10", "225.99.9.9", "eth0", []]])'
has routes '.routes.asm[3:] | all(.rule == "eth+" and .state == "pending" and (.reason | test("wg0")))'
has routes '.routes.ssm[0] | .origin == "/run/t/smcroute.conf:3" and .ttls == [9]'
has routes '.routes.kernel | all(.table == 0 and (.state | . == "forward" or . == "stop"))'
has routes '.routes.kernel | map(select(.kind == "learned")) |
	length == 2 and all(.age | type == "number")'
has interfaces '.interfaces | length > 2 and all((.index | type == "number") and
	(.name | type == "string") and (.vif, .mif | type == "number" or . == null))'
has interfaces '.interfaces[] | select(.name == "lo") | .vif == null and .mif == null'
has groups '.groups | keys - ["conf", "kernel"] == []'
has groups '.groups.conf | map([.source, .group, .iif]) ==
	[["10.0.0.10", "232.1.1.0/30", "eth0"], [null, "225.1.2.3", "eth0"]]'
has groups '.groups.kernel | map([.source, .group, .iif]) | sort == [[null, "225.1.2.3", "eth0"],
	["10.0.0.10", "232.1.1.0", "eth0"], ["10.0.0.10", "232.1.1.1", "eth0"],
	["10.0.0.10", "232.1.1.2", "eth0"], ["10.0.0.10", "232.1.1.3", "eth0"]]'
has pending '.pending | map([.kind, .iif, .source, .group, .oifs]) == [
	["mroute", "eth+", null, "239.1.1.1", ["eth1", "wg0"]],
	["mroute", "wg0", null, "239.5.5.5", ["eth1"]], ["mgroup", "wg0", null, "ff05::1", []]]'
for topic in routes interfaces groups pending; do
	has $topic '.errors | length == 1 and (.[0] | .level == "error" and .line == 11 and
		.column == 1 and .file == "/run/t/smcroute.conf" and (.text | test("nonsense")))'
done
assert_eq '[1,128,0]' "$(show routes '.routes.kernel[] | select(.group == "225.99.9.9") |
	[.packets, .bytes, .wrong_if]')" "counters, with -d"
status 0 ctl -j show
jq -e '.routes.kernel | all(has("packets") | not)' "$T/out" >/dev/null || fail "counters without -d"
status 0 ctl -j
jq -e .routes "$T/out" >/dev/null || fail "-j without a command is not JSON"
status 0 ctl add eth+ 239.2.2.2 eth0
has routes '.routes.asm[-1].origin == "control"'

step "an origin is a file and line, or control; failures are JSON too"
status 1 ctl -j remove eth0 225.123.1.1
jq -e '.error.code == 1 and (.error.text | length > 0)' "$T/out" >/dev/null ||
	fail "no error as JSON: $(cat "$T/out")"
