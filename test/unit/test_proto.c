/* SPDX-License-Identifier: GPL-2.0-or-later */
/* proto: lines of the control socket whatever pieces they come in, and answers that stay lines. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/record.h"
#include "daemon/proto.h"

static const struct value {
	const char *value, *written;
} values[] = {
	{"", "r k=\n"},
	{"eth0", "r k=eth0\n"},
	{"a b", "r k=a%20b\n"},
	{"100%", "r k=100%25\n"},
	{"a=b", "r k=a=b\n"},
	{"\t\r\n\x01\x1b[0m\x7f", "r k=%09%0D%0A%01%1B[0m%7F\n"},
	{"\xc3\xa9\xff", "r k=\xc3\xa9\xff\n"},
};

/* The client decodes what the daemon wrote. */
static void record_round_trip(void **row)
{
	const struct value *want = *row;
	struct record record = {0};
	struct buf out = {0};

	record_begin(&out, "r");
	record_text(&out, "k", want->value);
	record_end(&out);
	assert_string_equal(buf_text(&out), want->written);
	out.data[out.len - 1] = '\0';
	record_parse(&record, out.data);
	assert_string_equal(record_get(&record, "k"), want->value);
	record_free(&record);
	buf_free(&out);
}

static void every_byte_stays_within_its_word(void **state)
{
	struct buf out = {0};
	char all[256];

	(void)state;
	for (int i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	all[255] = '\0';
	record_begin(&out, "r");
	record_text(&out, "k", all);
	record_end(&out);
	assert_int_equal(strcspn(buf_text(&out), "\n"), out.len - 1);
	assert_ptr_equal(strchr(buf_text(&out), ' '), strrchr(buf_text(&out), ' '));
	buf_free(&out);
}

/* Fault: 32-bit counters, wrong printf types. */
static void numbers_have_64_bits(void **state)
{
	struct buf out = {0};

	(void)state;
	record_begin(&out, "r");
	record_number(&out, "a", 0);
	record_number(&out, "b", UINT64_MAX);
	record_end(&out);
	assert_string_equal(buf_text(&out), "r a=0 b=18446744073709551615\n");
	buf_free(&out);
}

static void last_lines(void **state)
{
	struct buf out = {0};

	(void)state;
	proto_greet(&out);
	assert_int_equal(strncmp(buf_text(&out), "smcroute 1 ", 11), 0);
	assert_int_equal(strcspn(buf_text(&out), "\n"), out.len - 1);
	buf_consume(&out, out.len);
	proto_ok(&out);
	proto_error(&out, REPLY_REFUSED, "no such\nrule\x1b!");
	proto_error(&out, REPLY_NOT_UNDERSTOOD, "");
	assert_string_equal(buf_text(&out), "ok\nerror 1 no such?rule?!\nerror 64 \n");
	buf_free(&out);
}

static void feed(struct lines *lines, const char *data, size_t len)
{
	memcpy(buf_reserve(&lines->in, len), data, len);
	lines->in.len += len;
}

static const struct stream {
	const char *bytes;
	const char *lines; /* separated by '|', each followed by one */
} streams[] = {
	{"", ""},
	{"a", ""},
	{"\n", "|"},
	{"a\n", "a|"},
	{"a\nb", "a|"},
	{"a\n\nbc\n", "a||bc|"},
	{"show routes\nadd eth0 225.1.2.3\nkill\n", "show routes|add eth0 225.1.2.3|kill|"},
	{"a\r\nb\n", "a\r|b|"},
};

/* Cut in pieces of each size, compacted or not in between. */
static void lines_in_pieces(void **row)
{
	const struct stream *want = *row;
	size_t total = strlen(want->bytes);

	for (size_t piece = 1; piece <= total + 1; piece++) {
		for (int compact = 0; compact < 2; compact++) {
			struct lines lines = {0};
			struct buf got = {0};
			const char *text;
			size_t len;

			for (size_t at = 0; at < total; at += piece) {
				feed(&lines, want->bytes + at,
				     at + piece < total ? piece : total - at);
				while (lines_waiting(&lines)) {
					assert_true(lines_next(&lines, &text, &len));
					buf_add(&got, text, len);
					buf_putc(&got, '|');
				}
				assert_false(lines_next(&lines, &text, &len));
				if (compact)
					lines_compact(&lines);
			}
			assert_string_equal(buf_text(&got), want->lines);
			buf_free(&got);
			lines_free(&lines);
		}
	}
}

/* Faults: lines beyond 511 bytes were cut; a client could send without end. */
static void long_lines_up_to_the_limit(void **state)
{
	char *block = malloc(MAX_LINE + 1);
	struct lines lines = {0};
	const char *text;
	size_t len;

	(void)state;
	memset(block, 'x', MAX_LINE + 1);
	feed(&lines, block, MAX_LINE);
	assert_false(lines_full(&lines));
	assert_false(lines_waiting(&lines));
	feed(&lines, "\n", 1);
	assert_true(lines_next(&lines, &text, &len));
	assert_int_equal(len, MAX_LINE);
	assert_false(lines_full(&lines)); /* what was used does not count */
	lines_compact(&lines);
	feed(&lines, block, MAX_LINE + 1);
	assert_true(lines_full(&lines));
	assert_false(lines_next(&lines, &text, &len));
	lines_free(&lines);
	feed(&lines, "ok\n", 3);
	assert_true(lines_next(&lines, &text, &len));
	lines_free(&lines);
	free(block);
}

int main(void)
{
	struct unit unit = {0};

	UNIT_TABLE(&unit, record_round_trip, values);
	UNIT_TEST(&unit, every_byte_stays_within_its_word);
	UNIT_TEST(&unit, numbers_have_64_bits);
	UNIT_TEST(&unit, last_lines);
	UNIT_TABLE(&unit, lines_in_pieces, streams);
	UNIT_TEST(&unit, long_lines_up_to_the_limit);
	return unit_run(&unit, "proto");
}
