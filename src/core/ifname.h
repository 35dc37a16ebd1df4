/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ifname: names of interfaces as the user writes them: a plain name, or a pattern such as "eth+",
 * which stands for every interface whose name begins with what is before the plus.
 */
#ifndef CORE_IFNAME_H
#define CORE_IFNAME_H

#include "base/util.h"

#define IFNAME_SIZE 16 /* a name and its NUL: IFNAMSIZ of linux/if.h */
#define IFPAT_SIZE  17 /* the same and a plus */

/* Why these @len bytes can't be a name or pattern, or NULL when they can. */
const char *ifpat_flaw(const char *text, size_t len);

bool ifpat_is_wild(const char *pattern);
bool ifpat_matches(const char *pattern, const char *name);

#endif
