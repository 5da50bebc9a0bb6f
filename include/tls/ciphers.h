/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ciphers: OpenSSL's cipher strings in terms of what wolfSSL has.
 *
 * Understands names of suites (OpenSSL's and IANA's), groups (HIGH, MEDIUM, ALL, DEFAULT, kECDHE,
 * aRSA, AESGCM, CHACHA20, SHA256, TLSv1.2 ...), joined by "+", the signs "!", "-", "+", and
 * @STRENGTH and @SECLEVEL=n. Anonymous, export and NULL suites, RC4, DES and MD5 do not exist here:
 * naming them is no error, and has no effect.
 */
#ifndef TLS_CIPHERS_H
#define TLS_CIPHERS_H

#include "base/out.h"
#include "base/str.h"

struct cipher {
	const char *openssl; /* "ECDHE-RSA-AES128-GCM-SHA256" */
	const char *iana;    /* "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" */
	uint16_t id;         /* of the registry: 0xc02f */
	uint8_t traits[6];   /* enums in ciphers.c: version, key exchange, signature, cipher, MAC,
				bits */
};

enum { CIPHERS_MAX = 64 };

struct cipher_list {
	const struct cipher *v[CIPHERS_MAX];
	uint32_t n;
	struct str unknown; /* the first word that nobody knows, borrowed; empty: none */
};

/* TLS 1.2 and before, in the order of preference. -1: the syntax is wrong (list->unknown). */
NODISCARD int ciphers_read(struct str text, struct cipher_list *list);

/* TLS 1.3: names only, separated by colons; an empty text is all of them. */
NODISCARD int ciphers_read_tls13(struct str text, struct cipher_list *list);

/* OpenSSL's names, separated by colons. */
void ciphers_write(const struct cipher_list *list, struct out *out);

/* By its number; NULL: unknown to us. */
const struct cipher *ciphers_find(uint16_t id);

#endif
