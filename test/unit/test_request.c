/* SPDX-License-Identifier: GPL-2.0-or-later */
/* request: names of commands and topics, their abbreviations, and what is said of wrong ones. */
#include "unit.h"

#include <string.h>

#include "core/request.h"

#define ROUTE_USAGE "IIF [SOURCE[/LEN]] GROUP[/LEN] [OIF ...]"
#define GROUP_USAGE "IIF [SOURCE[/LEN]] GROUP[/LEN]"
#define SHOW_USAGE  "[routes | groups | interfaces | pending]"

static const struct name {
	const char *word;
	enum command command;
} names[] = {
	{"add", COMMAND_ADD},	      {"a", COMMAND_ADD},	  {"ad", COMMAND_ADD},
	{"remove", COMMAND_REMOVE},   {"rem", COMMAND_REMOVE},	  {"remo", COMMAND_REMOVE},
	{"remov", COMMAND_REMOVE},    {"del", COMMAND_REMOVE},	  {"d", COMMAND_REMOVE},
	{"de", COMMAND_REMOVE},	      {"join", COMMAND_JOIN},	  {"j", COMMAND_JOIN},
	{"leave", COMMAND_LEAVE},     {"l", COMMAND_LEAVE},	  {"show", COMMAND_SHOW},
	{"s", COMMAND_SHOW},	      {"sh", COMMAND_SHOW},	  {"flush", COMMAND_FLUSH},
	{"f", COMMAND_FLUSH},	      {"reload", COMMAND_RELOAD}, {"r", COMMAND_RELOAD},
	{"re", COMMAND_RELOAD},	      {"rel", COMMAND_RELOAD},	  {"restart", COMMAND_RELOAD},
	{"res", COMMAND_RELOAD},      {"kill", COMMAND_KILL},	  {"k", COMMAND_KILL},
	{"version", COMMAND_VERSION}, {"v", COMMAND_VERSION},	  {"help", COMMAND_HELP},
	{"h", COMMAND_HELP},
};

static void command_name(void **row)
{
	const struct name *want = *row;
	struct word word = {want->word, strlen(want->word), 1};
	struct diags diags = {0};
	const struct command_info *info = command_find(&word, &diags);

	assert_non_null(info);
	assert_int_equal(info->command, want->command);
	assert_int_equal(diags.count, 0);
}

/* Every prefix of every name means its command, but for those of "r" and "re". */
static void every_prefix_of_every_name(void **state)
{
	(void)state;
	for (const struct command_info *info = commands; info->names[0]; info++) {
		for (size_t n = 0; n < ARRAY_SIZE(info->names) && info->names[n]; n++) {
			for (size_t len = 1; len <= strlen(info->names[n]); len++) {
				struct word word = {info->names[n], len, 1};
				struct diags diags = {0};
				const struct command_info *found = command_find(&word, &diags);

				if (word.text[0] == 'r' && len < 3)
					assert_int_equal(found->command, COMMAND_RELOAD);
				else
					assert_ptr_equal(found, info);
				diags_free(&diags);
			}
		}
		assert_non_null(info->arguments);
		assert_non_null(info->purpose);
	}
}

/* A whole line; `said` is "" when it is understood. */
static const struct line {
	const char *line;
	enum command command;
	const char *stmt; /* that it carries; NULL = none */
	enum topic topic;
	bool detail;
	const char *said;
} lines[] = {
	{"add eth0 10.0.0.1 225.1.2.3 eth1", COMMAND_ADD,
	 "mroute from eth0 source 10.0.0.1 group 225.1.2.3 to eth1", 0, false, ""},
	{"a eth0 225.1.2.3", COMMAND_ADD, "mroute from eth0 group 225.1.2.3", 0, false, ""},
	{"add wpan0 :: :: 65472 eth0", COMMAND_ADD, "mroute from wpan0 group :: to 65472 eth0", 0,
	 false, ""},
	{"remove eth0 225.1.2.3 eth1", COMMAND_REMOVE, "mroute from eth0 group 225.1.2.3 to eth1",
	 0, false, ""},
	{"rem eth0 225.1.2.3/24", COMMAND_REMOVE, "mroute from eth0 group 225.1.2.0/24", 0, false,
	 ""},
	{"del eth0 225.1.2.3", COMMAND_REMOVE, "mroute from eth0 group 225.1.2.3", 0, false, ""},
	{"join eth0 225.1.2.3", COMMAND_JOIN, "mgroup from eth0 group 225.1.2.3", 0, false, ""},
	{"j eth0 10.0.0.1 232.1.2.3", COMMAND_JOIN,
	 "mgroup from eth0 source 10.0.0.1 group 232.1.2.3", 0, false, ""},
	{"leave eth0 225.1.2.3", COMMAND_LEAVE, "mgroup from eth0 group 225.1.2.3", 0, false, ""},
	{"show", COMMAND_SHOW, NULL, TOPIC_ROUTES, false, ""},
	{"s", COMMAND_SHOW, NULL, TOPIC_ROUTES, false, ""},
	{"show detail", COMMAND_SHOW, NULL, TOPIC_ROUTES, true, ""},
	{"s g", COMMAND_SHOW, NULL, TOPIC_GROUPS, false, ""},
	{"sh ro", COMMAND_SHOW, NULL, TOPIC_ROUTES, false, ""},
	{"show groups detail", COMMAND_SHOW, NULL, TOPIC_GROUPS, true, ""},
	{"show pending", COMMAND_SHOW, NULL, TOPIC_PENDING, false, ""},
	{"flush", COMMAND_FLUSH, NULL, 0, false, ""},
	{"r", COMMAND_RELOAD, NULL, 0, false, ""},
	{"re", COMMAND_RELOAD, NULL, 0, false, ""},
	{"kill", COMMAND_KILL, NULL, 0, false, ""},
	{"version", COMMAND_VERSION, NULL, 0, false, ""},
	{"help", COMMAND_HELP, NULL, 0, false, ""},
	{"help add", COMMAND_HELP, NULL, 0, false, ""},
	/* refused */
	{"ADD eth0 225.1.2.3", 0, NULL, 0, false, "unknown command 'ADD'; try 'help'"},
	{"frobnicate", 0, NULL, 0, false, "unknown command 'frobnicate'; try 'help'"},
	{"shwo", 0, NULL, 0, false, "unknown command 'shwo'; did you mean 'show'?"},
	{"adds eth0 225.1.2.3", 0, NULL, 0, false, "unknown command 'adds'; did you mean 'add'?"},
	{"reloads", 0, NULL, 0, false, "unknown command 'reloads'; did you mean 'reload'?"},
	{"add", 0, NULL, 0, false, "too few words; usage: add " ROUTE_USAGE},
	{"a eth0", 0, NULL, 0, false, "too few words; usage: add " ROUTE_USAGE},
	{"del eth0", 0, NULL, 0, false, "too few words; usage: remove " ROUTE_USAGE},
	{"join eth0", 0, NULL, 0, false, "too few words; usage: join " GROUP_USAGE},
	{"leave eth0 1.1.1.1 225.1.2.3 eth1", 0, NULL, 0, false,
	 "too many words; usage: leave " GROUP_USAGE},
	{"flush all", 0, NULL, 0, false, "too many words; usage: flush"},
	{"kill now", 0, NULL, 0, false, "too many words; usage: kill"},
	{"help add remove", 0, NULL, 0, false, "too many words; usage: help [COMMAND]"},
	{"show routes groups", 0, NULL, 0, false, "too many words; usage: show " SHOW_USAGE},
	{"show routes groups detail", 0, NULL, 0, false, "too many words; usage: show " SHOW_USAGE},
	{"show xyz", 0, NULL, 0, false,
	 "there is no 'xyz' to show; try routes, groups, interfaces or pending"},
	/* faults: rejected input exited 0 */
	{"join eth0 1.2.3.4", 0, NULL, 0, false,
	 "'1.2.3.4' is no multicast group: IPv4 groups are 224.0.0.0 to 239.255.255.255"},
	{"add eth0 225.1.2.3/99 eth1", 0, NULL, 0, false,
	 "the prefix length in '225.1.2.3/99' must be 0 to 32"},
};

static void whole_line(void **row)
{
	const struct line *want = *row;
	struct request request = {0};
	struct words words = {0};
	struct diags diags = {0};
	struct buf said = {0}, printed = {0};
	int result;

	words_split(&words, want->line, strlen(want->line), false);
	result = request_parse(&request, &words, &diags);
	unit_diags(&diags, &said);
	assert_string_equal(buf_text(&said), want->said);
	assert_int_equal(result == 0, want->said[0] == '\0');
	if (result == 0) {
		assert_int_equal(request.command, want->command);
		if (request.command == COMMAND_SHOW) {
			assert_int_equal(request.topic, want->topic);
			assert_int_equal(request.detail, want->detail);
		}
		if (want->stmt) {
			stmt_print(&request.stmt, &printed);
			assert_string_equal(buf_text(&printed), want->stmt);
		}
	}
	request_free(&request);
	words_free(&words);
	diags_free(&diags);
	buf_free(&said);
	buf_free(&printed);
}

static const struct topic_name {
	const char *name;
	enum topic topic;
} topic_names[] = {
	{"routes", TOPIC_ROUTES},    {"mroute", TOPIC_ROUTES},	   {"mroutes", TOPIC_ROUTES},
	{"status", TOPIC_ROUTES},    {"groups", TOPIC_GROUPS},	   {"interfaces", TOPIC_INTERFACES},
	{"iface", TOPIC_INTERFACES}, {"ifaces", TOPIC_INTERFACES}, {"intf", TOPIC_INTERFACES},
	{"int", TOPIC_INTERFACES},   {"pending", TOPIC_PENDING},
};

/* Each name, and every prefix of it. */
static void topic_and_prefixes(void **row)
{
	const struct topic_name *want = *row;

	for (size_t len = 1; len <= strlen(want->name); len++) {
		struct word word = {want->name, len, 1};
		struct diags diags = {0};
		enum topic topic;

		assert_int_equal(topic_find(&word, &topic, &diags), 0);
		assert_int_equal(topic, want->topic);
	}
}

/* Fault: an unknown command ran "show". */
static void fault_unknown_command_runs_show(void **state)
{
	static const char *const unknown[] = {"x", "sho w", "shows", "-h", "", "\x01"};
	struct diags diags = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		struct word word = {unknown[i], strlen(unknown[i]), 1};

		assert_null(command_find(&word, &diags));
		assert_int_equal(diags.errors, i + 1);
	}
	diags_free(&diags);
}

/* The client checks before it connects: name and number of words, not the values. */
static void client_checks_shape_only(void **state)
{
	static const char line[] = "add eth0 rubbish";
	struct words words = {0};
	struct diags diags = {0};

	(void)state;
	words_split(&words, line, strlen(line), false);
	assert_non_null(command_check(&words, &diags));
	assert_int_equal(diags.count, 0);
	words_free(&words);
}

int main(void)
{
	struct unit unit = {0};

	UNIT_TABLE(&unit, command_name, names);
	UNIT_TEST(&unit, every_prefix_of_every_name);
	UNIT_TABLE(&unit, whole_line, lines);
	UNIT_TABLE(&unit, topic_and_prefixes, topic_names);
	UNIT_TEST(&unit, fault_unknown_command_runs_show);
	UNIT_TEST(&unit, client_checks_shape_only);
	return unit_run(&unit, "request");
}
