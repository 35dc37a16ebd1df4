/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/list.h"

#define NEVER	  UINT64_MAX
#define BREATH_NS 10000000 /* for a kernel that is out of memory */
#define SHARE_NS  1000000  /* of a turn, for all descriptors that are not urgent */

/* Which signals came: the only thing a handler touches. */
static volatile sig_atomic_t caught[NSIG];

struct loop_fd {
	struct list link; /* in loop.fds */
	struct loop *loop;
	loop_fd_fn fn;
	void *ctx;
	int fd;
	short events;
	bool urgent, removed;
};

struct loop_timer {
	struct list link; /* in loop.timers */
	struct loop *loop;
	loop_fn fn;
	void *ctx;
	uint64_t at;
	bool removed;
};

struct loop_signal {
	struct list link; /* in loop.signals */
	loop_fn fn;
	void *ctx;
	int signal;
};

struct loop {
	struct list fds, timers, signals;
	struct pollfd *poll; /* poll[i] belongs to polled[i] */
	struct loop_fd **polled;
	size_t room, count; /* sources allocated for, sources in fds */
	sigset_t mask;	    /* while waiting */
	loop_idle_fn idle;
	void *idle_ctx;
	uint64_t now;
	int status;
	bool stopped, litter; /* litter: something is marked as removed */
};

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t clock_ms(void)
{
	return clock_ns() / 1000000;
}

struct loop *loop_new(void)
{
	struct loop *loop = mem_alloc(sizeof(*loop));

	list_init(&loop->fds);
	list_init(&loop->timers);
	list_init(&loop->signals);
	sigprocmask(SIG_SETMASK, NULL, &loop->mask);
	loop->now = clock_ms();
	return loop;
}

static void sweep(struct loop *loop, bool all)
{
	struct list *pos, *tmp;

	list_for_each(pos, tmp, &loop->fds) {
		struct loop_fd *source = list_entry(pos, struct loop_fd, link);

		if (all || source->removed) {
			list_remove(pos);
			free(source);
		}
	}
	list_for_each(pos, tmp, &loop->timers) {
		struct loop_timer *timer = list_entry(pos, struct loop_timer, link);

		if (all || timer->removed) {
			list_remove(pos);
			free(timer);
		}
	}
	loop->litter = false;
}

void loop_free(struct loop *loop)
{
	struct list *pos, *tmp;

	sweep(loop, true);
	list_for_each(pos, tmp, &loop->signals)
		free(list_entry(pos, struct loop_signal, link));
	free(loop->poll);
	free(loop->polled);
	free(loop);
}

uint64_t loop_now(const struct loop *loop)
{
	return loop->now;
}

void loop_set_idle(struct loop *loop, loop_idle_fn fn, void *ctx)
{
	loop->idle = fn;
	loop->idle_ctx = ctx;
}

void loop_stop(struct loop *loop, int status)
{
	loop->stopped = true;
	loop->status = status;
}

struct loop_fd *loop_add_fd(struct loop *loop, int fd, short events, bool urgent, loop_fd_fn fn,
			    void *ctx)
{
	struct loop_fd *source = mem_alloc(sizeof(*source));

	*source = (struct loop_fd){
		.loop = loop, .fn = fn, .ctx = ctx, .fd = fd, .events = events, .urgent = urgent};
	list_append(&loop->fds, &source->link);
	loop->count++;
	return source;
}

void loop_set_events(struct loop_fd *source, short events)
{
	source->events = events;
}

void loop_remove_fd(struct loop_fd *source)
{
	source->removed = true;
	source->loop->litter = true;
	source->loop->count--;
}

struct loop_timer *loop_add_timer(struct loop *loop, loop_fn fn, void *ctx)
{
	struct loop_timer *timer = mem_alloc(sizeof(*timer));

	*timer = (struct loop_timer){.loop = loop, .fn = fn, .ctx = ctx, .at = NEVER};
	list_append(&loop->timers, &timer->link);
	return timer;
}

void loop_set_timer(struct loop_timer *timer, uint64_t at_ms)
{
	timer->at = at_ms;
}

void loop_clear_timer(struct loop_timer *timer)
{
	timer->at = NEVER;
}

void loop_remove_timer(struct loop_timer *timer)
{
	timer->removed = true;
	timer->loop->litter = true;
}

static void on_signal(int signal)
{
	caught[signal] = 1;
}

void loop_add_signal(struct loop *loop, int signal, loop_fn fn, void *ctx)
{
	struct loop_signal *source = mem_alloc(sizeof(*source));
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	sigset_t block;

	*source = (struct loop_signal){.fn = fn, .ctx = ctx, .signal = signal};
	list_append(&loop->signals, &source->link);
	sigdelset(&loop->mask, signal);
	sigemptyset(&block);
	sigaddset(&block, signal);
	sigprocmask(SIG_BLOCK, &block, NULL);
	sigaction(signal, &action, NULL);
}

static size_t collect(struct loop *loop)
{
	struct list *pos, *tmp;
	size_t n = 0;

	if (loop->count > loop->room) {
		loop->room = loop->count * 2;
		loop->poll = mem_grow(loop->poll, loop->room * sizeof(*loop->poll));
		loop->polled = mem_grow(loop->polled, loop->room * sizeof(*loop->polled));
	}
	list_for_each(pos, tmp, &loop->fds) {
		struct loop_fd *source = list_entry(pos, struct loop_fd, link);

		if (source->removed)
			continue;
		loop->poll[n] = (struct pollfd){.fd = source->fd, .events = source->events};
		loop->polled[n++] = source;
	}
	return n;
}

static int wait_for_events(struct loop *loop, size_t n, bool busy)
{
	struct timespec ts = {0}, *timeout = NULL;
	uint64_t first = busy ? 0 : NEVER, now = clock_ms();
	struct list *pos, *tmp;
	int ready;

	list_for_each(pos, tmp, &loop->timers) {
		struct loop_timer *timer = list_entry(pos, struct loop_timer, link);

		if (!timer->removed && timer->at < first)
			first = timer->at;
	}
	if (first != NEVER) {
		uint64_t ms = first > now ? first - now : 0;

		ts.tv_sec = (time_t)(ms / 1000);
		ts.tv_nsec = (long)(ms % 1000) * 1000000;
		timeout = &ts;
	}
	ready = ppoll(loop->poll, n, timeout, &loop->mask);
	loop->now = clock_ms();
	if (ready >= 0 || errno == EINTR)
		return ready < 0 ? 0 : ready;
	if (errno != ENOMEM)
		return -errno;
	nanosleep(&(struct timespec){.tv_nsec = BREATH_NS}, NULL);
	return 0;
}

static void deliver_signals(struct loop *loop)
{
	struct list *pos, *tmp;

	list_for_each(pos, tmp, &loop->signals) {
		struct loop_signal *source = list_entry(pos, struct loop_signal, link);

		if (!caught[source->signal])
			continue;
		caught[source->signal] = 0;
		source->fn(source->ctx);
	}
}

static bool may_deliver(const struct loop *loop, size_t i, bool urgent)
{
	const struct loop_fd *source = loop->polled[i];

	return loop->poll[i].revents && source->urgent == urgent && !source->removed;
}

static void deliver_urgent(struct loop *loop, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (may_deliver(loop, i, true))
			loop->polled[i]->fn(loop->polled[i]->ctx, loop->poll[i].revents);
}

/* Until their share of the turn is over; who was served waits behind the others. */
static void deliver_others(struct loop *loop, size_t n)
{
	uint64_t end = clock_ns() + SHARE_NS;

	for (size_t i = 0; i < n; i++) {
		struct loop_fd *source = loop->polled[i];

		if (!may_deliver(loop, i, false))
			continue;
		list_remove(&source->link);
		list_append(&loop->fds, &source->link);
		source->fn(source->ctx, loop->poll[i].revents);
		if (clock_ns() >= end)
			return;
	}
}

static void deliver_timers(struct loop *loop)
{
	struct list *pos, *tmp;

	list_for_each(pos, tmp, &loop->timers) {
		struct loop_timer *timer = list_entry(pos, struct loop_timer, link);

		if (timer->removed || timer->at > loop->now)
			continue;
		timer->at = NEVER;
		timer->fn(timer->ctx);
	}
}

int loop_run(struct loop *loop)
{
	loop->stopped = false;
	while (!loop->stopped) {
		bool busy = loop->idle && loop->idle(loop->idle_ctx);
		size_t n = collect(loop);
		int ready = wait_for_events(loop, n, busy);

		if (ready < 0)
			return ready;
		deliver_signals(loop);
		if (ready > 0) {
			deliver_urgent(loop, n);
			deliver_others(loop, n);
		}
		deliver_timers(loop);
		if (loop->litter)
			sweep(loop, false);
	}
	return loop->status;
}
