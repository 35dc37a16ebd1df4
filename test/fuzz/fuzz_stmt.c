/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of a configuration, and the same words as commands: what is accepted is printed, the text
 * parsed again, and the two must be equal.
 */
#include <stdlib.h>
#include <string.h>

#include "core/stmt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held)
{
	if (!held)
		abort();
}

static bool same_prefixes(const struct prefix *a, const struct prefix *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!prefix_equal(&a[i], &b[i]))
			return false;
	return true;
}

static void must_equal(const struct stmt *a, const struct stmt *b)
{
	must(a->kind == b->kind);
	if (a->kind == STMT_INCLUDE) {
		must(strcmp(buf_text(&a->path), buf_text(&b->path)) == 0);
		return;
	}
	must(strcmp(a->iif, b->iif) == 0);
	must(a->enable == b->enable && a->mrdisc == b->mrdisc && a->threshold == b->threshold);
	must(a->scopes == b->scopes && a->n_oifs == b->n_oifs && a->n_except == b->n_except);
	must(same_prefixes(&a->source, &b->source, 1) && same_prefixes(&a->group, &b->group, 1));
	must(same_prefixes(a->except, b->except, a->n_except));
	for (size_t i = 0; i < a->n_oifs; i++)
		must(strcmp(a->oifs[i], b->oifs[i]) == 0);
}

/* Diagnostics are one line each, whatever they quote. */
static void check_diags(const struct diags *diags, int result)
{
	must((result < 0) == (diags->errors > 0));
	for (size_t i = 0; i < diags->count; i++)
		for (const char *c = diags->list[i].text; *c; c++)
			must((unsigned char)*c >= ' ' && *c != 0x7f);
}

/* A command may name an interface "#1", which in a file begins a comment: not asked here. */
static bool fits_a_file(const struct stmt *st)
{
	bool fits = st->iif[0] != '#';

	for (size_t i = 0; i < st->n_oifs; i++)
		fits &= st->oifs[i][0] != '#';
	return fits;
}

static void round_trip(const struct stmt *st)
{
	struct buf printed = {0}, again = {0};
	struct words words = {0};
	struct diags diags = {0};
	struct stmt second = {0};
	int result;

	if (!fits_a_file(st))
		return;
	stmt_print(st, &printed);
	words_split(&words, buf_text(&printed), printed.len, true);
	result = stmt_parse(&second, &words, (struct pos){"f", 1, 1}, &diags);
	must(result == 0);
	check_diags(&diags, result);
	must_equal(st, &second);
	stmt_print(&second, &again);
	must(strcmp(buf_text(&printed), buf_text(&again)) == 0);
	stmt_free(&second);
	diags_free(&diags);
	words_free(&words);
	buf_free(&printed);
	buf_free(&again);
}

static void line(struct stmt *st, struct words *words, const char *text, size_t len)
{
	struct diags diags = {0};
	int result;

	words_split(words, text, len, true);
	if (words->count) {
		result = stmt_parse(st, words, (struct pos){"f", 1, 1}, &diags);
		check_diags(&diags, result);
		if (result == 0)
			round_trip(st);
	}
	diags_free(&diags);
	words_split(words, text, len, false);
	if (!words->count)
		return;
	for (int kind = STMT_MGROUP; kind <= STMT_MROUTE; kind++) {
		result = stmt_parse_command(st, (enum stmt_kind)kind, words->list, words->count,
					    &diags);
		check_diags(&diags, result);
		if (result == 0)
			round_trip(st);
		diags_free(&diags);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end;
	struct words words = {0};
	struct stmt st = {0};

	for (; (end = memchr(text, '\n', size)); text = end + 1) {
		line(&st, &words, text, (size_t)(end - text));
		size -= (size_t)(end + 1 - text);
	}
	line(&st, &words, text, size);
	words_free(&words);
	stmt_free(&st);
	return 0;
}
