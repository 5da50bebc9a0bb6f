/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_pool: a chain of chunks, each filled from its start. Chunks are as large as needed, so that
 * one large piece never fails where small ones would not.
 */
#include "app/conf_pool.h"

#include "base/must.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_SIZE = 16384, ALIGN = alignof(max_align_t) };

struct chunk {
	struct chunk *next;
	size_t size, n; /* of bytes[] */
	alignas(max_align_t) uint8_t bytes[];
};

struct conf_pool {
	struct chunk *chunks;
};

/* An out-of-memory here is not worth a path of its own through every value parser. */
static void *allocate(size_t n)
{
	void *p = calloc(1, n);

	must(p);
	return p;
}

struct conf_pool *conf_pool_new(void)
{
	return allocate(sizeof(struct conf_pool));
}

void conf_pool_free(struct conf_pool *p)
{
	struct chunk *next;

	for (struct chunk *c = p->chunks; c; c = next) {
		next = c->next;
		free(c);
	}
	free(p);
}

void *conf_pool_take(struct conf_pool *p, size_t n)
{
	struct chunk *c = p->chunks;
	size_t need;

	must(n < SIZE_MAX / 2);
	need = (n + ALIGN - 1) / ALIGN * ALIGN;
	if (!c || need > c->size - c->n) {
		size_t size = need > CHUNK_SIZE ? need : CHUNK_SIZE;

		c = allocate(sizeof(*c) + size);
		c->size = size;
		c->next = p->chunks;
		p->chunks = c;
	}
	c->n += need;
	return c->bytes + c->n - need;
}

struct str conf_pool_join(struct conf_pool *p, struct str a, struct str b)
{
	uint8_t *to = conf_pool_take(p, a.n + b.n + 1);

	if (a.n)
		memcpy(to, a.p, a.n);
	if (b.n)
		memcpy(to + a.n, b.p, b.n);
	return str_of(to, a.n + b.n);
}

struct str conf_pool_str(struct conf_pool *p, struct str s)
{
	return conf_pool_join(p, s, str_none());
}

char *conf_pool_text(struct conf_pool *p, struct str s)
{
	char *to = conf_pool_take(p, s.n + 1);

	if (s.n)
		memcpy(to, s.p, s.n);
	return to;
}

void *conf_pool_push(struct conf_pool *p, struct conf_vec *v, size_t item_size)
{
	if (v->n == v->room) {
		uint32_t room = v->room ? v->room * 2 : 8;
		void *items = conf_pool_take(p, room * item_size);

		if (v->n)
			memcpy(items, v->items, v->n * item_size);
		v->items = items;
		v->room = room;
	}
	return (char *)v->items + v->n++ * item_size;
}
