/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes as a stream of events (rules, links, packets, refusals, time) for the engine and the
 * judging kernel: the kernel must never object, settling twice must find nothing to do, what was
 * refused must heal, and nothing may be left at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine.h"
#include "fake.c" /* a target is one source file */

#define MAX_EVENTS 300
#define NAMES	   6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	const uint8_t *at, *end;
	struct fake fake;
	struct engine *engine;
	uint64_t now_ms;
	int next_index;
	bool held; /* events pile up before the engine settles */
};

static const char *const link_names[NAMES] = {"eth0", "eth1", "eth2", "eth10", "wg0", "lan"};
static const char *const patterns[] = {"eth0", "eth1", "eth2", "eth10", "wg0",
				       "lan",  "eth+", "wg+",  "+"};
static const char *const sources[FAMILIES][2] = {{"10.0.0.1", "10.0.1.2"},
						 {"2001:db8::1", "2001:db8:0:1::2"}};
static const char *const groups[FAMILIES][3] = {{"225.1.2.3", "225.1.2.4", "239.0.0.1"},
						{"ff15::3", "ff15::4", "ff0e::1"}};
static const char *const pairs[FAMILIES] = {"/31", "/127"}; /* of sources */
static const char *const lengths[FAMILIES][3] = {{"", "/30", "/0"}, {"", "/126", "/0"}};

static void must(const struct world *w, bool held, const char *what)
{
	if (held)
		return;
	fprintf(stderr, "%s %s\n", what, w->fake.verdict);
	abort();
}

/* A number below @n; 0 when the bytes are used up. */
static unsigned int pick(struct world *w, unsigned int n)
{
	return w->at < w->end ? *w->at++ % n : 0;
}

/* Statements */

static void write_group(struct world *w, struct buf *text)
{
	unsigned int f = pick(w, FAMILIES), source = pick(w, 4);

	if (source < 2)
		buf_printf(text, " source %s%s", sources[f][source], pick(w, 3) ? "" : pairs[f]);
	buf_printf(text, " group %s%s", groups[f][pick(w, 3)], lengths[f][pick(w, 3)]);
}

static void write_route(struct world *w, struct buf *text)
{
	unsigned int kind = pick(w, 8);

	if (kind == 0) {
		buf_printf(text, " group :: to %u", 1u << pick(w, 16) | 1u << pick(w, 16));
	} else {
		write_group(w, text);
		if (kind == 1)
			buf_printf(text, " except %s", sources[pick(w, FAMILIES)][pick(w, 2)]);
		buf_puts(text, " to");
	}
	for (unsigned int n = pick(w, 4); n; n--)
		buf_printf(text, " %s", patterns[pick(w, ARRAY_SIZE(patterns))]);
}

static void write_stmt(struct world *w, unsigned int kind, struct buf *text)
{
	const char *iif = patterns[pick(w, ARRAY_SIZE(patterns))];

	if (kind == STMT_PHYINT) {
		buf_printf(text, "phyint %s %s ttl-threshold %u", iif,
			   pick(w, 3) ? "enable" : "disable", pick(w, 255) + 1);
	} else if (kind == STMT_MGROUP) {
		buf_printf(text, "mgroup from %s", iif);
		write_group(w, text);
	} else {
		buf_printf(text, "mroute from %s", iif);
		write_route(w, text);
	}
}

/* False when the statement is not allowed (mixed families, too many memberships). */
static bool make_stmt(struct world *w, unsigned int kind, struct stmt *st)
{
	struct words words = {0};
	struct diags diags = {0};
	struct buf text = {0};
	int result;

	write_stmt(w, kind, &text);
	words_split(&words, buf_text(&text), text.len, true);
	result = stmt_parse(st, &words, (struct pos){"f", 1, 1}, &diags);
	words_free(&words);
	diags_free(&diags);
	buf_free(&text);
	return result == 0 &&
	       (st->kind != STMT_MGROUP || stmt_memberships(&st->source, &st->group) <= 8);
}

static void load(struct world *w)
{
	struct rules *rules = engine_new_rules(w->engine);
	struct stmt st = {0};
	bool fresh;

	for (unsigned int n = pick(w, 8); n; n--) {
		if (!make_stmt(w, pick(w, 3), &st))
			continue;
		if (st.kind == STMT_PHYINT)
			rules_set_phyint(rules, &st);
		else
			rules_add(rules, &st, (struct origin){0}, &fresh);
	}
	stmt_free(&st);
	engine_load(w->engine, rules);
}

static void command(struct world *w)
{
	struct diags diags = {0};
	struct stmt st = {0};
	unsigned int verb = pick(w, 4);
	int result = 0;

	if (make_stmt(w, verb < 2 ? STMT_MROUTE : STMT_MGROUP, &st)) {
		st.n_except = 0;
		if (verb == 0)
			result = engine_add(w->engine, &st, &diags);
		else if (verb == 1)
			result = engine_remove(w->engine, &st, &diags);
		else if (verb == 2)
			result = engine_join(w->engine, &st, &diags);
		else
			result = engine_leave(w->engine, &st, &diags);
		must(w, (result < 0) == (diags.errors > 0), "a command failed without a word");
	}
	diags_free(&diags);
	stmt_free(&st);
}

/* Removes a rule that is there. */
static void remove_rule(struct world *w)
{
	const struct rules *rules = engine_state(w->engine)->rules;
	uint32_t skip = pick(w, 16), cursor;
	struct diags diags = {0};
	struct seq_link *link;
	struct stmt st = {0};
	int result = 0;

	seq_for_each(link, cursor, &rules->order) {
		if (skip--)
			continue;
		rule_to_stmt(seq_entry(link, struct rule, order), &st);
		st.n_oifs = st.n_oifs ? pick(w, 2) : 0;
		result = st.kind == STMT_MGROUP ? engine_leave(w->engine, &st, &diags)
						: engine_remove(w->engine, &st, &diags);
		break;
	}
	must(w, result == 0, "a rule could not be removed");
	diags_free(&diags);
	stmt_free(&st);
}

/* The world outside */

static const struct link_info *named_link(const struct world *w, const char *name)
{
	for (size_t i = 0; i < w->fake.n_links; i++)
		if (strcmp(w->fake.links[i].name, name) == 0)
			return &w->fake.links[i];
	return NULL;
}

static void tell_link(struct world *w, const struct link_info *info, bool told)
{
	fake_link(&w->fake, info);
	if (told)
		engine_link(w->engine, info);
}

/* With @told false nobody hears of it until the next resync. */
static void change_link(struct world *w, bool told)
{
	const char *name = link_names[pick(w, NAMES)], *other = link_names[pick(w, NAMES)];
	const struct link_info *there = named_link(w, name);
	struct link_info info = {.multicast = true, .up = true};
	unsigned int what = pick(w, 6);

	if (!there) {
		info.index = w->next_index++;
		memcpy(info.name, name, strlen(name));
		tell_link(w, &info, told);
		return;
	}
	info = *there;
	if (what < 2) {
		fake_link_gone(&w->fake, info.index);
		if (told)
			engine_link_gone(w->engine, info.index);
		if (what == 1)
			tell_link(w, &info, told);
		return;
	}
	if (what == 2)
		info.multicast = !info.multicast;
	else if (what == 3)
		info.up = !info.up;
	else if (!named_link(w, other))
		snprintf(info.name, sizeof(info.name), "%s", other);
	tell_link(w, &info, told);
}

static void resync(struct world *w)
{
	engine_links_begin(w->engine);
	for (size_t i = 0; i < w->fake.n_links; i++)
		engine_link(w->engine, &w->fake.links[i]);
	engine_links_end(w->engine);
}

static struct addr address(const char *text)
{
	struct addr addr;

	addr_parse(&addr, text, strlen(text));
	return addr;
}

static void packet(struct world *w)
{
	unsigned int f = pick(w, FAMILIES);
	struct addr source = address(sources[f][pick(w, 2)]);
	struct addr group = address(groups[f][pick(w, 3)]);
	struct upcall upcall;

	if (!w->fake.n_links)
		return;
	/* An upcall that crosses with its entry sets it once more, which the fake would mind. */
	engine_settle(w->engine);
	if (fake_packet(&w->fake, w->fake.links[pick(w, (unsigned int)w->fake.n_links)].index,
			&source, &group, &upcall))
		engine_upcall(w->engine, &upcall, w->now_ms);
}

/* An upcall that was on its way while everything changed. */
static void stale_upcall(struct world *w)
{
	unsigned int f = pick(w, FAMILIES);
	struct upcall upcall = {pick(w, 2) ? UPCALL_WRONGVIF : UPCALL_NOCACHE, (uint8_t)pick(w, 40),
				address(sources[f][pick(w, 2)]), address(groups[f][pick(w, 3)])};

	engine_settle(w->engine);
	if (upcall.type == UPCALL_NOCACHE)
		fake_ask(&w->fake, &upcall.source, &upcall.group);
	/* As above. */
	if (upcall.type == UPCALL_WRONGVIF || !fake_find(&w->fake, &upcall.source, &upcall.group))
		engine_upcall(w->engine, &upcall, w->now_ms);
}

static void pass_time(struct world *w)
{
	w->now_ms += pick(w, 256) * 64u;
	engine_tick(w->engine, w->now_ms);
}

static void settle(struct world *w)
{
	uint64_t before;

	engine_settle(w->engine);
	must(w, !w->fake.verdict[0], "the kernel objects:");
	before = w->fake.operations;
	engine_settle(w->engine);
	must(w, w->fake.operations == before, "settling twice found something to do");
}

static void event(struct world *w)
{
	switch (pick(w, 12)) {
	case 0:
		load(w);
		break;
	case 1:
	case 2:
		command(w);
		break;
	case 3:
		remove_rule(w);
		break;
	case 4:
	case 5:
		change_link(w, true);
		break;
	case 6:
		change_link(w, false);
		resync(w);
		break;
	case 7:
		w->fake.refuse = pick(w, 4) ? 0 : 30;
		break;
	case 8:
		pass_time(w);
		break;
	case 9:
		stale_upcall(w);
		break;
	case 10:
		w->held = !w->held;
		break;
	default:
		packet(w);
	}
}

static void heal(struct world *w)
{
	w->fake.refuse = 0;
	for (int i = 0; i < 4; i++) {
		w->now_ms += 10000;
		engine_tick(w->engine, w->now_ms);
		settle(w);
	}
}

static void no_news(void *ctx, int priority, const char *text)
{
	(void)ctx;
	(void)priority;
	(void)text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct engine_config config = {.cache_ms = 20000, .max_flows = 4, .key = {7, 8}};
	const struct engine_listener listener = {.note = no_news};
	struct world w = {.at = data, .end = data + size, .next_index = 2};

	fake_init(&w.fake, 1);
	w.engine = engine_new(&w.fake.kern, &config, &listener);
	for (int i = 0; i < MAX_EVENTS && w.at < w.end; i++) {
		event(&w);
		if (!w.held)
			settle(&w);
	}
	settle(&w);
	heal(&w);
	engine_clear(w.engine);
	must(&w, !w.fake.n_entries && !w.fake.n_members, "something is left");
	must(&w, !w.fake.verdict[0], "the kernel objects:");
	must(&w, !engine_state(w.engine)->fib.order.count, "a flow is left");
	engine_free(w.engine);
	fake_free(&w.fake);
	return 0;
}
