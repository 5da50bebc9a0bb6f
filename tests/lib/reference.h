/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reference: the encodings of mail once more, written to be read and not to be fast, for tests to
 * compare with (RFC 4648, RFC 3461 section 4). They share no code with what they check.
 */
#ifndef TESTS_LIB_REFERENCE_H
#define TESTS_LIB_REFERENCE_H

#include "base/str.h"

/*
 * Decoded bytes into `to` (s.n bytes are enough); -1 if no encoder could have said that. What
 * stands behind the first '=', and bits beyond the last byte, do not count.
 */
NODISCARD int reference_base64(struct str s, uint8_t *to, size_t *n);

/*
 * Undo an escaping: `mark` and two upper case hexadecimal digits stand for a byte. Into `to` (s.n
 * bytes are enough); -1 if a mark is not followed by them.
 */
NODISCARD int reference_unescape(struct str s, struct str mark, uint8_t *to, size_t *n);

#endif
