/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"

struct pidfile {
	char *path; /* owned */
	bool ours;  /* written, and a regular file */
};

static int open_file(const char *path, int flags)
{
	struct stat st;
	int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0644);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

static int write_number(int fd)
{
	char text[24];
	ssize_t len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	ssize_t n = write(fd, text, (size_t)len);

	if (n >= 0 && n != len)
		return -ENOSPC;
	return n < 0 || ftruncate(fd, len) < 0 ? -errno : 0;
}

static int write_file(const char *path, uid_t owner)
{
	int fd = open_file(path, O_WRONLY | O_CREAT), err;

	if (fd < 0)
		return fd;
	err = write_number(fd);
	/* An empty one, or an old number, would mislead whoever reads it. */
	if (err < 0 && unlink(path) < 0)
		log_info("can't remove the pid file %s: %s", path, strerror(errno));
	if (owner != (uid_t)-1 && fchown(fd, owner, (gid_t)-1) < 0)
		log_info("%s can't be given to user %u (%s): reloads won't show in its time", path,
			 (unsigned int)owner, strerror(errno));
	close(fd);
	return err;
}

struct pidfile *pidfile_new(const char *path, uid_t owner)
{
	struct pidfile *pidfile = mem_alloc(sizeof(*pidfile));
	int err = write_file(path, owner);

	pidfile->path = mem_strndup(path, strlen(path));
	pidfile->ours = err == 0;
	if (err == -EINVAL)
		log_err("%s is no regular file: going on without a pid file", path);
	else if (err < 0)
		log_err("can't write the pid file %s: %s; going on without", path, strerror(-err));
	return pidfile;
}

void pidfile_touch(const struct pidfile *pidfile)
{
	if (pidfile->ours && utimensat(AT_FDCWD, pidfile->path, NULL, AT_SYMLINK_NOFOLLOW) < 0)
		log_warn("can't touch the pid file %s: %s", pidfile->path, strerror(errno));
}

/* Another daemon may have written its own number since. */
static bool still_ours(const struct pidfile *pidfile)
{
	char text[24] = "";
	ssize_t len;
	int fd;

	if (!pidfile->ours)
		return false;
	fd = open_file(pidfile->path, O_RDONLY);
	if (fd < 0)
		return false;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	return len > 0 && strtol(text, NULL, 10) == (long)getpid();
}

/* Who dropped root may own the file, but not its folder. */
static void empty(const struct pidfile *pidfile)
{
	int fd;

	log_info("can't remove the pid file %s (%s): emptying it", pidfile->path, strerror(errno));
	fd = open_file(pidfile->path, O_WRONLY | O_TRUNC);
	if (fd >= 0)
		close(fd);
	else
		log_warn("can't empty the pid file %s: %s; remove it", pidfile->path,
			 strerror(-fd));
}

void pidfile_free(struct pidfile *pidfile)
{
	if (!pidfile)
		return;
	if (still_ours(pidfile) && unlink(pidfile->path) < 0)
		empty(pidfile);
	free(pidfile->path);
	free(pidfile);
}
