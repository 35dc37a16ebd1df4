/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By the kernel's own interface: it is as short as that of a library. */
#include "daemon/privs.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/capability.h>

#define WORDS _LINUX_CAPABILITY_U32S_3

/* What no program that we start can gain either; needs CAP_SETPCAP, so it may be refused. */
static void drop_bounding(void)
{
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static int get_sets(struct __user_cap_data_struct sets[WORDS])
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capget, &header, sets) < 0 ? -errno : 0;
}

static int set_sets(const struct __user_cap_data_struct sets[WORDS])
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}

static bool has(unsigned int cap)
{
	struct __user_cap_data_struct sets[WORDS] = {0};

	return get_sets(sets) == 0 && sets[CAP_TO_INDEX(cap)].effective & CAP_TO_MASK(cap);
}

/* The ambient set goes with the permitted one. */
static int clear_all(void)
{
	struct __user_cap_data_struct sets[WORDS] = {0};
	int err = set_sets(sets);

	if (err < 0 && get_sets(sets) == 0 && !sets[0].permitted && !sets[1].permitted)
		return 0;
	return err;
}

bool privs_droppable(void)
{
	struct __user_cap_data_struct sets[WORDS];

	return get_sets(sets) < 0 || set_sets(sets) == 0;
}

int privs_restart(char *argv[])
{
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	execv("/proc/self/exe", argv);
	return -errno;
}

bool privs_may_become(const struct user *user)
{
	return geteuid() == user->uid || (has(CAP_SETUID) && has(CAP_SETGID));
}

const char *privs_missing(void)
{
	if (!has(CAP_NET_ADMIN))
		return has(CAP_NET_RAW) ? "CAP_NET_ADMIN" : "CAP_NET_ADMIN and CAP_NET_RAW";
	return has(CAP_NET_RAW) ? NULL : "CAP_NET_RAW";
}

bool privs_regained(void)
{
	return geteuid() == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
}

int privs_drop(const struct user *user)
{
	int err = 0;

	if (user->name || geteuid() != 0)
		drop_bounding();
	if (user->name)
		err = user_become(user);
	return err < 0 ? err : clear_all();
}
