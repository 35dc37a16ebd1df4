/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options: the command line of smcroutectl as a value, and the help about it.
 *
 * Options may stand anywhere among the words of the command.  Some stand for a command themselves
 * (-F for "flush"); they become its first word.
 */
#ifndef CTL_OPTIONS_H
#define CTL_OPTIONS_H

#include "core/request.h"

struct options {
	bool batch, detail, json, plain, bare;
	const char *identity, *socket; /* NULL: not given */
	struct buf path;	       /* of the socket that these two say */
	struct words words;	       /* of the command; they point into argv */
};

/* Reads the command line and permutes @argv.  0, or EX_USAGE with the reason in @why. */
int options_parse(struct options *options, int argc, char *argv[], struct buf *why);

/* Adds the help on one command, or on everything. */
void options_help(const struct command_info *info, struct buf *out);

void options_free(struct options *options);

#endif
