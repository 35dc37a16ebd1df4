#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh [NAME...]: all tests, or those named: a whole group ("net"), or one of it ("net/basic").
#
# As root on a bare Debian or Ubuntu it installs the tools that are missing.  Each check prints
# "ok", "not ok" (and then what it said) or "skip" with its name; the last line counts them.  Status
# 0 when none failed.  Everything is built from a copy of the sources, out of tree, in a temporary
# folder.
#
#	SMCROUTE_FUZZ_SECONDS=30	for each fuzz target
#	SMCROUTE_JOBS=3			net tests at the same time
set -u -o pipefail
root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
only=("$@")
fuzz_seconds=${SMCROUTE_FUZZ_SECONDS:-30}
net_jobs=${SMCROUTE_JOBS:-3}
cores=$(nproc)
export LC_ALL=C

W=$(mktemp -d) || exit 1
: >"$W/results"

clean_up() {
	trap - EXIT
	# shellcheck disable=SC2046
	kill $(jobs -p) 2>/dev/null
	wait
	chmod -R u+w "$W" # distcheck makes folders that can't be written
	rm -rf "$W"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# ---- checks ----

# Whether the check was asked for; or, for a group, any of its checks.
wanted() {
	local name
	[ ${#only[@]} = 0 ] && return 0
	for name in "${only[@]}"; do
		[[ $1 == "$name" || $1 == "$name"/* ]] && return 0
	done
	return 1
}

wanted_any() {
	local name
	wanted "$1" && return 0
	for name in "${only[@]}"; do
		[[ $name == "$1"/* ]] && return 0
	done
	return 1
}

# verdict ok|not ok|skip NAME [OUTPUT-FILE]
verdict() {
	{
		flock 9
		echo "$1" >>"$W/results"
		case $1 in
		skip) echo "skip $2: $(tail -n 1 "$3")" ;;
		*) echo "$1 $2" ;;
		esac
		# All but the lines about what went well.
		[ "$1" != "not ok" ] || sed '/^\[ RUN\|^\[ *OK \]\|^ok /d; s/^/    /' "$3"
	} 9>>"$W/lock"
}

# judge NAME COMMAND...: runs it now; status 77 means that something needed is missing.
judge() {
	local name=$1 output status=0
	shift
	output=$(mktemp "$W/output.XXXXXX")
	"$@" >"$output" 2>&1 </dev/null || status=$?
	[ $status = 124 ] && echo "took too long" >>"$output"
	case $status in
	0) verdict ok "$name" "$output" ;;
	77) verdict skip "$name" "$output" ;;
	*) verdict "not ok" "$name" "$output" ;;
	esac
	rm -f "$output"
	return $status
}

# check NAME COMMAND...: the same, if it is wanted.
check() {
	wanted "$1" || return 0
	judge "$@"
}

# spawn JOBS NAME COMMAND...: the same, in the background, as soon as fewer than JOBS are running.
spawn() {
	wanted "$2" || return 0
	while [ "$(jobs -rp | wc -l)" -ge "$1" ]; do
		wait -n
	done
	judge "${@:2}" &
}

# ---- tools ----

missing=()

tool() { command -v "$1" >/dev/null || missing+=("$2"); }

header() {
	echo "#include <$1>" | cc -E - >/dev/null 2>&1 || missing+=("$2")
}

find_missing() {
	missing=()
	tool cc gcc
	tool make make
	tool autoreconf autoconf
	tool automake automake
	tool nm binutils
	tool clang clang
	tool clang-format-14 clang-format-14
	tool clang-tidy-14 clang-tidy-14
	tool cppcheck cppcheck
	tool shellcheck shellcheck
	tool strace strace
	tool valgrind valgrind
	tool musl-gcc musl-tools
	tool ip iproute2
	tool sysctl procps
	tool setpriv util-linux
	tool jq jq
	tool busybox busybox-static
	tool zsh zsh
	tool dpkg-buildpackage dpkg-dev
	tool dh debhelper
	tool tshark tshark
	tool python3 python3
	if [ ${#only[@]} -gt 0 ] && wanted_any vm; then
		tool qemu-system-x86_64 qemu-system-x86
		tool cpio cpio
		tool modprobe kmod
		tool wg wireguard-tools
	fi
	header stdio.h libc6-dev
	header systemd/sd-daemon.h libsystemd-dev
	header sys/capability.h libcap-dev
	[ -e /usr/include/cmocka.h ] || missing+=(libcmocka-dev)
	echo 'int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }' |
		clang -fsanitize=fuzzer,address -x c -o /dev/null - >/dev/null 2>&1 ||
		missing+=(libclang-rt-14-dev)
}

install_missing() {
	local package
	find_missing
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "# missing, and can't be installed here: ${missing[*]}"
		return 0
	fi
	echo "# installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq >/dev/null 2>&1
	for package in "${missing[@]}"; do
		apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 ||
			echo "# no package $package here"
	done
}

# ---- builds ----

prepare() {
	mkdir "$W/src" && cd "$W/src" || return 1
	tar -C "$root" --exclude=./.git -cf - . | tar -xf - || return 1
	[ ! -e Makefile ] || make -s distclean
	./autogen.sh
}

# build NAME [CONFIGURE-ARGUMENTS...]: into $W/NAME, once, as check "build/NAME"; fails without it.
build() {
	if [ ! -e "$W/$1" ]; then
		mkdir "$W/$1"
		judge "build/$1" make_all "$W/$1" "${@:2}"
	fi
	[ -e "$W/$1/built" ]
}

make_all() {
	cd "$1" && ../src/configure --enable-werror --prefix=/usr --sysconfdir=/etc \
		--localstatedir=/var "${@:2}" && make -j "$cores" && touch built
}

# The test programs of a build too.
build_tests() {
	if [ ! -e "$W/$1/tests" ]; then
		touch "$W/$1/tests"
		judge "build/$1-tests" make_tests "$W/$1"
	fi
	[ -e "$W/$1/built-tests" ]
}

make_tests() {
	cd "$1" && make -j "$cores" check-programs && touch built-tests
}

build_gcc() { build gcc CC=gcc && build_tests gcc; }

build_mrdisc() { build mrdisc --enable-mrdisc && build_tests mrdisc; }

build_plain() {
	build plain --without-libcap --without-systemd --disable-ipv6 && build_tests plain
}

build_asan() {
	local flags="-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined"
	build asan --enable-mrdisc CC=clang CFLAGS="$flags -fno-sanitize-recover=undefined" &&
		build_tests asan
}

# The kernel's headers are beside those of another libc.
build_musl() {
	local beside=/usr/include
	build musl CC=musl-gcc --without-systemd --without-libcap \
		CFLAGS="-O2 -idirafter $beside -idirafter $beside/$(gcc -print-multiarch)"
}

builds() {
	wanted_any build || return 0
	wanted build/gcc && build_gcc
	wanted build/clang && build clang CC=clang && build_tests clang
	wanted build/mrdisc && build_mrdisc
	wanted build/plain && build_plain
	wanted build/static && build static --without-systemd LDFLAGS=-static
	if ! command -v musl-gcc >/dev/null; then
		check build/musl missing_tool musl-gcc
	elif wanted build/musl; then
		build_musl
	fi
	wanted build/asan && build_asan
	check build/install installed
	check build/layout "$W/src/test/layout.sh"
}

missing_tool() {
	echo "$1 is not installed"
	return 77
}

# What "make install-strip" leaves, and that uninstall takes it all away.
installed() {
	local to=$W/installed file
	build_gcc || return 1
	cd "$W/gcc" && make -s install-strip DESTDIR="$to" || return 1
	for file in usr/sbin/smcrouted usr/sbin/smcroutectl usr/share/man/man8/smcrouted.8 \
		usr/sbin/smcroute usr/share/man/man8/smcroute.8 \
		usr/share/man/man8/smcroutectl.8 usr/share/man/man5/smcroute.conf.5 \
		usr/share/doc/smcroute/{README.md,ChangeLog.md,COPYING,smcroute.conf}; do
		[ -s "$to/$file" ] || { echo "$file is not installed"; return 1; }
	done
	find "$to" -name smcroute.service | grep -q . || { echo "no unit"; return 1; }
	make -s uninstall DESTDIR="$to" || return 1
	find "$to" ! -type d | { ! grep .; }
}

distcheck() {
	mkdir "$W/dist" && cd "$W/dist" && ../src/configure && make -j "$cores" distcheck VERBOSE=1
}

# ---- the groups ----

sources() {
	check layering "$W/src/test/layering.sh"
	check references "$W/src/test/references.sh"
	for part in format whitespace shell cppcheck tidy; do
		check "style/$part" timeout 900 "$W/src/test/style.sh" "$part"
	done
}

# unit PREFIX BUILD [WRAPPER...]: each unit test program.
unit() {
	local program
	for program in "$W/$2"/test/unit/test_*; do
		[ -f "$program" ] && [ -x "$program" ] || continue
		spawn "$cores" "$1/${program##*/test_}" timeout 300 "${@:3}" "$program"
	done
	wait
}

# net PREFIX BUILD SLOW WRAPPER TESTS...: net tests, the daemon behind a wrapper.
net() {
	local prefix=$1 dir=$W/$2 name
	export SLOW=$3 MCAST=$dir/test/net/mcast
	export SMCROUTED="${4:+$4 }$dir/src/smcrouted" SMCROUTECTL=$dir/src/smcroutectl
	for name in "${@:5}"; do
		[ -z "$name" ] || spawn "$net_jobs" "$prefix/$name" \
			timeout -k 5 300 bash "$W/src/test/net/$name.sh"
	done
	wait
}

net_tests() {
	local file
	for file in "$W"/src/test/net/*.sh; do
		file=${file##*/}
		[ "$file" = lib.sh ] || echo "${file%.sh}"
	done
}

fuzz() {
	local file
	export BUILD=$W/fuzz
	judge fuzz-build "$W/src/test/fuzz/run.sh" build || return
	for file in "$W"/src/test/fuzz/fuzz_*.c; do
		[ -e "$file" ] || continue
		file=${file##*/fuzz_}
		spawn 2 "fuzz/${file%.c}" timeout $((fuzz_seconds + 120)) \
			"$W/src/test/fuzz/run.sh" "$fuzz_seconds" "${file%.c}"
	done
	wait
}

plain() {
	build_gcc || return
	unit unit gcc
	check property timeout 300 "$W/gcc/test/unit/property"
	check golden "$W/src/test/golden/run.sh" "$W/gcc/test/golden/render"
	check purity "$W/src/test/purity.sh" "$W/gcc"
}

# Router discovery is in a build of its own, the other tests in the usual one.
nets() {
	local discovery=(mrdisc mrdisc_switch mrdisc_user) name
	build_gcc && net net gcc 1 '' "${nets[@]/#mrdisc*/}"
	for name in "${discovery[@]}"; do
		wanted "net/$name" && build_mrdisc && net net mrdisc 1 '' "${discovery[@]}" && break
	done
}

# What goes on after the start, in the daemon of a user who has no power.
dropped() {
	build_gcc || return
	DROP_TO=nobody net dropped gcc 1 '' basic conf ctl events expiry groups hotplug pending \
		reload reuse tables wrongif
}

sanitized() {
	build_asan || return
	export UBSAN_OPTIONS=print_stacktrace=1
	unit asan/unit asan
	check asan/property timeout 500 "$W/asan/test/unit/property"
	check asan/golden "$W/src/test/golden/run.sh" "$W/asan/test/golden/render"
	net asan/net asan 2 '' "${nets[@]}"
}

memory() {
	local grind=(valgrind -q --error-exitcode=99 --leak-check=full
		--show-leak-kinds=definite --errors-for-leak-kinds=definite)
	if ! command -v valgrind >/dev/null; then
		judge valgrind missing_tool valgrind
	elif build_gcc; then
		unit valgrind/unit gcc "${grind[@]}"
		net valgrind/net gcc 5 "${grind[*]}" basic ctl groups hook
	fi
}

# Other scripts that want the programs.
scripts() {
	build_gcc || return
	export SMCROUTED=$W/gcc/src/smcrouted SMCROUTECTL=$W/gcc/src/smcroutectl
	export MCAST=$W/gcc/test/net/mcast SLOW=1
	check demo timeout 60 "$W/src/test/demo.sh"
	check completion timeout 60 "$W/src/test/completion.sh"
}

# The figures that do not hang on a clock: operations, bytes, packets.  "make bench" measures all.
benches() {
	local figure
	build_gcc && make -s -C "$W/gcc" test/bench/bare test/bench/probe >/dev/null || return
	export SMCROUTED=$W/gcc/src/smcrouted SMCROUTECTL=$W/gcc/src/smcroutectl
	export BARE=$W/gcc/test/bench/bare PROBE=$W/gcc/test/bench/probe ROUNDS=1
	for figure in changes memory burst; do
		check "bench/$figure" timeout 120 "$W/src/test/bench/bench.sh" table "$figure"
	done
}

# Ten minutes of emulated machines; whether the property test finds faults.
if_named() {
	[ ${#only[@]} -gt 0 ] || { echo "# not run, as not named: mutants vm"; return 0; }
	check mutants "$W/src/test/mutants.sh"
	wanted_any vm && machines
}

# They share what they install in their machines.
machines() {
	local name
	export STAGE=$W/stage
	judge vm-stage "$W/src/test/vm/stage.sh" "$STAGE" || return
	for name in systemd kinds noipv6 init; do
		check "vm/$name" "$W/src/test/vm/$name.sh"
	done
}

all() {
	mapfile -t nets < <(net_tests)
	builds
	sources
	if wanted_any unit || wanted property || wanted golden || wanted purity; then
		plain
	fi
	wanted_any net && nets
	wanted_any plain && build_plain && net plain/net plain 1 '' root
	wanted_any dropped && dropped
	wanted_any asan && sanitized
	wanted_any valgrind && memory
	wanted_any bench && benches
	wanted_any fuzz && fuzz
	if wanted demo || wanted completion; then
		scripts
	fi
	check distcheck distcheck
	wanted package && build_gcc && check package "$W/src/test/package.sh" "$W/gcc"
	if_named
}

count() { grep -c "^$1\$" "$W/results"; }

# The whole of it, read before it begins: this file may change while it runs.
main() {
	local failed
	install_missing
	judge prepare prepare && all
	failed=$(count 'not ok')
	echo "$(count ok) passed, $failed failed, $(count skip) skipped"
	[ "$failed" = 0 ]
	exit
}

main
