/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packet: a small UDP packet to a multicast group, Ethernet header and all, as bytes. */
#ifndef TEST_PACKET_H
#define TEST_PACKET_H

#include "core/addr.h"

#define PACKET_SIZE 128

/* Returns its length. */
size_t packet_make(uint8_t packet[PACKET_SIZE], const struct addr *source,
		   const struct addr *group);

/* Whether a frame is an IPv4 or IPv6 packet to this group. */
bool packet_is_to(const uint8_t *frame, size_t len, const struct addr *group);

/* A raw packet socket for all interfaces of the namespace @ns that hears @protocol (0: nothing). */
int packet_socket(int ns, int protocol);

/* 0 or -errno. */
int packet_send(int fd, int ifindex, const struct addr *source, const struct addr *group);

#endif
