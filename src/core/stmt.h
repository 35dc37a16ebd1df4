/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stmt: one statement of the configuration as a value; parser and printer.
 *
 * The same value comes from a line of the file ("mroute from eth0 group 225.1.2.3 to eth1") and
 * from the words of a command ("add eth0 225.1.2.3 eth1"): the clauses have one parser each.
 * Printing a statement and parsing the result gives an equal statement.  Prefixes are normalised:
 * host bits are zero; a group shorter than the range of all groups, "::" or "0.0.0.0" is that
 * range.
 */
#ifndef CORE_STMT_H
#define CORE_STMT_H

#include "base/buf.h"
#include "core/addr.h"
#include "core/diag.h"
#include "core/ifname.h"
#include "core/token.h"

enum stmt_kind { STMT_PHYINT, STMT_MGROUP, STMT_MROUTE, STMT_INCLUDE };

#define ALL_SCOPES	0xffffu
#define MAX_MEMBERSHIPS 65536 /* that one mgroup statement may ask for on an interface */

struct stmt {
	enum stmt_kind kind;
	struct pos pos;	      /* of the first word */
	char iif[IFPAT_SIZE]; /* of phyint too */
	struct prefix source, group;
	uint16_t scopes; /* mroute: bit n = IPv6 groups of scope n; ALL_SCOPES = no restriction */
	char (*oifs)[IFPAT_SIZE];
	size_t n_oifs, oifs_room;
	struct prefix *except; /* sources blocked for this rule */
	size_t n_except, except_room;
	bool enable, mrdisc; /* phyint */
	uint8_t threshold;   /* phyint: TTL that a packet must exceed, 1-255 */
	struct buf path;     /* include: the pattern */
};

/*
 * Reads a statement of the configuration file, at least one word.  @st is reused: zeroed before the
 * first time, its arrays keep their memory.  Returns 0, or -EINVAL with the errors in @diags;
 * warnings may come with either.
 */
int stmt_parse(struct stmt *st, const struct words *words, struct pos pos, struct diags *diags);

/*
 * Reads the words of a command behind its name: "IIF [SRC[/LEN]] GROUP[/LEN] [OIF ...]" for
 * STMT_MROUTE, the same without OIF for STMT_MGROUP.  Otherwise like stmt_parse().
 */
int stmt_parse_command(struct stmt *st, enum stmt_kind kind, const struct word *words, size_t count,
		       struct diags *diags);

/* Adds the statement as it would stand in a file, without a line end. */
void stmt_print(const struct stmt *st, struct buf *out);

/* The number of memberships that a source and group prefix stand for, UINT64_MAX if more. */
uint64_t stmt_memberships(const struct prefix *source, const struct prefix *group);

void stmt_free(struct stmt *st);

#endif
