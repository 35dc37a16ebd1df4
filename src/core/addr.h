/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * addr: IPv4 and IPv6 addresses and prefixes as one kind of value.
 *
 * What differs between the families (size, multicast range) stands in one const table; no code
 * above it asks which family it has.  Bytes that a family does not use are zero, so values of one
 * family can be compared with memcmp() and hashed as they are.
 */
#ifndef CORE_ADDR_H
#define CORE_ADDR_H

#include "base/util.h"

enum family { FAMILY_IPV4, FAMILY_IPV6, FAMILIES };

struct addr {
	uint8_t family; /* enum family */
	uint8_t b[16];	/* network byte order */
};

/* All addresses that share the first @len bits of @addr, whose other bits are zero. */
struct prefix {
	struct addr addr;
	uint8_t len; /* bits */
};

struct family_info {
	const char *name; /* "IPv4", "IPv6" */
	int af;		  /* AF_INET, AF_INET6 */
	uint8_t bytes;	  /* of an address */
	uint8_t bits;
	uint8_t group_len;   /* length of the prefix of all multicast groups: RFC 5771, RFC 4291 2.7
			      */
	uint8_t group_first; /* its first byte */
};

extern const struct family_info families[FAMILIES];

#define ADDR_TEXT   46 /* room for any address as text */
#define PREFIX_TEXT 50 /* room for any prefix as text */

/* Reads @len bytes of text; 0 or -EINVAL. */
int addr_parse(struct addr *addr, const char *text, size_t len);

/* Both write into the caller's buffer and return it. */
const char *addr_format(const struct addr *addr, char text[ADDR_TEXT]);
const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT]);

bool addr_equal(const struct addr *a, const struct addr *b);
bool addr_is_any(const struct addr *addr);
bool addr_is_multicast(const struct addr *addr);

/* Groups that no router forwards: 224.0.0.0/24 (RFC 5771 4), ff01::/16 and ff02::/16 (RFC
 * 4291 2.7), whatever the flags are. */
bool addr_is_link_local_group(const struct addr *addr);

/* Scope of an IPv6 multicast group, 0-15 (RFC 4291 2.7); of an IPv4 one 14, "global". */
unsigned int addr_group_scope(const struct addr *addr);

/* Clears all bits behind the first @len. */
void addr_mask(struct addr *addr, unsigned int len);

/* The next address up; wraps around at the end of the family's space. */
void addr_next(struct addr *addr);

/* The prefix of every multicast group, or (as a source) of every address, of a family. */
struct prefix prefix_all_groups(enum family family);
struct prefix prefix_any(enum family family);
struct prefix prefix_of(const struct addr *addr);

bool prefix_equal(const struct prefix *a, const struct prefix *b);
bool prefix_is_full(const struct prefix *prefix);
bool prefix_is_any(const struct prefix *prefix);
bool prefix_covers(const struct prefix *prefix, const struct addr *addr);

/* Number of addresses, UINT64_MAX when there are more. */
uint64_t prefix_size(const struct prefix *prefix);

#endif
