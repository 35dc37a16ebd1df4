/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/reload.h"

#include <errno.h>

#include "base/log.h"
#include "daemon/conf.h"
#include "daemon/service.h"

static void log_problems(const struct diags *diags)
{
	struct buf line = {0};

	for (size_t i = 0; i < diags->count; i++) {
		struct diag diag = diags->list[i];
		int priority = diag.warning ? LOG_WARNING : LOG_ERR;

		/* The priority says it. */
		diag.warning = false;
		line.len = 0;
		diag_format(&diag, &line);
		log_at(priority, "%s", buf_text(&line));
	}
	buf_free(&line);
}

struct summary {
	size_t routes, groups;
};

static struct summary count_rules(const struct rules *rules)
{
	struct summary sum = {0};
	struct seq_link *link;
	uint32_t cursor;

	seq_for_each(link, cursor, &rules->order) {
		if (seq_entry(link, struct rule, order)->kind == RULE_MROUTE)
			sum.routes++;
		else
			sum.groups++;
	}
	return sum;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void describe(const struct reload *reload, struct buf *out)
{
	const struct state *state = engine_state(reload->engine);
	struct summary sum = count_rules(state->rules);
	size_t links = state->links.by_index.count, errors = reload->problems->diags.errors;

	buf_printf(out, "%zu route%s and %zu group%s on %zu interface%s", sum.routes,
		   plural(sum.routes), sum.groups, plural(sum.groups), links, plural(links));
	if (errors)
		buf_printf(out, "; %zu error%s in %s, see smcroutectl show", errors, plural(errors),
			   reload->path);
}

static void take(struct reload *reload, struct rules *rules, struct problems *problems)
{
	problems_release(reload->problems);
	reload->problems = problems;
	engine_load(reload->engine, rules);
}

int reload_start(struct reload *reload, bool strict)
{
	struct rules *rules = engine_new_rules(reload->engine);
	struct problems *problems = problems_new();
	size_t errors;

	if (conf_load(reload->path, rules, &problems->diags) == -ENOENT)
		log_notice("there is no %s: waiting for smcroutectl", reload->path);
	log_problems(&problems->diags);
	errors = problems->diags.errors;
	take(reload, rules, problems);
	if (!errors || !strict)
		return 0;
	log_err("%zu error%s in %s, and --strict was asked for", errors, plural(errors),
		reload->path);
	return -EINVAL;
}

void reload_ready(const struct reload *reload)
{
	struct buf text = {0};

	describe(reload, &text);
	service_ready(buf_text(&text));
	log_notice("Ready: %s", buf_text(&text));
	buf_free(&text);
}

static void refuse(const struct reload *reload, const struct diags *diags, struct buf *text)
{
	buf_printf(text, "reload refused: %zu error%s in %s; the running configuration stays",
		   diags->errors, plural(diags->errors), reload->path);
	log_notice("%s", buf_text(text));
}

static void accept_new(struct reload *reload, struct buf *text)
{
	engine_settle(reload->engine);
	describe(reload, text);
	log_notice("reloaded %s: %s", reload->path, buf_text(text));
	hook_reload(reload->hook);
}

int reload_run(struct reload *reload, struct problems **refused, struct buf *text)
{
	struct rules *rules = engine_new_rules(reload->engine);
	struct problems *problems = problems_new();
	bool bad;

	service_reloading();
	if (conf_load(reload->path, rules, &problems->diags) == -ENOENT)
		diag_error(&problems->diags, (struct pos){.file = reload->path},
			   "there is no such file");
	log_problems(&problems->diags);
	bad = problems->diags.errors > 0;
	if (bad) {
		refuse(reload, &problems->diags, text);
		rules_release(rules);
	} else {
		take(reload, rules, problems_hold(problems));
		accept_new(reload, text);
	}
	if (reload->pidfile)
		pidfile_touch(reload->pidfile);
	service_ready(buf_text(text));
	if (bad && refused)
		*refused = problems;
	else
		problems_release(problems);
	return bad ? -EINVAL : 0;
}

void reload_free(struct reload *reload)
{
	problems_release(reload->problems);
	reload->problems = NULL;
}
