/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sasl: decoding of AUTH responses into the store of a login. Owns nothing, keeps nothing, never
 * looks further than the text it is given. RFC 4616, 2195, 4422.
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
	l->pass = str_from(rest, user + 1);
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

struct str sasl_note(enum sasl_mechanism m, enum sasl_result r)
{
	static const struct str bad_base64[] = {
		[SASL_PLAIN] =
			STR_INIT("client sent invalid base64 encoding in AUTH PLAIN command"),
		[SASL_LOGIN] =
			STR_INIT("client sent invalid base64 encoding in AUTH LOGIN command"),
		[SASL_CRAM_MD5] =
			STR_INIT("client sent invalid base64 encoding in AUTH CRAM-MD5 command"),
		[SASL_EXTERNAL] =
			STR_INIT("client sent invalid base64 encoding in AUTH EXTERNAL command"),
	};

	switch (r) {
	case SASL_BAD_BASE64:
		return bad_base64[m];
	case SASL_BAD_USER:
		return STR("client sent invalid login in AUTH PLAIN command");
	case SASL_BAD_PASS:
		return STR("client sent invalid password in AUTH PLAIN command");
	case SASL_BAD_DIGEST:
		return STR("client sent invalid CRAM-MD5 hash in AUTH CRAM-MD5 command");
	case SASL_OK:
	case SASL_TOO_LONG:
		break;
	}
	return str_none();
}
