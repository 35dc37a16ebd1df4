#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The start scripts of contrib for Buildroot and OpenWrt, with busybox and a stand-in for procd; and
# what their makefiles would install.
. "${0%/*}/lib.sh"

contrib=$(cd "${0%/*}/../../contrib" && pwd)
command -v busybox >/dev/null || skip "busybox is not installed"
[ -d /etc/default ] && [ "$(readlink -f /var/run)" = /run ] || skip "not a system for these scripts"
mount -t tmpfs tmpfs /etc/default || fail "mount"

programs=${SMCROUTECTL%/*}
mkdir bin sbin && ln -s "$programs/smcroutectl" sbin/ && busybox --install -s "$T/bin" ||
	fail "busybox"
# A script under the name that it stands for, since the programs are not in /usr/sbin here.
take() { sed "s|/usr/sbin/smcrouted|$programs/smcrouted|" "$contrib/$1" >"$T/script"; }
script() { PATH=$T/bin:$T/sbin busybox sh "$T/script" "$@"; }

# No daemon of the last step; one that answers.
down() { [ ! -e /run/smcroute.pid ] && not pgrep -x smcrouted; }
up() { [ "$(pgrep -cx smcrouted)" = 1 ] && "$programs/smcroutectl" show >/dev/null; }
routes() { "$programs/smcroutectl" -j | jq -r '.routes.asm[].group'; }

star 2
config <<'END'
mroute from eth0 group 225.1.1.1 to eth1
END

step "Buildroot: S41smcroute"
take buildroot/package/smcroute3/S41smcroute
echo "SMCROUTED_ARGS=\"-N -f $T/smcroute.conf\"" >/etc/default/smcroute
status 1 script
status 0 script start
assert_match "OK" "$(cat "$T/out")" "output of start"
up || fail "not started"
assert_eq 225.1.1.1 "$(routes)" "routes"
first=$(cat /run/smcroute.pid)
status 1 script start
up || fail "two daemons, or none"
assert_eq "$first" "$(cat /run/smcroute.pid)" "process"
config <<'END'
mroute from eth0 group 225.2.2.2 to eth1
END
status 0 script reload
assert_eq 225.2.2.2 "$(routes)" "routes after reload"
assert_eq "$first" "$(cat /run/smcroute.pid)" "process after reload"
echo nonsense >"$T/smcroute.conf"
status 1 script reload
assert_match "smcroute.conf:1:1" "$(cat "$T/err")" "what a refused reload says"
config <<'END'
mroute from eth0 group 225.3.3.3 to eth1
END
status 0 script restart
up || fail "not restarted"
assert_eq 225.3.3.3 "$(routes)" "routes after restart"
[ "$first" != "$(cat /run/smcroute.pid)" ] || fail "restart restarts nothing"
status 0 script stop
down || fail "not stopped when stop returns"
status 1 script stop
status 69 script reload
status 0 script restart
up || fail "restart does not start"
status 0 script stop

step "OpenWrt: the procd script"
take openwrt/files/smcroute.init
cat >procd <<'END'
procd_open_instance() { :; }
procd_close_instance() { :; }
procd_set_param() { [ "$1" != command ] || { shift; echo "$@" >started; }; }
procd_send_signal() { kill -s "$3" "$(cat /run/"$1".pid)"; }
END
cat procd script - >rc.common <<'END'
[ "$USE_PROCD" = 1 ] && [ "$START" -lt 100 ] || exit 5
"$@"
END
mv rc.common script
status 0 script start_service
read -ra command <started
daemon_log=$T/smcroute.log
"${command[@]}" -f "$T/smcroute.conf" >"$daemon_log" 2>&1 </dev/null &
pid=$!
daemon_pid[$D]=$pid
wait_for 10 up
assert_eq "$pid" "$(cat /run/smcroute.pid)" "the process of procd is the daemon"
config <<'END'
mroute from eth0 group 225.4.4.4 to eth1
END
status 0 script reload_service
wait_for 10 is 225.4.4.4 routes
daemon_stop

step "the makefiles"
cat >buildroot.mk <<'END'
BR2_EXTERNAL_SMCROUTE_PATH = $(contrib)/buildroot
BR2_PACKAGE_LIBCAP = y
autotools-package =
INSTALL = install
SMCROUTE3_PKGDIR = $(contrib)/buildroot/package/smcroute3
include $(contrib)/buildroot/external.mk
all:
	$(SMCROUTE3_INSTALL_INIT_SYSV)
	test -e $(SMCROUTE3_SITE)/configure.ac -a -e $(SMCROUTE3_SITE)/$(SMCROUTE3_LICENSE_FILES)
	echo $(SMCROUTE3_CONF_OPTS) >$(TARGET_DIR)/options
	echo $(SMCROUTE3_VERSION) >$(TARGET_DIR)/version
END
status 0 make -f buildroot.mk contrib="$contrib" TARGET_DIR="$T/buildroot"
[ -x buildroot/etc/init.d/S41smcroute ] || fail "Buildroot gets no init script"
assert_match "--with-libcap --without-systemd" "$(cat buildroot/options)" "options for Buildroot"
mkdir rules && : >rules/rules.mk
cat >rules/package.mk <<'END'
BuildPackage =
INSTALL_DIR = install -d
INSTALL_BIN = install -m 755
INSTALL_CONF = install -m 600
TAR = tar
.DEFAULT_GOAL = all
all:
	$(Build/Prepare)
	cp $(programs)/smcrouted $(programs)/smcroutectl $(PKG_BUILD_DIR)/src
	$(call Package/smcroute/install,$(to))
	echo $(PKG_VERSION) >$(to)/version
END
status 0 make -C "$contrib/openwrt" TOPDIR="$T/rules" INCLUDE_DIR="$T/rules" to="$T/openwrt" \
	programs="$programs" PKG_BUILD_DIR="$T/openwrt-build"
for file in usr/sbin/smcrouted usr/sbin/smcroutectl etc/init.d/smcroute etc/smcroute.conf; do
	[ -s "openwrt/$file" ] || fail "OpenWrt gets no $file"
done
version=$("$programs/smcroutectl" version)
for system in buildroot openwrt; do
	assert_eq "smcroutectl $(cat "$system/version")" "$version" "version for $system"
done
