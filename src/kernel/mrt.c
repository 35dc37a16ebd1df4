/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/mrt.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "kernel/inherit.h"

#define BUFFER_WANTED (16 << 20) /* bytes; an upcall takes about 800 */
#define ATTEMPTS      10
#define PAUSE_MS      100 /* between them */
#define BATCH	      64
#define PER_TURN      1024
#define BACKLOG	      65536 /* more upcalls than a receive buffer holds */
#define MESSAGE	      128 /* an upcall is 40 bytes at most, and an IPv4 header with all options 60 */

struct mrt {
	const struct mrt_ops *ops;
	enum family family;
	int fd;
	unsigned int small_buffer;
	struct mmsghdr batch[BATCH];
	struct iovec iov[BATCH];
	uint8_t message[BATCH][MESSAGE];
	struct upcall *waiting; /* to be answered, oldest first; NULL when none is */
	size_t n_waiting, room;
};

const struct mrt_ops *const mrt_ops[FAMILIES] = {
	[FAMILY_IPV4] = &mrt4_ops,
	[FAMILY_IPV6] = &mrt6_ops,
};

static int set(const struct mrt *mrt, int option, const void *value, size_t size)
{
	if (setsockopt(mrt->fd, mrt->ops->level, option, value, (socklen_t)size) < 0)
		return -errno;
	return 0;
}

static int set_int(const struct mrt *mrt, int option, int value)
{
	return set(mrt, option, &value, sizeof(value));
}

/* The privileged way first: net.core.rmem_max is a fraction of what a burst of new flows needs. */
static void enlarge_buffer(const struct mrt *mrt)
{
	int size = BUFFER_WANTED;

	if (setsockopt(mrt->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(mrt->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

static void measure_buffer(struct mrt *mrt)
{
	int size;
	socklen_t len = sizeof(size);

	if (getsockopt(mrt->fd, SOL_SOCKET, SO_RCVBUF, &size, &len) < 0)
		return;
	size /= 2; /* the kernel doubles what it is asked for, to count its own overhead */
	if (size < BUFFER_WANTED)
		mrt->small_buffer = (unsigned int)size;
}

static int choose_table(const struct mrt *mrt, uint32_t table)
{
	int version, r;
	socklen_t len = sizeof(version);

	if (!table)
		return 0;
	r = set(mrt, mrt->ops->table, &table, sizeof(table));
	if (r == -ENOPROTOOPT &&
	    getsockopt(mrt->fd, mrt->ops->level, mrt->ops->version, &version, &len) == 0)
		return -EPROTONOSUPPORT;
	return r;
}

static int take_over(struct mrt *mrt, uint32_t table)
{
	int r;

	mrt->fd = socket(mrt->ops->af, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, mrt->ops->protocol);
	if (mrt->fd < 0)
		return -errno;
	r = mrt->ops->filter(mrt->fd);
	if (r < 0)
		return r;
	enlarge_buffer(mrt);
	r = choose_table(mrt, table);
	if (r < 0)
		return r;
	r = set_int(mrt, mrt->ops->init, 1);
	if (r < 0)
		return r;
	/* For packets on a wrong interface; assertion alone reports only some of them. */
	if (set_int(mrt, mrt->ops->pim, 1) == 0)
		return 0;
	return set_int(mrt, mrt->ops->assertion, 1);
}

static bool may_pass(int r)
{
	return r == -ENOMEM || r == -ENOBUFS || r == -ENFILE || r == -EAGAIN || r == -EINTR;
}

/* Once the daemon runs it has no power to try again: what is missing now would be for good. */
static int take_over_patiently(struct mrt *mrt, uint32_t table)
{
	for (int attempt = 1;; attempt++) {
		int r = take_over(mrt, table);

		if (r >= 0)
			return r;
		if (mrt->fd >= 0)
			close(mrt->fd);
		if (!may_pass(r) || attempt == ATTEMPTS)
			return r;
		poll(NULL, 0, PAUSE_MS);
	}
}

int mrt_open(struct mrt **out, enum family family, uint32_t table)
{
	struct mrt *mrt = mem_alloc(sizeof(*mrt));
	int r;

	mrt->ops = mrt_ops[family];
	mrt->family = family;
	for (size_t i = 0; i < BATCH; i++) {
		mrt->iov[i] = (struct iovec){.iov_base = mrt->message[i], .iov_len = MESSAGE};
		mrt->batch[i].msg_hdr.msg_iov = &mrt->iov[i];
		mrt->batch[i].msg_hdr.msg_iovlen = 1;
	}
	mrt->fd = inherit_take(INHERIT_MRT, family);
	r = mrt->fd ? mrt->fd : take_over_patiently(mrt, table);
	if (r < 0) {
		free(mrt);
		return r == -EACCES ? -EPERM : r;
	}
	measure_buffer(mrt);
	*out = mrt;
	return 0;
}

void mrt_close(struct mrt *mrt)
{
	if (!mrt)
		return;
	set_int(mrt, mrt->ops->done, 0);
	close(mrt->fd);
	free(mrt->waiting);
	free(mrt);
}

int mrt_fd(const struct mrt *mrt)
{
	return mrt->fd;
}

unsigned int mrt_small_buffer(const struct mrt *mrt)
{
	return mrt->small_buffer;
}

static int add_vif(const struct mrt *mrt, const struct kop *op)
{
	uint8_t request[MRT_REQUEST];
	size_t size;

	if (op->vif.ifindex > mrt->ops->max_ifindex)
		return -EOVERFLOW;
	size = mrt->ops->put_vif(request, op->vif.number, op->vif.threshold, op->vif.ifindex);
	return set(mrt, mrt->ops->add_vif, request, size);
}

/* The kernel deletes VIFs by itself when their interface goes. */
static int del_vif(const struct mrt *mrt, const struct kop *op)
{
	uint8_t request[MRT_REQUEST];
	size_t size = mrt->ops->put_vif_number(request, op->vif.number);
	int r = set(mrt, mrt->ops->del_vif, request, size);

	return r == -EADDRNOTAVAIL ? 0 : r;
}

static int set_mfc(const struct mrt *mrt, const struct kop *op)
{
	uint8_t request[MRT_REQUEST];
	size_t size = mrt->ops->put_mfc(request, &op->mfc);

	return set(mrt, mrt->ops->add_mfc, request, size);
}

static int del_mfc(const struct mrt *mrt, const struct kop *op)
{
	uint8_t request[MRT_REQUEST];
	size_t size = mrt->ops->put_mfc(request, &op->mfc);
	int r = set(mrt, mrt->ops->del_mfc, request, size);

	return r == -ENOENT ? 0 : r;
}

static int renew_mfc(const struct mrt *mrt, const struct kop *op)
{
	int r = del_mfc(mrt, op);

	return r < 0 ? r : set_mfc(mrt, op);
}

int mrt_apply(struct mrt *mrt, const struct kop *op)
{
	switch (op->type) {
	case KOP_DEL_MFC:
		return del_mfc(mrt, op);
	case KOP_DEL_VIF:
		return del_vif(mrt, op);
	case KOP_ADD_VIF:
		return add_vif(mrt, op);
	case KOP_SET_MFC:
		return set_mfc(mrt, op);
	case KOP_RENEW_MFC:
		return renew_mfc(mrt, op);
	case KOP_LEAVE:
	case KOP_JOIN:
		break;
	}
	return -EINVAL;
}

int mrt_count(struct mrt *mrt, const struct addr *source, const struct addr *group,
	      struct mfc_count *count)
{
	_Alignas(max_align_t) uint8_t request[MRT_REQUEST];

	mrt->ops->put_flow_query(request, source, group);
	if (ioctl(mrt->fd, mrt->ops->count, request) < 0)
		return -errno;
	mrt->ops->get_count(request, count);
	return 0;
}

bool mrt_has_vif(struct mrt *mrt, uint8_t number)
{
	_Alignas(max_align_t) uint8_t request[MRT_REQUEST];

	mrt->ops->put_vif_query(request, number);
	return ioctl(mrt->fd, mrt->ops->vif_count, request) == 0;
}

int mrt_decode(const struct mrt_ops *ops, const void *data, size_t len, struct upcall *upcall)
{
	unsigned int type, vif;
	int r = ops->get_upcall(data, len, &type, &vif, upcall);

	if (r < 0)
		return r;
	if (vif >= MAX_VIFS || !addr_is_multicast(&upcall->group))
		return -EBADMSG;
	/* Anybody may send from the unspecified address, which in an entry means every source. */
	if (addr_is_any(&upcall->source) || addr_is_multicast(&upcall->source))
		return -EBADMSG;
	if (type != ops->nocache && type != ops->wrongvif)
		return -EBADMSG;
	upcall->type = type == ops->nocache ? UPCALL_NOCACHE : UPCALL_WRONGVIF;
	upcall->vif = (uint8_t)vif;
	return 0;
}

static void keep(struct mrt *mrt, const struct upcall *upcall)
{
	if (mrt->n_waiting == mrt->room) {
		mrt->room = mrt->room ? mrt->room * 2 : BATCH;
		mrt->waiting = mem_grow(mrt->waiting, mrt->room * sizeof(*upcall));
	}
	mrt->waiting[mrt->n_waiting++] = *upcall;
}

/* Returns how many messages came. */
static size_t read_batch(struct mrt *mrt, size_t *strange)
{
	int n = recvmmsg(mrt->fd, mrt->batch, BATCH, MSG_DONTWAIT, NULL);

	if (n < 0) {
		/* A lost upcall heals with the next packet of its flow: no reason to stop. */
		if (errno != EAGAIN && errno != EINTR)
			log_debug("%s: reading upcalls: %s", families[mrt->family].name,
				  strerror(errno));
		return 0;
	}
	for (int i = 0; i < n; i++) {
		struct upcall upcall;

		if (mrt_decode(mrt->ops, mrt->message[i], mrt->batch[i].msg_len, &upcall) == 0)
			keep(mrt, &upcall);
		else
			++*strange;
	}
	return (size_t)n;
}

static void read_all(struct mrt *mrt)
{
	size_t strange = 0;

	while (mrt->n_waiting < BACKLOG && read_batch(mrt, &strange) == BATCH)
		;
	if (strange)
		log_debug("%s: passed over %zu messages of the kernel that ask for no route",
			  families[mrt->family].name, strange);
}

/*
 * The kernel keeps flows without an entry in a list, the newest first, and searches it for each
 * entry that it gets: in the order of arrival a burst of n flows would cost n^2.
 */
bool mrt_read(struct mrt *mrt, mrt_upcall_fn fn, void *ctx)
{
	size_t answered = 0;

	while (answered < PER_TURN) {
		read_all(mrt);
		if (!mrt->n_waiting)
			break;
		for (size_t i = 0; i < BATCH && mrt->n_waiting; i++, answered++)
			fn(ctx, &mrt->waiting[--mrt->n_waiting]);
	}
	if (mrt->n_waiting)
		return true;
	free(mrt->waiting);
	mrt->waiting = NULL;
	mrt->room = 0;
	return false;
}
