/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * property: random rules, links, packets, refusals and lost events against the judging kernel.
 *
 * After each step the fake kernel must have no objection and hold exactly what the naive model
 * says; the next settling must find nothing to do; stating the rules in another order must change
 * nothing.  What was refused, or told late, or never, must heal.  A list of steps that fails is
 * shrunk before it is shown.
 *
 *     property [SEED [STEPS]]     a list of steps for each seed from that one on, as many as needed
 *     property - <FILE            the steps in the file
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act.h"

#define STEPS	   300000
#define STEPS_EACH 400
#define RETRY_MS   10000
#define SECONDS	   60 /* for shrinking */

/* What was refused is tried again in time; which flows survived nobody knows. */
static void heal(struct world *w)
{
	for (int i = 0; i < 4; i++)
		act_wait(w, RETRY_MS);
	w->model.fuzzy = w->stormy = false;
	w->fake.n_asked = 0; /* it gives up after ten seconds */
	act_flush(w);
	act_look(w, &w->view);
	for (int f = 0; f < FAMILIES; f++)
		for (int i = 0; i < MODEL_FLOWS; i++)
			w->model.flows[f][i].exact_on = 0;
	model_forget_vifs(&w->model);
}

static void check(struct world *w)
{
	char why[MODEL_WHY];
	uint64_t before;

	act_look(w, &w->view);
	if (w->fake.verdict[0])
		act_fail(w, "the kernel objects: %s", w->fake.verdict);
	if (w->held || w->deaf || w->fake.refuse)
		return;
	w->fake.refused = 0;
	if (w->stormy)
		heal(w);
	else if (w->model.fuzzy)
		model_forget_vifs(&w->model);
	before = w->fake.operations;
	engine_settle(w->engine);
	if (w->fake.operations != before)
		act_fail(w, "settling twice found something to do");
	if (w->fake.n_asked)
		act_fail(w, "the kernel waits in vain for an answer");
	act_look(w, &w->view);
	if (model_differs(&w->model, &w->view, why))
		act_fail(w, "%s", why);
	model_observe(&w->model, &w->view);
	w->model.fuzzy = false;
}

static void begin(struct world *w, struct trial *trial)
{
	static const unsigned int caches[] = {0, 0, 3000, 20000, 60000};
	struct engine_config config = {.max_flows = 1000, .key = {trial->seed, ~trial->seed}};
	struct engine_listener quiet = {0};
	struct step step;

	w->trial = trial;
	w->gen.dice = trial->seed;
	w->gen.crowded = roll(&w->gen, 8) == 0;
	w->next_index = 2;
	if (!trial->replay) {
		snprintf(trial->step[0], STEP_TEXT, "cache %u",
			 caches[roll(&w->gen, ARRAY_SIZE(caches))]);
		trial->n = 1;
	}
	for (unsigned int i = 0; i < trial->n; i++)
		if (step_parse(&step, trial->step[i]) && step.kind == STEP_CACHE)
			config.cache_ms = strtoull(step.rest, NULL, 10);
	fake_init(&w->fake, trial->seed);
	model_init(&w->model, config.cache_ms);
	w->model.now_ms = 1000;
	w->engine = engine_new(&w->fake.kern, &config, &quiet);
}

static void end(struct world *w)
{
	static const char *const last[] = {"obey", "go", "hear"};
	struct step step;

	for (size_t i = 0; i < ARRAY_SIZE(last); i++) {
		step_parse(&step, last[i]);
		act(w, &step);
	}
	check(w);
	engine_clear(w->engine);
	if (w->fake.n_entries || w->fake.n_members)
		act_fail(w, "something is left after engine_clear()");
	engine_free(w->engine);
	fake_free(&w->fake);
	model_free(&w->model);
	view_free(&w->view);
	free(w->away);
	free(w->events);
}

static void run(struct trial *trial)
{
	struct world w = {0};
	unsigned int most;

	begin(&w, trial);
	most = trial->replay ? trial->n : trial->limit;
	for (unsigned int i = trial->replay ? 0 : 1; i < most; i++) {
		struct step step;

		if (!trial->replay) {
			step_generate(&w.gen, &w.model, trial->step[i]);
			trial->n = i + 1;
		}
		if (!step_parse(&step, trial->step[i]))
			act_fail(&w, "no step: %s", trial->step[i]);
		act(&w, &step);
		check(&w);
	}
	end(&w);
}

int main(int argc, char **argv)
{
	return trial_main(argc, argv, run, STEPS, STEPS_EACH, SECONDS);
}
