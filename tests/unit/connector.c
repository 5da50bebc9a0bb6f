/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connector: clients that resume what was theirs, and say what is wrong with their files.
 */
#include "tls/connector.h"

#include "tests/lib/tls_pair.h"
#include "tls/connector_state.h"
#include "tls/library.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct pair pair;

static bool resumes(const struct acceptor *a, const struct connector *k,
		    struct connector_sessions *s, uint64_t peer)
{
	bool resumed;

	pair_init(&pair, a, NULL, NULL);
	cr_assert_eq(channel_connect(&pair.client, k, s, peer), 0);
	cr_assert(pair_shake(&pair));
	cr_assert(pair_send(&pair, true, STR("* OK\r\n")));
	resumed = pair.client.resumed;
	pair_shut(&pair);
	return resumed;
}

Test(connector, resumes_with_the_peer_it_was_with)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_connector_conf kc = pair_connector_conf();
	struct acceptor *a = pair_acceptor(&ac);
	struct connector *k = pair_connector(&kc), *verifying;
	struct connector_sessions *s = connector_sessions_open(64);

	kc.verify = true;
	kc.trusted_ca = pair_file("ca.pem");
	verifying = pair_connector(&kc);
	cr_assert(s);
	cr_expect_not(resumes(a, k, s, 1));
	cr_expect_not(resumes(a, k, s, 2), "another peer");
	cr_expect(resumes(a, k, s, 1));
	cr_expect(resumes(a, k, s, 2));
	cr_expect_not(resumes(a, verifying, s, 1), "what nobody has verified");
	cr_expect(resumes(a, verifying, s, 1));
	cr_expect_not(resumes(a, k, NULL, 1));
	connector_sessions_close(s);
	connector_close(k);
	connector_close(verifying);
	acceptor_close(a);
}

Test(connector, many_peers_share_few_places)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_connector_conf kc = pair_connector_conf();
	struct acceptor *a = pair_acceptor(&ac);
	struct connector *k = pair_connector(&kc);
	struct connector_sessions *s = connector_sessions_open(1);
	uint64_t before = library_memory();

	cr_assert(s);
	for (uint64_t peer = 0; peer < 40; peer++)
		(void)resumes(a, k, s, peer);
	cr_expect(resumes(a, k, s, 39), "the latest is there");
	connector_sessions_close(s);
	pair_same_memory(before);
	connector_close(k);
	acceptor_close(a);
}

static void refuses(const struct tls_connector_conf *conf, const char *text)
{
	struct tls_error e = {""};
	struct connector *k = connector_open(conf, &e);

	cr_expect_null(k, "%s", text);
	cr_expect_str_eq(e.text, text);
	connector_close(k);
}

Test(connector, says_what_is_wrong)
{
	struct tls_connector_conf kc = pair_connector_conf();
	struct tls_identity id = *pair_identity("good");

	(void)pair_acceptor_conf(); /* starts the library */
	kc.verify = true;
	refuses(&kc, "certificates cannot be verified without CA certificates");
	kc.trusted_ca = pair_file("good.key");
	refuses(&kc, "cannot load CA certificates \"good.key\": there is no certificate in it "
		     "(PEM)");
	kc.verify = false;
	id.key = pair_file("self.key");
	kc.identities = (struct tls_identities){&id, 1};
	refuses(&kc, "cannot load certificate key \"self.key\": it does not belong to the "
		     "certificate");
	kc.identities.n = 0;
	kc.suites.versions = TLS_1_0;
	refuses(&kc, "a TLS client speaks TLS 1.2 and 1.3 only");
}

static bool says(const char *name)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_connector_conf kc = pair_connector_conf();
	struct acceptor *a = pair_acceptor(&ac);
	struct connector *k;
	bool said = false;

	kc.name = str_cstr(name);
	k = pair_connector(&kc);
	pair_init(&pair, a, k, NULL);
	(void)pair_client_step(&pair);
	for (size_t i = 0; i + kc.name.n <= pair.to_server.n; i++)
		said = said || memcmp(pair.to_server.bytes + i, name, kc.name.n) == 0;
	pair_shut(&pair);
	connector_close(k);
	acceptor_close(a);
	return said;
}

Test(connector, says_names_but_no_addresses)
{
	cr_expect(says("mx.test"));
	cr_expect_not(says("127.0.0.1"));
	cr_expect_not(says("2001:db8::1"));
}
