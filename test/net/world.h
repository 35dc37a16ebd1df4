/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world: a router in a network namespace, the daemon in it, and what a model thinks of them. */
#ifndef TEST_WORLD_H
#define TEST_WORLD_H

#include <sys/types.h>

#include "nl.h"
#include "../unit/trial.h"

#define DEVICES 64

struct device {
	char name[IFNAME_SIZE];
	int index, peer; /* peer: in the far namespace, 0 = none */
	bool bridge, away, up, multicast;
	char master[IFNAME_SIZE];
};

struct world {
	struct trial *trial;
	struct model model;
	struct generator gen;
	struct view view;
	struct device devices[DEVICES];
	size_t n_devices;
	int router_ns;
	struct nl router, far, away;
	int far_ns, away_ns;
	int lower;  /* in the far namespace, below the macvlans */
	int packet; /* socket there */
	unsigned int n_peers, touches;
	pid_t daemon;
	FILE *ctl;
	unsigned int unheard; /* steps since the last sync */
	bool deaf;	      /* the daemon is stopped */
	int slow;	      /* factor for PATIENCE, from the environment */
};

/* Ends the trial: what was wrong, how the model sees the world, and the end of the log. */
void world_fail(struct world *w, const char *format, ...) PRINTF_LIKE(2, 3)
	__attribute__((noreturn));

void world_write(const char *path, const char *text);

/* The daemon.  Its configuration is the model's file. */
void daemon_start(struct world *w);
void daemon_stop(struct world *w);

/* Sends a request; 0, or the code of the error with its text in @line. */
int daemon_ask(struct world *w, const char *request, char line[STEP_TEXT]);
void daemon_reload(struct world *w);

/* What the kernel has to tell the daemon about links: bytes that wait, messages that were lost. */
void daemon_backlog(const struct world *w, int *waiting, int *lost);

/* Interfaces: one by its name; a step about one. */
struct device *device_find(struct world *w, const char *name, bool away);
void device_step(struct world *w, const struct step *step);

#endif
