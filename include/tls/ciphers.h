/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ciphers: OpenSSL's cipher strings in terms of the suites that wolfSSL may have.
 *
 * Understands names of suites (OpenSSL's and IANA's), groups (HIGH, ALL, DEFAULT, kECDHE, aRSA,
 * AESGCM, CHACHA20, SHA256, TLSv1.2 ...), joined by "+", the signs "!", "-", "+", and @STRENGTH and
 * @SECLEVEL=n. The order is OpenSSL 3.0's. Anonymous, export and NULL suites, RC4, DES, MD5, PSK
 * and the like do not exist here: naming them is no error, and has no effect.
 *
 * Which of these suites a build of wolfSSL has is not known here: whoever uses a list leaves out
 * the others (static RSA and CCM are often missing).
 */
#ifndef TLS_CIPHERS_H
#define TLS_CIPHERS_H

#include "base/out.h"
#include "base/str.h"

/*
 * What is used when the configuration says nothing. NGINX's HIGH:!aNULL:!MD5 has suites without
 * forward secrecy, and CBC ones (Lucky 13), which every audit marks; all mail clients of the last
 * ten years that can do TLS 1.2 have one of these. To be had with ssl_ciphers HIGH:!aNULL:!MD5.
 */
#define CIPHERS_DEFAULT "ECDHE+AESGCM:ECDHE+CHACHA20"

/* What kind of key the server signs with, or decrypts. */
enum cipher_key {
	CIPHER_KEY_ANY, /* TLS 1.3: the suite does not say */
	CIPHER_KEY_RSA,
	CIPHER_KEY_ECDSA, /* Ed25519 too (RFC 8422) */
};

struct cipher {
	const char *openssl; /* "ECDHE-RSA-AES128-GCM-SHA256" */
	const char *iana;    /* "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" */
	uint32_t traits;     /* bits that ciphers.c knows */
	uint16_t id;         /* of the registry: 0xc02f */
	enum cipher_key key;
};

enum { CIPHERS_MAX = 64 };

struct cipher_list {
	const struct cipher *v[CIPHERS_MAX]; /* static, no NULLs */
	uint32_t n;
	struct str unknown; /* the first word that nobody knows; borrowed, empty: none */
};

/*
 * TLS 1.2 and before, in the order of preference; an empty text is CIPHERS_DEFAULT. Words that
 * nobody knows are passed over, as OpenSSL does. -1: nothing is left, or the syntax is wrong (then
 * list->unknown begins where), and list->n is 0.
 */
NODISCARD int ciphers_read(struct str text, struct cipher_list *list);

/* TLS 1.3: names only, separated by colons; an empty text is OpenSSL's default. -1: none is left.
 */
NODISCARD int ciphers_read_tls13(struct str text, struct cipher_list *list);

/* OpenSSL's names, separated by colons. */
void ciphers_write(const struct cipher_list *list, struct out *out);

/* By its number; NULL: unknown to us. */
const struct cipher *ciphers_find(uint16_t id);

#endif
