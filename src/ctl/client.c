/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define PROTOCOL_VERSION 1
#define CONNECT_MS	 2000 /* for a daemon that is just starting to be there */
#define RETRY_MS	 20
#define GREETING_MS	 3000
#define READ_SIZE	 32768
#define READS_A_TURN	 16
#define MAX_ANSWER_LINE	 (16u << 20)

int64_t client_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What to tell a user whose connect() failed for this reason. */
static int explain_connect(int error, const char *path, struct buf *why)
{
	static const char advice[] =
		"start smcrouted, or name its socket (-u FILE) or its identity (-i NAME)";

	switch (error) {
	case ENOENT:
		buf_printf(why, "no daemon: there is no socket %s; %s", path, advice);
		return EX_UNAVAILABLE;
	case ECONNREFUSED:
		buf_printf(why, "no daemon: nobody listens on %s; %s", path, advice);
		return EX_UNAVAILABLE;
	case EAGAIN:
		buf_printf(why,
			   "the daemon at %s takes no more connections: it is overloaded or stuck; "
			   "try again, or restart it",
			   path);
		return EX_UNAVAILABLE;
	case EACCES:
	case EPERM:
		buf_printf(why,
			   "no permission to talk to the daemon at %s; become root, or join the "
			   "group that owns the socket",
			   path);
		return EX_NOPERM;
	default:
		buf_printf(why, "can't connect to the daemon at %s: %s; check that path", path,
			   strerror(error));
		return EX_UNAVAILABLE;
	}
}

/* One attempt; 0 or -errno. */
static int try_connect(struct client *client, const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0) {
		error = errno;
		close(fd);
		return -error;
	}
	client->fd = fd;
	return 0;
}

static bool may_heal(int error)
{
	return error == -ENOENT || error == -ECONNREFUSED || error == -EAGAIN;
}

static int connect_patiently(struct client *client, const char *path, struct buf *why)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int64_t deadline = client_now() + CONNECT_MS;
	int error;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		buf_printf(why,
			   "the name of the socket is too long: %zu bytes, at most %zu; "
			   "change to its directory and name it from there: %s",
			   strlen(path), sizeof(addr.sun_path) - 1, path);
		return EX_USAGE;
	}
	memcpy(addr.sun_path, path, strlen(path));
	while (may_heal(error = try_connect(client, &addr)) && client_now() < deadline)
		poll(NULL, 0, RETRY_MS);
	return error ? explain_connect(-error, path, why) : 0;
}

/* The number that follows the word in front of the line, 0 when none does; @rest is behind it. */
static unsigned long number_behind(const char *word, const char *line, const char **rest)
{
	size_t len = strlen(word);
	unsigned long number = 0;
	char *end = NULL;

	if (strncmp(line, word, len) == 0)
		number = strtoul(line + len, &end, 10);
	*rest = end;
	return number;
}

/* What is wrong with the first line from the daemon; 0 when nothing is. */
static int check_greeting(const char *line, const char *path, struct buf *why)
{
	const char *rest;
	unsigned long number = number_behind("smcroute ", line, &rest);

	if (number == PROTOCOL_VERSION)
		return 0;
	if (number) {
		buf_printf(why,
			   "the daemon at %s speaks version %lu of the control protocol and this "
			   "program version %d; install both from the same release",
			   path, number, PROTOCOL_VERSION);
		return EX_UNAVAILABLE;
	}
	number = number_behind("error ", line, &rest);
	if (number && number < 128) {
		buf_printf(why, "the daemon at %s refuses to talk:%s", path, rest);
		return (int)number;
	}
	buf_printf(why, "who listens on %s is no smcrouted: it greets with '%.40s'", path, line);
	return EX_UNAVAILABLE;
}

void client_explain(int error, const char *path, struct buf *why)
{
	if (error == -EMSGSIZE)
		buf_printf(why, "what comes from %s is a line without end; is that smcrouted?",
			   path);
	else
		buf_printf(why, "lost the connection to the daemon at %s: %s; try again", path,
			   strerror(-error));
}

static int await_greeting(struct client *client, const char *path, struct buf *why)
{
	int64_t deadline = client_now() + GREETING_MS;
	char *line;

	while (!(line = client_line(client))) {
		struct pollfd wait = {.fd = client->fd, .events = POLLIN};
		int64_t left = deadline - client_now();
		bool heard;
		int error;

		if (client->closed) {
			buf_printf(
				why,
				"the daemon at %s hung up without a greeting; it may be stopping "
				"or have too many clients: try again, and see its log",
				path);
			return EX_UNAVAILABLE;
		}
		if (left <= 0) {
			buf_printf(why,
				   "the daemon at %s said nothing for %d seconds: it is still "
				   "starting, or stuck; try again, or restart it",
				   path, GREETING_MS / 1000);
			return EX_UNAVAILABLE;
		}
		poll(&wait, 1, (int)left);
		error = client_transfer(client, &heard);
		if (error < 0) {
			client_explain(error, path, why);
			return EX_UNAVAILABLE;
		}
	}
	return check_greeting(line, path, why);
}

int client_open(struct client *client, const char *path, struct buf *why)
{
	int status = connect_patiently(client, path, why);

	if (!status)
		status = await_greeting(client, path, why);
	if (status)
		client_close(client);
	return status;
}

void client_close(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	buf_free(&client->in);
	buf_free(&client->out);
	*client = (struct client){.fd = -1};
}

void client_send(struct client *client, const struct buf *line)
{
	buf_add(&client->out, line->data, line->len);
	buf_putc(&client->out, '\n');
}

short client_events(const struct client *client)
{
	return (short)(POLLIN | (client->out.len ? POLLOUT : 0));
}

/* A daemon that hung up takes nothing more, but its last words are still to be read. */
static int transmit(struct client *client)
{
	size_t sent = 0;
	int error = 0;

	while (sent < client->out.len && !error) {
		ssize_t n = send(client->fd, client->out.data + sent, client->out.len - sent,
				 MSG_NOSIGNAL);

		if (n >= 0)
			sent += (size_t)n;
		else if (errno == EPIPE || errno == ECONNRESET)
			sent = client->out.len;
		else if (errno != EINTR)
			error = errno;
	}
	buf_consume(&client->out, sent);
	return error == EAGAIN ? 0 : -error;
}

static int receive(struct client *client, bool *heard)
{
	buf_consume(&client->in, client->taken);
	client->taken = 0;
	for (int turn = 0; turn < READS_A_TURN && !client->closed; turn++) {
		char *room = buf_reserve(&client->in, READ_SIZE);
		ssize_t n = recv(client->fd, room, READ_SIZE, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno != ECONNRESET)
			return -errno;
		if (n <= 0) {
			client->closed = true;
			return 0;
		}
		client->in.len += (size_t)n;
		room[n] = '\0';
		*heard = true;
		if (client->in.len > MAX_ANSWER_LINE &&
		    !memchr(client->in.data, '\n', client->in.len))
			return -EMSGSIZE;
	}
	return 0;
}

int client_transfer(struct client *client, bool *heard)
{
	int error = transmit(client);

	*heard = false;
	return error < 0 ? error : receive(client, heard);
}

char *client_line(struct client *client)
{
	char *start, *end;

	if (client->taken == client->in.len)
		return NULL;
	start = client->in.data + client->taken;
	end = memchr(start, '\n', client->in.len - client->taken);
	if (!end)
		return NULL;
	*end = '\0';
	client->taken += (size_t)(end - start) + 1;
	return start;
}
