/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * b64: base64 (RFC 4648) for the test peers. Written apart from the proxy's own codec on purpose:
 * a peer that shared its code would share its mistakes.
 */
#ifndef TOOLS_LIB_B64_H
#define TOOLS_LIB_B64_H

#include <stddef.h>
#include <stdint.h>

/* Characters that encoding n bytes gives. */
static inline size_t b64_room(size_t n)
{
	return (n + 2) / 3 * 4;
}

/* Encodes n bytes into `to` (b64_room(n) characters, no NUL); returns the number written. */
size_t b64_encode(const uint8_t *from, size_t n, char *to);

/* Decodes n characters into `to` (n bytes suffice); the length, or -1 when it is not base64. */
long b64_decode(const char *from, size_t n, uint8_t *to);

#endif
