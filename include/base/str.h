/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * str: a borrowed run of bytes, passed by value.
 *
 * Peer bytes are never NUL-terminated strings: they are `struct str`, pointer and length. A str
 * owns nothing; whoever hands one out says how long its bytes live. A str of length 0 may have a
 * null pointer. Comparisons that ignore case are ASCII only, as mail protocols are.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NODISCARD __attribute__((warn_unused_result))

struct str {
	const uint8_t *p;
	size_t n;
};

/* A string literal as a str: the length is counted by the compiler. */
#define STR(lit) ((struct str){(const uint8_t *)("" lit), sizeof(lit) - 1})
/* The same for initialisers of static data. */
/* clang-format off */
#define STR_INIT(lit) {(const uint8_t *)("" lit), sizeof(lit) - 1}
/* clang-format on */

static inline struct str str_of(const void *p, size_t n)
{
	return (struct str){(const uint8_t *)p, n};
}

static inline struct str str_none(void)
{
	return (struct str){NULL, 0};
}

/* The bytes from `from` on; past the end gives the empty str. */
static inline struct str str_from(struct str s, size_t from)
{
	return from >= s.n ? str_none() : (struct str){s.p + from, s.n - from};
}

/* At most the first `n` bytes. */
static inline struct str str_first(struct str s, size_t n)
{
	return (struct str){s.p, n < s.n ? n : s.n};
}

/* A NUL-terminated string of our own (configuration, literals); never for peer bytes. */
struct str str_cstr(const char *z);

bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix);

/* Index of the first `c`, or s.n when there is none. */
size_t str_find(struct str s, uint8_t c);

/* Without leading and trailing SP (0x20) bytes. */
struct str str_trim_sp(struct str s);

/* Decimal digits only, the whole of s, at most `max`. 0, or -1 if it is anything else. */
NODISCARD int str_u64(struct str s, uint64_t max, uint64_t *value);

/* True if s has a byte below 0x20 or 0x7F (a control character; 8-bit bytes are not). */
bool str_has_ctl(struct str s);

#endif
