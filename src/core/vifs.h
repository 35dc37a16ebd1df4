/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vifs: shadow of the kernel's VIF table (MIF table for IPv6), one row of slots a family.
 *
 * Invariant: a slot's uses is the number of kernel MFC entries that name it, as parent or outbound.
 * MFC entries outlive their VIF, so a number is free for a newcomer only when nothing names it.
 * Numbers never used come first, then the longest free.
 */
#ifndef CORE_VIFS_H
#define CORE_VIFS_H

#include "core/kern.h"

struct vif {
	int ifindex;	   /* 0 = free */
	uint32_t uses;	   /* MFC entries of the kernel that name this number */
	uint64_t freed;	   /* when, as a count of such events; 0 = never used */
	uint8_t threshold; /* TTL that entries which name it as outbound should have */
};

struct vifs {
	struct vif slot[FAMILIES][MAX_VIFS];
	uint64_t freed; /* numbers freed so far */
};

/* A number for a newcomer that is not in the set @taken, or -1. */
int vifs_pick(const struct vifs *vifs, enum family family, uint32_t taken);

/* True when a number is free but for entries of the kernel that still name it. */
bool vifs_haunted(const struct vifs *vifs, enum family family);

/* The slot is the link's in the kernel, or nobody's any more. */
void vifs_take(struct vifs *vifs, enum family family, unsigned int number, int ifindex);
void vifs_free(struct vifs *vifs, enum family family, unsigned int number);

/* Counts (+1) or discounts (-1) a kernel MFC entry. */
void vifs_count(struct vifs *vifs, const struct mfc *mfc, int by);

#endif
