/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/token.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The white space that no interface name may hold either. */
static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

void words_split(struct words *words, const char *line, size_t len, bool comments)
{
	size_t at = 0;

	words->count = 0;
	for (;;) {
		size_t start;

		while (at < len && is_blank(line[at]))
			at++;
		if (at == len || (comments && line[at] == '#'))
			return;
		start = at;
		while (at < len && !is_blank(line[at]))
			at++;
		*(struct word *)mem_append(&words->list, words->count, &words->room,
					   sizeof(struct word)) = (struct word){
			.text = line + start, .len = at - start, .column = (uint32_t)start + 1};
		words->count++;
	}
}

void words_free(struct words *words)
{
	free(words->list);
	memset(words, 0, sizeof(*words));
}

bool word_is(const struct word *word, const char *text)
{
	return strlen(text) == word->len && memcmp(text, word->text, word->len) == 0;
}

bool word_is_prefix_of(const struct word *word, const char *text)
{
	return word->len && word->len <= strlen(text) && memcmp(text, word->text, word->len) == 0;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

int word_number(const struct word *word, unsigned long max, unsigned long *number)
{
	bool hex = word->len > 2 && word->text[0] == '0' && (word->text[1] | 32) == 'x';
	unsigned long value = 0;

	if (!word->len)
		return -EINVAL;
	for (size_t i = hex ? 2 : 0; i < word->len; i++) {
		int digit = digit_value(word->text[i]);

		if (digit >= (hex ? 16 : 10))
			return -EINVAL;
		value = value * (hex ? 16 : 10) + (unsigned long)digit;
		if (value > max)
			return -EINVAL;
	}
	*number = value;
	return 0;
}

const char *word_quote(const struct word *word, char text[WORD_QUOTED])
{
	size_t room = WORD_QUOTED - 6, len = word->len < room ? word->len : room, n = 0;

	text[n++] = '\'';
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)word->text[i];

		text[n++] = c < 32 || c == 127 ? '?' : (char)c;
	}
	if (len < word->len) {
		memcpy(text + n, "...", 3);
		n += 3;
	}
	text[n++] = '\'';
	text[n] = '\0';
	return text;
}

#define GUESS_MAX 24

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance, for words of less than GUESS_MAX bytes. */
static unsigned int distance(const struct word *word, const char *text)
{
	size_t len = strlen(text);
	unsigned int row[GUESS_MAX + 1];

	for (unsigned int j = 0; j <= len; j++)
		row[j] = j;
	for (unsigned int i = 1; i <= word->len; i++) {
		unsigned int diagonal = row[0];

		row[0] = i;
		for (unsigned int j = 1; j <= len; j++) {
			unsigned int above = row[j];
			unsigned int swap = diagonal + (word->text[i - 1] != text[j - 1]);

			row[j] = least(swap, least(above, row[j - 1]) + 1);
			diagonal = above;
		}
	}
	return row[len];
}

/* How far a word is from a keyword; one that begins with the other is never farther than 2. */
static unsigned int badness(const struct word *word, const char *keyword)
{
	size_t len = strlen(keyword), shared = len < word->len ? len : word->len;
	unsigned int far = distance(word, keyword);

	if (len > 1 && memcmp(word->text, keyword, shared) == 0)
		return least(far, 2);
	return far < len ? far : GUESS_MAX;
}

const char *word_guess(const struct word *word, const char *const *keywords)
{
	const char *best = NULL;
	unsigned int best_badness = 3;

	if (!word->len || word->len >= GUESS_MAX)
		return NULL;
	for (; *keywords; keywords++) {
		unsigned int bad =
			strlen(*keywords) < GUESS_MAX ? badness(word, *keywords) : GUESS_MAX;

		if (bad < best_badness) {
			best_badness = bad;
			best = *keywords;
		}
	}
	return best;
}
