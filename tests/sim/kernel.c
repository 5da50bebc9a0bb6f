/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel: a world's beginning and end, its weather, the fault that was ordered, and what the
 * linker wraps for the faults that no descriptor has. Owns none of the files, streams or alarms.
 */
#include "tests/sim/state.h"

#include <stdlib.h>
#include <string.h>

enum { SLABS_MAX = 4 };

struct weather sky;

static struct {
	uint64_t count[FAULT_KINDS];
	enum fault_kind kind;
	uint64_t nth; /* 0: none */
	bool hit, starting;
	const struct slab *slabs[SLABS_MAX];
	unsigned n_slabs;
	uint64_t progress;
	void (*dead_end)(void);
} world;

void kernel_open(uint64_t seed, const struct weather *weather)
{
	chance_seed(seed);
	record_clear();
	memset(&world, 0, sizeof(world));
	kernel_on_dial(NULL);
	sky = *weather;
}

void kernel_weather(const struct weather *weather)
{
	sky = *weather;
}

void kernel_close(void)
{
	world.nth = 0;
	ring_sim_clear();
	file_clear();
	stream_clear();
	alarm_clear();
}

uint64_t sky_latency_us(void)
{
	return chance_between(sky.latency_us_min, sky.latency_us_max);
}

/* ---- getting on, and not ---- */

void kernel_progress(void)
{
	world.progress++;
}

uint64_t kernel_progressed(void)
{
	return world.progress;
}

void kernel_on_dead_end(void (*fn)(void))
{
	world.dead_end = fn;
}

void kernel_dead_end(const char *check, const char *why)
{
	kernel_violation(check, "%s", why);
	if (world.dead_end)
		world.dead_end();
	kernel_trace_print(stderr, 0);
	fprintf(stderr, "%s: %s\n", check, kernel_failed_text());
	abort();
}

void kernel_left(struct kernel_left *left)
{
	memset(left, 0, sizeof(*left));
	left->fds = file_open_count();
	ring_sim_left(left);
}

/* ---- faults ---- */

void kernel_fault(enum fault_kind kind, uint64_t n)
{
	world.kind = kind;
	world.nth = n;
	world.hit = false;
}

uint64_t kernel_fault_count(enum fault_kind kind)
{
	return world.count[kind];
}

bool kernel_fault_hit(void)
{
	return world.hit;
}

bool fault_strikes(enum fault_kind kind)
{
	if (++world.count[kind] != world.nth || world.kind != kind)
		return false;
	world.hit = true;
	kernel_trace(0, "the ordered fault strikes");
	return true;
}

void kernel_watch_slab(const struct slab *s)
{
	if (world.n_slabs < SLABS_MAX)
		world.slabs[world.n_slabs++] = s;
}

void kernel_starting(bool starting)
{
	world.starting = starting;
}

void *__real_slab_get(struct slab *s);
void *__wrap_slab_get(struct slab *s);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_pages_take(size_t bytes);
void *__wrap_pages_take(size_t bytes);

void *__wrap_slab_get(struct slab *s)
{
	for (unsigned i = 0; i < world.n_slabs; i++)
		if (world.slabs[i] == s && fault_strikes(FAULT_SLOT))
			return NULL;
	return __real_slab_get(s);
}

bool kernel_start_fails(void)
{
	return world.starting && fault_strikes(FAULT_START);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return kernel_start_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_pages_take(size_t bytes)
{
	return kernel_start_fails() ? NULL : __real_pages_take(bytes);
}
