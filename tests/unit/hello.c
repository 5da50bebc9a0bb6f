/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of tls/hello: ClientHellos of real programs (hello_facts.h), whole, cut and mangled,
 * and hellos made here, which are wrong in one thing each.
 */
#include "hello_facts.h"
#include "base/out.h"
#include "tests/lib/guard.h"
#include "tls/ciphers.h"
#include "tls/hello.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct str real[] = {
	{hello_openssl10, sizeof(hello_openssl10)},
	{hello_openssl12, sizeof(hello_openssl12)},
	{hello_openssl12rsa, sizeof(hello_openssl12rsa)},
	{hello_openssl13, sizeof(hello_openssl13)},
	{hello_curl, sizeof(hello_curl)},
	{hello_python, sizeof(hello_python)},
	{hello_wolf, sizeof(hello_wolf)},
};

enum { N_REAL = sizeof(real) / sizeof(real[0]) };

/* Bytes and store end at guard pages; the strings of *h live until the next call. */
static enum hello_ev read_hello(struct str bytes, struct hello *h)
{
	static struct guard input, store;

	return hello_read(guard_copy(&input, bytes), guard_room(&store, HELLO_MAX), h);
}

static struct hello whole(struct str bytes)
{
	struct hello h;

	cr_assert_eq(read_hello(bytes, &h), HELLO_WHOLE);
	return h;
}

static void same(const struct hello *a, const struct hello *b)
{
	cr_assert(str_eq(a->name, b->name) && str_eq(a->alpn, b->alpn));
	cr_assert(str_eq(a->ciphers, b->ciphers) && str_eq(a->sigalgs, b->sigalgs));
	cr_assert(a->tls13 == b->tls13 && !a->sslv2 && !a->plain);
}

/* Of the bytes themselves, for comparison. */
static struct hello known(size_t i)
{
	static uint8_t store[HELLO_MAX];
	struct hello h;

	cr_assert_eq(hello_read(real[i], store, &h), HELLO_WHOLE);
	return h;
}

/* ---- real ones ---- */

static void is_real(size_t i, const char *name, const char *alpn, const char *can)
{
	struct hello h = whole(real[i]);

	cr_expect(str_eq(h.name, str_cstr(name)), "%zu", i);
	cr_expect(str_eq(h.alpn, str_cstr(alpn)), "%zu", i);
	cr_expect_eq(h.tls13, strchr(can, '3') != NULL, "%zu", i);
	cr_expect_eq(hello_takes_rsa(&h), strchr(can, 'r') != NULL, "%zu", i);
	cr_expect_eq(hello_takes_ecdsa(&h), strchr(can, 'e') != NULL, "%zu", i);
	cr_expect_eq(hello_takes_ed25519(&h), strchr(can, 'd') != NULL, "%zu", i);
	h.tls13 = false;
	cr_expect_eq(hello_takes_rsa(&h), strchr(can, 'R') != NULL, "%zu", i);
	cr_expect_eq(hello_takes_ecdsa(&h), strchr(can, 'E') != NULL, "%zu", i);
}

Test(hello, what_real_programs_say)
{
	is_real(0, "", "", "reRE");
	is_real(1, "mx.example.org", "", "redRE");
	is_real(2, "", "", "rR");
	is_real(3, "IMAP.Example.Org", "\4imap", "3redRE");
	is_real(4, "pop.example.org", "", "3redRE");
	is_real(5, "smtp.example.org", "", "3redRE");
	is_real(6, "wolf.example.org", "\4smtp", "3redRE");
}

Test(hello, every_beginning_wants_more)
{
	for (size_t i = 0; i < N_REAL; i++) {
		struct hello h;

		for (size_t n = 0; n < real[i].n; n++) {
			cr_assert_eq(read_hello(str_first(real[i], n), &h), HELLO_MORE);
			cr_assert(!h.name.n && !h.ciphers.n && !h.sigalgs.n && !h.alpn.n);
		}
	}
}

/* Whatever stands behind it. */
Test(hello, more_does_not_matter)
{
	static uint8_t bytes[2048];

	for (size_t i = 0; i < N_REAL; i++) {
		struct hello h, k = known(i);

		memset(bytes, i % 2 ? 0xff : 0, sizeof(bytes));
		memcpy(bytes, real[i].p, real[i].n);
		h = whole(str_of(bytes, sizeof(bytes)));
		same(&h, &k);
	}
}

/* The one message again, in records of `size` bytes. */
static struct str recut(struct str hello, size_t size)
{
	static uint8_t bytes[HELLO_MAX + 64];
	struct str rest = str_from(hello, 5);
	struct out o;

	out_init(&o, bytes, sizeof(bytes));
	while (rest.n) {
		struct str part = str_first(rest, size);

		out_str(&o, str_of("\x16\x03\x01", 3));
		out_byte(&o, (uint8_t)(part.n >> 8));
		out_byte(&o, (uint8_t)part.n);
		out_str(&o, part);
		rest = str_from(rest, size);
	}
	cr_assert(!out_overflow(&o));
	return out_data(&o);
}

Test(hello, records_of_any_size)
{
	for (size_t i = 0; i < N_REAL; i++) {
		struct hello k = known(i);

		for (size_t size = 1; size < real[i].n; size++) {
			struct str cut = recut(real[i], size);
			struct hello h = whole(cut);

			same(&h, &k);
			cr_assert_eq(read_hello(str_first(cut, cut.n - 1), &h), HELLO_MORE);
		}
	}
	for (size_t n = 0; n < recut(real[3], 3).n; n++) {
		struct hello h;

		cr_assert_eq(read_hello(str_first(recut(real[3], 3), n), &h), HELLO_MORE);
	}
}

static bool is_inside(struct str s, struct str of)
{
	return s.n == 0 || (s.p >= of.p && s.p + s.n <= of.p + of.n);
}

/* Every byte, changed in many ways: an answer, and strings of what was given. */
Test(hello, every_byte_mangled)
{
	static struct guard input, store;

	for (size_t i = 0; i < N_REAL; i++) {
		for (size_t at = 0; at < real[i].n; at++) {
			for (unsigned x = 1; x < 256; x = x * 2 + 1) {
				struct str s = guard_copy(&input, real[i]);
				uint8_t *room = guard_room(&store, HELLO_MAX);
				struct hello h;

				input.end[(ptrdiff_t)at - (ptrdiff_t)s.n] ^= (uint8_t)x;
				if (hello_read(s, room, &h) != HELLO_WHOLE)
					h = (struct hello){.tls13 = false};
				cr_assert(is_inside(h.name, s) && is_inside(h.alpn, s));
				cr_assert(is_inside(h.ciphers, s) && is_inside(h.sigalgs, s));
				(void)hello_takes_rsa(&h);
				(void)hello_speaks(&h, STR("smtp"));
			}
		}
	}
}

/* ---- made here ---- */

/* A hello with the given parts; its lengths are right. */
struct parts {
	struct str versions; /* of record and hello: four bytes */
	struct str ciphers, extensions;
	size_t session, compression; /* lengths */
};

static const struct parts usual = {
	.versions = STR_INIT("\3\1\3\3"),
	.ciphers = STR_INIT("\xc0\x2f\x00\x2f"),
	.compression = 1,
};

static void out_zeros(struct out *o, size_t n)
{
	while (n--)
		out_byte(o, 0);
}

static void out_u16(struct out *o, size_t v)
{
	out_byte(o, (uint8_t)(v >> 8));
	out_byte(o, (uint8_t)v);
}

static struct str make(const struct parts *p)
{
	static uint8_t bytes[2 * HELLO_MAX];
	size_t tail = p->extensions.n ? 2 + p->extensions.n : 0;
	size_t body = 2 + 32 + 1 + p->session + 2 + p->ciphers.n + 1 + p->compression + tail;
	struct out o;

	out_init(&o, bytes, sizeof(bytes));
	out_byte(&o, 22);
	out_str(&o, str_first(p->versions, 2));
	out_u16(&o, body + 4);
	out_u16(&o, 1 << 8);
	out_u16(&o, body);
	out_str(&o, str_from(p->versions, 2));
	out_zeros(&o, 32);
	out_byte(&o, (uint8_t)p->session);
	out_zeros(&o, p->session);
	out_u16(&o, p->ciphers.n);
	out_str(&o, p->ciphers);
	out_byte(&o, (uint8_t)p->compression);
	out_zeros(&o, p->compression);
	if (tail) {
		out_u16(&o, p->extensions.n);
		out_str(&o, p->extensions);
	}
	cr_assert(!out_overflow(&o));
	return out_data(&o);
}

static enum hello_ev read_parts(const struct parts *p)
{
	struct hello h;

	return read_hello(make(p), &h);
}

static enum hello_ev read_extensions(struct str extensions)
{
	struct parts p = usual;

	p.extensions = extensions;
	return read_parts(&p);
}

#define GOOD(lit) cr_expect_eq(read_extensions(STR(lit)), HELLO_WHOLE)
#define BAD(lit)  cr_expect_eq(read_extensions(STR(lit)), HELLO_BAD)

Test(hello, server_names)
{
	GOOD("\0\0\0\6\0\4\0\0\1a");
	GOOD("\0\0\0\12\0\10\7\0\1x\0\0\1a"); /* of another type in front of it */
	GOOD("\0\0\0\6\0\4\7\0\1x");
	BAD("\0\0\0\0");
	BAD("\0\0\0\2\0\0");
	BAD("\0\0\0\5\0\3\0\0\0");           /* empty */
	BAD("\0\0\0\6\0\4\0\0\1\0");         /* NUL */
	BAD("\0\0\0\6\0\4\0\0\2a");          /* longer than the list */
	BAD("\0\0\0\6\0\3\0\0\1a");          /* more than the list */
	BAD("\0\0\0\6\0\5\0\0\1a");          /* less */
	BAD("\0\0\0\12\0\10\0\0\1a\0\0\1a"); /* two */
	BAD("\0\0\0\7\0\5\0\0\1a\0");        /* a rest */
	BAD("\0\0\0\6\0\4\0\0\1a\0\0\0\6\0\4\0\0\1a");
}

Test(hello, long_server_names)
{
	uint8_t ext[9 + HELLO_NAME_MAX + 1] = {0};

	memset(ext, 'a', sizeof(ext));
	for (size_t n = HELLO_NAME_MAX; n <= HELLO_NAME_MAX + 1; n++) {
		struct out o;

		out_init(&o, ext, 9);
		out_u16(&o, 0);
		out_u16(&o, n + 5);
		out_u16(&o, n + 3);
		out_byte(&o, 0);
		out_u16(&o, n);
		cr_expect_eq(read_extensions(str_of(ext, 9 + n)),
			     n == HELLO_NAME_MAX ? HELLO_WHOLE : HELLO_BAD);
	}
}

Test(hello, other_extensions)
{
	GOOD("\0\x10\0\5\0\3\2h2");
	GOOD("\0\x10\0\7\0\5\2h2\1x");
	BAD("\0\x10\0\2\0\0");
	BAD("\0\x10\0\3\0\1\0");
	BAD("\0\x10\0\5\0\3\3h2");
	BAD("\0\x10\0\5\0\2\2h2");
	BAD("\0\x10\0\0");
	GOOD("\0\x0d\0\4\0\2\4\3");
	BAD("\0\x0d\0\2\0\0");
	GOOD("\0\x0a\0\4\0\2\0\x1d");
	BAD("\0\x0a\0\3\0\1\0");
	BAD("\0\x0d\0\5\0\3\4\3\4");
	BAD("\0\x0d\0\4\0\4\4\3");
	BAD("\0\x0d\0\5\0\2\4\3\0");
	GOOD("\0\x2b\0\3\2\3\4");
	BAD("\0\x2b\0\1\0");
	BAD("\0\x2b\0\2\1\3");
	BAD("\0\x2b\0\3\3\3\4");
	BAD("\0\x2b\0\4\2\3\4\0");
	GOOD("\xff\1\0\1\0\1\2\0\0"); /* unknown ones */
	BAD("\xff\1\0\2\0");          /* less than it says */
	BAD("\xff\1\0");
	BAD("\xff\1\0\1\0\xff");               /* a rest */
	BAD("\0\x17\0\0\0\x23\0\0\0\x17\0\0"); /* twice */
	BAD("\0\x2b\0\3\2\3\4\0\x2b\0\3\2\3\3");
}

/* Numbers that mean nothing are sent on purpose (RFC 8701). */
Test(hello, versions)
{
	struct parts p = usual;

	p.extensions = STR("\0\x2b\0\7\6\x7a\x7a\3\3\3\5");
	cr_expect(!whole(make(&p)).tls13);
	p.extensions = STR("\0\x2b\0\7\6\x7a\x7a\3\3\3\4");
	cr_expect(whole(make(&p)).tls13);
}

Test(hello, so_many_extensions)
{
	uint8_t ext[4 * (HELLO_EXTENSIONS_MAX + 1)] = {0};

	for (size_t i = 0; i <= HELLO_EXTENSIONS_MAX; i++)
		ext[4 * i] = (uint8_t)(i + 1);
	cr_assert_eq(read_extensions(str_of(ext, sizeof(ext) - 4)), HELLO_WHOLE);
	cr_assert_eq(read_extensions(str_of(ext, sizeof(ext))), HELLO_BAD);
}

Test(hello, the_fixed_part)
{
	struct parts p = usual;

	cr_expect_eq(read_parts(&p), HELLO_WHOLE);
	p.session = 32;
	cr_expect_eq(read_parts(&p), HELLO_WHOLE);
	p.session = 33;
	cr_expect_eq(read_parts(&p), HELLO_BAD);
	p = usual;
	p.compression = 0;
	cr_expect_eq(read_parts(&p), HELLO_BAD);
	p = usual;
	p.ciphers = STR("\xc0\x2f\x00");
	cr_expect_eq(read_parts(&p), HELLO_BAD);
	p.ciphers = str_none();
	cr_expect_eq(read_parts(&p), HELLO_BAD);
	p = usual;
	p.versions = STR("\3\1\2\0");
	cr_expect_eq(read_parts(&p), HELLO_BAD);
	p.versions = STR("\3\xff\3\0");
	cr_expect_eq(read_parts(&p), HELLO_WHOLE);
}

/* Each length in a hello, one more and one less. The record's is 2 bytes at 3: one more than there
 * is in it matters to nobody but wolfSSL. */
Test(hello, every_length)
{
	static const struct str extensions = STR_INIT("\0\0\0\6\0\4\0\0\1a"
						      "\0\x0d\0\4\0\2\4\3"
						      "\0\x10\0\5\0\3\2h2"
						      "\0\x2b\0\3\2\3\4"
						      "\0\x17\0\0");
	/* low bytes of them */
	static const size_t at[] = {8, 43, 45, 50, 53, 57, 59, 62, 67, 69, 75, 77, 78, 84, 85, 91};
	struct parts p = usual;
	struct hello h;

	p.extensions = extensions;
	cr_assert_eq(read_parts(&p), HELLO_WHOLE);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		for (int more = -1; more <= 1; more += 2) {
			uint8_t bytes[128];
			struct str s = make(&p);

			memcpy(bytes, s.p, s.n);
			bytes[at[i]] = (uint8_t)(bytes[at[i]] + more);
			cr_expect_neq(read_hello(str_of(bytes, s.n), &h), HELLO_WHOLE, "%zu %d",
				      at[i], more);
		}
	}
}

static enum hello_ev read_bytes(struct str bytes)
{
	struct hello h;

	return read_hello(bytes, &h);
}

/* Known from the first byte on that is wrong. */
Test(hello, records_that_are_none)
{
	cr_expect_eq(read_bytes(STR("\x16")), HELLO_MORE);
	cr_expect_eq(read_bytes(STR("\x15")), HELLO_BAD);
	cr_expect_eq(read_bytes(STR("\x16\2")), HELLO_BAD);
	cr_expect_eq(read_bytes(STR("\x16\3\1\x40")), HELLO_MORE);
	cr_expect_eq(read_bytes(STR("\x16\3\1\x40\0")), HELLO_MORE);
	cr_expect_eq(read_bytes(STR("\x16\3\1\x40\1")), HELLO_BAD);
	cr_expect_eq(read_bytes(STR("\x16\3\1\x41")), HELLO_BAD);
	cr_expect_eq(read_bytes(STR("\x16\3\1\0\0")), HELLO_BAD);
	cr_expect_eq(read_bytes(STR("\x16\3\1\0\4\1")), HELLO_MORE);
	cr_expect_eq(read_bytes(STR("\x16\3\1\0\4\2")), HELLO_BAD);
	cr_expect_eq(read_bytes(STR("\x16\3\1\0\1\1\x16\3\3\0\1\0")), HELLO_MORE);
	cr_expect_eq(read_bytes(STR("\x16\3\1\0\1\1\x17")), HELLO_BAD);
	cr_expect_eq(read_bytes(STR("\x16\3\1\0\1\1\x16\3\3\0\0")), HELLO_BAD);
	cr_expect_eq(read_bytes(STR("\x16\3\1\0\4\1\0\x3f\xf7")), HELLO_MORE);
	cr_expect_eq(read_bytes(STR("\x16\3\1\0\4\1\0\x3f\xf8")), HELLO_BAD);
	cr_expect_eq(read_bytes(STR("\x16\3\1\0\4\1\1\0\0")), HELLO_BAD);
	cr_expect_eq(read_bytes(STR("\x16\3\1\0\4\1\0\0\0")), HELLO_BAD);
}

static void is_alien(struct str bytes, bool sslv2, bool plain)
{
	struct hello h;

	for (size_t n = 1; n <= bytes.n; n++) {
		cr_expect_eq(read_hello(str_first(bytes, n), &h), HELLO_BAD);
		cr_expect(h.sslv2 == sslv2 && h.plain == plain);
	}
}

Test(hello, what_else_clients_begin_with)
{
	is_alien(STR("EHLO client.example\r\n"), false, true);
	is_alien(STR("\r\n"), false, true);
	is_alien(STR("GET / HTTP/1.0\r\n"), false, true);
	is_alien(STR("\x80\x2e\1\3\1\0\x15"), true, false);
	is_alien(STR("\0\0"), false, false);
	is_alien(STR("\x15\3\1\0\2\2\x28"), false, false);
}

/* As long as may be, in the fewest and in many records. */
Test(hello, the_longest)
{
	static uint8_t zeros[HELLO_MAX];
	struct parts p = usual;
	struct hello h;
	size_t fixed;

	p.extensions = STR("\xff\1\0\0");
	fixed = make(&p).n;
	zeros[0] = 0xff;
	for (size_t n = HELLO_MAX - fixed; n <= HELLO_MAX - fixed + 1; n++) {
		zeros[2] = (uint8_t)(n >> 8);
		zeros[3] = (uint8_t)n;
		p.extensions = str_of(zeros, 4 + n);
		cr_expect_eq(read_hello(make(&p), &h),
			     n + fixed == HELLO_MAX ? HELLO_WHOLE : HELLO_BAD);
	}
	p.extensions = str_of(zeros, 4 + HELLO_MAX - fixed);
	zeros[2] = (uint8_t)((HELLO_MAX - fixed) >> 8);
	zeros[3] = (uint8_t)(HELLO_MAX - fixed);
	cr_expect_eq(read_hello(recut(make(&p), 16000), &h), HELLO_BAD);
}

/* ---- what clients can do ---- */

/* "re1", "-": RSA, ECDSA, Ed25519. */
static const char *takes(struct str ciphers, struct str sigalgs, bool tls13)
{
	static char text[4];
	struct hello h = {.ciphers = ciphers, .sigalgs = sigalgs, .tls13 = tls13};

	text[0] = hello_takes_rsa(&h) ? 'r' : '-';
	text[1] = hello_takes_ecdsa(&h) ? 'e' : '-';
	text[2] = hello_takes_ed25519(&h) ? 'd' : '-';
	return text;
}

/* A suite that only one of both has counts for nothing, nor does a version. */
Test(hello, what_both_can_do)
{
	struct hello h = {.ciphers = STR("\xc0\x2f\xc0\x2b\0\x2f"), .tls13 = true};
	struct cipher_list own;

	hello_meet(&h, false, NULL);
	cr_expect(!h.tls13 && hello_takes_rsa(&h) && hello_takes_ecdsa(&h));
	cr_assert_eq(ciphers_read(STR("ECDHE-RSA-AES128-GCM-SHA256"), &own), 0);
	hello_meet(&h, true, &own);
	cr_expect(!h.tls13 && hello_takes_rsa(&h) && !hello_takes_ecdsa(&h));
	cr_assert_eq(ciphers_read(STR("aECDSA"), &own), 0);
	cr_expect(!hello_takes_rsa(&h) && hello_takes_ecdsa(&h));
	cr_assert_eq(ciphers_read(STR("CHACHA20"), &own), 0);
	cr_expect(!hello_takes_rsa(&h) && !hello_takes_ecdsa(&h));
}

#define ECDHE_RSA   "\xc0\x2f"
#define ECDHE_ECDSA "\xc0\x2b"
#define TLS13       "\x13\x01"

Test(hello, kinds_of_certificates)
{
	cr_expect_str_eq(takes(STR(ECDHE_RSA), str_none(), false), "r--");
	cr_expect_str_eq(takes(STR(ECDHE_ECDSA), str_none(), false), "-e-");
	cr_expect_str_eq(takes(STR("\0\x2f"), str_none(), false), "r--");
	cr_expect_str_eq(takes(STR("\0\5\xff\xff"), str_none(), false), "---");
	cr_expect_str_eq(takes(STR(ECDHE_RSA ECDHE_ECDSA), STR("\4\1\4\3\x08\7"), false), "red");
	cr_expect_str_eq(takes(STR(ECDHE_RSA), STR("\4\1\4\3\x08\7"), false), "r--");
	cr_expect_str_eq(takes(STR(ECDHE_ECDSA), STR("\4\1\4\3\x08\7"), false), "-ed");
	cr_expect_str_eq(takes(STR(ECDHE_RSA ECDHE_ECDSA), STR("\2\1"), false), "r--");
	cr_expect_str_eq(takes(STR(ECDHE_RSA ECDHE_ECDSA), STR("\2\3"), false), "-e-");
	cr_expect_str_eq(takes(STR(ECDHE_RSA ECDHE_ECDSA), STR("\1\1\1\3"), false), "---");
	cr_expect_str_eq(takes(STR(ECDHE_RSA ECDHE_ECDSA), STR("\x08\4"), false), "r--");
	cr_expect_str_eq(takes(STR(TLS13), STR("\4\1\4\3\x08\7"), true), "-ed");
	cr_expect_str_eq(takes(STR(TLS13), STR("\x08\4"), true), "r--");
	cr_expect_str_eq(takes(STR(TLS13), STR("\2\3\2\1\3\3"), true), "---");
	cr_expect_str_eq(takes(STR(TLS13), STR("\5\3"), true), "-e-");
	cr_expect_str_eq(takes(STR(TLS13), STR("\7\3\x09\3\x08\x09"), true), "---");
	cr_expect_str_eq(takes(STR(TLS13), str_none(), true), "---");
	cr_expect_str_eq(takes(STR(TLS13 ECDHE_RSA), STR("\4\1\4\3\x08\4"), false), "r--");
}

/* X25519 is no curve of certificates; TLS 1.3 names those by signature algorithms. */
Test(hello, curves_of_certificates)
{
	struct parts p = usual;
	struct hello h;

	p.ciphers = STR(ECDHE_ECDSA);
	p.extensions = STR("\0\x0a\0\4\0\2\0\x1d");
	h = whole(make(&p));
	cr_expect(!hello_takes_ecdsa(&h));
	p.extensions = STR("\0\x0a\0\6\0\4\0\x1d\0\x17");
	h = whole(make(&p));
	cr_expect(hello_takes_ecdsa(&h));
	h = (struct hello){.sigalgs = STR("\4\3"), .groups = STR("\0\x1d"), .tls13 = true};
	cr_expect(hello_takes_ecdsa(&h));
}

Test(hello, protocols)
{
	struct hello h = {.alpn = STR("\2h2\4imap")};

	cr_assert(hello_speaks(&h, STR("imap")) && hello_speaks(&h, STR("h2")));
	cr_assert(!hello_speaks(&h, STR("smtp")) && !hello_speaks(&h, STR("ima")));
	cr_assert(!hello_speaks(&h, STR("IMAP")) && !hello_speaks(&h, str_none()));
	h.alpn = str_none();
	cr_assert(hello_speaks(&h, STR("imap")));
}

/* ---- names ---- */

static bool matches(const char *pattern, const char *name)
{
	return hello_name_matches(str_cstr(pattern), str_cstr(name));
}

Test(hello, names)
{
	cr_expect(matches("mx.example.org", "mx.example.org"));
	cr_expect(matches("mx.Example.org", "MX.example.ORG."));
	cr_expect(!matches("mx.example.org", "mx.example.org.."));
	cr_expect(!matches("mx.example.org", "mx.example.or"));
	cr_expect(!matches("mx.example.org", "a.mx.example.org"));
	cr_expect(matches("*.example.org", "mx.EXAMPLE.org"));
	cr_expect(matches("*.example.org", "mx.example.org."));
	cr_expect(!matches("*.example.org", "example.org"));
	cr_expect(!matches("*.example.org", ".example.org"));
	cr_expect(!matches("*.example.org", "a.mx.example.org"));
	cr_expect(!matches("*.example.org", "mxexample.org"));
	cr_expect(matches(".example.org", "example.org"));
	cr_expect(matches(".example.org", "mx.example.org"));
	cr_expect(!matches(".example.org", "a.mx.example.org"));
	cr_expect(!matches(".example.org", "mxexample.org"));
	cr_expect(matches("localhost", "localhost"));
	cr_expect(!matches("", "") && !matches("", ".") && !matches(".", "."));
	cr_expect(!matches(".", "a") && !matches("*.", "a") && !matches("*", "a"));
	cr_expect(!matches("*.", "a.") && !matches("*.", "a.."));
	cr_expect(!matches("m*.example.org", "mx.example.org"));
}
