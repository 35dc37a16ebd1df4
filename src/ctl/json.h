/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json: a writer that puts the commas and always produces valid UTF-8.
 *
 * Bytes that are no UTF-8 become U+FFFD, so a name is never lost and never breaks the document.
 */
#ifndef CTL_JSON_H
#define CTL_JSON_H

#include "base/buf.h"

struct json {
	struct buf out;
	bool comma; /* the next value or key is not the first of its kind here */
};

/* @bracket is one of { [ and } ]; the caller closes what was opened. */
void json_open(struct json *json, char bracket);
void json_close(struct json *json, char bracket);

void json_key(struct json *json, const char *key);
void json_string(struct json *json, const char *text); /* NULL: null */
void json_bool(struct json *json, bool value);

/* @digits as a number; NULL, or what is no decimal number: null. */
void json_number(struct json *json, const char *digits);

/* Adds all that @part wrote, a list of values or members without brackets. */
void json_join(struct json *json, const struct json *part);

void json_free(struct json *json);

#endif
