/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/proto.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PROTOCOL 1

void proto_greet(struct buf *out)
{
	buf_printf(out, "smcroute %d %s\n", PROTOCOL, PACKAGE_VERSION);
}

void proto_ok(struct buf *out)
{
	buf_puts(out, "ok\n");
}

void proto_error(struct buf *out, enum reply_code code, const char *text)
{
	size_t start;

	buf_printf(out, "error %d ", (int)code);
	start = out->len;
	buf_puts(out, text);
	hide_controls(out->data + start);
	buf_putc(out, '\n');
}

void record_begin(struct buf *out, const char *type)
{
	buf_puts(out, type);
}

static void begin_value(struct buf *out, const char *key)
{
	buf_putc(out, ' ');
	buf_puts(out, key);
	buf_putc(out, '=');
}

void record_text(struct buf *out, const char *key, const char *value)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t len = strlen(value);
	char *to;

	begin_value(out, key);
	to = buf_reserve(out, len * 3);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c <= ' ' || c == 0x7f || c == '%') {
			*to++ = '%';
			*to++ = digits[c >> 4];
			*to++ = digits[c & 15];
		} else {
			*to++ = (char)c;
		}
	}
	*to = '\0';
	out->len = (size_t)(to - out->data);
}

void record_number(struct buf *out, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	record_text(out, key, text);
}

void record_end(struct buf *out)
{
	buf_putc(out, '\n');
}

bool lines_waiting(struct lines *lines)
{
	const char *from, *end;

	if (lines->scanned == lines->in.len)
		return false;
	from = lines->in.data + lines->scanned;
	end = memchr(from, '\n', lines->in.len - lines->scanned);
	lines->scanned = end ? (size_t)(end - lines->in.data) : lines->in.len;
	return end != NULL;
}

bool lines_next(struct lines *lines, const char **text, size_t *len)
{
	if (!lines_waiting(lines))
		return false;
	*text = lines->in.data + lines->at;
	*len = lines->scanned - lines->at;
	lines->at = ++lines->scanned;
	return true;
}

void lines_compact(struct lines *lines)
{
	buf_consume(&lines->in, lines->at);
	lines->scanned -= lines->at;
	lines->at = 0;
}

bool lines_full(const struct lines *lines)
{
	return lines->in.len - lines->at > MAX_LINE;
}

void lines_free(struct lines *lines)
{
	buf_free(&lines->in);
	lines->at = lines->scanned = 0;
}
