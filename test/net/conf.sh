#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the statements of a file make of the kernel: VIFs, thresholds, masks, exceptions, blocks.
. "${0%/*}/lib.sh"

star 4
ip link add veth7 type veth peer name veth8 || fail "veth"

# vifs 4|6: what the kernel has, as "0:eth0 1:eth1".
vifs() {
	local file=/proc/net/ip_mr_vif
	[ "$1" = 6 ] && file=/proc/net/ip6_mr_vif
	awk 'NR > 1 {print $1 ":" $2}' $file | sort -n | xargs
}
# mfc SOURCE-HEX GROUP-HEX: IIF and OIFs with thresholds, as the kernel shows them.
mfc() { awk -v g="$2" -v s="$1" '$1 == g && $2 == s {$1 = $2 = $4 = $5 = $6 = ""; print}' \
	/proc/net/ip_mr_cache | xargs; }
# joined IF GROUP-HEX
joined() { awk -v i="$1" -v g="$2" '/^[0-9]/ {on = $2 == i; next} on && $1 == g' /proc/net/igmp | wc -l; }
reload() { config; status 0 ctl reload; }
entry() { in_kernel "$@"; }

step "a VIF and a MIF for what phyint, mroute and mgroup name, in the order of naming"
config <<'EOF'
phyint eth2
mgroup from eth1 group 225.1.1.1
mroute from veth7 group 225.1.1.1 to eth0
phyint nowhere
EOF
daemon_start
assert_eq "0:eth2 1:eth1 2:veth7 3:eth0" "$(vifs 4)" "VIFs"
assert_eq "0:eth2 1:eth1 2:veth7 3:eth0" "$(vifs 6)" "MIFs"
assert_eq "3 3 1 1 0 0" "$(show interfaces '[.interfaces[] | select(.name == ("eth0", "eth1", "eth2")) |
	.vif, .mif] | join(" ")')" "what show interfaces says"
assert_eq "null null" "$(show interfaces '.interfaces[] | select(.name == "eth3") | "\(.vif) \(.mif)"')" \
	"eth3, which nothing names"

step "an interface may be down and without address (veth7 is)"
assert_eq down "$(cat /sys/class/net/veth7/operstate)" "veth7"
status 0 ctl add veth7 10.0.0.1 225.5.5.5 eth0
assert_eq "veth7 eth0" "$(entry 10.0.0.1 225.5.5.5)" "a route from it"

step "a kept interface keeps its number over a reload, its threshold changes in the kernel's entries"
reload <<'EOF'
phyint veth7
phyint eth0 ttl-threshold 5
mroute from eth1 source 10.0.1.10 group 225.1.1.2 to eth0 eth2
mroute from eth1 source fd00:1::10 group ff3e::1 to eth0
EOF
assert_eq "0:eth2 1:eth1 2:veth7 3:eth0" "$(vifs 4)" "VIFs"
assert_eq "1 0:1 3:5" "$(mfc 0A01000A 020101E1)" "the entry: eth1, to eth2 and eth0"
assert_eq "eth2:1 eth0:5" "$(show routes '.routes.kernel[] | select(.group == "225.1.1.2") |
	[.oifs, (.ttls | map(tostring))] | transpose | map(join(":")) | join(" ")')" "ttls"
assert_eq null "$(show routes '.routes.kernel[] | select(.group == "ff3e::1") | .ttls')" "IPv6 ttls"
reload <<'EOF'
mroute from eth1 source 10.0.1.10 group 225.1.1.2 to eth0 eth2
phyint eth0 ttl-threshold 200
EOF
assert_eq "0:eth2 1:eth1 3:eth0" "$(vifs 4)" "VIFs, veth7 named no more"
assert_eq "1 0:1 3:200" "$(mfc 0A01000A 020101E1)" "the entry"

step "the TTL of a packet must be greater than the threshold; with 255 none passes"
reload <<'EOF'
phyint eth0 ttl-threshold 9
phyint eth2 ttl-threshold 255
mroute from eth1 source 10.0.1.10 group 225.1.1.2 to eth0 eth2 eth3
EOF
count_start h0
count_start h2
count_start h3 -n 6
for ttl in 2 9 10 255; do
	send h1 -n 1 -t $ttl 225.1.1.2
done
send h1 -n 2 -t 64 225.1.1.2
count_stop h0 h2 h3
packets() { counted "$1" 10.0.1.10 225.1.1.2 | cut -d ' ' -f 1; }
assert_eq "4 0 6" "$(packets h0) $(packets h2) $(packets h3)" "packets at h0 h2 h3"

step "phyint: the last one counts, as a whole; enable is the default"
reload <<'EOF'
phyint eth0 ttl-threshold 9
phyint eth0 disable
phyint eth0 ttl-threshold 4
phyint eth2 ttl-threshold 3
phyint eth2
mroute from eth1 source 10.0.1.10 group 225.1.1.2 to eth0 eth2
EOF
assert_eq "1 0:1 3:4" "$(mfc 0A01000A 020101E1)" "the entry"

step "a phyint with a wildcard"
reload <<'EOF'
mroute from eth1 source 10.0.1.10 group 225.1.1.2 to eth0 eth2
phyint eth+ ttl-threshold 8
EOF
assert_eq "1 0:8 3:8" "$(mfc 0A01000A 020101E1)" "the entry"
ip link add ethlate type veth peer name pl
vif_of() { show interfaces ".interfaces[] | select(.name == \"$1\") | .vif"; }
has_vif() { [ "$(vif_of "$1")" != null ] && [ -n "$(vif_of "$1")" ]; }
wait_for 5 has_vif ethlate
ip link del ethlate

step "disable: neither VIF nor membership, whatever the rules say and wherever it stands"
reload <<'EOF'
mroute from eth1 source 10.0.1.10 group 225.1.1.2 to eth0 eth2
mroute from eth0 source 10.0.0.10 group 225.1.1.3 to eth1
mgroup from eth0 group 225.7.7.7
mgroup from eth1 group 225.7.7.7
phyint eth0 disable
EOF
assert_eq "0:eth2 1:eth1" "$(vifs 4)" "VIFs"
assert_eq "0:eth2 1:eth1" "$(vifs 6)" "MIFs"
assert_eq "eth1 eth2" "$(entry 10.0.1.10 225.1.1.2)" "the route to it"
assert_eq "" "$(entry 10.0.0.10 225.1.1.3)" "the route from it"
assert_eq "0 1" "$(joined eth0 070707E1) $(joined eth1 070707E1)" "memberships"
reload <<'EOF'
phyint eth0 enable
mroute from eth1 source 10.0.1.10 group 225.1.1.2 to eth0 eth2
mgroup from eth0 group 225.7.7.7
EOF
assert_eq "eth1 eth0 eth2" "$(entry 10.0.1.10 225.1.1.2)" "enabled again"
assert_eq 1 "$(joined eth0 070707E1)" "its membership"

step "a configured route whose outbound interfaces are all gone stays in the kernel with none"
ip link add gone type veth peer name gone2
reload <<'EOF'
mroute from eth1 source 10.0.1.10 group 225.1.1.4 to gone
EOF
assert_eq "eth1 gone" "$(entry 10.0.1.10 225.1.1.4)" "the route"
ip link del gone
no_oif() { [ "$(entry 10.0.1.10 225.1.1.4)" = eth1 ]; }
wait_for 5 no_oif
assert_eq 1 "$(grep -c '^040101E1' /proc/net/ip_mr_cache)" "the kernel's entry"
status 0 ctl show pending
assert_match "to gone" "$(cat "$T/out")" "pending"

step "only interfaces with the MULTICAST flag: lo and gre with 'multicast on'"
names=(lo)
if ip link add gre7 type gre remote 1.2.3.4 local 2.3.4.5 2>/dev/null; then
	ip link set gre7 up
	names+=(gre7)
fi
for name in "${names[@]}"; do
	ip link set "$name" multicast off
	config <<<"mroute from $name source 10.0.0.1 group 225.6.6.6 to eth1"
	status 0 ctl reload
	assert_eq "" "$(entry 10.0.0.1 225.6.6.6)" "a route from $name"
	assert_eq null "$(vif_of "$name")" "VIF of $name"
	ip link set "$name" multicast on
	wait_for 5 has_vif "$name"
	assert_eq "$name eth1" "$(entry 10.0.0.1 225.6.6.6)" "a route from $name, with multicast on"
	ip link set "$name" multicast off
	wait_for 5 not has_vif "$name"
done
[ ${#names[@]} = 2 ] || echo "  (no gre on this kernel)"

step "group :: and a scope mask, IPv6 only; /0 and 0.0.0.0 mean every group"
reload <<'EOF'
mroute from eth0 source :: group :: to 65520 eth1
mroute from eth0 group ::/0 to 0x20 eth2
mroute from eth3 group 0.0.0.0 to eth1
mroute from eth3 source 10.0.3.0/0 group 239.1.2.3/0 to eth2
EOF
status 0 ctl add eth2 :: :: 65472 eth0
for group in ff03::1 ff04::1 ff05::1 ff15::1 ff0e::1; do
	send h0 $group
	send h2 $group
done
send h3 224.1.2.3
send h3 239.255.255.255
flow_there() { [ -n "$(entry "$1" "$2")" ]; }
wait_for 5 flow_there 10.0.3.10 239.255.255.255
assert_eq "eth0" "$(entry fd00::10 ff03::1)" "scope 3 from eth0"
assert_eq "eth0 eth1" "$(entry fd00::10 ff04::1)" "scope 4 from eth0"
assert_eq "eth0 eth1 eth2" "$(entry fd00::10 ff05::1)" "scope 5 from eth0"
assert_eq "eth0 eth1 eth2" "$(entry fd00::10 ff15::1)" "scope 5, transient, from eth0"
assert_eq "eth0 eth1" "$(entry fd00::10 ff0e::1)" "scope 14 from eth0"
assert_eq "eth2" "$(entry fd00:2::10 ff05::1)" "scope 5 from eth2"
assert_eq "eth2 eth0" "$(entry fd00:2::10 ff0e::1)" "scope 14 from eth2"
assert_eq "eth3 eth1 eth2" "$(entry 10.0.3.10 224.1.2.3)" "every IPv4 group"
assert_eq "eth3 eth1 eth2" "$(entry 10.0.3.10 239.255.255.255)" "every IPv4 group"
status 0 ctl remove eth2 :: :: 65472 eth0
assert_eq "eth2" "$(entry fd00:2::10 ff0e::1)" "scope 14 from eth2, removed"

step "elsewhere a number is the name of an interface"
ip link add name 65520 type veth peer name p65520
reload <<'EOF'
mroute from eth0 source fd00::10 group ff05::77 to 65520 eth1
mroute from eth0 source 10.0.0.10 group 225.1.2.3 to 65520
EOF
assert_eq "eth0 65520 eth1" "$(entry fd00::10 ff05::77)" "IPv6"
assert_eq "eth0 65520" "$(entry 10.0.0.10 225.1.2.3)" "IPv4"
ip link del 65520

step "except: these sources are not covered by that rule, while another rule may cover them"
reload <<'EOF'
mroute from eth0 group 225.9.0.0/16 except 10.0.0.66,10.1.0.0/16 to eth1
mroute from eth0 source 10.1.2.3 group 225.9.0.1 to eth2
mroute from eth0 group ff3e::/16 except fd00::66 to eth1
EOF
for source in 10.0.0.10 10.0.0.66 10.1.9.9; do
	send h0 -s $source 225.9.0.1
done
send h0 ff3e::5
send h0 -s fd00::66 ff3e::5
wait_for 5 flow_there fd00::66 ff3e::5
assert_eq "eth0 eth1" "$(entry 10.0.0.10 225.9.0.1)" "anybody"
assert_eq "eth0" "$(entry 10.0.0.66 225.9.0.1)" "one excepted source"
assert_eq "eth0" "$(entry 10.1.9.9 225.9.0.1)" "one of an excepted range"
assert_eq "eth0 eth2" "$(entry 10.1.2.3 225.9.0.1)" "one that has a rule of its own"
assert_eq "eth0 eth1" "$(entry fd00::10 ff3e::5)" "IPv6, anybody"
assert_eq "eth0" "$(entry fd00::66 ff3e::5)" "IPv6, excepted"

step "a rule without OIFs: alone a stop filter, beside a wider rule the flow is forwarded"
reload <<'EOF'
mroute from eth0 source 10.0.0.10 group 225.8.0.1 to
mroute from eth0 source 10.0.0.10 group 225.9.0.1 to
mroute from eth0 group 225.9.0.0/16 to eth1
EOF
assert_eq "eth0" "$(entry 10.0.0.10 225.8.0.1)" "alone"
assert_eq "eth0 eth1" "$(entry 10.0.0.10 225.9.0.1)" "beside a wider rule"

step "OIFs: repeated statements add up, the same twice is one, a wildcard leaves the IIF out"
reload <<'EOF'
mroute from eth0 source 10.0.0.10 group 225.1.2.3 to eth1
mroute from eth0 source 10.0.0.10 group 225.1.2.3 to eth2 eth1
mroute from eth0 source 10.0.0.10 group 225.1.2.4 to eth1 eth1
mroute from eth0 source 10.0.0.10 group 225.1.2.5 to eth+
mroute from eth0 source 10.0.0.10 group 225.1.2.6 to eth0 eth1
mroute from eth0 group 225.1.2.3 source 10.0.0.11 to eth1
mgroup from eth0 group 225.3.3.3
mgroup from eth0 group 225.3.3.3
ssmgroup from eth0 source 10.0.0.10 group 232.3.3.3
EOF
assert_eq "eth0 eth1 eth2" "$(entry 10.0.0.10 225.1.2.3)" "two statements"
assert_eq "eth0 eth1" "$(entry 10.0.0.10 225.1.2.4)" "the same twice"
assert_eq "eth0 eth1 eth2 eth3" "$(entry 10.0.0.10 225.1.2.5)" "a wildcard"
assert_eq "eth0 eth0 eth1" "$(entry 10.0.0.10 225.1.2.6)" "the IIF in full"
assert_match 'smcroute.conf:5:.*eth0.*back' "$(cat "$T/smcroute.log")" "the warning about it"
assert_eq "eth0 eth1" "$(entry 10.0.0.11 225.1.2.3)" "clauses in another order"
assert_eq 2 "$(show groups '.groups.kernel | length')" "memberships"

step "a wildcard follows interfaces as they come and go"
ip link add ethX type veth peer name px
has_oif() { [[ " $(entry 10.0.0.10 225.1.2.5) " == *" ethX "* ]]; }
wait_for 5 has_oif
ip link del ethX
wait_for 5 not has_oif

step "host bits are ignored: one spelling adds, another removes"
status 0 ctl add eth0 10.9.9.9/8 225.77.2.3/24 eth1
status 0 ctl remove eth0 10.0.0.0/8 225.77.2.0/24

step "a link-local group is accepted with one warning"
: >"$T/smcroute.log"
reload <<'EOF'
mroute from eth0 group 224.0.0.251 to eth1
EOF
assert_eq 1 "$(grep -c 'warning:.*link-local' "$T/smcroute.log")" "warnings"
assert_eq 1 "$(show routes '.routes.asm | length')" "routes"

step "of more than 32 interfaces 32 have a place; the rest is said, shown and used when there is room"
for ((n = 0; n < 40; n++)); do
	ip link add "many$n" type veth peer name "pm$n" || fail "many$n"
done
reload <<'EOF'
phyint many+
mroute from many0 source 10.0.0.1 group 225.1.2.3 to many+
EOF
count_vifs() { awk 'NR > 1' /proc/net/ip_mr_vif | wc -l; }
assert_eq 32 "$(count_vifs)" "VIFs"
assert_eq 32 "$(awk 'NR > 1' /proc/net/ip6_mr_vif | wc -l)" "MIFs"
assert_eq 31 "$(show routes '.routes.kernel[0].oifs | length')" "outbound interfaces"
assert_eq 8 "$(show interfaces '[.interfaces[]
	| select((.name | startswith("many")) and .vif == null and .reason != null)] | length')" \
	"interfaces without a place, with the reason"
assert_match 'many' "$(grep -i 'error\|warning' "$T/smcroute.log")" "what the log says"
for ((n = 1; n < 9; n++)); do
	ip link del "many$n"
done
all_there() { [ "$(show routes '.routes.kernel[0].oifs | length')" = 31 ] &&
	[ "$(show interfaces '[.interfaces[]
		| select((.name | startswith("many")) and .vif == null)] | length')" = 0 ]; }
wait_for 15 all_there
