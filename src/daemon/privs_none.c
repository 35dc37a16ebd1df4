/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The variant without libcap: the kernel takes root's capabilities with the user id. */
#include "daemon/privs.h"

int privs_drop(const struct user *user)
{
	return user_become(user);
}
