/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * identity: a certificate with its chain and key, loaded into wolfSSL's context.
 *
 * Owns nothing: the context does. Says what is wrong with a file in NGINX's form, so that people
 * find the same sentence again.
 */
#include "tls/identity.h"

#include "base/buf.h"
#include "tls/errors.h"
#include "tls/pem.h"

#include <stdlib.h>
#include <string.h>

enum { PASSWORD_MAX = 1024 };

/* The kind of key of the first certificate; -1: there is none. */
static int kind_of(struct str text, enum x509_key *kind)
{
	size_t n = 0;
	uint8_t *der = pem_first_certificate(text, &n);
	struct x509 x;
	int rc = der == NULL ? -1 : x509_read(str_of(der, n), &x);

	if (rc == 0)
		*kind = x.key;
	free(der);
	return rc;
}

static int fail(struct tls_error *e, struct str what, const struct tls_file *f, struct str why)
{
	errors_say(e, what, f->name, why);
	return -1;
}

/* What wolfSSL asks for a password; more than one question for one password is a refusal. */
struct answer {
	struct str password;
	bool asked;
	bool strange; /* a key came of it, but not the certificate's */
};

static int password(char *to, int size, int writing, void *userdata)
{
	struct answer *a = userdata;

	(void)writing;
	a->asked = true;
	if (size <= 0 || a->password.n == 0 || a->password.n > (size_t)size)
		return 0;
	memcpy(to, a->password.p, a->password.n);
	return (int)a->password.n;
}

/* What the wrong password makes of an old kind of file wolfSSL takes for a key all the same: the
 * certificate tells. */
static int try_key(WOLFSSL_CTX *ctx, const struct tls_file *key, struct answer *a)
{
	int rc;

	a->asked = false;
	wolfSSL_CTX_set_default_passwd_cb_userdata(ctx, a);
	wolfSSL_CTX_set_default_passwd_cb(ctx, password);
	rc = wolfSSL_CTX_use_PrivateKey_buffer(ctx, key->bytes.p, (long)key->bytes.n,
					       WOLFSSL_FILETYPE_PEM);
	wolfSSL_CTX_set_default_passwd_cb(ctx, NULL);
	wolfSSL_CTX_set_default_passwd_cb_userdata(ctx, NULL);
	if (rc != WOLFSSL_SUCCESS || !a->asked)
		return rc;
	rc = wolfSSL_CTX_check_private_key(ctx);
	a->strange = a->strange || rc != WOLFSSL_SUCCESS;
	return rc;
}

static int load_key(WOLFSSL_CTX *ctx, const struct tls_identity *id, struct tls_error *e)
{
	struct answer a = {.password = str_none()};
	struct str text = id->key.bytes;
	struct pem block;
	int rc;

	do
		if (!pem_next(&text, &block))
			return fail(e, STR("cannot load certificate key"), &id->key,
				    STR("there is no private key in it (PEM)"));
	while (block.label.n < 11 ||
	       !str_eq(str_from(block.label, block.label.n - 11), STR("PRIVATE KEY")));
	rc = try_key(ctx, &id->key, &a);
	for (uint32_t i = 0; rc != WOLFSSL_SUCCESS && a.asked && i < id->n_passwords; i++) {
		a.password = str_first(id->passwords[i], PASSWORD_MAX);
		rc = try_key(ctx, &id->key, &a);
	}
	if (rc == WOLFSSL_SUCCESS)
		return 0;
	if (a.asked)
		return fail(e, STR("cannot load certificate key"), &id->key,
			    id->n_passwords == 0 ? STR("it is encrypted, and there is no password")
			    : a.strange ? STR("it is encrypted, and no password makes it the "
					      "certificate's")
					: STR("it is encrypted, and no password fits"));
	return fail(e, STR("cannot load certificate key"), &id->key, errors_text(rc));
}

int identity_load(WOLFSSL_CTX *ctx, const struct tls_identity *id, enum x509_key *kind,
		  struct tls_error *e)
{
	struct str chain = id->chain.bytes;
	int rc;

	if (kind_of(chain, kind) != 0)
		return fail(e, STR("cannot load certificate"), &id->chain,
			    STR("there is no certificate in it (PEM)"));
	if (*kind == X509_KEY_OTHER)
		return fail(e, STR("cannot load certificate"), &id->chain,
			    STR("its key is none of RSA, ECDSA, Ed25519"));
	rc = wolfSSL_CTX_use_certificate_chain_buffer(ctx, chain.p, (long)chain.n);
	if (rc != WOLFSSL_SUCCESS)
		return fail(e, STR("cannot load certificate"), &id->chain, errors_text(rc));
	if (load_key(ctx, id, e) != 0)
		return -1;
	if (wolfSSL_CTX_check_private_key(ctx) != WOLFSSL_SUCCESS)
		return fail(e, STR("cannot load certificate key"), &id->key,
			    STR("it does not belong to the certificate"));
	return 0;
}
