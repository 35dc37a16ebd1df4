/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/background.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"

/* The status of a child that ended before it was ready. */
static int status_of(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return EX_OSERR;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	log_err("the daemon was ended by signal %d (%s) while starting", WTERMSIG(status),
		strsignal(WTERMSIG(status)));
	return EX_SOFTWARE;
}

static int wait_for(pid_t child, int fd)
{
	char byte;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : status_of(child);
}

static int fail(const char *what)
{
	log_err("can't start in the background: %s: %s", what, strerror(errno));
	return EX_OSERR;
}

int background_start(bool wait, int *ready)
{
	int fds[2], status = 0;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return fail("pipe");
	child = fork();
	if (child == 0) {
		close(fds[0]);
		*ready = fds[1];
		setsid();
		if (chdir("/") < 0)
			log_warn("can't change to the root directory: %s", strerror(errno));
		return BACKGROUND_CHILD;
	}
	close(fds[1]);
	if (child < 0)
		status = fail("fork");
	else if (wait)
		status = wait_for(child, fds[0]);
	close(fds[0]);
	return status;
}

void background_ready(int ready)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	fflush(NULL);
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
	/* A parent that did not wait is gone: nobody to tell. */
	if (write(ready, "", 1) < 0)
		log_debug("nobody waits for the daemon to be ready: %s", strerror(errno));
	close(ready);
}
