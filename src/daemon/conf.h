/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf: configuration files into rules and diagnostics.
 *
 * Reads everything, however much of it is wrong: each good statement goes into the rules, each bad
 * one into the diagnostics.  Whether rules with errors are used is for the caller to decide.
 */
#ifndef DAEMON_CONF_H
#define DAEMON_CONF_H

#include "core/rules.h"

/*
 * Reads @path and what it includes.  0, or -ENOENT when there is no such file, which the caller
 * judges and which is no diagnostic; any other trouble is one.
 */
int conf_load(const char *path, struct rules *rules, struct diags *diags);

#endif
