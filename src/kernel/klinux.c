/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/klinux.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "kernel/join.h"
#include "kernel/mrt.h"
#include "kernel/rtnl.h"

#define RETRY_MS 5000 /* after the kernel did not list the interfaces */

/* One family. */
struct router {
	struct klinux *klinux;
	struct mrt *mrt;	/* NULL = not present */
	struct loop_fd *source; /* NULL until started */
};

struct klinux {
	struct kern kern;
	struct router router[FAMILIES];
	struct join *join;
	struct rtnl *rtnl;
	struct loop *loop;
	struct loop_fd *rtnl_source; /* NULL until started */
	struct loop_timer *again;    /* for a list of the interfaces */
	struct klinux_handler handler;
	rlim_t descriptors; /* see klinux_descriptor_limit() */
};

static int apply(struct kern *kern, struct kop *op)
{
	struct klinux *klinux = container_of(kern, struct klinux, kern);
	struct mrt *mrt = klinux->router[op->family].mrt;

	if (op->type == KOP_JOIN || op->type == KOP_LEAVE)
		return join_apply(klinux->join, op);
	return mrt ? mrt_apply(mrt, op) : -EAFNOSUPPORT;
}

static int count(struct kern *kern, const struct addr *source, const struct addr *group,
		 struct mfc_count *result)
{
	struct klinux *klinux = container_of(kern, struct klinux, kern);
	struct mrt *mrt = klinux->router[group->family].mrt;

	return mrt ? mrt_count(mrt, source, group, result) : -EAFNOSUPPORT;
}

static bool has_vif(struct kern *kern, enum family family, uint8_t number)
{
	struct klinux *klinux = container_of(kern, struct klinux, kern);
	struct mrt *mrt = klinux->router[family].mrt;

	return mrt && mrt_has_vif(mrt, number);
}

/* Memberships may take many sockets; nothing here is limited by select().  Returns what it was. */
static rlim_t raise_descriptor_limit(void)
{
	struct rlimit limit;
	rlim_t before;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return RLIM_INFINITY;
	before = limit.rlim_cur;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return before;
}

int klinux_open(struct klinux **out, uint32_t table, int error[FAMILIES])
{
	struct klinux *klinux = mem_alloc(sizeof(*klinux));
	int r = rtnl_open(&klinux->rtnl);

	if (r < 0) {
		free(klinux);
		return r;
	}
	klinux->descriptors = raise_descriptor_limit();
	klinux->kern = (struct kern){.apply = apply, .count = count, .has_vif = has_vif};
	klinux->join = join_new();
	for (int f = 0; f < FAMILIES; f++) {
		struct router *router = &klinux->router[f];

		router->klinux = klinux;
		error[f] = -mrt_open(&router->mrt, (enum family)f, table);
		klinux->kern.present[f] = router->mrt;
	}
	*out = klinux;
	return 0;
}

void klinux_close(struct klinux *klinux)
{
	if (!klinux)
		return;
	for (int f = 0; f < FAMILIES; f++) {
		if (klinux->router[f].source)
			loop_remove_fd(klinux->router[f].source);
		mrt_close(klinux->router[f].mrt);
	}
	if (klinux->rtnl_source) {
		loop_remove_fd(klinux->rtnl_source);
		loop_remove_timer(klinux->again);
	}
	join_free(klinux->join);
	rtnl_close(klinux->rtnl);
	free(klinux);
}

struct kern *klinux_kern(struct klinux *klinux)
{
	return &klinux->kern;
}

rlim_t klinux_descriptor_limit(const struct klinux *klinux)
{
	return klinux->descriptors;
}

static void on_upcalls(void *ctx, short revents)
{
	struct router *router = ctx;
	const struct klinux_handler *handler = &router->klinux->handler;
	bool more = mrt_read(router->mrt, handler->upcall, handler->ctx);

	(void)revents;
	/* It can always be written to, so this calls us in the next turn. */
	loop_set_events(router->source, more ? POLLIN | POLLOUT : POLLIN);
}

static void plan_retry(struct klinux *klinux)
{
	if (rtnl_failed(klinux->rtnl))
		loop_set_timer(klinux->again, loop_now(klinux->loop) + RETRY_MS);
}

static void on_links(void *ctx, short revents)
{
	struct klinux *klinux = ctx;

	(void)revents;
	rtnl_read(klinux->rtnl);
	plan_retry(klinux);
}

static void on_again(void *ctx)
{
	struct klinux *klinux = ctx;

	rtnl_retry(klinux->rtnl);
	plan_retry(klinux);
}

int klinux_start(struct klinux *klinux, struct loop *loop, const struct klinux_handler *handler)
{
	const struct rtnl_handler links = {
		.ctx = handler->ctx,
		.link = handler->link,
		.link_gone = handler->link_gone,
		.links_begin = handler->links_begin,
		.links_end = handler->links_end,
	};
	int r = rtnl_start(klinux->rtnl, &links);

	if (r < 0)
		return r;
	klinux->handler = *handler;
	klinux->loop = loop;
	klinux->again = loop_add_timer(loop, on_again, klinux);
	klinux->rtnl_source =
		loop_add_fd(loop, rtnl_fd(klinux->rtnl), POLLIN, false, on_links, klinux);
	for (int f = 0; f < FAMILIES; f++) {
		struct router *router = &klinux->router[f];

		if (router->mrt)
			router->source = loop_add_fd(loop, mrt_fd(router->mrt), POLLIN, true,
						     on_upcalls, router);
	}
	return 0;
}

unsigned int klinux_small_buffer(const struct klinux *klinux)
{
	unsigned int smallest = 0;

	for (int f = 0; f < FAMILIES; f++) {
		const struct mrt *mrt = klinux->router[f].mrt;
		unsigned int size = mrt ? mrt_small_buffer(mrt) : 0;

		if (size && (!smallest || size < smallest))
			smallest = size;
	}
	return smallest;
}
