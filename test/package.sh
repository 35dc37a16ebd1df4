#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# package.sh BUILD: what contrib/debian makes of "make dist" in a configured build folder: built,
# looked at, installed, used, upgraded and purged.  That happens in a copy of this system, which is
# in memory, with a network of its own, and gone at the end.
# Status 77 when something needed is missing.
set -u -o pipefail
self=$(realpath "$0")
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

fail() {
	echo "FAILED at line ${BASH_LINENO[*]}: $*"
	exit 1
}

# ---- here ----

make_packages() {
	local tool
	for tool in dpkg-buildpackage dh unshare chroot; do
		command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
	done
	[ "$(id -u)" = 0 ] || { echo "needs root"; exit 77; }
	dpkg-checkbuilddeps -- "${self%/*}/../contrib/debian/control" || exit 77

	make -s -C "$1" dist || fail "make dist"
	# The tests have been run elsewhere.
	DEB_BUILD_OPTIONS=nocheck "${self%/*}/../contrib/deb.sh" "$1"/smcroute-*.tar.gz "$W" ||
		fail "deb.sh"
	if command -v lintian >/dev/null; then
		lintian --allow-root --fail-on error "$W"/*.changes || fail "lintian"
	fi
}

# A new root, for process 1 too: memory over what is there.  What is written to it is seen in
# /package/upper.
enter_root() {
	local memory=$W/memory root=$W/memory/root
	mkdir "$memory" && mount --make-rprivate / && mount -t tmpfs tmpfs "$memory" &&
		mkdir "$root" "$memory/upper" "$memory/work" &&
		mount -t overlay overlay "$root" -o \
			"lowerdir=/,upperdir=$memory/upper,workdir=$memory/work" &&
		mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" &&
		mount -t tmpfs tmpfs "$root/run" && mkdir -p "$root/package/upper" &&
		cp "$self" "$W"/*.deb "$root/package" &&
		mount --bind "$memory/upper" "$root/package/upper" &&
		cd "$root" && pivot_root . mnt && cd / && umount -l /mnt ||
		{ echo "no overlay to be had here"; exit 77; }
	# As on a system where nothing of it has ever been, and where daemons may start.
	rm -rf /usr/sbin/policy-rc.d /etc/smcroute* /etc/default/smcroute
}

# left: files in the new root that were not there at first.  Logs, caches and the records of dpkg
# are nothing of ours, and Debian keeps users for ever.
left() {
	find /package/upper ! -type d ! -type c -printf '/%P\n' | sort |
		grep -vE -e '^/(package|var/log|var/cache|var/backups|var/lib/dpkg)/' \
			-e '^/etc/((passwd|group|shadow|gshadow)-?|\.pwd\.lock)$'
}

try_packages() {
	local depends
	enter_root
	dpkg --purge smcroute-dbgsym smcroute >/dev/null 2>&1
	depends=$(dpkg-deb -f /package/smcroute_*.deb Pre-Depends),$(
		dpkg-deb -f /package/smcroute_*.deb Depends)
	apt-get satisfy -y -qq --no-install-recommends "$depends" >/dev/null ||
		{ echo "not to be had: $depends"; exit 77; }
	left >/package/before
	unshare --net bash /package/package.sh --inside || exit
	left >/package/after
	diff /package/before /package/after || fail "what purge left behind"
}

# ---- in the new root ----

running() { [ -e "/proc/$(cat /run/smcroute.pid 2>/dev/null || echo none)" ]; }

# One daemon, which answers.
up() {
	running || fail "the daemon does not run: $*"
	[ "$(pidof smcrouted | wc -w)" = 1 ] || fail "daemons running: $(pidof smcrouted); $*"
	smcroutectl show >/dev/null || fail "the daemon does not answer: $*"
}

shows() { smcroutectl -p show | grep -q "$1"; }

check_files() {
	local file
	for file in /etc/default/smcroute /etc/init.d/smcroute \
		/lib/systemd/system/smcroute{,@,-helper}.service /usr/lib/sysusers.d/smcroute.conf \
		/usr/sbin/smcrouted /usr/sbin/smcroutectl /usr/sbin/smcroute \
		/usr/share/bash-completion/completions/smcroutectl.bash \
		/usr/share/doc/smcroute/copyright /usr/share/man/man8/smcrouted.8.gz \
		/usr/share/man/man8/smcroutectl.8.gz /usr/share/man/man8/smcroute.8.gz \
		/usr/share/man/man5/smcroute.conf.5.gz \
		/usr/share/zsh/vendor-completions/_smcroutectl; do
		[ -s "$file" ] || dpkg-deb -c /package/smcroute_*.deb | grep -q " \.$file\$" ||
			fail "$file is not installed"
	done
	[ ! -e /etc/smcroute.conf ] || fail "there is a configuration"
	getent passwd smcroute >/dev/null || fail "no user smcroute"
	grep -q '^ExecStart=/usr/sbin/smcrouted -n -s ' /lib/systemd/system/smcroute.service ||
		fail "the unit starts something else"
	grep -q '^Type=notify$' /lib/systemd/system/smcroute.service || fail "type of the unit"
	ls /etc/systemd/system/*/smcroute.service >/dev/null || fail "the unit is not enabled"
	ls /etc/systemd/system/smcroute.service.wants/smcroute-helper.service >/dev/null ||
		fail "the unit for startup.sh is not enabled"
	ls /etc/rc2.d/S*smcroute >/dev/null || fail "the init script is not enabled"
}

try_inside() {
	local pid
	export RUNLEVEL=2 PREVLEVEL=N # as if sysvinit had brought us there
	mount -t sysfs sysfs /sys && ip link set lo up multicast on || fail "the network"
	ip link add eth0 type veth peer name eth1 && ip link set eth0 up && ip link set eth1 up ||
		fail "the network"
	dpkg -i /package/smcroute_*.deb || fail "dpkg -i"
	check_files
	up "after the installation, without a configuration"

	smcroutectl reload 2>/dev/null && fail "a reload without a configuration is no error"
	up "after that reload"
	smcroutectl add eth0 225.1.2.3 eth1 && shows 225.1.2.3 || fail "add"
	echo 'mroute from eth0 group 225.4.5.6 to eth1' >/etc/smcroute.conf
	/etc/init.d/smcroute reload || fail "reload by the init script"
	shows 225.4.5.6 || fail "reload did not read /etc/smcroute.conf"
	pid=$(cat /run/smcroute.pid)
	echo 'SMCROUTED_ARGS="-l info"' >/etc/default/smcroute
	/etc/init.d/smcroute restart || fail "restart by the init script"
	up "after restart"
	tr '\0' ' ' <"/proc/$(cat /run/smcroute.pid)/cmdline" | grep -q -e '-l info' ||
		fail "/etc/default/smcroute has no effect"

	pid=$(cat /run/smcroute.pid)
	dpkg -i --force-confold /package/smcroute_*.deb || fail "the second dpkg -i"
	up "after an upgrade"
	[ "$pid" != "$(cat /run/smcroute.pid)" ] || fail "an upgrade does not restart the daemon"
	shows 225.4.5.6 || fail "no route after an upgrade"

	mkdir /etc/smcroute && printf '#!/bin/sh\nsmcroute -a eth0 0.0.0.0 225.7.8.9 eth1\n' \
		>/etc/smcroute/startup.sh && chmod +x /etc/smcroute/startup.sh &&
		invoke-rc.d smcroute restart || fail "restart with a startup.sh"
	shows 225.7.8.9 || fail "startup.sh has not been run"

	dpkg -r smcroute || fail "dpkg -r"
	pidof smcrouted && fail "the daemon lives on after dpkg -r"
	dpkg -P smcroute || fail "dpkg -P"
	[ -s /etc/smcroute.conf ] && [ -s /etc/smcroute/startup.sh ] ||
		fail "purge took away what is not its own"
	rm -r /etc/smcroute.conf /etc/smcroute
	[ -z "$(ls /run/smcroute* 2>/dev/null)" ] || fail "left in /run: $(ls /run/smcroute*)"
}

case ${1:-} in
--inside) try_inside ;;
--packages) W=$2 && try_packages ;;
"") fail "usage: package.sh BUILD" ;;
*)
	W=$(mktemp -d) && trap 'rm -rf "$W"' EXIT || exit 1
	make_packages "$1"
	unshare --mount --pid --fork --kill-child --mount-proc bash "$self" --packages "$W"
	;;
esac
