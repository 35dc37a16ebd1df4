#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# style.sh [PART...]: what tools can say about the sources; all parts, or those named.
# Status 77 when the tool of a part is not there.  The versions of clang-format and clang-tidy are
# fixed, because each has its own opinions.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1

need() {
	command -v "$1" >/dev/null || { echo "$1 is not installed"; exit 77; }
}

c_files() { find src test -name '*.[ch]' | sort; }
scripts() { grep -rlE '^#!/bin/(ba)?sh' autogen.sh .ci contrib test | sort; }

flags=(-std=c11 -D_GNU_SOURCE -Isrc -DPACKAGE_VERSION='"0"' -DSYSCONFDIR='"/etc"'
	-DRUNSTATEDIR='"/run"')

part_format() {
	need clang-format-14
	c_files | xargs clang-format-14 --dry-run --Werror
}

part_cppcheck() {
	need cppcheck
	cppcheck -q -j 2 --error-exitcode=1 --inline-suppr --std=c11 --platform=unix64 \
		--enable=warning,performance,portability --suppress=missingIncludeSystem \
		"${flags[@]:1}" src test/net/mcast.c
}

part_tidy() {
	need clang-tidy-14
	find src -name '*.c' | sort |
		xargs -P 2 -I FILE clang-tidy-14 --quiet FILE -- "${flags[@]}" 2>&1 |
		grep -v 'warnings\? generated' || [ "${PIPESTATUS[2]}" = 0 ]
}

part_shell() {
	need shellcheck
	# Variables come from and go to test/net/lib.sh.
	scripts | xargs shellcheck -S warning -e SC2034,SC2119,SC2120,SC2154
}

# Blanks at line ends, scripts beyond 120 columns, files without their last line end or licence.
part_whitespace() {
	local bad=0 file
	while read -r file; do
		expand "$file" | awk -v f="$file" '
			/[ \t\r]$/ { print f ":" NR ": blank at the end"; bad = 1 }
			f ~ /\.[ch]$/ { next }
			length > 120 { print f ":" NR ": " length " columns"; bad = 1 }
			END { exit bad }' || bad=1
		[ -z "$(tail -c 1 "$file")" ] || { echo "$file: no line end at the end"; bad=1; }
		grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' "$file" ||
			{ echo "$file: no licence"; bad=1; }
	done < <(c_files; scripts)
	return $bad
}

parts=("$@")
[ $# -gt 0 ] || parts=(format whitespace shell cppcheck tidy)
failed=0
for part in "${parts[@]}"; do
	"part_$part" || failed=1
done
exit $failed
