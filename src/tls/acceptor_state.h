/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * acceptor_state: what an acceptor is made of, for the files of this floor.
 */
#ifndef TLS_ACCEPTOR_STATE_H
#define TLS_ACCEPTOR_STATE_H

#include "tls/acceptor.h"
#include "tls/cache_entry.h"
#include "tls/hello.h"
#include "tls/suites.h"
#include "tls/ticket.h"
#include "tls/trust.h"

/* Kinds of keys, the ones we would rather use first. */
enum { ACCEPTOR_ECDSA, ACCEPTOR_ED25519, ACCEPTOR_RSA, ACCEPTOR_KINDS };

/* The certificates of some names: one context for each kind, NULL where there is none. */
struct acceptor_set {
	WOLFSSL_CTX *ctx[ACCEPTOR_KINDS];
};

/* A name of SNI, or ".rest" for all names with one label before it; lower case. */
struct acceptor_name {
	struct str name; /* p NULL: an empty place of the table */
	uint32_t set;
};

struct acceptor {
	struct suites suites;
	struct acceptor_set *sets; /* the first is for everybody else */
	uint32_t n_sets;
	struct acceptor_name *names; /* hashed, open addressing */
	uint32_t n_places;           /* a power of two, or 0 */
	struct str alpn;
	enum tls_verify verify;
	struct trust *trust;         /* NULL: no certificate is asked for */
	struct ticket_keys *tickets; /* NULL: none are given */
	struct tls_cache *cache;     /* NULL: no ids; not ours */
	uint32_t session_timeout_s;
	uint8_t context[CACHE_CONTEXT]; /* a hash of the configuration's */
};

/* Which context answers that hello; never NULL. */
WOLFSSL_CTX *acceptor_choose(const struct acceptor *a, const struct hello *h);

#endif
