/* SPDX-License-Identifier: GPL-2.0-or-later */
/* buf: a growing byte buffer, always followed by a NUL that is not counted. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/util.h"

struct buf {
	char *data; /* owned; NULL while nothing was ever added */
	size_t len; /* bytes in use */
	size_t room;
};

/* Makes room for @more bytes behind data + len and returns that place; the caller raises len. */
char *buf_reserve(struct buf *buf, size_t more);

void buf_add(struct buf *buf, const void *data, size_t len);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *buf, const char *format, va_list args) PRINTF_LIKE(2, 0);

/* Drops @len bytes at the front. */
void buf_consume(struct buf *buf, size_t len);

/* The text so far, "" when there is none; valid until the next change. */
const char *buf_text(const struct buf *buf);

void buf_free(struct buf *buf);

#endif
