/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * der: reading ASN.1 in distinguished encoding (ITU-T X.690), one element after the other.
 *
 * Strings are borrowed from the bytes given. Lengths beyond these, indefinite lengths and tags of
 * several bytes are errors; nothing is read behind the end.
 */
#ifndef TLS_DER_H
#define TLS_DER_H

#include "base/str.h"

enum {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
};

struct der {
	uint8_t tag;
	struct str body;
	struct str whole; /* with tag and length */
};

/* Take the first element off *s. -1: none, or broken. */
NODISCARD int der_next(struct str *s, struct der *d);

/* As der_next(), and it has that tag. */
NODISCARD int der_take(struct str *s, uint8_t tag, struct der *d);

/* Take it if it is there with that tag: 1, if not: 0, d->body empty. */
int der_may(struct str *s, uint8_t tag, struct der *d);

/* Seconds since 1970, of a UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 allows them. */
NODISCARD int der_time(const struct der *d, int64_t *seconds);

#endif
