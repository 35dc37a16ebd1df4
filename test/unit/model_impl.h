/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_impl: what the files that make up the model share; nobody else includes this. */
#ifndef TEST_MODEL_IMPL_H
#define TEST_MODEL_IMPL_H

#include "model.h"

/* It may have been learned there (0: nowhere) as well; it was, and only there; whether it may. */
void model_may(struct model_flow *flow, int index);
void model_is(struct model_flow *flow, int index);
bool model_can(const struct model_flow *flow, int index);

/* A full (S,G) on a plain IIF. */
bool stmt_is_exact(const struct stmt *st);

/* Whether a command took the name out of the rule. */
bool model_excluded(const struct model_rule *rule, const char *name);

/* Multicast-capable and not disabled; named by any rule. */
bool model_usable(const struct model *model, const struct model_link *link);
bool model_mentioned(const struct model *model, const char *name);

/* The outbound VIFs with thresholds of (S,G) arriving on a link; true when there is any. */
bool model_ttls(const struct model *model, const struct view *view, const struct model_link *iif,
		const struct model_flow *flow, uint8_t ttls[MAX_VIFS]);

/* The link of the exact rule in force for the flow, or NULL; *@any: there are such rules. */
const struct model_link *model_exact(const struct model *model, const struct view *view,
				     const struct model_flow *flow, bool *any);

#endif
