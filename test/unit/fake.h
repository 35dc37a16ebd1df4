/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake: a kernel in memory that judges what it is told.
 *
 * It keeps the rules of the real one (32 VIFs a table; a VIF vanishes with its link; MFC entries
 * stay and keep naming their numbers; memberships stay until left) and is stricter where the real
 * one would obey in silence: a VIF number given out while an entry names it, an entry that names a
 * VIF which does not exist (but for its iif in an answer, as the upcall may be late), an operation
 * that changes nothing.  The first misdeed is kept in `verdict`.
 */
#ifndef TEST_FAKE_H
#define TEST_FAKE_H

#include "core/kern.h"

struct fake_entry {
	struct mfc mfc;
	struct mfc_count count;
};

struct fake {
	struct kern kern;
	struct link_info *links; /* that exist */
	size_t n_links, links_room;
	int vifs[FAMILIES][MAX_VIFS]; /* ifindex, 0 = none */
	struct fake_entry *entries;
	size_t n_entries, entries_room;
	struct mfc *halves; /* entries that a refused renewal took away */
	size_t n_halves, halves_room;
	struct mfc *asked; /* flows that it called up for: it waits for an entry that is added */
	size_t n_asked, asked_room;
	struct fake_member {
		struct member member;
		bool dead; /* its link was deleted: keeps its place until left */
	} * members;
	size_t n_members, members_room;
	unsigned int refuse;  /* of 100 operations, how many are refused */
	unsigned int refused; /* how many were */
	bool lax;      /* who tells it has not yet heard all: of links that are gone, of upcalls */
	uint64_t dice; /* state of the generator behind `refuse` */
	uint64_t operations;
	char verdict[256]; /* "" while all is well */
};

void fake_init(struct fake *fake, uint64_t seed);
void fake_free(struct fake *fake);

/* The world outside: links come, change and go. */
void fake_link(struct fake *fake, const struct link_info *info);
void fake_link_gone(struct fake *fake, int index);

struct fake_entry *fake_find(struct fake *fake, const struct addr *source,
			     const struct addr *group);
bool fake_has_member(const struct fake *fake, const struct member *member);

/* The VIF of a link, or -1. */
int fake_vif_of(const struct fake *fake, enum family family, int ifindex);

/* A packet arrives: counted; true when the kernel would call up, with *@upcall filled in. */
bool fake_packet(struct fake *fake, int ifindex, const struct addr *source,
		 const struct addr *group, struct upcall *upcall);

/* It waits for an answer about this flow; false when it did already. */
bool fake_ask(struct fake *fake, const struct addr *source, const struct addr *group);

/* A number below @n from a generator with this state. */
uint64_t fake_random(uint64_t *state, uint64_t n);

#endif
