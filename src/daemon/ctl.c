/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/ctl.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "daemon/proto.h"

#define BACKLOG	     128
#define MAX_CLIENTS  1024
#define ACCEPTS_TURN 16
#define WORK_TURN    1000000 /* nanoseconds for one client, give or take a request */
#define READ_TURN    16384   /* bytes */
#define HIGH_WATER   65536   /* bytes of output waiting: nothing more is done until they went */
#define PIECE	     4096    /* bytes of a report made between two looks at the clock */
#define IDLE_MS	     (5 * 60 * 1000)
#define PAUSE_MS     1000 /* without accepting when there are no descriptors */

struct client {
	struct list order; /* in ctl.clients, the longest idle first */
	struct ctl *ctl;
	struct loop_fd *source;
	int fd;
	struct peer peer;
	struct lines in;
	struct buf out;
	struct report *report; /* the rest of the present answer */
	uint64_t active_ms;
	bool eof;  /* no more requests */
	bool deaf; /* takes no more answers */
	bool kill; /* the daemon ends when the answer is sent */
};

struct ctl {
	struct loop *loop;
	struct commander *commander;
	char *path; /* owned */
	dev_t dev;
	ino_t ino; /* of the socket at path */
	int fd;
	struct loop_fd *source;
	struct loop_timer *sweeper, *pause;
	struct list clients;
	unsigned int count;
	bool paused;
	bool crowded; /* was said: since then connections have not all been taken */
};

/* Clients */

static void resume(void *ctx)
{
	struct ctl *ctl = ctx;

	ctl->paused = false;
	loop_clear_timer(ctl->pause);
	loop_set_events(ctl->source, POLLIN);
}

static void release(struct client *client)
{
	loop_remove_fd(client->source);
	list_remove(&client->order);
	report_free(client->report);
	lines_free(&client->in);
	buf_free(&client->out);
	free(client);
}

static void drop(struct client *client)
{
	struct ctl *ctl = client->ctl;

	close(client->fd);
	release(client);
	ctl->count--;
	if (list_empty(&ctl->clients))
		loop_clear_timer(ctl->sweeper);
	if (ctl->paused)
		resume(ctl);
}

static void mark_active(struct client *client)
{
	client->active_ms = loop_now(client->ctl->loop);
	list_remove(&client->order);
	list_append(&client->ctl->clients, &client->order);
}

static struct client *longest_idle(const struct ctl *ctl)
{
	return list_entry(ctl->clients.next, struct client, order);
}

static void on_sweep(void *ctx)
{
	struct ctl *ctl = ctx;
	struct list *pos, *tmp;

	list_for_each(pos, tmp, &ctl->clients) {
		struct client *client = list_entry(pos, struct client, order);
		uint64_t end = client->active_ms + IDLE_MS;

		if (end > loop_now(ctl->loop)) {
			loop_set_timer(ctl->sweeper, end);
			return;
		}
		drop(client);
	}
}

/* An error other than "later" tells that the other side is gone: what it sent is still there. */
static void receive(struct client *client)
{
	char *room = buf_reserve(&client->in.in, READ_TURN);
	ssize_t n = recv(client->fd, room, READ_TURN, MSG_DONTWAIT);

	if (n > 0) {
		client->in.in.len += (size_t)n;
		mark_active(client);
	} else if (n == 0 || client->deaf) {
		client->eof = n == 0 || (errno != EAGAIN && errno != EINTR);
	} else if (errno != EAGAIN && errno != EINTR) {
		client->deaf = true;
	}
}

/* Nobody waits for the answers: what was asked for is done all the same, but not told. */
static void forget_answer(struct client *client)
{
	client->out.len = 0;
	report_free(client->report);
	client->report = NULL;
}

static void flush(struct client *client)
{
	while (client->out.len && !client->deaf) {
		ssize_t n = send(client->fd, client->out.data, client->out.len,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0) {
			buf_consume(&client->out, (size_t)n);
			mark_active(client);
		} else if (errno == EAGAIN) {
			return;
		} else if (errno != EINTR) {
			client->deaf = true;
			shutdown(client->fd, SHUT_WR); /* or it would wait */
		}
	}
	if (client->deaf)
		forget_answer(client);
}

static void refuse_long_line(struct client *client)
{
	proto_error(&client->out, REPLY_NOT_UNDERSTOOD, "a request has at most 64 KiB");
	client->eof = true;
	lines_free(&client->in);
}

static void run_line(struct client *client, const char *line, size_t len)
{
	struct answer answer = {.out = &client->out};

	if (len > MAX_LINE) {
		refuse_long_line(client);
		return;
	}
	command_run(client->ctl->commander, line, len, &client->peer, &answer);
	client->report = answer.report;
	client->kill = answer.kill;
}

/* Some of the present answer, or the next request; false when there is nothing to do. */
static bool step(struct client *client)
{
	const char *line;
	size_t len;

	if (client->kill)
		return false;
	if (client->deaf)
		forget_answer(client);
	if (client->report) {
		if (!report_write(client->report, &client->out, PIECE,
				  loop_now(client->ctl->loop))) {
			report_free(client->report);
			client->report = NULL;
		}
		return true;
	}
	if (lines_next(&client->in, &line, &len)) {
		run_line(client, line, len);
		return true;
	}
	if (lines_full(&client->in))
		refuse_long_line(client);
	return false;
}

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void work(struct client *client)
{
	uint64_t end = clock_ns() + WORK_TURN;

	while (client->out.len < HIGH_WATER && step(client) && clock_ns() < end)
		;
	lines_compact(&client->in);
}

/* What to wait for; or the end of the connection. */
static void settle(struct client *client)
{
	bool busy = client->report || lines_waiting(&client->in);
	int events = 0;

	if (client->kill && !client->out.len) {
		loop_stop(client->ctl->loop, 0);
		loop_set_events(client->source, 0);
		return;
	}
	if (client->eof && !busy && !client->out.len) {
		drop(client);
		return;
	}
	if (!client->eof && !lines_full(&client->in))
		events |= POLLIN;
	if (client->out.len || busy)
		events |= POLLOUT;
	loop_set_events(client->source, (short)events);
}

static void serve(void *ctx, short revents)
{
	struct client *client = ctx;

	if (revents & (POLLIN | POLLHUP | POLLERR) && !client->eof && !lines_full(&client->in))
		receive(client);
	flush(client);
	work(client);
	flush(client);
	settle(client);
}

/* The listening socket */

static void greet(struct ctl *ctl, int fd)
{
	struct client *client = mem_alloc(sizeof(*client));
	struct ucred cred = {.uid = NO_UID};
	socklen_t len = sizeof(cred);

	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len);
	client->ctl = ctl;
	client->fd = fd;
	client->peer = (struct peer){.uid = cred.uid, .pid = cred.pid};
	client->source = loop_add_fd(ctl->loop, fd, POLLIN, false, serve, client);
	list_init(&client->order);
	if (list_empty(&ctl->clients))
		loop_set_timer(ctl->sweeper, loop_now(ctl->loop) + IDLE_MS);
	mark_active(client);
	ctl->count++;
	proto_greet(&client->out);
	flush(client);
	settle(client);
}

/* There is a connection that can't be had, as when descriptors are short: don't spin. */
static void pause_accepting(struct ctl *ctl, int err)
{
	if (!ctl->crowded)
		log_warn("can't take a connection to %s: %s; new ones wait", ctl->path,
			 strerror(err));
	ctl->crowded = true;
	ctl->paused = true;
	loop_set_events(ctl->source, 0);
	loop_set_timer(ctl->pause, loop_now(ctl->loop) + PAUSE_MS);
}

static void on_connection(void *ctx, short revents)
{
	struct ctl *ctl = ctx;

	(void)revents;
	for (int n = 0; n < ACCEPTS_TURN; n++) {
		int fd = accept4(ctl->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EAGAIN)
				ctl->crowded = false;
			else if (errno != EINTR && errno != ECONNABORTED)
				pause_accepting(ctl, errno);
			return;
		}
		if (ctl->count == MAX_CLIENTS)
			drop(longest_idle(ctl));
		greet(ctl, fd);
	}
}

static bool somebody_answers(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool alive;

	if (fd < 0)
		return true;
	alive = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 ||
		(errno != ECONNREFUSED && errno != ENOENT);
	close(fd);
	return alive;
}

static int bind_closed(int fd, const struct sockaddr_un *addr)
{
	mode_t mask = umask(0177);
	int err = bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 ? -errno : 0;

	umask(mask);
	return err;
}

/* Takes the place of a socket that nobody listens at any more, or of a link that leads to none; of
 * nothing else. */
static int bind_at(int fd, const struct sockaddr_un *addr)
{
	int err = bind_closed(fd, addr);
	struct stat st;

	if (err != -EADDRINUSE)
		return err;
	if (stat(addr->sun_path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return -EEXIST;
	if (somebody_answers(addr))
		return -EADDRINUSE;
	return unlink(addr->sun_path) < 0 ? -errno : bind_closed(fd, addr);
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = bind_at(fd, &addr);
	if (err == 0 && listen(fd, BACKLOG) < 0)
		err = -errno;
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

static void log_absence(const char *path, int err)
{
	const char *why = strerror(-err);

	if (err == -EADDRINUSE)
		why = "another smcrouted answers there; use -i or -u to give each its own";
	else if (err == -EEXIST)
		why = "there is a file that is no socket";
	else if (err == -ENAMETOOLONG)
		why = "the name is longer than the 107 bytes that a socket may have";
	log_err("no control socket at %s: %s; going on without smcroutectl", path, why);
}

static bool belongs(const struct ctl_config *config)
{
	struct stat st;

	return lstat(config->path, &st) == 0 &&
	       (config->owner == NO_UID || config->owner == st.st_uid) &&
	       (config->group == NO_GID || config->group == st.st_gid);
}

/* In this order: what was given away takes one more capability to change. */
static void grant(const struct ctl_config *config)
{
	if (config->group != NO_GID && chmod(config->path, 0660) < 0)
		log_warn("can't open %s to its group: %s", config->path, strerror(errno));
	if (!belongs(config) && chown(config->path, config->owner, config->group) < 0)
		log_warn("can't hand %s over to its user or group: %s; who is not root has to be a "
			 "member of the group, and in the unit it has to be the one of Group=",
			 config->path, strerror(errno));
}

struct ctl *ctl_open(struct loop *loop, struct commander *commander,
		     const struct ctl_config *config)
{
	int fd = listen_at(config->path);
	struct stat st = {0};
	struct ctl *ctl;

	if (fd < 0) {
		log_absence(config->path, fd);
		return NULL;
	}
	grant(config);
	lstat(config->path, &st);
	ctl = mem_alloc(sizeof(*ctl));
	ctl->loop = loop;
	ctl->commander = commander;
	ctl->path = mem_strndup(config->path, strlen(config->path));
	ctl->dev = st.st_dev;
	ctl->ino = st.st_ino;
	ctl->fd = fd;
	ctl->source = loop_add_fd(loop, fd, POLLIN, false, on_connection, ctl);
	ctl->sweeper = loop_add_timer(loop, on_sweep, ctl);
	ctl->pause = loop_add_timer(loop, resume, ctl);
	list_init(&ctl->clients);
	return ctl;
}

/* Only our own socket: another daemon may have put its own there. */
static void remove_socket(const struct ctl *ctl)
{
	struct stat st;

	if (lstat(ctl->path, &st) < 0 || st.st_dev != ctl->dev || st.st_ino != ctl->ino)
		return;
	if (unlink(ctl->path) < 0)
		log_info("can't remove the control socket %s: %s", ctl->path, strerror(errno));
}

void ctl_close(struct ctl *ctl)
{
	struct list *pos, *tmp;

	if (!ctl)
		return;
	remove_socket(ctl);
	loop_remove_fd(ctl->source);
	loop_remove_timer(ctl->sweeper);
	loop_remove_timer(ctl->pause);
	close(ctl->fd);
	list_for_each(pos, tmp, &ctl->clients) {
		struct client *client = list_entry(pos, struct client, order);

		if (!client->kill)
			close(client->fd);
		release(client);
	}
	free(ctl->path);
	free(ctl);
}
