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
	struct str extensions; /* elements of the SEQUENCE; empty: none */
};

/* -1: broken. */
NODISCARD int x509_read(struct str der, struct x509 *x);

/* The content of the extension with that OID (its bytes, without tag). False: there is none. */
bool x509_extension(struct str extensions, struct str oid, struct str *content);

#endif
