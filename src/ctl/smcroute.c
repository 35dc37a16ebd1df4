/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smcroute: the one command of the releases up to 2.2, for the scripts that still call it.
 *
 * It only translates: -d starts smcrouted, which is looked for beside this program, and everything
 * else becomes words of smcroutectl, done in the order given.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/session.h"

/* What an option stands for and how many words it takes behind it. */
static const struct verb {
	const char *option;
	const char *command;
	int min, max;
	const char *usage;
} verbs[] = {
	{"-a", "add", 3, 65536, "-a IIF SOURCE GROUP OIF [OIF ...]   add a route"},
	{"-r", "remove", 3, 65536, "-r IIF SOURCE GROUP [OIF ...]       remove a route"},
	{"-j", "join", 2, 2, "-j IIF GROUP                        join a group"},
	{"-l", "leave", 2, 2, "-l IIF GROUP                        leave a group"},
	{"-x", "join", 3, 3, "-x IIF SOURCE GROUP                 join one source of a group"},
	{"-y", "leave", 3, 3, "-y IIF SOURCE GROUP                 leave one source of a group"},
	{"-F", "flush", 0, 0, "-F                                  forget learned flows"},
	{"-k", "kill", 0, 0, "-k                                  stop the daemon"},
	{"-v", "version", 0, 0, "-v                                  show the version"},
};

/* Options of the daemon, given with -d; those with a value take the next word. */
static const struct passed {
	const char *option, *as;
	bool value;
} passed[] = {
	{"-c", "-c", true},
	{"-e", "-e", true},
	{"-f", "-f", true},
	{"-p", "-p", true},
	{"-L", "-l", true},
	{"-m", "-m", true},
	{"-P", "-P", true},
	{"-t", "-t", true},
	{"-i", "-i", true},
	{"-I", "-i", true},
	{"-u", "-u", true},
	{"-n", "-n", false},
	{"-N", "-N", false},
	{"-s", "-s", false},
	{"-D", NULL, false},
	{"--max-flows", "--max-flows", true},
	{"--socket-group", "--socket-group", true},
	{"--strict", "--strict", false},
};

struct plan {
	char **daemon; /* owned array: argv for smcrouted */
	size_t n_daemon, daemon_room;
	bool start, foreground;
	const char *identity, *socket;
	int commands; /* how many */
};

static int usage(int status)
{
	FILE *out = status ? stderr : stdout;

	fputs("usage: smcroute [-d [options of smcrouted]] [commands]\n\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(out, "  %s\n", verbs[i].usage);
	fputs("  -d                                  start the daemon; -L LEVEL sets its log "
	      "level,\n"
	      "                                      -D stands for -L debug\n"
	      "\nNew scripts use smcrouted and smcroutectl.\n",
	      out);
	return status;
}

static int complain(const char *what, const char *word)
{
	fprintf(stderr, "smcroute: %s%s; try 'smcroute -h'\n", what, word);
	return EX_USAGE;
}

static const struct verb *find_verb(const char *option)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(option, verbs[i].option) == 0)
			return &verbs[i];
	return NULL;
}

static const struct passed *find_passed(const char *option)
{
	for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
		if (strcmp(option, passed[i].option) == 0)
			return &passed[i];
	return NULL;
}

static void add_argument(struct plan *plan, const char *text)
{
	char **place =
		mem_append(&plan->daemon, plan->n_daemon, &plan->daemon_room, sizeof(char *));

	*place = text ? mem_strndup(text, strlen(text)) : NULL;
	plan->n_daemon++;
}

static int pass(struct plan *plan, const struct passed *option, const char *value)
{
	if (option->value && !value)
		return complain("a value is missing behind ", option->option);
	add_argument(plan, option->as ? option->as : "-l");
	if (!option->as)
		add_argument(plan, "debug");
	else if (option->value)
		add_argument(plan, value);
	if (strcmp(option->option, "-i") == 0 || strcmp(option->option, "-I") == 0)
		plan->identity = value;
	if (strcmp(option->option, "-u") == 0)
		plan->socket = value;
	if (strcmp(option->option, "-n") == 0)
		plan->foreground = true;
	return 0;
}

/* The words that belong to the option at @at: up to the next one. */
static int count_words(char *argv[], int at)
{
	int n = 0;

	while (argv[at + 1 + n] && argv[at + 1 + n][0] != '-')
		n++;
	return n;
}

/* What makes sense word by word, but not as a whole. */
static int check_plan(const struct plan *plan)
{
	if (!plan->start && !plan->commands)
		return complain("there is neither a command nor ", "-d");
	if (plan->start && plan->foreground && plan->commands)
		return complain("commands need a call of their own with ", "-d -n");
	return 0;
}

/* Checks everything before anything is done. */
static int understand(struct plan *plan, char *argv[])
{
	for (int i = 1; argv[i]; i++) {
		const struct verb *verb = find_verb(argv[i]);
		const struct passed *option = find_passed(argv[i]);
		int status, words;

		if (strcmp(argv[i], "-d") == 0) {
			plan->start = true;
		} else if (option) {
			status = pass(plan, option, option->value ? argv[i + 1] : NULL);
			if (status)
				return status;
			i += option->value;
		} else if (verb) {
			words = count_words(argv, i);
			if (words < verb->min || words > verb->max)
				return complain("too few or too many words behind ", argv[i]);
			plan->commands++;
			i += words;
		} else {
			return complain("unknown option ", argv[i]);
		}
	}
	return check_plan(plan);
}

/*
 * Runs the smcrouted that lies beside this program; its exit status once it is ready.  In the
 * foreground this process becomes the daemon, so that whoever supervises it has the right one.
 */
static int start_daemon(struct plan *plan)
{
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - sizeof("smcrouted"));
	char *slash;
	int status;
	pid_t pid;

	path[len > 0 ? len : 0] = '\0';
	slash = strrchr(path, '/');
	memcpy(slash ? slash + 1 : path, "smcrouted", sizeof("smcrouted"));
	add_argument(plan, NULL);
	plan->daemon[0] = path;
	pid = plan->foreground ? 0 : fork();
	if (pid == 0) {
		execvp(path, plan->daemon);
		fprintf(stderr, "smcroute: can't run %s: %s\n", path, strerror(errno));
		_exit(EX_OSFILE);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return EX_OSERR;
	plan->daemon[0] = NULL;
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : EX_OSERR;
}

/* Has the client do it, as if its command line had been typed. */
static int run_command(const struct plan *plan, const struct verb *verb, char *words[], int count)
{
	char **line = mem_alloc((size_t)(count + 8) * sizeof(*line));
	struct options options;
	struct buf why = {0};
	int n = 0, status;

	line[n++] = (char *)"smcroute";
	if (plan->socket || plan->identity) {
		line[n++] = (char *)(plan->socket ? "-u" : "-i");
		line[n++] = (char *)(plan->socket ? plan->socket : plan->identity);
	}
	line[n++] = (char *)verb->command;
	for (int i = 0; i < count; i++)
		line[n++] = words[i];
	optind = 0; /* starts getopt() afresh */
	status = options_parse(&options, n, line, &why);
	if (status)
		complain(buf_text(&why), "");
	else
		status = session_run(&options);
	options_free(&options);
	buf_free(&why);
	free(line);
	return status;
}

/* All commands in their order; the status of the first that failed. */
static int run_commands(const struct plan *plan, char *argv[])
{
	int first_failure = 0;

	for (int i = 1; argv[i]; i++) {
		const struct verb *verb = find_verb(argv[i]);
		const struct passed *option = find_passed(argv[i]);
		int words, status;

		if (option)
			i += option->value;
		if (!verb)
			continue;
		words = count_words(argv, i);
		status = run_command(plan, verb, argv + i + 1, words);
		first_failure = first_failure ? first_failure : status;
		i += words;
	}
	return first_failure;
}

int main(int argc, char *argv[])
{
	struct plan plan = {0};
	int status;

	if (argc < 2)
		return usage(EX_USAGE);
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "-h") == 0)
			return usage(0);
	add_argument(&plan, NULL); /* the program's name, see start_daemon() */
	status = understand(&plan, argv);
	if (status == 0 && plan.start)
		status = start_daemon(&plan);
	if (status == 0)
		status = run_commands(&plan, argv);
	for (size_t i = 0; i < plan.n_daemon; i++)
		free(plan.daemon[i]);
	free(plan.daemon);
	return status;
}
