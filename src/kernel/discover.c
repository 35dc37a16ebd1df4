/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/discover.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/filter.h>

#include "kernel/inherit.h"
#include "kernel/join.h"

#define PACKET	 256 /* a solicitation has 4 bytes, an IPv4 header 60 at most */
#define CONTROL	 128
#define PER_TURN 64

struct option {
	int level, name;
	socklen_t size;
	const void *value;
};

/* What differs between the families. */
struct ops {
	int protocol, level;
	int pktinfo, hops; /* types of the control messages with interface and hop limit */
	bool has_header;   /* packets come with their IP header */
	size_t sockaddr_size, sockaddr_at;
	const struct option *options; /* ends with size 0 */
	int (*filter)(int fd);
	size_t (*put_pktinfo)(void *to, int ifindex, const struct addr *source);
	/* From the control message of that type. */
	void (*get_pktinfo)(const void *from, int *ifindex, struct addr *to);
};

struct discover {
	const struct ops *ops;
	enum family family;
	int fd;
	struct join *join;
};

static const int off = 0, on = 1, none = -1;

#define SET(level, name, value)                      \
	{                                            \
		level, name, sizeof(value), &(value) \
	}

/* IPv4 */

static const uint8_t alert4[] = {148, 4, 0, 0}; /* RFC 2113 */

static const struct option options4[] = {
	SET(IPPROTO_IP, IP_OPTIONS, alert4),	 SET(IPPROTO_IP, IP_MULTICAST_TTL, on),
	SET(IPPROTO_IP, IP_MULTICAST_LOOP, off), SET(IPPROTO_IP, IP_PKTINFO, on),
	SET(IPPROTO_IP, IP_RECVTTL, on),	 {0},
};

static int filter4(int fd)
{
	uint32_t type = mrdisc_families[FAMILY_IPV4].type[MRDISC_SOLICITATION];
	struct sock_filter code[] = {
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0), /* length of the IP header */
		BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, type, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = ARRAY_SIZE(code), .filter = code};

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		return -errno;
	return 0;
}

static size_t put_pktinfo4(void *to, int ifindex, const struct addr *source)
{
	struct in_pktinfo info = {.ipi_ifindex = ifindex};

	memcpy(&info.ipi_spec_dst, source->b, sizeof(info.ipi_spec_dst));
	memcpy(to, &info, sizeof(info));
	return sizeof(info);
}

static void get_pktinfo4(const void *from, int *ifindex, struct addr *to)
{
	struct in_pktinfo info;

	memcpy(&info, from, sizeof(info));
	*ifindex = info.ipi_ifindex;
	memcpy(to->b, &info.ipi_addr, sizeof(info.ipi_addr));
}

/* IPv6 */

/* The hop-by-hop header: RFC 2711 and two bytes of padding. */
static const uint8_t alert6[] = {0, 0, 5, 2, 0, 0, 1, 0};

/* We make and check the checksums ourselves, as for IPv4. */
static const struct option options6[] = {
	SET(IPPROTO_IPV6, IPV6_HOPOPTS, alert6),
	SET(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, on),
	SET(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, off),
	SET(IPPROTO_IPV6, IPV6_RECVPKTINFO, on),
	SET(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, on),
	SET(IPPROTO_RAW, IPV6_CHECKSUM, none),
	{0},
};

static int filter6(int fd)
{
	struct icmp6_filter filter;

	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(mrdisc_families[FAMILY_IPV6].type[MRDISC_SOLICITATION], &filter);
	if (setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) < 0)
		return -errno;
	return 0;
}

static size_t put_pktinfo6(void *to, int ifindex, const struct addr *source)
{
	struct in6_pktinfo info = {.ipi6_ifindex = (unsigned int)ifindex};

	memcpy(&info.ipi6_addr, source->b, sizeof(info.ipi6_addr));
	memcpy(to, &info, sizeof(info));
	return sizeof(info);
}

static void get_pktinfo6(const void *from, int *ifindex, struct addr *to)
{
	struct in6_pktinfo info;

	memcpy(&info, from, sizeof(info));
	*ifindex = (int)info.ipi6_ifindex;
	memcpy(to->b, &info.ipi6_addr, sizeof(info.ipi6_addr));
}

static const struct ops family_ops[FAMILIES] = {
	[FAMILY_IPV4] =
		{
			.protocol = IPPROTO_IGMP,
			.level = IPPROTO_IP,
			.pktinfo = IP_PKTINFO,
			.hops = IP_TTL,
			.has_header = true,
			.sockaddr_size = sizeof(struct sockaddr_in),
			.sockaddr_at = offsetof(struct sockaddr_in, sin_addr),
			.options = options4,
			.filter = filter4,
			.put_pktinfo = put_pktinfo4,
			.get_pktinfo = get_pktinfo4,
		},
	[FAMILY_IPV6] =
		{
			.protocol = IPPROTO_ICMPV6,
			.level = IPPROTO_IPV6,
			.pktinfo = IPV6_PKTINFO,
			.hops = IPV6_HOPLIMIT,
			.sockaddr_size = sizeof(struct sockaddr_in6),
			.sockaddr_at = offsetof(struct sockaddr_in6, sin6_addr),
			.options = options6,
			.filter = filter6,
			.put_pktinfo = put_pktinfo6,
			.get_pktinfo = get_pktinfo6,
		},
};

/* The one code path */

/* The filter comes first, so that nothing else is ever in the queue. */
static int set_up(struct discover *discover)
{
	const struct ops *ops = discover->ops;
	int r;

	discover->fd = inherit_take(INHERIT_DISCOVER, discover->family);
	if (discover->fd)
		return discover->fd;
	discover->fd = socket(families[discover->family].af,
			      SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, ops->protocol);
	if (discover->fd < 0)
		return -errno;
	r = ops->filter(discover->fd);
	for (const struct option *opt = ops->options; r == 0 && opt->size; opt++)
		if (setsockopt(discover->fd, opt->level, opt->name, opt->value, opt->size) < 0)
			r = -errno;
	return r;
}

int discover_open(struct discover **out, enum family family)
{
	struct discover *discover = mem_alloc(sizeof(*discover));
	int r;

	discover->ops = &family_ops[family];
	discover->family = family;
	discover->join = join_new();
	r = set_up(discover);
	if (r < 0) {
		discover_close(discover);
		return r;
	}
	*out = discover;
	return 0;
}

void discover_close(struct discover *discover)
{
	if (!discover)
		return;
	if (discover->fd >= 0)
		close(discover->fd);
	join_free(discover->join);
	free(discover);
}

int discover_fd(const struct discover *discover)
{
	return discover->fd;
}

int discover_send(struct discover *discover, int ifindex, const struct addr *source,
		  const struct addr *to, const uint8_t *message, size_t len)
{
	const struct ops *ops = discover->ops;
	_Alignas(struct cmsghdr) uint8_t control[CONTROL] = {0};
	struct sockaddr_storage ss = {.ss_family = (sa_family_t)families[discover->family].af};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)message, .iov_len = len};
	struct msghdr msg = {
		.msg_name = &ss,
		.msg_namelen = (socklen_t)ops->sockaddr_size,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	size_t size = ops->put_pktinfo(CMSG_DATA(cmsg), ifindex, source);

	cmsg->cmsg_level = ops->level;
	cmsg->cmsg_type = ops->pktinfo;
	cmsg->cmsg_len = CMSG_LEN(size);
	msg.msg_controllen = CMSG_SPACE(size);
	memcpy((char *)&ss + ops->sockaddr_at, to->b, families[discover->family].bytes);
	return sendmsg(discover->fd, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static struct kop membership(const struct discover *discover, enum kop_type type, int ifindex)
{
	return (struct kop){
		.type = type,
		.family = discover->family,
		.member = {.ifindex = ifindex,
			   .source = {.family = (uint8_t)discover->family},
			   .group = mrdisc_families[discover->family].routers},
	};
}

int discover_join(struct discover *discover, int ifindex)
{
	struct kop op = membership(discover, KOP_JOIN, ifindex);
	int r = join_apply(discover->join, &op);

	return r < 0 ? r : op.socket;
}

void discover_leave(struct discover *discover, int ifindex, int handle)
{
	struct kop op = membership(discover, KOP_LEAVE, ifindex);

	op.socket = handle;
	join_apply(discover->join, &op);
}

/* Takes over what stands beside the packet; returns the interface. */
static int take_control(const struct ops *ops, struct msghdr *msg, struct mrdisc_packet *packet)
{
	struct cmsghdr *cmsg;
	int ifindex = 0, hops;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != ops->level)
			continue;
		if (cmsg->cmsg_type == ops->pktinfo) {
			ops->get_pktinfo(CMSG_DATA(cmsg), &ifindex, &packet->to);
		} else if (cmsg->cmsg_type == ops->hops) {
			memcpy(&hops, CMSG_DATA(cmsg), sizeof(hops));
			packet->hops = (uint8_t)hops;
		}
	}
	return ifindex;
}

/* False when there is nothing to read. */
static bool receive(struct discover *discover, discover_fn fn, void *ctx)
{
	const struct ops *ops = discover->ops;
	uint8_t data[PACKET];
	_Alignas(struct cmsghdr) uint8_t control[CONTROL];
	struct sockaddr_storage from = {0};
	struct iovec iov = {.iov_base = data, .iov_len = sizeof(data)};
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(discover->fd, &msg, 0);
	struct mrdisc_packet packet = {.message = data, .len = (size_t)len};
	int ifindex;

	if (len < 0)
		return errno != EAGAIN;
	packet.source.family = packet.to.family = (uint8_t)discover->family;
	memcpy(packet.source.b, (char *)&from + ops->sockaddr_at, families[discover->family].bytes);
	ifindex = take_control(ops, &msg, &packet);
	if (ops->has_header)
		mrdisc_skip_ipv4_header(&packet);
	fn(ctx, ifindex, &packet);
	return true;
}

void discover_read(struct discover *discover, discover_fn fn, void *ctx)
{
	for (int i = 0; i < PER_TURN; i++)
		if (!receive(discover, fn, ctx))
			break;
}
