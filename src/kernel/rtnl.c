/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/rtnl.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/rtnetlink.h>

#include "base/hmap.h"
#include "base/log.h"

#define BUFFER_WANTED (4 << 20)	 /* bytes */
#define DATAGRAM      (64 << 10) /* the kernel's are 32 KiB at most */
#define PER_TURN      64
#define START_TURNS   1000

/* A link that an event told about while a dump was on its way. */
struct told {
	struct hnode node; /* in rtnl.told */
	int index;
};

struct rtnl {
	struct rtnl_handler handler;
	int fd;
	uint32_t pid, seq; /* ours, and that of the last request */
	bool wanted;	   /* a dump, as soon as the backlog is read */
	bool running;	   /* a dump is */
	int failed;	   /* errno of the last dump; the next event or attempt clears it */
	struct hmap told;
	uint8_t datagram[DATAGRAM];
};

static void parse_name(struct link_info *link, const uint8_t *at, size_t len)
{
	while (len >= sizeof(struct rtattr)) {
		struct rtattr attr;
		size_t size;

		memcpy(&attr, at, sizeof(attr));
		if (attr.rta_len < sizeof(attr) || attr.rta_len > len)
			return;
		size = attr.rta_len - RTA_LENGTH(0);
		if ((attr.rta_type & NLA_TYPE_MASK) == IFLA_IFNAME && size > 0 &&
		    size <= IFNAME_SIZE && !at[attr.rta_len - 1u])
			memcpy(link->name, at + RTA_LENGTH(0), size);
		if (RTA_ALIGN((size_t)attr.rta_len) >= len)
			return;
		at += RTA_ALIGN((size_t)attr.rta_len);
		len -= RTA_ALIGN((size_t)attr.rta_len);
	}
}

static bool parse_link(struct rtnl_message *message, const uint8_t *at, size_t len)
{
	struct ifinfomsg info;

	if (len < sizeof(info))
		return false;
	memcpy(&info, at, sizeof(info));
	/* Bridges tell about their ports under a family of their own: that is not the link's end.
	 */
	if (info.ifi_family != AF_UNSPEC || info.ifi_index <= 0)
		return false;
	message->link.index = info.ifi_index;
	message->link.multicast = info.ifi_flags & IFF_MULTICAST;
	message->link.up = info.ifi_flags & IFF_UP;
	if (len > NLMSG_ALIGN(sizeof(info)))
		parse_name(&message->link, at + NLMSG_ALIGN(sizeof(info)),
			   len - NLMSG_ALIGN(sizeof(info)));
	return message->kind == RTNL_LINK_GONE || message->link.name[0];
}

/* A dump ends with 0 or -errno, an error message carries -errno; neither has it for sure. */
static int parse_error(const uint8_t *at, size_t len)
{
	int error = 0;

	if (len >= sizeof(error))
		memcpy(&error, at, sizeof(error));
	return error < 0 && error > -4096 ? -error : 0;
}

static bool parse_message(const struct nlmsghdr *header, const uint8_t *at, size_t len,
			  struct rtnl_message *message)
{
	*message = (struct rtnl_message){
		.pid = header->nlmsg_pid,
		.seq = header->nlmsg_seq,
		.part = header->nlmsg_flags & NLM_F_MULTI,
		.interrupted = header->nlmsg_flags & NLM_F_DUMP_INTR,
	};
	switch (header->nlmsg_type) {
	case RTM_NEWLINK:
		message->kind = RTNL_LINK;
		return parse_link(message, at, len);
	case RTM_DELLINK:
		message->kind = RTNL_LINK_GONE;
		return parse_link(message, at, len);
	case NLMSG_DONE:
	case NLMSG_ERROR:
		message->kind = RTNL_DONE;
		message->error = parse_error(at, len);
		return true;
	default:
		return false;
	}
}

void rtnl_parse(const void *data, size_t len, rtnl_fn fn, void *ctx)
{
	const uint8_t *at = data;

	while (len >= sizeof(struct nlmsghdr)) {
		struct rtnl_message message;
		struct nlmsghdr header;
		size_t size;

		memcpy(&header, at, sizeof(header));
		size = header.nlmsg_len;
		if (size < sizeof(header) || size > len)
			return;
		if (parse_message(&header, at + NLMSG_HDRLEN, size - NLMSG_HDRLEN, &message))
			fn(ctx, &message);
		if (NLMSG_ALIGN(size) >= len)
			return;
		at += NLMSG_ALIGN(size);
		len -= NLMSG_ALIGN(size);
	}
}

static uint32_t told_hash(const int *index)
{
	static const struct hkey key; /* indexes come from the kernel alone */

	return hmap_hash(&key, index, sizeof(*index));
}

static bool is_told(const struct rtnl *rtnl, int index)
{
	struct hnode *node = hmap_first(&rtnl->told, told_hash(&index));

	for (; node; node = hmap_next(node))
		if (container_of(node, struct told, node)->index == index)
			return true;
	return false;
}

static void tell(struct rtnl *rtnl, int index)
{
	struct told *told;

	if (!rtnl->running || is_told(rtnl, index))
		return;
	told = mem_alloc(sizeof(*told));
	told->index = index;
	hmap_insert(&rtnl->told, &told->node, told_hash(&index));
}

static void forget_told(struct rtnl *rtnl)
{
	size_t bucket = 0;
	struct hnode *node = hmap_walk(&rtnl->told, &bucket, NULL);

	while (node) {
		struct hnode *next = hmap_walk(&rtnl->told, &bucket, node);

		free(container_of(node, struct told, node));
		node = next;
	}
	hmap_free(&rtnl->told);
}

static void fail(struct rtnl *rtnl, int error)
{
	log_warn("netlink: the kernel did not list the interfaces (%s): will try again",
		 strerror(error));
	rtnl->failed = error;
	rtnl->wanted = true;
}

static void start_dump(struct rtnl *rtnl)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
	} request = {
		.header.nlmsg_len = sizeof(request),
		.header.nlmsg_type = RTM_GETLINK,
		.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.header.nlmsg_seq = ++rtnl->seq,
		.info.ifi_family = AF_UNSPEC,
	};

	if (send(rtnl->fd, &request, sizeof(request), 0) < 0) {
		fail(rtnl, errno);
		return;
	}
	rtnl->wanted = false;
	rtnl->running = true;
	rtnl->handler.links_begin(rtnl->handler.ctx);
}

static void end_dump(struct rtnl *rtnl, int error)
{
	rtnl->running = false;
	forget_told(rtnl);
	if (error)
		fail(rtnl, error);
	if (!rtnl->wanted)
		rtnl->handler.links_end(rtnl->handler.ctx);
}

static void take_answer(struct rtnl *rtnl, const struct rtnl_message *message)
{
	if (message->interrupted)
		rtnl->wanted = true;
	if (message->kind == RTNL_DONE)
		end_dump(rtnl, message->error);
	else if (message->kind == RTNL_LINK && !is_told(rtnl, message->link.index))
		rtnl->handler.link(rtnl->handler.ctx, &message->link);
}

static void take_event(struct rtnl *rtnl, const struct rtnl_message *message)
{
	rtnl->failed = 0;
	tell(rtnl, message->link.index);
	if (message->kind == RTNL_LINK)
		rtnl->handler.link(rtnl->handler.ctx, &message->link);
	else
		rtnl->handler.link_gone(rtnl->handler.ctx, message->link.index);
}

static void take(void *ctx, const struct rtnl_message *message)
{
	struct rtnl *rtnl = ctx;

	if (message->part || message->kind == RTNL_DONE) {
		if (rtnl->running && message->pid == rtnl->pid && message->seq == rtnl->seq)
			take_answer(rtnl, message);
	} else {
		take_event(rtnl, message);
	}
}

static void lost_some(struct rtnl *rtnl)
{
	if (!rtnl->wanted)
		log_info("netlink: the kernel dropped messages about interfaces: reading the list "
			 "of all again");
	rtnl->wanted = true;
	rtnl->failed = 0;
}

/* Handles one datagram; false when there is none. */
static bool receive(struct rtnl *rtnl)
{
	struct sockaddr_nl from = {.nl_pid = UINT32_MAX};
	struct iovec iov = {.iov_base = rtnl->datagram, .iov_len = DATAGRAM};
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t len = recvmsg(rtnl->fd, &msg, MSG_DONTWAIT);

	if (len < 0 && errno != EAGAIN && errno != EINTR) {
		lost_some(rtnl);
		return true;
	}
	if (len < 0)
		return errno == EINTR;
	if (from.nl_pid)
		return true; /* from another process, which has no say here */
	if (msg.msg_flags & MSG_TRUNC)
		lost_some(rtnl);
	else
		rtnl_parse(rtnl->datagram, (size_t)len, take, rtnl);
	return true;
}

static bool has_backlog(const struct rtnl *rtnl)
{
	struct pollfd pfd = {.fd = rtnl->fd, .events = POLLIN};

	return poll(&pfd, 1, 0) > 0;
}

void rtnl_read(struct rtnl *rtnl)
{
	for (int i = 0; i < PER_TURN; i++)
		if (!receive(rtnl))
			break;
	if (rtnl->wanted && !rtnl->running && !rtnl->failed && !has_backlog(rtnl))
		start_dump(rtnl);
}

bool rtnl_failed(const struct rtnl *rtnl)
{
	return rtnl->failed;
}

void rtnl_retry(struct rtnl *rtnl)
{
	rtnl->failed = 0;
	rtnl_read(rtnl);
}

int rtnl_start(struct rtnl *rtnl, const struct rtnl_handler *handler)
{
	rtnl->handler = *handler;
	rtnl->wanted = true;
	/* The kernel writes a dump while we read it: there is nothing to wait for. */
	for (int i = 0; i < START_TURNS && (rtnl->wanted || rtnl->running); i++) {
		rtnl_read(rtnl);
		if (rtnl->failed)
			return -rtnl->failed;
	}
	return 0;
}

static int set_up(struct rtnl *rtnl)
{
	struct sockaddr_nl local = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	socklen_t len = sizeof(local);
	int size = BUFFER_WANTED;

	rtnl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (rtnl->fd < 0)
		return -errno;
	if (setsockopt(rtnl->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(rtnl->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(rtnl->fd, (struct sockaddr *)&local, sizeof(local)) < 0 ||
	    getsockname(rtnl->fd, (struct sockaddr *)&local, &len) < 0)
		return -errno;
	rtnl->pid = local.nl_pid;
	return 0;
}

int rtnl_open(struct rtnl **out)
{
	struct rtnl *rtnl = mem_alloc(sizeof(*rtnl));
	int r = set_up(rtnl);

	if (r < 0) {
		if (rtnl->fd >= 0)
			close(rtnl->fd);
		free(rtnl);
		return r;
	}
	*out = rtnl;
	return 0;
}

void rtnl_close(struct rtnl *rtnl)
{
	if (!rtnl)
		return;
	forget_told(rtnl);
	close(rtnl->fd);
	free(rtnl);
}

int rtnl_fd(const struct rtnl *rtnl)
{
	return rtnl->fd;
}
