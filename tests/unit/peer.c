/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer: what becomes of client certificates in the four modes of ssl_verify_client, and of those of
 * servers; what is told of them.
 */
#include "tls/peer.h"

#include "tests/lib/tls_pair.h"
#include "tls/library.h"
#include "tls/trust.h"
#include "tls/x509.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pair pair;

struct shown {
	bool up;
	enum channel_client client;
	struct channel_verified verified;
	struct auth_http_tls facts;
	uint8_t memory[CHANNEL_FACTS_MAX];
};

static struct shown shown;

/* A client with that certificate (NULL: without) meets a server with these rules. */
static const struct shown *show(const struct tls_acceptor_conf *ac, const char *certificate,
				unsigned version)
{
	struct tls_connector_conf kc = pair_connector_conf();
	struct acceptor *a = pair_acceptor(ac);
	struct connector *k;
	struct arena arena;

	kc.suites.versions = version;
	if (certificate != NULL)
		kc.identities = (struct tls_identities){pair_identity(certificate), 1};
	k = pair_connector(&kc);
	pair_init(&pair, a, k, NULL);
	shown.up = pair_shake(&pair);
	arena_init(&arena, shown.memory, sizeof(shown.memory));
	shown.client = channel_judge(&pair.server);
	shown.verified = channel_verified(&pair.server);
	channel_facts(&pair.server, &arena, &shown.facts);
	pair_shut(&pair);
	connector_close(k);
	acceptor_close(a);
	return &shown;
}

static struct tls_acceptor_conf asking(enum tls_verify verify)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();

	ac.verify = verify;
	ac.client_ca = pair_file("ca.pem");
	return ac;
}

struct expectation {
	const char *certificate;
	uint32_t depth;
	enum trust_error error;
	bool no_ca; /* fine where it is not asked who has signed */
};

static const struct expectation expectations[] = {
	{"good", 1, TRUST_OK, true},          {"good", 0, TRUST_OK, true},
	{"rsa", 1, TRUST_OK, true},           {"ed25519", 1, TRUST_OK, true},
	{"middling", 1, TRUST_OK, true},      {"middling", 0, TRUST_TOO_LONG, true},
	{"deep", 2, TRUST_OK, true},          {"deep", 1, TRUST_TOO_LONG, true},
	{"expired", 1, TRUST_EXPIRED, false}, {"early", 1, TRUST_NOT_YET_VALID, false},
	{"self", 1, TRUST_SELF_SIGNED, true}, {"unknown", 1, TRUST_NO_LEAF_SIGNATURE, true},
	{"purpose", 1, TRUST_PURPOSE, false}, {"fake", 5, TRUST_INVALID_CA, false},
	{"revoked", 1, TRUST_OK, true},       {"between", 1, TRUST_OK, true},
};

static void expect(const struct expectation *x, unsigned version)
{
	struct tls_acceptor_conf ac = asking(TLS_VERIFY_ON);
	const struct shown *s;

	ac.verify_depth = x->depth;
	s = show(&ac, x->certificate, version);
	cr_expect(s->up, "%s", x->certificate);
	cr_expect(s->verified.came && s->verified.asked, "%s", x->certificate);
	cr_expect_eq(s->verified.error, x->error, "%s: %d", x->certificate, s->verified.error);
	cr_expect_eq(s->client, x->error == TRUST_OK ? CHANNEL_CLIENT_OK : CHANNEL_CLIENT_BAD);
	if (x->error == TRUST_OK) {
		cr_expect(str_eq(s->facts.verify, STR("SUCCESS")));
	} else {
		cr_expect(str_starts(s->facts.verify, STR("FAILED:")));
		cr_expect(str_eq(str_from(s->facts.verify, 7), trust_text(x->error)));
	}
	ac.verify = TLS_VERIFY_OPTIONAL;
	s = show(&ac, x->certificate, version);
	cr_expect_eq(s->client, x->error == TRUST_OK ? CHANNEL_CLIENT_OK : CHANNEL_CLIENT_BAD);
	ac.verify = TLS_VERIFY_OPTIONAL_NO_CA;
	s = show(&ac, x->certificate, version);
	cr_expect_eq(s->client, x->no_ca ? CHANNEL_CLIENT_OK : CHANNEL_CLIENT_BAD, "%s",
		     x->certificate);
	cr_expect_eq(s->verified.error, x->error);
}

Test(peer, judges_client_certificates)
{
	for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
		expect(&expectations[i], TLS_1_2);
		expect(&expectations[i], TLS_1_3);
	}
}

Test(peer, without_a_certificate_only_on_refuses)
{
	static const enum tls_verify rules[] = {TLS_VERIFY_OFF, TLS_VERIFY_ON, TLS_VERIFY_OPTIONAL,
						TLS_VERIFY_OPTIONAL_NO_CA};

	for (size_t i = 0; i < 4; i++)
		for (unsigned v = TLS_1_2; v <= TLS_1_3; v *= 2) {
			struct tls_acceptor_conf ac = asking(rules[i]);
			const struct shown *s = show(&ac, NULL, v);

			cr_expect(s->up);
			cr_expect_not(s->verified.came);
			cr_expect_eq(s->client, rules[i] == TLS_VERIFY_ON ? CHANNEL_CLIENT_NONE
									  : CHANNEL_CLIENT_OK);
			cr_expect(str_eq(s->facts.verify,
					 rules[i] == TLS_VERIFY_OFF ? str_none() : STR("NONE")));
		}
}

static void revokes(const char *crl, const char *certificate, uint32_t depth, enum trust_error want)
{
	struct tls_acceptor_conf ac = asking(TLS_VERIFY_ON);
	const struct shown *s;

	ac.crl = pair_file(crl);
	ac.verify_depth = depth;
	s = show(&ac, certificate, TLS_1_3);
	cr_expect_eq(s->verified.error, want, "%s with %s: %d", certificate, crl,
		     s->verified.error);
}

Test(peer, obeys_revocation_lists)
{
	revokes("crl.pem", "good", 1, TRUST_OK);
	revokes("crl.pem", "revoked", 1, TRUST_REVOKED);
	revokes("crl-old.pem", "good", 1, TRUST_CRL_EXPIRED);
	revokes("crl.pem", "deep", 2, TRUST_NO_CRL);
	revokes("crl-all.pem", "deep", 2, TRUST_OK);
	revokes("crl-all.pem", "middling", 2, TRUST_OK);
	revokes("crl-all.pem", "revoked", 2, TRUST_REVOKED);
}

/* What one client has sent must not vouch for another. */
Test(peer, forgets_what_it_was_sent)
{
	struct tls_acceptor_conf ac = asking(TLS_VERIFY_ON);
	struct tls_connector_conf kc = pair_connector_conf();
	struct tls_identity alone = *pair_identity("middling");
	struct str text = alone.chain.bytes;
	struct acceptor *a = pair_acceptor(&ac);
	struct connector *with, *without;
	uint64_t before;
	const char *end = strstr((const char *)text.p, "-----END CERTIFICATE-----");

	cr_assert(end);
	alone.chain.bytes.n = (size_t)(end - (const char *)text.p) + 26;
	kc.identities = (struct tls_identities){pair_identity("middling"), 1};
	with = pair_connector(&kc);
	kc.identities.v = &alone;
	without = pair_connector(&kc);
	before = library_memory();
	for (int i = 0; i < 3; i++) {
		pair_init(&pair, a, with, NULL);
		cr_expect(pair_shake(&pair));
		cr_expect_eq(channel_verified(&pair.server).error, TRUST_OK);
		pair_shut(&pair);
		pair_init(&pair, a, without, NULL);
		cr_expect(pair_shake(&pair));
		cr_expect_eq(channel_verified(&pair.server).error, TRUST_NO_LEAF_SIGNATURE);
		pair_shut(&pair);
	}
	pair_same_memory(before);
	connector_close(with);
	connector_close(without);
	acceptor_close(a);
}

Test(peer, tells_what_is_in_the_certificate)
{
	struct tls_acceptor_conf ac = asking(TLS_VERIFY_ON);
	const struct shown *s = show(&ac, "good", TLS_1_3);
	struct tls_file f = pair_file("good.pem");

	cr_expect(str_eq(s->facts.protocol, STR("TLSv1.3")));
	cr_expect(str_starts(s->facts.cipher, STR("TLS_")));
	cr_expect(str_eq(s->facts.subject, STR("CN=good client,O=Tests")));
	cr_expect(str_eq(s->facts.issuer, STR("CN=Authority,O=Tests")));
	cr_expect_eq(s->facts.serial.n, 4);
	cr_expect_eq(s->facts.fingerprint.n, 40);
	cr_expect(str_eq(s->facts.certificate, f.bytes));
}

/* As `openssl x509 -nameopt RFC2253` says of the same certificate. */
Test(peer, writes_names_as_openssl_does)
{
	struct str want = STR("emailAddress=a@b,CN=trail\\ ,O=A\\, \\\"B\\\" \\<C\\>\\;D,L=\\#x,"
			      "ST=K\\C3\\B6ln,C=DE");
	uint8_t der[2000], text[500];
	FILE *f = fopen("tests/fuzz/seeds/peer/odd_names", "r");
	struct x509 x;
	struct out out;
	size_t n;

	cr_assert(f);
	n = fread(der, 1, sizeof(der), f);
	fclose(f);
	cr_assert_eq(x509_read(str_of(der, n), &x), 0);
	out_init(&out, text, sizeof(text));
	peer_write_name(x.subject, &out);
	cr_expect(str_eq(out_data(&out), want), "%.*s", (int)out.n, (const char *)text);
}

/* --- servers ------------------------------------------------------------------------------ */

struct server {
	const char *certificate, *host, *ca;
	enum trust_error error;
};

static const struct server servers[] = {
	{"ecdsa", "mx.test", "ca.pem", TRUST_OK},
	{"rsa", "localhost", "ca.pem", TRUST_OK},
	{"ed25519", "127.0.0.1", "ca.pem", TRUST_OK},
	{"ecdsa", "MX.Test", "ca.pem", TRUST_OK},
	{"ecdsa", NULL, "ca.pem", TRUST_OK},
	{"wild", "x.wild.test", "ca.pem", TRUST_OK},
	{"wild", "x.y.wild.test", "ca.pem", TRUST_HOST},
	{"wild", "wild.test", "ca.pem", TRUST_HOST},
	{"stranger", "mx.test", "ca.pem", TRUST_HOST},
	{"ecdsa", "127.0.0.2", "ca.pem", TRUST_HOST},
	{"past", "mx.test", "ca.pem", TRUST_EXPIRED},
	{"ecdsa", "mx.test", "other-ca.pem", TRUST_NO_LEAF_SIGNATURE},
	{"self", NULL, "ca.pem", TRUST_SELF_SIGNED},
	{"self", NULL, "self.pem", TRUST_OK},
	{"within", "127.0.0.1", "ca.pem", TRUST_OK},
	{"without", "mx.test", "ca.pem", TRUST_OK},
	{"without", "127.0.0.1", "ca.pem", TRUST_NAME_NOT_PERMITTED},
	{"ecdsa", "mx.test", "ca-past.pem", TRUST_EXPIRED},
	{"ecdsa", "mx.test", "ca-both.pem", TRUST_OK},
};

static void meet(const struct server *x, unsigned version)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_connector_conf kc = pair_connector_conf();
	struct acceptor *a;
	struct connector *k;
	struct channel_verified v;

	ac.identities.v = pair_identity(x->certificate);
	kc.suites.versions = version;
	kc.verify = true;
	kc.trusted_ca = pair_file(x->ca);
	if (x->host != NULL)
		kc.name = str_cstr(x->host);
	a = pair_acceptor(&ac);
	k = pair_connector(&kc);
	pair_init(&pair, a, k, NULL);
	cr_expect_eq(pair_shake(&pair), x->error == TRUST_OK, "%s %s", x->certificate, x->host);
	v = channel_verified(&pair.client);
	cr_expect_eq(v.error, x->error, "%s %s: %d", x->certificate, x->host, v.error);
	if (x->error != TRUST_OK)
		cr_expect(str_eq(channel_why(&pair.client), trust_text(x->error)));
	pair_shut(&pair);
	connector_close(k);
	acceptor_close(a);
}

Test(peer, judges_servers)
{
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		meet(&servers[i], TLS_1_2);
		meet(&servers[i], TLS_1_3);
	}
}
