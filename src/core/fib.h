/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fib: one record for each (S,G) that the kernel has an entry for, or that a rule wants one for.
 *
 * A flow is there because an exact rule names it (exact > 0), because a packet of it came in
 * (learned), or because the kernel still has it (installed).  installed, iif and ttls are the
 * shadow: what the kernel holds, changed only after the kernel agreed.  Who asks for a learned flow
 * is learned_on: the ifindex on which its packets arrive.
 */
#ifndef CORE_FIB_H
#define CORE_FIB_H

#include "base/hmap.h"
#include "base/seq.h"
#include "core/kern.h"
#include "core/vifs.h"

struct flow {
	struct hnode node;     /* in fib.flows */
	struct seq_link order; /* in fib.order */
	uint32_t exact;	       /* exact rules of the present set that name it */
	struct mfc mfc;	       /* source and group; iif and ttls are valid when installed */
	bool installed;
	bool learned;
	bool doubted;	     /* the kernel called up as if it had no entry: renew it */
	bool orphan;	     /* exact rules named it until just now: see engine_adopt() */
	bool told;	     /* the listener heard of its beginning, and not yet of its end */
	int16_t error;	     /* errno of the kernel's last refusal, 0 = none */
	int learned_on;	     /* ifindex, 0 = none */
	uint64_t packets;    /* on its own IIF, when last looked at */
	uint64_t changed_ms; /* when a look last found that number changed, or when installed */
};

struct fib {
	struct hmap flows;
	struct seq order;
	struct hkey key;
	uint32_t learned; /* flows with the learned flag */
};

void fib_init(struct fib *fib, const struct hkey *key);
void fib_free(struct fib *fib);

struct flow *fib_find(const struct fib *fib, const struct addr *source, const struct addr *group);

/* Finds or adds. */
struct flow *fib_get(struct fib *fib, const struct addr *source, const struct addr *group);

/*
 * The same, for one who names flows mostly in the order in which they are: looks first at the one
 * at *@guess, which moves behind the one returned.  Start with 0.
 */
struct flow *fib_get_next(struct fib *fib, uint32_t *guess, const struct addr *source,
			  const struct addr *group);

/* Sets or clears the learned flag; an ifindex of 0 clears it. */
void fib_learn(struct fib *fib, struct flow *flow, int ifindex);

/* Frees a flow that is not exact, learned or installed; true when it did. */
bool fib_drop(struct fib *fib, struct flow *flow);

/* The kernel took over @mfc for this flow, or has no entry for it any more. */
void flow_installed(struct flow *flow, struct vifs *vifs, const struct mfc *mfc);
void flow_uninstalled(struct flow *flow, struct vifs *vifs);

/* True when the kernel's entry has an outbound interface: it forwards and is no stop filter. */
bool flow_forwards(const struct flow *flow);

#endif
