/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/join.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "kernel/mrt.h"

/* Descriptors: of 1024 clients, files, sockets that are opened later, scripts. */
#define RESERVE 1200
#define BAR_S	1 /* how long none is tried after the reserve was reached */

struct sock {
	struct list link; /* in pool.roomy or pool.unused; in none while full */
	int fd;
	int index; /* in pool.socks */
	uint32_t members;
};

struct pool {
	const struct mrt_ops *ops;
	bool ssm;
	struct sock **socks; /* owned; places are kept, open or not */
	size_t count, room;
	struct list roomy, unused;
	time_t barred_s; /* until then no more sockets */
};

struct join {
	struct pool pools[FAMILIES][2]; /* ASM, SSM */
};

struct join *join_new(void)
{
	struct join *join = mem_alloc(sizeof(*join));

	for (size_t i = 0; i < FAMILIES * 2; i++) {
		struct pool *pool = &join->pools[i / 2][i % 2];

		pool->ops = mrt_ops[i / 2];
		pool->ssm = i % 2;
		list_init(&pool->roomy);
		list_init(&pool->unused);
	}
	return join;
}

void join_free(struct join *join)
{
	if (!join)
		return;
	for (size_t i = 0; i < FAMILIES * 2; i++) {
		struct pool *pool = &join->pools[i / 2][i % 2];

		for (size_t n = 0; n < pool->count; n++) {
			if (pool->socks[n]->fd >= 0)
				close(pool->socks[n]->fd);
			free(pool->socks[n]);
		}
		free(pool->socks);
	}
	free(join);
}

/* The first descriptor that is none for memberships; at most a quarter is kept for all else. */
static rlim_t first_reserved(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return RLIM_INFINITY;
	return limit.rlim_cur - (limit.rlim_cur / 4 < RESERVE ? limit.rlim_cur / 4 : RESERVE);
}

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec;
}

/*
 * The kernel gives the lowest number that is free.  Of thousands of memberships that are refused at
 * once not each should find that out.
 */
static int open_unreserved(struct pool *pool)
{
	int fd;

	if (now_s() < pool->barred_s) {
		errno = EMFILE;
		return -1;
	}
	fd = socket(pool->ops->af, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || (rlim_t)fd < first_reserved())
		return fd;
	close(fd);
	pool->barred_s = now_s() + BAR_S;
	errno = EMFILE;
	return -1;
}

static struct sock *sock_open(struct pool *pool)
{
	int fd = open_unreserved(pool);
	struct sock *sock;

	if (fd < 0)
		return NULL;
	if (list_empty(&pool->unused)) {
		struct sock **place =
			mem_append(&pool->socks, pool->count, &pool->room, sizeof(*pool->socks));

		sock = mem_alloc(sizeof(*sock));
		sock->index = (int)pool->count++;
		list_init(&sock->link);
		*place = sock;
	} else {
		sock = list_entry(pool->unused.next, struct sock, link);
		list_remove(&sock->link);
	}
	sock->fd = fd;
	list_append(&pool->roomy, &sock->link);
	return sock;
}

static void sock_close(struct pool *pool, struct sock *sock)
{
	close(sock->fd);
	sock->fd = -1;
	pool->barred_s = 0;
	list_remove(&sock->link);
	list_append(&pool->unused, &sock->link);
}

static struct sockaddr_storage to_sockaddr(const struct mrt_ops *ops, const struct addr *addr)
{
	struct sockaddr_storage ss = {.ss_family = (sa_family_t)ops->af};

	memcpy((char *)&ss + ops->sockaddr_at, addr->b, families[addr->family].bytes);
	return ss;
}

/* Joins or leaves the group as a whole. */
static int change_group(const struct pool *pool, const struct sock *sock, int option,
			const struct member *member)
{
	struct group_req req;

	memset(&req, 0, sizeof(req)); /* the padding too */
	req.gr_interface = (uint32_t)member->ifindex;
	req.gr_group = to_sockaddr(pool->ops, &member->group);
	if (setsockopt(sock->fd, pool->ops->level, option, &req, sizeof(req)) < 0)
		return -errno;
	return 0;
}

static int change_source(const struct pool *pool, const struct sock *sock, int option,
			 const struct member *member)
{
	struct group_source_req req;

	memset(&req, 0, sizeof(req)); /* the padding too */
	req.gsr_interface = (uint32_t)member->ifindex;
	req.gsr_group = to_sockaddr(pool->ops, &member->group);
	req.gsr_source = to_sockaddr(pool->ops, &member->source);
	if (setsockopt(sock->fd, pool->ops->level, option, &req, sizeof(req)) < 0)
		return -errno;
	return 0;
}

static int sock_leave(const struct pool *pool, const struct sock *sock, const struct member *member)
{
	int r;

	if (pool->ssm)
		r = change_source(pool, sock, MCAST_LEAVE_SOURCE_GROUP, member);
	else
		r = change_group(pool, sock, MCAST_LEAVE_GROUP, member);
	/* Sources can't be left one by one on an interface that is gone, only all together. */
	if (pool->ssm && r == -ENODEV)
		r = change_group(pool, sock, MCAST_LEAVE_GROUP, member);
	/* No such source in the group, or no such group: what the kernel says when all is left. */
	return r == -EADDRNOTAVAIL || r == -EINVAL ? 0 : r;
}

/* A source that is refused may leave its group behind without any source: takes it away again. */
static void drop_empty_group(const struct pool *pool, const struct sock *sock,
			     const struct member *member)
{
	struct group_filter filter = {
		.gf_interface = (uint32_t)member->ifindex,
		.gf_group = to_sockaddr(pool->ops, &member->group),
	};
	socklen_t len = GROUP_FILTER_SIZE(0);

	if (getsockopt(sock->fd, pool->ops->level, MCAST_MSFILTER, &filter, &len) == 0 &&
	    filter.gf_numsrc == 0)
		change_group(pool, sock, MCAST_LEAVE_GROUP, member);
}

static int join_once(const struct pool *pool, const struct sock *sock, const struct member *member)
{
	if (pool->ssm)
		return change_source(pool, sock, MCAST_JOIN_SOURCE_GROUP, member);
	return change_group(pool, sock, MCAST_JOIN_GROUP, member);
}

static int sock_join(const struct pool *pool, const struct sock *sock, const struct member *member)
{
	int r = join_once(pool, sock, member);

	/*
	 * Already there, so it dates from an earlier interface with this index (one that moved to
	 * another namespace and back keeps it) and is dead, as are all sources of its group.
	 */
	if (r == -EADDRINUSE || r == -EADDRNOTAVAIL) {
		change_group(pool, sock, MCAST_LEAVE_GROUP, member);
		r = join_once(pool, sock, member);
	}
	if (r < 0 && pool->ssm)
		drop_empty_group(pool, sock, member);
	return r;
}

static bool is_full(int error)
{
	return error == -ENOBUFS || error == -ENOMEM;
}

/*
 * A socket is found full only once for each time that something was left on it, so that this is
 * O(1) amortised, however many sockets there are.
 */
static int pool_join(struct pool *pool, struct kop *op)
{
	struct sock *sock;
	int r;

	while (!list_empty(&pool->roomy)) {
		sock = list_entry(pool->roomy.next, struct sock, link);
		r = sock_join(pool, sock, &op->member);
		if (r == 0)
			goto joined;
		if (!is_full(r))
			return r;
		list_remove(&sock->link);
	}
	sock = sock_open(pool);
	if (!sock)
		return -errno;
	r = sock_join(pool, sock, &op->member);
	if (r < 0) {
		sock_close(pool, sock);
		return r;
	}
joined:
	sock->members++;
	op->socket = sock->index;
	return 0;
}

static int pool_leave(struct pool *pool, const struct kop *op)
{
	struct sock *sock;
	int r;

	if (op->socket < 0 || (size_t)op->socket >= pool->count)
		return 0;
	sock = pool->socks[op->socket];
	if (sock->fd < 0)
		return 0;
	r = sock_leave(pool, sock, &op->member);
	if (r < 0)
		return r;
	if (--sock->members == 0) {
		sock_close(pool, sock);
	} else {
		list_remove(&sock->link);
		list_append(&pool->roomy, &sock->link);
	}
	return 0;
}

int join_apply(struct join *join, struct kop *op)
{
	struct pool *pool = &join->pools[op->family][!addr_is_any(&op->member.source)];

	if (op->type == KOP_JOIN)
		return pool_join(pool, op);
	if (op->type == KOP_LEAVE)
		return pool_leave(pool, op);
	return -EINVAL;
}
