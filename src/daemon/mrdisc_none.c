/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The variant for a build without router discovery. */
#include "daemon/mrdisc.h"

bool mrdisc_available(void)
{
	return false;
}
