/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/command.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "daemon/proto.h"

static void join_errors(const struct diags *diags, struct buf *out)
{
	for (size_t i = 0; i < diags->count; i++) {
		if (diags->list[i].warning)
			continue;
		if (out->len)
			buf_puts(out, "; ");
		buf_puts(out, diags->list[i].text);
	}
}

static void put_error(struct answer *answer, enum reply_code code, const struct diags *diags,
		      int err)
{
	struct buf text = {0};

	join_errors(diags, &text);
	proto_error(answer->out, code, text.len ? buf_text(&text) : strerror(-err));
	buf_free(&text);
}

static void finish(struct answer *answer, const struct diags *diags, int err)
{
	for (size_t i = 0; i < diags->count; i++)
		if (diags->list[i].warning)
			log_warn("command: %s", diags->list[i].text);
	if (err < 0)
		put_error(answer, REPLY_REFUSED, diags, err);
	else
		proto_ok(answer->out);
}

typedef int (*change_fn)(struct engine *engine, const struct stmt *st, struct diags *diags);

static void change(struct commander *commander, struct answer *answer, change_fn fn)
{
	int err = fn(commander->engine, &commander->request.stmt, &commander->diags);

	finish(answer, &commander->diags, err);
}

static void run_add(struct commander *commander, struct answer *answer)
{
	change(commander, answer, engine_add);
}

static void run_remove(struct commander *commander, struct answer *answer)
{
	change(commander, answer, engine_remove);
}

static void run_join(struct commander *commander, struct answer *answer)
{
	change(commander, answer, engine_join);
}

static void run_leave(struct commander *commander, struct answer *answer)
{
	change(commander, answer, engine_leave);
}

static void run_show(struct commander *commander, struct answer *answer)
{
	const struct report_sources sources = {
		.engine = commander->engine,
		.mrdisc = commander->mrdisc,
		.problems = &commander->reload->problems,
		.table = commander->table,
	};

	answer->report = report_show(&sources, &commander->request);
}

static void run_flush(struct commander *commander, struct answer *answer)
{
	engine_flush(commander->engine);
	engine_settle(commander->engine);
	proto_ok(answer->out);
}

static void run_reload(struct commander *commander, struct answer *answer)
{
	struct problems *refused = NULL;
	struct buf text = {0};

	if (reload_run(commander->reload, &refused, &text) < 0) {
		answer->report = report_refusal(refused, buf_text(&text));
		problems_release(refused);
	} else {
		proto_ok(answer->out);
	}
	buf_free(&text);
}

static void run_kill(struct commander *commander, struct answer *answer)
{
	(void)commander;
	answer->kill = true;
	proto_ok(answer->out);
}

static void run_version(struct commander *commander, struct answer *answer)
{
	(void)commander;
	record_begin(answer->out, "version");
	record_text(answer->out, "text", PACKAGE_VERSION);
	record_end(answer->out);
	proto_ok(answer->out);
}

static void run_help(struct commander *commander, struct answer *answer)
{
	(void)commander;
	for (const struct command_info *info = commands; info->names[0]; info++) {
		record_begin(answer->out, "help");
		record_text(answer->out, "name", info->names[0]);
		record_text(answer->out, "arguments", info->arguments);
		record_text(answer->out, "purpose", info->purpose);
		record_end(answer->out);
	}
	proto_ok(answer->out);
}

static const struct {
	void (*run)(struct commander *commander, struct answer *answer);
	bool changes; /* something: worth a line in the log */
} actions[] = {
	[COMMAND_ADD] = {run_add, true},	  [COMMAND_REMOVE] = {run_remove, true},
	[COMMAND_JOIN] = {run_join, true},	  [COMMAND_LEAVE] = {run_leave, true},
	[COMMAND_SHOW] = {run_show, false},	  [COMMAND_FLUSH] = {run_flush, true},
	[COMMAND_RELOAD] = {run_reload, true},	  [COMMAND_KILL] = {run_kill, true},
	[COMMAND_VERSION] = {run_version, false}, [COMMAND_HELP] = {run_help, false},
};

#define LOGGED 400 /* bytes of a request in the log */

static void log_change(const char *line, size_t len, const struct peer *peer)
{
	char text[LOGGED + 1];

	if (!log_wants(LOG_INFO))
		return;
	len = len < LOGGED ? len : LOGGED;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		text[i] = c < ' ' || c == 0x7f ? '?' : (char)c;
	}
	text[len] = '\0';
	log_info("command of user %u, process %d: %s", peer->uid, peer->pid, text);
}

/* Words that make no command are not understood; bad values of a good one are refused. */
static void put_misunderstood(struct commander *commander, struct answer *answer)
{
	struct diags again = {0};
	const struct command_info *info = command_check(&commander->words, &again);
	bool values = info && info->command != COMMAND_SHOW;

	put_error(answer, values ? REPLY_REFUSED : REPLY_NOT_UNDERSTOOD, &commander->diags,
		  -EINVAL);
	diags_free(&again);
}

void command_run(struct commander *commander, const char *line, size_t len, const struct peer *peer,
		 struct answer *answer)
{
	struct request *request = &commander->request;

	words_split(&commander->words, line, len, false);
	if (!commander->words.count)
		return;
	if (request_parse(request, &commander->words, &commander->diags) < 0) {
		put_misunderstood(commander, answer);
	} else {
		if (actions[request->command].changes)
			log_change(line, len, peer);
		actions[request->command].run(commander, answer);
	}
	diags_free(&commander->diags);
}

void commander_free(struct commander *commander)
{
	words_free(&commander->words);
	request_free(&commander->request);
}
