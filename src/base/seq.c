/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/seq.h"

#include <stdlib.h>
#include <string.h>

#define MIN_MOVE 4096 /* slots: smaller arrays are not packed under those who watch */

static void pack(struct seq *seq)
{
	uint32_t to = 0;

	for (uint32_t from = 0; from < seq->used; from++) {
		if (!seq->slot[from])
			continue;
		seq->slot[to] = seq->slot[from];
		seq->slot[to]->at = to;
		to++;
	}
	seq->used = to;
	if (seq->watchers)
		seq->moves++;
}

static bool may_pack(const struct seq *seq)
{
	if (seq->readers)
		return false;
	if (seq->watchers)
		return seq->room >= MIN_MOVE && seq->count <= seq->room / 4;
	return seq->count <= seq->room / 2;
}

void seq_append(struct seq *seq, struct seq_link *link)
{
	if (seq->used == seq->room && may_pack(seq))
		pack(seq);
	if (seq->used == seq->room) {
		seq->room = seq->room ? seq->room * 2 : 16;
		seq->slot = mem_grow(seq->slot, seq->room * sizeof(*seq->slot));
	}
	link->at = seq->used++;
	seq->slot[link->at] = link;
	seq->count++;
}

static void drop_if_empty(struct seq *seq)
{
	if (seq->count == 0 && seq->readers == 0 && seq->watchers == 0)
		seq_free(seq);
}

void seq_remove(struct seq *seq, struct seq_link *link)
{
	seq->slot[link->at] = NULL;
	seq->count--;
	drop_if_empty(seq);
}

void seq_free(struct seq *seq)
{
	free(seq->slot);
	memset(seq, 0, sizeof(*seq));
}

struct seq_link *seq_next(const struct seq *seq, uint32_t *cursor)
{
	while (*cursor < seq->used) {
		struct seq_link *link = seq->slot[(*cursor)++];

		if (link)
			return link;
	}
	return NULL;
}

void seq_hold(struct seq *seq)
{
	seq->readers++;
}

void seq_release(struct seq *seq)
{
	seq->readers--;
	drop_if_empty(seq);
}

void seq_watch(struct seq *seq)
{
	seq->watchers++;
}

void seq_unwatch(struct seq *seq)
{
	seq->watchers--;
	drop_if_empty(seq);
}
