#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# references.sh: every test that doc/CONTRACT.md and doc/FAULTS.md name is there, with the words that
# they quote from it.
set -u -o pipefail
cd "$(dirname "$0")/.." || exit 1

# references DOCUMENT: "FILE WORDS" for each, without words when none are quoted.
references() { grep -oE 'test/[A-Za-z0-9_/.*]+[a-z]( "[^"]+")?' "$1" | sed 's/"//g'; }

# holds FILE WORDS: a string may go on in the next line.
holds() { sed -zE 's/"\n[ \t]*"//g' "$1" | grep -F -- "$2" >/dev/null; }

# check DOCUMENT: prints what is not there; status 1 if anything.
check() {
	local file words bad=0
	while read -r file words; do
		if ! compgen -G "$file" >/dev/null; then
			echo "$1: there is no $file"
			bad=1
		elif [ "$words" ] && ! holds "$file" "$words"; then
			echo "$1: $file has no \"$words\""
			bad=1
		fi
	done < <(references "$1")
	return $bad
}

# broken TEXT: the check must fail on a document with this text.
broken() {
	echo "$1" >"$tmp"
	check "$tmp" >/dev/null || return 0
	echo "references.sh does not notice: $1"
	return 1
}

tmp=$(mktemp) && trap 'rm -f "$tmp"' EXIT || exit 1
bad=0
for document in doc/CONTRACT.md doc/FAULTS.md; do
	[ "$(references $document | wc -l)" -gt 20 ] || { echo "$document names no tests"; bad=1; }
	check $document || bad=1
done
broken 'a fault | test/net/nowhere.sh |' || bad=1
broken 'a fault | test/net/basic.sh "no such step" |' || bad=1
exit $bad
