/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of proto/sasl: what each mechanism's response means, what is refused with which log
 * message, and that a failure leaves nothing in the store.
 */
#include "proto/sasl.h"

#include "base/codec.h"

#include <criterion/criterion.h>
#include <string.h>

typedef enum sasl_result decoder(struct arena *store, struct str response, struct login *l);

static uint8_t memory[256];
static struct arena store;
static struct login login;

/* Decode the base64 of `plain`. */
static enum sasl_result said(decoder *d, struct str plain)
{
	uint8_t text[512];
	struct out o;

	memset(memory, 0, sizeof(memory));
	arena_init(&store, memory, sizeof(memory));
	login = (struct login){0};
	out_init(&o, text, sizeof(text));
	codec_base64(&o, plain);
	return d(&store, out_data(&o), &login);
}

static enum sasl_result said_raw(decoder *d, struct str text, size_t room)
{
	memset(memory, 0, sizeof(memory));
	arena_init(&store, memory, room);
	login = (struct login){0};
	return d(&store, text, &login);
}

static bool store_is_clean(void)
{
	for (size_t i = 0; i < sizeof(memory); i++)
		if (memory[i])
			return false;
	return arena_mark(&store) == 0;
}

static bool learnt(enum auth_method method, struct str user, struct str pass)
{
	return login.method == method && str_eq(login.user, user) && str_eq(login.pass, pass);
}

Test(sasl, plain_is_identity_user_password)
{
	cr_assert_eq(said(sasl_plain, STR("\0alice\0secret")), SASL_OK);
	cr_assert(learnt(AUTH_PLAIN, STR("alice"), STR("secret")));
	cr_assert_eq(said(sasl_plain, STR("admin\0alice\0secret")), SASL_OK);
	cr_assert(learnt(AUTH_PLAIN, STR("alice"), STR("secret")));
	cr_assert_eq(said(sasl_plain, STR("\0alice\0a\0b")), SASL_OK, "the password may hold NUL");
	cr_assert(learnt(AUTH_PLAIN, STR("alice"), STR("a\0b")));
	cr_assert_eq(said(sasl_plain, STR("\0\0")), SASL_OK);
	cr_assert(learnt(AUTH_PLAIN, STR(""), STR("")));
	cr_assert_eq(said(sasl_plain, STR("\0a\r\n\0b %+=\x7f\xff")), SASL_OK);
	cr_assert(learnt(AUTH_PLAIN, STR("a\r\n"), STR("b %+=\x7f\xff")));
}

Test(sasl, plain_needs_both_nuls)
{
	static const struct str no_user[] = {STR_INIT(""), STR_INIT("\0"), STR_INIT("alice"),
					     STR_INIT("alice\0")};

	for (size_t i = 0; i < sizeof(no_user) / sizeof(no_user[0]); i++) {
		cr_assert_eq(said(sasl_plain, no_user[i]), SASL_BAD_USER);
		cr_assert(store_is_clean());
	}
	cr_assert_eq(said(sasl_plain, STR("\0alice")), SASL_BAD_PASS);
	cr_assert(store_is_clean());
	cr_assert(login.user.p == NULL && login.pass.p == NULL);
}

Test(sasl, login_is_two_answers)
{
	cr_assert_eq(said_raw(sasl_login_user, STR("YWxpY2U="), 256), SASL_OK);
	cr_assert_eq(sasl_login_pass(&store, STR("c2VjcmV0"), &login), SASL_OK);
	cr_assert(learnt(AUTH_PLAIN, STR("alice"), STR("secret")));
	cr_assert_eq(said_raw(sasl_login_user, STR(""), 256), SASL_OK);
	cr_assert_eq(login.user.n, 0);
}

Test(sasl, cram_md5_is_user_and_digest)
{
	cr_assert_eq(said(sasl_cram_md5, STR("al 0123456789abcdef0123456789abcdef")), SASL_OK);
	cr_assert(learnt(AUTH_CRAM_MD5, STR("al"), STR("0123456789abcdef0123456789abcdef")));
	cr_assert_eq(said(sasl_cram_md5, STR("al x 0123456789abcdef0123456789abc")),
		     SASL_BAD_DIGEST, "split at the first space");
	cr_assert_eq(said(sasl_cram_md5, STR("al")), SASL_BAD_DIGEST);
	cr_assert_eq(said(sasl_cram_md5, STR("")), SASL_BAD_DIGEST);
	cr_assert_eq(said(sasl_cram_md5, STR("al 0123456789abcdef")), SASL_BAD_DIGEST);
	cr_assert(store_is_clean());
}

Test(sasl, external_has_no_password)
{
	cr_assert_eq(said(sasl_external, STR("alice")), SASL_OK);
	cr_assert(learnt(AUTH_EXTERNAL, STR("alice"), STR("")));
}

Test(sasl, xoauth2_is_user_and_token)
{
	cr_assert_eq(said(sasl_xoauth2, STR("user=al@b\1auth=Bearer tok.en==\1\1")), SASL_OK);
	cr_assert(learnt(AUTH_XOAUTH2, STR("al@b"), STR("tok.en==")));
	cr_assert_eq(said(sasl_xoauth2, STR("user=\1AUTH=BEARER t\1\1")), SASL_OK);
	cr_assert(learnt(AUTH_XOAUTH2, STR(""), STR("t")));
	cr_assert_eq(said(sasl_xoauth2, STR("user=a\1x=y\1auth=Bearer t\1\1")), SASL_OK);
	cr_assert(learnt(AUTH_XOAUTH2, STR("a"), STR("t")));
}

Test(sasl, oauthbearer_is_header_and_token)
{
	cr_assert_eq(said(sasl_oauthbearer, STR("n,a=al@b,\1host=h\1port=1\1auth=Bearer t\1\1")),
		     SASL_OK);
	cr_assert(learnt(AUTH_OAUTHBEARER, STR("al@b"), STR("t")));
	cr_assert_eq(said(sasl_oauthbearer, STR("y,a=a=2cb=3D=3dc,\1auth=Bearer t\1\1")), SASL_OK);
	cr_assert(learnt(AUTH_OAUTHBEARER, STR("a,b==c"), STR("t")));
	cr_assert_eq(said(sasl_oauthbearer, STR("n,,\1auth=Bearer t\1\1")), SASL_OK);
	cr_assert(learnt(AUTH_OAUTHBEARER, STR(""), STR("t")));
}

Test(sasl, tokens_need_their_form)
{
	static const struct {
		struct str said;
		enum sasl_result xoauth2, oauthbearer;
	} rows[] = {
		{STR_INIT(""), SASL_BAD_USER, SASL_BAD_USER},
		{STR_INIT("user=a"), SASL_BAD_USER, SASL_BAD_USER},
		{STR_INIT("auth=Bearer t\1\1"), SASL_BAD_USER, SASL_BAD_USER},
		{STR_INIT("user=a\1"), SASL_BAD_TOKEN, SASL_BAD_USER},
		{STR_INIT("user=a\1\1"), SASL_BAD_TOKEN, SASL_BAD_USER},
		{STR_INIT("user=a\1auth=Bearer t"), SASL_BAD_TOKEN, SASL_BAD_USER},
		{STR_INIT("user=a\1auth=Bearer t\1"), SASL_BAD_TOKEN, SASL_BAD_USER},
		{STR_INIT("user=a\1auth=Bearer \1\1"), SASL_BAD_TOKEN, SASL_BAD_USER},
		{STR_INIT("user=a\1auth=Basic t\1\1"), SASL_BAD_TOKEN, SASL_BAD_USER},
		{STR_INIT("user=a\1auth=Bearer t\1\1x"), SASL_BAD_TOKEN, SASL_BAD_USER},
		{STR_INIT("n,a=a,\1\1"), SASL_BAD_USER, SASL_BAD_TOKEN},
		{STR_INIT("n,a=a,\1auth=Bearer t\1"), SASL_BAD_USER, SASL_BAD_TOKEN},
		{STR_INIT("n\1auth=Bearer t\1\1"), SASL_BAD_USER, SASL_BAD_USER},
		{STR_INIT("n,\1auth=Bearer t\1\1"), SASL_BAD_USER, SASL_BAD_USER},
		{STR_INIT("n,a=a\1auth=Bearer t\1\1"), SASL_BAD_USER, SASL_BAD_USER},
		{STR_INIT("n,user=a,\1auth=Bearer t\1\1"), SASL_BAD_USER, SASL_BAD_USER},
		{STR_INIT("n,a=a,b,\1auth=Bearer t\1\1"), SASL_BAD_USER, SASL_BAD_USER},
		{STR_INIT("n,a=a=2,\1auth=Bearer t\1\1"), SASL_BAD_USER, SASL_BAD_USER},
		{STR_INIT("n,a=a=,\1auth=Bearer t\1\1"), SASL_BAD_USER, SASL_BAD_USER},
		{STR_INIT("n,a=a=41,\1auth=Bearer t\1\1"), SASL_BAD_USER, SASL_BAD_USER},
		{STR_INIT("p=x,a=a,\1auth=Bearer t\1\1"), SASL_BAD_USER, SASL_BAD_USER},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(said(sasl_xoauth2, rows[i].said), rows[i].xoauth2, "row %zu", i);
		cr_assert(store_is_clean());
		cr_assert(login.user.p == NULL && login.pass.p == NULL);
		cr_assert_eq(said(sasl_oauthbearer, rows[i].said), rows[i].oauthbearer, "row %zu",
			     i);
		cr_assert(store_is_clean());
		cr_assert(login.user.p == NULL && login.pass.p == NULL);
	}
}

Test(sasl, base64_is_read_up_to_the_first_equals_sign)
{
	cr_assert_eq(said_raw(sasl_external, STR("YWxpY2U"), 256), SASL_OK);
	cr_assert(str_eq(login.user, STR("alice")));
	cr_assert_eq(said_raw(sasl_external, STR("YWxpY2U=!\0"), 256), SASL_OK);
	cr_assert(str_eq(login.user, STR("alice")));
	cr_assert_eq(said_raw(sasl_external, STR("="), 256), SASL_OK);
	cr_assert_eq(said_raw(sasl_external, STR("*"), 256), SASL_BAD_BASE64);
	cr_assert_eq(said_raw(sasl_external, STR("A"), 256), SASL_BAD_BASE64);
	cr_assert_eq(said_raw(sasl_external, STR("YWxp Y2U"), 256), SASL_BAD_BASE64);
	cr_assert_eq(said_raw(sasl_external, STR("c2VjcmV0c2VjcmV0!"), 256), SASL_BAD_BASE64);
	cr_assert(store_is_clean(), "what was decoded before the error is wiped");
}

Test(sasl, what_does_not_fit_is_refused)
{
	cr_assert_eq(said_raw(sasl_plain, STR("AGFsaWNlAHNlY3JldA=="), 8), SASL_TOO_LONG);
	cr_assert(store_is_clean());
	cr_assert_eq(said_raw(sasl_external, STR("YWxpY2U="), codec_base64_room(7)), SASL_OK);
	cr_assert_eq(arena_mark(&store), 5, "only what was decoded stays");
}

Test(sasl, notes_are_those_of_nginx)
{
	cr_assert(str_eq(sasl_note(SASL_LOGIN, SASL_BAD_BASE64),
			 STR("client sent invalid base64 encoding in AUTH LOGIN command")));
	cr_assert(str_eq(sasl_note(SASL_PLAIN, SASL_BAD_USER),
			 STR("client sent invalid login in AUTH PLAIN command")));
	cr_assert(str_eq(sasl_note(SASL_PLAIN, SASL_BAD_PASS),
			 STR("client sent invalid password in AUTH PLAIN command")));
	cr_assert(str_eq(sasl_note(SASL_CRAM_MD5, SASL_BAD_DIGEST),
			 STR("client sent invalid CRAM-MD5 hash in AUTH CRAM-MD5 command")));
	cr_assert(str_eq(sasl_note(SASL_XOAUTH2, SASL_BAD_TOKEN),
			 STR("client sent invalid token in AUTH XOAUTH2 command")));
	cr_assert(str_eq(sasl_note(SASL_OAUTHBEARER, SASL_BAD_USER),
			 STR("client sent invalid login in AUTH OAUTHBEARER command")));
	cr_assert_eq(sasl_note(SASL_PLAIN, SASL_TOO_LONG).n, 0);
}
