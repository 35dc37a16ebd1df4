/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_SIZE 1024
#define PATIENCE_MS   20 /* with readers that have kept up so far, in each period */
#define PERIOD_MS     1000

static struct {
	const char *ident;
	unsigned int targets;
	int level;
	int syslog;	       /* socket, -1 = none */
	int own;	       /* standard error, opened anew so that it never blocks; -1 = not */
	bool is_socket;	       /* standard error is one */
	bool torn;	       /* the last line on standard error is there in part */
	unsigned long dropped; /* lines, since nobody read them */
	uint64_t period;       /* when it began, in ms */
	uint64_t waited;       /* ms since then */
} state = {.ident = "smcroute",
	   .targets = LOG_TO_STDERR,
	   .level = LOG_NOTICE,
	   .syslog = -1,
	   .own = -1};

static const struct {
	const char *name;
	int level;
} levels[] = {
	{"none", LOG_NOTHING}, {"emerg", LOG_EMERG},	 {"alert", LOG_ALERT},
	{"crit", LOG_CRIT},    {"err", LOG_ERR},	 {"error", LOG_ERR},
	{"warn", LOG_WARNING}, {"warning", LOG_WARNING}, {"notice", LOG_NOTICE},
	{"info", LOG_INFO},    {"debug", LOG_DEBUG},
};

static void close_syslog(void)
{
	if (state.syslog >= 0)
		close(state.syslog);
	state.syslog = -1;
}

static void open_syslog(void)
{
	static const struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

	close_syslog();
	state.syslog = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (state.syslog >= 0 &&
	    connect(state.syslog, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		close_syslog();
}

void mem_last_words(const char *text)
{
	log_err("%s", text);
}

static void close_stderr(void)
{
	if (state.own >= 0)
		close(state.own);
	state.own = -1;
}

/*
 * A terminal or a pipe is shared with the shell and others, so it is not for us to set nonblocking.
 * That poll() calls it ready is no help: a terminal is with room for one byte, and the room in a
 * pipe may be taken by others.  So we want an open file of our own.  Once had it is kept: another
 * user, whom we may become, may not open it.
 */
static void open_stderr(void)
{
	struct stat st;

	if (state.own >= 0 || fstat(STDERR_FILENO, &st) < 0)
		return;
	state.is_socket = S_ISSOCK(st.st_mode);
	if (S_ISFIFO(st.st_mode) || isatty(STDERR_FILENO))
		state.own = open("/proc/self/fd/2",
				 O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void log_open(const char *ident, unsigned int targets, int level)
{
	close_syslog();
	state.ident = ident;
	state.targets = targets;
	state.level = level;
	if (targets & LOG_TO_SYSLOG)
		open_syslog();
	if (targets & LOG_TO_STDERR)
		open_stderr();
	else
		close_stderr();
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

static uint64_t clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* How long we may still wait in this period. */
static int patience(uint64_t now)
{
	if (now - state.period >= PERIOD_MS) {
		state.period = now;
		state.waited = 0;
	}
	if (state.dropped || state.waited >= PATIENCE_MS)
		return 0;
	return (int)(PATIENCE_MS - state.waited);
}

/*
 * Whether a line can be written now, or very soon: a reader that is alive only needs its turn on
 * the processor.  The sum of the waits is limited, as the next line may find it as slow.
 */
static bool is_ready(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLOUT};
	uint64_t now;
	int ready = poll(&pfd, 1, 0);

	if (ready != 0)
		return true;
	now = clock_ms();
	ready = poll(&pfd, 1, patience(now));
	state.waited += clock_ms() - now;
	return ready != 0;
}

/* A file is written to as it was given, as its offset may be shared. */
static ssize_t put_stderr(int fd, const char *text, size_t len)
{
	if (state.is_socket)
		return send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(fd, text, len);
}

/* False when nobody reads what was written before. */
static bool write_stderr(int priority, const char *line)
{
	int fd = state.own >= 0 ? state.own : STDERR_FILENO;
	char text[LINE_MAX_SIZE + 128];
	ssize_t written;
	int len = snprintf(text, sizeof(text), "%s%.64s: %s%s\n", state.torn ? "\n" : "",
			   state.ident, urgency(priority), line);

	if (!is_ready(fd))
		return false;
	written = put_stderr(fd, text, (size_t)len);
	if (written < 0)
		return errno != EAGAIN;
	state.torn = written < len;
	return !state.torn;
}

/* The same.  A daemon that collects lines may be restarted, or come late. */
static bool write_syslog(int priority, const char *line)
{
	char text[LINE_MAX_SIZE + 192], date[32];
	time_t now = time(NULL);
	struct tm tm;
	int len;

	strftime(date, sizeof(date), "%b %e %T", localtime_r(&now, &tm));
	len = snprintf(text, sizeof(text), "<%d>%s %.64s[%d]: %s", LOG_DAEMON | priority, date,
		       state.ident, (int)getpid(), line);
	for (int attempt = 0; attempt < 2; attempt++) {
		if (state.syslog >= 0 && !is_ready(state.syslog))
			return false;
		if (send(state.syslog, text, (size_t)len, MSG_NOSIGNAL) >= 0)
			return true;
		open_syslog();
	}
	return true; /* nobody collects them here */
}

static bool write_line(int priority, const char *line)
{
	bool taken = true;

	if (state.targets & LOG_TO_STDERR)
		taken = write_stderr(priority, line);
	if (state.targets & LOG_TO_SYSLOG)
		taken &= write_syslog(priority, line);
	return taken;
}

void log_vat(int priority, const char *format, va_list args)
{
	char line[LINE_MAX_SIZE];
	int saved = errno;

	if (!log_wants(priority))
		return;
	if (state.dropped) {
		snprintf(line, sizeof(line), "%lu lines were dropped, as nobody read them",
			 state.dropped);
		if (write_line(LOG_WARNING, line))
			state.dropped = 0;
	}
	vsnprintf(line, sizeof(line), format, args);
	hide_controls(line);
	if (state.dropped || !write_line(priority, line))
		state.dropped++;
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
