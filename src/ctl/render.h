/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * render: the records of an answer to "show" as something to read, or as JSON.
 *
 * A screen is what one topic shows: sections, each fed by one type of record.  Sections are filled
 * in whatever order the records come and written at the end, so that a table knows its widths and
 * an answer that breaks off leaves no half document behind.
 */
#ifndef CTL_RENDER_H
#define CTL_RENDER_H

#include <stdio.h>

#include "core/request.h"
#include "ctl/json.h"
#include "ctl/record.h"

#define MAX_SECTIONS 3

struct section {
	const char *type, *set; /* of its records; set NULL = any */
	const char *key;	/* in JSON; NULL: the section is the whole screen */
	const char *title;	/* in text; NULL: none */
	bool detail;		/* in text only with details */
	const char *none;	/* in text in place of an empty section; NULL: nothing special */
};

struct screen {
	const char *key; /* in JSON */
	const struct section *sections;
	size_t count; /* <= MAX_SECTIONS */
};

extern const struct screen screens[]; /* by enum topic */

/* The section of the screen that shows this record, -1 when none does. */
int screen_section(const struct screen *screen, const struct record *record);

struct look {
	bool detail;
	bool bare;     /* no titles and headings */
	bool terminal; /* headings may stand out */
};

struct render;

struct render_ops {
	struct render *(*begin)(enum topic topic, const struct look *look);
	void (*record)(struct render *render, const struct record *record);
	void (*write)(struct render *render, FILE *out);
	void (*free)(struct render *render);
};

extern const struct render_ops render_text, render_json;

/* A "problem" record as "FILE:LINE:COLUMN: message", "warning: " in front of the message of one. */
void problem_print(const struct record *record, struct buf *out);

/* The same as a JSON object. */
void problem_json(const struct record *record, struct json *json);

struct failure {
	int code;		     /* an exit status */
	const char *text;	     /* may hold anything; is made printable */
	unsigned long line;	     /* of a batch, 0 = none */
	const struct json *problems; /* what problem_json() wrote; NULL or empty = none */
};

/* Tells of it on stderr, and with @json also on stdout as an object of one line. */
void failure_print(const struct failure *failure, bool json);

#endif
