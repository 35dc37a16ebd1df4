/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user: who the daemon becomes (-p), and who may use its socket.
 */
#ifndef DAEMON_USER_H
#define DAEMON_USER_H

#include <sys/types.h>

#include "base/buf.h"

#define NO_UID ((uid_t)-1)
#define NO_GID ((gid_t)-1)

struct user {
	char *name; /* owned; NULL = stay who we are */
	uid_t uid;
	gid_t gid;
};

/* Looks up "USER[:GROUP]" and "GROUP"; 0, or -ENOENT with a message in @error. */
int user_find(const char *text, struct user *user, struct buf *error);
int group_find(const char *name, gid_t *gid, struct buf *error);

/* Takes on user, group and supplementary groups, for good; 0 or -errno. */
int user_become(const struct user *user);

void user_free(struct user *user);

#endif
