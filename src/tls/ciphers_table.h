/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ciphers_table: the suites that exist here, and what the words of OpenSSL's cipher strings say
 * about them. Constant.
 */
#ifndef TLS_CIPHERS_TABLE_H
#define TLS_CIPHERS_TABLE_H

#include "tls/ciphers.h"

/* One bit of each kind; a suite has exactly one of every kind. A word is the set of bits that it
 * allows, words joined by "+" are the intersection of their sets. */
enum {
	KRSA = 1 << 0,
	DHE = 1 << 1,
	ECDHE = 1 << 2,
	EXCHANGE = KRSA | DHE | ECDHE,

	RSA = 1 << 3,
	ECDSA = 1 << 4,
	KEY = RSA | ECDSA,

	AES128 = 1 << 5,
	AES256 = 1 << 6,
	AES128GCM = 1 << 7,
	AES256GCM = 1 << 8,
	AES128CCM = 1 << 9,
	AES128CCM8 = 1 << 10,
	AES256CCM8 = 1 << 11,
	CHACHA20 = 1 << 12,
	BITS_128 = AES128 | AES128GCM | AES128CCM | AES128CCM8,
	BITS_256 = AES256 | AES256GCM | AES256CCM8 | CHACHA20,
	ENCRYPTION = BITS_128 | BITS_256,

	SHA1 = 1 << 13,
	SHA256 = 1 << 14,
	SHA384 = 1 << 15,
	AEAD = 1 << 16,
	MAC = SHA1 | SHA256 | SHA384 | AEAD,

	V3 = 1 << 17, /* the first version that has it */
	V1_0 = 1 << 18,
	V1_2 = 1 << 19,
	VERSION = V3 | V1_0 | V1_2,

	BOTH = 1 << 20, /* is it in the groups DEFAULT and FIPS? */
	DEFAULT = 1 << 21,
	NEITHER = 1 << 22,
	GROUP = BOTH | DEFAULT | NEITHER,

	ALL = EXCHANGE | KEY | ENCRYPTION | MAC | VERSION | GROUP,
};

/* A set that is about bits of one kind only. */
#define ONLY(kind, set) ((ALL & ~(uint32_t)(kind)) | (set))

enum {
	CIPHERS_TABLE_N = 32,
	CIPHERS_TABLE_TLS13_N = 5,
	CIPHERS_TABLE_TLS13_DEFAULT = 3, /* the first ones are on without being named */
};

/* In OpenSSL's order: that of ALL, and that of its default. */
extern const struct cipher ciphers_table[CIPHERS_TABLE_N];
extern const struct cipher ciphers_table_tls13[CIPHERS_TABLE_TLS13_N];

/* NULL: none of that name. */
const struct cipher *ciphers_table_find_tls13(struct str name);

/* What a word allows; nothing, if all that it names is not here. -1: nobody knows it. */
NODISCARD int ciphers_table_look_up(struct str word, uint32_t *set);

#endif
