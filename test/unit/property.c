/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * property: random rules, links, packets and refusals against the judging kernel.
 *
 * After each step the fake kernel must hold exactly what a naive model computes from the rules as
 * stated and the links as they are, by looking at every rule for every flow; the next settling must
 * find nothing to do; stating the rules in another order must change nothing.  After refusals, a
 * retry must heal everything.
 *
 *     property [SEED [STEPS]]       default: a fixed seed, 60,000 steps
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/engine.h"
#include "fake.h"

#define MAX_RULES 24
#define FLOWS	  8 /* sources x groups of one family */
#define NAMES	  7

static const char *const names[NAMES] = {"eth0", "eth1", "eth2", "eth10", "wg0", "wg1", "lan"};
static const char *const patterns[] = {"eth0", "eth1", "eth2",	"eth10", "wg0", "wg1",
				       "lan",  "eth+", "eth1+", "wg+",	 "+"};
static const char *const sources[FAMILIES][2] = {{"10.0.0.1", "10.0.1.2"},
						 {"2001:db8::1", "2001:db8:0:1::2"}};
static const char *const groups[FAMILIES][4] = {
	{"225.1.2.3", "225.1.2.4", "225.9.0.1", "239.0.0.1"},
	{"ff15::3", "ff15::4", "ff1e:9::1", "ff05::1"}};

/* A learned flow of the model. */
struct learned {
	struct addr source, group;
	int on;		      /* ifindex; 0 = not learned */
	bool had_exact_entry; /* the kernel's entry before this step forwarded */
};

struct world {
	struct fake fake;
	struct engine *engine;
	uint64_t dice, now_ms;
	struct stmt rules[MAX_RULES]; /* as stated, in order */
	size_t n_rules;
	struct learned flows[FAMILIES][FLOWS];
	int next_index;
	unsigned long step;
	uint64_t seed;
	bool lenient; /* refusals were injected since the last comparison */
	char history[16][160];
	unsigned int n_history;
};

static unsigned int roll(struct world *w, unsigned int n)
{
	return (unsigned int)fake_random(&w->dice, n);
}

static void PRINTF_LIKE(2, 3) did(struct world *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(w->history[w->n_history++ % 16], sizeof(w->history[0]), format, args);
	va_end(args);
}

static void PRINTF_LIKE(2, 3) fail(struct world *w, const char *format, ...)
{
	struct buf text = {0};
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	fprintf(stderr, "seed %llu, step %lu: %s\n", (unsigned long long)w->seed, w->step,
		buf_text(&text));
	for (unsigned int i = w->n_history > 16 ? w->n_history - 16 : 0; i < w->n_history; i++)
		fprintf(stderr, "  %s\n", w->history[i % 16]);
	for (size_t i = 0; i < w->n_rules; i++) {
		text.len = 0;
		stmt_print(&w->rules[i], &text);
		fprintf(stderr, "  rule: %s\n", buf_text(&text));
	}
	for (size_t i = 0; i < w->fake.n_links; i++)
		fprintf(stderr, "  link: %d %s%s vif %d mif %d\n", w->fake.links[i].index,
			w->fake.links[i].name, w->fake.links[i].multicast ? "" : " (no multicast)",
			fake_vif_of(&w->fake, FAMILY_IPV4, w->fake.links[i].index),
			fake_vif_of(&w->fake, FAMILY_IPV6, w->fake.links[i].index));
	exit(1);
}

/* The model: everything by brute force. */

static const struct link_info *named_link(const struct world *w, const char *name)
{
	for (size_t i = 0; i < w->fake.n_links; i++)
		if (strcmp(w->fake.links[i].name, name) == 0)
			return &w->fake.links[i];
	return NULL;
}

static const struct link_info *indexed_link(const struct world *w, int index)
{
	for (size_t i = 0; i < w->fake.n_links; i++)
		if (w->fake.links[i].index == index)
			return &w->fake.links[i];
	return NULL;
}

static const struct stmt *phyint_of(const struct world *w, const char *name)
{
	const struct stmt *last = NULL;

	for (size_t i = 0; i < w->n_rules; i++)
		if (w->rules[i].kind == STMT_PHYINT && ifpat_matches(w->rules[i].iif, name))
			last = &w->rules[i];
	return last;
}

static bool usable(const struct world *w, const struct link_info *link)
{
	const struct stmt *phyint = phyint_of(w, link->name);

	return link->multicast && (!phyint || phyint->enable);
}

static bool mentioned(const struct world *w, const char *name)
{
	for (size_t i = 0; i < w->n_rules; i++) {
		if (ifpat_matches(w->rules[i].iif, name))
			return true;
		for (size_t o = 0; o < w->rules[i].n_oifs; o++)
			if (ifpat_matches(w->rules[i].oifs[o], name))
				return true;
	}
	return false;
}

static bool is_exact(const struct stmt *st)
{
	return st->kind == STMT_MROUTE && !ifpat_is_wild(st->iif) && prefix_is_full(&st->source) &&
	       prefix_is_full(&st->group);
}

static bool blocked(const struct world *w, const struct stmt *st, const struct addr *source)
{
	for (size_t r = 0; r < w->n_rules; r++) {
		const struct stmt *other = &w->rules[r];

		/* excepts of one rule add up over its statements */
		if (other->kind != STMT_MROUTE || strcmp(other->iif, st->iif) != 0 ||
		    !prefix_equal(&other->source, &st->source) ||
		    !prefix_equal(&other->group, &st->group))
			continue;
		for (size_t i = 0; i < other->n_except; i++)
			if (prefix_covers(&other->except[i], source))
				return true;
	}
	return false;
}

/* The outbound VIFs with thresholds of (S,G) arriving on a link; false when no rule covers it. */
static bool model_ttls(const struct world *w, const struct link_info *iif,
		       const struct addr *source, const struct addr *group, uint8_t ttls[MAX_VIFS])
{
	enum family family = (enum family)group->family;
	bool covered = false;

	memset(ttls, 0, MAX_VIFS);
	for (size_t r = 0; r < w->n_rules; r++) {
		const struct stmt *st = &w->rules[r];

		if (st->kind != STMT_MROUTE || !ifpat_matches(st->iif, iif->name) ||
		    !prefix_covers(&st->group, group) || !prefix_covers(&st->source, source) ||
		    blocked(w, st, source))
			continue;
		covered = true;
		for (size_t o = 0; o < st->n_oifs; o++) {
			for (size_t l = 0; l < w->fake.n_links; l++) {
				const struct link_info *oif = &w->fake.links[l];
				const struct stmt *phyint = phyint_of(w, oif->name);
				int vif = fake_vif_of(&w->fake, family, oif->index);

				if (!ifpat_matches(st->oifs[o], oif->name) || vif < 0 ||
				    (ifpat_is_wild(st->oifs[o]) && oif->index == iif->index))
					continue;
				ttls[vif] = phyint ? phyint->threshold : 1;
			}
		}
	}
	return covered;
}

static const struct link_info *model_exact(const struct world *w, const struct addr *source,
					   const struct addr *group, bool *any)
{
	const struct link_info *iif = NULL;

	*any = false;
	for (size_t r = 0; r < w->n_rules; r++) {
		const struct stmt *st = &w->rules[r];
		const struct link_info *link;

		if (!is_exact(st) || !addr_equal(&st->source.addr, source) ||
		    !addr_equal(&st->group.addr, group))
			continue;
		*any = true;
		link = named_link(w, st->iif);
		if (link && fake_vif_of(&w->fake, (enum family)group->family, link->index) >= 0)
			iif = link;
	}
	return iif;
}

static void check_flow(struct world *w, struct learned *flow)
{
	enum family family = (enum family)flow->group.family;
	struct fake_entry *entry = fake_find(&w->fake, &flow->source, &flow->group);
	const struct link_info *iif;
	uint8_t ttls[MAX_VIFS];
	char s[ADDR_TEXT], g[ADDR_TEXT];
	bool any_exact;

	addr_format(&flow->source, s);
	addr_format(&flow->group, g);
	iif = model_exact(w, &flow->source, &flow->group, &any_exact);
	if (!iif && !any_exact && !flow->on && flow->had_exact_entry && entry) {
		/* the orphan of an exact rule lives on where another rule forwards it */
		iif = indexed_link(w, w->fake.vifs[family][entry->mfc.iif]);
		if (iif) {
			model_ttls(w, iif, &flow->source, &flow->group, ttls);
			for (int n = 0; n < MAX_VIFS; n++)
				if (ttls[n])
					flow->on = iif->index;
		}
		iif = NULL;
	}
	if (!iif && flow->on) {
		iif = indexed_link(w, flow->on);
		if (iif && fake_vif_of(&w->fake, family, iif->index) < 0)
			iif = NULL;
		if (!iif)
			flow->on = 0;
	}
	if (!iif != !entry)
		fail(w, "(%s, %s): the kernel %s", s, g,
		     entry ? "has an entry too many" : "lacks an entry");
	flow->had_exact_entry = entry != NULL;
	if (!entry)
		return;
	if (w->fake.vifs[family][entry->mfc.iif] != iif->index)
		fail(w, "(%s, %s): iif is VIF %u, should be %s", s, g, entry->mfc.iif, iif->name);
	model_ttls(w, iif, &flow->source, &flow->group, ttls);
	for (int n = 0; n < MAX_VIFS; n++)
		if (entry->mfc.ttls[n] != ttls[n])
			fail(w, "(%s, %s): ttl of VIF %d is %u, should be %u", s, g, n,
			     entry->mfc.ttls[n], ttls[n]);
}

static void check_vifs(struct world *w, enum family family)
{
	for (size_t l = 0; l < w->fake.n_links; l++) {
		const struct link_info *link = &w->fake.links[l];
		bool want = usable(w, link) && mentioned(w, link->name);

		if (want != (fake_vif_of(&w->fake, family, link->index) >= 0))
			fail(w, "%s: %s VIF", link->name, want ? "lacks its" : "should have no");
	}
}

static bool member_wanted(const struct world *w, const struct member *member)
{
	const struct link_info *link = indexed_link(w, member->ifindex);

	for (size_t r = 0; link && usable(w, link) && r < w->n_rules; r++) {
		const struct stmt *st = &w->rules[r];

		if (st->kind == STMT_MGROUP && ifpat_matches(st->iif, link->name) &&
		    prefix_covers(&st->group, &member->group) &&
		    prefix_is_any(&st->source) == addr_is_any(&member->source) &&
		    prefix_covers(&st->source, &member->source))
			return true;
	}
	return false;
}

static void check_members(struct world *w)
{
	for (size_t i = 0; i < w->fake.n_members; i++)
		if (!member_wanted(w, &w->fake.members[i].member))
			fail(w, "a membership too many on link %d",
			     w->fake.members[i].member.ifindex);
	for (size_t r = 0; r < w->n_rules; r++) {
		const struct stmt *st = &w->rules[r];

		for (size_t l = 0; st->kind == STMT_MGROUP && l < w->fake.n_links; l++) {
			struct member member = {w->fake.links[l].index, st->source.addr,
						st->group.addr};
			uint64_t n = prefix_size(&st->group);

			if (!ifpat_matches(st->iif, w->fake.links[l].name))
				continue;
			for (; n--; addr_next(&member.group))
				if (member_wanted(w, &member) &&
				    !fake_has_member(&w->fake, &member))
					fail(w, "%s lacks a membership", w->fake.links[l].name);
		}
	}
}

static void check(struct world *w)
{
	uint64_t before;

	engine_settle(w->engine);
	if (w->fake.verdict[0])
		fail(w, "the kernel objects: %s", w->fake.verdict);
	before = w->fake.operations;
	engine_settle(w->engine);
	if (w->fake.operations != before)
		fail(w, "settling twice found something to do");
	for (int f = 0; f < FAMILIES; f++) {
		check_vifs(w, (enum family)f);
		for (int i = 0; i < FLOWS; i++)
			check_flow(w, &w->flows[f][i]);
	}
	check_members(w);
}

/* The steps. */

static void text_rule(struct world *w, struct buf *out)
{
	int f = (int)roll(w, FAMILIES);
	unsigned int kind = roll(w, 10);
	const char *iif = patterns[roll(w, ARRAY_SIZE(patterns))];
	const char *group = groups[f][roll(w, 4)];
	static const char *const lens[FAMILIES][3] = {{"", "/24", "/8"}, {"", "/126", "/16"}};

	if (kind == 0) {
		buf_printf(out, "phyint %s %s ttl-threshold %u", iif,
			   roll(w, 4) ? "enable" : "disable", 1 + roll(w, 3));
		return;
	}
	if (kind < 3) {
		buf_printf(out, "mgroup from %s", iif);
		if (roll(w, 3) == 0)
			buf_printf(out, " source %s", sources[f][roll(w, 2)]);
		buf_printf(out, " group %s%s", group, roll(w, 3) ? "" : f ? "/126" : "/30");
		return;
	}
	buf_printf(out, "mroute from %s", iif);
	if (roll(w, 2))
		buf_printf(out, " source %s%s", sources[f][roll(w, 2)],
			   roll(w, 3) ? ""
			   : f	      ? "/32"
				      : "/16");
	buf_printf(out, " group %s%s", group, lens[f][roll(w, 3)]);
	if (roll(w, 6) == 0)
		buf_printf(out, " except %s", sources[f][roll(w, 2)]);
	buf_puts(out, " to");
	for (unsigned int n = roll(w, 4); n; n--)
		buf_printf(out, " %s", patterns[roll(w, ARRAY_SIZE(patterns))]);
}

static void parse_into(struct world *w, const char *text, struct stmt *st)
{
	struct words words = {0};
	struct diags diags = {0};

	words_split(&words, text, strlen(text), true);
	if (stmt_parse(st, &words, (struct pos){"-", 1, 1}, &diags) < 0)
		fail(w, "%s: %s", text, diags.list[0].text);
	words_free(&words);
	diags_free(&diags);
}

static void new_stmt(struct world *w, struct stmt *st)
{
	struct buf text = {0};

	text_rule(w, &text);
	memset(st, 0, sizeof(*st));
	parse_into(w, buf_text(&text), st);
	did(w, "state: %s", buf_text(&text));
	buf_free(&text);
}

static void drop_rule(struct world *w, size_t at)
{
	stmt_free(&w->rules[at]);
	w->n_rules--;
	memmove(&w->rules[at], &w->rules[at + 1], (w->n_rules - at) * sizeof(w->rules[0]));
}

static void reload(struct world *w)
{
	struct rules *rules = engine_new_rules(w->engine);
	bool fresh;

	for (size_t i = 0; i < w->n_rules; i++)
		if (w->rules[i].kind == STMT_PHYINT)
			rules_set_phyint(rules, &w->rules[i]);
		else
			rules_add(rules, &w->rules[i], (struct origin){0}, &fresh);
	engine_load(w->engine, rules);
	engine_settle(w->engine);
}

static bool same_rule(const struct stmt *a, const struct stmt *b)
{
	return a->kind == b->kind && strcmp(a->iif, b->iif) == 0 &&
	       prefix_equal(&a->source, &b->source) && prefix_equal(&a->group, &b->group);
}

static void step_add(struct world *w)
{
	struct diags diags = {0};
	struct stmt st;
	bool known = false;
	int result = 0;

	if (w->n_rules == MAX_RULES)
		return;
	new_stmt(w, &st);
	if (st.kind != STMT_PHYINT && st.n_except == 0 && roll(w, 2)) {
		for (size_t i = 0; i < w->n_rules; i++)
			known |= same_rule(&w->rules[i], &st);
		result = st.kind == STMT_MGROUP ? engine_join(w->engine, &st, &diags)
						: engine_add(w->engine, &st, &diags);
		if (st.kind == STMT_MGROUP && known && result == 0)
			fail(w, "a membership was taken twice");
		if (st.kind == STMT_MGROUP && known) {
			stmt_free(&st);
			diags_free(&diags);
			return;
		}
		if (result < 0 && !w->lenient)
			fail(w, "a good command was refused");
		w->rules[w->n_rules++] = st;
	} else {
		w->rules[w->n_rules++] = st;
		did(w, "by reload");
		reload(w);
	}
	diags_free(&diags);
}

static void step_remove(struct world *w)
{
	struct diags diags = {0};
	size_t at;

	if (!w->n_rules)
		return;
	at = roll(w, (unsigned int)w->n_rules);
	if (w->rules[at].kind != STMT_PHYINT && roll(w, 2)) {
		struct stmt whole = w->rules[at];

		did(w, "remove rule %zu by command", at);
		whole.n_oifs = 0;
		if ((whole.kind == STMT_MGROUP ? engine_leave(w->engine, &whole, &diags)
					       : engine_remove(w->engine, &whole, &diags)) < 0)
			fail(w, "a rule could not be removed: %s", diags.list[0].text);
		for (size_t i = w->n_rules; i-- > 0;)
			if (i != at && same_rule(&w->rules[i], &w->rules[at])) {
				drop_rule(w, i);
				at -= i < at;
			}
		drop_rule(w, at);
	} else {
		did(w, "remove rule %zu by reload", at);
		drop_rule(w, at);
		reload(w);
	}
	diags_free(&diags);
}

static void step_link(struct world *w)
{
	const char *name = names[roll(w, NAMES)];
	const struct link_info *there = named_link(w, name);
	struct link_info info = {.multicast = true, .up = true};

	if (!there) {
		info.index = w->next_index++;
		memcpy(info.name, name, strlen(name));
		did(w, "link %d %s appears", info.index, name);
		fake_link(&w->fake, &info);
		engine_link(w->engine, &info);
		return;
	}
	info = *there;
	switch (roll(w, 4)) {
	case 0:
		info.multicast = !info.multicast;
		break;
	case 1: {
		const char *other = names[roll(w, NAMES)];

		if (named_link(w, other))
			return;
		memset(info.name, 0, sizeof(info.name));
		memcpy(info.name, other, strlen(other));
		break;
	}
	default:
		did(w, "link %d %s goes", info.index, name);
		fake_link_gone(&w->fake, info.index);
		engine_link_gone(w->engine, info.index);
		if (roll(w, 4))
			return;
		did(w, "and comes back with the same index");
	}
	did(w, "link %d %s is now %s%s", info.index, name, info.name,
	    info.multicast ? "" : " (no multicast)");
	fake_link(&w->fake, &info);
	engine_link(w->engine, &info);
}

static void step_packet(struct world *w)
{
	struct learned *flow = &w->flows[roll(w, FAMILIES)][roll(w, FLOWS)];
	const struct link_info *link;
	struct upcall upcall;
	struct fake_entry *entry;
	uint8_t ttls[MAX_VIFS];
	bool forwards = false, would = false;
	int was_on = flow->on, now_on;

	if (!w->fake.n_links)
		return;
	link = &w->fake.links[roll(w, (unsigned int)w->fake.n_links)];
	w->now_ms += roll(w, 2) ? 3000 : 1;
	if (!fake_packet(&w->fake, link->index, &flow->source, &flow->group, &upcall))
		return;
	entry = fake_find(&w->fake, &flow->source, &flow->group);
	model_ttls(w, link, &flow->source, &flow->group, ttls);
	for (int n = 0; n < MAX_VIFS; n++) {
		forwards |= entry && entry->mfc.ttls[n];
		would |= ttls[n] != 0;
	}
	did(w, "packet on %s of flow %td/%td (%s)", link->name, (flow - w->flows[0]) / FLOWS,
	    (flow - w->flows[0]) % FLOWS,
	    upcall.type == UPCALL_NOCACHE ? "no entry" : "wrong interface");
	engine_upcall(w->engine, &upcall, w->now_ms);
	if (upcall.type == UPCALL_NOCACHE) {
		flow->on = link->index;
		return;
	}
	entry = fake_find(&w->fake, &flow->source, &flow->group);
	now_on = entry ? w->fake.vifs[flow->group.family][entry->mfc.iif] : 0;
	if (now_on == link->index) {
		bool any;

		if (!would || model_exact(w, &flow->source, &flow->group, &any))
			fail(w, "a flow moved that must not");
		flow->on = link->index;
	} else if (!forwards && would && was_on && !w->lenient) {
		bool any;

		if (!model_exact(w, &flow->source, &flow->group, &any))
			fail(w, "a stop filter did not move to where it is wanted");
	}
}

static void forget_learned(struct world *w)
{
	for (int f = 0; f < FAMILIES; f++) {
		for (int i = 0; i < FLOWS; i++) {
			w->flows[f][i].on = 0;
			w->flows[f][i].had_exact_entry = false;
		}
	}
}

static void step_time(struct world *w)
{
	w->now_ms += 100;
	if (roll(w, 8) == 0) {
		did(w, "flush");
		engine_flush(w->engine);
		forget_learned(w);
		return;
	}
	engine_tick(w->engine, w->now_ms);
}

static void step_order(struct world *w)
{
	uint64_t before;

	for (size_t i = 1; i < w->n_rules; i++) {
		size_t j = roll(w, (unsigned int)i + 1);
		struct stmt swap = w->rules[i];

		/* order counts among exact rules and among phyints: those stay where they are */
		if (is_exact(&w->rules[i]) || is_exact(&w->rules[j]) ||
		    w->rules[i].kind == STMT_PHYINT || w->rules[j].kind == STMT_PHYINT)
			continue;
		w->rules[i] = w->rules[j];
		w->rules[j] = swap;
	}
	before = w->fake.operations;
	did(w, "reload in another order");
	reload(w);
	if (w->fake.operations != before && !w->lenient)
		fail(w, "another order of the same rules made operations necessary");
}

static void step(struct world *w)
{
	switch (roll(w, 12)) {
	case 0:
	case 1:
		step_add(w);
		break;
	case 2:
		step_remove(w);
		break;
	case 3:
	case 4:
	case 5:
		step_link(w);
		break;
	case 6:
		step_order(w);
		break;
	case 7:
		step_time(w);
		break;
	default:
		step_packet(w);
	}
}

/* Some steps with a kernel that says no now and then; afterwards everything must heal. */
static void bad_weather(struct world *w)
{
	w->lenient = true;
	w->fake.refuse = 20;
	did(w, "refusals begin");
	for (int i = 0; i < 5; i++) {
		if (roll(w, 2))
			step_link(w);
		else
			step_add(w);
		engine_settle(w->engine);
	}
	w->fake.refuse = 0;
	did(w, "refusals end");
	for (int i = 0; i < 3; i++) {
		w->now_ms += 10000;
		engine_tick(w->engine, w->now_ms);
	}
	/* Which learned flows survived depends on what was refused: start them afresh. */
	engine_flush(w->engine);
	forget_learned(w);
	w->fake.refused = 0;
	w->lenient = false;
}

static void begin(struct world *w, uint64_t seed)
{
	struct engine_config config = {.max_flows = 1000, .key = {seed, ~seed}};
	struct engine_listener quiet = {0};

	memset(w, 0, sizeof(*w));
	w->seed = w->dice = seed;
	w->next_index = 2;
	fake_init(&w->fake, seed);
	for (int f = 0; f < FAMILIES; f++) {
		for (int i = 0; i < FLOWS; i++) {
			const char *s = sources[f][i % 2], *g = groups[f][i / 2];

			addr_parse(&w->flows[f][i].source, s, strlen(s));
			addr_parse(&w->flows[f][i].group, g, strlen(g));
		}
	}
	w->engine = engine_new(&w->fake.kern, &config, &quiet);
}

static void end(struct world *w)
{
	engine_clear(w->engine);
	if (w->fake.n_entries || w->fake.n_members)
		fail(w, "something is left after engine_clear()");
	engine_free(w->engine);
	while (w->n_rules)
		drop_rule(w, w->n_rules - 1);
	fake_free(&w->fake);
}

int main(int argc, char **argv)
{
	static struct world w;
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20010911;
	unsigned long steps = argc > 2 ? strtoul(argv[2], NULL, 0) : 60000;

	if (argc > 3) {
		fprintf(stderr, "usage: property [SEED [STEPS]]\n");
		return EX_USAGE;
	}
	printf("seed %llu, %lu steps\n", (unsigned long long)seed, steps);
	for (unsigned long done = 0; done < steps; done += 200) {
		begin(&w, seed + done);
		for (unsigned long i = 0; i < 200; i++) {
			w.step = i;
			step(&w);
			if (i % 40 == 39)
				bad_weather(&w);
			check(&w);
		}
		end(&w);
	}
	puts("all steps as the model says");
	return 0;
}
