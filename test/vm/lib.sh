# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# lib.sh: what a test in a virtual machine of its own stands on.  Such a test is a bash script that
# begins with
#
#	vm_options=(-s)		# for vm.sh
#	. "${0%/*}/lib.sh"
#
# and goes on inside, as root, with everything installed and all that ../net/lib.sh offers; the
# machine's own network namespace is the router.  It is a list of "try NAME COMMAND" and ends with
# "finish".
#
# From the environment: STAGE, a folder as stage.sh leaves it; without, one is made for this test.
# Status: 0 all passed, 77 skipped because there is no machine to be had, anything else failed.

set -u -o pipefail
here=$(cd "${0%/*}" && pwd)

if [ -z "${VM_INSIDE:-}" ]; then
	if [ -z "${STAGE:-}" ]; then
		STAGE=$(mktemp -d) || exit 1
		trap 'rm -rf "$STAGE"' EXIT
		"$here/stage.sh" "$STAGE" >"$STAGE/log" 2>&1 || { cat "$STAGE/log"; exit 1; }
	fi
	cd / || exit 1
	"$here/vm.sh" "${vm_options[@]}" env VM_INSIDE=yes STAGE="$STAGE" bash "$here/${0##*/}"
	exit
fi

cp -a "$STAGE/root/." / || exit 1
export NET_INSIDE=machine SLOW=${SLOW:-10} MCAST=$STAGE/mcast
export SMCROUTED=/usr/sbin/smcrouted SMCROUTECTL=/usr/sbin/smcroutectl
. "$here/../net/lib.sh"

failed=0

# try NAME COMMAND...: in a subshell, which "fail" ends.
try() {
	local name=$1
	shift
	if ("$@") >"$T/try" 2>&1 </dev/null; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		sed 's/^/    /' "$T/try"
		failed=$((failed + 1))
	fi
}

# Ends the test.
finish() {
	[ $failed = 0 ] || echo "$failed failed"
	exit $((failed > 0))
}
