/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trial: lists of steps that are tried in a child process, and shrunk when they fail.
 *
 * The child writes each step down where the parent sees it before it carries it out, so that a
 * crash is a failure like any other.  Shrinking tries the list without a part of it, again and
 * again, for as long as what is left still fails.
 */
#ifndef TEST_TRIAL_H
#define TEST_TRIAL_H

#include <stdio.h>

#include "steps.h"

#define TRIAL_STEPS 2000
#define TRIAL_WHY   4096

struct trial {
	uint64_t seed;
	unsigned int limit;  /* steps to generate */
	unsigned int n;	     /* steps written down so far, or to be carried out again */
	bool replay;	     /* carry them out, generate none */
	char why[TRIAL_WHY]; /* of a failure */
	char step[TRIAL_STEPS][STEP_TEXT];
};

/* Carries out the steps in a child; ends it by trial_fail() when something is wrong. */
typedef void (*trial_fn)(struct trial *trial);

struct trial *trial_new(void);
void trial_free(struct trial *trial);

/* True when it went well. */
bool trial_run(struct trial *trial, trial_fn fn, unsigned int seconds);

/* Drops steps while it fails; gives up after so many seconds. */
void trial_shrink(struct trial *trial, trial_fn fn, unsigned int seconds);

/* In the child: the text is the reason. */
void trial_fail(struct trial *trial, const char *text) __attribute__((noreturn));

/* What failed, and the steps, in a form that trial_read() takes. */
void trial_print(const struct trial *trial, FILE *out);
bool trial_read(struct trial *trial, FILE *in);

/* Lists of steps that failed once; ends with NULL. */
extern const char *const trial_found[];

/*
 * The main() of a program that tries @fn: [SEED [STEPS]], or "-" for steps on standard input.
 * What failed once is tried first.  A failure is shrunk for so many seconds.  Returns its exit
 * status.
 */
int trial_main(int argc, char **argv, trial_fn fn, unsigned long steps, unsigned int steps_each,
	       unsigned int seconds);

#endif
