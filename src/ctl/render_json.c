/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON: one line, an object whose only fixed member is the topic.  What a record type may carry is
 * a table.  "ttls" stands beside "oifs" and has an element for each: the TTL that a packet must
 * exceed to leave there, null where the daemon sent none; it is absent when no interface has one
 * (IPv6). "errors" is there only when there are any.
 */
#include "ctl/render.h"

#include <stdlib.h>
#include <string.h>

struct render {
	const struct screen *screen;
	struct json sections[MAX_SECTIONS];
	struct json errors;
};

struct member {
	const char *key; /* of the record, and in JSON unless write_oifs and its like know better */
	void (*write)(struct json *json, const char *key, const struct record *record);
};

static void string_or_null(struct json *json, const char *key, const struct record *record)
{
	json_key(json, key);
	json_string(json, record_get(record, key));
}

static void number_or_null(struct json *json, const char *key, const struct record *record)
{
	json_key(json, key);
	json_number(json, record_get(record, key));
}

static void string_if_there(struct json *json, const char *key, const struct record *record)
{
	if (record_get(record, key))
		string_or_null(json, key, record);
}

static void number_if_there(struct json *json, const char *key, const struct record *record)
{
	if (record_get(record, key))
		number_or_null(json, key, record);
}

static void yes_if_there(struct json *json, const char *key, const struct record *record)
{
	if (!record_get(record, key))
		return;
	json_key(json, key);
	json_bool(json, record_has(record, key, "yes"));
}

static void oifs(struct json *json, const char *key, const struct record *record)
{
	size_t cursor = 0;
	const char *name;

	json_key(json, "oifs");
	json_open(json, '[');
	while ((name = record_next(record, key, &cursor)))
		json_string(json, name);
	json_close(json, ']');
}

/* The TTL of an outbound interface is the pair behind its name. */
static void ttls(struct json *json, const char *key, const struct record *record)
{
	size_t cursor = 0;

	if (!record_get(record, key))
		return;
	json_key(json, "ttls");
	json_open(json, '[');
	while (record_next(record, "oif", &cursor)) {
		const struct pair *next = &record->pairs[cursor];

		json_number(json, cursor < record->count && strcmp(next->key, key) == 0
					  ? next->value
					  : NULL);
	}
	json_close(json, ']');
}

/* A list of prefixes, comma-separated or in several pairs. */
static void list_if_there(struct json *json, const char *key, const struct record *record)
{
	size_t cursor = 0;
	const char *value;

	if (!record_get(record, key))
		return;
	json_key(json, key);
	json_open(json, '[');
	while ((value = record_next(record, key, &cursor))) {
		char *copy = mem_strndup(value, strlen(value)), *rest = copy, *item;

		while ((item = strsep(&rest, ",")))
			json_string(json, item);
		free(copy);
	}
	json_close(json, ']');
}

/* Router discovery: an object for each family, of the pairs from its name to the next one's. */
static void mrdisc(struct json *json, const char *key, const struct record *record)
{
	static const struct {
		const char *pair, *key;
		void (*add)(struct json *json, const char *text);
	} known[] = {
		{"mrdisc_state", "state", json_string}, {"mrdisc_reason", "reason", json_string},
		{"sent", "sent", json_number},		{"received", "received", json_number},
		{"ignored", "ignored", json_number},
	};
	const char *family;
	size_t cursor = 0;

	if (!record_get(record, key))
		return;
	json_key(json, key);
	json_open(json, '{');
	while ((family = record_next(record, key, &cursor))) {
		json_key(json, family);
		json_open(json, '{');
		for (; cursor < record->count && strcmp(record->pairs[cursor].key, key) != 0;
		     cursor++)
			for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
				if (strcmp(record->pairs[cursor].key, known[i].pair) != 0)
					continue;
				json_key(json, known[i].key);
				known[i].add(json, record->pairs[cursor].value);
			}
		json_close(json, '}');
	}
	json_close(json, '}');
}

static const struct member route_members[] = {
	{"source", string_or_null},
	{"group", string_or_null},
	{"iif", string_or_null},
	{"oif", oifs},
	{"ttl", ttls},
	{"rule", string_if_there},
	{"scopes", number_if_there},
	{"except", list_if_there},
	{"packets", number_if_there},
	{"bytes", number_if_there},
	{"wrong_if", number_if_there},
	{"age", number_if_there},
	{"state", string_if_there},
	{"reason", string_if_there},
	{"kind", string_if_there},
	{"origin", string_if_there},
	{"table", number_if_there},
	{NULL, NULL},
};

static const struct member group_members[] = {
	{"source", string_or_null},  {"group", string_or_null},
	{"iif", string_or_null},     {"rule", string_if_there},
	{"state", string_if_there},  {"reason", string_if_there},
	{"origin", string_if_there}, {NULL, NULL},
};

static const struct member interface_members[] = {
	{"index", number_or_null},   {"name", string_or_null},	 {"vif", number_or_null},
	{"mif", number_or_null},     {"state", string_if_there}, {"multicast", yes_if_there},
	{"reason", string_if_there}, {"mrdisc", mrdisc},	 {NULL, NULL},
};

static const struct member pending_members[] = {
	{"kind", string_or_null},
	{"iif", string_or_null},
	{"source", string_or_null},
	{"group", string_or_null},
	{"oif", oifs},
	{"scopes", number_if_there},
	{"except", list_if_there},
	{"state", string_if_there},
	{"reason", string_if_there},
	{"origin", string_if_there},
	{NULL, NULL},
};

static const struct member *const members[] = {
	[TOPIC_ROUTES] = route_members,
	[TOPIC_GROUPS] = group_members,
	[TOPIC_INTERFACES] = interface_members,
	[TOPIC_PENDING] = pending_members,
};

static struct render *json_begin(enum topic topic, const struct look *look)
{
	struct render *render = mem_alloc(sizeof(*render));

	(void)look;
	render->screen = &screens[topic];
	return render;
}

static void json_record(struct render *render, const struct record *record)
{
	int section = screen_section(render->screen, record);
	struct json *json;

	if (strcmp(record->type, "problem") == 0)
		problem_json(record, &render->errors);
	if (section < 0)
		return;
	json = &render->sections[section];
	json_open(json, '{');
	for (const struct member *member = members[render->screen - screens]; member->key; member++)
		member->write(json, member->key, record);
	json_close(json, '}');
}

static void write_array(struct json *json, const char *key, const struct json *list)
{
	json_key(json, key);
	json_open(json, '[');
	json_join(json, list);
	json_close(json, ']');
}

static void json_write(struct render *render, FILE *out)
{
	const struct screen *screen = render->screen;
	struct json json = {0};

	json_open(&json, '{');
	if (!screen->sections[0].key) {
		write_array(&json, screen->key, &render->sections[0]);
	} else {
		json_key(&json, screen->key);
		json_open(&json, '{');
		for (size_t i = 0; i < screen->count; i++)
			write_array(&json, screen->sections[i].key, &render->sections[i]);
		json_close(&json, '}');
	}
	if (render->errors.out.len)
		write_array(&json, "errors", &render->errors);
	json_close(&json, '}');
	buf_putc(&json.out, '\n');
	fwrite(json.out.data, 1, json.out.len, out);
	json_free(&json);
}

static void json_free_render(struct render *render)
{
	for (size_t i = 0; i < MAX_SECTIONS; i++)
		json_free(&render->sections[i]);
	json_free(&render->errors);
	free(render);
}

const struct render_ops render_json = {json_begin, json_record, json_write, json_free_render};
