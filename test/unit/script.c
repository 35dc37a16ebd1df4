/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"
#include "script.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine.h"
#include "core/request.h"
#include "fake.h"

#define MAX_FLOWS 5
#define CACHE_MS  60000

struct script {
	struct fake fake;
	int (*obey)(struct kern *kern, struct kop *op); /* what the fake does */
	struct engine *engine;
	uint64_t now_ms;
	struct rules *next; /* being stated, not yet loaded */
	uint32_t line;
	bool held;
	int refuse[KOP_JOIN + 1]; /* errno for each operation, 0 = none */
	int after[KOP_JOIN + 1];  /* how often it works before */
	int times[KOP_JOIN + 1];  /* how often it fails */
	struct buf did, notes, events;
	struct words words;
	struct diags diags;
	const char *text; /* the present line */
};

static const char *const op_names[] = {
	[KOP_LEAVE] = "leave",	   [KOP_DEL_MFC] = "del-mfc", [KOP_DEL_VIF] = "del-vif",
	[KOP_ADD_VIF] = "add-vif", [KOP_SET_MFC] = "set-mfc", [KOP_RENEW_MFC] = "renew-mfc",
	[KOP_JOIN] = "join",
};

static const struct {
	const char *name;
	int value;
} errnos[] = {
	{"ENOMEM", ENOMEM},
	{"ENOBUFS", ENOBUFS},
	{"ENODEV", ENODEV},
	{"EPERM", EPERM},
};

#

static void PRINTF_LIKE(2, 3) fail_at(const struct script *s, const char *format, ...)
{
	struct buf text = {0};
	char line[512];
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	snprintf(line, sizeof(line), "line %u, '%s': %s", s->line, s->text, buf_text(&text));
	buf_free(&text);
	fail_msg("%s", line);
}

static int apply(struct kern *kern, struct kop *op)
{
	struct fake *fake = container_of(kern, struct fake, kern);
	struct script *s = container_of(fake, struct script, fake);

	buf_printf(&s->did, "%s%s", s->did.len ? " " : "", op_names[op->type]);
	if (s->refuse[op->type] && s->after[op->type]-- <= 0 && s->times[op->type]-- > 0) {
		fake->refused++;
		fake->operations++;
		return -s->refuse[op->type];
	}
	return s->obey(kern, op);
}

static void note(void *ctx, int priority, const char *text)
{
	struct script *s = ctx;

	if (priority <= 5) /* what a user sees by default */
		buf_printf(&s->notes, "%s\n", text);
}

static void flow_event(void *ctx, enum flow_event event, const struct flow *flow)
{
	struct script *s = ctx;
	char source[ADDR_TEXT], group[ADDR_TEXT];

	buf_printf(&s->events, "%s %s %s\n", event == FLOW_INSTALLED ? "install" : "remove",
		   addr_format(&flow->mfc.source, source), addr_format(&flow->mfc.group, group));
}

/* The rest of the line from word @i on; "" when there is none. */
static const char *rest(const struct script *s, size_t i)
{
	return i < s->words.count ? s->words.list[i].text : "";
}

/* Word @i. */
static const char *word(const struct script *s, size_t i, char text[64])
{
	if (i >= s->words.count)
		fail_at(s, "too few words");
	snprintf(text, 64, "%.*s", (int)s->words.list[i].len, s->words.list[i].text);
	return text;
}

static long number(const struct script *s, size_t i)
{
	char text[64], *end;
	long value = strtol(word(s, i, text), &end, 10);

	if (*end)
		fail_at(s, "'%s' is no number", text);
	return value;
}

static struct addr address(const struct script *s, size_t i)
{
	char text[64];

	return unit_addr(word(s, i, text));
}

static bool word_at_is(const struct script *s, size_t i, const char *text)
{
	return i < s->words.count && word_is(&s->words.list[i], text);
}

static const struct link_info *link_named(const struct script *s, const char *name)
{
	for (size_t i = 0; i < s->fake.n_links; i++)
		if (strcmp(s->fake.links[i].name, name) == 0)
			return &s->fake.links[i];
	fail_at(s, "there is no link %s", name);
	return NULL;
}

/* The world outside */

static void change_link(struct script *s, size_t first, bool told)
{
	struct link_info info = {.multicast = true, .up = true};
	char name[64];

	info.index = (int)number(s, first);
	word(s, first + 1, name);
	memcpy(info.name, name, strlen(name));
	for (size_t i = first + 2; i < s->words.count; i++) {
		info.multicast &= !word_at_is(s, i, "nomc");
		info.up &= !word_at_is(s, i, "down");
	}
	fake_link(&s->fake, &info);
	if (told)
		engine_link(s->engine, &info);
}

static void do_link(struct script *s)
{
	change_link(s, 1, true);
}

static void do_links(struct script *s)
{
	char prefix[64];

	word(s, 3, prefix);
	for (long i = number(s, 1); i <= number(s, 2); i++) {
		struct link_info info = {.index = (int)i, .multicast = true, .up = true};

		snprintf(info.name, sizeof(info.name), "%.8s%u", prefix, (unsigned int)i % 10000);
		fake_link(&s->fake, &info);
		engine_link(s->engine, &info);
	}
}

static void do_gone(struct script *s)
{
	fake_link_gone(&s->fake, (int)number(s, 1));
	engine_link_gone(s->engine, (int)number(s, 1));
}

static void do_unheard(struct script *s)
{
	if (word_at_is(s, 1, "gone"))
		fake_link_gone(&s->fake, (int)number(s, 2));
	else
		change_link(s, 2, false);
}

static void do_resync(struct script *s)
{
	engine_links_begin(s->engine);
	for (size_t i = 0; i < s->fake.n_links; i++)
		engine_link(s->engine, &s->fake.links[i]);
	engine_links_end(s->engine);
}

static void do_hold(struct script *s)
{
	s->held = true;
}

static void do_go(struct script *s)
{
	s->held = false;
}

static void do_packet(struct script *s)
{
	struct addr source = address(s, 2), group = address(s, 3);
	struct upcall upcall;
	char name[64];

	if (fake_packet(&s->fake, link_named(s, word(s, 1, name))->index, &source, &group, &upcall))
		engine_upcall(s->engine, &upcall, s->now_ms);
}

static void do_upcall(struct script *s)
{
	struct upcall upcall = {UPCALL_NOCACHE, (uint8_t)number(s, 1), address(s, 2),
				address(s, 3)};

	fake_ask(&s->fake, &upcall.source, &upcall.group);
	engine_upcall(s->engine, &upcall, s->now_ms);
}

static void do_wait(struct script *s)
{
	uint64_t end = s->now_ms + (uint64_t)number(s, 1);

	uint64_t next;

	if (number(s, 1) >= 10000)
		s->fake.n_asked = 0; /* the kernel gives up */
	while ((next = engine_tick(s->engine, s->now_ms)) <= end)
		s->now_ms = next > s->now_ms ? next : s->now_ms;
	s->now_ms = end;
}

static void do_refuse(struct script *s)
{
	int error = 0;

	for (size_t i = 0; i < ARRAY_SIZE(errnos); i++)
		if (word_at_is(s, 2, errnos[i].name))
			error = errnos[i].value;
	for (size_t op = 0; op < ARRAY_SIZE(op_names); op++) {
		if (!word_at_is(s, 1, op_names[op]))
			continue;
		s->refuse[op] = error;
		s->after[op] = s->words.count > 3 ? (int)number(s, 3) : 0;
		s->times[op] = s->words.count > 4 ? (int)number(s, 4) : INT_MAX;
	}
}

static void do_obey(struct script *s)
{
	memset(s->refuse, 0, sizeof(s->refuse));
}

/* Configuration and commands */

static void do_file(struct script *s)
{
	struct stmt st = {0};
	struct origin origin = {.line = s->line};
	bool fresh;

	if (!s->next)
		s->next = engine_new_rules(s->engine);
	origin.file = rules_file(s->next, "conf");
	if (unit_stmt(&st, rest(s, 1), s->line, &s->diags) < 0)
		fail_at(s, "%s", s->diags.list[s->diags.count - 1].text);
	if (st.kind == STMT_PHYINT)
		rules_set_phyint(s->next, &st);
	else
		rules_add(s->next, &st, origin, &fresh);
	stmt_free(&st);
}

static void do_load(struct script *s)
{
	engine_load(s->engine, s->next ? s->next : engine_new_rules(s->engine));
	s->next = NULL;
}

static int command(struct script *s, const char *text, size_t len, struct diags *diags)
{
	struct request request = {0};
	struct words words = {0};
	int result;

	words_split(&words, text, len, false);
	result = request_parse(&request, &words, diags);
	if (result == 0 && request.command == COMMAND_ADD)
		result = engine_add(s->engine, &request.stmt, diags);
	else if (result == 0 && request.command == COMMAND_REMOVE)
		result = engine_remove(s->engine, &request.stmt, diags);
	else if (result == 0 && request.command == COMMAND_JOIN)
		result = engine_join(s->engine, &request.stmt, diags);
	else if (result == 0 && request.command == COMMAND_LEAVE)
		result = engine_leave(s->engine, &request.stmt, diags);
	words_free(&words);
	request_free(&request);
	return result;
}

static void do_command(struct script *s)
{
	struct diags diags = {0};
	struct buf said = {0};

	if (command(s, s->text, strlen(s->text), &diags) < 0) {
		unit_diags(&diags, &said);
		fail_at(s, "%s", buf_text(&said));
	}
	diags_free(&diags);
}

static const char *arrow(const struct script *s)
{
	const char *at = strstr(s->text, " => ");

	if (!at)
		fail_at(s, "there is no =>");
	return at;
}

static void do_fail(struct script *s)
{
	const char *end = arrow(s);
	struct diags diags = {0};
	struct buf said = {0};

	if (command(s, rest(s, 1), (size_t)(end - rest(s, 1)), &diags) == 0)
		fail_at(s, "it succeeded");
	unit_diags(&diags, &said);
	if (strcmp(buf_text(&said), end + 4) != 0)
		fail_at(s, "it said '%s'", buf_text(&said));
	diags_free(&diags);
	buf_free(&said);
}

static void do_flush(struct script *s)
{
	engine_flush(s->engine);
}

/* Expectations */

static void show_vif(const struct script *s, enum family family, unsigned int vif, struct buf *out)
{
	for (size_t i = 0; i < s->fake.n_links; i++) {
		if (s->fake.links[i].index != s->fake.vifs[family][vif])
			continue;
		buf_puts(out, s->fake.links[i].name);
		return;
	}
	buf_printf(out, "#%u", vif);
}

static void expect_mfc(struct script *s)
{
	struct addr source = address(s, 1), group = address(s, 2);
	enum family family = (enum family)group.family;
	struct fake_entry *entry = fake_find(&s->fake, &source, &group);
	struct buf text = {0};

	if (!entry)
		fail_at(s, "there is no entry");
	show_vif(s, family, entry->mfc.iif, &text);
	for (unsigned int n = 0; n < MAX_VIFS; n++) {
		if (!entry->mfc.ttls[n])
			continue;
		buf_putc(&text, ' ');
		show_vif(s, family, n, &text);
		if (entry->mfc.ttls[n] != 1)
			buf_printf(&text, ":%u", entry->mfc.ttls[n]);
	}
	if (strcmp(buf_text(&text), rest(s, 3)) != 0)
		fail_at(s, "it is %s", buf_text(&text));
	buf_free(&text);
}

static void expect_nomfc(struct script *s)
{
	struct addr source = address(s, 1), group = address(s, 2);

	if (fake_find(&s->fake, &source, &group))
		fail_at(s, "there is an entry");
}

static void expect_count(const struct script *s, uint64_t count)
{
	if (count != (uint64_t)number(s, 1))
		fail_at(s, "there are %llu", (unsigned long long)count);
}

static void expect_mfcs(struct script *s)
{
	expect_count(s, s->fake.n_entries);
}

static void expect_members(struct script *s)
{
	expect_count(s, s->fake.n_members);
}

static void expect_learned(struct script *s)
{
	expect_count(s, engine_state(s->engine)->fib.learned);
}

static void expect_flows(struct script *s)
{
	expect_count(s, engine_state(s->engine)->fib.order.count);
}

static void expect_vifs(struct script *s)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < MAX_VIFS; i++)
		n += s->fake.vifs[FAMILY_IPV4][i] != 0;
	expect_count(s, n);
}

static void expect_vif(struct script *s)
{
	enum family family = word_at_is(s, 0, "mif") ? FAMILY_IPV6 : FAMILY_IPV4;
	char name[64];
	int vif = fake_vif_of(&s->fake, family, link_named(s, word(s, 1, name))->index);

	if (vif != (word_at_is(s, 2, "-") ? -1 : (int)number(s, 2)))
		fail_at(s, "it is %d", vif);
}

static bool is_member(const struct script *s)
{
	struct member member = {0};
	char name[64];

	member.ifindex = link_named(s, word(s, 1, name))->index;
	member.group = address(s, s->words.count - 1);
	member.source =
		s->words.count > 3 ? address(s, 2) : (struct addr){.family = member.group.family};
	return fake_has_member(&s->fake, &member);
}

static void expect_member(struct script *s)
{
	if (!is_member(s))
		fail_at(s, "it is none");
}

static void expect_nomember(struct script *s)
{
	if (is_member(s))
		fail_at(s, "it is one");
}

static void expect_did(struct script *s)
{
	if (strcmp(buf_text(&s->did), rest(s, 1)) != 0)
		fail_at(s, "it did '%s'", buf_text(&s->did));
	buf_consume(&s->did, s->did.len);
}

static void do_mark(struct script *s)
{
	buf_consume(&s->did, s->did.len);
	buf_consume(&s->notes, s->notes.len);
	buf_consume(&s->events, s->events.len);
}

static void expect_state(struct script *s, size_t at, const char *name)
{
	static const char *const names[] = {[RULE_ACTIVE] = "active",
					    [RULE_PENDING] = "pending",
					    [RULE_SHADOWED] = "shadowed",
					    [RULE_REFUSED] = "refused"};
	const char *end = arrow(s), *state = end + 4, *reason = strchr(state, ' ');
	char *text = mem_strndup(rest(s, at), (size_t)(end - rest(s, at)));
	const struct state *now = engine_state(s->engine);
	const struct link *link = NULL;
	enum rule_state is = RULE_PENDING;
	struct buf why = {0};
	struct stmt st = {0};
	struct rule *rule;

	unit_stmt(&st, text, 1, &s->diags);
	rule = rules_find(now->rules, &st);
	if (!rule)
		fail_at(s, "there is no such rule");
	else if (name)
		link = links_find(&now->links, link_named(s, name)->index);
	else if (rule->iif->n_links)
		link = rule->iif->links[0];
	if (link)
		is = engine_rule_state(s->engine, rule, link, &why);
	else
		engine_rule_is_pending(s->engine, rule, &why);
	if (strncmp(state, names[is], strlen(names[is])) != 0 ||
	    !strstr(buf_text(&why), reason ? reason + 1 : ""))
		fail_at(s, "it is %s %s", names[is], buf_text(&why));
	buf_free(&why);
	free(text);
	stmt_free(&st);
}

/* On the first of its inbound links, if there is any. */
static void expect_rule(struct script *s)
{
	expect_state(s, 1, NULL);
}

static void expect_rule_on(struct script *s)
{
	char name[64];

	expect_state(s, 2, word(s, 1, name));
}

static void expect_event(struct script *s)
{
	const char *line = buf_text(&s->events), *end = strchr(line, '\n');
	size_t len = end ? (size_t)(end - line) : 0;

	if (len != strlen(rest(s, 1)) || memcmp(line, rest(s, 1), len) != 0)
		fail_at(s, "it was '%.*s'", (int)len, line);
	buf_consume(&s->events, len + 1);
}

static void expect_noted(struct script *s)
{
	if (!strstr(buf_text(&s->notes), rest(s, 1)))
		fail_at(s, "the log has only '%s'", buf_text(&s->notes));
	buf_consume(&s->notes, s->notes.len);
}

static void expect_silent(struct script *s)
{
	if (s->notes.len)
		fail_at(s, "the log has '%s'", buf_text(&s->notes));
}

static const struct {
	const char *name;
	void (*run)(struct script *s);
} verbs[] = {
	{"links", do_links},	     {"mark", do_mark},
	{"link", do_link},	     {"gone", do_gone},
	{"unheard", do_unheard},     {"resync", do_resync},
	{"hold", do_hold},	     {"go", do_go},
	{"file", do_file},	     {"load", do_load},
	{"add", do_command},	     {"remove", do_command},
	{"join", do_command},	     {"leave", do_command},
	{"fail", do_fail},	     {"packet", do_packet},
	{"upcall", do_upcall},	     {"wait", do_wait},
	{"flush", do_flush},	     {"refuse", do_refuse},
	{"obey", do_obey},	     {"mfc", expect_mfc},
	{"nomfc", expect_nomfc},     {"mfcs", expect_mfcs},
	{"members", expect_members}, {"learned", expect_learned},
	{"flows", expect_flows},     {"vifs", expect_vifs},
	{"vif", expect_vif},	     {"mif", expect_vif},
	{"member", expect_member},   {"nomember", expect_nomember},
	{"did", expect_did},	     {"rule", expect_rule},
	{"event", expect_event},     {"noted", expect_noted},
	{"silent", expect_silent},   {"rule-on", expect_rule_on},
};

static void settle(struct script *s)
{
	uint64_t before;

	if (s->held)
		return;
	engine_settle(s->engine);
	before = s->fake.operations;
	engine_settle(s->engine);
	if (s->fake.operations != before)
		fail_at(s, "settling twice found something to do");
	if (s->fake.verdict[0])
		fail_at(s, "the kernel objects: %s", s->fake.verdict);
}

static void run_line(struct script *s, const char *line)
{
	s->text = line;
	s->line++;
	words_split(&s->words, line, strlen(line), false);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!word_at_is(s, 0, verbs[i].name))
			continue;
		verbs[i].run(s);
		settle(s);
		return;
	}
	fail_at(s, "there is no such verb");
}

static void begin(struct script *s)
{
	const struct engine_config config = {
		.cache_ms = CACHE_MS, .max_flows = MAX_FLOWS, .key = {1, 2}};
	const struct engine_listener listener = {.ctx = s, .note = note, .flow = flow_event};

	memset(s, 0, sizeof(*s));
	s->now_ms = 1000000;
	fake_init(&s->fake, 1);
	s->obey = s->fake.kern.apply;
	s->fake.kern.apply = apply;
	s->engine = engine_new(&s->fake.kern, &config, &listener);
}

static void end(struct script *s)
{
	do_obey(s);
	s->text = "(the end)";
	engine_clear(s->engine);
	if (s->fake.n_entries || s->fake.n_members)
		fail_at(s, "something is left after engine_clear()");
	if (s->fake.verdict[0])
		fail_at(s, "the kernel objects: %s", s->fake.verdict);
	engine_free(s->engine);
	if (s->next)
		rules_release(s->next);
	fake_free(&s->fake);
	words_free(&s->words);
	diags_free(&s->diags);
	buf_free(&s->did);
	buf_free(&s->notes);
	buf_free(&s->events);
}

void script_run(void **row)
{
	const struct story *story = *row;
	struct script s;

	begin(&s);
	for (size_t i = 0; i < STORY_LINES && story->lines[i]; i++)
		run_line(&s, story->lines[i]);
	end(&s);
}
