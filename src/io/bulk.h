/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulk: a way of the relay that moves pages through a pipe (splice) instead of copying bytes.
 *
 * Worth it from about 64 KB one way (measured). A thread has a small pool of pipes; a way that
 * finds none goes on copying. The source is not received from meanwhile: a multishot poll says
 * when there is something, and splice moves it at once, without a kernel worker. When the other
 * side speaks, the way empties its pipe and goes back to receiving.
 */
#ifndef IO_BULK_H
#define IO_BULK_H

#include "base/list.h"
#include "base/str.h"
#include "session/relay.h"
#include "io/thread.h"

struct thread;
struct pair;

enum {
	BULK_PIPES = THREAD_PIPES,
	BULK_PIPE_BYTES = THREAD_PIPE_BYTES,
	BULK_TURN_BYTES = 4 * 1024 * 1024, /* of one way in one turn: fairness */
};

struct bulk {
	struct list node; /* in the pool's free list, or in thread.hot */
	struct pair *pair;
	enum side from;
	int pipe[2];  /* -1: not opened yet */
	size_t size;  /* bytes the pipe holds */
	size_t held;  /* bytes in it now */
	bool leaving; /* empty the pipe, then receive again */
};

struct bulk_pool {
	struct bulk bulks[BULK_PIPES];
	struct list free;
};

void bulk_pool_open(struct bulk_pool *pool);
void bulk_pool_close(struct bulk_pool *pool);

/* Begin for the way from `from`; nothing of it may be in flight or waiting. false: no pipe. */
NODISCARD bool bulk_begin(struct thread *t, struct pair *p, enum side from);

/* Move what can be moved now. */
void bulk_turn(struct thread *t, struct pair *p, enum side from);

/* The other side spoke: go back to copying as soon as the pipe is empty. */
void bulk_leave(struct pair *p, enum side from);

/* Give the pipe back; what is in it is lost (the session has ended). */
void bulk_drop(struct thread *t, struct pair *p, enum side from);

#endif
