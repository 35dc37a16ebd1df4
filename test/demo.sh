#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# demo.sh: multicast routing to watch, in half a minute.  Four hosts made of network namespaces, the
# daemon on the one in the middle, and what arrives where.  Needs root only to install what is
# missing for the build; it changes nothing on this machine and leaves nothing behind.
# SMCROUTED, SMCROUTECTL and MCAST in the environment: programs built already.
set -u -o pipefail
root=$(cd "$(dirname "$0")/.." && pwd) || exit 1

die() {
	echo "demo.sh: $*" >&2
	exit 1
}

# ---- outside: build, and come back in a namespace ----

install_missing() {
	local tool packages=()
	for tool in gcc make automake autoconf; do
		command -v "$tool" >/dev/null || packages+=("$tool")
	done
	[ -e /usr/include/stdio.h ] || packages+=(libc6-dev)
	command -v ip >/dev/null || packages+=(iproute2)
	command -v sysctl >/dev/null || packages+=(procps)
	[ ${#packages[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || die "please install: ${packages[*]}"
	echo "Installing ${packages[*]} ..."
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq update >/dev/null 2>&1
	apt-get -qq -y install --no-install-recommends "${packages[@]}" >/dev/null 2>&1 ||
		die "could not install ${packages[*]}"
}

build() {
	mkdir "$tmp/src" "$tmp/build"
	tar -C "$root" --exclude=./.git -cf - . | tar -C "$tmp/src" -xf - || return 1
	cd "$tmp/src" || return 1
	[ ! -e Makefile ] || make -s distclean
	./autogen.sh && cd "$tmp/build" && ../src/configure --without-systemd &&
		make -s -j "$(nproc)" src/smcrouted src/smcroutectl test/net/mcast
}

outside() {
	tmp=$(mktemp -d) || exit 1
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 130' INT TERM
	install_missing
	if [ -z "${SMCROUTED:-}" ]; then
		echo "Building in $tmp ..."
		build >"$tmp/log" 2>&1 </dev/null || { cat "$tmp/log"; die "the build failed"; }
		export SMCROUTED=$tmp/build/src/smcrouted SMCROUTECTL=$tmp/build/src/smcroutectl
		export MCAST=$tmp/build/test/net/mcast
	fi
	DEMO_INSIDE=yes bash "$root/test/demo.sh"
}

[ -n "${DEMO_INSIDE:-}" ] || { outside; exit; }

# ---- inside ----

. "$root/test/net/lib.sh"

bold='' plain=''
[ ! -t 1 ] || { bold=$'\e[1m' plain=$'\e[0m'; }

say() { printf '\n%s\n' "$*"; }
title() { printf '\n%s== %s ==%s\n' "$bold" "$*" "$plain"; }

seconds=6 rate=20
# What each stream is: SOURCE GROUP.
streams=("10.0.0.10 225.1.1.1" "10.0.0.77 225.2.2.2" "fd00::10 ff3e::42" "10.0.0.10 225.9.9.9")

# last COUNTER FLOW: packets so far.
last() {
	# shellcheck disable=SC2086
	set -- "$(counted "$1" $2)"
	echo "${1%% *}"
}

table() {
	local n
	printf '%s%-28s %10s %12s %12s%s\n' \
		"$bold" "stream (source, group)" "at router" "receiver1" "receiver2" "$plain"
	for ((n = 0; n < ${#streams[@]}; n++)); do
		printf '%-28s %10s %12s %12s\n' "(${streams[n]/ /, })" \
			"$(last router "${streams[n]}")" "$(last receiver1 "${streams[n]}")" \
			"$(last receiver2 "${streams[n]}")"
	done
}

# Draws the table until the time is over: in place on a terminal, else every two seconds.
watch_table() {
	local end=$((SECONDS + seconds)) rows=$((${#streams[@]} + 1))
	table
	while [ $SECONDS -le $end ]; do
		if [ -t 1 ]; then
			sleep 0.25
			printf '\e[%dA' $rows
		else
			sleep 2
			echo
		fi
		table
	done
}

title "The network"
cat <<'END'
                                       +---- lan1 ---- receiver1
    sender ---- lan0 ---- router ------+
                                       +---- lan2 ---- receiver2

Four hosts, each a network namespace of this machine. The sender sends to multicast groups:
addresses that stand for whoever wants the packets. A router forwards such packets only if somebody
tells it from where to where. That is the job of smcrouted, on the host "router".
END
for where in sender:lan0:0 receiver1:lan1:1 receiver2:lan2:2; do
	IFS=: read -r name ifname number <<<"$where"
	host "$name"
	link "$name" "$ifname" "$number"
done

title "The configuration of the router"
config <<'END'
# One stream, (S,G): packets of this source to this group come in on lan0 and leave by both.
mroute from lan0 source 10.0.0.10 group 225.1.1.1 to lan1 lan2

# Any source, (*,G): whoever sends to this group, receiver1 gets it.
mroute from lan0 group 225.2.2.2 to lan1

# IPv6 in the same words.
mroute from lan0 source fd00::10 group ff3e::42 to lan2
END
cat "$T/$D.conf"
daemon_start
say "smcrouted is running; it says: $(grep -o 'Ready.*' "$T/$D.log")"

title "Four streams, $rate packets a second each"
say "The packets that arrived so far. No rule names 225.9.9.9, so it stays at the router.
225.2.2.2 is learned from its first packet: a rule for any source can't know the source before."
echo
count_start router -i lan0 -u 100
count_start receiver1 -u 100
count_start receiver2 -u 100
for stream in "${streams[@]}"; do
	send_start sender -s "${stream% *}" -n $((seconds * rate)) -r $rate "${stream#* }"
done
watch_table

title "What the router has to say: smcroutectl show"
echo
ctl show
cat <<'END'

The first two tables are the rules. "Kernel MFC Table" is what the kernel works with now: one entry
for each stream, and a stop filter without outbound interface for the stream that nobody wants.
END

title "A change while it runs: smcroutectl add lan0 225.9.9.9 lan2"
status 0 ctl add lan0 225.9.9.9 lan2
send sender -s 10.0.0.10 -n 40 -r 40 225.9.9.9
count_stop router receiver1 receiver2
table
say "Now receiver2 gets the fourth stream too."
daemon_stop
say "That's all: daemon, hosts and files are gone."
