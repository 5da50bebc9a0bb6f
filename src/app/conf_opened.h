/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_opened: the TLS objects that belong to one configuration and end with it. The pool is only
 * memory; these have keys in them and want to be closed.
 */
#ifndef APP_CONF_OPENED_H
#define APP_CONF_OPENED_H

#include "tls/acceptor.h"
#include "tls/cache.h"
#include "tls/connector.h"

#include "app/conf_pool.h"

/* All zero: nothing yet. */
struct conf_opened {
	struct conf_vec acceptors, connectors, caches; /* pointers */
};

/* As acceptor_open() and so on; what comes is closed by conf_opened_close(). */
NODISCARD struct acceptor *conf_opened_acceptor(struct conf_opened *o, struct conf_pool *pool,
						const struct tls_acceptor_conf *conf,
						struct tls_error *e);
NODISCARD struct connector *conf_opened_connector(struct conf_opened *o, struct conf_pool *pool,
						  const struct tls_connector_conf *conf,
						  struct tls_error *e);
NODISCARD struct tls_cache *conf_opened_cache(struct conf_opened *o, struct conf_pool *pool,
					      size_t bytes);

/* Before the pool goes. */
void conf_opened_close(struct conf_opened *o);

#endif
