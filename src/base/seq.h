/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seq: elements in the order in which they came, as an array with holes.
 *
 * A table that is shown piece by piece, while it changes, needs an order that survives removals
 * and insertions: a cursor is an index, a removed element leaves a hole, and the array is packed
 * only while nobody reads (seq_hold/seq_release).  Append and remove are O(1) amortised; an element
 * costs 8 to 16 bytes of slots and its 4-byte index.
 *
 * Who reads for somebody else, as slowly as that one likes, must not make the holes grow for ever:
 * he watches (seq_watch/seq_unwatch), and the array is packed under him all the same when three of
 * four slots are holes.
 */
#ifndef BASE_SEQ_H
#define BASE_SEQ_H

#include "base/util.h"

struct seq_link {
	uint32_t at; /* index of this element's slot */
};

struct seq {
	struct seq_link **slot; /* owned; NULL = hole */
	uint32_t used, room;	/* slots used so far, holes included; slots allocated */
	uint32_t count;		/* elements */
	uint32_t readers;	/* cursors that must stay valid */
	uint32_t watchers;	/* cursors that should */
	uint32_t moves;		/* how often those of watchers became invalid */
};

void seq_append(struct seq *seq, struct seq_link *link);
void seq_remove(struct seq *seq, struct seq_link *link);
void seq_free(struct seq *seq);

/* The next element at or after *@cursor, which moves behind it; NULL at the end.  Start with 0. */
struct seq_link *seq_next(const struct seq *seq, uint32_t *cursor);

/* Between these two, cursors stay valid whatever is appended or removed. */
void seq_hold(struct seq *seq);
void seq_release(struct seq *seq);

/* Between these two, cursors stay valid for as long as seq->moves stays as it is. */
void seq_watch(struct seq *seq);
void seq_unwatch(struct seq *seq);

#define seq_entry(link, type, member) container_of(link, type, member)

/* The body may remove the element at @link, not append. */
#define seq_for_each(link, cursor, seq) for ((cursor) = 0; ((link) = seq_next(seq, &(cursor)));)

#endif
