/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The variant without libcap: the kernel takes root's capabilities together with the user id. */
#include "daemon/privs.h"

#include <unistd.h>

bool privs_droppable(void)
{
	return false;
}

bool privs_may_become(const struct user *user)
{
	return geteuid() == 0 || geteuid() == user->uid;
}

const char *privs_missing(void)
{
	return "CAP_NET_ADMIN and CAP_NET_RAW";
}

bool privs_of_scripts(void)
{
	return geteuid() == 0;
}

int privs_drop(const struct user *user)
{
	return user->name ? user_become(user) : 0;
}
