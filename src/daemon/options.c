/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "core/token.h"

#define DEFAULT_IDENT "smcroute"
#define LONG_TIME     999999999 /* seconds */

enum kind { SETS_FLAG, TAKES_TEXT, TAKES_NUMBER, TAKES_LEVEL };

/* Letters of options that have only a long name. */
enum { STRICT = 256, SOCKET_GROUP, MAX_FLOWS };

struct option_info {
	int letter;
	enum kind kind;
	const char *name, *argument;
	size_t offset; /* in struct options, of what it sets */
	unsigned long min, max;
	const char *purpose; /* NULL: not in the help */
};

#define AT(member) offsetof(struct options, member)

static const struct option_info table[] = {
	{'c', TAKES_NUMBER, "cache-timeout", "SEC", AT(cache_seconds), 0, LONG_TIME,
	 "Forget flows silent so long, default 60; 0 = never"},
	{'d', TAKES_NUMBER, "startup-delay", "SEC", AT(delay_seconds), 0, LONG_TIME,
	 "Wait SEC seconds before doing anything"},
	{'D', TAKES_NUMBER, "exit-after", "SEC", AT(exit_seconds), 1, LONG_TIME, NULL},
	{'e', TAKES_TEXT, "exec", "CMD", AT(script), 0, 0,
	 "Run CMD after loading and when flows come and go"},
	{'f', TAKES_TEXT, "config", "FILE", AT(conf), 0, 0,
	 "Configuration, " SYSCONFDIR "/NAME.conf"},
	{'F', TAKES_TEXT, "check", "FILE", AT(check), 0, 0, "Check a configuration and exit"},
	{'h', SETS_FLAG, "help", NULL, AT(help), 0, 0, "Show this help"},
	{'i', TAKES_TEXT, "ident", "NAME", AT(ident), 0, 0,
	 "Name for files and the log, default " DEFAULT_IDENT},
	{'I', TAKES_TEXT, "identity", "NAME", AT(ident), 0, 0, NULL},
	{'l', TAKES_LEVEL, "log-level", "LVL", AT(log_level), 0, 0,
	 "none, err, warning, notice (default), info, debug"},
	{'m', TAKES_NUMBER, "mrdisc-interval", "SEC", AT(mrdisc_seconds), 4, 180,
	 "Between router advertisements, 4-180, default 20"},
	{'n', SETS_FLAG, "foreground", NULL, AT(foreground), 0, 0,
	 "Stay in the foreground and log to standard error"},
	{'N', SETS_FLAG, "no-vifs", NULL, AT(no_vifs), 0, 0,
	 "No effect: only interfaces that are named are used"},
	{'p', TAKES_TEXT, "user", "USER[:GROUP]", AT(user), 0, 0,
	 "Become this user once everything is open"},
	{'P', TAKES_TEXT, "pid-file", "FILE", AT(pid_file), 0, 0,
	 "Process id, " RUNSTATEDIR "/NAME.pid"},
	{'s', SETS_FLAG, "syslog", NULL, AT(syslog), 0, 0, "Log to syslog in the foreground too"},
	{SOCKET_GROUP, TAKES_TEXT, "socket-group", "GROUP", AT(socket_group), 0, 0,
	 "Let this group use the control socket"},
	{STRICT, SETS_FLAG, "strict", NULL, AT(strict), 0, 0,
	 "Do not start with errors in the configuration"},
	{'t', TAKES_NUMBER, "table", "ID", AT(table), 0, LONG_TIME,
	 "Multicast routing table, default 0: the kernel's own"},
	{'u', TAKES_TEXT, "socket", "FILE", AT(socket), 0, 0,
	 "Control socket, " RUNSTATEDIR "/NAME.sock"},
	{MAX_FLOWS, TAKES_NUMBER, "max-flows", "N", AT(max_flows), 1, UINT32_MAX,
	 "Learn no more flows than this, default 100000"},
	{'v', SETS_FLAG, "version", NULL, AT(version), 0, 0, "Show the version"},
};

#define OPTIONS ARRAY_SIZE(table)

/* The table in the two forms that getopt_long() wants. */
static void getopt_forms(char letters[2 * OPTIONS + 2], struct option names[OPTIONS + 1])
{
	*letters++ = ':'; /* say what is missing, print nothing */
	for (size_t i = 0; i < OPTIONS; i++) {
		if (table[i].letter <= CHAR_MAX) {
			*letters++ = (char)table[i].letter;
			if (table[i].argument)
				*letters++ = ':';
		}
		*names++ = (struct option){table[i].name, table[i].argument != NULL, NULL,
					   table[i].letter};
	}
	*letters = '\0';
	*names = (struct option){0};
}

static int apply_number(const struct option_info *info, const char *text, unsigned long *number,
			struct buf *error)
{
	const struct word word = {.text = text, .len = strlen(text)};
	char quoted[WORD_QUOTED];

	if (word_number(&word, info->max, number) == 0 && *number >= info->min)
		return 0;
	buf_printf(error, "--%s takes a number from %lu to %lu, not %s", info->name, info->min,
		   info->max, word_quote(&word, quoted));
	return -EINVAL;
}

static int apply_level(const char *text, int *level, struct buf *error)
{
	const struct word word = {.text = text, .len = strlen(text)};
	char quoted[WORD_QUOTED];

	if (log_parse_level(text, level) == 0)
		return 0;
	buf_printf(error, "there is no log level %s; take none, err, warning, notice, info, debug",
		   word_quote(&word, quoted));
	return -EINVAL;
}

static int refuse_empty(const struct option_info *info, struct buf *error)
{
	buf_printf(error, "--%s needs more than an empty argument", info->name);
	return -EINVAL;
}

static int apply(struct options *options, const struct option_info *info, struct buf *error)
{
	void *place = (char *)options + info->offset;

	switch (info->kind) {
	case SETS_FLAG:
		*(bool *)place = true;
		return 0;
	case TAKES_TEXT:
		*(const char **)place = optarg;
		return *optarg ? 0 : refuse_empty(info, error);
	case TAKES_NUMBER:
		return apply_number(info, optarg, place, error);
	case TAKES_LEVEL:
		return apply_level(optarg, place, error);
	}
	return 0;
}

static int apply_letter(struct options *options, int letter, const char *last, struct buf *error)
{
	bool is_long = strncmp(last, "--", 2) == 0;

	for (size_t i = 0; i < OPTIONS; i++)
		if (table[i].letter == letter)
			return apply(options, &table[i], error);
	if (is_long)
		buf_printf(error, "option %s ", last);
	else
		buf_printf(error, "option -%c ", optopt);
	if (letter == ':')
		buf_puts(error, "needs an argument");
	else if (optopt && is_long)
		buf_puts(error, "takes no argument");
	else
		buf_puts(error, "is unknown or ambiguous");
	return -EINVAL;
}

/* An owned absolute path for a path relative to where we are now. */
static char *absolute(const char *path)
{
	struct buf out = {0};
	char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);

	if (here)
		buf_printf(&out, "%s/", strcmp(here, "/") == 0 ? "" : here);
	buf_puts(&out, path);
	free(here);
	return out.data;
}

/* An owned path: as given, or the default in @dir for our identity. */
static char *path_or_default(const char *given, const struct options *options, const char *dir,
			     const char *suffix)
{
	struct buf out = {0};

	if (given)
		return absolute(given);
	buf_printf(&out, "%s/%s%s", dir, options->ident, suffix);
	return out.data;
}

/* A pid file without any slash is a name among the others in that folder. */
static char *pid_path(const struct options *options)
{
	const char *given = options->pid_file;
	struct buf out = {0};

	if (!given || strchr(given, '/'))
		return path_or_default(given, options, RUNSTATEDIR, ".pid");
	buf_printf(&out, "%s/%s.pid", RUNSTATEDIR, given);
	return out.data;
}

static void complete(struct options *options)
{
	options->conf = path_or_default(options->conf, options, SYSCONFDIR, ".conf");
	options->socket = path_or_default(options->socket, options, RUNSTATEDIR, ".sock");
	options->pid_file = pid_path(options);
	if (options->script)
		options->script = absolute(options->script);
}

static int parse_all(struct options *options, int argc, char *argv[], struct buf *error)
{
	struct option names[OPTIONS + 1];
	char letters[2 * OPTIONS + 2];
	int letter;

	getopt_forms(letters, names);
	while ((letter = getopt_long(argc, argv, letters, names, NULL)) != -1)
		if (apply_letter(options, letter, argv[optind - 1], error) < 0)
			return -EINVAL;
	if (optind < argc) {
		buf_printf(error, "'%s' is no option", argv[optind]);
		return -EINVAL;
	}
	if (strchr(options->ident, '/')) {
		buf_printf(error, "an identity has no '/': '%s'", options->ident);
		return -EINVAL;
	}
	return 0;
}

int options_parse(struct options *options, int argc, char *argv[], struct buf *error)
{
	*options = (struct options){
		.ident = DEFAULT_IDENT,
		.cache_seconds = 60,
		.max_flows = 100000,
		.log_level = LOG_NOTICE,
	};
	if (parse_all(options, argc, argv, error) < 0) {
		/* What is in them now is not owned. */
		options->conf = options->socket = options->pid_file = options->script = NULL;
		return -EINVAL;
	}
	complete(options);
	return 0;
}

static void help_option(const struct option_info *info, struct buf *out)
{
	size_t start = out->len;

	if (info->letter <= CHAR_MAX)
		buf_printf(out, "  -%c, --%s", info->letter, info->name);
	else
		buf_printf(out, "      --%s", info->name);
	if (info->argument)
		buf_printf(out, " %s", info->argument);
	buf_printf(out, "%*s%s\n", out->len - start < 29 ? (int)(30 - (out->len - start)) : 1, "",
		   info->purpose);
}

void options_help(struct buf *out)
{
	buf_puts(out, "Usage: smcrouted [OPTION ...]\n\n"
		      "Routes multicast between interfaces as its configuration and smcroutectl "
		      "say.\n\n");
	for (size_t i = 0; i < OPTIONS; i++)
		if (table[i].purpose)
			help_option(&table[i], out);
}

void options_free(struct options *options)
{
	free(options->conf);
	free(options->pid_file);
	free(options->socket);
	free(options->script);
}
