/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/request.h"

#include <errno.h>

#define ANY_NUMBER SIZE_MAX
#define ROUTE_ARGS "IIF [SOURCE[/LEN]] GROUP[/LEN] [OIF ...]"
#define GROUP_ARGS "IIF [SOURCE[/LEN]] GROUP[/LEN]"
#define SHOW_ARGS  "[routes | groups | interfaces | pending]"

const struct command_info commands[] = {
	{COMMAND_ADD, {"add"}, ROUTE_ARGS, "Add a route, or interfaces to one", 2, ANY_NUMBER},
	{COMMAND_REMOVE,
	 {"remove", "del"},
	 ROUTE_ARGS,
	 "Remove a route, or only the interfaces named",
	 2,
	 ANY_NUMBER},
	{COMMAND_JOIN, {"join"}, GROUP_ARGS, "Join a group, or sources of it", 2, 3},
	{COMMAND_LEAVE, {"leave"}, GROUP_ARGS, "Leave what was joined", 2, 3},
	{COMMAND_SHOW,
	 {"show"},
	 SHOW_ARGS,
	 "Show what is asked for and what the kernel does",
	 0,
	 2},
	{COMMAND_FLUSH, {"flush"}, "", "Forget all flows learned from packets", 0, 0},
	{COMMAND_RELOAD, {"reload", "restart"}, "", "Read the configuration again", 0, 0},
	{COMMAND_KILL, {"kill"}, "", "Stop the daemon", 0, 0},
	{COMMAND_VERSION, {"version"}, "", "Show the version", 0, 0},
	{COMMAND_HELP, {"help"}, "[COMMAND]", "Show this help", 0, 1},
	{COMMAND_HELP, {NULL}, NULL, NULL, 0, 0},
};

static const struct {
	const char *name;
	enum topic topic;
} topics[] = {
	{"routes", TOPIC_ROUTES},   {"mroutes", TOPIC_ROUTES},	      {"status", TOPIC_ROUTES},
	{"groups", TOPIC_GROUPS},   {"interfaces", TOPIC_INTERFACES}, {"ifaces", TOPIC_INTERFACES},
	{"intf", TOPIC_INTERFACES}, {"pending", TOPIC_PENDING},
};

enum fit { NO_FIT, PREFIX_FIT, EXACT_FIT };

/* How well the word names the command. */
static enum fit fit(const struct word *word, const struct command_info *info)
{
	enum fit best = NO_FIT;

	for (size_t i = 0; i < ARRAY_SIZE(info->names) && info->names[i]; i++) {
		if (word_is(word, info->names[i]))
			return EXACT_FIT;
		if (word_is_prefix_of(word, info->names[i]))
			best = PREFIX_FIT;
	}
	return best;
}

static void unknown_command(const struct word *word, struct diags *diags)
{
	const char *names[ARRAY_SIZE(commands)] = {NULL};
	char quoted[WORD_QUOTED];
	const char *guess;

	for (size_t i = 0; commands[i].names[0]; i++)
		names[i] = commands[i].names[0];
	guess = word_guess(word, names);
	word_quote(word, quoted);
	if (guess)
		diag_error(diags, (struct pos){0}, "unknown command %s; did you mean '%s'?", quoted,
			   guess);
	else
		diag_error(diags, (struct pos){0}, "unknown command %s; try 'help'", quoted);
}

const struct command_info *command_find(const struct word *word, struct diags *diags)
{
	const struct command_info *found = NULL;
	char quoted[WORD_QUOTED];

	/* 'r' and 're' have always meant reload; 'rem' is the first that means remove. */
	bool reload = word_is(word, "r") || word_is(word, "re");

	for (const struct command_info *info = commands; info->names[0]; info++) {
		enum fit how = fit(word, info);

		if (how == EXACT_FIT)
			return info;
		if (how == NO_FIT || (reload && info->command != COMMAND_RELOAD))
			continue;
		if (found) {
			diag_error(diags, (struct pos){0}, "%s may be '%s' or '%s'",
				   word_quote(word, quoted), found->names[0], info->names[0]);
			return NULL;
		}
		found = info;
	}
	if (!found)
		unknown_command(word, diags);
	return found;
}

const struct command_info *command_check(const struct words *words, struct diags *diags)
{
	const struct command_info *info = command_find(&words->list[0], diags);

	if (!info)
		return NULL;
	if (words->count - 1 < info->min_words)
		diag_error(diags, (struct pos){0}, "too few words; usage: %s%s%s", info->names[0],
			   info->arguments[0] ? " " : "", info->arguments);
	else if (words->count - 1 > info->max_words)
		diag_error(diags, (struct pos){0}, "too many words; usage: %s%s%s", info->names[0],
			   info->arguments[0] ? " " : "", info->arguments);
	else
		return info;
	return NULL;
}

int topic_find(const struct word *word, enum topic *topic, struct diags *diags)
{
	char quoted[WORD_QUOTED];

	for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
		if (word_is_prefix_of(word, topics[i].name)) {
			*topic = topics[i].topic;
			return 0;
		}
	}
	diag_error(diags, (struct pos){0},
		   "there is no %s to show; try routes, groups, interfaces "
		   "or pending",
		   word_quote(word, quoted));
	return -EINVAL;
}

static int parse_show(struct request *request, const struct words *words, struct diags *diags)
{
	size_t count = words->count;

	request->topic = TOPIC_ROUTES;
	request->detail = count > 1 && word_is(&words->list[count - 1], "detail");
	if (request->detail)
		count--;
	if (count > 2) {
		diag_error(diags, (struct pos){0}, "too many words; usage: show " SHOW_ARGS);
		return -EINVAL;
	}
	return count == 2 ? topic_find(&words->list[1], &request->topic, diags) : 0;
}

int request_parse(struct request *request, const struct words *words, struct diags *diags)
{
	const struct command_info *info = command_check(words, diags);

	if (!info)
		return -EINVAL;
	request->command = info->command;
	switch (info->command) {
	case COMMAND_ADD:
	case COMMAND_REMOVE:
		return stmt_parse_command(&request->stmt, STMT_MROUTE, words->list + 1,
					  words->count - 1, diags);
	case COMMAND_JOIN:
	case COMMAND_LEAVE:
		return stmt_parse_command(&request->stmt, STMT_MGROUP, words->list + 1,
					  words->count - 1, diags);
	case COMMAND_SHOW:
		return parse_show(request, words, diags);
	default:
		return 0;
	}
}

void request_free(struct request *request)
{
	stmt_free(&request->stmt);
}
