/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The half of a rule set that is about interfaces: patterns, the links they match, phyint. */
#include <stdlib.h>
#include <string.h>

#include "core/rules_impl.h"

void pat_free(struct ifpat *pat)
{
	free(pat->links);
	free(pat->tuples);
	free(pat);
}

static struct ifpat *find_pat(const struct rules *rules, const char *text, size_t len, bool wild)
{
	char whole[IFPAT_SIZE] = {0};
	struct hnode *node;

	memcpy(whole, text, len);
	if (wild)
		whole[len++] = '+';
	for (node = hmap_first(&rules->pats, hmap_hash(&rules->key, whole, len)); node;
	     node = hmap_next(node)) {
		struct ifpat *pat = container_of(node, struct ifpat, node);

		if (strcmp(pat->text, whole) == 0)
			return pat;
	}
	return NULL;
}

struct ifpat *rules_pat(const struct rules *rules, const char *text)
{
	return find_pat(rules, text, strlen(text), false);
}

static void count_wild_len(struct rules *rules, const struct ifpat *pat)
{
	if (pat->wild)
		rules->wild_lens |= 1u << (strlen(pat->text) - 1);
}

struct ifpat *rules_use_pat(struct rules *rules, const char *text)
{
	struct ifpat *pat = rules_pat(rules, text);
	size_t len = strlen(text);

	if (!pat) {
		pat = mem_alloc(sizeof(*pat));
		memcpy(pat->text, text, len);
		pat->wild = ifpat_is_wild(text);
		hmap_insert(&rules->pats, &pat->node, hmap_hash(&rules->key, text, len));
		list_append(&rules->pat_order, &pat->order);
		count_wild_len(rules, pat);
		rules->pats_change++;
	}
	pat->uses++;
	return pat;
}

void rules_unuse_pat(struct rules *rules, struct ifpat *pat)
{
	if (--pat->uses)
		return;
	hmap_remove(&rules->pats, &pat->node);
	list_remove(&pat->order);
	pat_free(pat);
	rules->pats_change++;
}

size_t rules_pats_of(const struct rules *rules, const char *name,
		     struct ifpat *pats[MAX_PATS_OF_LINK])
{
	size_t len = strlen(name), n = 0;
	struct ifpat *pat = find_pat(rules, name, len, false);

	if (pat && !pat->wild)
		pats[n++] = pat;
	for (size_t prefix = 0; prefix <= len; prefix++) {
		if (!(rules->wild_lens & 1u << prefix))
			continue;
		pat = find_pat(rules, name, prefix, true);
		if (pat)
			pats[n++] = pat;
	}
	return n;
}

static void pat_attach(struct ifpat *pat, struct link *link)
{
	size_t at = pat->n_links;

	mem_append(&pat->links, pat->n_links, &pat->links_room, sizeof(struct link *));
	for (; at > 0 && pat->links[at - 1]->info.index > link->info.index; at--)
		pat->links[at] = pat->links[at - 1];
	pat->links[at] = link;
	pat->n_links++;
}

static void pat_detach(struct ifpat *pat, const struct link *link)
{
	size_t to = 0;

	for (size_t i = 0; i < pat->n_links; i++)
		if (pat->links[i] != link)
			pat->links[to++] = pat->links[i];
	pat->n_links = to;
}

bool rules_bind(struct rules *rules, struct link *link)
{
	struct ifpat *pats[MAX_PATS_OF_LINK];
	size_t n = rules_pats_of(rules, link->info.name, pats);

	for (size_t i = 0; i < n; i++)
		pat_attach(pats[i], link);
	return n > 0;
}

bool rules_unbind(struct rules *rules, struct link *link)
{
	struct ifpat *pats[MAX_PATS_OF_LINK];
	size_t n = rules_pats_of(rules, link->info.name, pats);

	for (size_t i = 0; i < n; i++)
		pat_detach(pats[i], link);
	return n > 0;
}

static void bind_pat(struct ifpat *pat, const struct links *links)
{
	struct hnode *node = NULL;
	size_t bucket = 0;

	pat->bound = true;
	if (!pat->wild) {
		struct link *link = links_find_name(links, pat->text);

		if (link)
			pat_attach(pat, link);
		return;
	}
	while ((node = hmap_walk(&links->by_index, &bucket, node))) {
		struct link *link = container_of(node, struct link, by_index);

		if (ifpat_matches(pat->text, link->info.name))
			pat_attach(pat, link);
	}
}

void rules_bind_new(struct rules *rules, const struct links *links)
{
	struct list *pos;

	for (pos = rules->pat_order.prev; pos != &rules->pat_order; pos = pos->prev) {
		struct ifpat *pat = list_entry(pos, struct ifpat, order);

		if (pat->bound)
			return;
		bind_pat(pat, links);
	}
}

void rules_unbind_all(struct rules *rules)
{
	struct list *pos, *tmp;

	list_for_each(pos, tmp, &rules->pat_order)
		list_entry(pos, struct ifpat, order)->n_links = 0;
}

struct phyint rules_phyint(const struct rules *rules, const char *name)
{
	struct phyint best = {.enable = true, .threshold = 1};
	struct ifpat *pats[MAX_PATS_OF_LINK];
	size_t n = rules_pats_of(rules, name, pats);

	for (size_t i = 0; i < n; i++) {
		const struct phyint *phyint = &pats[i]->phyint;

		if (phyint->stated && (!best.stated || phyint->seq > best.seq))
			best = *phyint;
	}
	return best;
}

void rules_set_phyint(struct rules *rules, const struct stmt *st)
{
	struct ifpat *pat = rules_use_pat(rules, st->iif);

	if (pat->phyint.stated)
		pat->uses--; /* a phyint counts once, however often it is stated */
	pat->phyint = (struct phyint){.stated = true,
				      .enable = st->enable,
				      .mrdisc = st->mrdisc,
				      .threshold = st->threshold,
				      .seq = ++rules->next_seq};
	rules->pats_change++;
}
