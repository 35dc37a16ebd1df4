/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options: the command line of smcrouted as a value.
 *
 * One table says what there is: getopt, the checks of values and the help come from it.  File names
 * are made absolute here, so that they mean the same in the background.
 */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include "base/buf.h"

struct options {
	const char *ident, *user, *socket_group; /* as given, NULL = not given */
	const char *check;			 /* file to check, as given, NULL = run */
	char *conf, *pid_file, *socket;		 /* owned, absolute */
	char *script;				 /* owned, absolute, NULL = none */
	unsigned long cache_seconds, delay_seconds, exit_seconds;
	unsigned long mrdisc_seconds; /* 0 = not given */
	unsigned long table, max_flows;
	int log_level;
	bool foreground, syslog, strict;
	bool help, version, no_vifs;
};

/* 0, or -EINVAL with a message in @error. */
int options_parse(struct options *options, int argc, char *argv[], struct buf *error);

void options_help(struct buf *out);

void options_free(struct options *options);

#endif
