/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/render.h"

#include <string.h>

#include "ctl/utf8.h"

static const struct section route_sections[] = {
	{.type = "route", .set = "asm", .key = "asm", .title = "(*,G) Template Rules"},
	{.type = "route", .set = "ssm", .key = "ssm", .title = "(S,G) Rules"},
	{.type = "kernel", .key = "kernel", .title = "Kernel MFC Table"},
};

static const struct section group_sections[] = {
	{.type = "group", .set = "conf", .key = "conf", .title = "Group Memberships Table"},
	{.type = "group",
	 .set = "kernel",
	 .key = "kernel",
	 .title = "Kernel Group Memberships Table",
	 .detail = true},
};

static const struct section interface_sections[] = {
	{.type = "interface"},
};

static const struct section pending_sections[] = {
	{.type = "pending",
	 .title = "Pending Routes and Groups",
	 .none = "No pending routes or groups"},
};

const struct screen screens[] = {
	[TOPIC_ROUTES] = {"routes", route_sections, ARRAY_SIZE(route_sections)},
	[TOPIC_GROUPS] = {"groups", group_sections, ARRAY_SIZE(group_sections)},
	[TOPIC_INTERFACES] = {"interfaces", interface_sections, ARRAY_SIZE(interface_sections)},
	[TOPIC_PENDING] = {"pending", pending_sections, ARRAY_SIZE(pending_sections)},
};

int screen_section(const struct screen *screen, const struct record *record)
{
	for (size_t i = 0; i < screen->count; i++) {
		const struct section *section = &screen->sections[i];

		if (strcmp(record->type, section->type) == 0 &&
		    (!section->set || record_has(record, "set", section->set)))
			return (int)i;
	}
	return -1;
}

void problem_print(const struct record *record, struct buf *out)
{
	const char *file = record_get(record, "file");
	const char *line = record_get(record, "line");
	const char *column = record_get(record, "column");
	const char *text = record_get(record, "text");

	if (file) {
		utf8_add_printable(out, file);
		if (line)
			buf_printf(out, ":%s", line);
		if (line && column)
			buf_printf(out, ":%s", column);
		buf_puts(out, ": ");
	}
	if (record_has(record, "level", "warning"))
		buf_puts(out, "warning: ");
	utf8_add_printable(out, text ? text : "");
}

void problem_json(const struct record *record, struct json *json)
{
	json_open(json, '{');
	json_key(json, "level");
	json_string(json, record_get(record, "level"));
	json_key(json, "file");
	json_string(json, record_get(record, "file"));
	json_key(json, "line");
	json_number(json, record_get(record, "line"));
	json_key(json, "column");
	json_number(json, record_get(record, "column"));
	json_key(json, "text");
	json_string(json, record_get(record, "text"));
	json_close(json, '}');
}

static void failure_json(const struct failure *failure)
{
	struct json json = {0};
	char number[24];

	json_open(&json, '{');
	json_key(&json, "error");
	json_open(&json, '{');
	json_key(&json, "code");
	snprintf(number, sizeof(number), "%d", failure->code);
	json_number(&json, number);
	if (failure->line) {
		json_key(&json, "line");
		snprintf(number, sizeof(number), "%lu", failure->line);
		json_number(&json, number);
	}
	json_key(&json, "text");
	json_string(&json, failure->text);
	json_close(&json, '}');
	if (failure->problems && failure->problems->out.len) {
		json_key(&json, "errors");
		json_open(&json, '[');
		json_join(&json, failure->problems);
		json_close(&json, ']');
	}
	json_close(&json, '}');
	printf("%s\n", json.out.data);
	json_free(&json);
}

void failure_print(const struct failure *failure, bool json)
{
	struct buf text = {0};

	if (json)
		failure_json(failure);
	fflush(stdout);
	utf8_add_printable(&text, failure->text);
	if (failure->line)
		fprintf(stderr, "line %lu: %s\n", failure->line, buf_text(&text));
	else
		fprintf(stderr, "smcroutectl: %s\n", buf_text(&text));
	buf_free(&text);
}
