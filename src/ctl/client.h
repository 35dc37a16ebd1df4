/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client: a connection to the daemon, lines out and lines in.
 *
 * The socket never blocks: what can't be sent yet waits in out, what came stands in in, and the
 * caller decides how long to wait for either.  So a daemon that reads or answers slowly, or not at
 * all, can't hold us up, and answers that fill the socket can't hold up the daemon.
 */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include "base/buf.h"

struct client {
	int fd;	     /* -1: not connected */
	bool closed; /* by the daemon; what came before may still be read */
	struct buf in, out;
	size_t taken; /* bytes of in that are done with */
};

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t client_now(void);

/*
 * Connects to the socket @path and reads the greeting; a daemon may be just starting, so this takes
 * up to five seconds before it gives up.  0, or an exit status with the reason in @why.
 */
int client_open(struct client *client, const char *path, struct buf *why);

/* Hangs up; the struct can be opened again. */
void client_close(struct client *client);

/* Queues a line, which has no line end. */
void client_send(struct client *client, const struct buf *line);

/* What to poll(2) for. */
short client_events(const struct client *client);

/*
 * Sends and receives as much as goes without waiting; *@heard tells that something came in.  0, or
 * -errno.  A connection that the daemon ended is no error.
 */
int client_transfer(struct client *client, bool *heard);

/* Adds what an error of client_transfer() means to the user. */
void client_explain(int error, const char *path, struct buf *why);

/* The next line without its end, valid until the next transfer, or NULL; the caller may change it.
 */
char *client_line(struct client *client);

#endif
