/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules: what the user wants, by interface name, never by index or VIF number.
 *
 * A rule is an mroute or an mgroup; stating it again adds to it.  One hash holds them all: an exact
 * mroute (full source, full group, plain IIF) under its (S,G), because the kernel has one place for
 * an (S,G) whatever its IIF; any other rule under its IIF pattern and prefixes.  Each pattern lists
 * the (kind, family, source length, group length) tuples in use with it, so that finding the rules
 * which cover a flow costs one probe a tuple (see match).
 *
 * An ifpat is an interface name or wildcard that rules mention, bound to the links that carry such
 * a name now; they are kept in the order of their first mention, which is the order in which VIF
 * numbers are given out.  A set of rules owns its rules and patterns; links belong to struct links.
 */
#ifndef CORE_RULES_H
#define CORE_RULES_H

#include "base/hmap.h"
#include "base/list.h"
#include "base/seq.h"
#include "core/links.h"
#include "core/stmt.h"

enum rule_kind { RULE_MROUTE, RULE_MGROUP };

struct tuple {
	uint8_t kind, family, source_len, group_len;
	uint32_t rules; /* how many */
};

struct origin {
	uint32_t file; /* index for rules_file_name(); 0 = a command */
	uint32_t line;
};

struct phyint {
	bool stated; /* there is a phyint statement for this pattern */
	bool enable, mrdisc;
	uint8_t threshold;
	uint32_t seq; /* among several patterns that match a link, the last statement counts */
};

struct ifpat {
	struct hnode node; /* in rules.pats */
	struct list order; /* in rules.pat_order */
	char text[IFPAT_SIZE];
	bool wild;
	uint32_t uses;	     /* mentions by rules and by phyint */
	struct link **links; /* that match now, by ascending index */
	size_t n_links, links_room;
	struct tuple *tuples;
	size_t n_tuples, tuples_room;
	struct phyint phyint;
	uint32_t vif_mask[FAMILIES]; /* VIF numbers of its links; set by plan */
	uint32_t mark; /* next_seq of the last change to a rule with it as an OIF, or 0 */
	bool bound;    /* links is kept up to date */
};

/* What few rules have. */
struct rule_extra {
	struct prefix *except; /* sources that this rule does not cover */
	size_t n_except, except_room;
	char (*without)[IFNAME_SIZE]; /* interfaces taken out of the wildcard IIF by a command */
	size_t n_without, without_room;
};

struct rule {
	struct hnode node;     /* in rules.index */
	struct seq_link order; /* in rules.order */
	uint32_t seq;	       /* of its latest statement */
	struct ifpat *iif;
	union {			     /* see rule_oif() */
		struct ifpat *one;   /* when n_oifs is 1, the common case */
		struct ifpat **many; /* owned array, when it is more */
	} oifs;
	struct rule_extra *extra;
	struct prefix source, group;
	uint16_t scopes; /* see struct stmt */
	uint8_t kind;	 /* enum rule_kind */
	uint32_t n_oifs;
	struct origin origin;
};

struct rules {
	struct hmap pats, index;
	struct list pat_order;
	struct seq order;
	struct hkey key;
	char **files; /* names for origins; files[0] is NULL */
	size_t n_files, files_room;
	uint32_t next_seq;
	uint32_t wild_lens;   /* bit n: a wildcard with n characters before the plus exists */
	uint32_t holders;     /* see rules_hold() */
	uint32_t pats_change; /* raised when a pattern comes or goes, or a phyint changes */
};

struct rules *rules_new(const struct hkey *key);

/* A set is shared by the engine and by replies that are being written; the last one frees it. */
void rules_hold(struct rules *rules);
void rules_release(struct rules *rules);

/* The number for a file's name in struct origin, and the name back (NULL = a command). */
uint32_t rules_file(struct rules *rules, const char *name);
const char *rules_file_name(const struct rules *rules, struct origin origin);

/* Adds what an mroute or mgroup statement says; *@fresh tells that there was no such rule yet. */
struct rule *rules_add(struct rules *rules, const struct stmt *st, struct origin origin,
		       bool *fresh);

/* Takes over a phyint statement. */
void rules_set_phyint(struct rules *rules, const struct stmt *st);

/* The rule that the statement names (IIF, source, group, scopes), or NULL. */
struct rule *rules_find(const struct rules *rules, const struct stmt *st);

/* The first rule with this IIF pattern and these prefixes, whatever its scopes; then the others. */
struct rule *rules_first(const struct rules *rules, const struct ifpat *pat, enum rule_kind kind,
			 const struct prefix *source, const struct prefix *group);
struct rule *rules_next(const struct rule *rule);

/* The first exact mroute for (S,G), then the others. */
struct rule *rules_exact(const struct rules *rules, const struct addr *source,
			 const struct addr *group);
struct rule *rules_exact_next(const struct rule *rule);

void rules_remove(struct rules *rules, struct rule *rule);

/* The OIFs of a rule, in the order stated; @i is less than rule->n_oifs. */
static inline struct ifpat *rule_oif(const struct rule *rule, uint32_t i)
{
	return rule->n_oifs == 1 ? rule->oifs.one : rule->oifs.many[i];
}

/*
 * Takes the OIFs of a statement out of the rule, all or none, at the cost of one look at each.
 * Returns the first that the rule does not have, or NULL when they are gone.
 */
const char *rules_remove_oifs(struct rules *rules, struct rule *rule, const struct stmt *st);

/* Takes the plain interface @name out of a rule with a wildcard IIF. */
void rule_exclude(struct rule *rule, const char *name);
bool rule_excludes(const struct rule *rule, const char *name);

/* A full (S,G) on a plain IIF: the kernel gets it without waiting for a packet. */
bool rule_is_exact(const struct rule *rule);

/* Whether scopes and except of the rule admit a flow that its source and group cover. */
bool rule_admits(const struct rule *rule, const struct addr *source, const struct addr *group);

/* The pattern with this text, or NULL. */
struct ifpat *rules_pat(const struct rules *rules, const char *text);

#define MAX_PATS_OF_LINK (IFNAME_SIZE + 1)

/* All patterns that match the name; returns how many. */
size_t rules_pats_of(const struct rules *rules, const char *name,
		     struct ifpat *pats[MAX_PATS_OF_LINK]);

/* Binds the link to the patterns that match its name; true when there is any. */
bool rules_bind(struct rules *rules, struct link *link);

/* Takes the link out of all patterns that its present name matches; true when there was any. */
bool rules_unbind(struct rules *rules, struct link *link);

/* Binds all links there are to the patterns that came since the last call. */
void rules_bind_new(struct rules *rules, const struct links *links);

/* Forgets all links: for a set that is no longer in force and lives on only because it is held. */
void rules_unbind_all(struct rules *rules);

/* The phyint settings that hold for a link with this name; defaults when there is none. */
struct phyint rules_phyint(const struct rules *rules, const char *name);

/* The rule as one statement; @st is reused as by stmt_parse(). */
void rule_to_stmt(const struct rule *rule, struct stmt *st);

#endif
