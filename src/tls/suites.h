/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * suites: which versions, cipher suites and curves a wolfSSL context gets.
 *
 * Read once from the configuration, applied to any number of contexts.
 */
#ifndef TLS_SUITES_H
#define TLS_SUITES_H

#include "tls/ciphers.h"
#include "tls/conf.h"
#include "tls/wolf.h"

enum { SUITES_GROUPS_MAX = 10 };

struct suites {
	struct cipher_list ciphers; /* those that wolfSSL has; TLS 1.3 first */
	int groups[SUITES_GROUPS_MAX];
	int n_groups; /* 0: wolfSSL's own */
	int min, max; /* WOLFSSL_TLSV1_2 ... */
};

/* -1: *e says which setting leaves nothing. */
NODISCARD int suites_read(const struct tls_suites *conf, struct suites *s, struct tls_error *e);

/* A context with all of that; NULL: no memory, or wolfSSL refuses (*e). */
NODISCARD WOLFSSL_CTX *suites_server(const struct suites *s, struct tls_error *e);
NODISCARD WOLFSSL_CTX *suites_client(const struct suites *s, struct tls_error *e);

/* What a server's context cannot say by itself; 0, or -1. */
NODISCARD int suites_limit(const struct suites *s, WOLFSSL *ssl);

#endif
