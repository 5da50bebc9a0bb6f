/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trust: whether a chain of certificates leads to an authority that we trust (RFC 5280 section 6).
 *
 * The path is built and judged here, in OpenSSL's order and with its numbers, so that NGINX's users
 * read what they are used to; wolfSSL verifies signatures. wolfSSL's own verification keeps what
 * peers send in tables that all connections share, and cannot say what is wrong.
 */
#ifndef TLS_TRUST_H
#define TLS_TRUST_H

#include "tls/conf.h"
#include "tls/x509.h"

/* OpenSSL's X509_V_ERR_*. */
enum trust_error {
	TRUST_OK = 0,
	TRUST_UNSPECIFIED = 1,
	TRUST_NO_ISSUER = 2,
	TRUST_NO_CRL = 3,
	TRUST_BAD_SIGNATURE = 7,
	TRUST_BAD_CRL_SIGNATURE = 8,
	TRUST_NOT_YET_VALID = 9,
	TRUST_EXPIRED = 10,
	TRUST_CRL_NOT_YET_VALID = 11,
	TRUST_CRL_EXPIRED = 12,
	TRUST_BAD_TIME = 13,
	TRUST_NO_MEMORY = 17,
	TRUST_SELF_SIGNED = 18,
	TRUST_SELF_SIGNED_IN_CHAIN = 19,
	TRUST_NO_LOCAL_ISSUER = 20,
	TRUST_NO_LEAF_SIGNATURE = 21,
	TRUST_TOO_LONG = 22,
	TRUST_REVOKED = 23,
	TRUST_PATH_LENGTH = 25,
	TRUST_PURPOSE = 26,
	TRUST_CRITICAL_EXTENSION = 34,
	TRUST_NO_CRL_SIGN = 35,
	TRUST_CRITICAL_CRL_EXTENSION = 36,
	TRUST_NAME_NOT_PERMITTED = 47,
	TRUST_CONSTRAINT = 51,
	TRUST_HOST = 62,
	TRUST_INVALID_CA = 79,
};

struct trust;

struct trust_conf {
	const struct tls_file *authorities; /* PEM; empty ones are passed over */
	uint32_t n_authorities;
	struct tls_file crl; /* PEM; empty: nothing is revoked */
	uint32_t depth;      /* authorities between the peer's certificate and the trusted one */
};

/* NULL: *e names the file and what is wrong with it. */
NODISCARD struct trust *trust_open(const struct trust_conf *conf, struct tls_error *e);
void trust_close(struct trust *t);

enum trust_role { TRUST_CLIENT, TRUST_SERVER };

enum { TRUST_CHAIN_MAX = 10 };

struct trust_chain {
	struct str certs[TRUST_CHAIN_MAX]; /* DER, the peer's own first */
	size_t n;
};

/*
 * `host`: to be in a server's certificate; empty: any. The last error is told, as with OpenSSL when
 * its callback lets it go on; TRUST_OK: none.
 */
enum trust_error trust_verify(const struct trust *t, const struct trust_chain *chain,
			      enum trust_role role, struct str host);

/* OpenSSL 3.0's words. */
struct str trust_text(enum trust_error error);

/* True if it only says that we do not know who has signed. */
bool trust_is_unknown(enum trust_error error);

#endif
