/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the control socket, one request struct for all: what is refused is told why. */
#include <stdlib.h>
#include <string.h>

#include "core/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held)
{
	if (!held)
		abort();
}

static bool has_stmt(const struct request *request)
{
	return request->command <= COMMAND_LEAVE;
}

static void line(struct request *request, struct words *words, const char *text, size_t len)
{
	const struct command_info *info;
	struct diags diags = {0};
	struct buf printed = {0};
	int result;

	words_split(words, text, len, false);
	if (!words->count)
		return;
	info = command_check(words, &diags);
	must(!info == (diags.errors == 1));
	diags_free(&diags);
	result = request_parse(request, words, &diags);
	must((result < 0) == (diags.errors > 0));
	for (size_t i = 0; i < diags.count; i++)
		must(!strpbrk(diags.list[i].text, "\n\r\x1b"));
	if (result == 0) {
		must(info && request->command == info->command);
		if (has_stmt(request))
			stmt_print(&request->stmt, &printed);
		must(request->command != COMMAND_SHOW || request->topic <= TOPIC_PENDING);
	}
	buf_free(&printed);
	diags_free(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end;
	struct request request = {0};
	struct words words = {0};

	for (; (end = memchr(text, '\n', size)); text = end + 1) {
		line(&request, &words, text, (size_t)(end - text));
		size -= (size_t)(end + 1 - text);
	}
	line(&request, &words, text, size);
	words_free(&words);
	request_free(&request);
	return 0;
}
