#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The units under systemd as process 1: start, reload, crash, limits, journal, several daemons.
vm_options=(-s -t 900)
. "${0%/*}/lib.sh"

unit=smcroute
conf=/etc/smcroute.conf
defaults=/etc/default/smcroute
ctl() { "$SMCROUTECTL" "$@"; }

# ---- what systemd knows ----

# property NAME...: one line each.
property() { systemctl show --value "${@/#/-p}" "$unit"; }

running() { [ "$(property ActiveState)/$(property SubState)" = active/running ]; }

# It runs, and did all the time.
stays() {
	running || fail "not running: $(systemctl status "$unit" 2>&1)"
	assert_eq 0 "$(property NRestarts)" "restarts by systemd"
}

# service VERB [STATUS]: systemctl, and what status it must end with.
service() {
	# Or systemd finds that this daemon is started too often.
	[[ $1 != *start ]] || systemctl reset-failed "$unit" 2>/dev/null
	status "${2:-0}" systemctl "$1" "$unit"
}

# journal [OPTIONS]: of the unit, since it was last started.
journal() {
	journalctl -q -o cat "_SYSTEMD_INVOCATION_ID=$(property InvocationID)" "$@"
}

# says REGEX [OPTIONS]: waits for that in the journal.
says() { wait_for 5 said "$@"; }
said() { [[ $(journal "${@:2}") =~ $1 ]]; }

# ended STATUS: it failed with that, once.
ended() {
	assert_eq "failed $1" "$(property ActiveState) $(property ExecMainStatus)" "the unit"
	assert_eq 0 "$(property NRestarts)" "restarts by systemd"
}

# ---- what the daemon does ----

# put FILE: standard input becomes its contents.
put() { mkdir -p "${1%/*}" && cat >"$1"; }

of_process() { awk -v key="$1:" '$1 == key {print $2}' "/proc/$(property MainPID)/status"; }

entries() { grep -c ' [0-9]*:[0-9]' /proc/net/ip_mr_cache; }

# forwards SOURCE GROUP: four packets, which the kernel keeps until the daemon knows the way.
forwards() {
	count_start h1 -n 4
	send h0 -n 4 "$2"
	count_stop h1
	assert_eq "4 0 0" "$(counted h1 "$1" "$2")" "packets of $2"
}

routes_work() {
	assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.1)" "the route"
	assert_eq "eth0 eth1" "$(in_kernel fd00::10 ff3e::1)" "the IPv6 route"
	forwards 10.0.0.10 225.1.1.1
	forwards fd00::10 ff3e::1
}

# check NAME COMMAND...: the command begins with a daemon that is stopped, and this configuration.
check() { try "$1" fresh "${@:2}"; }
fresh() {
	service stop
	rm -rf "$defaults" /run/systemd/system/smcroute.service.d
	systemctl daemon-reload
	put $conf <<-EOF
		mroute from eth0 source 10.0.0.10 group 225.1.1.1 to eth1
		mroute from eth0 source fd00::10 group ff3e::1 to eth1
		mroute from eth0 group 225.2.0.0/16 to eth1
	EOF
	"$@"
}

# ---- the checks ----

without_configuration() {
	rm $conf
	service start
	says "there is no $conf"
	status 0 ctl add eth0 10.0.0.10 225.1.1.1 eth1
	forwards 10.0.0.10 225.1.1.1
	stays
}

# No waiting here: "active" means that the routes are there.
with_configuration() {
	echo 'mgroup from eth0 group 225.3.0.0/24' >>$conf
	service start
	assert_eq 1 "$(entries)" "entries of the kernel"
	routes_work
	forwards 10.0.0.10 225.2.9.9
	assert_eq 256 "$(show groups '.groups.kernel | length')" "groups"
	assert_match '^3 routes and 1 group on' "$(property StatusText)" "the status"
	stays
}

good_reload() {
	local pid
	service start
	pid=$(property MainPID)
	echo 'mroute from eth0 source 10.0.0.10 group 225.1.1.2 to eth1' >>$conf
	service reload
	assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.1.1.2)" "the new route"
	assert_match '^4 routes' "$(property StatusText)" "the status"
	says "reloaded $conf"
	echo 'mroute from eth0 source 10.0.0.10 group 225.1.1.3 to eth1' >>$conf
	kill -HUP "$pid"
	wait_for 5 is "eth0 eth1" in_kernel 10.0.0.10 225.1.1.3
	wait_for 5 running
	assert_eq "$pid" "$(property MainPID)" "the process"
	stays
}

refused_reload() {
	local pid
	service start
	pid=$(property MainPID)
	cp $conf "$T/good.conf"
	echo 'mroute frm eth0 group 225.1.1.3 to eth1' >>$conf
	service reload 1
	says "smcroute.conf:4:8: " -p err
	assert_match 'reload refused' "$(property StatusText)" "the status"
	stays
	rm $conf
	service reload 1
	stays
	routes_work
	assert_eq "$pid" "$(property MainPID)" "the process"
	cp "$T/good.conf" $conf
	service reload
	assert_match '^3 routes' "$(property StatusText)" "the status after a good one"
	stays
}

late_interface() {
	local round
	put $conf <<-EOF
		mroute from late group 225.1.1.1 to eth1
		mroute from late source 10.0.7.10 group 225.1.1.2 to eth1
		mroute from late source fd00:7::10 group ff3e::7 to eth1
		mgroup from late group 225.1.1.1
	EOF
	service start
	host far
	for round in 1 2; do
		link far late 7
		wait_for 5 is "late eth1" in_kernel 10.0.7.10 225.1.1.2
		wait_for 5 is "late eth1" in_kernel fd00:7::10 ff3e::7
		assert_eq "late" "$(show groups '.groups.kernel[].iif')" "the membership"
		count_start h1 -n 4
		send far -n 2 225.1.1.1
		send far -n 2 ff3e::7
		count_stop h1
		assert_eq "2 0 0" "$(counted h1 10.0.7.10 225.1.1.1)" "packets, round $round"
		assert_eq "2 0 0" "$(counted h1 fd00:7::10 ff3e::7)" "IPv6 packets, round $round"
		ip link del late
		wait_for 5 is "" in_kernel 10.0.7.10 225.1.1.2
	done
	stays
}

# Again by the administrator, then by systemd after a crash.
restart() {
	local pid
	service start
	pid=$(property MainPID)
	service restart
	[ "$pid" != "$(property MainPID)" ] || fail "the same process after the restart"
	assert_eq 1 "$(entries)" "entries of the kernel"
	stays
	kill -KILL "$(property MainPID)"
	wait_for 10 is 1 property NRestarts
	wait_for 10 running
	assert_eq 1 "$(entries)" "entries of the kernel after the crash"
	assert_eq "$(property MainPID)" "$(cat /run/smcroute.pid)" "the pid file"
	routes_work
	service reload
}

stop() {
	service start
	service stop
	assert_eq "success 0" "$(property Result) $(property ExecMainStatus)" "the end"
	assert_eq 0 "$(entries)" "entries of the kernel"
	assert_eq "" "$(ls -d /run/smcroute* 2>/dev/null)" "files left behind"
	status 3 systemctl is-active $unit
}

errors_at_start() {
	sed -i '2s/mroute/mrouteXYZ/' $conf
	service start
	assert_eq 1 "$(entries)" "entries of the kernel"
	assert_match '1 error in' "$(property StatusText)" "the status"
	says "smcroute.conf:2:1: " -p err
	stays
}

# What another try would not mend is not tried again.
refused_starts() {
	put $defaults <<<'SMCROUTED_ARGS="-l nonsense"'
	service start 1
	ended 64
	says "there is no log level 'nonsense'"
	put $defaults <<<'SMCROUTED_ARGS="--strict"'
	echo nonsense >>$conf
	service start 1
	ended 78
	says "smcroute.conf:4:1: "
}

# Under the daemon's name and with priorities.
clear_journal() {
	echo nonsense >>$conf
	service start
	says 'Ready: ' -t smcroute -p notice
	assert_match '^/etc/smcroute.conf:4:1: [^.]*$' "$(journal -t smcroute -p err)" "the error"
	assert_eq 2 "$(journal | wc -l)" "lines in all"
}

# As systemd starts things at boot, the inbound interface last.
boot_order() {
	assert_match network.target "$(property After)" "what comes before"
	ip link del eth0
	put /run/systemd/system/interface.service <<-EOF
		[Unit]
		After=smcroute.service
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=ip link add eth0 type veth peer name eth0 netns h0
		ExecStart=ip addr add 10.0.0.1/24 dev eth0
		ExecStart=ip -n h0 addr add 10.0.0.10/24 dev eth0
		ExecStart=ip addr add fd00::1/64 dev eth0 nodad
		ExecStart=ip -n h0 addr add fd00::10/64 dev eth0 nodad
		ExecStart=ip link set eth0 up
		ExecStart=ip -n h0 link set eth0 up
	EOF
	put /run/systemd/system/boot.target <<-EOF
		[Unit]
		Wants=interface.service network.target
		Wants=smcroute.service
	EOF
	systemctl daemon-reload
	status 0 systemctl enable $unit
	[ -e /etc/systemd/system/multi-user.target.wants/smcroute.service ] || fail "not enabled"
	status 0 systemctl disable $unit
	status 0 systemctl start boot.target
	wait_for 5 is "eth0 eth1" in_kernel 10.0.0.10 225.1.1.1
	wait_for 5 link_up eth0
	routes_work
	stays
}

# can_write FOLDER...: those that the daemon may write to.
can_write() {
	local where
	for where; do
		nsenter -t "$(property MainPID)" -m setpriv --reuid "$(of_process Uid)" \
			--clear-groups test -w "$where" && echo "$where"
	done
}

powerless() {
	assert_eq "0000000000000000 0000000000000000 0000000000000000" \
		"$(of_process CapPrm) $(of_process CapEff) $(of_process CapAmb)" "capabilities"
}

limits() {
	service start
	[ "$(of_process Uid)" != 0 ] || fail "it is root"
	powerless
	assert_eq 0000000000003000 "$(of_process CapBnd)" "capabilities that it can ever have"
	assert_eq "1 2" "$(of_process NoNewPrivs) $(of_process Seccomp)" \
		"no new privileges, filter of system calls"
	assert_eq /run/smcroute "$(can_write /etc /usr /var /run/smcroute)" "what can be written"
	assert_eq "smcroute 600" "$(stat -L -c '%U %a' /run/smcroute.sock)" "socket"
	assert_eq "smcroute 644" "$(stat -L -c '%U %a' /run/smcroute.pid)" "pid file"
	status 77 setpriv --reuid daemon --clear-groups "$SMCROUTECTL" show
	journal | grep 'receive buffer' && fail "a small receive buffer"
	# 20 groups a socket: 820 of them.
	echo "mgroup from eth0 group 225.64.0.0/18" >>$conf
	echo "mgroup from eth0 group ff3e::1:0/118" >>$conf
	service reload
	assert_eq "$((16384 + 1024))" "$(show groups '.groups.kernel | length')" "groups"
	assert_eq 0 "$(show groups '[.groups.conf[] | select(.state != "active")] | length')" \
		"groups that were refused"
}

# Without a word in the journal but those that it begins, reloads and ends with.
clean_life() {
	put $defaults <<<'SMCROUTED_ARGS="-c 1"'
	echo 'phyint eth0 enable mrdisc' >>$conf
	service start
	forwards 10.0.0.10 225.2.8.8
	wait_for 5 is "" in_kernel 10.0.0.10 225.2.8.8
	wait_for 10 advertised ipv4
	wait_for 10 advertised ipv6
	chmod 600 $conf
	service reload 1
	says "smcroute.conf: it can't be opened: user [0-9]+, as whom this runs, may not read it"
	chmod 644 $conf
	service reload
	routes_work
	powerless
	stays
	service stop
	assert_eq "" "$(journal -p warning | grep -v "can't be opened")" "warnings"
}
advertised() {
	[ "$(show interfaces ".interfaces[] | select(.name == \"eth0\") | .mrdisc.$1.sent")" -gt 0 ]
}

# Tools, a pipe, python, netlink, files in /tmp, a line for the log; "routes" if it may change those.
put_script() {
	put /etc/smcroute/script.sh <<-'EOF'
		#!/bin/bash
		exec >>"$RUNTIME_DIRECTORY/said" 2>&1
		echo "$1 $group $(ip -o link show eth0 | wc -l) $(wc -l </etc/smcroute.conf)"
		mktemp >/dev/null || exit 2
		python3 -c 'import socket; print("index", socket.if_nametoindex("eth0"))' || exit 3
		ip rule add from 192.0.2.1 lookup 99 && ip rule del from 192.0.2.1 lookup 99 && echo routes
		logger -t script "called with $1"
		touch /etc/smcroute/touched && exit 5
		[ "$1" = reload ]
	EOF
	chmod +x /etc/smcroute/script.sh
	put $defaults <<-'EOF'
		# Both of them, several words
		SMCROUTED_OPTS="-l info -c 30"
		SMCROUTED_ARGS='-e /etc/smcroute/script.sh'
	EOF
}

# script_runs: "routes" if it does.
script_runs() {
	service start
	says 'script.sh reload, process [0-9]+, ended with status 0'
	forwards 10.0.0.10 225.2.7.7
	says 'script.sh install, process [0-9]+, ended with status 1'
	tr '\n' . </run/smcroute/said >"$T/said"
	assert_match 'reload  1 3.index [0-9]+.*install 225.2.7.7 1 3' "$(cat "$T/said")" "output"
	assert_match 'called with install' "$(journalctl -q -o cat -t script)" "its log line"
	powerless
	stays
	grep -o routes "$T/said" | sort -u
}

script() {
	put_script
	assert_eq "" "$(script_runs)" "what the script may do"
	says 'the action script runs as user [0-9]+ without any capability'
}

# What the unit and the manual tell those who want their script to have power.
root_script() {
	put_script
	status 0 sed -n 's/^#\t//p' /usr/lib/systemd/system/smcroute.service
	drop_in <"$T/out"
	assert_eq routes "$(script_runs)" "what the script may do"
	assert_eq 0 "$(of_process Uid)" "the user"
	journal | grep 'without any capability' && fail "what it says of the script"
	assert_eq "$(property MainPID)" "$(cat /run/smcroute.pid)" "the pid file"
	service reload
	routes_work
	service stop
	assert_eq "" "$(ls /run/smcroute.sock /run/smcroute.pid 2>/dev/null)" "files left behind"
}

# drop_in: standard input becomes what "systemctl edit" makes.
drop_in() {
	put /run/systemd/system/smcroute.service.d/test.conf
	systemctl daemon-reload
}

# From the defaults file alone, as those who upgrade have it: the user that it is anyway, or another.
other_user() {
	local user
	status 0 systemd-sysusers
	id smcroute >"$T/out" || fail "no user smcroute"
	drop_in <<-EOF
		[Service]
		Group=daemon
	EOF
	for user in smcroute nobody; do
		put $defaults <<<"SMCROUTED_ARGS='-p $user --socket-group daemon'"
		service restart
		assert_eq "$(property MainPID)" "$(cat /run/smcroute.pid)" "the pid file, $user"
		assert_eq "$(id -u smcroute)" "$(of_process Uid)" "the user"
		powerless
		assert_eq "smcroute daemon 660" "$(stat -L -c '%U %G %a' /run/smcroute.sock)" "socket"
		status 0 setpriv --reuid nobody --regid daemon --clear-groups "$SMCROUTECTL" show
		service reload
		routes_work
		assert_eq "" "$(journal -p warning)" "warnings, $user"
	done
	says '-p nobody has no effect: this stays user [0-9]+'
	stays
	rm $defaults
	service restart
	assert_eq "" "$(journal -p warning)" "warnings without options"
}

# A second daemon with its own table.
instance() {
	local family
	service start
	host h2
	link h2 eth2 2
	for family in -4 -6; do
		ip $family mrule add iif eth2 lookup 100 || fail "no multiple tables"
	done
	put /etc/smcroute/lab.conf <<-EOF
		mroute from eth2 group 225.9.0.0/16 to eth1
		mroute from eth2 source fd00:2::10 group ff3e::9 to eth1
	EOF
	put /etc/default/smcroute-lab <<<"SMCROUTED_ARGS='-t 100'"
	unit=smcroute@lab
	ctl() { "$SMCROUTECTL" -i lab "$@"; }
	service start
	assert_eq "eth2 eth1" "$(in_kernel fd00:2::10 ff3e::9)" "its route"
	count_start h1 -n 8
	send h2 -n 4 225.9.1.1
	send h2 -n 4 ff3e::9
	count_stop h1
	assert_eq "8 0 0" "$(counted_all h1)" "its packets"
	echo nonsense >>/etc/smcroute/lab.conf
	service reload 1
	sed -i '$d' /etc/smcroute/lab.conf
	service reload
	assert_eq "$(property MainPID)" "$(cat /run/lab.pid)" "its pid file"
	says 'reloaded /etc/smcroute/lab.conf' -t lab
	stays
	service stop
	unit=smcroute
	ctl() { "$SMCROUTECTL" "$@"; }
	routes_work
	stays
}

# Learned flows expire by a clock that does not jump.
clock_jumps() {
	local date now n=1
	put $defaults <<<'SMCROUTED_ARGS="-c 6"'
	service start
	for date in 2001-01-01 2037-12-31; do
		now=$(date +%s)
		count_start h1 -n 8
		send h0 -n 4 225.2.9.$n
		date -s $date >/dev/null || fail "date"
		assert_eq "eth0 eth1" "$(in_kernel 10.0.0.10 225.2.9.$n)" "a learned flow"
		send h0 -n 4 -b 4 225.2.9.$n
		count_stop h1
		assert_eq "8 0 0" "$(counted h1 10.0.0.10 225.2.9.$n)" "its packets"
		routes_work
		service reload
		wait_for 20 is "" in_kernel 10.0.0.10 225.2.9.$n
		date -s "@$now" >/dev/null
		n=$((n + 1))
	done
	stays
}

analysis() {
	local file
	for file in /usr/lib/systemd/system/smcroute{,@}.service; do
		status 0 systemd-analyze verify --man=no --recursive-errors=no "$file"
		assert_eq "" "$(cat "$T/out" "$T/err")" "what systemd-analyze says of $file"
		status 0 systemd-analyze security --offline=yes --no-pager --threshold=16 "$file"
	done
}

[ ! -e $conf ] || fail "make install brings a configuration"
star 2
check "start without a configuration, and stay up" without_configuration
check "start with a configuration, all routes there at once" with_configuration
check "reload" good_reload
check "a refused reload fails for systemctl too, the daemon goes on" refused_reload
check "an interface comes, goes, comes back" late_interface
check "restart, and restart after a crash" restart
check "stop leaves nothing behind" stop
check "errors at the start: the rest is used, journal and status tell" errors_at_start
check "a start that can't succeed is not tried again" refused_starts
check "the journal has names and priorities" clear_journal
check "at boot before its interface" boot_order
check "limits, and enough room within" limits
check "all features, and not a word too much" clean_life
check "action script" script
check "action script with power" root_script
check "another user, as the unit tells" other_user
check "a second daemon with its own table" instance
check "the time of day jumps" clock_jumps
check "systemd-analyze" analysis
finish
