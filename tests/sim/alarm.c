/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alarm: the world's time and what is due in it: a heap by time, and by chance at one instant.
 *
 * Owns the alarms; one that rings or is forgotten is used again. An alarm's function may leave by
 * longjmp: it is off the heap before it rings.
 */
#include "tests/sim/alarm.h"

#include "tests/sim/kernel.h"

#include <stdlib.h>

struct alarm {
	uint64_t at_us;
	uint64_t lot; /* decides at one instant */
	void (*fn)(void *arg);
	void *arg;
	size_t index;       /* in the heap */
	struct alarm *next; /* while it is free */
};

static struct {
	uint64_t now_us;
	struct alarm **heap;
	size_t n, room;
	struct alarm *free;
} alarms;

uint64_t kernel_now_us(void)
{
	return alarms.now_us;
}

static bool before(const struct alarm *a, const struct alarm *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->lot < b->lot;
}

static void put(size_t i, struct alarm *a)
{
	alarms.heap[i] = a;
	a->index = i;
}

static void rise(size_t i, struct alarm *a)
{
	while (i && before(a, alarms.heap[(i - 1) / 2])) {
		put(i, alarms.heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(i, a);
}

static void sink(size_t i, struct alarm *a)
{
	for (size_t child = 2 * i + 1; child < alarms.n; child = 2 * i + 1) {
		if (child + 1 < alarms.n && before(alarms.heap[child + 1], alarms.heap[child]))
			child++;
		if (!before(alarms.heap[child], a))
			break;
		put(i, alarms.heap[child]);
		i = child;
	}
	put(i, a);
}

static void take_out(struct alarm *a)
{
	struct alarm *last = alarms.heap[--alarms.n];
	size_t i = a->index;

	if (last != a) {
		sink(i, last);
		rise(last->index, last);
	}
	a->next = alarms.free;
	alarms.free = a;
}

struct alarm *kernel_after(uint64_t in_us, void (*fn)(void *arg), void *arg)
{
	struct alarm *a = alarms.free;

	if (a)
		alarms.free = a->next;
	else
		a = alarm_memory(sizeof(*a));
	if (alarms.n == alarms.room) {
		alarms.room = alarms.room ? 2 * alarms.room : 256;
		alarms.heap = realloc(alarms.heap, alarms.room * sizeof(*alarms.heap));
		if (!alarms.heap)
			abort();
	}
	*a = (struct alarm){alarms.now_us + in_us, chance_u64(), fn, arg, 0, NULL};
	rise(alarms.n++, a);
	return a;
}

void kernel_forget(struct alarm *a)
{
	take_out(a);
}

/* Never fails by FAULT_START, which wraps calloc(); malloc() and memset() would become one. */
void *__real_calloc(size_t n, size_t size);

void *alarm_memory(size_t bytes)
{
	void *p = __real_calloc(1, bytes);

	if (!p)
		abort();
	return p;
}

void alarm_pass(uint64_t us)
{
	alarms.now_us += us;
}

uint64_t alarm_next_us(void)
{
	return alarms.n ? alarms.heap[0]->at_us : UINT64_MAX;
}

bool alarm_ring(void)
{
	struct alarm *a;

	if (alarm_next_us() > alarms.now_us)
		return false;
	a = alarms.heap[0];
	take_out(a);
	a->fn(a->arg);
	return true;
}

void alarm_clear(void)
{
	while (alarms.n)
		take_out(alarms.heap[alarms.n - 1]);
	alarms.now_us = 0;
}
