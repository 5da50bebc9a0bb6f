/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sasl: decoding of AUTH responses into the store of a login. Owns nothing, keeps nothing, never
 * looks further than the text it is given. RFC 4616, 2195, 4422, 7628.
 */
#include "proto/sasl.h"

#include "base/codec.h"

enum { CRAM_MD5_DIGEST_BYTES = 32 };

/*
 * Like NGINX, only what stands before the first '=' counts: clients that pad wrongly keep
 * working. *plain then lives in the store.
 */
static enum sasl_result decode(struct arena *store, struct str response, struct str *plain)
{
	struct str digits = str_first(response, str_find(response, '='));
	size_t mark = arena_mark(store), n = 0;
	uint8_t *to = arena_take(store, codec_base64_room(digits.n));

	if (!to)
		return SASL_TOO_LONG;
	if (codec_base64_decode(digits, to, &n) < 0) {
		arena_reset_to(store, mark);
		return SASL_BAD_BASE64;
	}
	arena_reset_to(store, mark + n);
	*plain = str_of(to, n);
	return SASL_OK;
}

static enum sasl_result give_up(struct arena *store, size_t mark, enum sasl_result r)
{
	arena_reset_to(store, mark);
	return r;
}

enum sasl_result sasl_plain(struct arena *store, struct str response, struct login *l)
{
	size_t mark = arena_mark(store), identity, user;
	struct str plain, rest;
	enum sasl_result r = decode(store, response, &plain);

	if (r != SASL_OK)
		return r;
	identity = str_find(plain, 0);
	if (identity + 1 >= plain.n)
		return give_up(store, mark, SASL_BAD_USER);
	rest = str_from(plain, identity + 1);
	user = str_find(rest, 0);
	if (user == rest.n)
		return give_up(store, mark, SASL_BAD_PASS);
	l->method = AUTH_PLAIN;
	l->user = str_first(rest, user);
	/* An empty password is a password. */
	l->pass = str_of(rest.p + user + 1, rest.n - user - 1);
	return SASL_OK;
}

enum sasl_result sasl_login_user(struct arena *store, struct str response, struct login *l)
{
	return decode(store, response, &l->user);
}

enum sasl_result sasl_login_pass(struct arena *store, struct str response, struct login *l)
{
	enum sasl_result r = decode(store, response, &l->pass);

	if (r == SASL_OK)
		l->method = AUTH_PLAIN;
	return r;
}

enum sasl_result sasl_cram_md5(struct arena *store, struct str response, struct login *l)
{
	size_t mark = arena_mark(store), user;
	struct str plain, digest;
	enum sasl_result r = decode(store, response, &plain);

	if (r != SASL_OK)
		return r;
	user = str_find(plain, ' ');
	digest = str_from(plain, user + 1);
	if (digest.n != CRAM_MD5_DIGEST_BYTES)
		return give_up(store, mark, SASL_BAD_DIGEST);
	l->method = AUTH_CRAM_MD5;
	l->user = str_first(plain, user);
	l->pass = digest;
	return SASL_OK;
}

enum sasl_result sasl_external(struct arena *store, struct str response, struct login *l)
{
	enum sasl_result r = decode(store, response, &l->user);

	if (r != SASL_OK)
		return r;
	l->method = AUTH_EXTERNAL;
	l->pass = str_none();
	return SASL_OK;
}

enum { CTRL_A = 1 };

/* The bearer token of one "key=value" up to ^A. False: it is another pair, or malformed. */
static bool take_token(struct str pair, struct login *l)
{
	struct str head = STR("auth=Bearer ");

	if (!str_starts_nocase(pair, head) || pair.n == head.n)
		return false;
	l->pass = str_from(pair, head.n);
	return true;
}

/* Pairs, each ended by ^A, and one more ^A: finds the token among them. */
static enum sasl_result take_pairs(struct str rest, struct login *l)
{
	bool found = false;

	while (rest.n && rest.p[0] != CTRL_A) {
		size_t end = str_find(rest, CTRL_A);

		if (end == rest.n)
			return SASL_BAD_TOKEN;
		found |= take_token(str_first(rest, end), l);
		rest = str_from(rest, end + 1);
	}
	return found && rest.n == 1 ? SASL_OK : SASL_BAD_TOKEN;
}

/* What a decoded message says; the login is changed only when all of it is right. */
static enum sasl_result take_bearer(struct str user, struct str pairs, struct login *l)
{
	struct login new = *l;
	enum sasl_result r = take_pairs(pairs, &new);

	if (r != SASL_OK)
		return r;
	l->user = user;
	l->pass = new.pass;
	return SASL_OK;
}

enum sasl_result sasl_xoauth2(struct arena *store, struct str response, struct login *l)
{
	struct str plain, head = STR("user=");
	size_t mark = arena_mark(store), end;
	enum sasl_result r = decode(store, response, &plain);

	if (r != SASL_OK)
		return r;
	end = str_find(plain, CTRL_A);
	if (!str_starts_nocase(plain, head) || end == plain.n)
		return give_up(store, mark, SASL_BAD_USER);
	r = take_bearer(str_from(str_first(plain, end), head.n), str_from(plain, end + 1), l);
	if (r != SASL_OK)
		return give_up(store, mark, r);
	l->method = AUTH_XOAUTH2;
	return SASL_OK;
}

/* "=2C" and "=3D" undone where they stand. -1: another escape, or none whole. */
static int unescape(struct arena *store, size_t at, struct str *name)
{
	uint8_t *to = store->base + at;
	size_t n = 0;

	for (size_t i = 0; i < name->n; i++) {
		struct str rest = str_from(*name, i);

		if (rest.p[0] != '=') {
			to[n++] = rest.p[0];
			continue;
		}
		if (!str_starts_nocase(rest, STR("=2C")) && !str_starts_nocase(rest, STR("=3D")))
			return -1;
		to[n++] = rest.p[1] == '2' ? ',' : '=';
		i += 2;
	}
	*name = str_of(to, n);
	return 0;
}

/* RFC 7628 section 3.1: "n," or "y," (we know no channel binding), then "a=U" or nothing. */
static int take_gs2(struct arena *store, size_t mark, struct str header, struct str *user)
{
	struct str flag = str_first(header, 2);

	if (!str_eq(flag, STR("n,")) && !str_eq(flag, STR("y,")))
		return -1;
	header = str_from(header, flag.n);
	if (!header.n || header.p[header.n - 1] != ',')
		return -1;
	*user = str_first(header, header.n - 1);
	if (!user->n)
		return 0;
	if (!str_starts(*user, STR("a=")) || str_find(*user, ',') < user->n)
		return -1;
	*user = str_from(*user, 2);
	return unescape(store, mark + flag.n + 2, user);
}

enum sasl_result sasl_oauthbearer(struct arena *store, struct str response, struct login *l)
{
	size_t mark = arena_mark(store), end;
	struct str plain, user;
	enum sasl_result r = decode(store, response, &plain);

	if (r != SASL_OK)
		return r;
	end = str_find(plain, CTRL_A);
	if (end == plain.n || take_gs2(store, mark, str_first(plain, end), &user) < 0)
		return give_up(store, mark, SASL_BAD_USER);
	r = take_bearer(user, str_from(plain, end + 1), l);
	if (r != SASL_OK)
		return give_up(store, mark, r);
	l->method = AUTH_OAUTHBEARER;
	return SASL_OK;
}

#define IN(mechanism) " in AUTH " mechanism " command"

struct str sasl_note(enum sasl_mechanism m, enum sasl_result r)
{
#define NOTES(mechanism)                                                                           \
	{                                                                                          \
		[SASL_BAD_BASE64] = STR_INIT("client sent invalid base64 encoding" IN(mechanism)), \
		[SASL_BAD_USER] = STR_INIT("client sent invalid login" IN(mechanism)),             \
		[SASL_BAD_PASS] = STR_INIT("client sent invalid password" IN(mechanism)),          \
		[SASL_BAD_TOKEN] = STR_INIT("client sent invalid token" IN(mechanism)),            \
		[SASL_BAD_DIGEST] = STR_INIT("client sent invalid CRAM-MD5 hash" IN(mechanism)),   \
		[SASL_TOO_LONG] = STR_INIT(""),                                                    \
	}
	static const struct str notes[SASL_COUNT][SASL_TOO_LONG + 1] = {
		[SASL_PLAIN] = NOTES("PLAIN"),       [SASL_LOGIN] = NOTES("LOGIN"),
		[SASL_CRAM_MD5] = NOTES("CRAM-MD5"), [SASL_EXTERNAL] = NOTES("EXTERNAL"),
		[SASL_XOAUTH2] = NOTES("XOAUTH2"),   [SASL_OAUTHBEARER] = NOTES("OAUTHBEARER"),
	};

	return notes[m][r];
}
