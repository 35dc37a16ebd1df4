/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nl.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

/* A request under construction. */
struct request {
	struct nlmsghdr header;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
		char room[1024];
	};
};

static void begin(struct request *r, uint16_t type, uint16_t flags, size_t size)
{
	memset(r, 0, sizeof(*r));
	r->header.nlmsg_type = type;
	r->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	r->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
}

static struct rtattr *add(struct request *r, unsigned short type, const void *data, size_t len)
{
	struct rtattr *attr =
		(struct rtattr *)((char *)r + NLMSG_ALIGN((size_t)r->header.nlmsg_len));

	attr->rta_type = type;
	attr->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(attr), data, len);
	r->header.nlmsg_len =
		(uint32_t)(NLMSG_ALIGN((size_t)r->header.nlmsg_len) + RTA_ALIGN(attr->rta_len));
	return attr;
}

static void add_text(struct request *r, unsigned short type, const char *text)
{
	add(r, type, text, strlen(text) + 1);
}

static void add_int(struct request *r, unsigned short type, int value)
{
	add(r, type, &value, sizeof(value));
}

/* All that was added since then is inside @attr. */
static void end(struct request *r, struct rtattr *attr)
{
	attr->rta_len = (unsigned short)((char *)r + r->header.nlmsg_len - (char *)attr);
}

/* Sends it and waits for the answer; *@index gets the interface of a RTM_NEWLINK answer. */
static int ask(struct nl *nl, struct request *r, int *index)
{
	char answer[16384] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *header = (const struct nlmsghdr *)answer;

	r->header.nlmsg_seq = ++nl->seq;
	if (send(nl->fd, r, r->header.nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t len = recv(nl->fd, answer, sizeof(answer), 0);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < (ssize_t)sizeof(*header))
			return len < 0 ? -errno : -EBADMSG;
		if (header->nlmsg_seq != nl->seq)
			continue;
		if (header->nlmsg_type == NLMSG_ERROR)
			return ((const struct nlmsgerr *)NLMSG_DATA(header))->error;
		if (header->nlmsg_type == RTM_NEWLINK && index)
			*index = ((const struct ifinfomsg *)NLMSG_DATA(header))->ifi_index;
	}
}

/* Runs in namespace @ns until leave(); returns the way back. */
static int enter(int ns)
{
	int back = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (ns >= 0 && back >= 0 && setns(ns, CLONE_NEWNET) < 0) {
		close(back);
		return -1;
	}
	return back;
}

static void leave(int back)
{
	setns(back, CLONE_NEWNET);
	close(back);
}

int nl_new_namespace(void)
{
	int back = enter(-1), ns = -1;
	struct nl nl;

	if (back < 0)
		return -errno;
	if (unshare(CLONE_NEWNET) == 0) {
		ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		if (nl_open(&nl, -1) == 0) {
			nl_set_flags(&nl, 1, IFF_UP, IFF_UP);
			nl_close(&nl);
		}
	}
	leave(back);
	return ns < 0 ? -EPERM : ns;
}

int nl_open(struct nl *nl, int ns)
{
	int back = enter(ns);

	if (back < 0)
		return -errno;
	nl->seq = 0;
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	leave(back);
	return nl->fd < 0 ? -EPERM : 0;
}

void nl_close(struct nl *nl)
{
	close(nl->fd);
}

int nl_index(struct nl *nl, const char *name)
{
	struct request r;
	int index = 0;

	begin(&r, RTM_GETLINK, 0, sizeof(r.link));
	add_text(&r, IFLA_IFNAME, name);
	return ask(nl, &r, &index) < 0 ? 0 : index;
}

static struct rtattr *begin_kind(struct request *r, const char *name, const char *kind)
{
	struct rtattr *info;

	begin(r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(r->link));
	add_text(r, IFLA_IFNAME, name);
	info = add(r, IFLA_LINKINFO, NULL, 0);
	add_text(r, IFLA_INFO_KIND, kind);
	return info;
}

int nl_add_veth(struct nl *nl, const char *name, const char *peer, int peer_ns)
{
	struct ifinfomsg empty = {0};
	struct rtattr *info, *data, *other;
	struct request r;

	info = begin_kind(&r, name, "veth");
	data = add(&r, IFLA_INFO_DATA, NULL, 0);
	other = add(&r, VETH_INFO_PEER, &empty, sizeof(empty));
	add_text(&r, IFLA_IFNAME, peer);
	add_int(&r, IFLA_NET_NS_FD, peer_ns);
	end(&r, other);
	end(&r, data);
	end(&r, info);
	return ask(nl, &r, NULL);
}

int nl_add_bridge(struct nl *nl, const char *name)
{
	struct request r;
	struct rtattr *info = begin_kind(&r, name, "bridge");

	end(&r, info);
	return ask(nl, &r, NULL);
}

int nl_add_macvlan(struct nl *nl, const char *name, int lower)
{
	struct request r;
	struct rtattr *info = begin_kind(&r, name, "macvlan");

	end(&r, info);
	add_int(&r, IFLA_LINK, lower);
	return ask(nl, &r, NULL);
}

static void begin_change(struct request *r, uint16_t type, int index)
{
	begin(r, type, 0, sizeof(r->link));
	r->link.ifi_index = index;
}

int nl_delete(struct nl *nl, int index)
{
	struct request r;

	begin_change(&r, RTM_DELLINK, index);
	return ask(nl, &r, NULL);
}

int nl_rename(struct nl *nl, int index, const char *name)
{
	struct request r;

	begin_change(&r, RTM_SETLINK, index);
	add_text(&r, IFLA_IFNAME, name);
	return ask(nl, &r, NULL);
}

int nl_move(struct nl *nl, int index, int ns)
{
	struct request r;

	begin_change(&r, RTM_SETLINK, index);
	add_int(&r, IFLA_NET_NS_FD, ns);
	return ask(nl, &r, NULL);
}

int nl_set_master(struct nl *nl, int index, int master)
{
	struct request r;

	begin_change(&r, RTM_SETLINK, index);
	add_int(&r, IFLA_MASTER, master);
	return ask(nl, &r, NULL);
}

int nl_set_alias(struct nl *nl, int index, const char *alias)
{
	struct request r;

	begin_change(&r, RTM_SETLINK, index);
	add_text(&r, IFLA_IFALIAS, alias);
	return ask(nl, &r, NULL);
}

int nl_set_flags(struct nl *nl, int index, unsigned int flags, unsigned int mask)
{
	struct request r;

	begin_change(&r, RTM_SETLINK, index);
	r.link.ifi_flags = flags;
	r.link.ifi_change = mask;
	return ask(nl, &r, NULL);
}

static int change_address(struct nl *nl, uint16_t type, uint16_t flags, int index, unsigned int n)
{
	uint8_t bytes[4] = {10, (uint8_t)n, (uint8_t)n, 1};
	struct request r;

	begin(&r, type, flags, sizeof(r.address));
	r.address.ifa_family = AF_INET;
	r.address.ifa_prefixlen = 24;
	r.address.ifa_index = (uint32_t)index;
	add(&r, IFA_LOCAL, bytes, sizeof(bytes));
	add(&r, IFA_ADDRESS, bytes, sizeof(bytes));
	return ask(nl, &r, NULL);
}

int nl_add_address(struct nl *nl, int index, unsigned int n)
{
	return change_address(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, n);
}

int nl_del_address(struct nl *nl, int index, unsigned int n)
{
	return change_address(nl, RTM_DELADDR, 0, index, n);
}
