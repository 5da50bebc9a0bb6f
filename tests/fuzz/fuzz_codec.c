/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_codec: every input through base64, xtext, percent and log escaping. What was encoded means
 * the same to an independent decoder; writers stop where their room ends; decoders of arbitrary
 * bytes agree with the plain one and keep to the room their contract names.
 */
#include "base/codec.h"
#include "base/must.h"
#include "tests/lib/guard.h"
#include "tests/lib/reference.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

typedef void encoder(struct out *o, struct str s);

enum { GROWTH_MAX = 4 }; /* of one byte: \xHH */

static struct guard source, room, shorter, decoded;

/* Encode at the end of mapped memory: first to learn the length, then into exactly that, then
 * into less, where what is written is a beginning and nothing more. */
static struct str encode(encoder *e, struct str s)
{
	uint8_t *enough = malloc(s.n * GROWTH_MAX + 4);
	struct out o, less;
	size_t n;

	must(enough != NULL);
	out_init(&o, enough, s.n * GROWTH_MAX + 4);
	e(&o, s);
	must(!out_overflow(&o));
	n = o.n;
	out_init(&o, guard_room(&room, n), n);
	e(&o, s);
	must(!out_overflow(&o) && o.n == n && memcmp(o.base, enough, n) == 0);
	if (n) {
		size_t size = n - 1 - (s.n ? s.p[0] % n : 0);

		out_init(&less, guard_room(&shorter, size), size);
		e(&less, s);
		must(out_overflow(&less) && memcmp(less.base, enough, less.n) == 0);
	}
	free(enough);
	return out_data(&o);
}

static void check_base64(struct str s)
{
	struct str text = encode(codec_base64, s);
	uint8_t *to = guard_room(&decoded, text.n);
	size_t n = 0, digits = str_find(text, '=');

	must(text.n == (s.n + 2) / 3 * 4 && text.n - digits == (3 - s.n % 3) % 3);
	must(reference_base64(text, to, &n) == 0 && str_eq(str_of(to, n), s));
	to = guard_room(&decoded, codec_base64_room(text.n));
	must(codec_base64_decode(text, to, &n) == 0 && str_eq(str_of(to, n), s));
}

/* Bytes that may stand for themselves, and the rest escaped; nothing is lost. */
static void check_escape(encoder *e, struct str mark, struct str s)
{
	struct str text = encode(e, s);
	uint8_t *to = guard_room(&decoded, text.n);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		must(c >= 0x20 && (c != ' ' || e == out_escaped));
		must(e == codec_percent || c < 0x7f);
		must(e != codec_xtext || c != '=');
		must(e != out_escaped || c != '"');
	}
	must(reference_unescape(text, mark, to, &n) == 0 && str_eq(str_of(to, n), s));
}

static void check_decode(struct str s)
{
	uint8_t *to = guard_room(&decoded, codec_base64_room(s.n)), *plain = malloc(s.n + 1);
	size_t n = 0, plain_n = 0;
	int result = codec_base64_decode(s, to, &n);

	must(plain != NULL);
	must(result == reference_base64(s, plain, &plain_n));
	must(result < 0 || (n <= codec_base64_room(s.n) && n == plain_n));
	must(result < 0 || memcmp(to, plain, n) == 0);
	free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = guard_copy(&source, str_of(data, n));

	check_base64(s);
	check_escape(codec_xtext, STR("+"), s);
	check_escape(codec_percent, STR("%"), s);
	check_escape(out_escaped, STR("\\x"), s);
	check_decode(s);
	return 0;
}
