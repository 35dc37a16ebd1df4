/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void act_fail(struct world *w, const char *format, ...)
{
	struct buf text = {0};
	va_list args;

	va_start(args, format);
	model_explain(&w->model, &w->view, &text, format, args);
	va_end(args);
	trial_fail(w->trial, buf_text(&text));
}

/* Links */

static void settle(struct world *w)
{
	if (!w->held)
		engine_settle(w->engine);
}

static void hear(struct world *w, const struct event *event)
{
	if (event->gone)
		engine_link_gone(w->engine, event->info.index);
	else
		engine_link(w->engine, &event->info);
}

static void tell(struct world *w, bool gone, const struct link_info *info)
{
	struct event event = {gone, *info};

	if (!w->deaf) {
		hear(w, &event);
		return;
	}
	*(struct event *)mem_append(&w->events, w->n_events, &w->events_room, sizeof(event)) =
		event;
	w->n_events++;
}

static void set_link(struct world *w, const struct link_info *info)
{
	model_set_link(&w->model, info);
	if (w->model.fuzzy)
		model_stepped(&w->model, w->deaf);
	fake_link(&w->fake, info);
	tell(w, false, info);
}

static void remove_link(struct world *w, int index)
{
	struct link_info info = {.index = index};

	model_link_gone(&w->model, index);
	fake_link_gone(&w->fake, index);
	tell(w, true, &info);
}

static void set_name(struct link_info *info, const char *name)
{
	memset(info->name, 0, sizeof(info->name));
	memcpy(info->name, name, strlen(name));
}

static bool room_for(struct world *w, const char *name)
{
	return name[0] && !model_link(&w->model, name) && w->model.n_links < MODEL_LINKS - 1;
}

static void do_new(struct world *w, const struct step *step)
{
	struct link_info info = {.multicast = true, .up = true};

	if (!room_for(w, step->name))
		return;
	info.index = w->next_index++;
	set_name(&info, step->name);
	set_link(w, &info);
}

static void do_home(struct world *w, const struct step *step)
{
	for (size_t i = 0; i < w->n_away; i++) {
		struct link_info info = w->away[i];

		if (strcmp(info.name, step->name) != 0 || !room_for(w, step->name))
			continue;
		w->away[i] = w->away[--w->n_away];
		set_link(w, &info);
		return;
	}
}

static void do_swap(struct world *w, struct link_info a, const struct step *step)
{
	const struct model_link *other = model_link(&w->model, step->other);
	struct link_info b;

	if (!other || other->info.index == a.index)
		return;
	b = other->info;
	set_name(&a, "swapping");
	set_link(w, &a);
	set_name(&b, step->name);
	set_link(w, &b);
	set_name(&a, step->other);
	set_link(w, &a);
}

/* Steps about a link that is there. */
static void do_present(struct world *w, struct link_info info, const struct step *step)
{
	switch (step->kind) {
	case STEP_GONE_LINK:
		remove_link(w, info.index);
		break;
	case STEP_BOUNCE:
		remove_link(w, info.index);
		if (room_for(w, step->other))
			set_name(&info, step->other);
		set_link(w, &info);
		break;
	case STEP_AWAY:
		*(struct link_info *)mem_append(&w->away, w->n_away, &w->away_room, sizeof(info)) =
			info;
		w->n_away++;
		remove_link(w, info.index);
		break;
	case STEP_RENAME:
		if (!room_for(w, step->other))
			break;
		set_name(&info, step->other);
		set_link(w, &info);
		break;
	case STEP_SWAP:
		do_swap(w, info, step);
		break;
	case STEP_MULTICAST:
		info.multicast = strcmp(step->other, "on") == 0;
		set_link(w, &info);
		break;
	default:
		info.up = !info.up;
		set_link(w, &info);
	}
}

static void do_link(struct world *w, const struct step *step)
{
	const struct model_link *link = model_link(&w->model, step->name);

	if (step->kind == STEP_NEW)
		do_new(w, step);
	else if (step->kind == STEP_HOME)
		do_home(w, step);
	else if (link)
		do_present(w, link->info, step);
}

/* Rules */

static void load(struct world *w)
{
	struct rules *rules = engine_new_rules(w->engine);
	struct words words = {0};
	struct diags diags = {0};
	struct stmt st = {0};
	bool fresh;

	for (size_t i = 0; i < w->model.n_file; i++) {
		const char *line = w->model.file[i];

		words_split(&words, line, strlen(line), true);
		if (!words.count || stmt_parse(&st, &words, (struct pos){"-", 1, 1}, &diags) < 0)
			act_fail(w, "bad statement: %s", line);
		if (st.kind == STMT_PHYINT)
			rules_set_phyint(rules, &st);
		else
			rules_add(rules, &st, (struct origin){0}, &fresh);
	}
	words_free(&words);
	diags_free(&diags);
	stmt_free(&st);
	engine_load(w->engine, rules);
	settle(w);
}

static void do_file(struct world *w, const struct step *step)
{
	if (step_edit(step, &w->model))
		load(w);
}

static void do_restate(struct world *w, const struct step *step)
{
	uint64_t before = w->fake.operations;
	bool same = model_restate(&w->model, strtoull(step->rest, NULL, 10));

	load(w);
	if (same && !w->model.fuzzy && w->fake.operations != before)
		act_fail(w, "another order of the same rules made operations necessary");
}

static int run_request(struct world *w, const struct request *request, struct diags *diags)
{
	switch (request->command) {
	case COMMAND_ADD:
		return engine_add(w->engine, &request->stmt, diags);
	case COMMAND_REMOVE:
		return engine_remove(w->engine, &request->stmt, diags);
	case COMMAND_JOIN:
		return engine_join(w->engine, &request->stmt, diags);
	default:
		return engine_leave(w->engine, &request->stmt, diags);
	}
}

static void do_command(struct world *w, const struct step *step)
{
	struct request request = {0};
	struct words words = {0};
	struct diags diags = {0};
	int want, got;

	words_split(&words, step->rest, strlen(step->rest), false);
	if (request_parse(&request, &words, &diags) < 0)
		act_fail(w, "not understood: %s", diags.list[0].text);
	if (!model_full(&w->model)) {
		want = model_command(&w->model, &request);
		got = run_request(w, &request, &diags);
		if (got == -EINVAL && want == 0)
			act_fail(w, "a good command was refused: %s", diags.list[0].text);
		if (got != -EINVAL && want == -EINVAL)
			act_fail(w, "a command should be refused");
		if (got < 0 && !diags.errors)
			act_fail(w, "refused without a word");
		if (got == -EIO && !w->deaf && !w->stormy)
			act_fail(w, "the kernel refused: %s", diags.list[0].text);
	}
	request_free(&request);
	words_free(&words);
	diags_free(&diags);
}

/* Packets and time */

void act_look(struct world *w, struct view *view)
{
	view_clear(view);
	memcpy(view->vifs, w->fake.vifs, sizeof(view->vifs));
	for (size_t i = 0; i < w->fake.n_entries; i++)
		view_add_entry(view, &w->fake.entries[i].mfc);
	for (size_t i = 0; i < w->fake.n_members; i++)
		if (!w->fake.members[i].dead)
			view_add_member(view, &w->fake.members[i].member);
}

static struct model_flow *flow_of(struct world *w, const char *text)
{
	char source[64] = "", group[64] = "";
	struct addr s, g;

	if (sscanf(text, "%*s %63s %63s", source, group) != 2 ||
	    addr_parse(&s, source, strlen(source)) < 0 || addr_parse(&g, group, strlen(group)) < 0)
		return NULL;
	return model_flow(&w->model, &s, &g);
}

static void do_packet(struct world *w, const struct step *step)
{
	const struct model_link *link = model_link(&w->model, step->name);
	struct model_flow *flow = flow_of(w, step->rest);
	struct view before = {0};
	const char *wrong = NULL;
	struct upcall upcall;
	int index;

	if (!link || !flow)
		return;
	index = link->info.index;
	act_look(w, &before);
	if (fake_packet(&w->fake, index, &flow->source, &flow->group, &upcall)) {
		w->fake.lax = w->deaf || w->held; /* the upcall may cross with what it asks for */
		engine_upcall(w->engine, &upcall, w->model.now_ms);
		w->fake.lax = w->deaf;
		act_look(w, &w->view);
		if (upcall.type == UPCALL_NOCACHE)
			model_no_entry(&w->model, &before, flow, index);
		else
			wrong = model_wrong(&w->model, flow, index, &before, &w->view);
	} else if (view_vif_of(&before, (enum family)flow->group.family, index) >= 0) {
		model_heard(&w->model, flow);
	}
	view_free(&before);
	if (wrong)
		act_fail(w, "%s", wrong);
}

/* An upcall as if there were no entry, though there is one. */
static void do_late(struct world *w, const struct step *step)
{
	const struct model_link *link = model_link(&w->model, step->name);
	struct model_flow *flow = flow_of(w, step->rest);
	struct upcall upcall = {.type = UPCALL_NOCACHE};
	int vif;

	if (!link || !flow || !fake_find(&w->fake, &flow->source, &flow->group))
		return;
	vif = fake_vif_of(&w->fake, (enum family)flow->group.family, link->info.index);
	if (vif < 0)
		return;
	upcall.vif = (uint8_t)vif;
	upcall.source = flow->source;
	upcall.group = flow->group;
	fake_ask(&w->fake, &flow->source, &flow->group);
	act_look(w, &w->view);
	engine_upcall(w->engine, &upcall, w->model.now_ms);
	model_no_entry(&w->model, &w->view, flow, link->info.index);
}

void act_wait(struct world *w, uint64_t ms)
{
	uint64_t now = w->model.now_ms, end = now + ms, next = now;

	while (next <= end) {
		now = next > now ? next : now;
		next = engine_tick(w->engine, now);
	}
	engine_tick(w->engine, end);
	model_wait(&w->model, ms);
}

void act_flush(struct world *w)
{
	engine_flush(w->engine);
	model_flush(&w->model);
}

/* Moods */

static void hear_all(struct world *w)
{
	w->deaf = false;
	for (size_t i = 0; i < w->n_events; i++) {
		hear(w, &w->events[i]);
		w->fake.lax = i + 1 < w->n_events;
		settle(w);
	}
	w->n_events = 0;
	w->fake.lax = false;
}

static void resync(struct world *w)
{
	w->deaf = w->fake.lax = false;
	w->n_events = 0;
	engine_links_begin(w->engine);
	for (size_t i = 0; i < w->fake.n_links; i++)
		engine_link(w->engine, &w->fake.links[i]);
	engine_links_end(w->engine);
}

static void do_mood(struct world *w, const struct step *step)
{
	switch (step->kind) {
	case STEP_HOLD:
		w->held = true;
		break;
	case STEP_GO:
		w->held = false;
		break;
	case STEP_DEAF:
		w->deaf = w->fake.lax = true;
		break;
	case STEP_HEAR:
		hear_all(w);
		break;
	case STEP_RESYNC:
		resync(w);
		break;
	case STEP_REFUSE:
		w->fake.refuse = (unsigned int)strtoul(step->rest, NULL, 10);
		w->stormy = true;
		break;
	default:
		w->fake.refuse = 0;
	}
	if (step->kind != STEP_RESYNC)
		w->model.fuzzy = true;
}

void act(struct world *w, const struct step *step)
{
	switch (step->kind) {
	case STEP_CACHE:
	case STEP_SYNC:
		break;
	case STEP_STATE:
	case STEP_DROP:
	case STEP_RELOAD:
		do_file(w, step);
		break;
	case STEP_RESTATE:
		do_restate(w, step);
		break;
	case STEP_COMMAND:
		do_command(w, step);
		break;
	case STEP_PACKET:
		do_packet(w, step);
		break;
	case STEP_LATE:
		do_late(w, step);
		break;
	case STEP_WAIT:
		act_wait(w, strtoull(step->rest, NULL, 10));
		break;
	case STEP_FLUSH:
		act_flush(w);
		break;
	default:
		if (step->kind < STEP_STATE)
			do_link(w, step);
		else
			do_mood(w, step);
	}
	model_stepped(&w->model, w->deaf);
	settle(w);
}
