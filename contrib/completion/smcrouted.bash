# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of smcrouted(8) for bash.

_smcrouted_words() {
	mapfile -t COMPREPLY < <(compgen "${@:2}" -- "$1")
}

_smcrouted_files() {
	compopt -o filenames 2>/dev/null
	_smcrouted_words "$1" -f
}

_smcrouted() {
	local levels="none emerg alert crit err warning notice info debug"
	local options="--cache-timeout --startup-delay --exec --config --check --help --ident
		--log-level --mrdisc-interval --foreground --no-vifs --user --pid-file --syslog
		--socket-group --strict --table --socket --max-flows --version
		-c -d -e -f -F -h -i -l -m -n -N -p -P -s -t -u -v"
	local words word before

	# By blanks only: what bash makes of ":" and "=" does not help here.
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
	[[ ${COMP_LINE:0:COMP_POINT} != *[[:space:]] ]] || words+=("")
	word=${words[-1]} before=${words[-2]}
	[[ $word != --*=* ]] || { before=${word%%=*} word=${word#*=}; }
	COMPREPLY=()
	case $before in
	-[!-]*[efFPu] | -[efFPu] | --exec | --config | --check | --pid-file | --socket)
		_smcrouted_files "$word"
		;;
	-[!-]*l | -l | --log-level)
		_smcrouted_words "$word" -W "$levels"
		;;
	-[!-]*p | -p | --user)
		_smcrouted_words "$word" -u
		;;
	--socket-group)
		_smcrouted_words "$word" -g
		;;
	-[!-]*[cdDiImt] | -[cdDiImt] | --cache-timeout | --startup-delay | --exit-after) ;;
	--ident | --identity | --mrdisc-interval | --table | --max-flows) ;;
	*)
		_smcrouted_words "$word" -W "$options"
		;;
	esac
}

complete -F _smcrouted smcrouted
