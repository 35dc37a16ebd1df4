/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/record.h"

#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) & 15 : -1;
}

/* Puts the bytes in place of their %XX; what is none, or stands for NUL, stays as it is. */
static void decode(char *text)
{
	char *to = strchr(text, '%');

	if (!to)
		return;
	for (const char *from = to; *from; from++) {
		int high = *from == '%' ? hex_digit(from[1]) : -1;
		int low = high >= 0 ? hex_digit(from[2]) : -1;

		if (low >= 0 && (high || low)) {
			*to++ = (char)(high << 4 | low);
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

void record_parse(struct record *record, char *line)
{
	char *word = strtok_r(line, " ", &line);

	record->type = word ? word : "";
	record->count = 0;
	while (word && (word = strtok_r(NULL, " ", &line))) {
		char *equals = strchr(word, '=');
		struct pair *pair;

		if (!equals)
			continue;
		*equals = '\0';
		decode(equals + 1);
		pair = mem_append(&record->pairs, record->count, &record->room, sizeof(*pair));
		*pair = (struct pair){word, equals + 1};
		record->count++;
	}
}

const char *record_next(const struct record *record, const char *key, size_t *cursor)
{
	while (*cursor < record->count) {
		const struct pair *pair = &record->pairs[(*cursor)++];

		if (strcmp(pair->key, key) == 0)
			return pair->value;
	}
	return NULL;
}

const char *record_get(const struct record *record, const char *key)
{
	size_t cursor = 0;

	return record_next(record, key, &cursor);
}

bool record_has(const struct record *record, const char *key, const char *value)
{
	const char *found = record_get(record, key);

	return found && strcmp(found, value) == 0;
}

void record_free(struct record *record)
{
	free(record->pairs);
	memset(record, 0, sizeof(*record));
}
