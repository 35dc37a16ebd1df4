/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ETHER	14
#define UDP	8
#define PAYLOAD 8
#define PORT	9

static size_t header_size(const struct addr *group)
{
	return group->family == FAMILY_IPV6 ? 40 : 20;
}

static void put_ether(uint8_t *p, const struct addr *group)
{
	static const uint8_t sender[6] = {2, 0, 0, 0, 0, 1};

	if (group->family == FAMILY_IPV6) {
		memcpy(p, "\x33\x33", 2);
		memcpy(p + 2, group->b + 12, 4);
		memcpy(p + 12, "\x86\xdd", 2);
	} else {
		memcpy(p, "\x01\x00\x5e", 3);
		memcpy(p + 3, group->b + 1, 3);
		p[3] &= 0x7f;
		memcpy(p + 12, "\x08\x00", 2);
	}
	memcpy(p + 6, sender, 6);
}

static void put_ipv4(uint8_t *ip, const struct addr *source, const struct addr *group)
{
	unsigned int sum = 0;

	ip[0] = 0x45;
	ip[3] = 20 + UDP + PAYLOAD;
	ip[8] = 64;
	ip[9] = IPPROTO_UDP;
	memcpy(ip + 12, source->b, 4);
	memcpy(ip + 16, group->b, 4);
	for (int i = 0; i < 20; i += 2)
		sum += (unsigned int)(ip[i] << 8 | ip[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	ip[10] = (uint8_t)(~sum >> 8);
	ip[11] = (uint8_t)~sum;
}

static void put_ipv6(uint8_t *ip, const struct addr *source, const struct addr *group)
{
	ip[0] = 0x60;
	ip[5] = UDP + PAYLOAD;
	ip[6] = IPPROTO_UDP;
	ip[7] = 64;
	memcpy(ip + 8, source->b, 16);
	memcpy(ip + 24, group->b, 16);
}

size_t packet_make(uint8_t packet[PACKET_SIZE], const struct addr *source, const struct addr *group)
{
	size_t header = header_size(group);
	uint8_t *udp = packet + ETHER + header;

	memset(packet, 0, PACKET_SIZE);
	put_ether(packet, group);
	if (group->family == FAMILY_IPV6)
		put_ipv6(packet + ETHER, source, group);
	else
		put_ipv4(packet + ETHER, source, group);
	udp[1] = udp[3] = PORT;
	udp[5] = UDP + PAYLOAD; /* without checksum: nobody but routers looks at it */
	return ETHER + header + UDP + PAYLOAD;
}

bool packet_is_to(const uint8_t *frame, size_t len, const struct addr *group)
{
	size_t bytes = families[group->family].bytes, at = ETHER + header_size(group) - bytes;
	uint8_t first = group->family == FAMILY_IPV6 ? 0x86 : 0x08;

	return len >= at + bytes && frame[12] == first && memcmp(frame + at, group->b, bytes) == 0;
}

int packet_socket(int ns, int protocol)
{
	int back = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd, one = 1;

	if (back < 0 || setns(ns, CLONE_NEWNET) < 0)
		return -1;
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons((uint16_t)protocol));
	/* a link that has just come up has no queue for some time */
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	setns(back, CLONE_NEWNET);
	close(back);
	return fd;
}

int packet_send(int fd, int ifindex, const struct addr *source, const struct addr *group)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_ifindex = ifindex, .sll_halen = ETHER_ADDR_LEN};
	uint8_t packet[PACKET_SIZE];
	size_t len = packet_make(packet, source, group);

	if (sendto(fd, packet, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}
