#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes ./configure from configure.ac; needed in a git checkout, not in a release.
set -e
cd "$(dirname "$0")"
for tool in autoreconf automake; do
	command -v $tool >/dev/null || {
		echo "autogen.sh: $tool is missing; install the packages autoconf and automake" >&2
		exit 1
	}
done
exec autoreconf --install --force
