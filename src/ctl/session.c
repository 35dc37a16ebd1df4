/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/session.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/render.h"

#define WINDOW	   1024	 /* requests of a batch that may be without answer */
#define BACKLOG	   65536 /* bytes that may wait to be sent before more is read */
#define SILENCE_MS 15000 /* from a daemon that owes an answer */
#define MAX_LINE   65536 /* of the protocol */
#define TOO_LONG   "longer than 64 KiB; split it into several"
#define READ_SIZE  65536
#define REFUSED	   1

/* A request; either it was sent, or its answer is known already and is in text. */
struct asked {
	enum command command;
	enum topic topic;
	bool detail;
	unsigned long line; /* of the batch, 0 for the command line */
	char *text;	    /* owned */
	int status;	    /* with text: 0, or an error */
};

struct session {
	const struct options *options;
	const struct render_ops *ops;
	struct look look;
	struct client client;
	struct asked *ring; /* owned: those without answer, @count of @window from @first on */
	size_t first, count, window;
	struct render *render; /* of the answer that is coming in; NULL: nothing to show yet */
	struct json problems;  /* the same, of an answer that is not shown */
	struct record record;
	struct words words;
	struct buf request;
	struct buf input; /* of a batch */
	size_t input_taken;
	unsigned long line; /* of the batch, that was taken last */
	bool input_ended, input_overlong;
	bool stopping;	  /* a "kill" is on its way: until the connection ends nothing else goes */
	int64_t heard_at; /* when the daemon last spoke, or began to owe an answer */
	int status;
};

static void fail(struct session *s, unsigned long line, int code, const char *text)
{
	struct failure failure = {code, text, line, &s->problems};

	failure_print(&failure, s->options->json);
	s->status = s->options->batch ? REFUSED : code;
}

/* The connection is of no more use; returns the exit status. */
static int give_up(struct session *s, int status, const char *text)
{
	fail(s, s->count ? s->ring[s->first].line : 0, status, text);
	return s->status = status;
}

/* Of what came in so far nothing was shown yet. */
static void forget_answer(struct session *s)
{
	if (s->render)
		s->ops->free(s->render);
	s->render = NULL;
	json_free(&s->problems);
}

static void pop(struct session *s)
{
	free(s->ring[s->first].text);
	s->first = (s->first + 1) % s->window;
	s->count--;
	forget_answer(s);
	s->heard_at = client_now();
}

static void begin_render(struct session *s, const struct asked *asked)
{
	struct look look = s->look;

	look.detail = asked->detail;
	if (!s->render)
		s->render = s->ops->begin(asked->topic, &look);
}

/* What the daemon says about the request at the front. */
static void take_record(struct session *s, const struct asked *asked, char *line)
{
	struct buf text = {0};

	record_parse(&s->record, line);
	if (strcmp(s->record.type, "restart") == 0) {
		forget_answer(s);
	} else if (asked->command == COMMAND_SHOW) {
		begin_render(s, asked);
		s->ops->record(s->render, &s->record);
	} else if (strcmp(s->record.type, "problem") == 0) {
		problem_json(&s->record, &s->problems);
		problem_print(&s->record, &text);
		fflush(stdout);
		fprintf(stderr, "%s\n", buf_text(&text));
		buf_free(&text);
	}
}

/* "error CODE TEXT"; a code that is no exit status of a failure counts as refused. */
static void take_error(struct session *s, const struct asked *asked, const char *rest)
{
	char *text;
	unsigned long code = strtoul(rest, &text, 10);

	text += strspn(text, " ");
	fail(s, asked->line, code > 0 && code < 128 ? (int)code : REFUSED,
	     *text ? text : "refused; the daemon did not say why");
	s->stopping = false;
	pop(s);
}

static void take_ok(struct session *s, const struct asked *asked)
{
	if (asked->command == COMMAND_SHOW) {
		begin_render(s, asked);
		s->ops->write(s->render, stdout);
	}
	pop(s);
}

/* Takes all answers that are there, up to the first one that is not complete. */
static void take_answers(struct session *s)
{
	while (s->count) {
		struct asked *asked = &s->ring[s->first];
		char *line;

		if (asked->text) {
			if (asked->status)
				fail(s, asked->line, asked->status, asked->text);
			else
				fputs(asked->text, stdout);
			pop(s);
			continue;
		}
		line = client_line(&s->client);
		if (!line)
			break;
		if (strcmp(line, "ok") == 0)
			take_ok(s, asked);
		else if (strncmp(line, "error ", 6) == 0)
			take_error(s, asked, line + 6);
		else
			take_record(s, asked, line);
	}
}

/* The answer to what can be told without the daemon; NULL when it is needed. */
static char *local_answer(const struct words *words, const struct command_info *info,
			  struct diags *diags)
{
	struct buf text = {0};

	if (info->command == COMMAND_VERSION) {
		buf_puts(&text, "smcroutectl " PACKAGE_VERSION "\n");
	} else if (info->command == COMMAND_HELP) {
		if (words->count > 1) {
			info = command_find(&words->list[1], diags);
			if (!info)
				return NULL;
		} else {
			info = NULL;
		}
		options_help(info, &text);
	}
	return text.data;
}

/* Fills in what the words ask for; what is wrong with them goes to @diags. */
static void understand(struct session *s, const struct words *words, struct asked *asked,
		       struct diags *diags)
{
	const struct command_info *info = command_check(words, diags);
	struct request request = {0};

	if (!info)
		return;
	asked->command = info->command;
	asked->text = local_answer(words, info, diags);
	buf_consume(&s->request, s->request.len);
	buf_puts(&s->request, info->names[0]);
	if (info->command == COMMAND_SHOW && request_parse(&request, words, diags) == 0) {
		asked->topic = request.topic;
		asked->detail = request.detail || s->options->detail;
		buf_printf(&s->request, " %s%s", screens[asked->topic].key,
			   asked->detail ? " detail" : "");
	} else if (info->command != COMMAND_SHOW) {
		for (size_t i = 1; i < words->count; i++) {
			buf_putc(&s->request, ' ');
			buf_add(&s->request, words->list[i].text, words->list[i].len);
		}
	}
	if (s->request.len > MAX_LINE)
		diag_error(diags, (struct pos){0}, TOO_LONG);
	request_free(&request);
}

static void enqueue(struct session *s, const struct asked *asked)
{
	if (!s->count)
		s->heard_at = client_now();
	s->ring[(s->first + s->count++) % s->window] = *asked;
}

static void enqueue_error(struct session *s, const char *text)
{
	struct asked asked = {.line = s->line, .status = EX_USAGE};

	asked.text = mem_strndup(text, strlen(text));
	enqueue(s, &asked);
}

/* Queues a request to the daemon; 0, or an exit status. */
static int enqueue_request(struct session *s, const struct asked *asked)
{
	struct buf why = {0};
	int status = 0;

	if (s->client.fd < 0) {
		take_answers(s); /* those that need no daemon are all there is */
		status = client_open(&s->client, buf_text(&s->options->path), &why);
	}
	enqueue(s, asked);
	if (status) {
		give_up(s, status, buf_text(&why));
	} else {
		client_send(&s->client, &s->request);
		s->stopping = asked->command == COMMAND_KILL;
	}
	buf_free(&why);
	return status;
}

/* Sends the words, or queues what can be said about them at once; 0, or an exit status. */
static int ask(struct session *s, const struct words *words)
{
	struct asked asked = {.line = s->line};
	struct diags diags = {0};
	int status = 0;

	understand(s, words, &asked, &diags);
	if (diags.errors)
		enqueue_error(s, diags.list[0].text);
	else if (asked.text)
		enqueue(s, &asked);
	else
		status = enqueue_request(s, &asked);
	if (diags.errors)
		free(asked.text);
	diags_free(&diags);
	return status;
}

static bool window_open(const struct session *s)
{
	return s->options->batch && !s->stopping && s->count < s->window &&
	       s->client.out.len < BACKLOG;
}

/* The next line of the batch, or NULL when none is complete.  An overlong one comes cut to nothing.
 */
static const char *next_line(struct session *s, size_t *len, bool *overlong)
{
	size_t left = s->input.len - s->input_taken;
	const char *start = buf_text(&s->input) + s->input_taken;
	const char *end = memchr(start, '\n', left);

	if (!end && !s->input_ended) {
		if (left > MAX_LINE)
			s->input_overlong = true;
		if (s->input_overlong)
			s->input_taken = s->input.len;
		return NULL;
	}
	if (!end && !left && !s->input_overlong)
		return NULL;
	*len = end ? (size_t)(end - start) : left;
	*overlong = s->input_overlong || *len > MAX_LINE;
	s->input_overlong = false;
	s->input_taken += end ? *len + 1 : left;
	s->line++;
	return start;
}

/* Asks what the lines read so far say, as long as there is room; 0, or an exit status. */
static int take_lines(struct session *s)
{
	int status = 0;
	const char *line;
	size_t len;
	bool overlong;

	while (!status && window_open(s) && (line = next_line(s, &len, &overlong))) {
		if (overlong) {
			enqueue_error(s, TOO_LONG);
			continue;
		}
		words_split(&s->words, line, len, true);
		if (s->words.count)
			status = ask(s, &s->words);
	}
	return status;
}

/* The daemon hung up.  A batch that is idle connects anew with its next line. */
static int take_hangup(struct session *s)
{
	struct buf text = {0};
	int status = 0;

	if (s->count) {
		buf_printf(&text,
			   "the daemon at %s hung up before it answered%s; it was stopped or has "
			   "crashed: see its log",
			   buf_text(&s->options->path),
			   s->options->batch ? ", and what follows is lost" : "");
		status = give_up(s, EX_UNAVAILABLE, buf_text(&text));
	}
	client_close(&s->client);
	s->stopping = false;
	buf_free(&text);
	return status;
}

static int take_silence(struct session *s)
{
	struct buf text = {0};
	int status;

	buf_printf(
		&text, "the daemon at %s %s for %d seconds: it is stuck; see its log, restart it",
		buf_text(&s->options->path),
		s->count ? "has not answered" : "was told to stop and has not", SILENCE_MS / 1000);
	status = give_up(s, EX_UNAVAILABLE, buf_text(&text));
	buf_free(&text);
	return status;
}

static void read_input(struct session *s)
{
	char *room;
	ssize_t n;

	buf_consume(&s->input, s->input_taken);
	s->input_taken = 0;
	room = buf_reserve(&s->input, READ_SIZE);
	n = read(STDIN_FILENO, room, READ_SIZE);
	if (n > 0) {
		s->input.len += (size_t)n;
		room[n] = '\0';
	} else if (n == 0) {
		s->input_ended = true;
	} else if (errno != EAGAIN && errno != EINTR) {
		fail(s, s->line + 1, EX_IOERR, "can't read standard input any further");
		s->input_ended = true;
	}
}

static int transfer(struct session *s)
{
	struct buf text = {0};
	int error, status = 0;
	bool heard;

	error = client_transfer(&s->client, &heard);
	if (heard)
		s->heard_at = client_now();
	if (error < 0) {
		client_explain(error, buf_text(&s->options->path), &text);
		status = give_up(s, EX_UNAVAILABLE, buf_text(&text));
		buf_free(&text);
	}
	return status;
}

/* Waits for the daemon and for input, and moves what there is; 0, or an exit status. */
static int wait_and_move(struct session *s, bool owed, bool want_input)
{
	struct pollfd wait[] = {
		{.fd = s->client.fd, .events = client_events(&s->client)},
		{.fd = want_input ? STDIN_FILENO : -1, .events = POLLIN},
	};
	int64_t left = s->heard_at + SILENCE_MS - client_now();

	fflush(stdout);
	if (owed && left <= 0)
		return take_silence(s);
	if (poll(wait, ARRAY_SIZE(wait), owed ? (int)left : -1) < 0)
		return 0;
	if (wait[1].revents)
		read_input(s);
	return wait[0].revents ? transfer(s) : 0;
}

/* Goes on until everything is asked and answered, or the daemon is lost. */
static int converse(struct session *s)
{
	for (;;) {
		int status = take_lines(s);
		bool full = !window_open(s), owed, want_input;

		if (status)
			return status;
		take_answers(s);
		if (s->client.closed) {
			status = take_hangup(s);
			if (status)
				return status;
			continue;
		}
		if (full && window_open(s))
			continue; /* there may be lines that were read and not taken */
		want_input = window_open(s) && !s->input_ended;
		owed = s->count || s->stopping;
		if (!owed && !want_input)
			return s->status;
		status = wait_and_move(s, owed, want_input);
		if (status)
			return status;
	}
}

/* Sequences for the terminal only where one is, and where the user takes them. */
static bool wants_terminal(const struct options *options)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	return !options->plain && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0 &&
	       isatty(STDOUT_FILENO);
}

int session_run(const struct options *options)
{
	static const struct word show = {.text = "show", .len = 4, .column = 1};
	struct session *s = mem_alloc(sizeof(*s));
	int status = 0;

	s->options = options;
	s->ops = options->json ? &render_json : &render_text;
	s->client.fd = -1;
	s->window = options->batch ? WINDOW : 1;
	s->ring = mem_alloc(s->window * sizeof(*s->ring));
	s->look = (struct look){.detail = options->detail,
				.bare = options->bare,
				.terminal = wants_terminal(options)};
	if (options->words.count)
		status = ask(s, &options->words);
	else if (!options->batch)
		status = ask(s, &(struct words){.list = (struct word *)&show, .count = 1});
	if (!status)
		status = converse(s);
	while (s->count)
		pop(s);
	client_close(&s->client);
	record_free(&s->record);
	words_free(&s->words);
	buf_free(&s->request);
	buf_free(&s->input);
	json_free(&s->problems);
	free(s->ring);
	free(s);
	return status;
}
