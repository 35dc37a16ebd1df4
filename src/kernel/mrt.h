/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mrt: one multicast routing table of the kernel, through the socket that owns it.
 *
 * All that differs between the families is in one const struct mrt_ops each (mrt4.c, mrt6.c):
 * constants, and encoders and decoders between our values and the kernel's structures.  mrt.c is
 * the one code path above them.  The socket is a raw IGMP or ICMPv6 socket whose filter lets
 * nothing in but upcalls, which the kernel writes into its queue by another way.
 */
#ifndef KERNEL_MRT_H
#define KERNEL_MRT_H

#include "core/kern.h"

#define MRT_REQUEST 128 /* room for any of the kernel's structures below */

struct mrt_ops {
	int af, protocol;
	int level;	    /* of all socket options below and of the membership ones */
	size_t sockaddr_at; /* offset of the address in this family's struct sockaddr */

	/* Options: int arguments for the first four, then what the encoders write. */
	int init, table, pim, assertion;
	int done, version, add_vif, del_vif, add_mfc, del_mfc;
	unsigned long count, vif_count; /* ioctl requests */

	/* Shuts out every packet that is not an upcall; 0 or -errno. */
	int (*filter)(int fd);

	/* Each writes a structure into MRT_REQUEST bytes at @to and returns its size. */
	size_t (*put_vif)(void *to, uint8_t number, uint8_t threshold, int ifindex);
	size_t (*put_vif_number)(void *to, uint8_t number); /* for del_vif */
	size_t (*put_vif_query)(void *to, uint8_t number);  /* for vif_count */
	size_t (*put_mfc)(void *to, const struct mfc *mfc);
	size_t (*put_flow_query)(void *to, const struct addr *source, const struct addr *group);
	void (*get_count)(const void *from, struct mfc_count *count);

	/* Takes a message of the socket apart; 0, or -EBADMSG when it can't be an upcall. */
	int (*get_upcall)(const void *data, size_t len, unsigned int *type, unsigned int *vif,
			  struct upcall *upcall);
	unsigned int nocache, wrongvif; /* values of type that matter */
	int max_ifindex;		/* that put_vif() can express */
};

extern const struct mrt_ops mrt4_ops, mrt6_ops;
extern const struct mrt_ops *const mrt_ops[FAMILIES];

struct mrt;

typedef void (*mrt_upcall_fn)(void *ctx, const struct upcall *upcall);

/*
 * Takes the table (0 = the kernel's default one) over.  0 or -errno: EADDRINUSE = somebody else has
 * it; EPERM; EPROTONOSUPPORT = the kernel routes multicast, but has no tables beside the default
 * one; EAFNOSUPPORT, ENOPROTOOPT, EOPNOTSUPP = no multicast routing of this family.  When the
 * kernel is short of memory this takes a second, in the hope of better times.
 */
int mrt_open(struct mrt **out, enum family family, uint32_t table);

/* Gives the table back; the kernel drops its VIFs and entries. */
void mrt_close(struct mrt *mrt);

/* Readable when there are upcalls. */
int mrt_fd(const struct mrt *mrt);

/* Bytes of receive buffer when the kernel granted less than we asked for, else 0. */
unsigned int mrt_small_buffer(const struct mrt *mrt);

/* Those operations, counters and questions of struct kern that concern VIFs and MFC entries. */
int mrt_apply(struct mrt *mrt, const struct kop *op);
int mrt_count(struct mrt *mrt, const struct addr *source, const struct addr *group,
	      struct mfc_count *count);
bool mrt_has_vif(struct mrt *mrt, uint8_t number);

/*
 * Hands the upcalls that wait to @fn, the newest first and up to a fixed number; true when some are
 * left, of which mrt_fd() does not tell: call again soon.
 */
bool mrt_read(struct mrt *mrt, mrt_upcall_fn fn, void *ctx);

/* Makes an upcall out of a message of the socket; 0, or -EBADMSG when it is none we know. */
int mrt_decode(const struct mrt_ops *ops, const void *data, size_t len, struct upcall *upcall);

#endif
