/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The variant with libcap. */
#include "daemon/privs.h"

#include <errno.h>
#include <sys/capability.h>

/* What no program that we start can gain either; needs CAP_SETPCAP, so it may be refused. */
static void drop_bounding(void)
{
	for (cap_value_t cap = 0; cap_get_bound(cap) >= 0; cap++)
		cap_drop_bound(cap);
}

static int clear_all(void)
{
	cap_t none = cap_init();
	int err = 0;

	if (!none)
		return -errno;
	if (cap_set_proc(none) < 0)
		err = -errno;
	cap_free(none);
	cap_reset_ambient();
	return err;
}

int privs_drop(const struct user *user)
{
	int err;

	drop_bounding();
	err = user_become(user);
	return err < 0 ? err : clear_all();
}
