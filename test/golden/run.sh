#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Golden tests of what smcroutectl prints: run.sh [RENDER]
#
# NAME.TOPIC.records holds the lines of an answer, NAME.TOPIC.VARIANT what must become of them.
# After a change that is meant, UPDATE=1 writes the variants that exist anew: read the diff.

here=$(cd "$(dirname "$0")" && pwd)
render=${1:-./render}
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
failed=0

flags()
{
	case $1 in
	text) ;;
	detail) echo -d ;;
	bare) echo -t ;;
	terminal) echo -T ;;
	json) echo -j ;;
	*) return 1 ;;
	esac
}

# An answer as JSON is one line that a JSON parser takes, in valid UTF-8.
is_json()
{
	[ "$(wc -l < "$1")" -eq 1 ] && iconv -f UTF-8 -t UTF-8 "$1" > /dev/null || return 1
	! command -v jq > /dev/null || jq -e . "$1" > /dev/null
}

check()
{
	expected=$1 variant=${1##*.} base=${1%.*} topic=${1%.*}
	topic=${topic##*.}
	# shellcheck disable=SC2046 # no flag is no word
	"$render" $(flags "$variant") "$topic" < "$base.records" > "$out/result" 2> "$out/stderr"
	[ "$variant" = json ] || cat "$out/stderr" >> "$out/result"
	[ -z "$UPDATE" ] || cp "$out/result" "$expected"
	cmp -s "$out/result" "$expected" || { diff "$expected" "$out/result"; return 1; }
	[ "$variant" != json ] || is_json "$out/result"
}

for expected in "$here"/*.*.*; do
	flags "${expected##*.}" > /dev/null || continue
	if check "$expected"; then
		echo "ok ${expected##*/}"
	else
		echo "not ok ${expected##*/}"
		failed=1
	fi
done
exit $failed
