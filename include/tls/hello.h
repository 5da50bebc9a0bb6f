/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hello: what a ClientHello says that decides which certificate answers it (RFC 8446 section
 * 4.1.2, RFC 5246 section 7.4.1.2, SNI RFC 6066 section 3, ALPN RFC 7301).
 *
 * Only reads; wolfSSL reads the same bytes again and judges them. All strings are borrowed from
 * the bytes given. Nothing of it is trusted, or logged unescaped.
 */
#ifndef TLS_HELLO_H
#define TLS_HELLO_H

#include "base/str.h"

enum {
	HELLO_MAX = 16 * 1024,     /* bytes of the records that carry a ClientHello */
	HELLO_NAME_MAX = 255,      /* longest server name */
	HELLO_EXTENSIONS_MAX = 64, /* more of them are no honest ClientHello */
};

struct cipher_list; /* tls/ciphers.h */

enum hello_ev {
	HELLO_MORE = 0, /* not whole yet */
	HELLO_WHOLE,
	HELLO_BAD, /* no ClientHello, or a broken one: whatever may follow */
};

struct hello {
	struct str name;               /* SNI host_name as sent, letters in any case; empty: none */
	struct str alpn;               /* the list as sent: length-prefixed names; empty: none */
	struct str ciphers;            /* pairs of bytes */
	struct str sigalgs;            /* pairs of bytes; empty: none sent */
	struct str groups;             /* pairs of bytes; empty: none sent */
	bool tls13;                    /* offers TLS 1.3 */
	bool sslv2;                    /* HELLO_BAD: an SSL 2.0 hello by its first byte */
	bool plain;                    /* HELLO_BAD: plain text by its first byte */
	const struct cipher_list *own; /* of hello_meet(); NULL: all suites */
};

/*
 * `bytes`: the stream from its beginning, HELLO_MAX bytes of it at most are looked at. A hello may
 * be cut into several records and arrive in any pieces; `store` (HELLO_MAX bytes) is where one that
 * is cut is put together, and the strings of *h may point into it. *h is empty unless
 * HELLO_WHOLE, but for the reasons of HELLO_BAD. What stands behind a hello is not looked at.
 */
NODISCARD enum hello_ev hello_read(struct str bytes, uint8_t *store, struct hello *h);

/*
 * What the server can do, for hello_takes_*(): whether it speaks TLS 1.3, and its suites up to TLS
 * 1.2 (others may be among them), which have to live as long as they are asked for.
 */
void hello_meet(struct hello *h, bool tls13, const struct cipher_list *own);

/*
 * True if the client can do with a certificate for that kind of key: it checks its signatures (up
 * to TLS 1.2 a client that names no algorithms can, RFC 5246 section 7.4.1.4.1, but for Ed25519),
 * and up to TLS 1.2 it offers a suite for it, which the server has as well, and for ECDSA does not
 * leave out all curves of such keys (RFC 8422 section 5.1).
 */
bool hello_takes_ecdsa(const struct hello *h);
bool hello_takes_rsa(const struct hello *h);
bool hello_takes_ed25519(const struct hello *h);

/* True if the list has that protocol; also if there is no list. */
bool hello_speaks(const struct hello *h, struct str protocol);

/*
 * True if `pattern` is the name, or covers it: "*.rest" whatever has one label in front of rest
 * (RFC 6125 section 6.4.3), ".rest" the same and rest itself. Letters of any case are equal; a
 * dot at the end of the name does not count.
 */
bool hello_name_matches(struct str pattern, struct str name);

#endif
