/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * klinux: the struct kern that is Linux, and the events that come from it.
 *
 * It only assembles: a routing table socket for each family (mrt), the pool of membership sockets
 * (join) and the interface messages (rtnl).  Events from different sockets come in no particular
 * order: a link may be gone before its last upcall is read, and the other way round.
 */
#ifndef KERNEL_KLINUX_H
#define KERNEL_KLINUX_H

#include <sys/resource.h>

#include "base/loop.h"
#include "core/kern.h"

struct klinux;

/* What klinux tells; none may call klinux_close().  Links as in struct rtnl_handler. */
struct klinux_handler {
	void *ctx;
	void (*upcall)(void *ctx, const struct upcall *upcall);
	void (*link)(void *ctx, const struct link_info *info);
	void (*link_gone)(void *ctx, int index);
	void (*links_begin)(void *ctx);
	void (*links_end)(void *ctx);
};

/*
 * Takes over the table of each family.  @error gets an errno for each that is not to be had (see
 * mrt_open), 0 for the others; that is no failure of this function, which returns 0, or -errno when
 * there is no netlink.  Raises the soft limit on descriptors to the hard one.
 */
int klinux_open(struct klinux **out, uint32_t table, int error[FAMILIES]);

/* Gives everything back; comes before loop_free(). */
void klinux_close(struct klinux *klinux);

struct kern *klinux_kern(struct klinux *klinux);

/* The soft limit on descriptors from before it was raised, which other programs expect. */
rlim_t klinux_descriptor_limit(const struct klinux *klinux);

/* Tells about all links there are before it returns, and from then on from the loop. */
int klinux_start(struct klinux *klinux, struct loop *loop, const struct klinux_handler *handler);

/* Bytes of the smallest receive buffer when the kernel granted less than we asked for, else 0. */
unsigned int klinux_small_buffer(const struct klinux *klinux);

#endif
