#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Library calls fail, each in its turn and at random: the daemon refuses cleanly or goes on, tells the
# truth and heals.  The time of day jumps all the while, and time itself passes twenty times as fast.
#
#	SMCROUTE_FAULTS=1	every call, instead of each third
here=$(realpath "${0%/*}")
. "${0%/*}/lib.sh"

shim=${MCAST%/*}/fail.so
[[ $SMCROUTED == *" "* ]] && skip "not behind a wrapper"
star 2
config <<'EOF'
phyint late
mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1
mroute from eth0 source 10.0.0.10 group 225.1.1.2 to eth1 late
mroute from eth1 source 10.0.1.10 group 225.1.1.3 to eth0
mroute from eth0 source 10.0.0.10 group 225.1.1.4 to
mroute from eth0 group 225.3.0.0/16 to eth1
mroute from eth0 source fd00::10 group ff3e::1 to eth1
mroute from eth1 source fd00:1::10 group ff3e::2 to eth0
mroute from eth0 group ff3e::77 to eth1
mgroup from eth0 group 225.2.2.2
mgroup from eth0 group 225.2.2.2 source 10.0.0.10
mgroup from late group 225.2.2.3
mgroup from eth1 group ff3e::5
EOF
printf '#!/bin/sh\n:\n' >"$T/script"
chmod +x "$T/script"
python3 "$here/faults.py" "$shim" "$T" "${SMCROUTE_FAULTS:-3}" "$SLOW" || fail "see above"
grep -q -e 'ERROR: AddressSanitizer' -e 'ERROR: LeakSanitizer' -e 'runtime error:' "$T/$D.log" &&
	fail "a sanitizer complains"
true
