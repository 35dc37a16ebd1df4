/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the model is told: links, statements, commands, files. */
#include <errno.h>
#include <string.h>

#include "model_impl.h"

const char *const model_sources[FAMILIES][MODEL_SOURCES] = {{"10.0.0.1", "10.0.1.2"},
							    {"2001:db8::1", "2001:db8:0:1::2"}};
const char *const model_groups[FAMILIES][MODEL_GROUPS] = {
	{"225.1.2.3", "225.1.2.4", "225.9.0.1", "239.0.0.1"},
	{"ff15::3", "ff15::4", "ff1e:9::1", "ff08::1"}};

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

struct model_link *model_link(const struct model *model, const char *name)
{
	for (size_t i = 0; i < model->n_links; i++)
		if (strcmp(model->links[i].info.name, name) == 0)
			return (struct model_link *)&model->links[i];
	return NULL;
}

struct model_link *model_link_at(const struct model *model, int index)
{
	for (size_t i = 0; i < model->n_links; i++)
		if (model->links[i].info.index == index)
			return (struct model_link *)&model->links[i];
	return NULL;
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

/* What was learned on it may be forgotten, even if it comes back at once. */
void model_link_gone(struct model *model, int index)
{
	struct model_link *link = model_link_at(model, index);

	if (!link)
		return;
	*link = model->links[--model->n_links];
	for (int f = 0; f < FAMILIES; f++)
		for (int i = 0; i < MODEL_FLOWS; i++)
			if (model_can(&model->flows[f][i], index))
				model_may(&model->flows[f][i], 0);
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

bool model_excluded(const struct model_rule *rule, const char *name)
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
		    !ifpat_matches(like.iif, st->iif) || model_excluded(rule, st->iif))
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

bool stmt_is_exact(const struct stmt *st)
{
	return st->kind == STMT_MROUTE && !ifpat_is_wild(st->iif) && prefix_is_full(&st->source) &&
	       prefix_is_full(&st->group);
}

/* Order counts among exact rules and among phyints. */
static bool may_move(const struct model_rule *rule)
{
	return rule->stmt.kind != STMT_PHYINT && !stmt_is_exact(&rule->stmt);
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

void model_explain(const struct model *model, const struct view *view, struct buf *out,
		   const char *format, va_list args)
{
	buf_vprintf(out, format, args);
	buf_puts(out, "\n");
	for (size_t i = 0; i < model->n_rules; i++) {
		buf_puts(out, "# rule: ");
		stmt_print(&model->rules[i].stmt, out);
		for (size_t n = 0; n < model->rules[i].n_without; n++)
			buf_printf(out, " (not from %s)", model->rules[i].without[n]);
		buf_puts(out, "\n");
	}
	for (size_t i = 0; i < model->n_links; i++) {
		const struct link_info *link = &model->links[i].info;

		buf_printf(out, "# link: %d %s%s vif %d mif %d\n", link->index, link->name,
			   link->multicast ? "" : " (no multicast)",
			   view_vif_of(view, FAMILY_IPV4, link->index),
			   view_vif_of(view, FAMILY_IPV6, link->index));
	}
}
