/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * steps: what happens to a router, one line of text each, and a generator of such lines.
 *
 *   cache MS              first line: learned flows are forgotten after MS (none: never)
 *   new NAME [KIND]       an interface appears; KIND matters to a real kernel only
 *   gone NAME             it is deleted
 *   bounce NAME [NAME2]   deleted and made again, at once and with the same index, as NAME2
 *   away NAME | home NAME moves to another namespace; comes back with the same index
 *   rename NAME NAME2 | swap NAME NAME2
 *   multicast NAME on|off
 *   touch NAME            something about it changes that is nobody's business here
 *   master NAME BRIDGE    it becomes a port of the bridge, or ceases to be one
 *   state STATEMENT       the file gets this line and is loaded
 *   drop STATEMENT        the file loses this line and is loaded
 *   reload                the file as it is
 *   restate SEED          the rules in force become the file, in another order
 *   add|remove|join|leave ...   commands, as typed
 *   packet NAME SOURCE GROUP
 *   late NAME SOURCE GROUP    a packet that missed the entry while that was made
 *   wait MS | flush
 *   hold | go             in between the daemon is told, but does not settle
 *   deaf | hear | resync  in between it is not told of links; then all that happened, or the list
 *   refuse PERCENT | obey in between the kernel says no now and then
 *   sync                  all that was told has been heard: a moment to compare
 *
 * A step that makes no sense (an absent interface is renamed) does nothing: any part of a list of
 * steps is a list of steps, which is what makes shrinking possible.
 */
#ifndef TEST_STEPS_H
#define TEST_STEPS_H

#include "model.h"

#define STEP_TEXT 320

enum step_kind {
	STEP_CACHE,
	STEP_NEW,
	STEP_GONE_LINK,
	STEP_BOUNCE,
	STEP_AWAY,
	STEP_HOME,
	STEP_RENAME,
	STEP_SWAP,
	STEP_MULTICAST,
	STEP_TOUCH,
	STEP_MASTER,
	STEP_STATE,
	STEP_DROP,
	STEP_RELOAD,
	STEP_RESTATE,
	STEP_COMMAND,
	STEP_PACKET,
	STEP_LATE,
	STEP_WAIT,
	STEP_FLUSH,
	STEP_HOLD,
	STEP_GO,
	STEP_DEAF,
	STEP_HEAR,
	STEP_RESYNC,
	STEP_REFUSE,
	STEP_OBEY,
	STEP_SYNC,
	STEP_KINDS
};

struct step {
	enum step_kind kind;
	char name[IFNAME_SIZE], other[IFNAME_SIZE]; /* the first two words, if they fit */
	const char *rest; /* all behind the keyword; for a command the whole line */
};

/* False when the line is no step.  @step points into @text. */
bool step_parse(struct step *step, const char *text);

/* A step about the file changes the model's file and rules; false when it changes nothing. */
bool step_edit(const struct step *step, struct model *model);

/* What a generator must know about those who carry out its steps. */
struct generator {
	uint64_t dice;
	bool crowded; /* more interfaces than VIFs */
	bool live;    /* for a real kernel: no time, no refusals */
	bool holding, deaf, refusing;
};

unsigned int roll(struct generator *gen, unsigned int n);

/* Writes a step that suits the present state of the model. */
void step_generate(struct generator *gen, const struct model *model, char text[STEP_TEXT]);

#endif
