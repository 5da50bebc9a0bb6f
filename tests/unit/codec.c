/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of base/codec: base64 (vectors of RFC 4648 section 10), xtext, percent escapes.
 */
#include "base/codec.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static uint8_t memory[1024];

static struct out fresh(void)
{
	struct out o;

	out_init(&o, memory, sizeof(memory));
	return o;
}

struct pair {
	const char *plain, *coded;
};

static const struct pair vectors[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
	{"Username:", "VXNlcm5hbWU6"},
	{"Password:", "UGFzc3dvcmQ6"},
	{"\xff\xfb\xf0", "//vw"},
	{"\xfb\xef\xbe", "++++"},
};

/* Decode `coded`; -1, or the length, with the bytes in *to. */
static int decode(struct str coded, uint8_t to[512])
{
	size_t n = 12345;

	if (codec_base64_decode(coded, to, &n) < 0)
		return -1;
	cr_assert_leq(n, codec_base64_room(coded.n));
	return (int)n;
}

static bool decodes_to(const char *coded, const char *plain)
{
	uint8_t to[512];
	int n = decode(str_cstr(coded), to);

	return n >= 0 && str_eq(str_of(to, (size_t)n), str_cstr(plain));
}

static bool refuses(struct str coded)
{
	uint8_t to[512];

	return decode(coded, to) < 0;
}

Test(codec, base64_vectors_both_ways)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		struct out o = fresh();

		codec_base64(&o, str_cstr(vectors[i].plain));
		cr_assert(str_eq(out_data(&o), str_cstr(vectors[i].coded)), "%s", vectors[i].coded);
		cr_assert(decodes_to(vectors[i].coded, vectors[i].plain), "%s", vectors[i].coded);
	}
}

Test(codec, base64_of_every_byte_and_length_comes_back)
{
	uint8_t plain[256], back[512];

	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 37 + 11);
	for (size_t n = 0; n <= sizeof(plain); n++) {
		struct out o = fresh();
		int got;

		codec_base64(&o, str_of(plain, n));
		cr_assert_eq(o.n, (n + 2) / 3 * 4);
		got = decode(out_data(&o), back);
		cr_assert_eq(got, (int)n);
		cr_assert_eq(memcmp(plain, back, n), 0);
	}
}

Test(codec, base64_padding_may_be_missing)
{
	cr_assert(decodes_to("Zg", "f"));
	cr_assert(decodes_to("Zm8", "fo"));
	cr_assert(decodes_to("Zm9vYg", "foob"));
	cr_assert(decodes_to("Zg=", "f"));
}

Test(codec, base64_ends_at_the_first_equals_sign)
{
	cr_assert(decodes_to("=", ""));
	cr_assert(decodes_to("====", ""));
	cr_assert(decodes_to("Zg===", "f"));
	cr_assert(decodes_to("Zg==Zm9v", "f"));
	cr_assert(decodes_to("Zm9v= not base64 at all", "foo"));
	cr_assert(refuses(STR("Z=g=")), "one digit alone is nothing");
}

Test(codec, base64_ignores_bits_beyond_the_last_byte)
{
	cr_assert(decodes_to("Zh==", "f"));
	cr_assert(decodes_to("Zm9=", "fo"));
}

Test(codec, base64_refuses_a_single_digit_at_the_end)
{
	cr_assert(refuses(STR("Z")));
	cr_assert(refuses(STR("Zm9vY")));
	cr_assert(refuses(STR("Z=")));
}

Test(codec, base64_refuses_every_byte_outside_the_alphabet)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

	for (unsigned c = 0; c < 256; c++) {
		bool good = memchr(digits, (int)c, sizeof(digits) - 1) != NULL;

		for (size_t at = 0; at < 4; at++) {
			uint8_t text[4] = {'A', 'A', 'A', 'A'};

			text[at] = (uint8_t)c;
			if (c != '=')
				cr_assert_eq(refuses(str_of(text, 4)), !good, "byte %u", c);
		}
	}
	cr_assert(refuses(STR("*")));
	cr_assert(refuses(STR("Zm9v\r\n")));
	cr_assert(refuses(STR("Zm 9v")));
	cr_assert(refuses(STR("Zm9v\0AAA")));
}

Test(codec, base64_room_is_enough_for_every_length)
{
	for (size_t n = 0; n < 64; n++)
		cr_assert_geq(codec_base64_room(n), n / 4 * 3 + (n % 4 > 1 ? n % 4 - 1 : 0));
}

Test(codec, base64_that_does_not_fit_overflows)
{
	struct out o;

	out_init(&o, memory, 7);
	codec_base64(&o, STR("foob"));
	cr_assert(out_overflow(&o));
	cr_assert(str_eq(out_data(&o), STR("Zm9v")));
}

Test(codec, xtext_escapes_what_rfc_3461_reserves)
{
	for (unsigned c = 0; c < 256; c++) {
		struct out o = fresh();
		uint8_t byte = (uint8_t)c;
		bool plain = c > 0x20 && c < 0x7f && c != '+' && c != '=';
		char want[4];

		snprintf(want, sizeof(want), plain ? "%c" : "+%02X", (int)c);
		codec_xtext(&o, str_of(&byte, 1));
		cr_assert_eq(o.n, plain ? 1 : 3);
		cr_assert(str_eq(out_data(&o), str_cstr(want)), "byte %u", c);
	}
}

Test(codec, percent_escapes_space_controls_and_itself)
{
	for (unsigned c = 0; c < 256; c++) {
		struct out o = fresh();
		uint8_t byte = (uint8_t)c;
		bool plain = c > 0x20 && c != '%';

		codec_percent(&o, str_of(&byte, 1));
		cr_assert_eq(o.n, plain ? 1 : 3);
		cr_assert_eq(o.base[0], plain ? c : '%');
	}
	{
		struct out o = fresh();

		codec_percent(&o, STR("a b%\r\n\0\xff"));
		cr_assert(str_eq(out_data(&o), STR("a%20b%25%0D%0A%00\xff")));
	}
}
