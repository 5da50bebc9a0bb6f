/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_opened: lists, and wolfSSL's start before the first of them.
 */
#include "app/conf_opened.h"

#include "base/must.h"
#include "tls/library.h"

/* Once per process: the library counts on one thread that loads configurations. */
static void begin(void)
{
	static bool begun;

	if (!begun)
		must(library_open());
	begun = true;
}

static void keep(struct conf_vec *v, struct conf_pool *pool, void *opened)
{
	*(void **)conf_pool_push(pool, v, sizeof(opened)) = opened;
}

struct acceptor *conf_opened_acceptor(struct conf_opened *o, struct conf_pool *pool,
				      const struct tls_acceptor_conf *conf, struct tls_error *e)
{
	struct acceptor *a;

	begin();
	a = acceptor_open(conf, e);
	if (a)
		keep(&o->acceptors, pool, a);
	return a;
}

struct connector *conf_opened_connector(struct conf_opened *o, struct conf_pool *pool,
					const struct tls_connector_conf *conf, struct tls_error *e)
{
	struct connector *k;

	begin();
	k = connector_open(conf, e);
	if (k)
		keep(&o->connectors, pool, k);
	return k;
}

struct tls_cache *conf_opened_cache(struct conf_opened *o, struct conf_pool *pool, size_t bytes)
{
	struct tls_cache *c;

	begin();
	c = cache_open(bytes);
	if (c)
		keep(&o->caches, pool, c);
	return c;
}

/* A cache goes last: acceptors point to it. */
void conf_opened_close(struct conf_opened *o)
{
	void **acceptors = o->acceptors.items, **connectors = o->connectors.items;
	void **caches = o->caches.items;

	for (uint32_t i = 0; i < o->acceptors.n; i++)
		acceptor_close(acceptors[i]);
	for (uint32_t i = 0; i < o->connectors.n; i++)
		connector_close(connectors[i]);
	for (uint32_t i = 0; i < o->caches.n; i++)
		cache_close(caches[i]);
	*o = (struct conf_opened){0};
}
