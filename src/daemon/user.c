/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int group_find(const char *name, gid_t *gid, struct buf *error)
{
	const struct group *found = getgrnam(name);

	if (!found) {
		buf_printf(error, "there is no group '%s'", name);
		return -ENOENT;
	}
	*gid = found->gr_gid;
	return 0;
}

int user_find(const char *text, struct user *user, struct buf *error)
{
	size_t len = strcspn(text, ":");
	const struct passwd *found;

	user->name = mem_strndup(text, len);
	found = getpwnam(user->name);
	if (!found) {
		buf_printf(error, "there is no user '%s'", user->name);
		return -ENOENT;
	}
	user->uid = found->pw_uid;
	user->gid = found->pw_gid;
	return text[len] ? group_find(text + len + 1, &user->gid, error) : 0;
}

/* Nothing may lead back, or there is a hole that nobody knows of. */
static bool can_return(const struct user *user)
{
	return user->uid != 0 && (setuid(0) == 0 || seteuid(0) == 0);
}

int user_become(const struct user *user)
{
	if (getuid() == user->uid && geteuid() == user->uid && user->uid != 0)
		return 0;
	if (initgroups(user->name, user->gid) < 0 ||
	    setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return -errno;
	return can_return(user) ? -EPERM : 0;
}

void user_free(struct user *user)
{
	free(user->name);
	user->name = NULL;
}
