/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stmt_impl: what stmt.c and clause.c share; nobody else includes this.
 *
 * A clause is a part of a statement, with a parser of its own in clause.c.  Each takes its words
 * from the front of what is left.  An error goes to the list and the parse goes on, as far as that
 * makes sense.
 */
#ifndef CORE_STMT_IMPL_H
#define CORE_STMT_IMPL_H

#include "core/stmt.h"

/* The state of one parse: what is left of the words, and where the result goes. */
struct parser {
	struct stmt *st;
	const struct word *next, *end;
	struct diags *diags;
	size_t errors_before;
	unsigned int seen;    /* SEEN_ bits of the clauses that were there */
	bool any_group_typed; /* the group was written as "::": a scope mask may follow "to" */
};

enum { SEEN_FROM = 1, SEEN_SOURCE = 2, SEEN_GROUP = 4, SEEN_EXCEPT = 8, SEEN_TO = 16 };

#define word_error(p, word, ...) diag_error((p)->diags, parser_pos(p, word), __VA_ARGS__)

struct pos parser_pos(const struct parser *p, const struct word *word);

/* Whether this parse has met an error. */
bool parser_failed(const struct parser *p);

/* The word that must follow @after, or NULL and an error: "@what is missing behind". */
const struct word *parser_take(struct parser *p, const struct word *after, const char *what);

/*
 * An error that guesses what was meant from @keywords, which end with NULL.  @statement: the one
 * that the word stands in, or NULL for the first word of a line.
 */
void unknown_word(struct parser *p, const struct word *word, const char *statement,
		  const char *const *keywords);

/* The text of one word each; results go to the statement, or to @text and @source. */
void parse_ifpat(struct parser *p, const struct word *word, char text[IFPAT_SIZE]);
void parse_source(struct parser *p, const struct word *word, struct prefix *source);
void parse_group(struct parser *p, const struct word *word);

/* All words that are left are OIFs. */
void parse_oifs(struct parser *p);

/* The rest of a statement: clauses in any order.  Stops at the first word that is none. */
void parse_clauses(struct parser *p, const char *statement);

#endif
