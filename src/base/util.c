/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/util.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sysexits.h>
#include <unistd.h>

/* In a program with a log the one of log.c takes the place of this. */
__attribute__((weak)) void mem_last_words(const char *text)
{
	struct iovec line[] = {{(char *)text, strlen(text)}, {(char *)"\n", 1}};
	ssize_t ignored = writev(STDERR_FILENO, line, ARRAY_SIZE(line));

	(void)ignored;
}

static void die_of_hunger(void)
{
	mem_last_words("out of memory: exiting, raise the limit of this process");
	_exit(EX_OSERR);
}

void *mem_alloc(size_t size)
{
	void *ptr = calloc(1, size ? size : 1);

	if (!ptr)
		die_of_hunger();
	return ptr;
}

void *mem_grow(void *ptr, size_t size)
{
	ptr = realloc(ptr, size ? size : 1);
	if (!ptr)
		die_of_hunger();
	return ptr;
}

char *mem_strndup(const char *text, size_t len)
{
	char *copy = mem_grow(NULL, len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

void hide_controls(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void *mem_append(void *array, size_t count, size_t *room, size_t size)
{
	char *base;

	memcpy(&base, array, sizeof(base));
	if (count == *room) {
		*room = *room ? *room * 2 : 4;
		base = mem_grow(base, *room * size);
		memcpy(array, &base, sizeof(base));
	}
	return base + count * size;
}

void hold_standard_fds(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", O_RDONLY);
}

void close_other_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (fd > STDERR_FILENO && fd != dirfd(dir))
			close(fd);
	}
	if (dir)
		closedir(dir);
}
