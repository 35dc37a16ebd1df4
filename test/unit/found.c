/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of steps that failed once, shrunk, each for another reason. */
#include <stddef.h>

#include "trial.h"

const char *const trial_found[] = {
	/* Heard late: the VIF of an index in use again was taken for gone, and its number leaked.
	 */
	"add eth10 :: :: 16418 wg0\ndeaf\nnew eth10 veth\nbounce eth10\nhear\n",

	/* A list of all links showed several VIFs lost: entries named those not yet looked at. */
	"new eth1 veth\nadd + 10.0.1.2 225.9.0.1/8 wg1 eth10 eth2\nnew eth10 veth\n"
	"rename eth1 eth0\nrestate 581626\n"
	"state mroute from eth10 source 10.0.1.2 group 225.1.2.3 to eth10 lan\n"
	"rename eth0 wg0\ndeaf\nnew eth2 bridge\nbounce eth10\nbounce wg0\nresync\n",

	/* Deleted and back unheard, where no VIF tells: its memberships stayed lost. */
	"new a1\nnew a2\nnew a3\nnew a4\nnew a5\nnew a6\nnew a7\nnew a8\nnew a9\nnew b1\n"
	"new b2\nnew b3\nnew b4\nnew b5\nnew b6\nnew b7\nnew b8\nnew b9\nnew c1\nnew c2\n"
	"new c3\nnew c4\nnew c5\nnew c6\nnew c7\nnew c8\nnew c9\nnew d1\nnew d2\nnew d3\n"
	"new d4\nnew d5\nadd + 225.1.2.3\nnew eth10\njoin eth10 225.1.2.4\n"
	"deaf\nbounce eth10\nresync\n",

	/* Renamed from a name that was taken out of a wildcard rule to one that was not. */
	"new wg0\nadd + 225.0.0.0/8 eth1+\nremove wg0 225.0.0.0/8\nnew eth10\n"
	"packet wg0 10.0.0.1 225.1.2.3\nrename wg0 eth0\n",

	/* An interface went, and then the last rule that named it, before any plan was made. */
	"new eth10\nadd eth2 ff15::3/16 +\nhold\n"
	"state mroute from eth1+ source :: group :: to 17440\n"
	"packet eth10 10.0.0.1 239.0.0.1\ngone eth10\nremove eth1+ :: 17440\n",

	/* An upcall for a number that another interface got before the upcall was looked at. */
	"new a1\nnew a2\nnew a3\nnew a4\nnew a5\nnew a6\nnew a7\nnew a8\nnew a9\nnew b1\n"
	"new b2\nnew b3\nnew b4\nnew b5\nnew b6\nnew b7\nnew b8\nnew b9\nnew c1\nnew c2\n"
	"new c3\nnew c4\nnew c5\nnew c6\nnew c7\nnew c8\nnew c9\nnew d1\nnew d2\nnew d3\n"
	"new d4\nnew d5\nnew d6\nadd + 225.1.2.3 wg0\nhold\nmulticast a4 off\n"
	"packet a4 2001:db8:0:1::2 ff08::1\n",

	NULL};
