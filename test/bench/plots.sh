# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# plots.sh: the part of bench.sh that shows growth.  Sourced by it with a folder as argument; writes
# one SVG for each figure there and checks that no curve grows faster than n log n.

PLOTS=$1
SIZES="1000 10000 100000 400000"
SLACK=1.3	# times n log n for a single step, which may be that out of a cache; none for the whole

command -v gnuplot >/dev/null || { echo "bench: gnuplot is missing (Debian: gnuplot-nox)" >&2; exit 1; }
[ -d "$PLOTS" ] || mkdir -p "$PLOTS" || exit 1

# FIGURE FILE COLUMN: which column of which samples of ours a figure shows.
CURVES="start life 1
reload life 2
show life 3
add life 6
upcall window 1"

# The bare loop of adds stands beside all, but the bare responder beside upcalls.
bare_of() { [ "$1" = upcall ] && echo bwindow || echo loop; }

measure() {
	local f n
	for f in 4 6; do
		for n in $SIZES; do
			echo "measuring IPv$f, $n routes" >&2
			rounds "loop$f.$n" loop "$f" "$n" -- "life$f.$n" life "$f" "$n"
			[ "$ROOT" ] && rounds "bwindow$f.$n" window "$f" bare "$n" -- \
				"window$f.$n" window "$f" one "$n"
		done
	done
}

# Routes, then milliseconds of: ours IPv4, bare IPv4, ours IPv6, bare IPv6.
write_data() {
	local figure file column n f
	while read -r figure file column; do
		for n in $SIZES; do
			printf '%s' "$n"
			for f in 4 6; do
				median "$file$f.$n" "$column"
				median "$(bare_of "$figure")$f.$n" 1
			done | awk '{printf " %s", $1 / 1000} END {print ""}'
		done >"$WORK/$figure.dat"
	done <<<"$CURVES"
}

# Each step of each curve of ours, and all of it, against n log n; what the bare loop does beside it.
check() {
	awk -v slack="$SLACK" -v figure="$1" '
		function growth(c, from, to) {
			return time[from, c] > 0 ? time[to, c] / time[from, c] : 0
		}
		function judge(c, from, to, slack,   allowed, grown, verdict) {
			allowed = n[to] * log(n[to]) / (n[from] * log(n[from]))
			grown = growth(c, from, to)
			verdict = grown > 0 && grown <= slack * allowed ? "met" : "missed"
			bad += verdict == "missed"
			printf "%-8s IPv%d %7d -> %6d routes: x %6.1f, bare x %6.1f, n log n x %6.1f  %s\n",
				figure, c + 2, n[from], n[to], grown, growth(c + 1, from, to), allowed, verdict
		}
		{for (c = 2; c <= 5; c++) time[NR, c] = $c; n[NR] = $1}
		END {
			for (c = 2; c <= 4; c += 2) {
				for (i = 2; i <= NR; i++)
					judge(c, i - 1, i, slack)
				judge(c, 1, NR, 1)
			}
			exit bad > 0
		}' "$WORK/$1.dat"
}

draw() {
	local beside="bare loop of adds"
	[ "$1" = upcall ] && beside="bare responder"
	gnuplot <<-EOF
		set terminal svg size 640,420 font "sans-serif,12" background "white"
		set output "$PLOTS/$1.svg"
		set title "$2"
		set logscale xy
		set xlabel "routes"
		set ylabel "milliseconds"
		set format x "%.0f"
		set format y "%g"
		set xrange [800:500000]
		set key left top
		set grid
		plot "$WORK/$1.dat" using 1:2 with linespoints lt 6 lw 2 title "smcrouted IPv4", \
			"" using 1:4 with linespoints lt 7 lw 2 title "smcrouted IPv6", \
			"" using 1:3 with linespoints lt 6 dashtype 2 title "$beside IPv4", \
			"" using 1:5 with linespoints lt 7 dashtype 2 title "$beside IPv6"
	EOF
}

measure
write_data
status=0
draw start "Start until ready" && draw reload "Reload of an unchanged file" &&
	draw add "Adding by smcroutectl -b" && draw show "smcroutectl show" || status=1
[ "$ROOT" ] && { draw upcall "New flows, 64 on their way at a time" || status=1; }
while read -r figure _; do
	[ "$figure" = upcall ] && [ -z "$ROOT" ] && continue
	check "$figure" || status=1
done <<<"$CURVES"
exit $status
