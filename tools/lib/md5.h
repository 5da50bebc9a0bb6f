/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * md5: MD5 (RFC 1321) and HMAC-MD5 (RFC 2104) for CRAM-MD5 in the reference auth service.
 */
#ifndef TOOLS_LIB_MD5_H
#define TOOLS_LIB_MD5_H

#include <stddef.h>
#include <stdint.h>

struct md5 {
	uint32_t state[4];
	uint64_t n; /* bytes taken so far */
	uint8_t block[64];
};

void md5_init(struct md5 *m);
void md5_add(struct md5 *m, const void *p, size_t n);
void md5_done(struct md5 *m, uint8_t digest[16]);

struct md5_bytes {
	const void *p;
	size_t n;
};

void md5_hmac(struct md5_bytes key, struct md5_bytes text, uint8_t digest[16]);

#endif
