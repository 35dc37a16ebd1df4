/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The variant for a build without router discovery. */
#include "daemon/mrdisc.h"

bool mrdisc_available(void)
{
	return false;
}

struct mrdisc *mrdisc_open(struct loop *loop, const struct engine *engine, unsigned long interval)
{
	(void)loop;
	(void)engine;
	(void)interval;
	return NULL;
}

void mrdisc_update(struct mrdisc *mrdisc)
{
	(void)mrdisc;
}

void mrdisc_close(struct mrdisc *mrdisc)
{
	(void)mrdisc;
}

bool mrdisc_status(const struct mrdisc *mrdisc, enum family family, int vif,
		   struct mrdisc_status *status)
{
	(void)mrdisc;
	(void)family;
	(void)vif;
	(void)status;
	return false;
}
