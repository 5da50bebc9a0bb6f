/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pem: blocks of base64 between lines of dashes (RFC 7468).
 */
#ifndef TLS_PEM_H
#define TLS_PEM_H

#include "base/out.h"
#include "base/str.h"

struct pem {
	struct str label; /* "CERTIFICATE" */
	struct str body;  /* base64, with line ends */
	struct str whole;
};

/* The next block, whatever its label; *text is what follows it. False: there is none. */
bool pem_next(struct str *text, struct pem *block);

/* True for labels that a certificate may have. */
bool pem_is_certificate(const struct pem *block);

/* Bytes that the body needs decoded, at most. */
static inline size_t pem_room(const struct pem *block)
{
	return block->body.n / 4 * 3 + 3;
}

/* Into `to`, which has pem_room() bytes. -1: not base64. */
NODISCARD int pem_decode(const struct pem *block, uint8_t *to, size_t *n);

/* The DER of the first certificate in the text, for the caller to free(); NULL: there is none. */
NODISCARD uint8_t *pem_first_certificate(struct str text, size_t *n);

/* A certificate as PEM, lines of 64 characters. */
void pem_write(struct str der, struct out *out);

#endif
