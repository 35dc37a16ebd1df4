/* SPDX-License-Identifier: GPL-2.0-or-later */
/* act: steps carried out on an engine and the judging kernel, while the model is told the same. */
#ifndef TEST_ACT_H
#define TEST_ACT_H

#include "core/engine.h"
#include "fake.h"
#include "trial.h"

/* What happened to a link while the engine was deaf. */
struct event {
	bool gone;
	struct link_info info;
};

struct world {
	struct trial *trial;
	struct fake fake;
	struct engine *engine;
	struct model model;
	struct generator gen;
	struct view view;
	struct link_info *away; /* links in another namespace */
	size_t n_away, away_room;
	struct event *events;
	size_t n_events, events_room;
	int next_index;
	bool held, deaf;
	bool stormy; /* operations were refused since the last comparison */
};

/* Ends the trial: what was wrong, and how the model sees the world. */
void act_fail(struct world *w, const char *format, ...) PRINTF_LIKE(2, 3) __attribute__((noreturn));

/* One step, after which the engine settles unless it is held. */
void act(struct world *w, const struct step *step);

/* Lets time go by as the loop does: the engine is called when it asked to be. */
void act_wait(struct world *w, uint64_t ms);
void act_flush(struct world *w);

/* What the fake kernel holds. */
void act_look(struct world *w, struct view *view);

#endif
