#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# deb.sh TARBALL FOLDER: makes Debian packages of a release, or of what "make dist" made, and puts
# them into the folder.  The packages to build with: dpkg-dev, and what debian/control asks for.
set -eu
[ $# = 2 ] || { sed -n 's/^# deb.sh/usage: deb.sh/p' "$0" >&2; exit 64; }
tarball=$(realpath "$1")
folder=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tar -C "$scratch" -xf "$tarball"
cd "$scratch"/smcroute-*/
cp -R contrib/debian debian
dpkg-buildpackage -us -uc -b
mv ../smcroute*_* "$folder"
