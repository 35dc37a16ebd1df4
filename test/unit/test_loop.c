/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loop: descriptors, timers, signals, and callbacks that remove what is about to be called. */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/loop.h"

#define ENDS 3

/* What callbacks work on; `did` records in which order they came. */
struct world {
	struct loop *loop;
	int pipes[ENDS][2];
	struct loop_fd *fds[ENDS];
	struct loop_timer *timers[ENDS];
	struct buf did;
	unsigned int turns;
};

static void begin(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->loop = loop_new();
	for (int i = 0; i < ENDS; i++)
		assert_int_equal(pipe(w->pipes[i]), 0);
}

static void end(struct world *w, const char *did)
{
	assert_string_equal(buf_text(&w->did), did);
	loop_free(w->loop);
	for (int i = 0; i < ENDS; i++) {
		close(w->pipes[i][0]);
		close(w->pipes[i][1]);
	}
	buf_free(&w->did);
}

static void poke(struct world *w, int i)
{
	assert_int_equal(write(w->pipes[i][1], "x", 1), 1);
}

static void drain(struct world *w, int i)
{
	char c;

	assert_int_equal(read(w->pipes[i][0], &c, 1), 1);
}

static void watch(struct world *w, int i, bool urgent, loop_fd_fn fn)
{
	w->fds[i] = loop_add_fd(w->loop, w->pipes[i][0], POLLIN, urgent, fn, w);
}

static void stop_now(void *ctx)
{
	struct world *w = ctx;

	buf_putc(&w->did, '.');
	loop_stop(w->loop, 42);
}

static void stop_in(struct world *w, uint64_t ms)
{
	loop_set_timer(loop_add_timer(w->loop, stop_now, w), loop_now(w->loop) + ms);
}

static void on_fd0(void *ctx, short revents)
{
	struct world *w = ctx;

	assert_true(revents & POLLIN);
	buf_putc(&w->did, 'a');
	drain(w, 0);
}

static void on_fd1(void *ctx, short revents)
{
	struct world *w = ctx;

	assert_true(revents & POLLIN);
	buf_putc(&w->did, 'b');
	drain(w, 1);
}

static void urgent_is_served_first(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	watch(&w, 0, false, on_fd0);
	watch(&w, 1, true, on_fd1);
	poke(&w, 0);
	poke(&w, 1);
	stop_in(&w, 0);
	assert_int_equal(loop_run(w.loop), 42);
	end(&w, "ba.");
}

static void spend(unsigned int ms)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
}

static void busy(struct world *w, char name)
{
	buf_putc(&w->did, name);
	spend(3);
	if (++w->turns == 1)
		poke(w, 2);
	if (w->turns == 4)
		loop_stop(w->loop, 0);
}

static void on_busy0(void *ctx, short revents)
{
	(void)revents;
	busy(ctx, 'a');
}

static void on_busy1(void *ctx, short revents)
{
	(void)revents;
	busy(ctx, 'b');
}

static void on_urgent(void *ctx, short revents)
{
	struct world *w = ctx;

	(void)revents;
	buf_putc(&w->did, 'u');
	drain(w, 2);
}

/* Two that always have something to do: they take turns, and the urgent one comes in between. */
static void busy_ones_share_what_time_is_left(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	watch(&w, 0, false, on_busy0);
	watch(&w, 1, false, on_busy1);
	watch(&w, 2, true, on_urgent);
	poke(&w, 0);
	poke(&w, 1);
	loop_run(w.loop);
	end(&w, "aubab");
}

static void remove_all_fds(void *ctx, short revents)
{
	struct world *w = ctx;

	(void)revents;
	buf_putc(&w->did, 'r');
	for (int i = 0; i < ENDS; i++)
		loop_remove_fd(w->fds[i]);
}

static void fd_callback_removes_itself_and_others(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	for (int i = 0; i < ENDS; i++) {
		watch(&w, i, false, remove_all_fds);
		poke(&w, i);
	}
	stop_in(&w, 0);
	loop_run(w.loop);
	end(&w, "r.");
}

/* Removed before the turn in which its descriptor becomes ready: never called. */
static void remove_fd0(void *ctx)
{
	struct world *w = ctx;

	loop_remove_fd(w->fds[0]);
	poke(w, 0);
	stop_in(w, 0);
}

static void removed_fd_is_never_called(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	watch(&w, 0, false, on_fd0);
	loop_set_timer(loop_add_timer(w.loop, remove_fd0, &w), loop_now(w.loop));
	loop_run(w.loop);
	end(&w, ".");
}

/* A callback adds many sources: the arrays of poll() grow between turns, not under our feet. */
static void add_many(void *ctx, short revents)
{
	struct world *w = ctx;

	(void)revents;
	drain(w, 0);
	for (int i = 0; i < 100; i++)
		loop_add_fd(w->loop, w->pipes[2][0], POLLIN, i % 2, on_fd1, w);
	watch(w, 1, false, on_fd1);
	poke(w, 1);
	stop_in(w, 5);
}

static void fd_callback_adds_many(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	watch(&w, 0, true, add_many);
	poke(&w, 0);
	loop_run(w.loop);
	end(&w, "b.");
}

static void events_can_be_switched_off(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	watch(&w, 0, false, on_fd0);
	loop_set_events(w.fds[0], 0);
	poke(&w, 0);
	stop_in(&w, 5);
	loop_run(w.loop);
	loop_set_events(w.fds[0], POLLIN);
	stop_in(&w, 5);
	loop_run(w.loop);
	end(&w, ".a.");
}

static void tick(void *ctx)
{
	struct world *w = ctx;

	buf_putc(&w->did, 't');
	if (++w->turns < 3)
		loop_set_timer(w->timers[0], loop_now(w->loop) + 1);
	else
		loop_stop(w->loop, 7);
}

static void timer_fires_once_each_time_it_is_set(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	w.timers[0] = loop_add_timer(w.loop, tick, &w);
	loop_set_timer(w.timers[0], 0); /* long ago */
	assert_int_equal(loop_run(w.loop), 7);
	end(&w, "ttt");
}

static void never(void *ctx)
{
	(void)ctx;
	fail();
}

static void remove_timers(void *ctx)
{
	struct world *w = ctx;

	buf_putc(&w->did, 'r');
	for (int i = 0; i < ENDS; i++)
		loop_remove_timer(w->timers[i]);
	stop_in(w, 1);
}

static void timer_callback_removes_itself_and_others(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	for (int i = 0; i < ENDS; i++) {
		w.timers[i] = loop_add_timer(w.loop, i ? never : remove_timers, &w);
		loop_set_timer(w.timers[i], loop_now(w.loop));
	}
	loop_run(w.loop);
	end(&w, "r.");
}

static void cleared_and_unset_timers_stay_silent(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	loop_add_timer(w.loop, never, &w);
	w.timers[0] = loop_add_timer(w.loop, never, &w);
	loop_set_timer(w.timers[0], 0);
	loop_clear_timer(w.timers[0]);
	stop_in(&w, 3);
	loop_run(w.loop);
	end(&w, ".");
}

static void timers_wait_for_their_time(void **state)
{
	struct world w;
	uint64_t start;

	(void)state;
	begin(&w);
	start = loop_now(w.loop);
	stop_in(&w, 30);
	loop_run(w.loop);
	assert_true(loop_now(w.loop) >= start + 30);
	end(&w, ".");
}

static void on_usr1(void *ctx)
{
	struct world *w = ctx;

	buf_putc(&w->did, 's');
	if (++w->turns == 2)
		loop_stop(w->loop, 0);
	else
		raise(SIGUSR1);
}

/* Signals raised before and during a turn are told once each, from the loop. */
static void signals_are_delivered_by_the_loop(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	loop_add_signal(w.loop, SIGUSR1, on_usr1, &w);
	raise(SIGUSR1);
	raise(SIGUSR1);
	raise(SIGUSR1);
	assert_int_equal(w.did.len, 0);
	loop_run(w.loop);
	end(&w, "ss");
}

static bool idle(void *ctx)
{
	struct world *w = ctx;

	buf_putc(&w->did, 'i');
	if (++w->turns == 4)
		loop_stop(w->loop, 1);
	return true;
}

static void idle_function_keeps_the_loop_busy(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	loop_set_idle(w.loop, idle, &w);
	assert_int_equal(loop_run(w.loop), 1);
	end(&w, "iiii");
}

static void on_hangup(void *ctx, short revents)
{
	struct world *w = ctx;

	assert_true(revents & POLLHUP);
	loop_remove_fd(w->fds[0]);
	loop_stop(w->loop, 3);
}

static void hangup_is_told_without_asking(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	watch(&w, 0, false, on_hangup);
	loop_set_events(w.fds[0], 0);
	close(w.pipes[0][1]);
	assert_int_equal(loop_run(w.loop), 3);
	w.pipes[0][1] = dup(0);
	end(&w, "");
}

int main(void)
{
	struct unit unit = {0};

	UNIT_TEST(&unit, urgent_is_served_first);
	UNIT_TEST(&unit, busy_ones_share_what_time_is_left);
	UNIT_TEST(&unit, fd_callback_removes_itself_and_others);
	UNIT_TEST(&unit, removed_fd_is_never_called);
	UNIT_TEST(&unit, fd_callback_adds_many);
	UNIT_TEST(&unit, events_can_be_switched_off);
	UNIT_TEST(&unit, timer_fires_once_each_time_it_is_set);
	UNIT_TEST(&unit, timer_callback_removes_itself_and_others);
	UNIT_TEST(&unit, cleared_and_unset_timers_stay_silent);
	UNIT_TEST(&unit, timers_wait_for_their_time);
	UNIT_TEST(&unit, signals_are_delivered_by_the_loop);
	UNIT_TEST(&unit, idle_function_keeps_the_loop_busy);
	UNIT_TEST(&unit, hangup_is_told_without_asking);
	return unit_run(&unit, "loop");
}
