/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static struct {
	const char *ident;
	unsigned int targets;
	int level;
} state = {"smcroute", LOG_TO_STDERR, LOG_NOTICE};

static const struct {
	const char *name;
	int level;
} levels[] = {
	{"none", LOG_NOTHING}, {"emerg", LOG_EMERG},	 {"alert", LOG_ALERT},
	{"crit", LOG_CRIT},    {"err", LOG_ERR},	 {"error", LOG_ERR},
	{"warn", LOG_WARNING}, {"warning", LOG_WARNING}, {"notice", LOG_NOTICE},
	{"info", LOG_INFO},    {"debug", LOG_DEBUG},
};

void log_open(const char *ident, unsigned int targets, int level)
{
	if (state.targets & LOG_TO_SYSLOG)
		closelog();
	state.ident = ident;
	state.targets = targets;
	state.level = level;
	if (targets & LOG_TO_SYSLOG)
		openlog(ident, LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

bool log_wants(int priority)
{
	return priority <= state.level && state.targets;
}

static const char *urgency(int priority)
{
	if (priority <= LOG_ERR)
		return "error: ";
	if (priority == LOG_WARNING)
		return "warning: ";
	return "";
}

void log_vat(int priority, const char *format, va_list args)
{
	char line[1024];
	int saved = errno;

	if (!log_wants(priority))
		return;
	vsnprintf(line, sizeof(line), format, args);
	if (state.targets & LOG_TO_STDERR)
		fprintf(stderr, "%s: %s%s\n", state.ident, urgency(priority), line);
	if (state.targets & LOG_TO_SYSLOG)
		syslog(priority, "%s", line);
	errno = saved;
}

void log_at(int priority, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vat(priority, format, args);
	va_end(args);
}

/* The level that every name beginning with @text has; -EINVAL when none has it, or they differ. */
static int level_by_prefix(const char *text, int *level)
{
	size_t len = strlen(text);
	bool found = false;
	int agreed = LOG_NOTHING;

	for (size_t i = 0; len && i < ARRAY_SIZE(levels); i++) {
		if (strncasecmp(text, levels[i].name, len) != 0)
			continue;
		if (found && agreed != levels[i].level)
			return -EINVAL;
		agreed = levels[i].level;
		found = true;
	}
	if (!found)
		return -EINVAL;
	*level = agreed;
	return 0;
}

int log_parse_level(const char *text, int *level)
{
	if (text[0] < '0' || text[0] > '7' || text[1])
		return level_by_prefix(text, level);
	*level = text[0] - '0';
	return 0;
}
