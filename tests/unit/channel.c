/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel: a server and a client with memory between them.
 */
#include "tls/channel.h"

#include "tests/lib/tls_pair.h"
#include "tls/cache.h"
#include "tls/connector_state.h"
#include "tls/library.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pair pair;

static bool shakes(unsigned versions, const char *identity, struct str ciphers, size_t step)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_connector_conf kc = pair_connector_conf();
	struct acceptor *a;
	struct connector *k;
	bool up;

	ac.identities.v = pair_identity(identity);
	kc.suites.versions = versions;
	kc.suites.ciphers = ciphers;
	ac.suites.ciphers = ciphers;
	a = pair_acceptor(&ac);
	k = pair_connector(&kc);
	pair_init(&pair, a, k, NULL);
	pair.step = step;
	up = pair_shake(&pair);
	if (!up) {
		struct str w = channel_why(&pair.server), v = channel_why(&pair.client);

		cr_log_error("server: %.*s (%d), client: %.*s (%d)", (int)w.n, (const char *)w.p,
			     pair.server.error, (int)v.n, (const char *)v.p, pair.client.error);
	}
	up = up && pair_send(&pair, true, STR("* OK ready\r\n")) &&
	     pair_send(&pair, false, STR("a LOGIN\r\n"));
	pair_shut(&pair);
	connector_close(k);
	acceptor_close(a);
	return up;
}

/* Of two certificates the one that both sides' versions and suites can do with. */
static bool meets(struct tls_suites server, struct tls_suites client)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_connector_conf kc = pair_connector_conf();
	struct tls_identity both[] = {*pair_identity("ecdsa"), *pair_identity("rsa")};
	struct acceptor *a;
	struct connector *k;
	bool up;

	ac.identities = (struct tls_identities){both, 2};
	ac.suites = server;
	kc.suites = client;
	a = pair_acceptor(&ac);
	k = pair_connector(&kc);
	pair_init(&pair, a, k, NULL);
	pair.step = PAIR_ROOM;
	up = pair_shake(&pair);
	pair_shut(&pair);
	connector_close(k);
	acceptor_close(a);
	return up;
}

Test(channel, certificates_go_with_suites)
{
	const struct str rsa = STR("ECDHE+aRSA"), ecdsa = STR("ECDHE+aECDSA");
	const struct tls_suites old = {.versions = TLS_1_2}, all = {.versions = TLS_1_2 | TLS_1_3};
	const struct tls_suites old_rsa = {.versions = TLS_1_2, .ciphers = rsa};
	const struct tls_suites old_ecdsa = {.versions = TLS_1_2, .ciphers = ecdsa};
	const struct tls_suites all_rsa = {.versions = TLS_1_2 | TLS_1_3, .ciphers = rsa};
	const struct tls_suites all_ecdsa = {.versions = TLS_1_2 | TLS_1_3, .ciphers = ecdsa};

	cr_expect(meets(old_rsa, all));
	cr_expect(meets(old_ecdsa, all));
	cr_expect(meets(old, all_rsa));
	cr_expect(meets(old, all_ecdsa));
	cr_expect(meets(all_rsa, old));
	cr_expect(meets(all_rsa, all_ecdsa));
	cr_expect(!meets(old_rsa, all_ecdsa));
}

Test(channel, handshakes_and_carries_data)
{
	static const char *const kinds[] = {"ecdsa", "rsa", "ed25519"};
	static const size_t steps[] = {PAIR_ROOM, 1, 7};

	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++) {
			cr_expect(shakes(TLS_1_2, kinds[i], str_none(), steps[k]), "1.2 %s %zu",
				  kinds[i], steps[k]);
			cr_expect(shakes(TLS_1_3, kinds[i], str_none(), steps[k]), "1.3 %s %zu",
				  kinds[i], steps[k]);
		}
}

/* --- room --------------------------------------------------------------------------------- */

Test(channel, wants_room_before_it_does_anything)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_connector_conf kc = pair_connector_conf();
	struct acceptor *a = pair_acceptor(&ac);
	struct connector *k = pair_connector(&kc);
	uint8_t memory[CHANNEL_OUT_MIN - 1];
	struct channel_plain plain = {.p = memory, .room = 1};
	struct buf in = buf_view(STR("\x16\x03\x01"));
	struct out out;

	pair_init(&pair, a, k, NULL);
	out_init(&out, memory, sizeof(memory));
	cr_expect_eq(channel_handshake(&pair.client, &in, &out), CHANNEL_FULL);
	cr_expect_eq(channel_handshake(&pair.server, &in, &out), CHANNEL_FULL);
	cr_expect(out.n == 0 && buf_len(&in) == 3);
	cr_assert(pair_shake(&pair));
	cr_expect_eq(channel_read(&pair.server, &in, &out, &plain), CHANNEL_FULL);
	cr_expect(out.n == 0 && buf_len(&in) == 3);
	out_init(&out, memory, 10 + CHANNEL_OVERHEAD_MAX - 1);
	cr_expect_eq(channel_write(&pair.server, STR("0123456789"), &out), 0);
	cr_expect(channel_is_sound(&pair.server));
	out_init(&out, memory, 10 + CHANNEL_OVERHEAD_MAX);
	cr_expect_eq(channel_write(&pair.server, STR("0123456789"), &out), 10);
	pair_shut(&pair);
	connector_close(k);
	acceptor_close(a);
}

Test(channel, carries_a_lot_in_any_steps)
{
	static uint8_t big[300 * 1000];
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_connector_conf kc = pair_connector_conf();

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 31 >> 3);
	for (unsigned v = TLS_1_2; v <= TLS_1_3; v *= 2) {
		struct acceptor *a = pair_acceptor(&ac);
		struct connector *k;

		kc.suites.versions = v;
		k = pair_connector(&kc);
		pair_init(&pair, a, k, NULL);
		cr_assert(pair_shake(&pair));
		cr_expect(pair_send(&pair, true, str_of(big, sizeof(big))));
		pair.step = 1000;
		cr_expect(pair_send(&pair, false, str_of(big, sizeof(big))));
		pair_shut(&pair);
		connector_close(k);
		acceptor_close(a);
	}
}

/* --- memory ------------------------------------------------------------------------------- */

Test(channel, keeps_little_and_gives_all_back)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_connector_conf kc = pair_connector_conf();

	for (unsigned v = TLS_1_2; v <= TLS_1_3; v *= 2) {
		struct acceptor *a = pair_acceptor(&ac);
		struct connector *k;
		uint64_t before, both;

		kc.suites.versions = v;
		k = pair_connector(&kc);
		before = library_memory();
		pair_init(&pair, a, k, NULL);
		cr_assert(pair_shake(&pair));
		cr_assert(pair_send(&pair, true, STR("* OK\r\n")));
		cr_assert(pair_send(&pair, false, STR("a NOOP\r\n")));
		both = library_memory();
		channel_close(&pair.server);
		/* the distribution's library keeps ten times as much */
		if (library_tuned())
			cr_expect_lt(both - library_memory(), 6 * 1024, "%lu",
				     (unsigned long)(both - library_memory()));
		channel_close(&pair.client);
		pair_same_memory(before);
		connector_close(k);
		acceptor_close(a);
	}
}

/* --- names and protocols ------------------------------------------------------------------ */

/* Which of the server's certificates has that name? */
static bool answers(const struct acceptor *a, const char *name, const char *host)
{
	struct tls_connector_conf kc = pair_connector_conf();
	struct connector *k;
	bool up;

	kc.verify = true;
	kc.trusted_ca = pair_file("ca.pem");
	kc.name = str_cstr(name);
	k = pair_connector(&kc);
	k->host = str_cstr(host);
	pair_init(&pair, a, k, NULL);
	up = pair_shake(&pair);
	pair_shut(&pair);
	connector_close(k);
	return up;
}

Test(channel, answers_to_a_name_with_its_certificate)
{
	const struct str exact = STR("a.exact.test"),
			 wild[] = {STR("*.wild.test"), STR("Big.Test")};
	const struct tls_name names[] = {
		{&exact, 1, {pair_identity("exact"), 1}},
		{wild, 2, {pair_identity("wild"), 1}},
	};
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct acceptor *a;

	ac.names = names;
	ac.n_names = 2;
	a = pair_acceptor(&ac);
	cr_expect(answers(a, "a.exact.test", "a.exact.test"));
	cr_expect(answers(a, "A.Exact.Test", "a.exact.test"));
	cr_expect(answers(a, "x.wild.test", "x.wild.test"));
	cr_expect(answers(a, "big.test", "x.wild.test"));
	cr_expect(answers(a, "x.y.wild.test", "mx.test"));
	cr_expect(answers(a, "wild.test", "mx.test"));
	cr_expect(answers(a, "b.exact.test", "mx.test"));
	cr_expect(answers(a, "unknown.test", "mx.test"));
	acceptor_close(a);
}

Test(channel, finds_one_of_thousands_of_names)
{
	enum { N = 3000 };
	static char text[N][32];
	static struct str names[N];
	struct tls_name name = {names, N, {pair_identity("exact"), 1}};
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct acceptor *a;

	for (int i = 0; i < N; i++) {
		snprintf(text[i], sizeof(text[i]), "host-%d.test", i);
		names[i] = str_cstr(text[i]);
	}
	ac.names = &name;
	ac.n_names = 1;
	a = pair_acceptor(&ac);
	cr_expect(answers(a, "host-0.test", "a.exact.test"));
	cr_expect(answers(a, "host-2999.test", "a.exact.test"));
	cr_expect(answers(a, "host-3000.test", "mx.test"));
	acceptor_close(a);
}

static struct str cipher_with(const struct acceptor *a, const char *ciphers)
{
	struct tls_connector_conf kc = pair_connector_conf();
	struct auth_http_tls facts;
	struct arena none;
	struct connector *k;

	kc.suites.versions = TLS_1_2;
	kc.suites.ciphers = str_cstr(ciphers);
	k = pair_connector(&kc);
	pair_init(&pair, a, k, NULL);
	(void)pair_shake(&pair);
	arena_init(&none, NULL, 0);
	channel_facts(&pair.server, &none, &facts);
	pair_shut(&pair);
	connector_close(k);
	return facts.cipher;
}

Test(channel, shows_the_certificate_that_the_client_can_check)
{
	struct tls_identity both[2];
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct acceptor *a;

	both[0] = *pair_identity("rsa");
	both[1] = *pair_identity("ecdsa");
	ac.identities = (struct tls_identities){both, 2};
	a = pair_acceptor(&ac);
	cr_expect(str_eq(cipher_with(a, "ECDHE-RSA-AES128-GCM-SHA256"),
			 STR("ECDHE-RSA-AES128-GCM-SHA256")));
	cr_expect(str_eq(cipher_with(a, "ECDHE-ECDSA-CHACHA20-POLY1305"),
			 STR("ECDHE-ECDSA-CHACHA20-POLY1305")));
	cr_expect(str_starts(cipher_with(a, "ECDHE+AESGCM"), STR("ECDHE-ECDSA-")));
	cr_expect_eq(cipher_with(a, "ECDHE-RSA-AES128-SHA").n, 0, "no shared cipher");
	acceptor_close(a);
	/* the client would take either, the server has suites for one */
	ac.suites.ciphers = STR("ECDHE-RSA-AES256-GCM-SHA384");
	a = pair_acceptor(&ac);
	cr_expect(str_eq(cipher_with(a, ""), STR("ECDHE-RSA-AES256-GCM-SHA384")));
	acceptor_close(a);
}

/* A client that offers these protocols, separated by commas. */
static bool offers(const char *protocols, const char *why)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_connector_conf kc = pair_connector_conf();
	struct acceptor *a = pair_acceptor(&ac);
	struct connector *k = pair_connector(&kc);
	char list[64];
	bool up;

	snprintf(list, sizeof(list), "%s", protocols);
	pair_init(&pair, a, k, NULL);
	cr_assert_eq(wolfSSL_UseALPN((WOLFSSL *)pair.client.wolf, list, (unsigned)strlen(list),
				     WOLFSSL_ALPN_FAILED_ON_MISMATCH),
		     WOLFSSL_SUCCESS);
	up = pair_shake(&pair);
	if (!up)
		cr_expect(str_eq(channel_why(&pair.server), str_cstr(why)));
	pair_shut(&pair);
	connector_close(k);
	acceptor_close(a);
	return up;
}

Test(channel, refuses_clients_of_other_protocols)
{
	cr_expect(offers("imap", ""));
	cr_expect(offers("h2,imap", ""));
	cr_expect_not(offers("h2,http/1.1", "no application protocol"));
	cr_expect_not(offers("smtp", "no application protocol"));
}

static bool meet(unsigned server, unsigned client)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_connector_conf kc = pair_connector_conf();
	struct acceptor *a;
	struct connector *k;
	bool up;

	ac.suites.versions = server;
	kc.suites.versions = client;
	a = pair_acceptor(&ac);
	k = pair_connector(&kc);
	pair_init(&pair, a, k, NULL);
	up = pair_shake(&pair);
	pair_shut(&pair);
	connector_close(k);
	acceptor_close(a);
	return up;
}

Test(channel, speaks_the_versions_it_is_told)
{
	cr_expect(meet(TLS_1_2, TLS_1_2 | TLS_1_3));
	cr_expect(meet(TLS_1_3, TLS_1_2 | TLS_1_3));
	cr_expect(meet(TLS_1_1 | TLS_1_2, TLS_1_2));
	cr_expect(meet(TLS_1_1 | TLS_1_2, TLS_1_2 | TLS_1_3));
	cr_expect_not(meet(TLS_1_2, TLS_1_3));
	cr_expect_not(meet(TLS_1_3, TLS_1_2));
}

/* --- threads ------------------------------------------------------------------------------ */

struct crowd {
	const struct acceptor *a;
	const struct connector *k;
};

static void *connects(void *context)
{
	const struct crowd *crowd = context;
	struct connector_sessions *s = connector_sessions_open(4);
	struct pair *p = calloc(1, sizeof(*p));
	void *wrong = NULL;

	for (int i = 0; p != NULL && s != NULL && i < 12; i++) {
		pair_init(p, crowd->a, crowd->k, s);
		if (!pair_shake(p) || !pair_send(p, true, STR("* OK\r\n")) ||
		    p->server.resumed != (i > 0))
			wrong = context;
		pair_shut(p);
	}
	connector_sessions_close(s);
	free(p);
	return wrong;
}

static void serves_threads(unsigned version, struct tls_cache *cache)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_connector_conf kc = pair_connector_conf();
	struct crowd crowd;
	struct acceptor *a;
	struct connector *k;
	pthread_t threads[4];

	ac.cache = cache;
	ac.tickets = cache == NULL;
	kc.suites.versions = version;
	crowd.a = a = pair_acceptor(&ac);
	crowd.k = k = pair_connector(&kc);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, connects, &crowd), 0);
	for (int i = 0; i < 4; i++) {
		void *wrong;

		cr_assert_eq(pthread_join(threads[i], &wrong), 0);
		cr_expect_null(wrong);
	}
	connector_close(k);
	acceptor_close(a);
}

Test(channel, shares_an_acceptor_among_threads)
{
	struct tls_cache *cache = cache_open(100 * 1000);

	cr_assert(cache);
	serves_threads(TLS_1_3, NULL);
	serves_threads(TLS_1_2, cache);
	cache_close(cache);
}
