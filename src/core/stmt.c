/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/stmt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/stmt_impl.h"

static const struct {
	const char *keyword;
	enum stmt_kind kind;
} statements[] = {
	{"phyint", STMT_PHYINT}, {"mgroup", STMT_MGROUP},   {"ssmgroup", STMT_MGROUP},
	{"mroute", STMT_MROUTE}, {"include", STMT_INCLUDE},
};

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
		diag_warn(p->diags, parser_pos(p, first),
			  "the kernel forwards no link-local group; hosts must use another one");
}

/* What holds for a whole mgroup or mroute, from a file or from a command. */
static void check_flow(struct parser *p, const struct word *first)
{
	if (parser_failed(p))
		return;
	check_families(p, first);
	if (parser_failed(p))
		return;
	if (p->st->kind == STMT_MGROUP)
		check_members(p, first);
	else
		check_route(p, first);
}

static void parse_flow(struct parser *p, const struct word *first, const char *statement)
{
	parse_clauses(p, statement);
	if (parser_failed(p))
		return;
	if (!(p->seen & SEEN_FROM))
		word_error(p, first, "%s without 'from' and an inbound interface", statement);
	if (!(p->seen & SEEN_GROUP))
		word_error(p, first, "%s without 'group' and a multicast group", statement);
	check_flow(p, first);
}

static void parse_phyint(struct parser *p, const struct word *first, const char *statement)
{
	const struct word *word = parser_take(p, first, "an interface name");

	if (!word)
		return;
	parse_ifpat(p, word, p->st->iif);
	parse_clauses(p, statement);
}

static void parse_include(struct parser *p, const struct word *first)
{
	const struct word *word = parser_take(p, first, "a file name or pattern");
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
		return parser_failed(&p) ? -EINVAL : 0;
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
	return parser_failed(&p) ? -EINVAL : 0;
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
