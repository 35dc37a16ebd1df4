/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request: the commands that smcroutectl takes and the daemon answers, as one table.
 *
 * The client uses the table to tell usage errors and to print help, the daemon to understand a line
 * of the control socket.  Names may be abbreviated as long as only one command is meant.
 */
#ifndef CORE_REQUEST_H
#define CORE_REQUEST_H

#include "core/stmt.h"

enum command {
	COMMAND_ADD,
	COMMAND_REMOVE,
	COMMAND_JOIN,
	COMMAND_LEAVE,
	COMMAND_SHOW,
	COMMAND_FLUSH,
	COMMAND_RELOAD,
	COMMAND_KILL,
	COMMAND_VERSION,
	COMMAND_HELP,
};

enum topic { TOPIC_ROUTES, TOPIC_GROUPS, TOPIC_INTERFACES, TOPIC_PENDING };

struct command_info {
	enum command command;
	const char *names[4]; /* the first is the real one; the rest are aliases; ends with NULL */
	const char *arguments;
	const char *purpose;
	size_t min_words, max_words; /* behind the name */
};

extern const struct command_info commands[]; /* ends with names[0] == NULL */

struct request {
	enum command command;
	enum topic topic; /* COMMAND_SHOW */
	bool detail;	  /* COMMAND_SHOW: counters and kernel state wanted */
	struct stmt stmt; /* COMMAND_ADD ... COMMAND_LEAVE */
};

/* The command that a word stands for; NULL with an error in @diags. */
const struct command_info *command_find(const struct word *word, struct diags *diags);

/*
 * Checks the command word and the number of words, not the values; what a client can know is wrong
 * without asking.  NULL with an error in @diags.
 */
const struct command_info *command_check(const struct words *words, struct diags *diags);

/* Reads a topic of "show"; 0 or -EINVAL with an error in @diags. */
int topic_find(const struct word *word, enum topic *topic, struct diags *diags);

/*
 * Reads a whole request of at least one word.  @request is reused like a struct stmt.  "show" takes
 * the word "detail" behind the topic.  0 or -EINVAL with errors in @diags.
 */
int request_parse(struct request *request, const struct words *words, struct diags *diags);

void request_free(struct request *request);

#endif
