/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fail: preloaded into the daemon, it makes library calls fail on demand.
 *
 *     FAIL=FILE LD_PRELOAD=fail.so smcrouted ...
 *
 * FILE is looked at before each call and holds up to two lines of the kinds
 *     nth CALL ERRNO N      the Nth call of that name from now on fails, once
 *     all CALL ERRNO 0      each does
 * or one
 *     any 0 SEED PERMILLE   so many of a thousand calls of any name, at random
 * or nothing.  What was made to fail is appended to FILE.log.  ERRNO is a number.
 *
 * Time of day is nonsense here, and all other time passes FAIL_SPEED times as fast.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const int errors[] = {ENOMEM, ENOBUFS, EMFILE, EINTR, EAGAIN, EPERM, ENODEV, EADDRINUSE};

static struct {
	const char *file, *log;
	char text[160];	       /* what it holds */
	unsigned int count[2]; /* of calls that each line is about */
	uint64_t dice;
	int64_t speed;
	bool busy;
} state;

static void append(const char *name, int error)
{
	char text[64];
	int fd = (int)syscall(SYS_openat, AT_FDCWD, state.log, O_WRONLY | O_CREAT | O_APPEND, 0644);
	int len = snprintf(text, sizeof(text), "%s %d\n", name, error);

	syscall(SYS_write, fd, text, (size_t)len);
	syscall(SYS_close, fd);
}

static void look(void)
{
	char text[sizeof(state.text)] = "";
	int fd = (int)syscall(SYS_openat, AT_FDCWD, state.file, O_RDONLY, 0);

	if (fd >= 0) {
		syscall(SYS_read, fd, text, sizeof(text) - 1);
		syscall(SYS_close, fd);
	}
	if (strcmp(text, state.text) == 0)
		return;
	memcpy(state.text, text, sizeof(text));
	memset(state.count, 0, sizeof(state.count));
	state.dice = 0;
}

static int choose_any(const char *name, unsigned int seed, unsigned int permille)
{
	size_t n;

	if (!state.dice)
		state.dice = seed * 2654435761u + 1;
	state.dice = state.dice * 6364136223846793005u + 1442695040888963407u;
	if (strstr(name, "alloc") || (state.dice >> 33) % 1000 >= permille)
		return 0;
	n = (state.dice >> 48) % (sizeof(errors) / sizeof(errors[0]));
	return strcmp(name, "ppoll") == 0 ? ENOMEM : errors[n];
}

/* The errno that this call shall fail with; 0 = none. */
static int choose(const char *name)
{
	const char *line = state.text;

	for (int i = 0; i < 2 && line; i++) {
		char mode[8] = "", call[24] = "";
		unsigned int error = 0, n = 0;

		sscanf(line, "%7s %23s %u %u", mode, call, &error, &n);
		if (strcmp(mode, "any") == 0)
			return choose_any(name, error, n);
		if (strcmp(call, name) == 0 && (strcmp(mode, "all") == 0 || ++state.count[i] == n))
			return (int)error;
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return 0;
}

static bool fails(const char *name)
{
	int saved = errno, error;

	if (!state.file || state.busy)
		return false;
	state.busy = true;
	look();
	error = choose(name);
	if (error)
		append(name, error);
	state.busy = false;
	errno = error ? error : saved;
	return error != 0;
}

__attribute__((constructor)) static void begin(void)
{
	static char log[256];
	const char *speed = getenv("FAIL_SPEED");

	state.speed = speed ? atol(speed) : 1;
	snprintf(log, sizeof(log), "%s.log", getenv("FAIL"));
	state.log = log;
	unsetenv("LD_PRELOAD"); /* not for scripts */
	state.file = getenv("FAIL");
}

/* The next function of that name, with the type of this one. */
#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

#define WRAP(type, name, failed, parameters, arguments) \
	type name parameters                            \
	{                                               \
		if (fails(#name))                       \
			return failed;                  \
		return NEXT(name) arguments;            \
	}

WRAP(int, socket, -1, (int a, int b, int c), (a, b, c))
WRAP(int, setsockopt, -1, (int a, int b, int c, const void *d, socklen_t e), (a, b, c, d, e))
WRAP(int, getsockopt, -1, (int a, int b, int c, void *d, socklen_t *e), (a, b, c, d, e))
WRAP(int, getsockname, -1, (int a, struct sockaddr *b, socklen_t *c), (a, b, c))
WRAP(int, bind, -1, (int a, const struct sockaddr *b, socklen_t c), (a, b, c))
WRAP(int, listen, -1, (int a, int b), (a, b))
WRAP(int, accept4, -1, (int a, struct sockaddr *b, socklen_t *c, int d), (a, b, c, d))
WRAP(ssize_t, send, -1, (int a, const void *b, size_t c, int d), (a, b, c, d))
WRAP(ssize_t, recv, -1, (int a, void *b, size_t c, int d), (a, b, c, d))
WRAP(int, recvmmsg, -1, (int a, struct mmsghdr *b, unsigned int c, int d, struct timespec *e),
     (a, b, c, d, e))
WRAP(ssize_t, read, -1, (int a, void *b, size_t c), (a, b, c))
WRAP(ssize_t, write, -1, (int a, const void *b, size_t c), (a, b, c))
WRAP(int, poll, -1, (struct pollfd * a, nfds_t b, int c), (a, b, c))
WRAP(int, unlink, -1, (const char *a), (a))
WRAP(int, fstat, -1, (int a, struct stat *b), (a, b))
WRAP(int, ftruncate, -1, (int a, off_t b), (a, b))
WRAP(int, utimensat, -1, (int a, const char *b, const struct timespec c[2], int d), (a, b, c, d))
WRAP(int, pipe2, -1, (int a[2], int b), (a, b))
WRAP(pid_t, fork, -1, (void), ())
WRAP(int, posix_spawn, errno,
     (pid_t * a, const char *b, const posix_spawn_file_actions_t *c, const posix_spawnattr_t *d,
      char *const *e, char *const *f),
     (a, b, c, d, e, f))

/* The kernel has dropped what it tells us that there was no room for. */
ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	if (!fails("recvmsg"))
		return NEXT(recvmsg)(fd, message, flags);
	if (errno == ENOBUFS) {
		NEXT(recvmsg)(fd, message, flags);
		errno = ENOBUFS;
	}
	return -1;
}

int open(const char *path, int flags, ...)
{
	mode_t mode;
	va_list args;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	return fails("open") ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int ioctl(int fd, unsigned long request, ...)
{
	void *argument;
	va_list args;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	return fails("ioctl") ? -1 : (int)syscall(SYS_ioctl, fd, request, argument);
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec less;

	if (fails("ppoll"))
		return -1;
	if (timeout) {
		int64_t ns =
			(timeout->tv_sec * INT64_C(1000000000) + timeout->tv_nsec) / state.speed;

		less = (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
		timeout = &less;
	}
	return NEXT(ppoll)(fds, n, timeout, mask);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int64_t ns;

	syscall(SYS_clock_gettime, clock, now);
	if (clock != CLOCK_MONOTONIC) {
		now->tv_sec = rand();
		return 0;
	}
	ns = (now->tv_sec * INT64_C(1000000000) + now->tv_nsec) * state.speed;
	*now = (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
	return 0;
}

time_t time(time_t *now)
{
	time_t result = rand();

	if (now)
		*now = result;
	return result;
}

/* dlsym() may want memory itself. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	return fails("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails("calloc") ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return fails("realloc") ? NULL : __libc_realloc(old, size);
}
