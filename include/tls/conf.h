/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf: what a TLS server or client is to be like, as the configuration says it: bytes of files,
 * lists as they were written. acceptor and connector make it work.
 *
 * All strings are borrowed and need not outlive acceptor_open() and connector_open().
 */
#ifndef TLS_CONF_H
#define TLS_CONF_H

#include "base/str.h"

enum tls_version {
	TLS_1_0 = 1 << 0,
	TLS_1_1 = 1 << 1,
	TLS_1_2 = 1 << 2, /* RFC 5246 */
	TLS_1_3 = 1 << 3, /* RFC 8446 */
};

/* ssl_verify_client */
enum tls_verify {
	TLS_VERIFY_OFF,
	TLS_VERIFY_ON,
	TLS_VERIFY_OPTIONAL,       /* a certificate need not come, but must be good */
	TLS_VERIFY_OPTIONAL_NO_CA, /* who signed it is not asked */
};

/* The contents of a file, and its name for error sentences. */
struct tls_file {
	struct str bytes;
	struct str name;
};

/* A certificate with its chain, and its key: PEM. */
struct tls_identity {
	struct tls_file chain, key;
	const struct str *passwords; /* tried in turn on an encrypted key */
	uint32_t n_passwords;
};

struct tls_identities {
	const struct tls_identity *v; /* of different kinds: RSA, ECDSA, Ed25519 */
	uint32_t n;
};

/* The identities for some names of SNI (RFC 6066 section 3). */
struct tls_name {
	const struct str *names; /* "mx.example.org", "*.example.org", ".example.org" (both) */
	uint32_t n_names;
	struct tls_identities identities;
};

struct tls_cache; /* tls/cache.h */

struct tls_suites {
	unsigned versions;       /* set of enum tls_version */
	struct str ciphers;      /* OpenSSL's syntax, up to TLS 1.2; empty: CIPHERS_DEFAULT */
	struct str ciphersuites; /* TLS 1.3, names separated by colons; empty: all */
	struct str curves;       /* names separated by colons; empty or "auto": all.
				    Up to TLS 1.2 wolfSSL takes what the client likes best */
};

struct tls_acceptor_conf {
	struct tls_suites suites;
	bool prefer_server_ciphers;
	struct tls_identities identities; /* for clients without SNI, or with an unknown name */
	const struct tls_name *names;
	uint32_t n_names;
	struct tls_file dhparam; /* PEM; bytes empty: none */
	struct tls_cache *cache; /* of session ids; NULL: none */
	uint32_t session_timeout_s;
	bool tickets;                       /* RFC 5077, RFC 8446 section 4.6.1 */
	const struct tls_file *ticket_keys; /* 48 or 80 bytes each, the first encrypts; none: ours
					       are random */
	uint32_t n_ticket_keys;
	enum tls_verify verify;
	uint32_t verify_depth;
	struct tls_file client_ca;  /* PEM; nobody tells the client of it */
	struct tls_file trusted_ca; /* PEM; these are trusted as well */
	struct tls_file crl;        /* PEM */
	struct str alpn;    /* "smtp", "pop3" or "imap": a client that offers others only is refused
			       (RFC 7301) */
	struct str context; /* tells sessions of one server{} from those of another, which may ask
			       other clients in; so do the certificates for everybody */
};

struct tls_connector_conf {
	struct tls_suites suites;
	struct tls_identities identities; /* at most one */
	bool verify;
	uint32_t verify_depth;
	struct tls_file trusted_ca, crl; /* PEM */
	struct str name; /* to be in the peer's certificate, and sent as SNI; empty: neither */
	bool session_reuse;
};

/* Why something cannot be done; a sentence without its end. */
struct tls_error {
	char text[512];
};

#endif
