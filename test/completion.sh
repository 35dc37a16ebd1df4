#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# completion.sh: what the shells offer behind smcrouted and smcroutectl.  bash is asked as it asks
# itself; zsh, where it is installed, at a terminal of its own.
#
# From the environment: SMCROUTED and SMCROUTECTL, the programs whose help names every option.
set -u -o pipefail

# Interfaces of our own.
if [ -z "${COMPLETION_INSIDE:-}" ]; then
	export COMPLETION_INSIDE=yes
	exec unshare --user --map-root-user --net --mount bash "$0"
fi
mount -t sysfs sysfs /sys && mount -t tmpfs tmpfs /run &&
	ip link add eth0 type veth peer name eth1 || exit 1
here=$(cd "${0%/*}/../contrib/completion" && pwd) || exit 1
: "${SMCROUTED:?}" "${SMCROUTECTL:?}"
failed=0

for program in smcroutectl smcrouted; do
	# shellcheck disable=SC1090
	. "$here/$program.bash" || exit 1
done

# offers LINE: what bash offers at the end of the line, one word a line.
offers() {
	local program=${1%% *}
	COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMPREPLY=()
	"_$program" "$program" "" ""
	printf '%s\n' "${COMPREPLY[@]}"
}

# offered LINE WANT: all of it, in any order.
offered() {
	local got
	got=$(offers "$1" | sort | tr '\n' ' ')
	[ "${got% }" = "$2" ] && return
	echo "'$1': want '$2', got '${got% }'"
	failed=1
}

commands="add flush help join kill leave reload remove show version"
interfaces="eth0 eth1 lo"

offered "smcroutectl " "$commands"
offered "smcroutectl re" "reload remove"
offered "smcroutectl -d -u /run/x.sock sh" "show"
offered "smcroutectl -pu /run/x.sock sh" "show"
offered "smcroutectl show " "groups interfaces pending routes"
offered "smcroutectl sh p" "pending"
offered "smcroutectl show pending " ""
offered "smcroutectl help jo" "join"
offered "smcroutectl --no" "--no-headings"
offered "smcroutectl show --js" "--json"
offered "smcroutectl -i " ""
offered "smcroutectl flush " ""
for command in add a remove rem del; do
	offered "smcroutectl $command " "$interfaces"
	offered "smcroutectl $command lo" "lo"
	offered "smcroutectl $command eth0 " ""
	offered "smcroutectl $command eth0 fd00::1 lo" "lo"
	offered "smcroutectl $command eth0 fd00::1 ff0e::1:2:3 eth1 lo" "lo"
done
for command in join j leave; do
	offered "smcroutectl $command lo" "lo"
	offered "smcroutectl $command eth0 " ""
done
offered "smcroutectl -d join lo" "lo"
offered "smcrouted -l de" "debug"
offered "smcrouted -nl de" "debug"
offered "smcrouted --log-level=n" "none notice"
offered "smcrouted -n -f $here/smcrouted.b" "$here/smcrouted.bash"
offered "smcrouted --check=$here/smcrouted.b" "$here/smcrouted.bash"
offered "smcrouted -p roo" "root"
offered "smcrouted --socket-group roo" "root"
offered "smcrouted --str" "--strict"
offered "smcrouted -t " ""

# A name is nothing to be executed.
cd /run && ip link set eth1 name '$(>bad)' || exit 1
offered "smcroutectl join " '\$\(\>bad\) eth0 lo'
[ ! -e bad ] || { echo "a name was executed"; failed=1; }

# every PROGRAM LINE: all options of the help are offered at the end of the line, and no others.
every() {
	local help='^ +(-.,)? *(--[a-z-]+|-. )'
	diff <("$1" -h | grep -oE "$help" | grep -oE -e '--?[a-zA-Z-]+' | sort) \
		<(offers "$2" | sort) && return
	echo "$2: < is the help, > is the completion"
	failed=1
}

every "$SMCROUTECTL" "smcroutectl -"
every "$SMCROUTED" "smcrouted -"

# At the prompt of a zsh: type, press Tab, and have the line as it is then written to a file.
cat >typist <<'END'
zmodload zsh/zpty
zpty -b shell zsh -f -i
zpty -w shell "fpath=(${(q)1} \$fpath); autoload -U compinit; compinit -u -D"
zpty -w shell 'answer() { print -r -- $BUFFER >>answers; BUFFER= }'
zpty -w shell 'zle -N answer; bindkey "^T" answer; bindkey "^I" complete-word; : >answers'
for try in {1..100}; [[ -e answers ]] || sleep 0.1
while read -r line; do
	zpty -w -n shell "$line"$'\t\x14'
done
zpty -w shell "exit"
for try in {1..100}; zpty -t shell && { zpty -r shell >>screen; sleep 0.05 }
exit 0
END

at_prompt() {
	cut -d '|' -f 1 typed | timeout 60 zsh -f typist "$here" && cut -d '|' -f 2 typed >wanted &&
		sed -i 's/ *$//' answers && diff wanted answers
}

cat >typed <<'END'
smcroutectl sho|smcroutectl show
smcroutectl show gr|smcroutectl show groups
smcroutectl -d sh int|smcroutectl -d sh interfaces
smcroutectl help jo|smcroutectl help join
smcroutectl add l|smcroutectl add lo
smcroutectl a eth0 l|smcroutectl a eth0 l
smcroutectl a eth0 225.1.2.3 l|smcroutectl a eth0 225.1.2.3 lo
smcroutectl a eth0 fd00::1 ff0e::1 eth0 l|smcroutectl a eth0 fd00::1 ff0e::1 eth0 lo
smcroutectl join et|smcroutectl join eth0
smcroutectl --js|smcroutectl --json
smcrouted --str|smcrouted --strict
smcrouted -n -l de|smcrouted -n -l debug
smcrouted --socket-group=roo|smcrouted --socket-group=root
END
if command -v zsh >/dev/null; then
	zsh -n "$here/_smcroutectl" && zsh -n "$here/_smcrouted" && at_prompt ||
		{ tail -n 3 screen | cat -v; failed=1; }
fi
exit $failed
