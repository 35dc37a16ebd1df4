/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * token: a line of text as words.
 *
 * Words are separated by blanks and point into the line; nothing is copied, there is no limit on
 * their number or length.  Also here: what every parser of words needs, a way to quote a word in a
 * message and to guess which keyword was meant.
 */
#ifndef CORE_TOKEN_H
#define CORE_TOKEN_H

#include "base/util.h"

struct word {
	const char *text; /* not terminated, not owned */
	size_t len;
	uint32_t column; /* from 1, in bytes */
};

struct words {
	struct word *list; /* owned */
	size_t count, room;
};

/*
 * Replaces the words by those of @line.  With @comments a word that begins with '#' ends the line.
 * The words are valid as long as the line is.
 */
void words_split(struct words *words, const char *line, size_t len, bool comments);
void words_free(struct words *words);

bool word_is(const struct word *word, const char *text);

/* True when @text begins with the word, which is not empty. */
bool word_is_prefix_of(const struct word *word, const char *text);

/* Reads a number, decimal or (0x) hexadecimal, of at most @max; 0 or -EINVAL. */
int word_number(const struct word *word, unsigned long max, unsigned long *number);

#define WORD_QUOTED 80

/* The word in quotes for a message, cut when long, with what can't be printed shown as '?'. */
const char *word_quote(const struct word *word, char text[WORD_QUOTED]);

/* The one of @keywords (ends with NULL) that the word most likely stands for, or NULL. */
const char *word_guess(const struct word *word, const char *const *keywords);

#endif
