/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * identity: a certificate with its chain and key, loaded into wolfSSL's context.
 */
#ifndef TLS_IDENTITY_H
#define TLS_IDENTITY_H

#include "tls/conf.h"
#include "tls/wolf.h"
#include "tls/x509.h"

/* What kind of key, by the certificate; -1: *e says what is wrong with chain, key or both. */
NODISCARD int identity_load(WOLFSSL_CTX *ctx, const struct tls_identity *id, enum x509_key *kind,
			    struct tls_error *e);

#endif
