/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan: the difference between what the rules ask for and what the kernel holds, as operations.
 *
 *     plan(rules, links, shadow) -> ordered kernel operations
 *
 * A plan decides and changes nothing but its own list; the engine executes it and records what
 * succeeded.  Operations come in the order of enum plan_step, so that no packet ever leaves by a
 * wrong interface: entries that name a dying VIF are mended before it goes, and a VIF exists before
 * an entry names it.  Planning again after everything succeeded yields nothing.
 */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include "core/fib.h"
#include "core/groups.h"
#include "core/links.h"
#include "core/rules.h"
#include "core/vifs.h"

enum plan_step {
	STEP_LEAVE,
	STEP_DEL_MFC,
	STEP_SHRINK_MFC, /* entries that name a VIF which is about to go */
	STEP_DEL_VIF,
	STEP_ADD_VIF,
	STEP_SET_MFC,
	STEP_JOIN,
	PLAN_STEPS
};

/* All the tables that a plan looks at. */
struct state {
	struct rules *rules;
	struct links links;
	struct vifs vifs;
	struct fib fib;
	struct groups groups;
	bool present[FAMILIES]; /* families that the kernel routes for us */
};

struct plan {
	struct {
		struct kop *list; /* owned */
		size_t count, room;
	} step[PLAN_STEPS];
	uint32_t dying[FAMILIES]; /* VIF numbers that this plan deletes */
	bool starved;		  /* a link waits for a number that this plan sets free */
};

/*
 * Which link should have which VIF.  Afterwards link->vif, vif.threshold and ifpat->vif_mask say
 * how things will be, for the other plans to build on.  True when any of that changed.
 */
bool plan_vifs(struct plan *plan, struct state *state);

/* What the kernel's entry for one flow, or for all, should be. */
void plan_flow(struct plan *plan, const struct state *state, struct flow *flow);
void plan_flows(struct plan *plan, const struct state *state);

/* An entry that forwards nothing, for a flow without one, whatever the rules say. */
void plan_stop(struct plan *plan, struct flow *flow, uint8_t iif);

/* Memberships that the ranges stand for on a link, wanted or not; and all there are. */
void plan_members_of(struct plan *plan, const struct state *state, int ifindex,
		     const struct prefix *source, const struct prefix *group);
void plan_members(struct plan *plan, const struct state *state);

/* True when the link can be used at all: it has the MULTICAST flag and no phyint disables it. */
bool plan_link_usable(const struct rules *rules, const struct link *link);

void plan_free(struct plan *plan);

#endif
