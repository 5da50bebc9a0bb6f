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
	HELLO_MAX = 16 * 1024, /* bytes of the records that carry a ClientHello */
	HELLO_NAME_MAX = 255,  /* longest server name */
};

enum hello_ev {
	HELLO_MORE = 0, /* not whole yet */
	HELLO_WHOLE,
	HELLO_BAD, /* no ClientHello, or a broken one */
};

struct hello {
	struct str name;    /* SNI host_name as sent, letters in any case; empty: none */
	struct str alpn;    /* the list as sent: length-prefixed names; empty: none */
	struct str ciphers; /* pairs of bytes */
	struct str sigalgs; /* pairs of bytes; empty: none sent */
	bool tls13;         /* offers TLS 1.3 */
	bool sslv2;         /* HELLO_BAD because of this: an SSL 2.0 hello, or plain text */
};

/*
 * `bytes`: the beginning of the stream. A hello may be cut into several records and arrive in any
 * pieces; `store` (HELLO_MAX bytes) is where one that is cut is put together, and the strings of
 * *h may point into it.
 */
NODISCARD enum hello_ev hello_read(struct str bytes, uint8_t *store, struct hello *h);

/* True if the client can check a signature of that kind of key. */
bool hello_takes_ecdsa(const struct hello *h);
bool hello_takes_rsa(const struct hello *h);
bool hello_takes_ed25519(const struct hello *h);

/* True if the list has that protocol; also if there is no list. */
bool hello_speaks(const struct hello *h, struct str protocol);

/* True if `pattern` is the name, or "*.rest" or ".rest" that covers it (one label, RFC 6125). */
bool hello_name_matches(struct str pattern, struct str name);

#endif
