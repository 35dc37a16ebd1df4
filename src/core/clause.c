/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/stmt_impl.h"

#include <errno.h>
#include <string.h>

enum {
	KIND_PHYINT = 1 << STMT_PHYINT,
	KIND_MGROUP = 1 << STMT_MGROUP,
	KIND_MROUTE = 1 << STMT_MROUTE
};

struct clause {
	const char *keyword;
	unsigned int kinds; /* in which statements it may stand */
	unsigned int seen;  /* its bit when it may stand only once, else 0 */
	void (*parse)(struct parser *p, const struct word *keyword);
};

struct pos parser_pos(const struct parser *p, const struct word *word)
{
	struct pos pos = p->st->pos;

	pos.column = word->column;
	return pos;
}

bool parser_failed(const struct parser *p)
{
	return p->diags->errors > p->errors_before;
}

const struct word *parser_take(struct parser *p, const struct word *after, const char *what)
{
	char quoted[WORD_QUOTED];

	if (p->next < p->end)
		return p->next++;
	word_error(p, after, "%s is missing behind %s", what, word_quote(after, quoted));
	return NULL;
}

void unknown_word(struct parser *p, const struct word *word, const char *statement,
		  const char *const *keywords)
{
	const char *guess = word_guess(word, keywords);
	struct buf text = {0};
	char quoted[WORD_QUOTED];

	word_quote(word, quoted);
	if (statement)
		buf_printf(&text, "unknown word %s in %s", quoted, statement);
	else
		buf_printf(&text, "unknown statement %s", quoted);
	if (guess)
		buf_printf(&text, "; did you mean '%s'?", guess);
	word_error(p, word, "%s", buf_text(&text));
	buf_free(&text);
}

/* Copies a name or wildcard; what is wrong with it goes to @p->diags. */
void parse_ifpat(struct parser *p, const struct word *word, char text[IFPAT_SIZE])
{
	const char *flaw = ifpat_flaw(word->text, word->len);
	char quoted[WORD_QUOTED];

	if (flaw) {
		word_error(p, word, "%s is no interface: %s", word_quote(word, quoted), flaw);
		return;
	}
	memcpy(text, word->text, word->len);
	text[word->len] = '\0';
}

/*
 * Reads "ADDR[/LEN]" into *@prefix, unmasked; no length means the full one.  0, or -EINVAL with an
 * error.
 */
static int parse_prefix(struct parser *p, const struct word *word, struct prefix *prefix)
{
	const char *slash = memchr(word->text, '/', word->len);
	size_t len = slash ? (size_t)(slash - word->text) : word->len;
	char quoted[WORD_QUOTED];
	unsigned long bits;

	if (addr_parse(&prefix->addr, word->text, len) < 0) {
		word_error(p, word, "%s is no IPv4 or IPv6 address", word_quote(word, quoted));
		return -EINVAL;
	}
	bits = families[prefix->addr.family].bits;
	if (slash) {
		struct word number = {slash + 1, word->len - len - 1, word->column};

		if (word_number(&number, bits, &bits) < 0) {
			word_error(p, word, "the prefix length in %s must be 0 to %lu",
				   word_quote(word, quoted), bits);
			return -EINVAL;
		}
	}
	prefix->len = (uint8_t)bits;
	return 0;
}

void parse_source(struct parser *p, const struct word *word, struct prefix *source)
{
	char quoted[WORD_QUOTED];

	if (parse_prefix(p, word, source) < 0)
		return;
	/* No sender has the unspecified address: as a single source it stands for any. */
	if (addr_is_any(&source->addr) && prefix_is_full(source))
		source->len = 0;
	if (addr_is_multicast(&source->addr) &&
	    source->len >= families[source->addr.family].group_len) {
		word_error(p, word, "the source %s is a multicast address, a sender never has one",
			   word_quote(word, quoted));
		return;
	}
	addr_mask(&source->addr, source->len);
}

void parse_group(struct parser *p, const struct word *word)
{
	struct prefix *group = &p->st->group;
	char quoted[WORD_QUOTED];
	enum family family;

	if (parse_prefix(p, word, group) < 0)
		return;
	family = (enum family)group->addr.family;
	if (group->len == 0 || (prefix_is_full(group) && addr_is_any(&group->addr))) {
		p->any_group_typed = family == FAMILY_IPV6 && addr_is_any(&group->addr);
		*group = prefix_all_groups(family);
		return;
	}
	if (!addr_is_multicast(&group->addr)) {
		word_error(p, word, "%s is no multicast group: %s groups are %s",
			   word_quote(word, quoted), families[family].name,
			   family == FAMILY_IPV4 ? "224.0.0.0 to 239.255.255.255" : "ff00::/8");
		return;
	}
	if (group->len < families[family].group_len)
		*group = prefix_all_groups(family);
	addr_mask(&group->addr, group->len);
}

static void clause_from(struct parser *p, const struct word *keyword)
{
	const struct word *word = parser_take(p, keyword, "an interface name");

	if (word)
		parse_ifpat(p, word, p->st->iif);
}

static void clause_source(struct parser *p, const struct word *keyword)
{
	const struct word *word = parser_take(p, keyword, "an address");

	if (word)
		parse_source(p, word, &p->st->source);
}

static void clause_group(struct parser *p, const struct word *keyword)
{
	const struct word *word = parser_take(p, keyword, "a multicast group");

	if (word)
		parse_group(p, word);
}

/* "ADDR[/LEN],ADDR[/LEN]" */
static void clause_except(struct parser *p, const struct word *keyword)
{
	const struct word *word = parser_take(p, keyword, "an address");
	struct stmt *st = p->st;
	size_t start = 0;

	for (size_t i = 0; word && i <= word->len; i++) {
		struct word part = {word->text + start, i - start, word->column + (uint32_t)start};
		struct prefix *place;

		if (i < word->len && word->text[i] != ',')
			continue;
		place = mem_append(&st->except, st->n_except, &st->except_room, sizeof(*place));
		*place = prefix_any(FAMILY_IPV4);
		parse_source(p, &part, place);
		st->n_except++;
		start = i + 1;
	}
}

static bool looks_like_number(const struct word *word)
{
	size_t start = word->len > 2 && word->text[0] == '0' && word->text[1] == 'x' ? 2 : 0;

	for (size_t i = start; i < word->len; i++) {
		bool digit = word->text[i] >= '0' && word->text[i] <= '9';
		bool hex = (word->text[i] | 32) >= 'a' && (word->text[i] | 32) <= 'f';

		if (!digit && !(start && hex))
			return false;
	}
	return true;
}

static void parse_scopes(struct parser *p, const struct word *word)
{
	unsigned long mask;
	char quoted[WORD_QUOTED];

	if (word_number(word, ALL_SCOPES, &mask) < 0 || !mask)
		word_error(p, word,
			   "the scope mask %s must be 1 to 65535: bit n stands for scope n",
			   word_quote(word, quoted));
	else
		p->st->scopes = (uint16_t)mask;
}

static const struct clause *find_clause(const struct parser *p, const struct word *word);

static void parse_oif(struct parser *p, const struct word *word)
{
	struct stmt *st = p->st;
	char(*oif)[IFPAT_SIZE] =
		mem_append(&st->oifs, st->n_oifs, &st->oifs_room, sizeof(*st->oifs));
	char quoted[WORD_QUOTED];

	(*oif)[0] = '\0';
	st->n_oifs++;
	parse_ifpat(p, word, *oif);
	word_quote(word, quoted);
	if (p->seen & SEEN_TO && find_clause(p, word))
		diag_warn(p->diags, parser_pos(p, word),
			  "%s behind 'to' is an interface name; if it is meant as the keyword, "
			  "put it before 'to'",
			  quoted);
	else if ((*oif)[0] && strcmp(*oif, st->iif) == 0 && !ifpat_is_wild(*oif))
		diag_warn(p->diags, parser_pos(p, word),
			  "packets from %s go back out of it; leave it out unless that is what "
			  "you want",
			  quoted);
}

/* All that is left: outbound interfaces, perhaps with a scope mask in front. */
void parse_oifs(struct parser *p)
{
	if (p->any_group_typed && p->next < p->end && looks_like_number(p->next))
		parse_scopes(p, p->next++);
	while (p->next < p->end)
		parse_oif(p, p->next++);
}

static void clause_to(struct parser *p, const struct word *keyword)
{
	(void)keyword;
	parse_oifs(p);
}

static void clause_enable(struct parser *p, const struct word *keyword)
{
	(void)keyword;
	p->st->enable = true;
}

static void clause_disable(struct parser *p, const struct word *keyword)
{
	(void)keyword;
	p->st->enable = false;
}

static void clause_mrdisc(struct parser *p, const struct word *keyword)
{
	(void)keyword;
	p->st->mrdisc = true;
}

static void clause_threshold(struct parser *p, const struct word *keyword)
{
	const struct word *word = parser_take(p, keyword, "a TTL of 1 to 255");
	char quoted[WORD_QUOTED];
	unsigned long ttl;

	if (!word)
		return;
	if (word_number(word, 255, &ttl) < 0 || ttl == 0)
		word_error(p, word, "the TTL threshold %s must be 1 to 255",
			   word_quote(word, quoted));
	else
		p->st->threshold = (uint8_t)ttl;
}

static const struct clause clauses[] = {
	{"from", KIND_MROUTE | KIND_MGROUP, SEEN_FROM, clause_from},
	{"source", KIND_MROUTE | KIND_MGROUP, SEEN_SOURCE, clause_source},
	{"group", KIND_MROUTE | KIND_MGROUP, SEEN_GROUP, clause_group},
	{"except", KIND_MROUTE, SEEN_EXCEPT, clause_except},
	{"to", KIND_MROUTE, SEEN_TO, clause_to},
	{"enable", KIND_PHYINT, 0, clause_enable},
	{"disable", KIND_PHYINT, 0, clause_disable},
	{"mrdisc", KIND_PHYINT, 0, clause_mrdisc},
	{"ttl-threshold", KIND_PHYINT, 0, clause_threshold},
};

static const struct clause *find_clause(const struct parser *p, const struct word *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(clauses); i++)
		if (clauses[i].kinds & 1u << p->st->kind && word_is(word, clauses[i].keyword))
			return &clauses[i];
	return NULL;
}

static void unknown_clause(struct parser *p, const struct word *word, const char *statement)
{
	const char *keywords[ARRAY_SIZE(clauses) + 1] = {NULL};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(clauses); i++)
		if (clauses[i].kinds & 1u << p->st->kind)
			keywords[n++] = clauses[i].keyword;
	unknown_word(p, word, statement, keywords);
}

void parse_clauses(struct parser *p, const char *statement)
{
	while (p->next < p->end) {
		const struct word *word = p->next++;
		const struct clause *clause = find_clause(p, word);

		if (!clause) {
			unknown_clause(p, word, statement);
			return;
		}
		if (p->seen & clause->seen)
			word_error(p, word, "'%s' stands twice in one statement", clause->keyword);
		p->seen |= clause->seen;
		clause->parse(p, word);
	}
}
