/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The headers of the kernel and those of libc define the same things: here only the kernel's. */
#include "kernel/mrt.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/filter.h>
#include <linux/mroute.h>

static_assert(MAX_VIFS == MAXVIFS, "as many VIFs as the kernel has");

/* Upcalls look like IPv4 packets of protocol 0, which no packet on a raw IGMP socket has. */
static int filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offsetof(struct igmpmsg, im_mbz)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {.len = ARRAY_SIZE(code), .filter = code};

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		return -errno;
	return 0;
}

static struct in_addr to_kernel(const struct addr *addr)
{
	struct in_addr in;

	memcpy(&in, addr->b, sizeof(in));
	return in;
}

static void from_kernel(struct addr *addr, const struct in_addr *in)
{
	*addr = (struct addr){.family = FAMILY_IPV4};
	memcpy(addr->b, in, sizeof(*in));
}

static size_t put_vif(void *to, uint8_t number, uint8_t threshold, int ifindex)
{
	struct vifctl ctl = {
		.vifc_vifi = number,
		.vifc_flags = VIFF_USE_IFINDEX,
		.vifc_threshold = threshold,
		.vifc_lcl_ifindex = ifindex,
	};

	memcpy(to, &ctl, sizeof(ctl));
	return sizeof(ctl);
}

static size_t put_vif_number(void *to, uint8_t number)
{
	struct vifctl ctl = {.vifc_vifi = number};

	memcpy(to, &ctl, sizeof(ctl));
	return sizeof(ctl);
}

static size_t put_vif_query(void *to, uint8_t number)
{
	struct sioc_vif_req req = {.vifi = number};

	memcpy(to, &req, sizeof(req));
	return sizeof(req);
}

static size_t put_mfc(void *to, const struct mfc *mfc)
{
	struct mfcctl ctl = {
		.mfcc_origin = to_kernel(&mfc->source),
		.mfcc_mcastgrp = to_kernel(&mfc->group),
		.mfcc_parent = mfc->iif,
	};

	memcpy(ctl.mfcc_ttls, mfc->ttls, sizeof(ctl.mfcc_ttls));
	memcpy(to, &ctl, sizeof(ctl));
	return sizeof(ctl);
}

static size_t put_flow_query(void *to, const struct addr *source, const struct addr *group)
{
	struct sioc_sg_req req = {.src = to_kernel(source), .grp = to_kernel(group)};

	memcpy(to, &req, sizeof(req));
	return sizeof(req);
}

static void get_count(const void *from, struct mfc_count *count)
{
	struct sioc_sg_req req;

	memcpy(&req, from, sizeof(req));
	*count = (struct mfc_count){
		.packets = req.pktcnt, .bytes = req.bytecnt, .wrong_if = req.wrong_if};
}

static int get_upcall(const void *data, size_t len, unsigned int *type, unsigned int *vif,
		      struct upcall *upcall)
{
	struct igmpmsg msg;

	if (len < sizeof(msg))
		return -EBADMSG;
	memcpy(&msg, data, sizeof(msg));
	if (msg.im_mbz)
		return -EBADMSG;
	*type = msg.im_msgtype;
	*vif = msg.im_vif | (unsigned int)msg.im_vif_hi << 8;
	from_kernel(&upcall->source, &msg.im_src);
	from_kernel(&upcall->group, &msg.im_dst);
	return 0;
}

const struct mrt_ops mrt4_ops = {
	.af = AF_INET,
	.protocol = IPPROTO_IGMP,
	.level = IPPROTO_IP,
	.sockaddr_at = offsetof(struct sockaddr_in, sin_addr),
	.init = MRT_INIT,
	.table = MRT_TABLE,
	.pim = MRT_PIM,
	.assertion = MRT_ASSERT,
	.done = MRT_DONE,
	.version = MRT_VERSION,
	.add_vif = MRT_ADD_VIF,
	.del_vif = MRT_DEL_VIF,
	.add_mfc = MRT_ADD_MFC,
	.del_mfc = MRT_DEL_MFC,
	.count = SIOCGETSGCNT,
	.vif_count = SIOCGETVIFCNT,
	.filter = filter,
	.put_vif = put_vif,
	.put_vif_number = put_vif_number,
	.put_vif_query = put_vif_query,
	.put_mfc = put_mfc,
	.put_flow_query = put_flow_query,
	.get_count = get_count,
	.get_upcall = get_upcall,
	.nocache = IGMPMSG_NOCACHE,
	.wrongvif = IGMPMSG_WRONGVIF,
	.max_ifindex = INT_MAX,
};
