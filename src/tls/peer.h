/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer: the certificate of the other side: how wolfSSL hands it over, and what to tell of it.
 */
#ifndef TLS_PEER_H
#define TLS_PEER_H

#include "tls/channel.h"
#include "tls/wolf.h"

/* A client's certificate, DER, as long as its channel lives. */
struct channel_peer {
	size_t n;
	uint8_t der[];
};

/* wolfSSL's verify callback; the context is the channel. A client's certificate is judged and kept,
 * and the handshake goes on; a server's that is not trusted ends it. */
int peer_verify(int ok, WOLFSSL_X509_STORE_CTX *store);

/* Subject, issuer, serial, fingerprint, certificate; what does not fit stays empty. */
void peer_describe(struct str der, struct arena *a, struct auth_http_tls *facts);

/* A name as RFC 2253 says, as OpenSSL writes it: the last part first. */
void peer_write_name(struct str name, struct out *out);

#endif
