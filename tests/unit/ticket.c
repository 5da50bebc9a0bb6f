/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ticket: who resumes whose sessions, by tickets and by ids.
 */
#include "tls/ticket.h"

#include "tests/lib/tls_pair.h"
#include "tls/cache.h"
#include "tls/connector_state.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct pair pair;

/* One connection with some data both ways; true if it was resumed. */
static bool resumes(const struct acceptor *a, const struct connector *k,
		    struct connector_sessions *s)
{
	bool resumed;

	pair_init(&pair, a, k, s);
	if (!pair_shake(&pair)) {
		/* wolfSSL's own client gives up when its ticket is not taken */
		cr_assert_eq(k->suites.max, WOLFSSL_TLSV1_2);
		cr_assert(str_starts(channel_why(&pair.server), STR("alert received")));
		pair_shut(&pair);
		return false;
	}
	cr_assert(pair_send(&pair, true, STR("* OK\r\n")));
	cr_assert(pair_send(&pair, false, STR("a LOGOUT\r\n")));
	cr_assert_eq(pair.server.resumed, pair.client.resumed);
	resumed = pair.server.resumed;
	pair_shut(&pair);
	return resumed;
}

static struct connector *connector_for(unsigned version)
{
	struct tls_connector_conf kc = pair_connector_conf();
	struct connector *k;

	kc.suites.versions = version;
	k = pair_connector(&kc);
	/* what a connector itself does not dare: see there */
	cr_assert_eq(wolfSSL_CTX_UseSessionTicket(k->ctx), WOLFSSL_SUCCESS);
	return k;
}

/* A session made with one acceptor is, or is not, resumed with another. */
static bool crosses(const struct tls_acceptor_conf *from, const struct tls_acceptor_conf *to,
		    unsigned version)
{
	struct acceptor *a = pair_acceptor(from), *b = pair_acceptor(to);
	struct connector_sessions *s = connector_sessions_open(8);
	struct connector *k = connector_for(version);
	bool crossed;

	cr_assert(s);
	cr_expect_not(resumes(a, k, s));
	crossed = resumes(b, k, s);
	connector_sessions_close(s);
	connector_close(k);
	acceptor_close(a);
	acceptor_close(b);
	return crossed;
}

Test(ticket, is_resumed_where_it_was_given)
{
	for (unsigned v = TLS_1_2; v <= TLS_1_3; v *= 2) {
		struct tls_acceptor_conf ac = pair_acceptor_conf();
		struct acceptor *a = pair_acceptor(&ac);
		struct connector_sessions *s = connector_sessions_open(8);
		struct connector *k = connector_for(v);

		cr_expect_not(resumes(a, k, s));
		cr_expect(resumes(a, k, s), "%u", v);
		cr_expect(resumes(a, k, s), "%u", v);
		connector_sessions_close(s);
		connector_close(k);
		acceptor_close(a);
	}
}

Test(ticket, random_keys_open_their_own_only)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();

	cr_expect_not(crosses(&ac, &ac, TLS_1_2));
	cr_expect_not(crosses(&ac, &ac, TLS_1_3));
}

Test(ticket, keys_of_files_are_shared)
{
	const struct tls_file one = pair_file("ticket-1.key"), two = pair_file("ticket-2.key"),
			      big = pair_file("ticket-80.key");
	const struct tls_file both[] = {two, one};
	struct tls_acceptor_conf a = pair_acceptor_conf(), b;

	a.ticket_keys = &one;
	a.n_ticket_keys = 1;
	b = a;
	for (unsigned v = TLS_1_2; v <= TLS_1_3; v *= 2) {
		b.ticket_keys = &one;
		b.n_ticket_keys = 1;
		cr_expect(crosses(&a, &b, v));
		b.ticket_keys = both;
		b.n_ticket_keys = 2;
		cr_expect(crosses(&a, &b, v));
		b.n_ticket_keys = 1;
		cr_expect_not(crosses(&a, &b, v));
		b.ticket_keys = &big;
		cr_expect_not(crosses(&a, &b, v));
		cr_expect(crosses(&b, &b, v));
	}
}

Test(ticket, another_context_is_another_world)
{
	const struct tls_file one = pair_file("ticket-1.key");
	struct tls_acceptor_conf a = pair_acceptor_conf(), b;

	a.ticket_keys = &one;
	a.n_ticket_keys = 1;
	b = a;
	b.context = STR("other");
	for (unsigned v = TLS_1_2; v <= TLS_1_3; v *= 2) {
		cr_expect_not(crosses(&a, &b, v));
		b.verify = TLS_VERIFY_OPTIONAL;
		b.client_ca = pair_file("ca.pem");
		b.context = a.context;
		cr_expect_not(crosses(&a, &b, v));
		cr_expect_not(crosses(&b, &b, v));
		b.verify = TLS_VERIFY_OFF;
		b.context = STR("other");
	}
}

Test(ticket, is_of_its_certificate)
{
	const struct tls_file one = pair_file("ticket-1.key");
	struct tls_acceptor_conf a = pair_acceptor_conf(), b;

	a.ticket_keys = &one;
	a.n_ticket_keys = 1;
	b = a;
	b.identities.v = pair_identity("renewed");
	for (unsigned v = TLS_1_2; v <= TLS_1_3; v *= 2) {
		cr_expect_not(crosses(&a, &b, v));
		cr_expect_not(crosses(&b, &a, v));
		cr_expect(crosses(&b, &b, v));
	}
}

Test(ticket, none_means_none)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();

	ac.tickets = false;
	for (unsigned v = TLS_1_2; v <= TLS_1_3; v *= 2) {
		struct acceptor *a = pair_acceptor(&ac);
		struct connector_sessions *s = connector_sessions_open(8);
		struct connector *k = connector_for(v);

		cr_expect_not(resumes(a, k, s));
		cr_expect_not(resumes(a, k, s), "%u", v);
		connector_sessions_close(s);
		connector_close(k);
		acceptor_close(a);
	}
}

/* A server that stumbles over a session is not offered it for ever. */
Test(ticket, is_forgotten_where_the_handshake_fails)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct acceptor *a = pair_acceptor(&ac);
	struct connector_sessions *s = connector_sessions_open(8);
	struct connector *k = connector_for(TLS_1_3);

	cr_expect_not(resumes(a, k, s));
	cr_expect(resumes(a, k, s));
	pair_init(&pair, a, k, s);
	cr_expect_eq(pair_client_step(&pair), CHANNEL_MORE);
	pair_shut(&pair);
	cr_expect_not(resumes(a, k, s));
	cr_expect(resumes(a, k, s));
	connector_sessions_close(s);
	connector_close(k);
	acceptor_close(a);
}

Test(ticket, ids_are_resumed_through_the_cache)
{
	struct tls_cache *cache = cache_open(256 * 1024);
	struct tls_acceptor_conf a = pair_acceptor_conf(), b;
	struct cache_counters n;

	cr_assert(cache);
	a.tickets = false;
	a.cache = cache;
	b = a;
	cr_expect(crosses(&a, &b, TLS_1_2));
	cache_counters(cache, &n);
	cr_expect_eq(n.kept, 1);
	cr_expect_eq(n.hits, 1);
	b.context = STR("other");
	cr_expect_not(crosses(&a, &b, TLS_1_2));
	b.context = a.context;
	b.identities.v = pair_identity("renewed");
	cr_expect_not(crosses(&a, &b, TLS_1_2));
	b.identities.v = a.identities.v;
	b.cache = NULL;
	cr_expect_not(crosses(&a, &b, TLS_1_2));
	cache_close(cache);
}

Test(ticket, wrong_files_are_named)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	const struct tls_file wrong = pair_file("ca.pem");
	struct tls_error e;

	ac.ticket_keys = &wrong;
	ac.n_ticket_keys = 1;
	cr_assert_null(acceptor_open(&ac, &e));
	cr_expect_str_eq(e.text, "cannot load session ticket key \"ca.pem\": it must have 48 or 80 "
				 "bytes");
}
