/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trust_state: the authorities and revocation lists of a trust, and a path that is being judged.
 */
#ifndef TLS_TRUST_STATE_H
#define TLS_TRUST_STATE_H

#include "tls/trust.h"

enum { TRUST_NOBODY = -1 };

struct trust_crl {
	struct x509_crl crl;
	int authority; /* whose signature it has, of those we trust; or TRUST_NOBODY */
};

struct trust {
	struct x509 *authorities;
	uint32_t n_authorities;
	struct trust_crl *crls;
	uint32_t n_crls;
	uint32_t depth;
};

/* From the peer's certificate up. */
struct trust_path {
	struct x509 certs[TRUST_CHAIN_MAX + 2];
	int authority[TRUST_CHAIN_MAX + 2]; /* index of the trusted one, or TRUST_NOBODY */
	size_t n;
	bool anchored; /* the last one is trusted, and signs itself */
	enum trust_error error;
};

/* Each tells the last thing that is wrong in p->error, and goes on. */
void trust_check_extensions(struct trust_path *p, enum trust_role role);
void trust_check_host(struct trust_path *p, struct str host);
void trust_check_revocation(struct trust_path *p, const struct trust *t);
void trust_check_signatures(struct trust_path *p);

/* True if it is in its time now. */
bool trust_check_is_current(const struct x509 *x);

/* True if the list has the signature of that authority. */
bool trust_check_crl(const struct x509_crl *crl, const struct x509 *authority);

static inline bool trust_self_issued(const struct x509 *x)
{
	return str_eq(x->issuer, x->subject);
}

#endif
