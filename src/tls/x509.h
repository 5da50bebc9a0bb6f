/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x509: the parts of a certificate or a revocation list (RFC 5280), borrowed from its bytes.
 *
 * Only takes apart; who may be trusted is trust's business.
 */
#ifndef TLS_X509_H
#define TLS_X509_H

#include "tls/der.h"

enum x509_key { X509_KEY_OTHER, X509_KEY_RSA, X509_KEY_ECDSA, X509_KEY_ED25519 };

struct x509 {
	struct str der;             /* all of it */
	struct str serial;          /* bytes, big end first */
	struct str issuer, subject; /* Name, with tag and length */
	struct der not_before, not_after;
	enum x509_key key;
	bool v1;               /* of the time before extensions */
	struct str extensions; /* elements of the SEQUENCE; empty: none */
};

/* -1: broken. */
NODISCARD int x509_read(struct str der, struct x509 *x);

/* Of id-ce (2.5.29.n), by n. */
enum x509_id {
	X509_SUBJECT_KEY = 14,
	X509_KEY_USAGE = 15,
	X509_ALT_NAMES = 17,
	X509_BASIC_CONSTRAINTS = 19,
	X509_NAME_CONSTRAINTS = 30,
	X509_POLICIES = 32,
	X509_AUTHORITY_KEY = 35,
	X509_EXTENDED_USAGE = 37,
};

struct x509_extension {
	int id; /* n of 2.5.29.n; -1: another one */
	bool critical;
	struct str content;
};

/* The next of them. False: no more, or broken (then *extensions is not empty). */
bool x509_next_extension(struct str *extensions, struct x509_extension *e);

/* The content of that extension. False: there is none. */
bool x509_extension(struct str extensions, enum x509_id id, struct str *content);

/* RFC 5280 section 5.1. */
struct x509_crl {
	struct str der;
	struct str issuer;
	struct der this_update, next_update; /* the latter empty: not said */
	struct str revoked;                  /* elements of the list */
	struct str extensions;
};

NODISCARD int x509_read_crl(struct str der, struct x509_crl *crl);

/* True if that serial number is in it. */
bool x509_revokes(const struct x509_crl *crl, struct str serial);

#endif
