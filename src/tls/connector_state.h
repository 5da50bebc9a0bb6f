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
	bool says_name;      /* by SNI, which has no addresses (RFC 6066 section 3) */
	struct str host;     /* to be in the certificate; empty: any */
	struct trust *trust; /* NULL: not verified */
	bool session_reuse;
};

/* The latest session with that peer is offered to it; it is no error if there is none. What comes
 * back tells its ticket from others, for connector_keep(). */
NODISCARD uint64_t connector_resume(const struct connector_sessions *s, uint64_t peer,
				    WOLFSSL *ssl);

/* The session of a connection that is up, for the next one: if there is a new one. */
void connector_keep(struct connector_sessions *s, uint64_t peer, WOLFSSL *ssl, uint64_t offered);

/* A peer that could not make a connection may have stumbled over it. */
void connector_forget(struct connector_sessions *s, uint64_t peer);

#endif
