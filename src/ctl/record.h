/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record: one line of an answer as a type and its KEY=VALUE pairs.
 *
 * The line is decoded where it stands; the strings point into it.  A newer daemon may send more
 * than we know, so nothing in here is an error: a word that is no pair is left out, who reads a
 * record asks for the keys it knows.
 */
#ifndef CTL_RECORD_H
#define CTL_RECORD_H

#include "base/util.h"

struct pair {
	const char *key, *value; /* any bytes but NUL */
};

struct record {
	const char *type;
	struct pair *pairs; /* owned */
	size_t count, room;
};

/* Replaces the record by the one in @line, which is changed and must live as long. */
void record_parse(struct record *record, char *line);

/* The first value of the key, or NULL. */
const char *record_get(const struct record *record, const char *key);

/* True when the key is there and has this value. */
bool record_has(const struct record *record, const char *key, const char *value);

/*
 * Walks the pairs with this key: the next one at or behind *@cursor, which moves behind it; NULL at
 * the end.  Start with 0.
 */
const char *record_next(const struct record *record, const char *key, size_t *cursor);

void record_free(struct record *record);

#endif
