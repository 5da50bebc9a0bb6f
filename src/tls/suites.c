/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * suites: which versions, cipher suites and curves a wolfSSL context gets.
 *
 * Versions are a range for wolfSSL: what lies between the lowest and the highest is spoken as well.
 * Suites are handed over by their numbers (RFC 5246 A.5, RFC 8446 B.4).
 */
#include "tls/suites.h"

#include "tls/errors.h"

#include <string.h>

struct version {
	enum tls_version version;
	int wolf;
};

static const struct version versions[] = {
	{TLS_1_0, WOLFSSL_TLSV1},
	{TLS_1_1, WOLFSSL_TLSV1_1},
	{TLS_1_2, WOLFSSL_TLSV1_2},
	{TLS_1_3, WOLFSSL_TLSV1_3},
};

struct group {
	struct str name;
	int id;
};

static const struct group groups[] = {
	{STR_INIT("X25519"), WOLFSSL_ECC_X25519},
	{STR_INIT("prime256v1"), WOLFSSL_ECC_SECP256R1},
	{STR_INIT("secp256r1"), WOLFSSL_ECC_SECP256R1},
	{STR_INIT("P-256"), WOLFSSL_ECC_SECP256R1},
	{STR_INIT("secp384r1"), WOLFSSL_ECC_SECP384R1},
	{STR_INIT("P-384"), WOLFSSL_ECC_SECP384R1},
	{STR_INIT("secp521r1"), WOLFSSL_ECC_SECP521R1},
	{STR_INIT("P-521"), WOLFSSL_ECC_SECP521R1},
	{STR_INIT("X448"), WOLFSSL_ECC_X448},
	{STR_INIT("ffdhe2048"), WOLFSSL_FFDHE_2048},
	{STR_INIT("ffdhe3072"), WOLFSSL_FFDHE_3072},
};

static int fail(struct tls_error *e, struct str what, struct str value, struct str why)
{
	errors_say(e, what, value, why);
	return -1;
}

static int read_versions(unsigned set, struct suites *s, struct tls_error *e)
{
	s->min = s->max = -1;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		if ((set & versions[i].version) == 0)
			continue;
		if (s->min < 0)
			s->min = versions[i].wolf;
		s->max = versions[i].wolf;
	}
	return s->min < 0 ? fail(e, STR("no TLS version is left"), str_none(), str_none()) : 0;
}

/* Those of `list` that wolfSSL was built with. */
static void add_known(struct cipher_list *to, const struct cipher_list *list)
{
	for (uint32_t i = 0; i < list->n; i++) {
		uint16_t id = list->v[i]->id;
		const char *name = wolfSSL_get_cipher_name_from_suite((unsigned char)(id >> 8),
								      (unsigned char)(id & 0xff));

		if (name != NULL && strcmp(name, "None") != 0 && to->n < CIPHERS_MAX)
			to->v[to->n++] = list->v[i];
	}
}

static int read_ciphers(const struct tls_suites *conf, struct suites *s, struct tls_error *e)
{
	struct str text = conf->ciphers;
	struct cipher_list list;

	if (s->max == WOLFSSL_TLSV1_3) {
		if (ciphers_read_tls13(conf->ciphersuites, &list) != 0)
			return fail(e, STR("no such cipher suite"), list.unknown, str_none());
		add_known(&s->ciphers, &list);
		if (s->ciphers.n == 0)
			return fail(e, STR("no cipher is left of"), conf->ciphersuites, str_none());
	}
	if (s->min != WOLFSSL_TLSV1_3) {
		uint32_t before = s->ciphers.n;

		if (ciphers_read(text, &list) != 0)
			return fail(e, STR("no such cipher"), list.unknown, str_none());
		add_known(&s->ciphers, &list);
		if (s->ciphers.n == before)
			return fail(e, STR("no cipher is left of"), text, str_none());
	}
	return 0;
}

static int read_group(struct str name, struct suites *s)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (!str_eq_nocase(groups[i].name, name))
			continue;
		for (int k = 0; k < s->n_groups; k++)
			if (s->groups[k] == groups[i].id)
				return 0;
		if (s->n_groups < SUITES_GROUPS_MAX)
			s->groups[s->n_groups++] = groups[i].id;
		return 0;
	}
	return -1;
}

static int read_groups(struct str text, struct suites *s, struct tls_error *e)
{
	while (text.n != 0 && !str_eq(text, STR("auto"))) {
		struct str name = str_first(text, str_find(text, ':'));

		text = str_from(text, name.n + 1);
		if (read_group(name, s) != 0)
			return fail(e, STR("no such curve"), name, str_none());
	}
	return 0;
}

int suites_read(const struct tls_suites *conf, struct suites *s, struct tls_error *e)
{
	*s = (struct suites){0};
	return read_versions(conf->versions, s, e) != 0 || read_ciphers(conf, s, e) != 0 ||
			       read_groups(conf->curves, s, e) != 0
		       ? -1
		       : 0;
}

static int apply_groups(const struct suites *s, WOLFSSL_CTX *ctx)
{
	int copy[SUITES_GROUPS_MAX];

	if (s->n_groups == 0)
		return 0;
	if (s->max == WOLFSSL_TLSV1_3) {
		memcpy(copy, s->groups, sizeof(copy));
		return wolfSSL_CTX_set_groups(ctx, copy, s->n_groups) == WOLFSSL_SUCCESS ? 0 : -1;
	}
	for (int i = 0; i < s->n_groups; i++)
		if (wolfSSL_CTX_UseSupportedCurve(ctx, (word16)s->groups[i]) != WOLFSSL_SUCCESS)
			return -1;
	return 0;
}

static WOLFSSL_CTX *make(const struct suites *s, WOLFSSL_METHOD *method, struct tls_error *e)
{
	WOLFSSL_CTX *ctx = method == NULL ? NULL : wolfSSL_CTX_new(method);
	uint8_t bytes[2 * CIPHERS_MAX];
	struct str why = STR("no memory");

	if (ctx == NULL)
		goto failed;
	for (uint32_t i = 0; i < s->ciphers.n; i++) {
		bytes[2 * i] = (uint8_t)(s->ciphers.v[i]->id >> 8);
		bytes[2 * i + 1] = (uint8_t)s->ciphers.v[i]->id;
	}
	why = STR("the library takes none of the ciphers");
	if (wolfSSL_CTX_set_cipher_list_bytes(ctx, bytes, (int)(2 * s->ciphers.n)) !=
	    WOLFSSL_SUCCESS)
		goto failed;
	why = STR("the library does not have that version");
	if (wolfSSL_CTX_SetMinVersion(ctx, s->min) != WOLFSSL_SUCCESS)
		goto failed;
	why = STR("the library does not have these curves");
	if (apply_groups(s, ctx) != 0)
		goto failed;
	return ctx;

failed:
	errors_say(e, STR("cannot set up TLS"), str_none(), why);
	if (ctx != NULL)
		wolfSSL_CTX_free(ctx);
	return NULL;
}

WOLFSSL_CTX *suites_server(const struct suites *s, struct tls_error *e)
{
	if (s->min != s->max)
		return make(s, wolfSSLv23_server_method(), e);
	switch (s->max) {
	case WOLFSSL_TLSV1_3:
		return make(s, wolfTLSv1_3_server_method(), e);
	case WOLFSSL_TLSV1_2:
		return make(s, wolfTLSv1_2_server_method(), e);
	default:
		return make(s, wolfSSLv23_server_method(), e);
	}
}

/* A range that ends before TLS 1.3 is its highest version: wolfSSL's clients know no other. */
WOLFSSL_CTX *suites_client(const struct suites *s, struct tls_error *e)
{
	if (s->max == WOLFSSL_TLSV1_3)
		return make(s,
			    s->min == s->max ? wolfTLSv1_3_client_method()
					     : wolfSSLv23_client_method(),
			    e);
	if (s->max == WOLFSSL_TLSV1_2)
		return make(s, wolfTLSv1_2_client_method(), e);
	errors_say(e, STR("a TLS client speaks TLS 1.2 and 1.3 only"), str_none(), str_none());
	return NULL;
}

int suites_limit(const struct suites *s, WOLFSSL *ssl)
{
	if (s->max == WOLFSSL_TLSV1_3 || (s->min == s->max && s->max == WOLFSSL_TLSV1_2))
		return 0;
	/* or it would tell clients that somebody has talked it down (RFC 8446 section 4.1.3) */
	(void)wolfSSL_set_options(ssl, WOLFSSL_OP_NO_TLSv1_3);
	return wolfSSL_SetVersion(ssl, s->max) == WOLFSSL_SUCCESS ? 0 : -1;
}
