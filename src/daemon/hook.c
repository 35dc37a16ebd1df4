/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/log.h"
#include "daemon/report.h"
#include "kernel/inherit.h"

#define MAX_RUNNING 16
#define MAX_QUEUED  4096
#define RETRY_MS    1000 /* after there was no process to be had */

/* One call of the script: a word and some "NAME=VALUE" strings, each ended by NUL. */
struct job {
	struct list link; /* in hook.queue */
	const char *event;
	struct buf vars;
	pid_t pid; /* 0 while queued */
};

struct hook {
	struct hook_config config;
	struct loop *loop;
	struct list queue;
	size_t queued;
	struct job *running[MAX_RUNNING];
	posix_spawnattr_t attr;
	posix_spawn_file_actions_t files;
	bool overflow;		  /* dropping since the queue was full */
	bool starved;		  /* no process was to be had since the queue was empty */
	struct loop_timer *again; /* while starved */
	uint64_t topology;	  /* of the engine, as names[] has it */
	int start_error;	  /* errno of the last failed start, so that it is said once */

	/* The interface that has, or had, each VIF number; see hook_update(). */
	char names[FAMILIES][MAX_VIFS][IFNAME_SIZE];
};

/* What is ours to set, or none of the script's business. */
static const char *const reserved[] = {INHERIT_VARIABLE, "NOTIFY_SOCKET", "source", "group", "iif",
				       "oifs",		 "table",	  "family"};

static void free_job(struct job *job)
{
	buf_free(&job->vars);
	free(job);
}

static void add_var(struct job *job, const char *name, const char *value)
{
	buf_printf(&job->vars, "%s=%s", name, value);
	buf_putc(&job->vars, '\0');
}

static bool is_reserved(const char *var)
{
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
		size_t len = strlen(reserved[i]);

		if (strncmp(var, reserved[i], len) == 0 && var[len] == '=')
			return true;
	}
	return false;
}

static void add_pointer(char ***list, size_t *count, size_t *room, char *text)
{
	*(char **)mem_append(list, *count, room, sizeof(char *)) = text;
	++*count;
}

/* The environment of a script: ours, less what is reserved, plus the job's.  Free the array only.
 */
static char **environment(struct job *job)
{
	size_t count = 0, room = 0;
	char **list = NULL;

	for (char **var = environ; *var; var++)
		if (!is_reserved(*var))
			add_pointer(&list, &count, &room, *var);
	for (size_t at = 0; at < job->vars.len; at += strlen(job->vars.data + at) + 1)
		add_pointer(&list, &count, &room, job->vars.data + at);
	add_pointer(&list, &count, &room, NULL);
	return list;
}

/* Returns the limit from before. */
static rlim_t limit_descriptors(rlim_t soft)
{
	struct rlimit limit;
	rlim_t before;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return soft;
	before = limit.rlim_cur;
	limit.rlim_cur = soft;
	setrlimit(RLIMIT_NOFILE, &limit);
	return before;
}

/*
 * A limit is no attribute of posix_spawn(), so the script's is ours while it starts.  What is open
 * beyond it stays open, but where posix_spawn() itself opens something (musl does) there may be no
 * room: then a script with our limit is better than none.
 */
static int spawn(const struct hook *hook, struct job *job, char **env)
{
	const char *script = hook->config.script;
	char *argv[] = {(char *)script, (char *)job->event, NULL}; /* as execve() wants */
	rlim_t ours = limit_descriptors(hook->config.descriptors);
	int err = posix_spawn(&job->pid, script, &hook->files, &hook->attr, argv, env);

	limit_descriptors(ours);
	if (err == EMFILE)
		err = posix_spawn(&job->pid, script, &hook->files, &hook->attr, argv, env);
	return err;
}

/* Processes or memory are short, not for good: what waits keeps its place. */
static void try_later(struct hook *hook, int err)
{
	if (!hook->starved)
		log_warn("can't run the action script %s for now: %s; its calls wait",
			 hook->config.script, strerror(err));
	hook->starved = true;
	loop_set_timer(hook->again, loop_now(hook->loop) + RETRY_MS);
}

/* Whether the first of the queue is out of it: started, or dropped as it can't be. */
static bool start(struct hook *hook, struct job **slot, struct job *job)
{
	char **env = environment(job);
	int err = spawn(hook, job, env);

	free(env);
	if (err == EAGAIN || err == ENOMEM) {
		try_later(hook, err);
		return false;
	}
	if (err && err != hook->start_error)
		log_warn("can't run the action script %s: %s", hook->config.script, strerror(err));
	hook->start_error = err;
	list_remove(&job->link);
	hook->queued--;
	if (err)
		free_job(job);
	else
		*slot = job;
	return true;
}

static struct job **free_slot(struct hook *hook)
{
	for (size_t i = 0; i < MAX_RUNNING; i++)
		if (!hook->running[i])
			return &hook->running[i];
	return NULL;
}

static void start_queued(struct hook *hook)
{
	struct list *pos, *tmp;

	list_for_each(pos, tmp, &hook->queue) {
		struct job **slot = free_slot(hook);

		if (!slot || !start(hook, slot, list_entry(pos, struct job, link)))
			return;
	}
	hook->overflow = hook->starved = false;
}

static void on_again(void *ctx)
{
	start_queued(ctx);
}

static void enqueue(struct hook *hook, struct job *job)
{
	if (hook->queued == MAX_QUEUED) {
		if (!hook->overflow)
			log_warn("the action script %s does not keep up: %d calls wait, more are "
				 "dropped",
				 hook->config.script, MAX_QUEUED);
		hook->overflow = true;
		free_job(job);
		return;
	}
	list_append(&hook->queue, &job->link);
	hook->queued++;
	if (!hook->starved)
		start_queued(hook);
}

static void log_end(const struct hook *hook, const struct job *job, int status)
{
	if (WIFSIGNALED(status))
		log_warn("action script %s %s, process %d, was ended by signal %d (%s)",
			 hook->config.script, job->event, (int)job->pid, WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		log_at(WEXITSTATUS(status) ? LOG_WARNING : LOG_INFO,
		       "action script %s %s, process %d, ended with status %d", hook->config.script,
		       job->event, (int)job->pid, WEXITSTATUS(status));
}

static void on_child(void *ctx)
{
	struct hook *hook = ctx;

	for (size_t i = 0; i < MAX_RUNNING; i++) {
		struct job *job = hook->running[i];
		int status;

		if (!job || waitpid(job->pid, &status, WNOHANG) != job->pid)
			continue;
		log_end(hook, job, status);
		hook->running[i] = NULL;
		free_job(job);
	}
	start_queued(hook);
}

/* Scripts start as from a shell: no signal blocked or ignored by our doing, nothing to read; and
 * see spawn(). */
static void prepare(struct hook *hook)
{
	static const int ours[] = {SIGPIPE, SIGHUP, SIGTERM, SIGINT, SIGCHLD};
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		sigaddset(&defaults, ours[i]);
	posix_spawnattr_init(&hook->attr);
	posix_spawnattr_setsigmask(&hook->attr, &none);
	posix_spawnattr_setsigdefault(&hook->attr, &defaults);
	posix_spawnattr_setflags(&hook->attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&hook->files);
	posix_spawn_file_actions_addopen(&hook->files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
}

struct hook *hook_new(struct loop *loop, const struct hook_config *config)
{
	struct hook *hook;

	if (!config->script)
		return NULL;
	if (access(config->script, X_OK) < 0)
		log_warn("the action script %s can't be run: %s", config->script, strerror(errno));
	hook = mem_alloc(sizeof(*hook));
	hook->config = *config;
	hook->loop = loop;
	list_init(&hook->queue);
	hook->again = loop_add_timer(loop, on_again, hook);
	prepare(hook);
	loop_add_signal(loop, SIGCHLD, on_child, hook);
	return hook;
}

static struct job *new_job(const struct hook *hook, const char *event)
{
	struct job *job = mem_alloc(sizeof(*job));
	char table[16];

	job->event = event;
	snprintf(table, sizeof(table), "%u", hook->config.table);
	add_var(job, "table", table);
	return job;
}

void hook_reload(struct hook *hook)
{
	if (hook)
		enqueue(hook, new_job(hook, "reload"));
}

void hook_update(struct hook *hook, const struct engine *engine)
{
	if (!hook || hook->topology == engine_topology(engine))
		return;
	hook->topology = engine_topology(engine);
	for (int f = 0; f < FAMILIES; f++)
		for (unsigned int i = 0; i < MAX_VIFS; i++) {
			const struct link *link =
				report_vif_link(engine_state(engine), (enum family)f, i);

			if (link)
				memcpy(hook->names[f][i], link->info.name, IFNAME_SIZE);
		}
}

static const char *vif_name(const struct hook *hook, const struct state *state, enum family family,
			    unsigned int number)
{
	const struct link *link = report_vif_link(state, family, number);

	return link ? link->info.name : hook->names[family][number];
}

static void add_outbound(const struct hook *hook, struct job *job, const struct state *state,
			 const struct mfc *mfc)
{
	enum family family = (enum family)mfc->group.family;
	struct buf names = {0};

	for (unsigned int i = 0; i < MAX_VIFS; i++) {
		if (!mfc->ttls[i])
			continue;
		if (names.len)
			buf_putc(&names, ' ');
		buf_puts(&names, vif_name(hook, state, family, i));
	}
	add_var(job, "oifs", buf_text(&names));
	buf_free(&names);
}

void hook_flow(struct hook *hook, const char *event, const struct state *state,
	       const struct flow *flow)
{
	static const char *const names[FAMILIES] = {"ipv4", "ipv6"};
	enum family family = (enum family)flow->mfc.group.family;
	char text[ADDR_TEXT];
	struct job *job;

	if (!hook)
		return;
	job = new_job(hook, event);
	add_var(job, "source", addr_format(&flow->mfc.source, text));
	add_var(job, "group", addr_format(&flow->mfc.group, text));
	add_var(job, "iif", vif_name(hook, state, family, flow->mfc.iif));
	add_outbound(hook, job, state, &flow->mfc);
	add_var(job, "family", names[family]);
	enqueue(hook, job);
}

void hook_free(struct hook *hook)
{
	struct list *pos, *tmp;

	if (!hook)
		return;
	list_for_each(pos, tmp, &hook->queue)
		free_job(list_entry(pos, struct job, link));
	for (size_t i = 0; i < MAX_RUNNING; i++)
		if (hook->running[i])
			free_job(hook->running[i]);
	loop_remove_timer(hook->again);
	posix_spawnattr_destroy(&hook->attr);
	posix_spawn_file_actions_destroy(&hook->files);
	free(hook);
}
