/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_sasl: every input as the response of each mechanism. The first byte chooses how much room
 * the store has. Laws: results depend on nothing but the response; strings lie in the store and
 * are what a plain decoder reads; a failure leaves the login alone and no decoded byte behind;
 * nothing is read or written past either end.
 */
#include "base/must.h"
#include "proto/sasl.h"
#include "tests/lib/guard.h"
#include "tests/lib/reference.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

typedef enum sasl_result decoder(struct arena *store, struct str response, struct login *l);

enum { BEFORE = 3 }; /* bytes that the store holds already */

static const struct mechanism {
	decoder *decode;
	enum sasl_mechanism name;
} mechanisms[] = {
	{sasl_xoauth2, SASL_XOAUTH2},   {sasl_oauthbearer, SASL_OAUTHBEARER},
	{sasl_plain, SASL_PLAIN},       {sasl_login_user, SASL_LOGIN},
	{sasl_login_pass, SASL_LOGIN},  {sasl_cram_md5, SASL_CRAM_MD5},
	{sasl_external, SASL_EXTERNAL},
};

/* The response once more, in plain; NULL if it is no base64. */
struct reference {
	uint8_t *bytes;
	struct str text;
};

static struct reference read_plain(struct str response)
{
	struct reference r = {.bytes = malloc(response.n + 1)};
	size_t n = 0;

	must(r.bytes != NULL);
	if (reference_base64(response, r.bytes, &n) == 0)
		r.text = str_of(r.bytes, n);
	return r;
}

static bool within(const struct arena *a, struct str s)
{
	return s.n == 0 || (s.p >= a->base + BEFORE && s.p + s.n <= a->base + a->n);
}

/* A string of the login was in the response: from `from` on in its plain text. */
static bool is_part(struct str plain, size_t from, struct str s)
{
	return from + s.n <= plain.n && str_eq(str_first(str_from(plain, from), s.n), s);
}

/* The name is at its place but for escapes, the token is one of the pairs. */
static void check_bearer(decoder *decode, struct str plain, const struct login *l)
{
	struct str pairs = str_from(plain, str_find(plain, 1));

	must(l->pass.n && str_find(l->pass, 1) == l->pass.n);
	must(memmem(pairs.p, pairs.n, l->pass.p, l->pass.n) != NULL);
	must(plain.p[plain.n - 1] == 1 && plain.p[plain.n - 2] == 1);
	if (decode == sasl_xoauth2) {
		must(is_part(plain, 5, l->user) && plain.p[5 + l->user.n] == 1);
		must(l->method == AUTH_XOAUTH2);
	} else {
		must(l->user.n <= str_find(plain, 1) && l->method == AUTH_OAUTHBEARER);
		must(str_find(l->user, 1) == l->user.n);
	}
}

static void check_login(decoder *decode, struct str plain, const struct login *l)
{
	size_t identity = str_find(plain, 0);

	if (decode == sasl_plain) {
		must(is_part(plain, identity + 1, l->user) && str_find(l->user, 0) == l->user.n);
		must(is_part(plain, identity + l->user.n + 2, l->pass));
		must(identity + l->user.n + l->pass.n + 2 == plain.n && l->method == AUTH_PLAIN);
	} else if (decode == sasl_cram_md5) {
		must(is_part(plain, 0, l->user) && is_part(plain, l->user.n + 1, l->pass));
		must(l->pass.n == 32 && l->user.n + 33 == plain.n && l->method == AUTH_CRAM_MD5);
	} else if (decode == sasl_xoauth2 || decode == sasl_oauthbearer) {
		check_bearer(decode, plain, l);
	} else if (decode == sasl_login_pass) {
		must(str_eq(l->pass, plain) && l->method == AUTH_PLAIN);
	} else {
		must(str_eq(l->user, plain));
		must(decode != sasl_external || (!l->pass.n && l->method == AUTH_EXTERNAL));
	}
}

/* One decoding into `room` bytes that held `fill` before. */
static enum sasl_result try_one(decoder *decode, struct str response, struct str plain,
				struct arena *store)
{
	struct login l = {.method = AUTH_NONE, .user = STR("before"), .pass = STR("before")};
	struct login before = l;
	enum sasl_result r = decode(store, response, &l);

	must(store->n >= BEFORE && memcmp(store->base, "abc", BEFORE) == 0);
	if (r == SASL_OK) {
		must(plain.p && within(store, l.user) == (decode != sasl_login_pass));
		must(decode == sasl_login_user || within(store, l.pass));
		check_login(decode, plain, &l);
		return r;
	}
	must(memcmp(&l, &before, sizeof(l)) == 0 && store->n == BEFORE);
	must(r != SASL_BAD_BASE64 || !plain.p);
	return r;
}

/* Behind what the store keeps, nothing is left of what was decoded. */
static void no_trace(const struct arena *store, uint8_t fill)
{
	for (size_t i = store->n; i < store->size; i++)
		must(store->base[i] == fill || store->base[i] == 0);
}

static void check(const struct mechanism *m, struct str response, size_t room)
{
	static struct guard memory;
	struct reference ref = read_plain(response);
	enum sasl_result first = SASL_OK;

	for (int run = 0; run < 2; run++) {
		uint8_t fill = run ? 0x5a : 0xa5;
		struct arena store;
		struct str had;
		enum sasl_result r;

		arena_init(&store, guard_room(&memory, room + BEFORE), room + BEFORE);
		memset(store.base, fill, store.size);
		must(arena_copy(&store, STR("abc"), &had) == 0);
		r = try_one(m->decode, response, ref.text, &store);
		no_trace(&store, fill);
		must(run == 0 || r == first);
		must(sasl_note(m->name, r).n == 0 || r != SASL_OK);
		must(r != SASL_TOO_LONG || room < response.n / 4 * 3 + 3);
		first = r;
	}
	free(ref.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct guard source;
	struct str response;
	size_t room;

	if (!n)
		return 0;
	response = guard_copy(&source, str_of(data + 1, n - 1));
	room = data[0] < 128 ? data[0] : n + data[0];
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		check(&mechanisms[i], response, room);
	return 0;
}
