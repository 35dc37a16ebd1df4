#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mutants.sh: faults put into copies of the sources, one at a time.  The property test must find each
# of them in its usual run; one that it lets pass is a gap in the model.
set -u -o pipefail
root=$(cd "$(dirname "$0")/.." && pwd) || exit 1

# What the mutant does, the file in src/core, and the edit for sed -E, which must change something.
mutants() {
	cat <<'EOF'
the slot of a link that went is not freed|topology.c|s/^(\t+)vifs_free\(&engine.*/\1;/
entries are not shrunk before their VIF goes|plan.c|s/^(\t+)shrink\(plan, .*/\1;/
a number is given out while entries name it|vifs.c|s/ \|\| slot->uses//
a late link is not bound to wildcards|patterns.c|s/pat_attach\(pats\[i\], link\);/if (!pats[i]->wild) &/
a late link has no threshold|plan.c|s/(slot\[family\]\[n\]\.threshold =)$/\1 1;\n\t(void)/
a refused route counts as installed|execute.c|/^static void record_set/,/^}/s/if \(result < 0\)/if (false)/
what was refused is not tried again|execute.c|/^static int apply/,/^}/s/engine->refused = true;/;/
memberships of a link that went are kept|plan.c|/^static bool is_dead/,/^}/s/return .*/return false;/
a list of all links does not tell which are gone|topology.c|s/^\tdrop_unseen_links\(engine\);//
memberships where no VIF tells are trusted|topology.c|s/^\tdoubt_memberships\(engine\);//
nobody waits for numbers that come free|engine.c|s/starved && engine->successes > before/false/
a rename looks at no flow|topology.c|s/^(\t+)if \(has_vif\(link\)\)$/\1if (false)/
a wildcard sends packets back|match.c|s/if \(oif->wild && /if (false \&\& /
the first of two rules for one flow wins|match.c|s/rule->seq < best->seq/rule->seq > best->seq/
names taken out of a wildcard are covered|match.c|s/rule_excludes\(rule, iif->info.name\)/false/
a flow leaves a live feed|learned.c|s/^(#define MOVE_MS\s+)2000/\10/
flows are forgotten early|learned.c|s/silence\(engine, flow\) >= limit/silence(engine, flow) >= limit \/ 2/
an upcall from a VIF that is gone is passed over|learned.c|s/^(\t+)let_go\(engine, upcall\);/\1;/
a flow that loses its own rule is dropped|engine.c|/^void engine_adopt/,/^}/s/if \(!flow->orphan\)/if (flow->orphan)/
EOF
}

fail() {
	echo "FAILED: $*"
	exit 1
}

W=$(mktemp -d) || exit 1
trap 'rm -rf "$W"' EXIT
mkdir "$W/src" "$W/build" && cd "$W/src" || exit 1
tar -C "$root" --exclude=./.git -cf - . | tar -xf - || exit 1
[ ! -e Makefile ] || make -s distclean
./autogen.sh >/dev/null 2>&1 || fail "autogen.sh"
cd "$W/build" || exit 1
../src/configure -q CFLAGS=-O1 >"$W/said" 2>&1 || fail "configure: $(cat "$W/said")"
build() { make -j "$(nproc)" test/unit/property >"$W/said" 2>&1 || fail "$1: $(cat "$W/said")"; }
build "without a mutant"
test/unit/property >"$W/said" 2>&1 || fail "it fails without a mutant: $(cat "$W/said")"

missed=0
while IFS='|' read -r name file edit; do
	of=$W/src/src/core/$file
	cp "$of" "$W/original"
	sed -E -i -e "$edit" "$of"
	! cmp -s "$of" "$W/original" || fail "$name: the edit finds nothing in $file"
	build "$name"
	if test/unit/property >"$W/said" 2>&1; then
		echo "missed: $name"
		missed=$((missed + 1))
	else
		echo "found: $name: $(sed -n "s/^# seed/seed/p" "$W/said")"
	fi
	cp "$W/original" "$of"
done < <(mutants)
[ $missed = 0 ] || fail "$missed mutants are alive"
