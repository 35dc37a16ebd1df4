/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/ifaddr.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/rtnetlink.h>

#define DATAGRAM 16384 /* the kernel fills no more than we offer */

/* What is looked for among the addresses of an interface. */
struct search {
	enum family family;
	int ifindex;
	const struct prefix *range; /* a source in there, or, when NULL: */
	const struct addr *covered; /* a subnet that this is in */
	struct addr found;
	bool success;
};

/* One address: ours, and the peer's or again ours, to which the length of the prefix belongs. */
struct entry {
	struct addr local;
	struct prefix subnet;
	bool ready; /* IPv6: no other host is suspected of having it */
};

static void take_attribute(struct entry *entry, const struct rtattr *attr, const uint8_t *value)
{
	size_t size = attr->rta_len - RTA_LENGTH(0);
	uint32_t flags;

	switch (attr->rta_type & NLA_TYPE_MASK) {
	case IFA_LOCAL:
		if (size == families[entry->local.family].bytes)
			memcpy(entry->local.b, value, size);
		break;
	case IFA_ADDRESS:
		if (size == families[entry->local.family].bytes)
			memcpy(entry->subnet.addr.b, value, size);
		break;
	case IFA_FLAGS:
		if (size != sizeof(flags))
			break;
		memcpy(&flags, value, sizeof(flags));
		entry->ready = !(flags & IFA_F_DADFAILED) &&
			       (!(flags & IFA_F_TENTATIVE) || flags & IFA_F_OPTIMISTIC);
	}
}

static void take_attributes(struct entry *entry, const uint8_t *at, size_t len)
{
	while (len >= sizeof(struct rtattr)) {
		struct rtattr attr;

		memcpy(&attr, at, sizeof(attr));
		if (attr.rta_len < sizeof(attr) || attr.rta_len > len)
			return;
		take_attribute(entry, &attr, at + RTA_LENGTH(0));
		if (RTA_ALIGN((size_t)attr.rta_len) >= len)
			return;
		at += RTA_ALIGN((size_t)attr.rta_len);
		len -= RTA_ALIGN((size_t)attr.rta_len);
	}
}

static void judge(struct search *search, struct entry *entry)
{
	if (addr_is_any(&entry->local))
		entry->local = entry->subnet.addr;
	addr_mask(&entry->subnet.addr, entry->subnet.len);
	if (search->range)
		search->success = entry->ready && prefix_covers(search->range, &entry->local);
	else
		search->success = prefix_covers(&entry->subnet, search->covered);
	if (search->success)
		search->found = entry->local;
}

static void take_address(struct search *search, const uint8_t *at, size_t len)
{
	struct entry entry = {.ready = true};
	struct ifaddrmsg info;

	if (len < sizeof(info) || search->success)
		return;
	memcpy(&info, at, sizeof(info));
	if (info.ifa_family != families[search->family].af ||
	    info.ifa_index != (uint32_t)search->ifindex ||
	    info.ifa_prefixlen > families[search->family].bits)
		return;
	entry.local.family = entry.subnet.addr.family = (uint8_t)search->family;
	entry.subnet.len = info.ifa_prefixlen;
	if (len > NLMSG_ALIGN(sizeof(info)))
		take_attributes(&entry, at + NLMSG_ALIGN(sizeof(info)),
				len - NLMSG_ALIGN(sizeof(info)));
	judge(search, &entry);
}

/* Takes one datagram of the answer; 1 when it was the last, 0, or -errno. */
static int take_datagram(struct search *search, const uint8_t *at, size_t len)
{
	while (len >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr header;
		size_t size;
		int error = 0;

		memcpy(&header, at, sizeof(header));
		size = header.nlmsg_len;
		if (size < sizeof(header) || size > len)
			return -EBADMSG;
		if (header.nlmsg_type == NLMSG_ERROR && size >= NLMSG_HDRLEN + sizeof(error))
			memcpy(&error, at + NLMSG_HDRLEN, sizeof(error));
		if (header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE)
			return error < 0 ? error : 1;
		if (header.nlmsg_type == RTM_NEWADDR)
			take_address(search, at + NLMSG_HDRLEN, size - NLMSG_HDRLEN);
		if (NLMSG_ALIGN(size) >= len)
			return 0;
		at += NLMSG_ALIGN(size);
		len -= NLMSG_ALIGN(size);
	}
	return 0;
}

static int ask(int fd, const struct search *search)
{
	struct {
		struct nlmsghdr header;
		struct ifaddrmsg info;
	} request = {
		.header.nlmsg_len = sizeof(request),
		.header.nlmsg_type = RTM_GETADDR,
		.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.info.ifa_family = (uint8_t)families[search->family].af,
		.info.ifa_index = (uint32_t)search->ifindex,
	};
	int on = 1;

	/* Makes the kernel (4.20) leave out the other interfaces by itself; older ones send all. */
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return send(fd, &request, sizeof(request), 0) < 0 ? -errno : 0;
}

/* The kernel writes the answer while we read it: there is nothing to wait for. */
static int hear(int fd, struct search *search)
{
	uint8_t datagram[DATAGRAM];
	int result = 0;

	while (result == 0) {
		ssize_t len = recv(fd, datagram, sizeof(datagram), 0);

		if (len < 0 && errno != EINTR)
			return -errno;
		if (len > 0)
			result = take_datagram(search, datagram, (size_t)len);
	}
	return result < 0 ? result : 0;
}

static int look(struct search *search)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int result;

	if (fd < 0)
		return -errno;
	result = ask(fd, search);
	if (result == 0)
		result = hear(fd, search);
	close(fd);
	return result;
}

int ifaddr_source(int ifindex, const struct prefix *range, struct addr *source)
{
	struct search search = {
		.family = (enum family)range->addr.family, .ifindex = ifindex, .range = range};
	int result = look(&search);

	*source = search.found;
	if (result < 0)
		return result;
	return search.success ? 0 : -EADDRNOTAVAIL;
}

bool ifaddr_on_link(int ifindex, const struct addr *addr)
{
	struct search search = {
		.family = (enum family)addr->family, .ifindex = ifindex, .covered = addr};

	return look(&search) == 0 && search.success;
}
