/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smcroutectl: the command line client of smcrouted. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/options.h"
#include "ctl/render.h"
#include "ctl/session.h"

/* Whether all that was printed has arrived. */
static int check_output(int status)
{
	struct buf text = {0};

	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	buf_printf(&text, "can't write to standard output: %s", strerror(errno));
	failure_print(&(struct failure){.code = EX_IOERR, .text = buf_text(&text)}, false);
	buf_free(&text);
	return EX_IOERR;
}

int main(int argc, char *argv[])
{
	struct options options;
	struct buf why = {0};
	int status;

	hold_standard_fds();
	status = options_parse(&options, argc, argv, &why);
	if (status)
		failure_print(&(struct failure){.code = status, .text = buf_text(&why)},
			      options.json);
	else
		status = session_run(&options);
	status = check_output(status);
	options_free(&options);
	buf_free(&why);
	return status;
}
