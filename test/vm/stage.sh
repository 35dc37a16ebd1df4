#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# stage.sh FOLDER: what the tests in virtual machines install there: FOLDER/root, as "make install"
# leaves it on a Debian system, and beside it the init script and the packet tool.
set -eu -o pipefail
source=$(cd "${0%/*}/../.." && pwd)
mkdir -p "$1/source" "$1/build"
stage=$(cd "$1" && pwd)

# A copy, because sources that were configured in place can't be built elsewhere.
tar -C "$source" --exclude=./.git -cf - . | tar -C "$stage/source" -xf -
cd "$stage/source"
[ ! -e Makefile ] || make -s distclean
./autogen.sh
cd "$stage/build"
../source/configure --prefix=/usr --sysconfdir=/etc --localstatedir=/var --runstatedir=/run \
	--enable-mrdisc
make -j "$(nproc)" all test/net/mcast
make install DESTDIR="$stage/root"
cp smcroute.init test/net/mcast "$stage"
rm -rf "$stage/source" "$stage/build"
