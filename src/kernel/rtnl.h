/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtnl: what the kernel tells about interfaces, through rtnetlink.
 *
 * One socket gets the events and, on demand, a dump of all links.  The kernel drops events when
 * nobody reads for too long (ENOBUFS): then the backlog is read to its end and a new dump asked
 * for, so that between that point and the dump no event is missing.  A dump message may be older
 * than an event that came before it, never newer than one that comes after it; so an event always
 * counts more than what the same dump says about its link, and a link that goes during a dump stays
 * gone.
 */
#ifndef KERNEL_RTNL_H
#define KERNEL_RTNL_H

#include "core/kern.h"

enum rtnl_kind {
	RTNL_LINK,	/* link */
	RTNL_LINK_GONE, /* link.index */
	RTNL_DONE,	/* end of a dump, or answer to a request: error */
};

struct rtnl_message {
	enum rtnl_kind kind;
	uint32_t pid, seq; /* of the request that it answers; an event may show another's */
	bool part;	   /* of a dump */
	bool interrupted;  /* something changed between the parts of the dump */
	int error;	   /* errno, 0 = none */
	struct link_info link;
};

typedef void (*rtnl_fn)(void *ctx, const struct rtnl_message *message);

/* Calls @fn for each message about links in a datagram; skips what it does not understand. */
void rtnl_parse(const void *data, size_t len, rtnl_fn fn, void *ctx);

/*
 * Between links_begin and links_end every link there is gets a link call; one that got none by then
 * does not exist.  links_begin may come again without an end: the list starts anew.
 */
struct rtnl_handler {
	void *ctx;
	void (*link)(void *ctx, const struct link_info *info);
	void (*link_gone)(void *ctx, int index);
	void (*links_begin)(void *ctx);
	void (*links_end)(void *ctx);
};

struct rtnl;

int rtnl_open(struct rtnl **out);
void rtnl_close(struct rtnl *rtnl);

/* Tells @handler about all links there are before it returns.  0 or -errno. */
int rtnl_start(struct rtnl *rtnl, const struct rtnl_handler *handler);

/* Readable when there is something for rtnl_read(), which handles a bounded part of it. */
int rtnl_fd(const struct rtnl *rtnl);
void rtnl_read(struct rtnl *rtnl);

/* Whether it lacks a list that the kernel refused: call rtnl_retry() in a while. */
bool rtnl_failed(const struct rtnl *rtnl);
void rtnl_retry(struct rtnl *rtnl);

#endif
