/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * match: which rules cover a flow, or a membership, on an interface.
 *
 * The one place that knows; the full plan, the plan of one flow and "show" all ask here.  Costs one
 * hash probe for each (source length, group length) in use with a pattern that matches the
 * interface, whatever the number of rules.
 */
#ifndef CORE_MATCH_H
#define CORE_MATCH_H

#include "core/rules.h"

typedef void (*match_fn)(void *ctx, const struct rule *rule);

/* Calls @fn for each mroute that covers (S,G) arriving on @iif; returns how many. */
unsigned int match_routes(const struct rules *rules, const struct link *iif,
			  const struct addr *source, const struct addr *group, match_fn fn,
			  void *ctx);

/* Whether an mgroup asks for this membership (@source all zero: ASM) on @iif. */
bool match_member(const struct rules *rules, const struct link *iif, const struct addr *source,
		  const struct addr *group);

/*
 * The union of the outbound VIFs (bit n = VIF n) of all mroutes that cover (S,G) on @iif;
 * *@covered tells whether there was any such rule, even one without OIFs.
 */
uint32_t match_oifs(const struct rules *rules, const struct link *iif, const struct addr *source,
		    const struct addr *group, bool *covered);

/* The outbound VIFs of one rule for a packet that comes in on @iif. */
uint32_t rule_oif_mask(const struct rule *rule, const struct link *iif, enum family family);

/*
 * The exact rule in force for (S,G): the one stated last whose IIF has a VIF now; *@iif is that
 * link.  NULL when no exact rule can be in force.
 */
const struct rule *match_exact(const struct rules *rules, const struct addr *source,
			       const struct addr *group, struct link **iif);

#endif
