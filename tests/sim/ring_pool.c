/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_pool: the buffers that receives take. Their memory outlives the ring, so that a world can
 * look for what was left in it; it is zeroed for the next one.
 */
#include "tests/sim/ring_sim.h"

#include <stdlib.h>
#include <string.h>

static struct {
	uint8_t *memory;
	size_t bytes, buffer_size;
	uint32_t *dirty; /* bytes of each buffer that were ever written */
	uint32_t n;
} pool;

static void make_memory(const struct ring_conf *conf)
{
	size_t bytes = (size_t)conf->buffers * conf->buffer_size;

	if (pool.bytes == bytes && pool.n == conf->buffers) {
		for (uint32_t i = 0; i < pool.n; i++)
			memset(pool.memory + i * pool.buffer_size, 0, pool.dirty[i]);
		memset(pool.dirty, 0, pool.n * sizeof(*pool.dirty));
		return;
	}
	free(pool.memory);
	free(pool.dirty);
	pool.memory = alarm_memory(bytes);
	pool.dirty = alarm_memory(conf->buffers * sizeof(*pool.dirty));
	pool.bytes = bytes;
	pool.buffer_size = conf->buffer_size;
	pool.n = conf->buffers;
}

struct str kernel_pool_memory(void)
{
	return str_of(pool.memory, pool.bytes);
}

void ring_pool_open(struct ring *r)
{
	uint32_t n = r->conf.buffers;

	make_memory(&r->conf);
	r->state = alarm_memory(n);
	r->shown = alarm_memory(n * sizeof(*r->shown));
	r->returned = alarm_memory(n * sizeof(*r->returned));
	for (uint32_t i = 0; i < n; i++)
		r->shown[i] = (uint16_t)i;
	r->n_shown = n;
}

void ring_pool_close(struct ring *r)
{
	free(r->state);
	free(r->shown);
	free(r->returned);
}

bool ring_pool_take(struct ring *r, uint16_t *buffer)
{
	if (!r->n_shown || chance_of(sky.no_buffers))
		return false;
	*buffer = r->shown[r->first];
	r->first = (r->first + 1) % r->conf.buffers;
	r->n_shown--;
	r->state[*buffer] = BUFFER_TAKEN;
	return true;
}

void ring_pool_untake(struct ring *r, uint16_t buffer)
{
	r->first = (r->first + r->conf.buffers - 1) % r->conf.buffers;
	r->shown[r->first] = buffer;
	r->n_shown++;
	r->state[buffer] = BUFFER_SHOWN;
}

void ring_pool_hand_out(struct ring *r, uint16_t buffer)
{
	r->state[buffer] = BUFFER_HELD;
	r->held++;
}

void ring_pool_show_returned(struct ring *r)
{
	for (uint32_t i = 0; i < r->n_returned; i++) {
		r->state[r->returned[i]] = BUFFER_SHOWN;
		r->shown[(r->first + r->n_shown++) % r->conf.buffers] = r->returned[i];
	}
	r->n_returned = 0;
}

uint8_t *ring_buffer(const struct ring *r, uint16_t buffer)
{
	/* Whoever may write to it, or look at it, may have written all of it. */
	pool.dirty[buffer] = r->conf.buffer_size;
	return pool.memory + (size_t)buffer * r->conf.buffer_size;
}

void ring_put_buffer(struct ring *r, uint16_t buffer)
{
	if (buffer >= r->conf.buffers || r->state[buffer] != BUFFER_HELD) {
		kernel_violation("buffer-twice", "buffer %u is given back and was not held",
				 buffer);
		return;
	}
	r->state[buffer] = BUFFER_RETURNED;
	r->returned[r->n_returned++] = buffer;
	r->held--;
}

uint32_t ring_buffers_held(const struct ring *r)
{
	return r->held;
}
