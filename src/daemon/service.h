/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * service: tells the service manager how the daemon is.
 *
 * One implementation speaks to systemd, the other keeps silent.  @status is a line for people that
 * the manager shows.
 */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

/* Ready for work, after the start or after a reload. */
void service_ready(const char *status);

/* A reload has begun; service_ready() tells its end. */
void service_reloading(void);

void service_stopping(void);

#endif
