/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * util: the few macros and the allocator that everything else stands on.
 *
 * Allocation never returns NULL.  On Linux a failing malloc() means that the administrator's limit
 * for this process is reached; the one useful thing left is to say so and exit with status 71, so
 * that the service manager starts afresh.  What a peer or a file can make us allocate is bounded
 * where it enters (line length, clients, flows, range sizes), not here.
 */
#ifndef BASE_UTIL_H
#define BASE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Says that memory is out, before the process ends; takes none.  To standard error, or the log. */
void mem_last_words(const char *text);

/* Zeroed memory of @size bytes; release with free(). */
void *mem_alloc(size_t size);

/* Like realloc(); the grown part is not zeroed. */
void *mem_grow(void *ptr, size_t size);

/* A copy of @len bytes at @text with a terminating NUL; release with free(). */
char *mem_strndup(const char *text, size_t len);

/* Shows what would steer a terminal, or end a line, as '?'. */
void hide_controls(char *text);

/*
 * Makes room for one more element in the array *@array of @count elements of @size bytes each, of
 * which *@room fit now.  Returns the place of the new element (not zeroed).  The caller counts.
 */
void *mem_append(void *array, size_t count, size_t *room, size_t size);

/* For those started without the three standard descriptors: a socket would get the number of one.
 */
void hold_standard_fds(void);

/* Closes all but the standard descriptors: a lock or a pipe of whoever started us, say. */
void close_other_fds(void);

#endif
