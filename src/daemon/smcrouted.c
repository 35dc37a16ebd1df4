/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's main(): puts the modules together and takes them apart again. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "core/engine.h"
#include "daemon/background.h"
#include "daemon/conf.h"
#include "daemon/ctl.h"
#include "daemon/mrdisc.h"
#include "daemon/options.h"
#include "daemon/privs.h"
#include "daemon/service.h"
#include "daemon/shed.h"
#include "daemon/takeover.h"

struct daemon {
	struct options options;
	char **argv;
	struct user user;
	gid_t socket_group;
	int background; /* where the parent waits for us to be ready, -1 = nobody */
	struct loop *loop;
	struct loop_timer *due; /* wakes the loop for the engine */
	struct klinux *klinux;
	struct engine *engine; /* NULL while waiting to start */
	struct reload reload;
	struct commander commander;
	struct mrdisc *mrdisc; /* NULL = not built in, or not yet */
	struct ctl *ctl;
	bool leaving;
};

/* Events for the engine */

static void on_upcall(void *ctx, const struct upcall *upcall)
{
	struct daemon *daemon = ctx;

	engine_upcall(daemon->engine, upcall, loop_now(daemon->loop));
}

static void on_link(void *ctx, const struct link_info *info)
{
	struct daemon *daemon = ctx;

	engine_link(daemon->engine, info);
}

static void on_link_gone(void *ctx, int index)
{
	struct daemon *daemon = ctx;

	engine_link_gone(daemon->engine, index);
}

static void on_links_begin(void *ctx)
{
	struct daemon *daemon = ctx;

	engine_links_begin(daemon->engine);
}

static void on_links_end(void *ctx)
{
	struct daemon *daemon = ctx;

	engine_links_end(daemon->engine);
}

/* Before each wait: what the turn made necessary, and what is due by time. */
static bool on_idle(void *ctx)
{
	struct daemon *daemon = ctx;
	uint64_t now = loop_now(daemon->loop), next;

	engine_settle(daemon->engine);
	next = engine_tick(daemon->engine, now);
	mrdisc_update(daemon->mrdisc);
	hook_update(daemon->reload.hook, daemon->engine);
	loop_set_timer(daemon->due, next);
	return next <= now;
}

/* Being awake is all: on_idle() does the rest. */
static void on_due(void *ctx)
{
	(void)ctx;
}

/* What the engine tells */

static void on_note(void *ctx, int priority, const char *text)
{
	(void)ctx;
	log_at(priority, "%s", text);
}

/* When the daemon ends, all flows end with it: nothing that a script would be called for. */
static void on_flow(void *ctx, enum flow_event event, const struct flow *flow)
{
	struct daemon *daemon = ctx;

	if (!daemon->leaving)
		hook_flow(daemon->reload.hook, event == FLOW_INSTALLED ? "install" : "remove",
			  engine_state(daemon->engine), flow);
}

/* Signals and times */

static void on_end(void *ctx)
{
	struct daemon *daemon = ctx;

	daemon->leaving = true;
	loop_stop(daemon->loop, 0);
}

static void on_hangup(void *ctx)
{
	struct daemon *daemon = ctx;
	struct buf text = {0};

	if (daemon->engine)
		reload_run(&daemon->reload, NULL, &text);
	buf_free(&text);
}

static void on_delay_over(void *ctx)
{
	struct daemon *daemon = ctx;

	loop_stop(daemon->loop, 0);
}

/* Starting */

/* Whether standard error ends in systemd's journal, where the lines for syslog come anyway. */
static bool journal_listens(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char here[48];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(here, sizeof(here), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(here, stream) == 0;
}

static void open_log(const struct daemon *daemon, bool ready)
{
	const struct options *options = &daemon->options;
	unsigned int targets = LOG_TO_STDERR;

	/* Whoever starts us sees why that fails. */
	if (!options->foreground || options->syslog)
		targets =
			ready || journal_listens() ? LOG_TO_SYSLOG : LOG_TO_STDERR | LOG_TO_SYSLOG;
	log_open(options->ident, targets, options->log_level);
}

/* The log lets go of standard error too, which may be somebody's terminal. */
static void detach(struct daemon *daemon)
{
	if (daemon->background < 0)
		return;
	open_log(daemon, true);
	background_ready(daemon->background);
	daemon->background = -1;
}

static void make_engine(struct daemon *daemon)
{
	struct engine_config config = {
		.cache_ms = daemon->options.cache_seconds * UINT64_C(1000),
		.max_flows = (uint32_t)daemon->options.max_flows,
	};
	const struct engine_listener listener = {.ctx = daemon, .note = on_note, .flow = on_flow};

	/* Early at boot a weaker key is better than none for minutes. */
	if (getrandom(&config.key, sizeof(config.key), GRND_INSECURE) < 0)
		getrandom(&config.key, sizeof(config.key), 0);
	daemon->engine = engine_new(klinux_kern(daemon->klinux), &config, &listener);
	loop_set_idle(daemon->loop, on_idle, daemon);
}

static void wire(struct daemon *daemon)
{
	const struct options *options = &daemon->options;
	const struct ctl_config config = {
		.path = options->socket,
		.owner = daemon->user.name ? daemon->user.uid : NO_UID,
		.group = daemon->socket_group,
	};
	const struct hook_config hook = {
		.script = options->script,
		.table = (uint32_t)options->table,
		.descriptors = klinux_descriptor_limit(daemon->klinux),
	};

	daemon->reload.engine = daemon->commander.engine = daemon->engine;
	daemon->reload.path = options->conf;
	daemon->reload.hook = hook_new(daemon->loop, &hook);
	daemon->mrdisc = mrdisc_open(daemon->loop, daemon->engine, options->mrdisc_seconds);
	daemon->commander.mrdisc = daemon->mrdisc;
	daemon->commander.reload = &daemon->reload;
	daemon->commander.table = (uint32_t)options->table;
	daemon->ctl = ctl_open(daemon->loop, &daemon->commander, &config);
}

static int watch_kernel(struct daemon *daemon)
{
	const struct klinux_handler handler = {
		.ctx = daemon,
		.upcall = on_upcall,
		.link = on_link,
		.link_gone = on_link_gone,
		.links_begin = on_links_begin,
		.links_end = on_links_end,
	};
	int err = klinux_start(daemon->klinux, daemon->loop, &handler);

	if (err < 0)
		log_err("can't list the interfaces: %s", strerror(-err));
	return err < 0 ? EX_OSERR : 0;
}

static int drop_privileges(const struct daemon *daemon)
{
	const struct user *user = &daemon->user;
	int err = privs_drop(user);

	if (err < 0 && user->name)
		log_err("can't become user %s: %s%s", user->name, strerror(-err),
			err == -EPERM ? "; this takes CAP_SETUID and CAP_SETGID, which a service "
					"manager may withhold"
				      : "");
	else if (err < 0)
		log_warn("can't give up the capabilities: %s; going on with them", strerror(-err));
	return err < 0 && user->name ? EX_NOPERM : 0;
}

/* Whoever upgrades had a script with the power of root. */
static void tell_script_powerless(const struct daemon *daemon)
{
	if (daemon->options.script && !daemon->options.user && !privs_of_scripts())
		log_notice("the action script runs as user %u without any capability: it can't "
			   "change addresses, routes or firewalls; see PRIVILEGES in smcrouted(8)",
			   geteuid());
}

/* The kernel has what can be installed now: tell everybody who waits for that. */
static int become_ready(struct daemon *daemon)
{
	uid_t owner = daemon->user.name ? daemon->user.uid : NO_UID;
	int status;

	daemon->reload.pidfile = pidfile_new(daemon->options.pid_file, owner);
	status = drop_privileges(daemon);
	if (status)
		return status;
	open_log(daemon, true);
	reload_ready(&daemon->reload);
	tell_script_powerless(daemon);
	hook_reload(daemon->reload.hook);
	detach(daemon);
	return 0;
}

static int start(struct daemon *daemon)
{
	int status = takeover(&daemon->klinux, (uint32_t)daemon->options.table);

	if (status)
		return status;
	make_engine(daemon);
	wire(daemon);
	status = watch_kernel(daemon);
	if (status)
		return status;
	if (reload_start(&daemon->reload, daemon->options.strict) < 0)
		return EX_CONFIG;
	engine_settle(daemon->engine);
	return become_ready(daemon);
}

static void stop(struct daemon *daemon)
{
	daemon->leaving = true;
	service_stopping();
	mrdisc_close(daemon->mrdisc);
	if (daemon->engine)
		engine_clear(daemon->engine);
	klinux_close(daemon->klinux);
	pidfile_free(daemon->reload.pidfile);
	ctl_close(daemon->ctl);
	hook_free(daemon->reload.hook);
	reload_free(&daemon->reload);
	commander_free(&daemon->commander);
	if (daemon->engine)
		engine_free(daemon->engine);
	loop_free(daemon->loop);
}

static void set_alarm(struct daemon *daemon, unsigned long seconds, loop_fn fn)
{
	uint64_t at = loop_now(daemon->loop) + seconds * UINT64_C(1000);

	if (seconds)
		loop_set_timer(loop_add_timer(daemon->loop, fn, daemon), at);
}

static int run_loop(struct daemon *daemon)
{
	int status = loop_run(daemon->loop);

	if (status >= 0)
		return status;
	log_err("can't wait for events: %s", strerror(-status));
	return EX_OSERR;
}

static int run(struct daemon *daemon)
{
	const struct options *options = &daemon->options;
	int status = 0;

	daemon->loop = loop_new();
	daemon->due = loop_add_timer(daemon->loop, on_due, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (options->mrdisc_seconds && !mrdisc_available())
		log_warn("-m has no effect: this smcrouted was built without --enable-mrdisc");
	loop_add_signal(daemon->loop, SIGTERM, on_end, daemon);
	loop_add_signal(daemon->loop, SIGINT, on_end, daemon);
	loop_add_signal(daemon->loop, SIGHUP, on_hangup, daemon);
	set_alarm(daemon, options->exit_seconds, on_end);
	if (options->delay_seconds) {
		detach(daemon);
		set_alarm(daemon, options->delay_seconds, on_delay_over);
		status = run_loop(daemon);
	}
	if (!status && !daemon->leaving)
		status = start(daemon);
	if (!status && !daemon->leaving)
		status = run_loop(daemon);
	stop(daemon);
	return status;
}

/* The command line */

static int print_and_free(struct buf *text)
{
	fputs(buf_text(text), stdout);
	buf_free(text);
	return 0;
}

static int show_help(void)
{
	struct buf text = {0};

	options_help(&text);
	return print_and_free(&text);
}

static int show_version(void)
{
	struct buf text = {0};

	buf_puts(&text, "smcrouted " PACKAGE_VERSION "\n");
	return print_and_free(&text);
}

static int check(const char *path)
{
	static const struct hkey key;
	struct rules *rules = rules_new(&key);
	struct diags diags = {0};
	struct buf text = {0};
	int status;

	if (conf_load(path, rules, &diags) == -ENOENT)
		diag_error(&diags, (struct pos){.file = path}, "there is no such file");
	for (size_t i = 0; i < diags.count; i++) {
		diag_format(&diags.list[i], &text);
		buf_putc(&text, '\n');
	}
	fputs(buf_text(&text), stderr);
	status = diags.errors ? EX_CONFIG : 0;
	buf_free(&text);
	diags_free(&diags);
	rules_release(rules);
	return status;
}

static int complain(struct buf *error)
{
	fprintf(stderr, "smcrouted: %s; try 'smcrouted -h'\n", buf_text(error));
	buf_free(error);
	return EX_USAGE;
}

static int find_users(struct daemon *daemon, struct buf *error)
{
	const struct options *options = &daemon->options;
	int err = 0;

	if (options->user)
		err = user_find(options->user, &daemon->user, error);
	if (err == 0 && options->socket_group)
		err = group_find(options->socket_group, &daemon->socket_group, error);
	return err;
}

/* One who is not root may hold the capabilities to route and not those to change users: nothing is
 * lost by staying, as nothing is kept either way. */
static void find_out_who(struct daemon *daemon)
{
	struct user *user = &daemon->user;

	if (!user->name || geteuid() == 0 || privs_may_become(user))
		return;
	log_notice("-p %s has no effect: this stays user %u, who may not become another, and keeps "
		   "no capability",
		   daemon->options.user, geteuid());
	user_free(user);
}

static int launch(struct daemon *daemon)
{
	const struct options *options = &daemon->options;
	struct buf error = {0};
	int status = BACKGROUND_CHILD;

	if (options->help)
		return show_help();
	if (options->version)
		return show_version();
	if (options->check)
		return check(options->check);
	if (!options->foreground)
		close_other_fds();
	if (find_users(daemon, &error) < 0)
		return complain(&error);
	open_log(daemon, false);
	if (options->foreground)
		shed_early((uint32_t)options->table, daemon->argv);
	find_out_who(daemon);
	if (!options->foreground)
		status = background_start(!options->delay_seconds, &daemon->background);
	return status == BACKGROUND_CHILD ? run(daemon) : status;
}

int main(int argc, char *argv[])
{
	struct daemon daemon = {.argv = argv, .background = -1, .socket_group = NO_GID};
	struct buf error = {0};
	int status;

	hold_standard_fds();
	if (options_parse(&daemon.options, argc, argv, &error) < 0)
		status = complain(&error);
	else
		status = launch(&daemon);
	user_free(&daemon.user);
	options_free(&daemon.options);
	return status;
}
