/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop: one epoll instance, a list of timers in order of time, one signalfd. Owns only those; never
 * touches what the watches belong to.
 */
#include "tools/lib/loop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define BATCH 256

static struct {
	int epoll;
	bool stopped;
	int n_batch, at; /* the turn being dispatched */
	struct epoll_event batch[BATCH];
	struct loop_timer timers; /* ring, soonest first */
	struct loop_watch signals, *watches;
	void (*on_usr1)(void);
} loop;

static void on_signal(struct loop_watch *w, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	while (read(w->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			loop.on_usr1();
		else
			loop.stopped = true;
	}
}

void loop_open(void (*on_usr1)(void))
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	loop.on_usr1 = on_usr1;
	loop.timers.next = loop.timers.prev = &loop.timers;
	loop.epoll = epoll_create1(EPOLL_CLOEXEC);
	loop.signals.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	loop.signals.on_ready = on_signal;
	if (loop.epoll < 0 || loop.signals.fd < 0 || loop_add(&loop.signals, EPOLLIN) < 0) {
		perror("epoll");
		exit(1);
	}
}

int loop_add(struct loop_watch *w, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};

	/* The kernel knows them all; the list is for tools that look for lost memory. */
	w->prev = NULL;
	w->next = loop.watches;
	if (w->next)
		w->next->prev = w;
	loop.watches = w;
	return epoll_ctl(loop.epoll, EPOLL_CTL_ADD, w->fd, &e);
}

void loop_change(struct loop_watch *w, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};

	epoll_ctl(loop.epoll, EPOLL_CTL_MOD, w->fd, &e);
}

void loop_drop(struct loop_watch *w)
{
	if (w->next)
		w->next->prev = w->prev;
	if (w->prev)
		w->prev->next = w->next;
	else if (loop.watches == w)
		loop.watches = w->next;
	w->prev = w->next = NULL;
	epoll_ctl(loop.epoll, EPOLL_CTL_DEL, w->fd, NULL);
	for (int i = loop.at; i < loop.n_batch; i++)
		if (loop.batch[i].data.ptr == w)
			loop.batch[i].data.ptr = NULL;
}

uint64_t loop_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void loop_arm(struct loop_timer *t, uint64_t in_ms)
{
	struct loop_timer *before = loop.timers.prev;

	loop_disarm(t);
	t->due_ms = loop_now_ms() + in_ms;
	while (before != &loop.timers && before->due_ms > t->due_ms)
		before = before->prev;
	t->prev = before;
	t->next = before->next;
	t->next->prev = t;
	before->next = t;
}

void loop_disarm(struct loop_timer *t)
{
	if (t->due_ms == 0)
		return;
	t->prev->next = t->next;
	t->next->prev = t->prev;
	t->due_ms = 0;
}

/* Runs what is due; milliseconds until the next, or -1 for never. */
static int run_timers(void)
{
	while (loop.timers.next != &loop.timers) {
		struct loop_timer *t = loop.timers.next;
		uint64_t now = loop_now_ms();

		if (t->due_ms > now)
			return (int)(t->due_ms - now);
		loop_disarm(t);
		t->on_due(t);
	}
	return -1;
}

void loop_run(void)
{
	while (!loop.stopped) {
		int wait_ms = run_timers();

		if (loop.stopped)
			break;
		loop.n_batch = epoll_wait(loop.epoll, loop.batch, BATCH, wait_ms);
		if (loop.n_batch < 0 && errno != EINTR) {
			perror("epoll_wait");
			exit(1);
		}
		for (loop.at = 0; loop.at < loop.n_batch;) {
			struct epoll_event *e = &loop.batch[loop.at++];
			struct loop_watch *w = e->data.ptr;

			if (w)
				w->on_ready(w, e->events);
		}
		loop.n_batch = 0;
	}
}

void loop_stop(void)
{
	loop.stopped = true;
}
