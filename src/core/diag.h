/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diag: what the program has to say to a user about what the user wrote.
 *
 * A message tells what is wrong with which word and how to mend it, where: file, line and column,
 * all counted from 1.  A message without a file is about a command.  A struct diags collects all of
 * them, so that nobody has to mend a file error by error; but not more than MAX_DIAGS of a kind,
 * for somebody may name a file of another sort altogether.
 */
#ifndef CORE_DIAG_H
#define CORE_DIAG_H

#include "base/buf.h"

#define MAX_DIAGS 1000

struct pos {
	const char *file; /* NULL: a command; not owned */
	uint32_t line, column;
};

struct diag {
	char *file, *text; /* owned; file may be NULL */
	uint32_t line, column;
	bool warning; /* the statement holds all the same */
};

struct diags {
	struct diag *list; /* owned */
	size_t count, room;
	size_t errors, warnings; /* all there were */
};

void diag_error(struct diags *diags, struct pos pos, const char *format, ...) PRINTF_LIKE(3, 4);
void diag_warn(struct diags *diags, struct pos pos, const char *format, ...) PRINTF_LIKE(3, 4);

/* Adds "file:line:column: message", or only the message; "warning: " before a warning's. */
void diag_format(const struct diag *diag, struct buf *out);

void diags_free(struct diags *diags);

#endif
