/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/diag.h"

#include <stdlib.h>
#include <string.h>

static void append(struct diags *diags, bool warning, struct pos pos, const struct buf *text)
{
	struct diag *diag = mem_append(&diags->list, diags->count, &diags->room, sizeof(*diag));

	*diag = (struct diag){
		.file = pos.file ? mem_strndup(pos.file, strlen(pos.file)) : NULL,
		.text = mem_strndup(buf_text(text), text->len),
		.line = pos.line,
		.column = pos.column,
		.warning = warning,
	};
	hide_controls(diag->text);
	if (diag->file)
		hide_controls(diag->file);
	diags->count++;
}

static void PRINTF_LIKE(4, 0)
	add(struct diags *diags, bool warning, struct pos pos, const char *format, va_list args)
{
	size_t *number = warning ? &diags->warnings : &diags->errors;
	struct buf text = {0};

	if (*number < MAX_DIAGS)
		buf_vprintf(&text, format, args);
	else if (*number == MAX_DIAGS)
		buf_puts(&text, "there is more, which is not listed");
	if (++*number <= MAX_DIAGS + 1)
		append(diags, warning, pos, &text);
	buf_free(&text);
}

void diag_error(struct diags *diags, struct pos pos, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diags, false, pos, format, args);
	va_end(args);
}

void diag_warn(struct diags *diags, struct pos pos, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diags, true, pos, format, args);
	va_end(args);
}

void diag_format(const struct diag *diag, struct buf *out)
{
	if (diag->file && diag->line)
		buf_printf(out, "%s:%u:%u: ", diag->file, diag->line, diag->column);
	else if (diag->file)
		buf_printf(out, "%s: ", diag->file);
	if (diag->warning)
		buf_puts(out, "warning: ");
	buf_puts(out, diag->text);
}

void diags_free(struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		free(diags->list[i].file);
		free(diags->list[i].text);
	}
	free(diags->list);
	memset(diags, 0, sizeof(*diags));
}
