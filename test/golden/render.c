/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * render: shows the records on standard input as smcroutectl would, for the golden tests.
 *
 *     render [-djtT] TOPIC < RECORDS
 *
 * -T stands for an output that is a terminal.  A line "error CODE TEXT" ends the answer, as it does
 * on the control socket.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/render.h"

static int render(const struct render_ops *ops, enum topic topic, const struct look *look,
		  bool json)
{
	struct render *screen = ops->begin(topic, look);
	struct record record = {0};
	char *line = NULL;
	size_t room = 0;
	int code = 0;
	ssize_t len;

	while (!code && (len = getline(&line, &room, stdin)) > 0) {
		line[len - 1] = '\0'; /* each line has an end */
		if (sscanf(line, "error %d", &code) == 1) {
			failure_print(&(struct failure){.code = code, .text = line + 8}, json);
			continue;
		}
		record_parse(&record, line);
		ops->record(screen, &record);
	}
	if (!code)
		ops->write(screen, stdout);
	ops->free(screen);
	record_free(&record);
	free(line);
	return code;
}

int main(int argc, char *argv[])
{
	struct look look = {0};
	bool json = false;
	int letter;

	while ((letter = getopt(argc, argv, "djtT")) != -1) {
		look.detail |= letter == 'd';
		look.bare |= letter == 't';
		look.terminal |= letter == 'T';
		json |= letter == 'j';
	}
	for (int topic = TOPIC_ROUTES; optind < argc && topic <= TOPIC_PENDING; topic++)
		if (strcmp(argv[optind], screens[topic].key) == 0)
			return render(json ? &render_json : &render_text, (enum topic)topic, &look,
				      json);
	fprintf(stderr, "usage: render [-djtT] TOPIC < RECORDS\n");
	return 64;
}
