/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop: waits for descriptors, timers and signals, and calls who asked.
 *
 * A turn is: run the idle function, ppoll(), deliver signals, then descriptors (urgent ones first),
 * then timers that are due.  Sources are objects of the loop.  A callback may remove any source,
 * its own included: removal marks, the memory goes at the end of the turn, and a marked source is
 * never called again.  Time is CLOCK_MONOTONIC in milliseconds, read once a turn.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "base/util.h"

struct loop;
struct loop_fd;
struct loop_timer;

typedef void (*loop_fd_fn)(void *ctx, short revents);
typedef void (*loop_fn)(void *ctx);
typedef bool (*loop_idle_fn)(void *ctx);

struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* Turns until loop_stop(); returns the status given there, or -errno when waiting itself failed. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, int status);

/* Milliseconds of CLOCK_MONOTONIC at the start of this turn. */
uint64_t loop_now(const struct loop *loop);

/*
 * Calls @fn before every wait, to finish what the turn began; when it returns true there is more
 * to do, and the next wait only looks.
 */
void loop_set_idle(struct loop *loop, loop_idle_fn fn, void *ctx);

/* Watches @fd (not owned) for @events of poll(2).  An urgent one is served before all others. */
struct loop_fd *loop_add_fd(struct loop *loop, int fd, short events, bool urgent, loop_fd_fn fn,
			    void *ctx);
void loop_set_events(struct loop_fd *source, short events);
void loop_remove_fd(struct loop_fd *source);

/* A timer that calls @fn once each time it was set; it starts unset. */
struct loop_timer *loop_add_timer(struct loop *loop, loop_fn fn, void *ctx);
void loop_set_timer(struct loop_timer *timer, uint64_t at_ms);
void loop_clear_timer(struct loop_timer *timer);
void loop_remove_timer(struct loop_timer *timer);

/* Calls @fn, from the loop and not from the handler, after @signal came once or more. */
void loop_add_signal(struct loop *loop, int signal, loop_fn fn, void *ctx);

#endif
