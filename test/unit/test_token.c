/* SPDX-License-Identifier: GPL-2.0-or-later */
/* token: words, comments, numbers, quotes, guesses. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const struct split {
	const char *line;
	bool comments;
	const char *words; /* "COLUMN:WORD|COLUMN:WORD" */
} splits[] = {
	{"", true, ""},
	{"   \t ", true, ""},
	{"a", true, "1:a"},
	{"  a  bb\tccc ", true, "3:a|6:bb|9:ccc"},
	{"a b\r", true, "1:a|3:b"},
	{"a\vb\fc", true, "1:a|3:b|5:c"},
	{"#all of it", true, ""},
	{"  # all of it", true, ""},
	{"a #b c", true, "1:a"},
	{"a # b c", true, "1:a"},
	{"a b#c d", true, "1:a|3:b#c|7:d"},
	{"a #", true, "1:a"},
	{"a #b", false, "1:a|3:#b"},
	{"\xc3\xa9 x", true, "1:\xc3\xa9|4:x"},
};

static void show_words(const struct words *words, struct buf *out)
{
	for (size_t i = 0; i < words->count; i++)
		buf_printf(out, "%s%u:%.*s", i ? "|" : "", words->list[i].column,
			   (int)words->list[i].len, words->list[i].text);
}

static void split_line(void **row)
{
	const struct split *want = *row;
	struct words words = {0};
	struct buf shown = {0};

	words_split(&words, want->line, strlen(want->line), want->comments);
	show_words(&words, &shown);
	assert_string_equal(buf_text(&shown), want->words);
	buf_free(&shown);
	words_free(&words);
}

/* Faults: batch dropped words beyond the ninth, and lines beyond 511 bytes. */
static void any_number_and_length_of_words(void **state)
{
	struct words words = {0};
	struct buf line = {0};

	(void)state;
	for (int i = 0; i < 5000; i++)
		buf_printf(&line, "word%d ", i);
	for (int i = 0; i < 100000; i++)
		buf_putc(&line, 'x');
	words_split(&words, buf_text(&line), line.len, true);
	assert_int_equal(words.count, 5001);
	assert_true(word_is(&words.list[4999], "word4999"));
	assert_int_equal(words.list[5000].len, 100000);
	words_split(&words, "again", 5, true);
	assert_int_equal(words.count, 1);
	words_free(&words);
	buf_free(&line);
}

static void line_ends_at_its_length(void **state)
{
	struct words words = {0};

	(void)state;
	words_split(&words, "ab cd ef", 4, true);
	assert_int_equal(words.count, 2);
	assert_true(word_is(&words.list[1], "c"));
	words_split(&words, "a\0b c", 5, true);
	assert_int_equal(words.count, 2);
	assert_int_equal(words.list[0].len, 3);
	words_free(&words);
}

static struct word word_of(const char *text)
{
	return (struct word){.text = text, .len = strlen(text), .column = 1};
}

#define NO 99999

static const struct number {
	const char *text;
	unsigned long max, value; /* NO = refused */
} numbers[] = {
	{"0", 10, 0},
	{"10", 10, 10},
	{"11", 10, NO},
	{"007", 10, 7},
	{"0x10", 32, 16},
	{"0X1f", 32, 31},
	{"0xfff0", 0xffff, 0xfff0},
	{"0xFfF0", 0xffff, 0xfff0},
	{"0x10000", 0xffff, NO},
	{"0x", 10, NO},
	{"x10", 10, NO},
	{"", 10, NO},
	{"-1", 10, NO},
	{"+1", 10, NO},
	{"1 ", 10, NO},
	{"1.0", 10, NO},
	{"1e1", 100, NO},
	{"0xg", 100, NO},
	{"99999999999999999999999", 0xffff, NO},
	{"18446744073709551617", 0xffff, NO},
};

static void number(void **row)
{
	const struct number *want = *row;
	struct word word = word_of(want->text);
	unsigned long value = 4711;
	int result = word_number(&word, want->max, &value);

	if (want->value == NO) {
		assert_true(result < 0);
		assert_int_equal(value, 4711);
	} else {
		assert_int_equal(result, 0);
		assert_int_equal(value, want->value);
	}
}

/* Fault: keywords matched by prefix ("mrouteXYZ", "tofu"). */
static void word_is_the_whole_word(void **state)
{
	struct word word = word_of("tofu"), empty = word_of("");

	(void)state;
	assert_true(word_is(&word, "tofu"));
	assert_false(word_is(&word, "to"));
	assert_false(word_is(&word, "tofus"));
	assert_true(word_is_prefix_of(&word, "tofus"));
	assert_false(word_is_prefix_of(&word, "to"));
	assert_false(word_is_prefix_of(&empty, "to"));
}

static const struct quote {
	const char *text, *quoted;
} quotes[] = {
	{"", "''"},
	{"eth0", "'eth0'"},
	{"a\x1b[1mb\x7f\t", "'a?[1mb?\?'"},
	{"\xc3\xa9", "'\xc3\xa9'"},
	{"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhh",
	 "'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhh'"},
	{"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhi",
	 "'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhh...'"},
};

static void quote(void **row)
{
	const struct quote *want = *row;
	struct word word = word_of(want->text);
	char text[WORD_QUOTED];

	assert_string_equal(word_quote(&word, text), want->quoted);
}

static const char *const keywords[] = {"from", "source", "group", "to", "ttl-threshold", NULL};

static const struct guess {
	const char *text, *keyword; /* NULL = no idea */
} guesses[] = {
	{"form", "from"},     {"fro", "from"},
	{"fromm", "from"},    {"f", "from"},
	{"soruce", "source"}, {"gruop", "group"},
	{"tofu", "to"},	      {"ttl", "ttl-threshold"},
	{"treshold", NULL},   {"", NULL},
	{"xyz", NULL},	      {"groupgroupgroupgroupgroupgroup", NULL},
	{"groups", "group"},  {"t", "to"},
};

static void guess(void **row)
{
	const struct guess *want = *row;
	struct word word = word_of(want->text);
	const char *found = word_guess(&word, keywords);

	if (want->keyword)
		assert_non_null(found);
	assert_string_equal(found ? found : "", want->keyword ? want->keyword : "");
}

int main(void)
{
	struct unit unit = {0};

	UNIT_TABLE(&unit, split_line, splits);
	UNIT_TEST(&unit, any_number_and_length_of_words);
	UNIT_TEST(&unit, line_ends_at_its_length);
	UNIT_TABLE(&unit, number, numbers);
	UNIT_TEST(&unit, word_is_the_whole_word);
	UNIT_TABLE(&unit, quote, quotes);
	UNIT_TABLE(&unit, guess, guesses);
	return unit_run(&unit, "token");
}
