/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

void unit_add(struct unit *unit, const char *name, unit_fn fn, const void *row)
{
	struct CMUnitTest *test = mem_append(&unit->cases, unit->count, &unit->room, sizeof(*test));

	*test = (struct CMUnitTest){.name = mem_strndup(name, strlen(name)),
				    .test_func = fn,
				    .initial_state = (void *)(uintptr_t)row};
	unit->count++;
}

void unit_add_rows(struct unit *unit, const char *name, unit_fn fn, const void *rows, size_t count,
		   size_t size)
{
	for (size_t i = 0; i < count; i++) {
		const char *row = (const char *)rows + i * size, *text;
		struct buf full = {0};

		memcpy(&text, row, sizeof(text));
		buf_printf(&full, "%s: %.100s", name, text);
		unit_add(unit, buf_text(&full), fn, row);
		buf_free(&full);
	}
}

int unit_run(struct unit *unit, const char *program)
{
	int failed = _cmocka_run_group_tests(program, unit->cases, unit->count, NULL, NULL);

	for (size_t i = 0; i < unit->count; i++)
		free((char *)(uintptr_t)unit->cases[i].name);
	free(unit->cases);
	return failed != 0;
}

struct addr unit_addr(const char *text)
{
	struct addr addr;

	if (addr_parse(&addr, text, strlen(text)) < 0)
		fail_msg("%s is no address", text);
	return addr;
}

int unit_stmt(struct stmt *st, const char *text, uint32_t line, struct diags *diags)
{
	struct words words = {0};
	int result;

	words_split(&words, text, strlen(text), true);
	assert_true(words.count > 0);
	result = stmt_parse(st, &words, (struct pos){"conf", line, 1}, diags);
	words_free(&words);
	return result;
}

void unit_diags(const struct diags *diags, struct buf *out)
{
	for (size_t i = 0; i < diags->count; i++) {
		if (i)
			buf_putc(out, '\n');
		diag_format(&diags->list[i], out);
	}
}
