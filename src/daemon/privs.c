/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The variant with libcap. */
#include "daemon/privs.h"

#include <errno.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

/* What no program that we start can gain either; needs CAP_SETPCAP, so it may be refused. */
static void drop_bounding(void)
{
	for (cap_value_t cap = 0; cap_get_bound(cap) >= 0; cap++)
		cap_drop_bound(cap);
}

static bool has(cap_value_t cap)
{
	cap_t sets = cap_get_proc();
	cap_flag_value_t value = CAP_CLEAR;

	if (sets)
		cap_get_flag(sets, cap, CAP_EFFECTIVE, &value);
	cap_free(sets);
	return value == CAP_SET;
}

static bool may_have(const cap_t sets)
{
	cap_t now = cap_get_proc();
	bool same = now && !CAP_DIFFERS(cap_compare(now, sets), CAP_PERMITTED);

	cap_free(now);
	return same;
}

/* The ambient set goes with the permitted one. */
static int set_all(const cap_t sets)
{
	if (cap_set_proc(sets) == 0 || may_have(sets))
		return 0;
	return -errno;
}

/* Root opens and deletes whatever file it likes, as its users expect; that needs this one. */
static int keep_files(cap_t sets)
{
	cap_value_t files = CAP_DAC_OVERRIDE;

	if (cap_set_flag(sets, CAP_PERMITTED, 1, &files, CAP_SET) < 0 ||
	    cap_set_flag(sets, CAP_EFFECTIVE, 1, &files, CAP_SET) < 0)
		return -errno;
	return 0;
}

static int clear_all(bool but_files)
{
	cap_t sets = cap_init();
	int err = sets ? 0 : -errno;

	if (!err && but_files && has(CAP_DAC_OVERRIDE))
		err = keep_files(sets);
	if (!err)
		err = set_all(sets);
	cap_free(sets);
	return err;
}

bool privs_droppable(void)
{
	cap_t sets = cap_get_proc();
	bool allowed = !sets || cap_set_proc(sets) == 0;

	cap_free(sets);
	return allowed;
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

/* What root starts gains them, unless nothing may gain any. */
bool privs_of_scripts(void)
{
	return geteuid() == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
}

int privs_drop(const struct user *user)
{
	bool stays_root = !user->name && geteuid() == 0;
	int err = 0;

	if (!stays_root)
		drop_bounding();
	if (user->name)
		err = user_become(user);
	return err < 0 ? err : clear_all(stays_root);
}
