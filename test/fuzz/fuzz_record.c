/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of an answer as the client reads them: written again by the daemon's writer they give the
 * same record, and their values are fit for JSON and for a terminal.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl/json.h"
#include "ctl/record.h"
#include "ctl/utf8.h"
#include "daemon/proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held)
{
	if (!held)
		abort();
}

static void must_be_utf8(const char *text, bool tame)
{
	while (*text) {
		size_t len = utf8_length(text);

		must(len > 0);
		must(len > 1 || (unsigned char)*text >= ' ');
		must(!tame || *text != 0x7f);
		text += len;
	}
}

static void show(const char *value)
{
	struct json json = {0};
	struct buf out = {0};

	json_open(&json, '{');
	json_key(&json, value);
	json_string(&json, value);
	json_key(&json, "n");
	json_number(&json, value);
	json_close(&json, '}');
	must_be_utf8(buf_text(&json.out), false);
	utf8_add_printable(&out, value);
	must_be_utf8(buf_text(&out), true);
	json_free(&json);
	buf_free(&out);
}

static void round_trip(const struct record *record)
{
	struct record again = {0};
	struct buf line = {0};

	record_begin(&line, record->type);
	for (size_t i = 0; i < record->count; i++)
		record_text(&line, record->pairs[i].key, record->pairs[i].value);
	record_parse(&again, line.data);
	must(strcmp(again.type, record->type) == 0 && again.count == record->count);
	for (size_t i = 0; i < record->count; i++) {
		size_t cursor = i;

		must(strcmp(again.pairs[i].key, record->pairs[i].key) == 0);
		must(strcmp(again.pairs[i].value, record->pairs[i].value) == 0);
		must(record_next(&again, record->pairs[i].key, &cursor) == again.pairs[i].value);
		must(record_get(&again, record->pairs[i].key) != NULL);
	}
	record_free(&again);
	buf_free(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_strndup((const char *)data, size), *rest = text, *line;
	struct record record = {0};

	while ((line = strsep(&rest, "\n"))) {
		record_parse(&record, line);
		show(record.type);
		for (size_t i = 0; i < record.count; i++)
			show(record.pairs[i].value);
		if (record.type[0])
			round_trip(&record);
	}
	record_free(&record);
	free(text);
	return 0;
}
