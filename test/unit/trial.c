/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

struct trial *trial_new(void)
{
	struct trial *trial = mmap(NULL, sizeof(*trial), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (trial == MAP_FAILED) {
		perror("mmap");
		exit(EX_OSERR);
	}
	return trial;
}

void trial_free(struct trial *trial)
{
	munmap(trial, sizeof(*trial));
}

void trial_fail(struct trial *trial, const char *text)
{
	snprintf(trial->why, sizeof(trial->why), "%s", text);
	_exit(1);
}

bool trial_run(struct trial *trial, trial_fn fn, unsigned int seconds)
{
	int status;
	pid_t pid;

	trial->why[0] = '\0';
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(EX_OSERR);
	}
	if (pid == 0) {
		alarm(seconds); /* an endless loop is a failure too */
		fn(trial);
		exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (!trial->why[0])
		snprintf(trial->why, sizeof(trial->why), "ended with wait status 0x%x\n", status);
	return false;
}

/* Tries it without @count steps from @at on; true when it still fails, and then they are gone. */
static bool fails_without(struct trial *trial, trial_fn fn, unsigned int at, unsigned int count,
			  struct trial *saved)
{
	memcpy(saved, trial, sizeof(*saved));
	memmove(trial->step[at], trial->step[at + count],
		(trial->n - at - count) * sizeof(trial->step[0]));
	trial->n -= count;
	if (!trial_run(trial, fn, 60))
		return true;
	memcpy(trial, saved, sizeof(*trial));
	return false;
}

void trial_shrink(struct trial *trial, trial_fn fn, unsigned int seconds)
{
	struct trial *saved = mem_alloc(sizeof(*saved));
	time_t end = time(NULL) + seconds;
	unsigned int part = trial->n / 2;

	trial->replay = true;
	while (part > 0 && time(NULL) < end) {
		bool dropped = false;

		/* from the end, because what is late depends on what is early */
		for (unsigned int at = trial->n; at >= part && time(NULL) < end; at -= part)
			dropped |= fails_without(trial, fn, at - part, part, saved);
		if (!dropped || part > 1)
			part /= 2;
	}
	free(saved);
}

void trial_print(const struct trial *trial, FILE *out)
{
	fprintf(out, "# seed %llu: %s", (unsigned long long)trial->seed, trial->why);
	for (unsigned int i = 0; i < trial->n; i++)
		fprintf(out, "%s\n", trial->step[i]);
}

bool trial_read(struct trial *trial, FILE *in)
{
	char line[STEP_TEXT];
	struct step step;

	trial->replay = true;
	while (trial->n < TRIAL_STEPS && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || !line[0])
			continue;
		if (!step_parse(&step, line)) {
			fprintf(stderr, "no step: %s\n", line);
			return false;
		}
		strcpy(trial->step[trial->n++], line);
	}
	return true;
}

static int report(struct trial *trial, trial_fn fn, unsigned int seconds)
{
	bool fresh = !trial->replay;

	if (fresh) {
		fprintf(stderr, "seed %llu fails at step %u: %s", (unsigned long long)trial->seed,
			trial->n, trial->why);
		fprintf(stderr, "dropping steps that are not needed for that...\n");
	}
	if (fresh && trial_run((trial->replay = true, trial), fn, 60))
		fprintf(stderr, "it does not fail again; these were the steps:\n");
	else
		trial_shrink(trial, fn, seconds);
	trial_print(trial, stderr);
	return 1;
}

static int run_list(struct trial *trial, trial_fn fn, unsigned int seconds, FILE *in)
{
	memset(trial, 0, offsetof(struct trial, step));
	if (!trial_read(trial, in))
		return EX_DATAERR;
	return trial_run(trial, fn, 60) ? 0 : report(trial, fn, seconds);
}

static int run_found(struct trial *trial, trial_fn fn, unsigned int seconds)
{
	int status = 0;

	for (size_t i = 0; trial_found[i] && status == 0; i++) {
		FILE *in = fmemopen((char *)trial_found[i], strlen(trial_found[i]), "r");

		status = run_list(trial, fn, seconds, in);
		fclose(in);
	}
	return status;
}

static int run_seeds(struct trial *trial, trial_fn fn, unsigned int seconds, unsigned long steps,
		     unsigned int steps_each)
{
	uint64_t seed = trial->seed;

	printf("seed %llu, %lu steps\n", (unsigned long long)seed, steps);
	for (unsigned long done = 0; done < steps; done += steps_each, seed++) {
		memset(trial, 0, offsetof(struct trial, step));
		trial->seed = seed;
		trial->limit = steps_each;
		if (!trial_run(trial, fn, 300))
			return report(trial, fn, seconds);
	}
	return 0;
}

int trial_main(int argc, char **argv, trial_fn fn, unsigned long steps, unsigned int steps_each,
	       unsigned int seconds)
{
	struct trial *trial = trial_new();
	int status;

	if (argc > 1 && strcmp(argv[1], "-") == 0) {
		status = run_list(trial, fn, seconds, stdin);
	} else {
		status = run_found(trial, fn, seconds);
		trial->seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20010911;
		steps = argc > 2 ? strtoul(argv[2], NULL, 0) : steps;
		if (status == 0)
			status = run_seeds(trial, fn, seconds, steps, steps_each);
	}
	if (status == 0)
		puts("all steps as the model says");
	trial_free(trial);
	return status;
}
