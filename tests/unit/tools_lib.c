/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of what the test peers prove mail with: digests, base64, the end of DATA, checks.
 */
#include "tools/lib/b64.h"
#include "tools/lib/check.h"
#include "tools/lib/dot.h"
#include "tools/lib/md5.h"
#include "tools/lib/sample.h"
#include "tools/lib/sha256.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char *md5_text(const char *text)
{
	static char hex[33];
	uint8_t digest[16];
	struct md5 m;

	md5_init(&m);
	for (size_t i = 0; i < strlen(text); i++)
		md5_add(&m, text + i, 1);
	md5_done(&m, digest);
	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return hex;
}

Test(tools_lib, md5_gives_the_digests_of_rfc_1321)
{
	cr_assert_str_eq(md5_text(""), "d41d8cd98f00b204e9800998ecf8427e");
	cr_assert_str_eq(md5_text("abc"), "900150983cd24fb0d6963f7d28e17f72");
	cr_assert_str_eq(md5_text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
			 "d174ab98d277d9f5a5611c2c9f419d9f");
	cr_assert_str_eq(md5_text("1234567890123456789012345678901234567890123456789012345678901234"
				  "5678901234567890"),
			 "57edf4a22be3c955ac49da2e2107b67a");
}

Test(tools_lib, hmac_gives_the_example_of_rfc_2195)
{
	static const char salt[] = "<1896.697170952@postoffice.reston.mci.net>";
	static const uint8_t want[16] = {0xb9, 0x13, 0xa6, 0x02, 0xc7, 0xed, 0xa7, 0xa4,
					 0x95, 0xb4, 0xe6, 0xe7, 0x33, 0x4d, 0x38, 0x90};
	uint8_t digest[16];

	md5_hmac((struct md5_bytes){"tanstaaftanstaaf", 16},
		 (struct md5_bytes){salt, sizeof(salt) - 1}, digest);
	cr_assert_arr_eq(digest, want, 16);
}

Test(tools_lib, sha256_gives_the_digests_of_fips_180)
{
	static const char *const text[] = {
		"abc", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", ""};
	static const char *const want[] = {
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};

	for (int i = 0; i < 3; i++) {
		uint8_t digest[32];
		struct sha256 s;
		char hex[65];

		sha256_init(&s);
		for (size_t j = 0; j < strlen(text[i]); j += 5)
			sha256_add(&s, text[i] + j, strnlen(text[i] + j, 5));
		sha256_done(&s, digest);
		sha256_hex(digest, hex);
		cr_assert_str_eq(hex, want[i]);
	}
}

Test(tools_lib, base64_goes_both_ways_and_refuses_the_rest)
{
	static const char *const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
	static const char *const coded[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
					    "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};

	for (int i = 0; i < 7; i++) {
		char to[16] = "";
		uint8_t back[16];
		size_t n = b64_encode((const uint8_t *)plain[i], strlen(plain[i]), to);

		cr_assert_eq(n, b64_room(strlen(plain[i])));
		cr_assert_str_eq(to, coded[i]);
		cr_assert_eq(b64_decode(coded[i], n, back), (long)strlen(plain[i]));
		cr_assert_arr_eq(back, plain[i], strlen(plain[i]));
	}
	cr_assert_eq(b64_decode("Zg=", 3, (uint8_t[4]){0}), -1);
	cr_assert_eq(b64_decode("Z===", 4, (uint8_t[4]){0}), -1);
	cr_assert_eq(b64_decode("Zm9v*m9v", 8, (uint8_t[8]){0}), -1);
}

struct got {
	uint8_t p[256];
	size_t n;
};

static void collect(void *owner, const uint8_t *p, size_t n)
{
	struct got *g = owner;

	memcpy(g->p + g->n, p, n);
	g->n += n;
}

/* Feeds `wire` in runs of at most `step`; the message, and how much of the wire it took. */
static size_t undot(const char *wire, size_t step, struct got *g)
{
	struct dot d = {.on_bytes = collect, .owner = g};
	size_t at = 0, n = strlen(wire);

	g->n = 0;
	dot_start(&d);
	while (at < n && d.at != DOT_END)
		at += dot_feed(&d, (const uint8_t *)wire + at, n - at < step ? n - at : step);
	cr_assert_eq(d.at, DOT_END, "no end in %s", wire);
	return at;
}

Test(tools_lib, data_ends_at_crlf_dot_crlf_and_nowhere_else)
{
	static const struct {
		const char *wire, *message;
	} cases[] = {
		{".\r\n", ""},
		{"a\r\n.\r\n", "a\r\n"},
		{"..\r\n.\r\n", ".\r\n"},
		{"a\r\n..b\r\n...\r\n.\r\n", "a\r\n.b\r\n..\r\n"},
		{"a\n.\nb\r.\rc\r\n.\r\n", "a\n.\nb\r.\rc\r\n"},
		{"a\r\n.\rb\r\n.\n\r\n.\r\n", "a\r\n\rb\r\n\n\r\n"},
		{"a.b.c\r\n.d\r\r\n.\r\n", "a.b.c\r\nd\r\r\n"},
		{"\r\n.\r\r\n.\r\n", "\r\n\r\r\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t step = 1; step < 20; step++) {
			char wire[128];
			struct got g;

			snprintf(wire, sizeof(wire), "%sQUIT\r\n.\r\n", cases[i].wire);
			cr_assert_eq(undot(wire, step, &g), strlen(cases[i].wire), "case %zu", i);
			cr_assert_eq(g.n, strlen(cases[i].message), "case %zu step %zu", i, step);
			cr_assert_arr_eq(g.p, cases[i].message, g.n);
		}
	}
}

static enum check_verdict check_text(enum check_kind kind, const char *text, uint64_t *number)
{
	static struct check c;

	memcpy(c.from, "<a@b>", 6);
	memcpy(c.to, "<c@d>", 6);
	check_start(&c, kind);
	for (size_t i = 0; i < strlen(text); i += 7)
		check_add(&c, (const uint8_t *)text + i, strnlen(text + i, 7));
	return check_done(&c, number);
}

Test(tools_lib, checks_tell_intact_damaged_and_without)
{
#define MARK                                                                                       \
	"Subject: x\r\nX-Ringpost-Number: 17\r\nx-ringpost-sha256: "                               \
	"edeaaff3f1774ad2888673770c6d64097e391bc362d7d6fb34982ddf0efd18cb\r\n\r\n"
	uint64_t number;

	cr_assert_eq(check_text(CHECK_SHA256, MARK "abc\n", &number), CHECK_INTACT);
	cr_assert_eq(number, 17);
	cr_assert_eq(check_text(CHECK_SHA256, MARK "abd\n", &number), CHECK_DAMAGED);
	cr_assert_eq(check_text(CHECK_SHA256, "Subject: x\r\n\r\nabc", &number), CHECK_WITHOUT);
#undef MARK
#define SOURCE                                                                                     \
	"X"                                                                                        \
	"X"                                                                                        \
	"X"
#define HEAD "From: <a@b>\r\nTo: <c@d>\r\nDate: now\r\nMessage-Id: <1.2@h>\r\n\r\n"
	check_source_size(3);
	cr_assert_eq(check_text(CHECK_SOURCE, HEAD SOURCE "\r\n", &number), CHECK_INTACT);
	cr_assert_eq(check_text(CHECK_SOURCE,
				HEAD "XX"
				     "Y\r\n",
				&number),
		     CHECK_DAMAGED);
	cr_assert_eq(check_text(CHECK_SOURCE, HEAD SOURCE "\r\n\r\n", &number), CHECK_DAMAGED);
	cr_assert_eq(check_text(CHECK_SOURCE, HEAD SOURCE "\r", &number), CHECK_DAMAGED);
	cr_assert_eq(check_text(CHECK_SOURCE, "From: <a@b>\r\n\r\n" SOURCE "\r\n", &number),
		     CHECK_DAMAGED);
#undef HEAD
#undef SOURCE
}

static void prove(void *owner, const uint8_t *p, size_t n)
{
	check_add(owner, p, n);
}

Test(tools_lib, samples_are_intact_after_the_way_over_the_wire)
{
	static const struct sample_kind kind = {7, 1024, 60000, "a@b", "c@d"};
	static struct check c;

	for (uint64_t number = 1; number <= 40; number++) {
		struct dot d = {.on_bytes = prove, .owner = &c};
		struct wbuf wire = {0};
		uint64_t told;
		size_t at = 0;

		sample_write(&kind, number, &wire);
		dot_start(&d);
		check_start(&c, CHECK_SHA256);
		while (at < wire.n && d.at != DOT_END)
			at += dot_feed(&d, wire.p + at, wire.n - at < 977 ? wire.n - at : 977);
		cr_assert_eq(at, wire.n);
		cr_assert_eq(check_done(&c, &told), CHECK_INTACT);
		cr_assert_eq(told, number);
		wbuf_free(&wire);
	}
}
