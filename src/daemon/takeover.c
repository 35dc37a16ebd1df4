/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/takeover.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "daemon/privs.h"

/* From the most to the least telling one, when no family is to be had. */
enum outcome { TAKEN, FORBIDDEN, FAILED, ABSENT, HAD };

static enum outcome outcome_of(int error)
{
	switch (error) {
	case 0:
		return HAD;
	case EADDRINUSE:
		return TAKEN;
	case EPERM:
	case EACCES:
		return FORBIDDEN;
	case EAFNOSUPPORT:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case EPROTONOSUPPORT:
		return ABSENT;
	default:
		return FAILED;
	}
}

static void tell_forbidden(int error)
{
	const char *missing = privs_missing();

	if (missing)
		log_err("not permitted to route multicast (%s) without %s; start as root, or give "
			"both CAP_NET_ADMIN and CAP_NET_RAW: AmbientCapabilities= in a unit, "
			"setpriv --ambient-caps, or setcap cap_net_admin,cap_net_raw+ep on the "
			"program",
			strerror(error), missing);
	else
		log_err("not permitted to route multicast (%s): CAP_NET_ADMIN and CAP_NET_RAW are "
			"there, but do not count in this network namespace, which belongs to "
			"another user namespace; start in the one that it belongs to",
			strerror(error));
}

static int give_up(enum outcome outcome, int error, uint32_t table)
{
	switch (outcome) {
	case TAKEN:
		log_err("another program routes multicast here already: is it pimd, mrouted, "
			"igmpproxy, mcproxy, FRR or another smcrouted? Stop that, or take another "
			"table with -t");
		return EX_UNAVAILABLE;
	case FORBIDDEN:
		tell_forbidden(error);
		return EX_NOPERM;
	case FAILED:
		log_err("can't take over multicast routing: %s", strerror(error));
		return EX_OSERR;
	default:
		if (table && error == EPROTONOSUPPORT)
			log_err("no table %u: this kernel has one multicast routing table only; "
				"leave out -t",
				table);
		else
			log_err("this kernel can't route multicast (%s): it was built without "
				"CONFIG_IP_MROUTE and CONFIG_IPV6_MROUTE",
				strerror(error));
		return EX_PROTOCOL;
	}
}

static void tell_missing(enum family family, int error)
{
	const char *why = strerror(error);

	switch (outcome_of(error)) {
	case HAD:
		break;
	case TAKEN:
		log_warn("%s multicast routing is taken by another program: going on without %s",
			 families[family].name, families[family].name);
		break;
	case ABSENT:
		log_notice("there is no %s multicast routing here (%s): going on without",
			   families[family].name, why);
		break;
	default:
		log_warn("can't take over %s multicast routing (%s): going on without",
			 families[family].name, why);
	}
}

static void tell_small_buffer(const struct klinux *klinux)
{
	unsigned int size = klinux_small_buffer(klinux);

	if (size)
		log_notice("the kernel grants a receive buffer of %u bytes only: many new flows at "
			   "once may lose their first packets; raise net.core.rmem_max",
			   size);
}

static int judge(const struct klinux *klinux, const int error[FAMILIES], uint32_t table)
{
	enum outcome worst = HAD;
	bool had = false;
	int why = 0;

	for (int f = 0; f < FAMILIES; f++) {
		enum outcome outcome = outcome_of(error[f]);

		had |= outcome == HAD;
		if (outcome < worst) {
			worst = outcome;
			why = error[f];
		}
	}
	if (!had)
		return give_up(worst, why, table);
	for (int f = 0; f < FAMILIES; f++)
		tell_missing((enum family)f, error[f]);
	tell_small_buffer(klinux);
	return 0;
}

int takeover(struct klinux **klinux, uint32_t table)
{
	int error[FAMILIES] = {0}, err = klinux_open(klinux, table, error);

	if (err < 0) {
		log_err("can't listen to the kernel's interface messages: %s", strerror(-err));
		return EX_OSERR;
	}
	return judge(*klinux, error, table);
}
