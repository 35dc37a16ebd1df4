/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ctl: records as the client reads them, JSON that is valid whatever names hold, safe terminals. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/json.h"
#include "ctl/record.h"
#include "ctl/utf8.h"

/* Parsed and shown as TYPE|KEY=VALUE|... */
static const struct line {
	const char *line, *shown;
} lines[] = {
	{"", ""},
	{" ", ""},
	{"route", "route"},
	{"route iif=eth0 group=225.1.2.3", "route|iif=eth0|group=225.1.2.3"},
	{"route  iif=eth0   oif=a oif=b ", "route|iif=eth0|oif=a|oif=b"},
	{"route iif= x", "route|iif="},
	{"route a=b=c", "route|a=b=c"},
	{"route =x", "route|=x"},
	{"a=b c=d", "a=b|c=d"},
	{"r k=a%20b%25%0a", "r|k=a b%\n"},
	{"r k=%41%5A%5a%c3%A9", "r|k=AZZ\xc3\xa9"},
	{"r k=%00", "r|k=%00"},
	{"r k=%", "r|k=%"},
	{"r k=%4", "r|k=%4"},
	{"r k=%4g%g4%%41", "r|k=%4g%g4%A"},
	{"r k%41=%41", "r|k%41=A"},
};

static void record_line(void **row)
{
	const struct line *want = *row;
	char *line = mem_strndup(want->line, strlen(want->line));
	struct record record = {0};
	struct buf shown = {0};

	record_parse(&record, line);
	buf_puts(&shown, record.type);
	for (size_t i = 0; i < record.count; i++)
		buf_printf(&shown, "|%s=%s", record.pairs[i].key, record.pairs[i].value);
	assert_string_equal(buf_text(&shown), want->shown);
	buf_free(&shown);
	record_free(&record);
	free(line);
}

static void record_access(void **state)
{
	char line[] = "route iif=eth0 oif=a ttl=1 oif=b set=", again[] = "x y=1";
	struct record record = {0};
	size_t cursor = 0;

	(void)state;
	record_parse(&record, line);
	assert_true(record_has(&record, "iif", "eth0"));
	assert_false(record_has(&record, "iif", "eth"));
	assert_false(record_has(&record, "group", ""));
	assert_true(record_has(&record, "set", ""));
	assert_null(record_get(&record, "group"));
	assert_string_equal(record_next(&record, "oif", &cursor), "a");
	assert_string_equal(record_next(&record, "oif", &cursor), "b");
	assert_null(record_next(&record, "oif", &cursor));
	record_parse(&record, again);
	assert_string_equal(record.type, "x");
	assert_null(record_get(&record, "iif"));
	record_free(&record);
}

/* Fault: JSON over 1024 bytes broke in the middle. */
static void record_of_any_size(void **state)
{
	struct record record = {0};
	struct buf line = {0};

	(void)state;
	buf_puts(&line, "route");
	for (int i = 0; i < 3000; i++)
		buf_printf(&line, " oif=%d", i);
	record_parse(&record, line.data);
	assert_int_equal(record.count, 3000);
	assert_string_equal(record.pairs[2999].value, "2999");
	record_free(&record);
	buf_free(&line);
}

/* A name as JSON, and as it may go to a terminal. */
static const struct text {
	const char *text, *json, *shown;
	size_t columns;
} texts[] = {
	{"", "\"\"", "", 0},
	{"eth0", "\"eth0\"", "eth0", 4},
	{"a\"b\\c/", "\"a\\\"b\\\\c/\"", "a\"b\\c/", 6},
	{"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"", "?\?\?\?\?", 5},
	{"\x01\x1f\x1b[31m", "\"\\u0001\\u001f\\u001b[31m\"", "?\?\?[31m", 7},
	{"\x7f", "\"\\u007f\"", "?", 1},
	{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
	 "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 3},
	{"a\xff"
	 "b\x80",
	 "\"a\xef\xbf\xbd"
	 "b\xef\xbf\xbd\"",
	 "a?b?", 4},
	{"\xc3", "\"\xef\xbf\xbd\"", "?", 1},
	{"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"", "?\?", 2},
	{"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"", "?\?", 2},			  /* overlong */
	{"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", "?\?\?", 3}, /* surrogate */
	{"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", "?\?\?\?", 4},
	{"\xc2\x9b"
	 "31m",
	 "\"\xc2\x9b"
	 "31m\"",
	 "?31m", 4}, /* C1: CSI in one character */
};

static void name_as_json(void **row)
{
	const struct text *want = *row;
	struct json json = {0};

	json_string(&json, want->text);
	assert_string_equal(buf_text(&json.out), want->json);
	json_free(&json);
}

static void name_on_a_terminal(void **row)
{
	const struct text *want = *row;
	struct buf out = {0};

	assert_int_equal(utf8_add_printable(&out, want->text), want->columns);
	assert_string_equal(buf_text(&out), want->shown);
	buf_free(&out);
}

static const struct digits {
	const char *text, *json;
} digits[] = {
	{"0", "0"},	{"42", "42"},	 {"18446744073709551615", "18446744073709551615"},
	{"007", "7"},	{"000", "0"},	 {"", "null"},
	{"-1", "null"}, {"1.5", "null"}, {"1x", "null"},
};

static void number_as_json(void **row)
{
	const struct digits *want = *row;
	struct json json = {0};

	json_number(&json, want->text);
	assert_string_equal(buf_text(&json.out), want->json);
	json_free(&json);
}

static void json_puts_commas(void **state)
{
	struct json json = {0}, part = {0}, empty = {0};

	(void)state;
	json_string(&part, NULL);
	json_number(&part, NULL);
	json_open(&json, '{');
	json_key(&json, "a\n");
	json_open(&json, '[');
	json_join(&json, &empty);
	json_join(&json, &part);
	json_bool(&json, true);
	json_open(&json, '{');
	json_close(&json, '}');
	json_open(&json, '[');
	json_close(&json, ']');
	json_close(&json, ']');
	json_key(&json, "b");
	json_bool(&json, false);
	json_close(&json, '}');
	assert_string_equal(buf_text(&json.out), "{\"a\\n\":[null,null,true,{},[]],\"b\":false}");
	json_free(&json);
	json_free(&part);
	json_free(&empty);
}

int main(void)
{
	struct unit unit = {0};

	UNIT_TABLE(&unit, record_line, lines);
	UNIT_TEST(&unit, record_access);
	UNIT_TEST(&unit, record_of_any_size);
	UNIT_TABLE(&unit, name_as_json, texts);
	UNIT_TABLE(&unit, name_on_a_terminal, texts);
	UNIT_TABLE(&unit, number_as_json, digits);
	UNIT_TEST(&unit, json_puts_commas);
	return unit_run(&unit, "client");
}
