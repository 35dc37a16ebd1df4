/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log: one line of text to stderr, to syslog, or both.
 *
 * Logging never waits long, 20 ms in a second at most for all lines together: a line that the
 * reader of stderr or the syslog daemon does not take is dropped, and how many that were is told as
 * soon as they take lines again.  That is why this does not use syslog(3), and opens a terminal or
 * a pipe on stderr anew to write to it without blocking.  Where that is refused, a terminal that is
 * stopped may still block.
 *
 * The state is one of the two mutable globals of the program.  Never call this from a signal
 * handler.  errno survives every call.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>
#include <syslog.h>

#include "base/util.h"

#define LOG_NOTHING (-1) /* the level below LOG_EMERG: "none" */

enum log_target { LOG_TO_STDERR = 1, LOG_TO_SYSLOG = 2 };

/*
 * Sets where lines go (a set of enum log_target) and which: those with a priority of @level or
 * more urgent.  @ident must live as long as the program.  May be called again; without
 * LOG_TO_STDERR nothing of what is on stderr is kept open.
 */
void log_open(const char *ident, unsigned int targets, int level);

/* True when a line of this priority would be written anywhere. */
bool log_wants(int priority);

void log_at(int priority, const char *format, ...) PRINTF_LIKE(2, 3);
void log_vat(int priority, const char *format, va_list args) PRINTF_LIKE(2, 0);

#define log_err(...)	log_at(LOG_ERR, __VA_ARGS__)
#define log_warn(...)	log_at(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_at(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)	log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	log_at(LOG_DEBUG, __VA_ARGS__)

/*
 * Reads "none", a syslog priority by name (any case, any unambiguous prefix, "error" and "warn"
 * too) or 0 to 7 into *@level.  0 or -EINVAL.
 */
int log_parse_level(const char *text, int *level);

#endif
