/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const model_sources[FAMILIES][MODEL_SOURCES] = {{"10.0.0.1", "10.0.1.2"},
							    {"2001:db8::1", "2001:db8:0:1::2"}};
const char *const model_groups[FAMILIES][MODEL_GROUPS] = {
	{"225.1.2.3", "225.1.2.4", "225.9.0.1", "239.0.0.1"},
	{"ff15::3", "ff15::4", "ff1e:9::1", "ff08::1"}};

/* Views */

void view_clear(struct view *view)
{
	memset(view->vifs, 0, sizeof(view->vifs));
	view->n_entries = view->n_members = 0;
}

void view_free(struct view *view)
{
	free(view->entries);
	free(view->members);
}

void view_add_entry(struct view *view, const struct mfc *mfc)
{
	struct mfc *place =
		mem_append(&view->entries, view->n_entries, &view->entries_room, sizeof(*place));

	*place = *mfc;
	view->n_entries++;
}

void view_add_member(struct view *view, const struct member *member)
{
	struct member *place =
		mem_append(&view->members, view->n_members, &view->members_room, sizeof(*place));

	*place = *member;
	view->n_members++;
}

const struct mfc *view_entry(const struct view *view, const struct addr *source,
			     const struct addr *group)
{
	for (size_t i = 0; i < view->n_entries; i++)
		if (addr_equal(&view->entries[i].source, source) &&
		    addr_equal(&view->entries[i].group, group))
			return &view->entries[i];
	return NULL;
}

int view_vif_of(const struct view *view, enum family family, int ifindex)
{
	for (int n = 0; n < MAX_VIFS; n++)
		if (ifindex && view->vifs[family][n] == ifindex)
			return n;
	return -1;
}

static bool view_has_member(const struct view *view, const struct member *member)
{
	for (size_t i = 0; i < view->n_members; i++) {
		const struct member *found = &view->members[i];

		if (found->ifindex == member->ifindex &&
		    addr_equal(&found->source, &member->source) &&
		    addr_equal(&found->group, &member->group))
			return true;
	}
	return false;
}

/* The model's life */

void model_init(struct model *model, uint64_t cache_ms)
{
	memset(model, 0, sizeof(*model));
	model->cache_ms = cache_ms;
	for (int f = 0; f < FAMILIES; f++) {
		for (int i = 0; i < MODEL_FLOWS; i++) {
			struct model_flow *flow = &model->flows[f][i];
			const char *s = model_sources[f][i % MODEL_SOURCES];
			const char *g = model_groups[f][i / MODEL_SOURCES];

			addr_parse(&flow->source, s, strlen(s));
			addr_parse(&flow->group, g, strlen(g));
			flow->n_on = 1;
		}
	}
}

static void drop_rule(struct model *model, size_t at)
{
	stmt_free(&model->rules[at].stmt);
	model->n_rules--;
	memmove(&model->rules[at], &model->rules[at + 1],
		(model->n_rules - at) * sizeof(model->rules[0]));
}

void model_free(struct model *model)
{
	while (model->n_rules)
		drop_rule(model, model->n_rules - 1);
}

/* Links */

struct model_link *model_link(struct model *model, const char *name)
{
	for (size_t i = 0; i < model->n_links; i++)
		if (strcmp(model->links[i].info.name, name) == 0)
			return &model->links[i];
	return NULL;
}

struct model_link *model_link_at(struct model *model, int index)
{
	for (size_t i = 0; i < model->n_links; i++)
		if (model->links[i].info.index == index)
			return &model->links[i];
	return NULL;
}

static const struct model_link *link_at(const struct model *model, int index)
{
	return model_link_at((struct model *)model, index);
}

void model_set_link(struct model *model, const struct link_info *info)
{
	struct model_link *link = model_link_at(model, info->index);

	if (!link) {
		link = &model->links[model->n_links++];
		for (int f = 0; f < FAMILIES; f++)
			link->vif[f] = -1;
	}
	link->info = *info;
}

static void flow_may(struct model_flow *flow, int index)
{
	for (size_t i = 0; i < flow->n_on; i++)
		if (flow->on[i] == index)
			return;
	if (flow->n_on < MODEL_ON)
		flow->on[flow->n_on++] = index;
}

static void flow_is(struct model_flow *flow, int index)
{
	flow->on[0] = index;
	flow->n_on = 1;
}

static bool flow_can(const struct model_flow *flow, int index)
{
	for (size_t i = 0; i < flow->n_on; i++)
		if (flow->on[i] == index)
			return true;
	return false;
}

/* What was learned on it may be forgotten, even if it comes back at once. */
void model_link_gone(struct model *model, int index)
{
	struct model_link *link = model_link_at(model, index);

	if (!link)
		return;
	*link = model->links[--model->n_links];
	for (int f = 0; f < FAMILIES; f++)
		for (int i = 0; i < MODEL_FLOWS; i++)
			if (flow_can(&model->flows[f][i], index))
				flow_may(&model->flows[f][i], 0);
}

void model_forget_vifs(struct model *model)
{
	for (size_t i = 0; i < model->n_links; i++)
		for (int f = 0; f < FAMILIES; f++)
			model->links[i].vif[f] = -1;
}

/* Rules */

bool model_full(const struct model *model)
{
	return model->n_rules >= MODEL_RULES - 1 || model->n_file >= MODEL_RULES - 1;
}

static bool same_rule(const struct stmt *a, const struct stmt *b)
{
	if (a->kind != b->kind || strcmp(a->iif, b->iif) != 0)
		return false;
	return a->kind == STMT_PHYINT ||
	       (prefix_equal(&a->source, &b->source) && prefix_equal(&a->group, &b->group) &&
		a->scopes == b->scopes);
}

static struct model_rule *find_rule(struct model *model, const struct stmt *st)
{
	for (size_t i = 0; i < model->n_rules; i++)
		if (same_rule(&model->rules[i].stmt, st))
			return &model->rules[i];
	return NULL;
}

static bool has_oif(const struct stmt *st, const char *oif)
{
	for (size_t i = 0; i < st->n_oifs; i++)
		if (strcmp(st->oifs[i], oif) == 0)
			return true;
	return false;
}

static bool has_except(const struct stmt *st, const struct prefix *except)
{
	for (size_t i = 0; i < st->n_except; i++)
		if (prefix_equal(&st->except[i], except))
			return true;
	return false;
}

static void unite(struct stmt *to, const struct stmt *from)
{
	for (size_t i = 0; i < from->n_oifs; i++) {
		if (has_oif(to, from->oifs[i]))
			continue;
		memcpy(mem_append(&to->oifs, to->n_oifs, &to->oifs_room, sizeof(*to->oifs)),
		       from->oifs[i], sizeof(*to->oifs));
		to->n_oifs++;
	}
	for (size_t i = 0; i < from->n_except; i++) {
		if (has_except(to, &from->except[i]))
			continue;
		*(struct prefix *)mem_append(&to->except, to->n_except, &to->except_room,
					     sizeof(struct prefix)) = from->except[i];
		to->n_except++;
	}
}

/* A statement takes force: a new rule, or more of one, and then the latest of all. */
static void state(struct model *model, const struct stmt *st)
{
	struct model_rule rule = {.stmt = *st}, *old = find_rule(model, st);

	rule.stmt.oifs = NULL;
	rule.stmt.except = NULL;
	rule.stmt.n_oifs = rule.stmt.oifs_room = rule.stmt.n_except = rule.stmt.except_room = 0;
	memset(&rule.stmt.path, 0, sizeof(rule.stmt.path));
	if (old) {
		unite(&rule.stmt, &old->stmt);
		drop_rule(model, (size_t)(old - model->rules));
	}
	unite(&rule.stmt, st);
	model->rules[model->n_rules++] = rule;
}

static bool excluded(const struct model_rule *rule, const char *name)
{
	for (size_t i = 0; i < rule->n_without; i++)
		if (strcmp(rule->without[i], name) == 0)
			return true;
	return false;
}

/* The shortest wildcard rule with these prefixes that covers a plain name. */
static struct model_rule *find_wildcard(struct model *model, const struct stmt *st)
{
	struct model_rule *best = NULL;

	for (size_t i = 0; i < model->n_rules; i++) {
		struct model_rule *rule = &model->rules[i];
		struct stmt like = *st;

		memcpy(like.iif, rule->stmt.iif, sizeof(like.iif));
		if (!ifpat_is_wild(like.iif) || !same_rule(&rule->stmt, &like) ||
		    !ifpat_matches(like.iif, st->iif) || excluded(rule, st->iif))
			continue;
		if (!best || strlen(like.iif) < strlen(best->stmt.iif))
			best = rule;
	}
	return ifpat_is_wild(st->iif) ? NULL : best;
}

static int remove_oifs(struct model_rule *rule, const struct stmt *st)
{
	struct stmt *of = &rule->stmt;
	size_t to = 0;

	for (size_t i = 0; i < st->n_oifs; i++)
		if (!has_oif(of, st->oifs[i]))
			return -EINVAL;
	for (size_t i = 0; i < of->n_oifs; i++)
		if (!has_oif(st, of->oifs[i]))
			memmove(of->oifs[to++], of->oifs[i], sizeof(*of->oifs));
	of->n_oifs = to;
	return 0;
}

static int remove_route(struct model *model, const struct stmt *st)
{
	struct model_rule *rule = find_rule(model, st);

	if (rule && st->n_oifs)
		return remove_oifs(rule, st);
	if (rule) {
		drop_rule(model, (size_t)(rule - model->rules));
		return 0;
	}
	rule = find_wildcard(model, st);
	if (!rule || st->n_oifs)
		return -EINVAL;
	if (rule->n_without < MODEL_WITHOUT)
		memcpy(rule->without[rule->n_without++], st->iif, IFNAME_SIZE);
	return 0;
}

int model_command(struct model *model, const struct request *request)
{
	const struct stmt *st = &request->stmt;
	struct model_rule *rule;

	switch (request->command) {
	case COMMAND_REMOVE:
		return remove_route(model, st);
	case COMMAND_LEAVE:
		rule = find_rule(model, st);
		if (!rule)
			return -EINVAL;
		drop_rule(model, (size_t)(rule - model->rules));
		return 0;
	case COMMAND_JOIN:
		if (find_rule(model, st))
			return -EINVAL;
		break;
	default:
		break;
	}
	state(model, st);
	return 0;
}

bool model_file_add(struct model *model, const char *statement)
{
	if (model_full(model) || strlen(statement) >= MODEL_STMT)
		return false;
	strcpy(model->file[model->n_file++], statement);
	return true;
}

bool model_file_drop(struct model *model, const char *statement)
{
	for (size_t i = 0; i < model->n_file; i++) {
		if (strcmp(model->file[i], statement) != 0)
			continue;
		model->n_file--;
		memmove(model->file[i], model->file[i + 1],
			(model->n_file - i) * sizeof(model->file[0]));
		return true;
	}
	return false;
}

void model_reload(struct model *model)
{
	struct words words = {0};
	struct diags diags = {0};
	struct stmt st = {0};

	while (model->n_rules)
		drop_rule(model, model->n_rules - 1);
	for (size_t i = 0; i < model->n_file; i++) {
		words_split(&words, model->file[i], strlen(model->file[i]), true);
		if (words.count && stmt_parse(&st, &words, (struct pos){0}, &diags) == 0)
			state(model, &st);
	}
	words_free(&words);
	diags_free(&diags);
	stmt_free(&st);
}

static bool is_exact(const struct stmt *st)
{
	return st->kind == STMT_MROUTE && !ifpat_is_wild(st->iif) && prefix_is_full(&st->source) &&
	       prefix_is_full(&st->group);
}

/* Order counts among exact rules and among phyints. */
static bool may_move(const struct model_rule *rule)
{
	return rule->stmt.kind != STMT_PHYINT && !is_exact(&rule->stmt);
}

bool model_restate(struct model *model, uint64_t seed)
{
	struct buf text = {0};
	bool same = true;

	for (size_t i = 1; i < model->n_rules; i++) {
		size_t j = (size_t)((seed = seed * 6364136223846793005U + 1) >> 33) % (i + 1);
		struct model_rule swap = model->rules[i];

		if (!may_move(&model->rules[i]) || !may_move(&model->rules[j]))
			continue;
		model->rules[i] = model->rules[j];
		model->rules[j] = swap;
	}
	model->n_file = 0;
	for (size_t i = 0; i < model->n_rules; i++) {
		text.len = 0;
		stmt_print(&model->rules[i].stmt, &text);
		same &= model->rules[i].n_without == 0;
		same &= model_file_add(model, buf_text(&text));
	}
	buf_free(&text);
	model_reload(model);
	return same;
}

/* Questions */

static const struct stmt *phyint_of(const struct model *model, const char *name)
{
	const struct stmt *last = NULL;

	for (size_t i = 0; i < model->n_rules; i++)
		if (model->rules[i].stmt.kind == STMT_PHYINT &&
		    ifpat_matches(model->rules[i].stmt.iif, name))
			last = &model->rules[i].stmt;
	return last;
}

static bool usable(const struct model *model, const struct model_link *link)
{
	const struct stmt *phyint = phyint_of(model, link->info.name);

	return link->info.multicast && (!phyint || phyint->enable);
}

static bool mentioned(const struct model *model, const char *name)
{
	for (size_t i = 0; i < model->n_rules; i++) {
		const struct stmt *st = &model->rules[i].stmt;

		if (ifpat_matches(st->iif, name))
			return true;
		for (size_t o = 0; o < st->n_oifs; o++)
			if (ifpat_matches(st->oifs[o], name))
				return true;
	}
	return false;
}

static bool covers(const struct model_rule *rule, const char *iif, const struct addr *source,
		   const struct addr *group)
{
	const struct stmt *st = &rule->stmt;

	if (st->kind != STMT_MROUTE || !ifpat_matches(st->iif, iif) || excluded(rule, iif) ||
	    !prefix_covers(&st->group, group) || !prefix_covers(&st->source, source) ||
	    !(st->scopes >> addr_group_scope(group) & 1))
		return false;
	for (size_t i = 0; i < st->n_except; i++)
		if (prefix_covers(&st->except[i], source))
			return false;
	return true;
}

/* The outbound VIFs with thresholds of (S,G) arriving on a link; true when there is any. */
static bool ttls_of(const struct model *model, const struct view *view,
		    const struct model_link *iif, const struct model_flow *flow,
		    uint8_t ttls[MAX_VIFS])
{
	enum family family = (enum family)flow->group.family;
	bool any = false;

	memset(ttls, 0, MAX_VIFS);
	for (size_t l = 0; l < model->n_links; l++) {
		const struct link_info *oif = &model->links[l].info;
		const struct stmt *phyint = phyint_of(model, oif->name);
		int vif = view_vif_of(view, family, oif->index);

		for (size_t r = 0; vif >= 0 && r < model->n_rules; r++) {
			const struct stmt *st = &model->rules[r].stmt;

			if (!covers(&model->rules[r], iif->info.name, &flow->source, &flow->group))
				continue;
			for (size_t o = 0; o < st->n_oifs; o++) {
				if (!ifpat_matches(st->oifs[o], oif->name) ||
				    (ifpat_is_wild(st->oifs[o]) && oif->index == iif->info.index))
					continue;
				ttls[vif] = phyint ? phyint->threshold : 1;
				any = true;
			}
		}
	}
	return any;
}

/* The link of the exact rule in force for the flow; *@any: there are such rules. */
static const struct model_link *exact_of(const struct model *model, const struct view *view,
					 const struct model_flow *flow, bool *any)
{
	const struct model_link *iif = NULL;

	*any = false;
	for (size_t r = 0; r < model->n_rules; r++) {
		const struct stmt *st = &model->rules[r].stmt;
		const struct model_link *link;

		if (!is_exact(st) || !addr_equal(&st->source.addr, &flow->source) ||
		    !addr_equal(&st->group.addr, &flow->group))
			continue;
		*any = true;
		link = model_link((struct model *)model, st->iif);
		if (link &&
		    view_vif_of(view, (enum family)flow->group.family, link->info.index) >= 0)
			iif = link;
	}
	return iif;
}

/* Exact rules that come and go unseen may leave their flow learned wherever they had it. */
static void left_behind(const struct model *model, struct model_flow *flow)
{
	bool any = flow->exact_on != 0;

	for (size_t r = 0; r < model->n_rules; r++)
		any |= is_exact(&model->rules[r].stmt) &&
		       addr_equal(&model->rules[r].stmt.source.addr, &flow->source) &&
		       addr_equal(&model->rules[r].stmt.group.addr, &flow->group);
	for (size_t l = 0; any && l < model->n_links; l++)
		flow_may(flow, model->links[l].info.index);
}

void model_stepped(struct model *model, bool deaf)
{
	for (int f = 0; f < FAMILIES; f++) {
		for (int i = 0; i < MODEL_FLOWS; i++) {
			struct model_flow *flow = &model->flows[f][i];

			if (model->fuzzy)
				left_behind(model, flow);
			for (size_t n = 0; n < flow->n_on; n++) {
				const struct model_link *link = link_at(model, flow->on[n]);

				if (deaf || !link || !usable(model, link) ||
				    !mentioned(model, link->info.name))
					flow_may(flow, 0);
			}
		}
	}
}

/* Packets and time */

struct model_flow *model_flow(struct model *model, const struct addr *source,
			      const struct addr *group)
{
	for (int f = 0; f < FAMILIES; f++)
		for (int i = 0; i < MODEL_FLOWS; i++)
			if (addr_equal(&model->flows[f][i].source, source) &&
			    addr_equal(&model->flows[f][i].group, group))
				return &model->flows[f][i];
	return NULL;
}

void model_heard(struct model *model, struct model_flow *flow)
{
	flow->heard_ms = flow->latest_ms = model->now_ms;
	flow->looked = false;
}

void model_no_entry(struct model *model, struct model_flow *flow, int index)
{
	if (model->fuzzy)
		flow_may(flow, index);
	else
		flow_is(flow, index);
	model_heard(model, flow);
}

static bool forwards(const struct mfc *entry)
{
	static const uint8_t none[MAX_VIFS];

	return entry && memcmp(entry->ttls, none, sizeof(none)) != 0;
}

const char *model_wrong(struct model *model, struct model_flow *flow, int index,
			const struct view *before, const struct view *now)
{
	const struct mfc *was = view_entry(before, &flow->source, &flow->group);
	const struct mfc *is = view_entry(now, &flow->source, &flow->group);
	enum family family = (enum family)flow->group.family;
	const struct model_link *link = link_at(model, index);
	bool moved = is && now->vifs[family][is->iif] == index, live = forwards(was), any, wanted;
	uint8_t ttls[MAX_VIFS];

	wanted = link && !exact_of(model, before, flow, &any) &&
		 ttls_of(model, before, link, flow, ttls);
	if (model->fuzzy) {
		flow_may(flow, index);
		if (moved)
			model_heard(model, flow);
		return NULL;
	}
	if (moved) {
		if (!wanted)
			return "a flow moved to where no rule wants it";
		if (live && model->now_ms - flow->heard_ms < MODEL_MOVE_MS)
			return "a flow moved away from a live feed";
		flow_is(flow, index);
		model_heard(model, flow);
		return NULL;
	}
	if (wanted && was && !live)
		return "a stop filter did not move to where the flow is wanted";
	if (wanted && flow->looked && model->now_ms - flow->looked_ms >= MODEL_MOVE_MS)
		return "a flow stays where it is silent";
	if (wanted && !flow->looked) {
		flow->looked = true;
		flow->looked_ms = model->now_ms;
	}
	return NULL;
}

void model_wait(struct model *model, uint64_t ms)
{
	uint64_t late = model->cache_ms / 10 > 1000 ? model->cache_ms / 10 : 1000;

	model->now_ms += ms;
	for (int f = 0; f < FAMILIES && model->cache_ms; f++) {
		for (int i = 0; i < MODEL_FLOWS; i++) {
			struct model_flow *flow = &model->flows[f][i];

			if (model->now_ms - flow->latest_ms >= model->cache_ms + late &&
			    !model->fuzzy)
				flow_is(flow, 0);
			else if (model->now_ms - flow->heard_ms >= model->cache_ms)
				flow_may(flow, 0);
		}
	}
}

void model_flush(struct model *model)
{
	for (int f = 0; f < FAMILIES; f++)
		for (int i = 0; i < MODEL_FLOWS; i++)
			if (model->fuzzy)
				flow_may(&model->flows[f][i], 0);
			else
				flow_is(&model->flows[f][i], 0);
}

/* Comparing */

static bool PRINTF_LIKE(2, 3) differs(char why[MODEL_WHY], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, MODEL_WHY, format, args);
	va_end(args);
	return true;
}

/*
 * When the last exact rule goes, its entry lives on as a learned one where another rule forwards
 * it. Whether that happened, or had to happen.
 */
static bool adopted(const struct model *model, const struct view *view,
		    const struct model_flow *flow, bool any_exact, int index)
{
	const struct model_link *link = index ? link_at(model, index) : NULL;
	uint8_t ttls[MAX_VIFS];

	return !any_exact && link && (flow->exact_on == index || model->fuzzy) &&
	       view_vif_of(view, (enum family)flow->group.family, index) >= 0 &&
	       ttls_of(model, view, link, flow, ttls);
}

/* Whether the flow may have no entry. */
static bool may_be_absent(const struct model *model, const struct view *view,
			  const struct model_flow *flow, bool any_exact)
{
	enum family family = (enum family)flow->group.family;

	for (size_t i = 0; i < flow->n_on; i++) {
		int on = flow->on[i];

		if (on && !(link_at(model, on) && view_vif_of(view, family, on) >= 0))
			return true;
		if (!on && (flow->n_on > 1 || model->fuzzy ||
			    !adopted(model, view, flow, any_exact, flow->exact_on)))
			return true;
	}
	return false;
}

static bool flow_differs(const struct model *model, const struct view *view,
			 const struct model_flow *flow, char why[MODEL_WHY])
{
	enum family family = (enum family)flow->group.family;
	const struct mfc *entry = view_entry(view, &flow->source, &flow->group);
	int on = entry ? view->vifs[family][entry->iif] : 0;
	const struct model_link *exact, *link = on ? link_at(model, on) : NULL;
	char s[ADDR_TEXT], g[ADDR_TEXT];
	uint8_t ttls[MAX_VIFS];
	bool any;

	addr_format(&flow->source, s);
	addr_format(&flow->group, g);
	exact = exact_of(model, view, flow, &any);
	if (!entry)
		return (exact || !may_be_absent(model, view, flow, any)) &&
		       differs(why, "(%s, %s): the kernel lacks an entry", s, g);
	if (!link)
		return differs(why, "(%s, %s): the entry's iif is VIF %u, which is not there", s, g,
			       entry->iif);
	if (exact && exact != link)
		return differs(why, "(%s, %s): iif is %s, should be %s", s, g, link->info.name,
			       exact->info.name);
	if (!exact && !flow_can(flow, on) && !adopted(model, view, flow, any, on))
		return differs(why, "(%s, %s): an entry too many, from %s", s, g, link->info.name);
	ttls_of(model, view, link, flow, ttls);
	for (int n = 0; n < MAX_VIFS; n++)
		if (family == FAMILY_IPV4 ? entry->ttls[n] != ttls[n] : !entry->ttls[n] != !ttls[n])
			return differs(why, "(%s, %s) from %s: ttl of VIF %d is %u, should be %u",
				       s, g, link->info.name, n, entry->ttls[n], ttls[n]);
	return false;
}

static bool vifs_differ(const struct model *model, const struct view *view, enum family family,
			char why[MODEL_WHY])
{
	size_t wanted = 0, held = 0, all = 0;
	const char *without = "";

	for (int n = 0; n < MAX_VIFS; n++)
		all += view->vifs[family][n] != 0;
	for (size_t l = 0; l < model->n_links; l++) {
		const struct model_link *link = &model->links[l];
		bool want = usable(model, link) && mentioned(model, link->info.name);
		int vif = view_vif_of(view, family, link->info.index);

		wanted += want;
		held += vif >= 0;
		if (want && vif < 0)
			without = link->info.name;
		if (!want && vif >= 0)
			return differs(why, "%s should have no %s VIF", link->info.name,
				       families[family].name);
		if (want && link->vif[family] >= 0 && link->vif[family] != vif)
			return differs(why, "%s has %s VIF %d and had %d", link->info.name,
				       families[family].name, vif, link->vif[family]);
	}
	if (all != held)
		return differs(why, "%s VIFs that are nobody's", families[family].name);
	if (held != (wanted > MAX_VIFS ? MAX_VIFS : wanted))
		return differs(why, "%s lacks its %s VIF: %zu want one, %zu have one", without,
			       families[family].name, wanted, held);
	return false;
}

bool model_wants(const struct model *model, const struct member *member)
{
	const struct model_link *link = link_at(model, member->ifindex);

	for (size_t r = 0; link && usable(model, link) && r < model->n_rules; r++) {
		const struct stmt *st = &model->rules[r].stmt;

		if (st->kind == STMT_MGROUP && ifpat_matches(st->iif, link->info.name) &&
		    prefix_covers(&st->group, &member->group) &&
		    prefix_is_any(&st->source) == addr_is_any(&member->source) &&
		    prefix_covers(&st->source, &member->source))
			return true;
	}
	return false;
}

/* Whether a rule's memberships on a link are there. */
static bool lacks_member(const struct view *view, const struct stmt *st,
			 const struct model_link *link, char why[MODEL_WHY])
{
	struct member member = {link->info.index, st->source.addr, st->group.addr};
	char g[ADDR_TEXT];

	for (uint64_t n = prefix_size(&st->group); n--; addr_next(&member.group))
		if (!view_has_member(view, &member))
			return differs(why, "%s is not in %s%s", link->info.name,
				       addr_format(&member.group, g),
				       addr_is_any(&member.source) ? "" : " (with a source)");
	return false;
}

static bool members_differ(const struct model *model, const struct view *view, char why[MODEL_WHY])
{
	char g[ADDR_TEXT];

	for (size_t i = 0; i < view->n_members; i++)
		if (!model_wants(model, &view->members[i]))
			return differs(
				why, "link %d is in %s%s, which nobody wants",
				view->members[i].ifindex, addr_format(&view->members[i].group, g),
				addr_is_any(&view->members[i].source) ? "" : " (with a source)");
	for (size_t r = 0; r < model->n_rules; r++) {
		const struct stmt *st = &model->rules[r].stmt;

		for (size_t l = 0; st->kind == STMT_MGROUP && l < model->n_links; l++)
			if (ifpat_matches(st->iif, model->links[l].info.name) &&
			    usable(model, &model->links[l]) &&
			    lacks_member(view, st, &model->links[l], why))
				return true;
	}
	return false;
}

bool model_differs(const struct model *model, const struct view *view, char why[MODEL_WHY])
{
	size_t known = 0;

	for (int f = 0; f < FAMILIES; f++) {
		if (vifs_differ(model, view, (enum family)f, why))
			return true;
		for (int i = 0; i < MODEL_FLOWS; i++) {
			const struct model_flow *flow = &model->flows[f][i];

			if (flow_differs(model, view, flow, why))
				return true;
			known += view_entry(view, &flow->source, &flow->group) != NULL;
		}
	}
	if (known != view->n_entries)
		return differs(why, "entries for flows that never were");
	return members_differ(model, view, why);
}

void model_observe(struct model *model, const struct view *view)
{
	for (int f = 0; f < FAMILIES; f++) {
		for (int i = 0; i < MODEL_FLOWS; i++) {
			struct model_flow *flow = &model->flows[f][i];
			const struct mfc *entry = view_entry(view, &flow->source, &flow->group);
			int on = entry ? view->vifs[f][entry->iif] : 0;
			bool any, exact = exact_of(model, view, flow, &any) != NULL;

			if (flow->n_on > 1)
				flow->latest_ms = model->now_ms;
			if (!exact) {
				if (!flow_can(flow, on))
					model_heard(model, flow); /* adopted just now */
				flow_is(flow, on);
			}
			flow->exact_on = exact ? on : 0;
		}
		for (size_t l = 0; l < model->n_links; l++)
			model->links[l].vif[f] =
				view_vif_of(view, (enum family)f, model->links[l].info.index);
	}
}

void model_print(const struct model *model, const struct view *view, struct buf *out)
{
	for (size_t i = 0; i < model->n_rules; i++) {
		buf_puts(out, "  rule: ");
		stmt_print(&model->rules[i].stmt, out);
		for (size_t n = 0; n < model->rules[i].n_without; n++)
			buf_printf(out, " (not from %s)", model->rules[i].without[n]);
		buf_puts(out, "\n");
	}
	for (size_t i = 0; i < model->n_links; i++) {
		const struct link_info *link = &model->links[i].info;

		buf_printf(out, "  link: %d %s%s vif %d mif %d\n", link->index, link->name,
			   link->multicast ? "" : " (no multicast)",
			   view_vif_of(view, FAMILY_IPV4, link->index),
			   view_vif_of(view, FAMILY_IPV6, link->index));
	}
}
