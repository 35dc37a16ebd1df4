/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proto: the text that goes over the control socket; doc/PROTOCOL.md is its description.
 *
 * Requests come in as lines, cut here whatever pieces the socket delivers; answers go out as
 * records and a last line.  Whatever a value holds, a record stays one line and its words stay
 * words.
 */
#ifndef DAEMON_PROTO_H
#define DAEMON_PROTO_H

#include "base/buf.h"

#define MAX_LINE 65536u /* bytes of a request; a thousand clients may have begun one each */

/* CODE of an error: the exit status that the client ends with. */
enum reply_code { REPLY_REFUSED = 1, REPLY_NOT_UNDERSTOOD = 64 };

void proto_greet(struct buf *out);
void proto_ok(struct buf *out);
void proto_error(struct buf *out, enum reply_code code, const char *text);

void record_begin(struct buf *out, const char *type);
void record_text(struct buf *out, const char *key, const char *value);
void record_number(struct buf *out, const char *key, uint64_t value);
void record_end(struct buf *out);

/* What came in and is not used up yet.  Zeroed before the first time. */
struct lines {
	struct buf in;
	size_t at;	/* begin of the next line */
	size_t scanned; /* no line end between at and here */
};

/* The next whole line without its end; it stays valid until lines_compact(). */
bool lines_next(struct lines *lines, const char **text, size_t *len);

/* Whether lines_next() would find one. */
bool lines_waiting(struct lines *lines);

/* Drops the lines that were used. */
void lines_compact(struct lines *lines);

/* True when no more may be read before some of it is used; without a line, it is too long. */
bool lines_full(const struct lines *lines);

void lines_free(struct lines *lines);

#endif
