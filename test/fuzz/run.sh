#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh SECONDS [NAME...]: each fuzz target (fuzz_NAME.c), or those named, for so many seconds, two
# at a time, with AddressSanitizer and UndefinedBehaviorSanitizer.  It starts from what is in
# corpus/NAME and changes nothing there.  With 0 seconds it only tries the corpus.
#
# With "build" for SECONDS it only builds the libraries.
#
# Prints "ok NAME" or "not ok NAME" with the input that did it: it belongs into the corpus then.
# BUILD=DIR keeps what is built, for the next time.
set -u -o pipefail
here=$(cd "$(dirname "$0")" && pwd) && root=$(cd "$here/../.." && pwd) || exit 1
seconds=${1:?usage: run.sh SECONDS [NAME...]}
shift
command -v clang >/dev/null || { echo "clang is not installed"; exit 77; }

tmp=$(mktemp -d) && trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$tmp"' EXIT || exit 1
build=${BUILD:-$tmp/build}
mkdir -p "$build"

# shellcheck disable=SC2054
flags=(-g -O1 -std=c11 -D_GNU_SOURCE "-I$root/src" "-I$root/test/unit" -DPACKAGE_VERSION='"0"'
	-DSYSCONFDIR='"/etc"' -DRUNSTATEDIR='"/run"' -fno-omit-frame-pointer
	-fsanitize=address,undefined -fno-sanitize-recover=undefined)

names() {
	local file
	for file in "$here"/fuzz_*.c; do
		[ -e "$file" ] || continue
		file=${file##*/fuzz_}
		echo "${file%.c}"
	done
}

# Everything but programs and variants, instrumented; a target takes what it needs.
objects() {
	local source object
	for source in "$root"/src/{base,core,kernel,daemon,ctl}/*.c; do
		case ${source#"$root/src/"} in
		*/privs.c | */service_systemd.c | daemon/mrdisc.c | */mrt6_none.c) continue ;;
		esac
		grep -q '^int main' "$source" && continue
		object=${source#"$root/src/"}
		printf '%s\n' "${object//\//-}.o $source"
	done
}

compile() {
	[ -e "$build/rest.a" ] && [ -z "$(find "$root/src" -newer "$build/rest.a")" ] && return 0
	export FLAGS="${flags[*]@Q} -fsanitize=fuzzer-no-link"
	(cd "$build" && objects | xargs -P 2 -n 2 sh -c 'eval clang "$FLAGS" -c -o "$0" "$1"') &&
		rm -f "$build"/*.a && ar rc "$build/ctl.a" "$build"/ctl-*.o &&
		ar rc "$build/rest.a" "$build"/{base,core,kernel,daemon}-*.o
}

link() {
	clang "${flags[@]}" -fsanitize=fuzzer -o "$build/$1" "$here/fuzz_$1.c" \
		"$build/rest.a" "$build/ctl.a" "$build/rest.a"
}

# run NAME: status 1 with its last words and the input when it found something.
run() {
	local limit=(-max_total_time="$seconds") input
	[ "$seconds" = 0 ] && limit=(-runs=0)
	mkdir -p "$tmp/$1/found" "$tmp/$1/new"
	mkdir -p "$tmp/$1/corpus"
	[ -d "$here/corpus/$1" ] && cp -r "$here/corpus/$1/." "$tmp/$1/corpus"
	"$build/$1" "${limit[@]}" -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
		-artifact_prefix="$tmp/$1/found/" "$tmp/$1/new" "$tmp/$1/corpus" \
		>"$tmp/$1/log" 2>&1 </dev/null && { echo "ok $1"; return 0; }
	echo "not ok $1"
	tail -n 60 "$tmp/$1/log"
	for input in "$tmp/$1/found"/*; do
		[ -e "$input" ] && { echo "input, base64:"; base64 "$input"; }
	done
	return 1
}

[ $# -gt 0 ] || { mapfile -t all < <(names); set -- "${all[@]}"; }
[ $# -gt 0 ] || { echo "no fuzz targets"; exit 77; }
compile || exit 1
[ "$seconds" != build ] || exit 0
failed=0
for name; do
	link "$name" || { echo "not ok $name"; failed=1; continue; }
	[ "$(jobs -rp | wc -l)" -lt 2 ] || wait -n || failed=1
	run "$name" >"$tmp/$name.out" 2>&1 &
done
while [ "$(jobs -p | wc -l)" -gt 0 ]; do
	wait -n || failed=1
done
for name; do
	cat "$tmp/$name.out" 2>/dev/null
done
exit $failed
