/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules_impl: what rules.c and patterns.c share; nobody else includes this. */
#ifndef CORE_RULES_IMPL_H
#define CORE_RULES_IMPL_H

#include "core/rules.h"

/* The pattern of this text for one more mention; a new one is not bound to links yet. */
struct ifpat *rules_use_pat(struct rules *rules, const char *text);

/* One mention less; the last one takes the pattern along. */
void rules_unuse_pat(struct rules *rules, struct ifpat *pat);

void pat_free(struct ifpat *pat);

#endif
