/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connector: how we are a TLS client: of mail servers (proxy_ssl) or of an authentication service.
 *
 * Immutable once open, but for the sessions that are kept for resumption; those are one
 * `connector_sessions` for each thread and peer, so that nothing is locked.
 */
#ifndef TLS_CONNECTOR_H
#define TLS_CONNECTOR_H

#include "tls/conf.h"

struct connector;

/* NULL: *e says why, naming the file where it is about one. */
NODISCARD struct connector *connector_open(const struct tls_connector_conf *conf,
					   struct tls_error *e);
void connector_close(struct connector *c);

/*
 * Sessions to be resumed, of one thread: for each peer (a number that the caller gives it, e.g. a
 * hash of its address) the latest. A peer that finds no place takes that of another: then the
 * other's next handshake is a full one. NULL when there is no memory.
 */
struct connector_sessions;

NODISCARD struct connector_sessions *connector_sessions_open(uint32_t places);
void connector_sessions_close(struct connector_sessions *s);

#endif
