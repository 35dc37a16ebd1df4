/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The headers of the kernel and those of libc define the same things: here only the kernel's. */
#include "kernel/mrt.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/in.h>
#include <linux/icmpv6.h>
#include <linux/mroute6.h>

static_assert(MAX_VIFS == MAXMIFS, "as many MIFs as the kernel has");

/* The kernel queues upcalls behind the ICMPv6 filter, so that it may block every packet. */
static int filter(int fd)
{
	struct icmp6_filter all;

	memset(&all, 0xff, sizeof(all));
	if (setsockopt(fd, IPPROTO_ICMPV6, ICMPV6_FILTER, &all, sizeof(all)) < 0)
		return -errno;
	return 0;
}

static struct sockaddr_in6 to_kernel(const struct addr *addr)
{
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6};

	memcpy(&sin6.sin6_addr, addr->b, sizeof(sin6.sin6_addr));
	return sin6;
}

static void from_kernel(struct addr *addr, const struct in6_addr *in6)
{
	*addr = (struct addr){.family = FAMILY_IPV6};
	memcpy(addr->b, in6, sizeof(*in6));
}

static size_t put_vif(void *to, uint8_t number, uint8_t threshold, int ifindex)
{
	struct mif6ctl ctl = {
		.mif6c_mifi = number,
		.vifc_threshold = threshold,
		.mif6c_pifi = (__u16)ifindex, /* at most max_ifindex */
	};

	memcpy(to, &ctl, sizeof(ctl));
	return sizeof(ctl);
}

static size_t put_vif_number(void *to, uint8_t number)
{
	mifi_t mifi = number;

	memcpy(to, &mifi, sizeof(mifi));
	return sizeof(mifi);
}

static size_t put_vif_query(void *to, uint8_t number)
{
	struct sioc_mif_req6 req = {.mifi = number};

	memcpy(to, &req, sizeof(req));
	return sizeof(req);
}

static size_t put_mfc(void *to, const struct mfc *mfc)
{
	struct mf6cctl ctl = {
		.mf6cc_origin = to_kernel(&mfc->source),
		.mf6cc_mcastgrp = to_kernel(&mfc->group),
		.mf6cc_parent = mfc->iif,
	};

	for (unsigned int n = 0; n < MAX_VIFS; n++)
		if (mfc->ttls[n])
			ctl.mf6cc_ifset.ifs_bits[n / NIFBITS] |= 1u << n % NIFBITS;
	memcpy(to, &ctl, sizeof(ctl));
	return sizeof(ctl);
}

static size_t put_flow_query(void *to, const struct addr *source, const struct addr *group)
{
	struct sioc_sg_req6 req = {.src = to_kernel(source), .grp = to_kernel(group)};

	memcpy(to, &req, sizeof(req));
	return sizeof(req);
}

static void get_count(const void *from, struct mfc_count *count)
{
	struct sioc_sg_req6 req;

	memcpy(&req, from, sizeof(req));
	*count = (struct mfc_count){
		.packets = req.pktcnt, .bytes = req.bytecnt, .wrong_if = req.wrong_if};
}

static int get_upcall(const void *data, size_t len, unsigned int *type, unsigned int *vif,
		      struct upcall *upcall)
{
	struct mrt6msg msg;

	if (len < sizeof(msg))
		return -EBADMSG;
	memcpy(&msg, data, sizeof(msg));
	if (msg.im6_mbz)
		return -EBADMSG;
	*type = msg.im6_msgtype;
	*vif = msg.im6_mif;
	from_kernel(&upcall->source, &msg.im6_src);
	from_kernel(&upcall->group, &msg.im6_dst);
	return 0;
}

const struct mrt_ops mrt6_ops = {
	.af = AF_INET6,
	.protocol = IPPROTO_ICMPV6,
	.level = IPPROTO_IPV6,
	.sockaddr_at = offsetof(struct sockaddr_in6, sin6_addr),
	.init = MRT6_INIT,
	.table = MRT6_TABLE,
	.pim = MRT6_PIM,
	.assertion = MRT6_ASSERT,
	.done = MRT6_DONE,
	.version = MRT6_VERSION,
	.add_vif = MRT6_ADD_MIF,
	.del_vif = MRT6_DEL_MIF,
	.add_mfc = MRT6_ADD_MFC,
	.del_mfc = MRT6_DEL_MFC,
	.count = SIOCGETSGCNT_IN6,
	.vif_count = SIOCGETMIFCNT_IN6,
	.filter = filter,
	.put_vif = put_vif,
	.put_vif_number = put_vif_number,
	.put_vif_query = put_vif_query,
	.put_mfc = put_mfc,
	.put_flow_query = put_flow_query,
	.get_count = get_count,
	.get_upcall = get_upcall,
	.nocache = MRT6MSG_NOCACHE,
	.wrongvif = MRT6MSG_WRONGMIF,
	.max_ifindex = UINT16_MAX, /* struct mif6ctl has 16 bits for it */
};
