/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pidfile: a file with our process id, there while the daemon is ready.
 *
 * Init systems read it, and wait for a change of its mtime to learn that a reload is over.  It is a
 * help for others: that it can't be written is logged and ends nothing.  Only a regular file that
 * still holds our number is ever removed.
 */
#ifndef DAEMON_PIDFILE_H
#define DAEMON_PIDFILE_H

#include <sys/types.h>

struct pidfile;

/* Writes the file and gives it to @owner ((uid_t)-1: as it is).  Never NULL. */
struct pidfile *pidfile_new(const char *path, uid_t owner);

void pidfile_touch(const struct pidfile *pidfile);

/* Removes the file as well; @pidfile may be NULL. */
void pidfile_free(struct pidfile *pidfile);

#endif
