/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * acceptor: what is loaded, and what is said about files that are wrong; connectors too.
 */
#include "tls/acceptor.h"

#include "tests/lib/tls_pair.h"
#include "tls/library.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* With n bytes of this text, or more. */
static void refuses_with(const struct tls_acceptor_conf *conf, const char *text, size_t n)
{
	uint64_t before = library_memory();
	struct tls_error e = {""};
	struct acceptor *a = acceptor_open(conf, &e);

	cr_expect_null(a, "%s", text);
	cr_expect(strncmp(e.text, text, n) == 0, "\"%s\" instead of \"%s\"", e.text, text);
	acceptor_close(a);
	pair_same_memory(before);
}

static void refuses(const struct tls_acceptor_conf *conf, const char *text)
{
	refuses_with(conf, text, strlen(text) + 1);
}

static struct tls_file named(const char *name, struct str bytes)
{
	return (struct tls_file){.bytes = bytes, .name = str_cstr(name)};
}

Test(acceptor, says_what_is_wrong_with_a_certificate)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_identity id = *pair_identity("ecdsa");
	const struct tls_identity good = id;

	ac.identities = (struct tls_identities){&id, 1};
	id.chain = named("empty.pem", str_none());
	refuses(&ac, "cannot load certificate \"empty.pem\": there is no certificate in it (PEM)");
	id.chain = good.key;
	refuses(&ac, "cannot load certificate \"ecdsa.key\": there is no certificate in it (PEM)");
	id = good;
	id.key = good.chain;
	refuses(&ac, "cannot load certificate key \"ecdsa.pem\": there is no private key in it "
		     "(PEM)");
	id.key = pair_file("rsa.key");
	refuses(&ac, "cannot load certificate key \"rsa.key\": it does not belong to the "
		     "certificate");
	id.key = pair_file("renewed.key");
	refuses(&ac, "cannot load certificate key \"renewed.key\": it does not belong to the "
		     "certificate");
	ac.identities.n = 0;
	refuses(&ac, "no certificate is configured");
}

#define OLD_KEY                                                                                    \
	"cannot load certificate key \"rsa-locked-old.key\": it is encrypted, and no password "

Test(acceptor, tries_passwords_on_an_encrypted_key)
{
	const struct str passwords[] = {STR("wrong"), STR("right"), STR("other")};
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_identity id = *pair_identity("rsa");

	id.key = pair_file("rsa-locked.key");
	ac.identities = (struct tls_identities){&id, 1};
	refuses(&ac,
		"cannot load certificate key \"rsa-locked.key\": it is encrypted, and there is "
		"no password");
	id.passwords = passwords;
	id.n_passwords = 1;
	refuses(&ac, "cannot load certificate key \"rsa-locked.key\": it is encrypted, and no "
		     "password fits");
	id.n_passwords = 3;
	acceptor_close(pair_acceptor(&ac));
	id.key = pair_file("rsa-locked-old.key");
	acceptor_close(pair_acceptor(&ac));
	/* What a wrong password makes of this kind of file may look like a key. */
	id.n_passwords = 1;
	refuses_with(&ac, OLD_KEY, strlen(OLD_KEY));
	id.n_passwords = 3;
	id.chain = pair_identity("ecdsa")->chain;
	refuses(&ac, OLD_KEY "makes it the certificate's");
}

Test(acceptor, says_what_is_wrong_with_other_files)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	const struct tls_file ca = pair_file("ca.pem");

	ac.dhparam = ca;
	refuses(&ac, "cannot load DH parameters \"ca.pem\": not PEM, or smaller than 2048 bits");
	ac.dhparam = pair_file("dh-1024.pem");
	refuses(&ac, "cannot load DH parameters \"dh-1024.pem\": not PEM, or smaller than 2048 "
		     "bits");
	ac.dhparam = pair_file("dh.pem");
	acceptor_close(pair_acceptor(&ac));
	ac.verify = TLS_VERIFY_ON;
	refuses(&ac, "client certificates cannot be verified without CA certificates");
	ac.client_ca = pair_file("crl.pem");
	refuses(&ac, "cannot load CA certificates \"crl.pem\": there is no certificate in it "
		     "(PEM)");
	ac.client_ca = named("broken.pem", STR("-----BEGIN CERTIFICATE-----\nAAAA\n"
					       "-----END CERTIFICATE-----\n"));
	refuses(&ac, "cannot load CA certificates \"broken.pem\": one of them is broken");
	ac.client_ca = ca;
	ac.crl = ca;
	refuses(&ac, "cannot load revocation list \"ca.pem\": there is none in it (PEM)");
	ac.crl = pair_file("crl.pem");
	acceptor_close(pair_acceptor(&ac));
}

Test(acceptor, says_which_setting_leaves_nothing)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();

	ac.suites.versions = 0;
	refuses(&ac, "no TLS version is left");
	ac = pair_acceptor_conf();
	ac.suites.curves = STR("P-256:brainpool");
	refuses(&ac, "no such curve \"brainpool\"");
	ac.suites.curves = STR("X25519:P-256:secp384r1");
	acceptor_close(pair_acceptor(&ac));
}

Test(acceptor, describes_the_suites_in_order)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct acceptor *a;
	uint8_t text[2000];
	struct out out;

	ac.suites.ciphers = STR("ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256");
	ac.suites.ciphersuites = STR("TLS_AES_128_GCM_SHA256");
	a = pair_acceptor(&ac);
	out_init(&out, text, sizeof(text));
	acceptor_describe(a, &out);
	cr_expect(str_eq(out_data(&out), STR("TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES256-GCM-SHA384:"
					     "ECDHE-ECDSA-AES128-GCM-SHA256")));
	acceptor_close(a);
}
