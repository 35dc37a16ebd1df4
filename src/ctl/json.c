/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/json.h"

#include <string.h>

#include "ctl/utf8.h"

static void separate(struct json *json)
{
	if (json->comma)
		buf_putc(&json->out, ',');
	json->comma = true;
}

void json_open(struct json *json, char bracket)
{
	separate(json);
	buf_putc(&json->out, bracket);
	json->comma = false;
}

void json_close(struct json *json, char bracket)
{
	buf_putc(&json->out, bracket);
	json->comma = true;
}

/* A character that can't stand for itself in a string, or a stray byte; returns its length. */
static size_t add_special(struct buf *out, const char *text)
{
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* byte and letter by turns */
	size_t length = utf8_length(text);

	if (length > 1) {
		buf_add(out, text, length);
		return length;
	}
	for (size_t i = 0; letters[i]; i += 2) {
		if (letters[i] == *text) {
			buf_printf(out, "\\%c", letters[i + 1]);
			return 1;
		}
	}
	if (length)
		buf_printf(out, "\\u%04x", (unsigned int)*text);
	else
		buf_puts(out, "\xef\xbf\xbd"); /* U+FFFD */
	return 1;
}

static void add_string(struct buf *out, const char *text)
{
	buf_putc(out, '"');
	for (;;) {
		size_t plain = 0;

		while (text[plain] >= 0x20 && text[plain] < 0x7f && text[plain] != '"' &&
		       text[plain] != '\\')
			plain++;
		buf_add(out, text, plain);
		text += plain;
		if (!*text)
			break;
		text += add_special(out, text);
	}
	buf_putc(out, '"');
}

void json_key(struct json *json, const char *key)
{
	separate(json);
	add_string(&json->out, key);
	buf_putc(&json->out, ':');
	json->comma = false;
}

void json_string(struct json *json, const char *text)
{
	separate(json);
	if (text)
		add_string(&json->out, text);
	else
		buf_puts(&json->out, "null");
}

void json_bool(struct json *json, bool value)
{
	separate(json);
	buf_puts(&json->out, value ? "true" : "false");
}

void json_number(struct json *json, const char *digits)
{
	size_t len = digits ? strspn(digits, "0123456789") : 0;

	separate(json);
	if (!len || digits[len]) {
		buf_puts(&json->out, "null");
		return;
	}
	while (len > 1 && *digits == '0') {
		digits++;
		len--;
	}
	buf_add(&json->out, digits, len);
}

void json_join(struct json *json, const struct json *part)
{
	if (!part->out.len)
		return;
	separate(json);
	buf_add(&json->out, part->out.data, part->out.len);
}

void json_free(struct json *json)
{
	buf_free(&json->out);
	memset(json, 0, sizeof(*json));
}
