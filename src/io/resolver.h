/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resolver: names and addresses for sessions and for the auth client, by dns.h.
 *
 * One for each thread, with a cache of bounded size: an answer is good for its TTL or for as long
 * as the resolver says (valid=), that nobody knows a name for a moment. Equal questions are asked
 * once. What no server answers is asked again until resolver_timeout of who wants to know it.
 */
#ifndef IO_RESOLVER_H
#define IO_RESOLVER_H

#include "base/list.h"
#include "session/names.h"
#include "io/conf.h"
#include "io/ring.h"

struct resolver;
struct name_entry;
struct thread;

struct resolver_asker;

/*
 * The answer to a question, which is not the asker's any more: it may ask again. What it points at
 * lives until this returns.
 */
typedef void resolver_told(struct thread *t, struct resolver_asker *a,
			   const struct name_answer *answer);

/* Somebody who may ask, one question at a time. Stays where it is while it asks. */
struct resolver_asker {
	struct list node; /* at its entry */
	struct name_entry *entry;
	uint64_t deadline_ms;
	resolver_told *told;    /* perhaps called from within resolver_ask() */
	uint64_t good_until_ms; /* the answer, when it is told */
};

void resolver_asker_init(struct resolver_asker *a, resolver_told *told);
static inline bool resolver_is_asking(const struct resolver_asker *a)
{
	return !list_empty(&a->node);
}

/* Bytes of memory it needs, none when there is no resolver in the configuration. */
size_t resolver_memory(const struct worker_conf *conf);

/* t->resolver, NULL when there is none in the configuration. -1: no memory. */
NODISCARD int resolver_open(struct thread *t, void *memory);
void resolver_close(struct thread *t);

void resolver_ask(struct thread *t, struct resolver_asker *a, const struct name_query *q);
void resolver_cancel(struct thread *t, struct resolver_asker *a);

void resolver_event(struct thread *t, const struct ring_event *ev);

/* When resolver_tick() has something to do; 0: never. */
uint64_t resolver_due_ms(struct thread *t);
void resolver_tick(struct thread *t);

#endif
