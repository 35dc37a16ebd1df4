# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of smcroutectl(8) for bash.

# Interfaces whose name begins with $1.  Not by compgen -W, which would expand what is in a name.
_smcroutectl_interfaces() {
	local path name
	for path in /sys/class/net/*/; do
		path=${path%/} name=${path##*/}
		[[ $name == "$1"* ]] && COMPREPLY+=("$(printf %q "$name")")
	done
}

_smcroutectl_words() {
	mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1")
}

# _smcroutectl_argument WORD COMMAND POSITION: behind a command, which may be shortened.
_smcroutectl_argument() {
	case $2 in
	a | ad | add | rem* | d | de | del)
		[ "$3" = 2 ] || _smcroutectl_interfaces "$1"
		;;
	j | jo | joi | join | l*)
		[ "$3" != 1 ] || _smcroutectl_interfaces "$1"
		;;
	s*)
		[ "$3" != 1 ] || _smcroutectl_words "$1" "routes groups interfaces pending"
		;;
	h*)
		[ "$3" != 1 ] || _smcroutectl_words "$1" "$commands"
		;;
	esac
}

_smcroutectl() {
	local commands="add remove join leave show flush reload kill version help"
	local options="--batch --detail --flush --help --ident --json --kill --plain --no-headings
		--socket --version -b -d -F -h -i -I -j -k -p -t -u -v"
	local words word before='' command='' position=0

	# By blanks only: for bash an IPv6 address is many words.
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
	[[ ${COMP_LINE:0:COMP_POINT} != *[[:space:]] ]] || words+=("")
	COMPREPLY=()
	for word in "${words[@]:1}"; do
		case $before in
		-[!-]*[iIu] | -[iIu] | --ident | --socket) before='' && continue ;;
		esac
		before=$word
		[[ $word == -* ]] && continue
		[ "$position" -gt 0 ] || command=$word
		position=$((position + 1))
	done

	before=${words[-2]}
	[[ $word != --*=* ]] || { before=${word%%=*} word=${word#*=}; }
	case $before in
	-[!-]*u | -u | --socket)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	-[!-]*[iI] | -[iI] | --ident)
		return
		;;
	esac
	if [[ $word == -* ]]; then
		_smcroutectl_words "$word" "$options"
	elif [ "$position" -le 1 ]; then
		_smcroutectl_words "$word" "$commands"
	else
		_smcroutectl_argument "$word" "$command" $((position - 1))
	fi
}

complete -F _smcroutectl smcroutectl
