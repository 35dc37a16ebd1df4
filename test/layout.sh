#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# layout.sh: what packagers rely on in configure, the build tree and the installation.  Builds in a
# copy of the sources, in the tree itself, as they do.
set -u -o pipefail
root=$(cd "$(dirname "$0")/.." && pwd) || exit 1

fail() {
	echo "FAILED at line ${BASH_LINENO[*]}: $*"
	exit 1
}

W=$(mktemp -d) || exit 1
trap 'rm -rf "$W"' EXIT
mkdir "$W/tree" && cd "$W/tree" || exit 1
tar -C "$root" --exclude=./.git -cf - . | tar -xf - || exit 1
[ ! -e Makefile ] || make -s distclean
./autogen.sh >/dev/null 2>&1 || fail "autogen.sh"

# configure WORDS...: its summary, and what it said, are in $W/said.
configure() { ./configure -C "$@" >"$W/said" 2>&1 || fail "configure $*: $(tail -n 5 "$W/said")"; }
# summary REGEX
summary() { tail -n 14 "$W/said" | grep -qE "$1" || fail "no $1 in the summary: $(tail -n 14 "$W/said")"; }
# has FILE LINE
has() { grep -qxF -- "$2" "$1" || fail "no line '$2' in $1: $(cat "$1")"; }

echo "- the defaults; unknown options warn"
configure --prefix=/usr --sysconfdir=/etc --localstatedir=/v --enable-bogus --with-bogus=x
grep -q 'unrecognized options: --enable-bogus, --with-bogus' "$W/said" || fail "no warning"
summary 'programs +/usr/sbin$'
summary 'configuration +/etc/smcroute.conf$'
summary 'socket, pid file +/v/run/smcroute.sock'
summary 'router discovery +no$'

echo "- --without-systemd: no unit is installed, the one in the tree says simple"
configure --prefix=/usr --sysconfdir=/etc --without-systemd --without-libcap --disable-ipv6 --enable-mrdisc
summary 'systemd unit +no '
summary 'libcap +no$'
summary 'IPv6 +no$'
summary 'router discovery +yes$'
make -s smcroute.service || fail "make smcroute.service"
has smcroute.service Type=simple
make -s clean

echo "- folders as a distribution chooses them; where the build leaves things"
configure --prefix=/usr --sysconfdir=/etc --localstatedir=/var --runstatedir=/run \
	--sbindir=/usr/bin --with-systemd=/units
summary 'programs +/usr/bin$'
summary 'systemd unit +/units/smcroute.service'
make -s -j "$(nproc)" >/dev/null || fail "make"
for file in src/smcrouted src/smcroutectl src/smcroute smcroute.init; do
	[ -x "$file" ] || fail "no program ./$file"
done
for file in smcroute.conf smcroute.default smcroute.service; do
	[ -s "$file" ] || fail "no ./$file"
done
src/smcrouted -h | grep -q ' /etc/NAME.conf$' || fail "configuration: $(src/smcrouted -h)"
src/smcrouted -h | grep -q ' /run/NAME.sock$' || fail "socket: $(src/smcrouted -h)"
src/smcroutectl -h | grep -q ' /run/NAME.sock$' || fail "socket: $(src/smcroutectl -h)"
src/smcrouted -F smcroute.conf || fail "the example is no good configuration"
grep -q '/etc/smcroute/startup.sh' smcroute.init || fail "the init script has no startup.sh"
gpl=/usr/share/common-licenses/GPL-2
[ ! -e $gpl ] || cmp COPYING $gpl || fail "COPYING is not the GPL version 2"

echo "- what is installed"
make -s install DESTDIR="$W/to" >/dev/null || fail "make install"
for file in usr/bin/smcrouted usr/bin/smcroutectl usr/share/man/man8/smcrouted.8 \
	usr/share/man/man8/smcroutectl.8 usr/share/man/man5/smcroute.conf.5 \
	usr/share/doc/smcroute/{README.md,ChangeLog.md,COPYING,smcroute.conf}; do
	[ -s "$W/to/$file" ] || fail "$file is not installed"
done
unit=$W/to/units/smcroute.service
grep -qxE 'Type=(notify|simple)' "$unit" || fail "type of the unit"
has "$unit" 'EnvironmentFile=-/etc/default/smcroute'
has "$unit" "ExecStart=/usr/bin/smcrouted -n -s -u %t/%N/smcroute.sock -P %t/%N/smcroute.pid \
\$SMCROUTED_OPTS \$SMCROUTED_ARGS"
has "$unit" 'ExecReload=/usr/bin/smcroutectl reload'
