#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# purity.sh BUILDDIR: what the objects may need and hold.
#
# - src/core asks nothing of the world: its undefined symbols are its own, those of src/base but
#   log and loop, and a few functions of libc that only look at their arguments.
# - No mutable variable outlives a function, but for the state of base/log and base/loop.
# - Signals have handlers in base/loop only, which just set a flag, and nothing but the date of a
#   line in the log comes from the clock on the wall.
#
# At the end the checks are tried on objects that break the rules: they must see it.
set -u -o pipefail
here=$(cd "$(dirname "$0")" && pwd) || exit 1
build=$(cd "${1:?usage: purity.sh BUILDDIR}" && pwd) || exit 1
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT || exit 1

pure='free memchr memcmp memcpy memmove memset snprintf vsnprintf strchr strrchr strcmp strncmp
	strlen strerror strtoul strcasecmp strncasecmp qsort bsearch inet_ntop inet_pton
	__stack_chk_fail __errno_location _GLOBAL_OFFSET_TABLE_'

# defined LIB: names of what it offers.
defined() { nm --defined-only "$1" | awk 'NF == 3 {print $3}'; }

# needed LIB: "object symbol", with the disguises of libc's headers taken off.
needed() {
	nm -A --undefined-only "$1" | sed -E 's/^.*:([^:]+): +[Uuw] /\1 /' |
		sed -E 's/ __isoc[0-9]+_/ /; s/ __(.*)_chk$/ \1/'
}

# impure CORE-LIB: prints what it should not need; status 1 if any.
impure() {
	{
		# shellcheck disable=SC2086
		printf '%s\n' $pure
		defined "$1"
		defined "$build/libbase.a" | grep -v -e '^log_' -e '^loop_'
	} | sort -u >"$tmp/allowed"
	needed "$1" | awk -v allowed="$tmp/allowed" '
		BEGIN { while ((getline name < allowed) > 0) may[name] = 1 }
		!($2 in may) { print $1 " needs " $2; bad = 1 }
		END { exit bad }'
}

# mutable LIB...: prints variables in writable sections; status 1 if any.  Constants with pointers
# in them are in .data.rel.ro, which is written by the linker only.
mutable() {
	objdump -t "$@" | awk '
		/file format/ { object = $1; sub(/:$/, "", object) }
		object ~ /(^|-)(log|loop)\.o$/ { next }
		$0 !~ / O / || /\.data\.rel\.ro/ { next }
		/[ \t](\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ { print object ": " $NF; bad = 1 }
		END { exit bad }'
}

# strays LIB...: prints who else handles signals or looks at that clock; status 1 if any.
strays() {
	local lib
	for lib; do
		needed "$lib"
	done | awk '
		BEGIN {
			split("sigaction signal sigset bsd_signal __sysv_signal signalfd", names)
			for (n in names) place[names[n]] = "loop"
			split("time gettimeofday ftime timespec_get alarm setitimer", names)
			for (n in names) place[names[n]] = "log"
		}
		$2 in place && $1 !~ "(^|-)" place[$2] "\\.o$" { print $1 " needs " $2; bad = 1 }
		END { exit bad }'
}

# broken CHECK CODE: the check must fail on a library that has this code too.
broken() {
	cp "$build/libcore.a" "$tmp/libcore.a"
	printf '%s\n' "$2" >"$tmp/bad.c"
	${CC:-cc} -fcommon -O0 -c -o "$tmp/bad.o" "$tmp/bad.c" &&
		ar rs "$tmp/libcore.a" "$tmp/bad.o" || return 1
	"$1" "$tmp/libcore.a" >/dev/null || return 0
	echo "purity.sh does not notice: $2"
	return 1
}

libs=("$build"/lib{base,core,kernel,daemon,ctl}.a)
for lib in "${libs[@]}"; do
	[ -e "$lib" ] || { echo "$lib is not built"; exit 1; }
done

impure "$build/libcore.a" &&
	mutable "${libs[@]}" &&
	strays "${libs[@]}" &&
	grep -q 'CLOCK_' "$here"/../src/*/*.c && ! grep 'CLOCK_REALTIME' "$here"/../src/*/*.c &&
	broken impure 'long time(long *); long bad(void); long bad(void) { return time(0); }' &&
	broken impure 'void log_at(void); void bad(void); void bad(void) { log_at(); }' &&
	broken impure 'void exit(int); void bad(void); void bad(void) { exit(1); }' &&
	broken mutable 'static int calls; int bad(void); int bad(void) { return ++calls; }' &&
	broken mutable 'int calls = 3;' &&
	broken mutable 'int calls;' &&
	broken strays '#include <signal.h>
		void bad(void); void bad(void) { signal(SIGHUP, SIG_DFL); }' &&
	broken strays 'long time(long *); long bad(void); long bad(void) { return time(0); }'
