/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/stmt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The state of one parse: what is left of the words, and where the result goes. */
struct parser {
	struct stmt *st;
	const struct word *next, *end;
	struct diags *diags;
	size_t errors_before;
	unsigned int seen;    /* SEEN_ bits of the clauses that were there */
	bool any_group_typed; /* the group was written as "::": a scope mask may follow "to" */
};

enum {
	KIND_PHYINT = 1 << STMT_PHYINT,
	KIND_MGROUP = 1 << STMT_MGROUP,
	KIND_MROUTE = 1 << STMT_MROUTE
};

enum { SEEN_FROM = 1, SEEN_SOURCE = 2, SEEN_GROUP = 4, SEEN_EXCEPT = 8, SEEN_TO = 16 };

struct clause {
	const char *keyword;
	unsigned int kinds; /* in which statements it may stand */
	unsigned int seen;  /* its bit when it may stand only once, else 0 */
	void (*parse)(struct parser *p, const struct word *keyword);
};

static struct pos pos_of(const struct parser *p, const struct word *word)
{
	struct pos pos = p->st->pos;

	pos.column = word->column;
	return pos;
}

#define word_error(p, word, ...) diag_error((p)->diags, pos_of(p, word), __VA_ARGS__)

static bool failed(const struct parser *p)
{
	return p->diags->errors > p->errors_before;
}

/* The word that must follow @after, or NULL and an error. */
static const struct word *take(struct parser *p, const struct word *after, const char *what)
{
	char quoted[WORD_QUOTED];

	if (p->next < p->end)
		return p->next++;
	word_error(p, after, "%s is missing behind %s", what, word_quote(after, quoted));
	return NULL;
}

/* @statement: the one that the word stands in, or NULL for the first word of a line. */
static void unknown_word(struct parser *p, const struct word *word, const char *statement,
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
static void parse_ifpat(struct parser *p, const struct word *word, char text[IFPAT_SIZE])
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

static void parse_source(struct parser *p, const struct word *word, struct prefix *source)
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

static void parse_group(struct parser *p, const struct word *word)
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
	const struct word *word = take(p, keyword, "an interface name");

	if (word)
		parse_ifpat(p, word, p->st->iif);
}

static void clause_source(struct parser *p, const struct word *keyword)
{
	const struct word *word = take(p, keyword, "an address");

	if (word)
		parse_source(p, word, &p->st->source);
}

static void clause_group(struct parser *p, const struct word *keyword)
{
	const struct word *word = take(p, keyword, "a multicast group");

	if (word)
		parse_group(p, word);
}

/* "ADDR[/LEN],ADDR[/LEN]" */
static void clause_except(struct parser *p, const struct word *keyword)
{
	const struct word *word = take(p, keyword, "an address");
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
		diag_warn(p->diags, pos_of(p, word),
			  "%s behind 'to' is an interface name; if it is meant as the keyword, "
			  "put it before 'to'",
			  quoted);
	else if ((*oif)[0] && strcmp(*oif, st->iif) == 0 && !ifpat_is_wild(*oif))
		diag_warn(p->diags, pos_of(p, word),
			  "packets from %s go back out of it; leave it out unless that is what "
			  "you want",
			  quoted);
}

/* All that is left: outbound interfaces, perhaps with a scope mask in front. */
static void parse_oifs(struct parser *p)
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
	const struct word *word = take(p, keyword, "a TTL of 1 to 255");
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

static const struct {
	const char *keyword;
	enum stmt_kind kind;
} statements[] = {
	{"phyint", STMT_PHYINT}, {"mgroup", STMT_MGROUP},   {"ssmgroup", STMT_MGROUP},
	{"mroute", STMT_MROUTE}, {"include", STMT_INCLUDE},
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

/* The rest of a statement: clauses in any order.  Stops at the first word that is none. */
static void parse_clauses(struct parser *p, const char *statement)
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

/* Source and excepted sources must be of the group's family; no source means any. */
static void check_families(struct parser *p, const struct word *first)
{
	struct stmt *st = p->st;
	uint8_t family = st->group.addr.family;

	if (!(p->seen & SEEN_SOURCE))
		st->source = prefix_any((enum family)family);
	if (st->source.addr.family != family)
		word_error(p, first, "the source is an %s address and the group an %s one",
			   families[st->source.addr.family].name, families[family].name);
	for (size_t i = 0; i < st->n_except; i++)
		if (st->except[i].addr.family != family)
			word_error(p, first, "an excepted source is no %s address like the group",
				   families[family].name);
}

uint64_t stmt_memberships(const struct prefix *source, const struct prefix *group)
{
	uint64_t groups = prefix_size(group);
	uint64_t sources = prefix_is_any(source) ? 1 : prefix_size(source);

	return groups > UINT64_MAX / sources ? UINT64_MAX : groups * sources;
}

static void check_members(struct parser *p, const struct word *first)
{
	if (stmt_memberships(&p->st->source, &p->st->group) > MAX_MEMBERSHIPS)
		word_error(p, first,
			   "the ranges stand for more than %d memberships; join a smaller range",
			   MAX_MEMBERSHIPS);
}

static void check_route(struct parser *p, const struct word *first)
{
	const struct prefix *group = &p->st->group;
	unsigned int local = group->addr.family == FAMILY_IPV4 ? 24 : 16;

	if (addr_is_link_local_group(&group->addr) && group->len >= local)
		diag_warn(p->diags, pos_of(p, first),
			  "the kernel forwards no link-local group; hosts must use another one");
}

/* What holds for a whole mgroup or mroute, from a file or from a command. */
static void check_flow(struct parser *p, const struct word *first)
{
	if (failed(p))
		return;
	check_families(p, first);
	if (failed(p))
		return;
	if (p->st->kind == STMT_MGROUP)
		check_members(p, first);
	else
		check_route(p, first);
}

static void parse_flow(struct parser *p, const struct word *first, const char *statement)
{
	parse_clauses(p, statement);
	if (failed(p))
		return;
	if (!(p->seen & SEEN_FROM))
		word_error(p, first, "%s without 'from' and an inbound interface", statement);
	if (!(p->seen & SEEN_GROUP))
		word_error(p, first, "%s without 'group' and a multicast group", statement);
	check_flow(p, first);
}

static void parse_phyint(struct parser *p, const struct word *first, const char *statement)
{
	const struct word *word = take(p, first, "an interface name");

	if (!word)
		return;
	parse_ifpat(p, word, p->st->iif);
	parse_clauses(p, statement);
}

static void parse_include(struct parser *p, const struct word *first)
{
	const struct word *word = take(p, first, "a file name or pattern");
	char quoted[WORD_QUOTED];

	if (!word)
		return;
	buf_add(&p->st->path, word->text, word->len);
	if (memchr(word->text, '\0', word->len))
		word_error(p, word, "a file name has no NUL");
	if (p->next < p->end)
		word_error(p, p->next, "%s stands behind the file name; one include, one name",
			   word_quote(p->next, quoted));
}

static void reset(struct stmt *st, enum stmt_kind kind, struct pos pos)
{
	st->kind = kind;
	st->pos = pos;
	st->iif[0] = '\0';
	st->source = st->group = prefix_any(FAMILY_IPV4);
	st->scopes = ALL_SCOPES;
	st->n_oifs = st->n_except = 0;
	st->enable = true;
	st->mrdisc = false;
	st->threshold = 1;
	st->path.len = 0;
}

int stmt_parse(struct stmt *st, const struct words *words, struct pos pos, struct diags *diags)
{
	const char *keywords[ARRAY_SIZE(statements) + 1] = {NULL};
	const struct word *first = words->list;
	struct parser p = {.st = st,
			   .next = first + 1,
			   .end = first + words->count,
			   .diags = diags,
			   .errors_before = diags->errors};

	pos.column = first->column;
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++) {
		keywords[i] = statements[i].keyword;
		if (!word_is(first, keywords[i]))
			continue;
		reset(st, statements[i].kind, pos);
		if (st->kind == STMT_PHYINT)
			parse_phyint(&p, first, keywords[i]);
		else if (st->kind == STMT_INCLUDE)
			parse_include(&p, first);
		else
			parse_flow(&p, first, keywords[i]);
		return failed(&p) ? -EINVAL : 0;
	}
	st->pos = pos;
	unknown_word(&p, first, NULL, keywords);
	return -EINVAL;
}

static bool is_address(const struct word *word)
{
	const char *slash = memchr(word->text, '/', word->len);
	struct addr ignored;

	return addr_parse(&ignored, word->text, slash ? (size_t)(slash - word->text) : word->len) ==
	       0;
}

int stmt_parse_command(struct stmt *st, enum stmt_kind kind, const struct word *words, size_t count,
		       struct diags *diags)
{
	struct parser p = {.st = st,
			   .next = words,
			   .end = words + count,
			   .diags = diags,
			   .errors_before = diags->errors};
	char quoted[WORD_QUOTED];

	reset(st, kind, (struct pos){0});
	if (count < 2) {
		diag_error(diags, st->pos, "an interface and a multicast group are needed");
		return -EINVAL;
	}
	parse_ifpat(&p, p.next++, st->iif);
	if (count > 2 && is_address(&words[2])) {
		parse_source(&p, p.next++, &st->source);
		p.seen |= SEEN_SOURCE;
	}
	parse_group(&p, p.next++);
	if (kind == STMT_MROUTE)
		parse_oifs(&p);
	else if (p.next < p.end)
		word_error(&p, p.next, "%s stands behind the group and is no part of a membership",
			   word_quote(p.next, quoted));
	check_flow(&p, words);
	return failed(&p) ? -EINVAL : 0;
}

static void print_flow(const struct stmt *st, struct buf *out)
{
	char text[PREFIX_TEXT];
	bool masked = st->scopes != ALL_SCOPES;

	buf_printf(out, " from %s", st->iif);
	if (!prefix_is_any(&st->source))
		buf_printf(out, " source %s", prefix_format(&st->source, text));
	buf_printf(out, " group %s", masked ? "::" : prefix_format(&st->group, text));
	for (size_t i = 0; i < st->n_except; i++)
		buf_printf(out, "%s%s", i ? "," : " except ", prefix_format(&st->except[i], text));
	if (st->n_oifs || masked)
		buf_puts(out, " to");
	if (masked)
		buf_printf(out, " %u", st->scopes);
	for (size_t i = 0; i < st->n_oifs; i++)
		buf_printf(out, " %s", st->oifs[i]);
}

static void print_phyint(const struct stmt *st, struct buf *out)
{
	buf_printf(out, " %s %s", st->iif, st->enable ? "enable" : "disable");
	if (st->mrdisc)
		buf_puts(out, " mrdisc");
	if (st->threshold != 1)
		buf_printf(out, " ttl-threshold %u", st->threshold);
}

void stmt_print(const struct stmt *st, struct buf *out)
{
	static const char *const keyword[] = {[STMT_PHYINT] = "phyint",
					      [STMT_MGROUP] = "mgroup",
					      [STMT_MROUTE] = "mroute",
					      [STMT_INCLUDE] = "include"};

	buf_puts(out, keyword[st->kind]);
	if (st->kind == STMT_PHYINT)
		print_phyint(st, out);
	else if (st->kind == STMT_INCLUDE)
		buf_printf(out, " %s", buf_text(&st->path));
	else
		print_flow(st, out);
}

void stmt_free(struct stmt *st)
{
	free(st->oifs);
	free(st->except);
	buf_free(&st->path);
	memset(st, 0, sizeof(*st));
}
