/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * codec: the small encodings of mail: base64 (RFC 4648), xtext (RFC 3461 section 4), the percent
 * escaping of auth_http values. Writers go through `struct out`; decoding accepts what NGINX does.
 */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include "base/out.h"
#include "base/str.h"

/* Bytes that decoding n characters of base64 can give at most. */
static inline size_t codec_base64_room(size_t n)
{
	return n / 4 * 3 + 3;
}

void codec_base64(struct out *o, struct str s);

/*
 * Decode s into `to`, which has codec_base64_room(s.n) bytes; *n is the decoded length.
 * As NGINX decodes: the first '=' ends the input whatever follows it, padding may be missing, bits
 * beyond the last byte are ignored. -1 for any other byte outside the alphabet, line breaks
 * included, and for a number of digits that no encoding has; `to` may be scribbled on then.
 */
NODISCARD int codec_base64_decode(struct str s, uint8_t *to, size_t *n);

/* +XX (upper case) for bytes up to 0x20, '+', '=', 0x7f and above. */
void codec_xtext(struct out *o, struct str s);

/* %XX (upper case) for bytes up to 0x20 and '%': how NGINX writes Auth-User and Auth-Pass. */
void codec_percent(struct out *o, struct str s);

#endif
