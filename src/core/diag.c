/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/diag.h"

#include <stdlib.h>
#include <string.h>

static void PRINTF_LIKE(4, 0)
	add(struct diags *diags, bool warning, struct pos pos, const char *format, va_list args)
{
	struct diag *diag = mem_append(&diags->list, diags->count, &diags->room, sizeof(*diag));
	struct buf text = {0};

	buf_vprintf(&text, format, args);
	*diag = (struct diag){
		.file = pos.file ? mem_strndup(pos.file, strlen(pos.file)) : NULL,
		.text = mem_strndup(buf_text(&text), text.len),
		.line = pos.line,
		.column = pos.column,
		.warning = warning,
	};
	diags->count++;
	if (!warning)
		diags->errors++;
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
