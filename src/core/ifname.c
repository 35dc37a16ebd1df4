/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/ifname.h"

#include <string.h>

const char *ifpat_flaw(const char *text, size_t len)
{
	size_t name = len && text[len - 1] == '+' ? len - 1 : len;

	if (len == 0)
		return "an interface name can't be empty";
	if (name >= IFNAME_SIZE)
		return "an interface name has at most 15 characters";
	if (memchr(text, '/', len) || memchr(text, '\0', len) || memchr(text, ':', len))
		return "an interface name has no '/', ':' or NUL";
	return NULL;
}

bool ifpat_is_wild(const char *pattern)
{
	size_t len = strlen(pattern);

	return len && pattern[len - 1] == '+';
}

bool ifpat_matches(const char *pattern, const char *name)
{
	if (ifpat_is_wild(pattern))
		return strncmp(pattern, name, strlen(pattern) - 1) == 0;
	return strcmp(pattern, name) == 0;
}
