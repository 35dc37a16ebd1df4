/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nl: what ip(8) does with interfaces, without starting a process for each.
 *
 * All functions return 0 or -errno.  A struct nl speaks for the network namespace in which it was
 * opened.
 */
#ifndef TEST_NL_H
#define TEST_NL_H

#include <stdint.h>

/* A file descriptor of a fresh network namespace, with lo up; the caller's own stays as it is. */
int nl_new_namespace(void);

struct nl {
	int fd;
	uint32_t seq;
};

/* Opens it in the namespace @ns, or in the present one (-1). */
int nl_open(struct nl *nl, int ns);
void nl_close(struct nl *nl);

/* An interface's index by name, 0 = there is none. */
int nl_index(struct nl *nl, const char *name);

/* The peer goes to the namespace @peer_ns. */
int nl_add_veth(struct nl *nl, const char *name, const char *peer, int peer_ns);
int nl_add_bridge(struct nl *nl, const char *name);
int nl_add_macvlan(struct nl *nl, const char *name, int lower);
int nl_delete(struct nl *nl, int index);

int nl_rename(struct nl *nl, int index, const char *name);
int nl_move(struct nl *nl, int index, int ns);
int nl_set_master(struct nl *nl, int index, int master); /* 0 = none */
int nl_set_alias(struct nl *nl, int index, const char *alias);

/* Flags as in struct ifinfomsg: those in @mask become as in @flags. */
int nl_set_flags(struct nl *nl, int index, unsigned int flags, unsigned int mask);

/* 10.N.N.1/24, N being the low byte of @n. */
int nl_add_address(struct nl *nl, int index, unsigned int n);
int nl_del_address(struct nl *nl, int index, unsigned int n);

#endif
