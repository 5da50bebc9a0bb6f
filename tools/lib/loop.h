/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop: epoll, timers and signals of a test peer; one loop per process, one thread.
 *
 * Watches and timers live inside the caller's own structures; the loop keeps pointers to them until
 * they are dropped, and a dropped watch is never called again, also not later in the same turn.
 */
#ifndef TOOLS_LIB_LOOP_H
#define TOOLS_LIB_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop_watch {
	int fd;
	void (*on_ready)(struct loop_watch *, uint32_t events);
	struct loop_watch *prev, *next; /* the loop's own */
};

struct loop_timer {
	uint64_t due_ms; /* 0: not armed */
	struct loop_timer *prev, *next;
	void (*on_due)(struct loop_timer *);
};

/* The structure that a watch or timer is a member of. */
#define LOOP_OWNER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Must come first. Blocks SIGINT, SIGTERM, SIGUSR1, ignores SIGPIPE; SIGUSR1 calls on_usr1. */
void loop_open(void (*on_usr1)(void));

int loop_add(struct loop_watch *w, uint32_t events);
void loop_change(struct loop_watch *w, uint32_t events);
void loop_drop(struct loop_watch *w);

void loop_arm(struct loop_timer *t, uint64_t in_ms);
void loop_disarm(struct loop_timer *t);

uint64_t loop_now_ms(void);

/* Returns after loop_stop(), SIGINT or SIGTERM. */
void loop_run(void);
void loop_stop(void);

#endif
