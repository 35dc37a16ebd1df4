/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct family_info families[FAMILIES] = {
	[FAMILY_IPV4] = {"IPv4", AF_INET, 4, 32, 4, 0xe0},
	[FAMILY_IPV6] = {"IPv6", AF_INET6, 16, 128, 8, 0xff},
};

int addr_parse(struct addr *addr, const char *text, size_t len)
{
	char copy[ADDR_TEXT];
	enum family family;

	if (len >= sizeof(copy) || memchr(text, '\0', len))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	family = strchr(copy, ':') ? FAMILY_IPV6 : FAMILY_IPV4;
	memset(addr, 0, sizeof(*addr));
	addr->family = (uint8_t)family;
	return inet_pton(families[family].af, copy, addr->b) == 1 ? 0 : -EINVAL;
}

const char *addr_format(const struct addr *addr, char text[ADDR_TEXT])
{
	if (!inet_ntop(families[addr->family].af, addr->b, text, ADDR_TEXT))
		text[0] = '\0';
	return text;
}

const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT])
{
	addr_format(&prefix->addr, text);
	if (!prefix_is_full(prefix)) {
		size_t len = strlen(text);

		snprintf(text + len, PREFIX_TEXT - len, "/%u", prefix->len);
	}
	return text;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool addr_is_any(const struct addr *addr)
{
	static const uint8_t zero[sizeof(addr->b)];

	return memcmp(addr->b, zero, sizeof(zero)) == 0;
}

bool addr_is_multicast(const struct addr *addr)
{
	const struct family_info *family = &families[addr->family];
	unsigned int host_bits = 8u - family->group_len % 8u;

	if (host_bits == 8)
		return addr->b[0] == family->group_first;
	return addr->b[0] >> host_bits == family->group_first >> host_bits;
}

bool addr_is_link_local_group(const struct addr *addr)
{
	if (addr->family == FAMILY_IPV4)
		return addr->b[0] == 224 && addr->b[1] == 0 && addr->b[2] == 0;
	return addr_is_multicast(addr) &&
	       (addr_group_scope(addr) == 1 || addr_group_scope(addr) == 2);
}

unsigned int addr_group_scope(const struct addr *addr)
{
	return addr->family == FAMILY_IPV4 ? 14 : addr->b[1] & 0xfu;
}

void addr_mask(struct addr *addr, unsigned int len)
{
	unsigned int whole = len / 8;

	if (whole >= sizeof(addr->b))
		return;
	addr->b[whole] &= (uint8_t)(0xff00u >> len % 8);
	memset(addr->b + whole + 1, 0, sizeof(addr->b) - whole - 1);
}

void addr_next(struct addr *addr)
{
	for (unsigned int i = families[addr->family].bytes; i-- > 0;)
		if (++addr->b[i])
			return;
}

struct prefix prefix_any(enum family family)
{
	return (struct prefix){.addr.family = (uint8_t)family};
}

struct prefix prefix_all_groups(enum family family)
{
	struct prefix all = prefix_any(family);

	all.addr.b[0] = families[family].group_first;
	all.len = families[family].group_len;
	return all;
}

struct prefix prefix_of(const struct addr *addr)
{
	return (struct prefix){.addr = *addr, .len = families[addr->family].bits};
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->len == b->len && addr_equal(&a->addr, &b->addr);
}

bool prefix_is_full(const struct prefix *prefix)
{
	return prefix->len == families[prefix->addr.family].bits;
}

bool prefix_is_any(const struct prefix *prefix)
{
	return prefix->len == 0;
}

bool prefix_covers(const struct prefix *prefix, const struct addr *addr)
{
	struct addr masked = *addr;

	addr_mask(&masked, prefix->len);
	return addr_equal(&prefix->addr, &masked);
}

uint64_t prefix_size(const struct prefix *prefix)
{
	unsigned int host_bits = families[prefix->addr.family].bits - (unsigned int)prefix->len;

	return host_bits > 63 ? UINT64_MAX : UINT64_C(1) << host_bits;
}
