/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kern: the contract between the decisions and the kernel.
 *
 * A struct kop is one operation, complete by itself.  A struct kern executes operations in the
 * order in which they come and answers questions; it decides nothing.  There are two: klinux, and
 * the fake of the tests, which judges what it is told.  No operation but the ones below changes the
 * kernel.
 */
#ifndef CORE_KERN_H
#define CORE_KERN_H

#include "core/addr.h"
#include "core/ifname.h"

#define MAX_VIFS 32 /* MAXVIFS of linux/mroute.h, MAXMIFS of linux/mroute6.h */

/* An interface as the kernel describes it. */
struct link_info {
	int index; /* > 0 */
	char name[IFNAME_SIZE];
	bool multicast; /* IFF_MULTICAST */
	bool up;	/* IFF_UP */
};

/*
 * An (S,G) entry.  ttls[n] is 0 when VIF n is no outbound interface, else the TTL (IPv4) that a
 * packet must exceed to leave by it; the IPv6 kernel API knows only 0 and other.
 */
struct mfc {
	struct addr source, group;
	uint8_t iif; /* number of the inbound VIF */
	uint8_t ttls[MAX_VIFS];
};

/* A membership of one group on one interface; the source is all zero for ASM. */
struct member {
	int ifindex;
	struct addr source, group;
};

enum kop_type {
	KOP_LEAVE,   /* member, socket: may come after the interface is gone */
	KOP_DEL_MFC, /* mfc.source, mfc.group, mfc.iif */
	KOP_DEL_VIF, /* vif */
	KOP_ADD_VIF, /* vif */
	KOP_SET_MFC, /* mfc: adds the entry or replaces it in one step */
	/*
	 * mfc: deletes the entry, then adds it.  Packets that the kernel has queued, because it
	 * missed the entry, go out by one that is added, never by one that is replaced.  After a
	 * failure the entry may be there or not.
	 */
	KOP_RENEW_MFC,
	KOP_JOIN, /* member; the kernel side fills in socket */
};

struct kop {
	enum kop_type type;
	enum family family;
	union {
		struct mfc mfc;
		struct {
			uint8_t number;
			uint8_t threshold;
			int ifindex;
		} vif;
		struct {
			struct member member;
			int socket; /* which socket of the pool holds it, >= 0 */
		};
	};
	void *subject; /* the planner's own: whose state this operation changes */
};

/* 64 bits, since the daemon started the entry. */
struct mfc_count {
	uint64_t packets; /* all that matched the entry, those on a wrong interface included */
	uint64_t bytes;
	uint64_t wrong_if;
};

enum upcall_type {
	UPCALL_NOCACHE,	 /* IGMPMSG_NOCACHE, MRT6MSG_NOCACHE: a packet with no entry */
	UPCALL_WRONGVIF, /* IGMPMSG_WRONGVIF, MRT6MSG_WRONGMIF: a packet on another than its iif */
};

struct upcall {
	enum upcall_type type;
	uint8_t vif; /* on which the packet came */
	struct addr source, group;
};

struct kern {
	bool present[FAMILIES]; /* the families that can be routed at all */

	/* 0 or -errno; -errno means that nothing changed.  Deleting what is not there is 0. */
	int (*apply)(struct kern *kern, struct kop *op);

	/* Counters of an entry that is there; 0 or -errno. */
	int (*count)(struct kern *kern, const struct addr *source, const struct addr *group,
		     struct mfc_count *count);

	/* Whether the kernel has this VIF now. */
	bool (*has_vif)(struct kern *kern, enum family family, uint8_t number);
};

#endif
