/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_hello: every input as the beginning of a client's stream. Input and store end at guard
 * pages; whatever was decided about a beginning stands for all that goes on from it; a hello is
 * the same in records of any size; its strings are of the bytes given; questions about it end.
 */
#include "base/must.h"
#include "base/out.h"
#include "tests/lib/guard.h"
#include "tls/hello.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { CUTS = 24, RECUT_MAX = 6 * HELLO_MAX };

static bool is_inside(struct str s, struct str of)
{
	return s.n == 0 || (s.p >= of.p && s.p + s.n <= of.p + of.n);
}

static void check_strings(const struct hello *h, struct str bytes, struct str store)
{
	const struct str all[] = {h->name, h->alpn, h->ciphers, h->sigalgs};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		must(is_inside(all[i], bytes) || is_inside(all[i], store));
		n += all[i].n;
	}
	must(n < HELLO_MAX && h->name.n <= HELLO_NAME_MAX && str_find(h->name, 0) == h->name.n);
	must(h->ciphers.n % 2 == 0 && h->sigalgs.n % 2 == 0);
}

static enum hello_ev read_guarded(struct str bytes, struct hello *h)
{
	static struct guard input, room;
	struct str s = guard_copy(&input, bytes);
	uint8_t *store = guard_room(&room, HELLO_MAX);
	enum hello_ev ev;

	memset(store, 0xa5, HELLO_MAX);
	memset(h, 0x5a, sizeof(*h));
	ev = hello_read(s, store, h);
	check_strings(h, s, str_of(store, HELLO_MAX));
	must(ev != HELLO_WHOLE || h->ciphers.n);
	must(ev == HELLO_WHOLE || (!h->ciphers.n && !h->name.n && !h->alpn.n && !h->sigalgs.n));
	must(ev == HELLO_BAD || (!h->sslv2 && !h->plain));
	return ev;
}

static bool is_same(const struct hello *a, const struct hello *b)
{
	return str_eq(a->name, b->name) && str_eq(a->alpn, b->alpn) &&
	       str_eq(a->ciphers, b->ciphers) && str_eq(a->sigalgs, b->sigalgs) &&
	       a->tls13 == b->tls13 && a->sslv2 == b->sslv2 && a->plain == b->plain;
}

static void ask(const struct hello *h)
{
	static const struct str protocol = STR_INIT("imap");
	struct hello none = *h;

	(void)hello_takes_rsa(h);
	must(!hello_takes_ed25519(h) || h->sigalgs.n);
	none.sigalgs = str_none();
	must(!h->tls13 || (!hello_takes_rsa(&none) && !hello_takes_ecdsa(&none)));
	if (h->alpn.n == 0)
		must(hello_speaks(h, protocol));
	else
		(void)hello_speaks(h, protocol);
	if (h->name.n && h->name.p[h->name.n - 1] != '.')
		must(hello_name_matches(h->name, h->name));
}

/* The bytes of the records, as far as they go, in records of `size`. */
static struct str recut(struct str bytes, size_t size)
{
	static uint8_t message[HELLO_MAX], room[RECUT_MAX];
	struct str rest = str_first(bytes, HELLO_MAX);
	struct out m, o;

	out_init(&m, message, sizeof(message));
	out_init(&o, room, sizeof(room));
	while (rest.n > 5) {
		size_t n = (size_t)(rest.p[3] << 8 | rest.p[4]);

		out_str(&m, str_first(str_from(rest, 5), n));
		rest = str_from(rest, 5 + n);
	}
	for (rest = out_data(&m); rest.n; rest = str_from(rest, size)) {
		struct str part = str_first(rest, size);

		out_str(&o, str_of("\x16\x03\x03", 3));
		out_byte(&o, (uint8_t)(part.n >> 8));
		out_byte(&o, (uint8_t)part.n);
		out_str(&o, part);
	}
	must(!out_overflow(&m) && !out_overflow(&o));
	return out_data(&o);
}

/* A hello that stays within the limit is the same in other records. */
static void check_recut(struct str bytes, const struct hello *h, size_t size)
{
	struct hello other;
	struct str cut = recut(bytes, size);

	if (cut.n > HELLO_MAX)
		return;
	must(read_guarded(cut, &other) == HELLO_WHOLE && is_same(&other, h));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t kept[HELLO_MAX];
	struct str bytes = str_of(data, n);
	struct hello h, part;
	enum hello_ev ev, before = HELLO_MORE;
	size_t step = n / CUTS + 1;

	ev = hello_read(bytes, kept, &h);
	for (size_t i = 0; i <= n; i += i < CUTS ? 1 : step) {
		enum hello_ev now = read_guarded(str_first(bytes, i), &part);

		must(before == HELLO_MORE || now == before);
		must(now == HELLO_MORE || (now == ev && is_same(&part, &h)));
		before = now;
	}
	must(read_guarded(bytes, &part) == ev && is_same(&part, &h));
	if (ev != HELLO_WHOLE)
		return 0;
	ask(&h);
	for (size_t size = 1; size < n; size = size * 3 + 1)
		check_recut(bytes, &h, size);
	return 0;
}
