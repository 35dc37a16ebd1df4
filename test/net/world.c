/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONF   "model.conf"
#define SOCKET "model.sock"
#define LOG    "model.log"

static void tail_log(struct buf *text)
{
	FILE *log = fopen(LOG, "re");
	char line[512];

	if (!log)
		return;
	fseek(log, 0, SEEK_END);
	fseek(log, ftell(log) > 1500 ? -1500 : -ftell(log), SEEK_END);
	while (fgets(line, sizeof(line), log))
		buf_printf(text, "# log: %s", line);
	fclose(log);
}

void world_fail(struct world *w, const char *format, ...)
{
	struct buf text = {0};
	va_list args;

	va_start(args, format);
	model_explain(&w->model, &w->view, &text, format, args);
	va_end(args);
	tail_log(&text);
	trial_fail(w->trial, buf_text(&text));
}

/* The daemon */

void world_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		perror(path);
	if (fd >= 0)
		close(fd);
}

static void write_conf(const struct model *model)
{
	struct buf text = {0};

	for (size_t i = 0; i < model->n_file; i++)
		buf_printf(&text, "%s\n", model->file[i]);
	world_write(CONF, buf_text(&text));
	buf_free(&text);
}

static bool open_ctl(struct world *w)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = SOCKET};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char line[256];

	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0) {
		close(fd);
		return false;
	}
	w->ctl = fdopen(fd, "r+");
	return fgets(line, sizeof(line), w->ctl) != NULL;
}

void daemon_start(struct world *w)
{
	struct timespec pause = {.tv_nsec = 2000000};

	unlink(SOCKET);
	world_write(LOG, "");
	write_conf(&w->model);
	w->daemon = fork();
	if (w->daemon == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl("/bin/sh", "sh", "-c",
		      "exec $SMCROUTED -n -i model -c 0 -l info -f " CONF " -u $PWD/" SOCKET
		      " -P $PWD/model.pid >>" LOG " 2>&1 </dev/null",
		      (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 5000; i++) {
		if (open_ctl(w))
			return;
		nanosleep(&pause, NULL);
	}
	world_fail(w, "the daemon does not answer");
}

void daemon_stop(struct world *w)
{
	int status;

	fclose(w->ctl);
	kill(w->daemon, SIGTERM);
	if (waitpid(w->daemon, &status, 0) != w->daemon || status != 0)
		world_fail(w, "the daemon ended with wait status 0x%x", status);
}

int daemon_ask(struct world *w, const char *request, char line[STEP_TEXT])
{
	int code;

	fprintf(w->ctl, "%s\n", request);
	fflush(w->ctl);
	for (;;) {
		if (!fgets(line, STEP_TEXT, w->ctl))
			world_fail(w, "the daemon is gone at: %s", request);
		if (strcmp(line, "ok\n") == 0)
			return 0;
		if (sscanf(line, "error %d", &code) == 1)
			return code;
	}
}

void daemon_reload(struct world *w)
{
	char line[STEP_TEXT];

	write_conf(&w->model);
	if (daemon_ask(w, "reload", line) != 0)
		world_fail(w, "reload: %s", line);
}

void daemon_backlog(const struct world *w, int *waiting, int *lost)
{
	FILE *file = fopen("/proc/net/netlink", "re");
	char line[256];
	int port, bytes, drops;

	*waiting = *lost = 0;
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*s %*s %d %*s %d %*s %*s %*s %d", &port, &bytes, &drops) != 3 ||
		    port != w->daemon)
			continue;
		*waiting += bytes;
		*lost += drops;
	}
	if (file)
		fclose(file);
}
