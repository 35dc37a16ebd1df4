#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The init script, where systemd is not; with start-stop-daemon and without.
vm_options=(-t 500)
. "${0%/*}/lib.sh"

script=/etc/init.d/smcroute
conf=/etc/smcroute.conf
cp "$STAGE/smcroute.init" $script
ctl() { "$SMCROUTECTL" "$@"; }
pid() { cat /run/smcroute.pid; }

# rc STATUS VERB
rc() { status "$1" $script "$2"; }

# ready WHAT: it runs, and all is there.
ready() {
	rc 0 status
	assert_match "$(pid)" "$(cat "$T/out")" "status, $1"
	assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.1)" "the route, $1"
}

cycle() {
	local old
	rm -f /etc/smcroute/startup.sh /etc/default/smcroute
	echo 'mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1' >$conf
	rc 3 status
	rc 7 reload
	rc 0 stop
	rc 0 start
	ready "started"
	old=$(pid)
	rc 0 start
	assert_eq "$old" "$(pid)" "the process after one more start"
	rc 0 restart
	[ "$old" != "$(pid)" ] || fail "the same process after a restart"
	ready "restarted"
	rc 0 stop
	rc 3 status
	[ ! -e /run/smcroute.pid ] || fail "pid file left behind"
}

reload() {
	rc 0 start
	echo 'mroute from eth0 source 10.0.0.10 group 225.1.1.2 to eth1' >>$conf
	rc 0 reload
	assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.2)" "the new route"
	echo nonsense >>$conf
	rc 1 force-reload
	assert_match 'smcroute.conf:3:1' "$(cat "$T/out" "$T/err")" "the error"
	ready "after a refused reload"
	rc 0 stop
	sed -i '2,$d' $conf
}

extras() {
	mkdir -p /etc/smcroute /etc/default
	cat >/etc/smcroute/startup.sh <<-END
		#!/bin/sh
		smcroutectl add eth0 10.0.0.10 225.1.1.9 eth1
	END
	chmod +x /etc/smcroute/startup.sh
	echo 'SMCROUTED_OPTS="-l info" SMCROUTED_ARGS="-c 7 -t 0"' >/etc/default/smcroute
	rc 0 start
	assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.9)" "the route of startup.sh"
	tr '\0' . <"/proc/$(pid)/cmdline" >"$T/options"
	assert_match "smcrouted.-l.info.-c.7.-t.0" "$(cat "$T/options")" "its options"
	rc 0 stop
	echo 'SMCROUTED_ARGS="-l nonsense"' >/etc/default/smcroute
	rc 64 start
	[ -s "$T/err" ] || fail "nothing said"
	rm /etc/default/smcroute /etc/smcroute/startup.sh
}

# A pid file of the past, whose number another process has now; a daemon that does not end.
mishaps() {
	echo $$ >/run/smcroute.pid
	rc 1 status
	rc 0 stop
	rc 0 start
	ready "with a foreign pid file"
	kill -STOP "$(pid)"
	rc 0 stop
	rc 0 start
	ready "after one that had to be killed"
	kill -KILL "$(pid)"
	rc 1 status
	rc 0 start
	ready "after a crash"
	rc 0 stop
	rc 2 nonsense
}

all() { cycle && reload && extras && mishaps; }

star 2
try "start, restart, stop, status" cycle
try "reload" reload
try "startup.sh and options" extras
try "stale pid file, daemon that hangs" mishaps
! tool=$(command -v start-stop-daemon) || rm "$tool"
try "without start-stop-daemon" all
finish
