/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream of requests in pieces: the first byte says how to cut, the rest is the stream.  However
 * it is cut, the lines are those of the whole.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held)
{
	if (!held)
		abort();
}

/* Takes all whole lines there are; returns the bytes of the stream that they make up. */
static size_t take_lines(struct lines *lines, const uint8_t *stream, size_t received)
{
	size_t used = 0, len;
	const char *text;

	while (lines_waiting(lines)) {
		const uint8_t *end = memchr(stream + used, '\n', received - used);

		must(lines_next(lines, &text, &len));
		must(end && (size_t)(end - stream) - used == len);
		must(memcmp(text, stream + used, len) == 0);
		used += len + 1;
	}
	must(!lines_next(lines, &text, &len));
	must(!memchr(stream + used, '\n', received - used));
	return used;
}

static void answer(const uint8_t *stream, size_t size)
{
	char *text = mem_strndup((const char *)stream, size);
	struct buf out = {0};

	proto_error(&out, REPLY_REFUSED, text);
	must(memchr(out.data, '\n', out.len) == out.data + out.len - 1);
	buf_free(&out);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lines lines = {0};
	size_t piece, used = 0, received = 0;
	bool compact;

	if (!size)
		return 0;
	piece = data[0] % 64 + 1u;
	compact = data[0] & 64;
	data++;
	size--;
	while (received < size) {
		size_t n = size - received < piece ? size - received : piece;

		memcpy(buf_reserve(&lines.in, n), data + received, n);
		lines.in.len += n;
		received += n;
		used += take_lines(&lines, data + used, received - used);
		if (compact)
			lines_compact(&lines);
		must(!lines_full(&lines));
	}
	lines_free(&lines);
	answer(data, size);
	return 0;
}
