/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connector_state: what a connector is made of, for the files of this floor.
 */
#ifndef TLS_CONNECTOR_STATE_H
#define TLS_CONNECTOR_STATE_H

#include "tls/connector.h"
#include "tls/suites.h"
#include "tls/trust.h"

struct connector {
	struct suites suites;
	WOLFSSL_CTX *ctx;
	char *name;          /* NUL-terminated; NULL: none */
	struct str host;     /* to be in the certificate; empty: any */
	struct trust *trust; /* NULL: not verified */
	bool session_reuse;
};

/* The latest session with that peer is offered to it; it is no error if there is none. */
void connector_resume(const struct connector_sessions *s, uint64_t peer, WOLFSSL *ssl);

/* The session of a connection that is up, for the next one. */
void connector_keep(struct connector_sessions *s, uint64_t peer, WOLFSSL *ssl);

#endif
