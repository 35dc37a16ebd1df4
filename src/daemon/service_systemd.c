/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The variant for systemd, see sd_notify(3); without NOTIFY_SOCKET nothing is sent. */
#include "daemon/service.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>
#include <time.h>

void service_ready(const char *status)
{
	sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void service_reloading(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		   (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
}

void service_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}
