#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# layering.sh: a module includes only from its own floor or below, and modules include each other in
# no circle.  A module is a name with its .c and its .h; NAME_impl.h belongs to NAME.
# At the end the check is tried on sources that break the rules: it must see it.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1

# includes SRC: lines "file header" for each include of a header of ours.
includes() {
	find "$1" -name '*.[ch]' -printf '%P\n' | sort | while read -r file; do
		sed -n 's|^[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*|\1|p' "$1/$file" |
			sed "s|^|$file |"
	done
}

# floors SRC: prints includes that look upwards or sideways; status 1 if any.
floors() {
	includes "$1" | awk '
		BEGIN {
			may["base"] = "base"
			may["core"] = "base core"
			may["kernel"] = "base core kernel"
			may["daemon"] = "base core kernel daemon"
			may["ctl"] = "base core ctl"
		}
		{
			split($1, from, "/")
			split($2, to, "/")
			if (!(from[1] in may)) {
				print "src/" $1 ": not on any floor"; bad = 1
			} else if (index(" " may[from[1]] " ", " " to[1] " ") == 0) {
				print "src/" $1 " includes \"" $2 "\", may use only: " may[from[1]]
				bad = 1
			}
		}
		END { exit bad }'
}

# circles SRC: prints modules that include each other in a circle; status 1 if any.
circles() {
	includes "$1" | sed -E 's/\.[ch]( |$)/\1/g; s/_impl( |$)/\1/g' |
		awk '$1 != $2' | tsort 2>&1 >/dev/null |
		awk '{sub(/^tsort: /, ""); print "circle: " $0; bad = 1} END {exit bad}'
}

check() {
	floors "$1" && circles "$1"
}

# broken FILE LINE: the check must fail when the line stands at the top of a copy of the file.
broken() {
	local result=0
	sed -i "1i $2" "$copy/$1"
	check "$copy" >/dev/null && result=1
	sed -i 1d "$copy/$1"
	[ $result = 0 ] || echo "layering.sh does not notice '$2' in src/$1"
	return $result
}

copy=$(mktemp -d) && trap 'rm -rf "$copy"' EXIT || exit 1
cp -r src/. "$copy" || exit 1

check src &&
	broken core/addr.c '#include "daemon/ctl.h"' &&
	broken ctl/client.c '#include "kernel/mrt.h"' &&
	broken core/addr.c '#include "diag.h"' &&
	broken base/util.h '#include "base/buf.h"' &&
	broken core/addr.c '#include "core/engine.h"' &&
	check "$copy"
