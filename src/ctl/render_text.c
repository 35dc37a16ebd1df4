/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text: tables for people.  Each screen has one set of columns that all its sections share, so that
 * they line up below each other.  With details, what is special about a row (why it is not in
 * force, what it leaves out) follows in brackets behind its last column, where it costs no width as
 * long as there is nothing to say.
 */
#include "ctl/render.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/utf8.h"

#define MAX_COLUMNS 5
#define BOLD	    "\033[1m"
#define UNDERLINE   "\033[4m"
#define NORMAL	    "\033[0m"

struct column {
	const char *heading; /* NULL: the screen has no line of headings */
	void (*cell)(struct buf *out, const struct record *record);
	size_t gap; /* blanks in front of it */
	size_t min; /* least width */
	bool right; /* numbers */
	bool detail;
};

/*
 * The cells of a section one after the other, each with a NUL behind it; a row has one for each
 * column and one with its notes.
 */
struct table {
	struct buf cells;
	size_t rows;
};

struct render {
	const struct screen *screen;
	struct look look;
	const struct column *columns[MAX_COLUMNS];
	size_t width[MAX_COLUMNS];
	size_t count;
	struct table tables[MAX_SECTIONS];
	struct table problems;
	struct buf cell; /* scratch */
};

static void add_or(struct buf *out, const char *text, const char *otherwise)
{
	buf_puts(out, text ? text : otherwise);
}

static void flow_cell(struct buf *out, const struct record *record)
{
	buf_putc(out, '(');
	add_or(out, record_get(record, "source"), "*");
	buf_puts(out, ", ");
	add_or(out, record_get(record, "group"), "*");
	buf_putc(out, ')');
}

static void iif_cell(struct buf *out, const struct record *record)
{
	add_or(out, record_get(record, "iif"), "-");
}

static void packets_cell(struct buf *out, const struct record *record)
{
	add_or(out, record_get(record, "packets"), "-");
}

static void bytes_cell(struct buf *out, const struct record *record)
{
	add_or(out, record_get(record, "bytes"), "-");
}

/* All values of the key, each with @between in front but for the first, which has @before. */
static void add_list(struct buf *out, const struct record *record, const char *key,
		     const char *before, const char *between)
{
	size_t cursor = 0;
	const char *value;

	for (const char *lead = before; (value = record_next(record, key, &cursor));
	     lead = between) {
		buf_puts(out, lead);
		buf_puts(out, value);
	}
}

static void oifs_cell(struct buf *out, const struct record *record)
{
	add_list(out, record, "oif", "", " ");
}

static void index_cell(struct buf *out, const struct record *record)
{
	add_or(out, record_get(record, "index"), "-");
}

static void name_cell(struct buf *out, const struct record *record)
{
	add_or(out, record_get(record, "name"), "-");
}

static void vif_cell(struct buf *out, const struct record *record)
{
	add_or(out, record_get(record, "vif"), "N/A");
}

static void mif_cell(struct buf *out, const struct record *record)
{
	add_or(out, record_get(record, "mif"), "N/A");
}

/* A pending rule as one types it; a scope mask stands for the group that is typed with it. */
static void statement_cell(struct buf *out, const struct record *record)
{
	const char *scopes = record_get(record, "scopes");

	add_or(out, record_get(record, "kind"), "mroute");
	buf_puts(out, "  from ");
	iif_cell(out, record);
	add_list(out, record, "source", " source ", "");
	buf_puts(out, " group ");
	add_or(out, scopes ? "::" : record_get(record, "group"), "-");
	add_list(out, record, "except", " except ", ",");
	if (scopes || record_get(record, "oif"))
		buf_puts(out, " to");
	if (scopes)
		buf_printf(out, " %s", scopes);
	add_list(out, record, "oif", " ", " ");
}

static const struct column route_columns[] = {
	{"ROUTE (S,G)", flow_cell, 0, 42, false, false}, {"IIF", iif_cell, 2, 0, false, false},
	{"PACKETS", packets_cell, 2, 0, true, true},	 {"BYTES", bytes_cell, 2, 0, true, true},
	{"OIFS", oifs_cell, 2, 0, false, false},	 {0},
};

static const struct column group_columns[] = {
	{"GROUP (S,G)", flow_cell, 0, 42, false, false},
	{"IIF", iif_cell, 2, 0, false, false},
	{0},
};

static const struct column interface_columns[] = {
	{"INDEX", index_cell, 1, 0, true, false},
	{"PHYINT", name_cell, 1, 0, false, false},
	{"VIF", vif_cell, 2, 0, true, false},
	{"MIF", mif_cell, 2, 0, true, false},
	{0},
};

static const struct column pending_columns[] = {
	{NULL, statement_cell, 0, 0, false, false},
	{0},
};

static const struct column *const columns_of[] = {
	[TOPIC_ROUTES] = route_columns,
	[TOPIC_GROUPS] = group_columns,
	[TOPIC_INTERFACES] = interface_columns,
	[TOPIC_PENDING] = pending_columns,
};

static bool is_one_of(const char *text, const char *const *list)
{
	while (*list)
		if (strcmp(text, *list++) == 0)
			return true;
	return false;
}

/* Room for one more note in @out. */
static struct buf *note(struct buf *out)
{
	if (out->len)
		buf_puts(out, "; ");
	return out;
}

/* Router discovery: a note for each family, with the pairs from its name to the next one's. */
static void mrdisc_notes(struct buf *out, const struct record *record)
{
	static const char *const numbers[] = {"sent", "received", "ignored", NULL};

	for (size_t i = 0; i < record->count; i++) {
		const struct pair *pair = &record->pairs[i];

		if (strcmp(pair->key, "mrdisc") == 0)
			buf_printf(note(out), "mrdisc %s", pair->value);
		else if (strcmp(pair->key, "mrdisc_state") == 0)
			buf_printf(out, " %s", pair->value);
		else if (strcmp(pair->key, "mrdisc_reason") == 0)
			buf_printf(out, ": %s", pair->value);
		else if (is_one_of(pair->key, numbers))
			buf_printf(out, ", %s %s", pair->value, pair->key);
	}
}

/* What is special about a row. */
static void notes_cell(struct buf *out, const struct record *record)
{
	static const char *const usual[] = {"active", "forward", "stop", "up", NULL};
	const char *state = record_get(record, "state"), *reason = record_get(record, "reason");
	const char *wrong = record_get(record, "wrong_if"), *scopes = record_get(record, "scopes");
	bool special = state && !is_one_of(state, usual);

	if (special)
		buf_puts(out, state);
	if (reason)
		buf_printf(out, "%s%s", special ? ": " : "", reason);
	else if (record_has(record, "multicast", "no"))
		buf_puts(note(out), "no multicast");
	if (out->len && record_get(record, "origin"))
		buf_printf(note(out), "from %s", record_get(record, "origin"));
	if (strcmp(record->type, "pending") != 0) { /* the statement says these */
		if (record_get(record, "except"))
			add_list(note(out), record, "except", "except ", ",");
		if (scopes)
			buf_printf(note(out), "scopes %s", scopes);
	}
	if (wrong && strcmp(wrong, "0") != 0)
		buf_printf(note(out), "%s on a wrong interface", wrong);
	mrdisc_notes(out, record);
}

static struct render *text_begin(enum topic topic, const struct look *look)
{
	struct render *render = mem_alloc(sizeof(*render));

	render->screen = &screens[topic];
	render->look = *look;
	for (const struct column *column = columns_of[topic]; column->cell; column++) {
		size_t width = column->heading ? strlen(column->heading) : 0;

		if (column->detail && !look->detail)
			continue;
		render->columns[render->count] = column;
		render->width[render->count++] = width > column->min ? width : column->min;
	}
	return render;
}

/* Makes the scratch cell the next one of the table; returns its width. */
static size_t finish_cell(struct render *render, struct table *table)
{
	size_t width = utf8_add_printable(&table->cells, buf_text(&render->cell));

	buf_putc(&table->cells, '\0');
	buf_consume(&render->cell, render->cell.len);
	return width;
}

static void text_record(struct render *render, const struct record *record)
{
	int section = screen_section(render->screen, record);
	struct table *table;

	if (strcmp(record->type, "problem") == 0) {
		problem_print(record, &render->cell);
		finish_cell(render, &render->problems);
		render->problems.rows++;
	}
	if (section < 0 || (render->screen->sections[section].detail && !render->look.detail))
		return;
	table = &render->tables[section];
	for (size_t i = 0; i < render->count; i++) {
		size_t width;

		render->columns[i]->cell(&render->cell, record);
		width = finish_cell(render, table);
		if (width > render->width[i])
			render->width[i] = width;
	}
	if (render->look.detail)
		notes_cell(&render->cell, record);
	finish_cell(render, table);
	table->rows++;
}

/* Writes a cell of column @i; blanks are owed until something follows them. */
static void put_cell(const struct render *render, size_t i, const char *cell, size_t *owed,
		     FILE *out)
{
	const struct column *column = render->columns[i];
	size_t width = 0, pad;

	for (const char *c = cell; *c; c++)
		width += (*c & 0xc0) != 0x80;
	pad = render->width[i] > width ? render->width[i] - width : 0;
	*owed += column->gap + (column->right ? pad : 0);
	if (*cell) {
		fprintf(out, "%*s%s", (int)*owed, "", cell);
		*owed = 0;
	}
	if (!column->right && i + 1 < render->count)
		*owed += pad;
}

static void put_title(const struct render *render, const char *title, FILE *out)
{
	if (render->look.terminal)
		fprintf(out, BOLD "%s" NORMAL "\n", title);
	else
		fprintf(out, "%s\n", title);
}

static void put_headings(const struct render *render, FILE *out)
{
	size_t owed = 0;

	if (!render->columns[0]->heading)
		return;
	if (render->look.terminal)
		fputs(UNDERLINE, out);
	for (size_t i = 0; i < render->count; i++)
		put_cell(render, i, render->columns[i]->heading, &owed, out);
	fputs(render->look.terminal ? NORMAL "\n" : "\n", out);
}

static void put_rows(const struct render *render, const struct table *table, FILE *out)
{
	const char *cell = buf_text(&table->cells);

	for (size_t row = 0; row < table->rows; row++) {
		size_t owed = 0;

		for (size_t i = 0; i < render->count; i++) {
			put_cell(render, i, cell, &owed, out);
			cell += strlen(cell) + 1;
		}
		if (*cell)
			fprintf(out, "%*s[%s]", (int)owed + 2, "", cell);
		cell += strlen(cell) + 1;
		fputc('\n', out);
	}
}

static void put_problems(const struct render *render, FILE *out)
{
	const char *text = buf_text(&render->problems.cells);

	if (!render->problems.rows || render->look.bare)
		return;
	fputc('\n', out);
	put_title(render, "Configuration Errors", out);
	for (size_t row = 0; row < render->problems.rows; row++) {
		fprintf(out, "%s\n", text);
		text += strlen(text) + 1;
	}
}

static void text_write(struct render *render, FILE *out)
{
	const struct screen *screen = render->screen;

	for (size_t i = 0; i < screen->count; i++) {
		const struct section *section = &screen->sections[i];

		if (section->detail && !render->look.detail)
			continue;
		if (section->none && !render->tables[i].rows) {
			fprintf(out, "%s\n", section->none);
			continue;
		}
		if (i && !render->look.bare)
			fputc('\n', out);
		if (section->title && !render->look.bare)
			put_title(render, section->title, out);
		if (!render->look.bare)
			put_headings(render, out);
		put_rows(render, &render->tables[i], out);
	}
	put_problems(render, out);
}

static void text_free(struct render *render)
{
	for (size_t i = 0; i < MAX_SECTIONS; i++)
		buf_free(&render->tables[i].cells);
	buf_free(&render->problems.cells);
	buf_free(&render->cell);
	free(render);
}

const struct render_ops render_text = {text_begin, text_record, text_write, text_free};
