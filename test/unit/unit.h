/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unit: unit tests as tables.
 *
 * A test program is a list of cases; a row of a table is a case of its own, named by its text, so
 * that a failing row tells which it is and the others run all the same.  Rows are any struct whose
 * first member is that text.
 */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/util.h"
#include "core/rules.h"

struct unit {
	struct CMUnitTest *cases; /* owned, with their names */
	size_t count, room;
};

typedef void (*unit_fn)(void **row); /* as cmocka wants it; *row is the row */

void unit_add(struct unit *unit, const char *name, unit_fn fn, const void *row);
void unit_add_rows(struct unit *unit, const char *name, unit_fn fn, const void *rows, size_t count,
		   size_t size);

/* Runs all cases and frees the list; the exit status of the program. */
int unit_run(struct unit *unit, const char *program);

#define UNIT_TEST(unit, fn) unit_add(unit, #fn, fn, NULL)
#define UNIT_TABLE(unit, fn, rows) \
	unit_add_rows(unit, #fn, fn, rows, ARRAY_SIZE(rows), sizeof((rows)[0]))

/* Reads an address that is one. */
struct addr unit_addr(const char *text);

/* Reads a statement as if it stood in line @line of the file "conf"; 0 or -EINVAL. */
int unit_stmt(struct stmt *st, const char *text, uint32_t line, struct diags *diags);

/* All diagnostics, a line each; the caller frees @out. */
void unit_diags(const struct diags *diags, struct buf *out);

#endif
