/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/rules.h"

#include <stdlib.h>
#include <string.h>

#include "core/rules_impl.h"

struct rules *rules_new(const struct hkey *key)
{
	struct rules *rules = mem_alloc(sizeof(*rules));

	list_init(&rules->pat_order);
	rules->key = *key;
	rules->holders = 1;
	*(char **)mem_append(&rules->files, 0, &rules->files_room, sizeof(char *)) = NULL;
	rules->n_files = 1;
	return rules;
}

void rules_hold(struct rules *rules)
{
	rules->holders++;
}

static void free_rule(struct rule *rule)
{
	if (rule->extra) {
		free(rule->extra->except);
		free(rule->extra->without);
		free(rule->extra);
	}
	if (rule->n_oifs > 1)
		free(rule->oifs.many);
	free(rule);
}

void rules_release(struct rules *rules)
{
	struct seq_link *link;
	struct list *pos, *tmp;
	uint32_t cursor;

	if (--rules->holders)
		return;
	seq_for_each(link, cursor, &rules->order)
		free_rule(seq_entry(link, struct rule, order));
	list_for_each(pos, tmp, &rules->pat_order)
		pat_free(list_entry(pos, struct ifpat, order));
	for (size_t i = 0; i < rules->n_files; i++)
		free(rules->files[i]);
	free(rules->files);
	seq_free(&rules->order);
	hmap_free(&rules->index);
	hmap_free(&rules->pats);
	free(rules);
}

uint32_t rules_file(struct rules *rules, const char *name)
{
	for (size_t i = rules->n_files; i-- > 1;)
		if (strcmp(rules->files[i], name) == 0)
			return (uint32_t)i;
	*(char **)mem_append(&rules->files, rules->n_files, &rules->files_room, sizeof(char *)) =
		mem_strndup(name, strlen(name));
	return (uint32_t)rules->n_files++;
}

const char *rules_file_name(const struct rules *rules, struct origin origin)
{
	return rules->files[origin.file];
}

bool rule_is_exact(const struct rule *rule)
{
	return rule->kind == RULE_MROUTE && !rule->iif->wild && prefix_is_full(&rule->source) &&
	       prefix_is_full(&rule->group);
}

static uint32_t hash_flow(const struct rules *rules, const struct addr *source,
			  const struct addr *group)
{
	struct addr both[2] = {*source, *group};

	return hmap_hash(&rules->key, both, sizeof(both));
}

static size_t put_prefix(uint8_t *at, const struct prefix *prefix)
{
	size_t bytes = families[prefix->addr.family].bytes;

	memcpy(at, prefix->addr.b, bytes);
	at[bytes] = prefix->len;
	return bytes + 1;
}

static uint32_t hash_rule(const struct rules *rules, const struct ifpat *pat, enum rule_kind kind,
			  const struct prefix *source, const struct prefix *group)
{
	uint8_t bytes[1 + sizeof(pat) + 2 * sizeof(struct prefix)];
	size_t len = 1 + sizeof(pat);

	if (kind == RULE_MROUTE && !pat->wild && prefix_is_full(source) && prefix_is_full(group))
		return hash_flow(rules, &source->addr, &group->addr);
	bytes[0] = (uint8_t)kind;
	memcpy(bytes + 1, &pat, sizeof(pat));
	len += put_prefix(bytes + len, source);
	len += put_prefix(bytes + len, group);
	return hmap_hash(&rules->key, bytes, len);
}

static bool same_key(const struct rule *rule, const struct ifpat *pat, enum rule_kind kind,
		     const struct prefix *source, const struct prefix *group)
{
	return rule->iif == pat && rule->kind == kind && prefix_equal(&rule->group, group) &&
	       prefix_equal(&rule->source, source);
}

static struct rule *skip_strangers(struct hnode *node, const struct ifpat *pat, enum rule_kind kind,
				   const struct prefix *source, const struct prefix *group)
{
	for (; node; node = hmap_next(node)) {
		struct rule *rule = container_of(node, struct rule, node);

		if (same_key(rule, pat, kind, source, group))
			return rule;
	}
	return NULL;
}

struct rule *rules_first(const struct rules *rules, const struct ifpat *pat, enum rule_kind kind,
			 const struct prefix *source, const struct prefix *group)
{
	struct hnode *node = hmap_first(&rules->index, hash_rule(rules, pat, kind, source, group));

	return skip_strangers(node, pat, kind, source, group);
}

struct rule *rules_next(const struct rule *rule)
{
	return skip_strangers(hmap_next(&rule->node), rule->iif, (enum rule_kind)rule->kind,
			      &rule->source, &rule->group);
}

static struct rule *skip_inexact(struct hnode *node, const struct addr *source,
				 const struct addr *group)
{
	for (; node; node = hmap_next(node)) {
		struct rule *rule = container_of(node, struct rule, node);

		if (rule_is_exact(rule) && addr_equal(&rule->group.addr, group) &&
		    addr_equal(&rule->source.addr, source))
			return rule;
	}
	return NULL;
}

struct rule *rules_exact(const struct rules *rules, const struct addr *source,
			 const struct addr *group)
{
	return skip_inexact(hmap_first(&rules->index, hash_flow(rules, source, group)), source,
			    group);
}

struct rule *rules_exact_next(const struct rule *rule)
{
	return skip_inexact(hmap_next(&rule->node), &rule->source.addr, &rule->group.addr);
}

static enum rule_kind kind_of(const struct stmt *st)
{
	return st->kind == STMT_MGROUP ? RULE_MGROUP : RULE_MROUTE;
}

static uint32_t hash_stmt(const struct rules *rules, const struct ifpat *iif, const struct stmt *st)
{
	return hash_rule(rules, iif, kind_of(st), &st->source, &st->group);
}

static struct rule *find_rule(const struct rules *rules, const struct ifpat *iif,
			      const struct stmt *st, uint32_t hash)
{
	struct rule *rule = skip_strangers(hmap_first(&rules->index, hash), iif, kind_of(st),
					   &st->source, &st->group);

	while (rule && rule->scopes != st->scopes)
		rule = rules_next(rule);
	return rule;
}

struct rule *rules_find(const struct rules *rules, const struct stmt *st)
{
	const struct ifpat *iif = rules_pat(rules, st->iif);

	return iif ? find_rule(rules, iif, st, hash_stmt(rules, iif, st)) : NULL;
}

static struct tuple *tuple_of(struct ifpat *pat, const struct rule *rule)
{
	for (size_t i = 0; i < pat->n_tuples; i++) {
		struct tuple *tuple = &pat->tuples[i];

		if (tuple->kind == rule->kind && tuple->family == rule->group.addr.family &&
		    tuple->source_len == rule->source.len && tuple->group_len == rule->group.len)
			return tuple;
	}
	return NULL;
}

static void count_tuple(struct ifpat *pat, const struct rule *rule)
{
	struct tuple *tuple = tuple_of(pat, rule);

	if (!tuple) {
		tuple = mem_append(&pat->tuples, pat->n_tuples, &pat->tuples_room, sizeof(*tuple));
		*tuple = (struct tuple){.kind = rule->kind,
					.family = rule->group.addr.family,
					.source_len = rule->source.len,
					.group_len = rule->group.len};
		pat->n_tuples++;
	}
	tuple->rules++;
}

static void discount_tuple(struct ifpat *pat, const struct rule *rule)
{
	struct tuple *tuple = tuple_of(pat, rule);

	if (--tuple->rules == 0)
		*tuple = pat->tuples[--pat->n_tuples];
}

static struct rule *new_rule(struct rules *rules, struct ifpat *iif, const struct stmt *st,
			     uint32_t hash, struct origin origin)
{
	struct rule *rule = mem_alloc(sizeof(*rule));

	rule->kind = (uint8_t)kind_of(st);
	rule->iif = iif;
	rule->source = st->source;
	rule->group = st->group;
	rule->scopes = st->scopes;
	rule->origin = origin;
	hmap_insert(&rules->index, &rule->node, hash);
	seq_append(&rules->order, &rule->order);
	count_tuple(iif, rule);
	return rule;
}

/* The array of many has room for a power of two. */
static void append_oif(struct rule *rule, struct ifpat *pat)
{
	uint32_t n = rule->n_oifs++;
	struct ifpat *one = rule->oifs.one, **many = n > 1 ? rule->oifs.many : NULL;

	if (n == 0) {
		rule->oifs.one = pat;
		return;
	}
	if ((n & (n - 1)) == 0)
		many = mem_grow(many, 2 * n * sizeof(struct ifpat *));
	if (n == 1)
		many[0] = one;
	many[n] = pat;
	rule->oifs.many = many;
}

/* The statement's number marks the patterns that the rule has, so that many OIFs cost no square. */
static void add_oifs(struct rules *rules, struct rule *rule, const struct stmt *st)
{
	for (uint32_t i = 0; i < rule->n_oifs; i++)
		rule_oif(rule, i)->mark = rule->seq;
	for (size_t i = 0; i < st->n_oifs; i++) {
		struct ifpat *pat = rules_use_pat(rules, st->oifs[i]);

		if (pat->mark == rule->seq)
			pat->uses--;
		else
			append_oif(rule, pat);
		pat->mark = rule->seq;
	}
}

static struct rule_extra *extra_of(struct rule *rule)
{
	if (!rule->extra)
		rule->extra = mem_alloc(sizeof(*rule->extra));
	return rule->extra;
}

static void add_except(struct rule *rule, const struct stmt *st)
{
	for (size_t i = 0; i < st->n_except; i++) {
		struct rule_extra *extra = extra_of(rule);
		struct prefix *place = mem_append(&extra->except, extra->n_except,
						  &extra->except_room, sizeof(*place));

		*place = st->except[i];
		extra->n_except++;
	}
}

struct rule *rules_add(struct rules *rules, const struct stmt *st, struct origin origin,
		       bool *fresh)
{
	struct ifpat *iif = rules_use_pat(rules, st->iif);
	uint32_t hash = hash_stmt(rules, iif, st);
	struct rule *rule = find_rule(rules, iif, st, hash);

	*fresh = !rule;
	if (*fresh)
		rule = new_rule(rules, iif, st, hash, origin);
	else
		iif->uses--; /* a rule mentions it once, however often it is stated */
	if (rule->extra)
		rule->extra->n_without = 0; /* stated again, it is whole again */
	rule->seq = ++rules->next_seq;
	add_oifs(rules, rule, st);
	add_except(rule, st);
	return rule;
}

void rules_remove(struct rules *rules, struct rule *rule)
{
	hmap_remove(&rules->index, &rule->node);
	seq_remove(&rules->order, &rule->order);
	discount_tuple(rule->iif, rule);
	for (uint32_t i = 0; i < rule->n_oifs; i++)
		rules_unuse_pat(rules, rule_oif(rule, i));
	rules_unuse_pat(rules, rule->iif);
	free_rule(rule);
}

/* Removes the OIFs without this mark, in one pass. */
static void keep_marked(struct rules *rules, struct rule *rule, uint32_t mark)
{
	struct ifpat **oifs = rule->n_oifs == 1 ? &rule->oifs.one : rule->oifs.many;
	struct ifpat *first;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < rule->n_oifs; i++) {
		if (oifs[i]->mark == mark)
			oifs[kept++] = oifs[i];
		else
			rules_unuse_pat(rules, oifs[i]);
	}
	first = kept ? oifs[0] : NULL;
	if (rule->n_oifs > 1 && kept <= 1) {
		free(oifs);
		rule->oifs.one = first;
	}
	rule->n_oifs = kept;
}

const char *rules_remove_oifs(struct rules *rules, struct rule *rule, const struct stmt *st)
{
	uint32_t mark = ++rules->next_seq;

	for (uint32_t i = 0; i < rule->n_oifs; i++)
		rule_oif(rule, i)->mark = mark;
	for (size_t i = 0; i < st->n_oifs; i++) {
		const struct ifpat *pat = rules_pat(rules, st->oifs[i]);

		if (!pat || pat->mark != mark)
			return st->oifs[i];
	}
	for (size_t i = 0; i < st->n_oifs; i++)
		rules_pat(rules, st->oifs[i])->mark = 0;
	keep_marked(rules, rule, mark);
	return NULL;
}

bool rule_excludes(const struct rule *rule, const char *name)
{
	for (size_t i = 0; rule->extra && i < rule->extra->n_without; i++)
		if (strcmp(rule->extra->without[i], name) == 0)
			return true;
	return false;
}

void rule_exclude(struct rule *rule, const char *name)
{
	struct rule_extra *extra = extra_of(rule);
	char(*place)[IFNAME_SIZE];

	if (rule_excludes(rule, name))
		return;
	place = mem_append(&extra->without, extra->n_without, &extra->without_room,
			   sizeof(*extra->without));
	memset(*place, 0, IFNAME_SIZE);
	memcpy(*place, name, strlen(name));
	extra->n_without++;
}

bool rule_admits(const struct rule *rule, const struct addr *source, const struct addr *group)
{
	if (!(rule->scopes & 1u << addr_group_scope(group)))
		return false;
	for (size_t i = 0; rule->extra && i < rule->extra->n_except; i++)
		if (prefix_covers(&rule->extra->except[i], source))
			return false;
	return true;
}

void rule_to_stmt(const struct rule *rule, struct stmt *st)
{
	st->kind = rule->kind == RULE_MGROUP ? STMT_MGROUP : STMT_MROUTE;
	memcpy(st->iif, rule->iif->text, sizeof(st->iif));
	st->source = rule->source;
	st->group = rule->group;
	st->scopes = rule->scopes;
	st->n_oifs = st->n_except = 0;
	for (uint32_t i = 0; i < rule->n_oifs; i++, st->n_oifs++)
		memcpy(mem_append(&st->oifs, st->n_oifs, &st->oifs_room, sizeof(*st->oifs)),
		       rule_oif(rule, i)->text, sizeof(*st->oifs));
	for (size_t i = 0; rule->extra && i < rule->extra->n_except; i++, st->n_except++)
		*(struct prefix *)mem_append(&st->except, st->n_except, &st->except_room,
					     sizeof(struct prefix)) = rule->extra->except[i];
}
