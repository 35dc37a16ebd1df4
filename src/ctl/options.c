/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define DEFAULT_IDENTITY "smcroute"

enum effect { SETS_FLAG, TAKES_TEXT, IS_COMMAND };

struct option_info {
	char letter;
	const char *name, *argument;
	enum effect effect;
	size_t offset; /* in struct options, of what it sets */
	const char *purpose;
};

static const struct option_info table[] = {
	{'b', "batch", NULL, SETS_FLAG, offsetof(struct options, batch),
	 "Read commands from standard input, one a line"},
	{'d', "detail", NULL, SETS_FLAG, offsetof(struct options, detail),
	 "Show more: counters, and why something is not in force"},
	{'F', "flush", NULL, IS_COMMAND, 0, "The same as the command flush"},
	{'h', "help", NULL, IS_COMMAND, 0, "Show this help, or that on one command"},
	{'i', "ident", "NAME", TAKES_TEXT, offsetof(struct options, identity),
	 "Identity of the daemon, default " DEFAULT_IDENTITY},
	{'I', NULL, "NAME", TAKES_TEXT, offsetof(struct options, identity), "The same as -i"},
	{'j', "json", NULL, SETS_FLAG, offsetof(struct options, json),
	 "Show everything as JSON, errors too"},
	{'k', "kill", NULL, IS_COMMAND, 0, "The same as the command kill"},
	{'p', "plain", NULL, SETS_FLAG, offsetof(struct options, plain),
	 "Plain headings on a terminal too"},
	{'t', "no-headings", NULL, SETS_FLAG, offsetof(struct options, bare),
	 "No titles and headings, only rows"},
	{'u', "socket", "FILE", TAKES_TEXT, offsetof(struct options, socket),
	 "Socket of the daemon, default " RUNSTATEDIR "/NAME.sock"},
	{'v', "version", NULL, IS_COMMAND, 0, "Show the version"},
};

#define OPTIONS ARRAY_SIZE(table)

/* The table in the two forms that getopt_long() wants. */
static void getopt_forms(char letters[2 * OPTIONS + 2], struct option names[OPTIONS + 1])
{
	*letters++ = ':'; /* say what is missing, print nothing */
	for (size_t i = 0; i < OPTIONS; i++) {
		*letters++ = table[i].letter;
		if (table[i].argument)
			*letters++ = ':';
		if (table[i].name)
			*names++ = (struct option){table[i].name, !!table[i].argument, NULL,
						   table[i].letter};
	}
	*letters = '\0';
	*names = (struct option){0};
}

static void add_word(struct words *words, const char *text)
{
	struct word *word = mem_append(&words->list, words->count, &words->room, sizeof(*word));

	*word = (struct word){.text = text, .len = strlen(text), .column = 1};
	words->count++;
}

static int apply(struct options *options, const struct option_info *info, struct buf *why)
{
	char *place = (char *)options + info->offset;

	switch (info->effect) {
	case SETS_FLAG:
		*(bool *)place = true;
		return 0;
	case TAKES_TEXT:
		*(const char **)place = optarg;
		return 0;
	case IS_COMMAND:
		if (options->words.count) {
			buf_printf(why, "option -%c is a command of its own; give one at a time",
				   info->letter);
			return EX_USAGE;
		}
		add_word(&options->words, info->name);
		return 0;
	}
	return 0;
}

static int apply_letter(struct options *options, int letter, char *argv[], struct buf *why)
{
	const char *last = argv[optind - 1];
	bool spelled = strncmp(last, "--", 2) == 0;

	for (size_t i = 0; i < OPTIONS; i++)
		if (table[i].letter == letter)
			return apply(options, &table[i], why);
	if (spelled)
		buf_printf(why, "option %s ", last);
	else
		buf_printf(why, "option -%c ", optopt);
	if (letter == ':')
		buf_puts(why, "needs an argument");
	else if (spelled && optopt)
		buf_puts(why, "takes no argument");
	else
		buf_puts(why, spelled ? "is unknown or ambiguous" : "is unknown");
	buf_puts(why, "; try 'smcroutectl -h'");
	return EX_USAGE;
}

/* The request is a line of words, so a word is never empty and has no white space. */
static int check_words(const struct words *words, struct buf *why)
{
	char quoted[WORD_QUOTED];

	for (size_t i = 0; i < words->count; i++) {
		const struct word *word = &words->list[i];

		if (word->len && strcspn(word->text, " \t\n\v\f\r") == word->len)
			continue;
		buf_printf(why, "%s can't be a word of a command: it is empty or has white space",
			   word_quote(word, quoted));
		return EX_USAGE;
	}
	return 0;
}

static int find_socket(struct options *options, struct buf *why)
{
	const char *identity = options->identity ? options->identity : DEFAULT_IDENTITY;

	if (options->socket && *options->socket) {
		buf_puts(&options->path, options->socket);
	} else if (options->socket || !*identity || strchr(identity, '/')) {
		buf_puts(why, "-i takes a name, not a path; -u takes the path of a socket");
		return EX_USAGE;
	} else {
		buf_printf(&options->path, "%s/%s.sock", RUNSTATEDIR, identity);
	}
	return 0;
}

int options_parse(struct options *options, int argc, char *argv[], struct buf *why)
{
	char letters[2 * OPTIONS + 2];
	struct option names[OPTIONS + 1];
	int letter, status = 0;

	memset(options, 0, sizeof(*options));
	getopt_forms(letters, names);
	opterr = 0;
	while (!status && (letter = getopt_long(argc, argv, letters, names, NULL)) != -1)
		status = apply_letter(options, letter, argv, why);
	for (; !status && optind < argc; optind++)
		add_word(&options->words, argv[optind]);
	if (!status)
		status = check_words(&options->words, why);
	if (!status)
		status = find_socket(options, why);
	if (!status && options->batch && options->words.count) {
		buf_printf(why, "with -b, commands come from standard input; '%s' is one too many",
			   options->words.list[0].text);
		status = EX_USAGE;
	}
	return status;
}

static void help_command(const struct command_info *info, struct buf *out)
{
	buf_printf(out, "  %s", info->names[0]);
	for (size_t i = 1; i < ARRAY_SIZE(info->names) && info->names[i]; i++)
		buf_printf(out, ", %s", info->names[i]);
	buf_printf(out, "%s%s\n          %s\n", *info->arguments ? " " : "", info->arguments,
		   info->purpose);
}

static void help_option(const struct option_info *info, struct buf *out)
{
	struct buf left = {0};

	buf_printf(&left, "  -%c", info->letter);
	if (info->name)
		buf_printf(&left, ", --%s", info->name);
	if (info->argument)
		buf_printf(&left, " %s", info->argument);
	buf_printf(out, "%-22s %s\n", left.data, info->purpose);
	buf_free(&left);
}

void options_help(const struct command_info *info, struct buf *out)
{
	if (info) {
		help_command(info, out);
		return;
	}
	buf_puts(out,
		 "Usage: smcroutectl [OPTION ...] [COMMAND [ARGUMENT ...]]\n\n"
		 "Asks the multicast routing daemon smcrouted; without a command it shows the "
		 "routes.\n\nCommands, which may be shortened as long as only one is meant:\n");
	for (info = commands; info->names[0]; info++)
		help_command(info, out);
	buf_puts(out, "\nOptions:\n");
	for (size_t i = 0; i < OPTIONS; i++)
		help_option(&table[i], out);
}

void options_free(struct options *options)
{
	buf_free(&options->path);
	words_free(&options->words);
}
