/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The variant for service managers that watch the process or the pid file. */
#include "daemon/service.h"

void service_ready(const char *status)
{
	(void)status;
}

void service_reloading(void)
{
}

void service_stopping(void)
{
}
