/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel_hostile: peers that send anything else than they should. Nothing crashes, nothing loops,
 * nothing leaks, and nobody gets in.
 */
#include "tests/lib/tls_pair.h"
#include "tls/connector_state.h"
#include "tls/library.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#ifndef RINGPOST_WOLFSSL_SYSTEM /* the package has not got it */
#include <wolfssl/internal.h>
#else
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#endif

static struct pair pair;

static struct acceptor *server(void)
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();

	return pair_acceptor(&ac);
}

static struct connector *client(unsigned version)
{
	struct tls_connector_conf kc = pair_connector_conf();

	kc.suites.versions = version;
	return pair_connector(&kc);
}

static void put(struct pair_way *way, struct str s)
{
	cr_assert(way->n + s.n <= sizeof(way->bytes));
	memcpy(way->bytes + way->n, s.p, s.n);
	way->n += s.n;
}

Test(channel_hostile, no_client_hello_is_no_client)
{
	static const struct str texts[] = {
		STR_INIT("EHLO mx.example.org\r\n"),
		STR_INIT("GET / HTTP/1.0\r\n\r\n"),
		STR_INIT("\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00"),
		STR_INIT("\x16\x03\x01\x00\x00"),
		STR_INIT("\x15\x03\x01\x00\x02\x01\x00"),
		STR_INIT("\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10"),
		STR_INIT("\x17\x03\x03\x00\x10 sixteen bytes .."),
		STR_INIT("\x16\x03\x01\xff\xff\x01\x00\xff\xff"),
	};
	struct acceptor *a = server();
	uint64_t before = library_memory();

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t step = 1; step <= 64; step *= 64) {
			pair_init(&pair, a, NULL, NULL);
			pair.step = step;
			put(&pair.to_server, texts[i]);
			while (pair.to_server.n != 0 && pair_server_step(&pair) == CHANNEL_MORE)
				continue;
			cr_expect_eq(pair.server_ev, CHANNEL_FAILED, "%zu", i);
			cr_expect_gt(channel_why(&pair.server).n, 0);
			cr_expect_eq(pair_server_step(&pair), CHANNEL_FAILED);
			channel_close(&pair.server);
		}
	pair_same_memory(before);
	acceptor_close(a);
}

/* --- a man in the middle ------------------------------------------------------------------ */

/* At that offset of one direction the stream ends, or one bit is turned. */
struct harm {
	bool to_client, cut;
	size_t at;
};

/* Apply it to what has been written since `from`, which is at `total` in its direction. */
static void apply(const struct harm *h, struct pair_way *way, size_t from, size_t total)
{
	if (h->at < total || h->at >= total + way->n - from)
		return;
	if (h->cut)
		way->n = from + h->at - total;
	else
		way->bytes[from + h->at - total] ^= (uint8_t)(1U << h->at % 8);
}

/* True if the offset was reached. */
static bool suffer(const struct acceptor *a, const struct connector *k, const struct harm *h)
{
	size_t total = 0;
	bool cut = false;

	pair_init(&pair, a, k, NULL);
	for (int i = 0; i < 8; i++) {
		struct pair_way *way = i % 2 == 0 ? &pair.to_server : &pair.to_client;
		bool over = i % 2 == 0 ? pair.client_ev != CHANNEL_MORE
				       : pair.server_ev != CHANNEL_MORE;
		size_t from = way->n;

		if (over)
			continue;
		(void)(i % 2 == 0 ? pair_client_step(&pair) : pair_server_step(&pair));
		if ((i % 2 == 1) != h->to_client)
			continue;
		if (cut)
			way->n = from;
		else
			apply(h, way, from, total);
		cut = cut ||
		      (h->cut && way->n > 0 && h->at < total + way->n - from + 1 && h->at >= total);
		total += way->n - from;
	}
	return h->at < total + (cut ? 1 : 0);
}

static void harm_everywhere(unsigned version, bool to_client, bool cut)
{
	struct acceptor *a = server();
	struct connector *k = client(version);
	uint64_t before = library_memory();
	struct harm h = {to_client, cut, 0};
	size_t up = 0;

	for (; suffer(a, k, &h); h.at++) {
		bool both = pair.server_ev == CHANNEL_UP && pair.client_ev == CHANNEL_UP;

		/* a version in the head of a record may be anything, and tickets of TLS 1.3 come
		 * when all is done; what is left is authenticated */
		up += both;
		if (both)
			cr_expect(pair_send(&pair, false, STR("data")));
		pair_shut(&pair);
	}
	pair_shut(&pair);
	cr_expect_gt(h.at, 100);
	cr_expect_lt(up, to_client && version == TLS_1_3 ? 300 : 40, "%zu of %zu", up, h.at);
	pair_same_memory(before);
	connector_close(k);
	acceptor_close(a);
}

Test(channel_hostile, a_bit_is_turned_on_the_way_to_the_server)
{
	harm_everywhere(TLS_1_2, false, false);
	harm_everywhere(TLS_1_3, false, false);
}

Test(channel_hostile, a_bit_is_turned_on_the_way_to_the_client)
{
	harm_everywhere(TLS_1_2, true, false);
	harm_everywhere(TLS_1_3, true, false);
}

/* --- floods ------------------------------------------------------------------------------- */

static void up(struct acceptor **a, struct connector **k, unsigned version)
{
	*a = server();
	*k = client(version);
	pair_init(&pair, *a, *k, NULL);
	cr_assert(pair_shake(&pair));
	/* tickets and the like are read */
	cr_assert(pair_send(&pair, true, STR("hello")));
	cr_assert(pair_send(&pair, false, STR("hello")));
}

static void down(struct acceptor *a, struct connector *k)
{
	pair_shut(&pair);
	connector_close(k);
	acceptor_close(a);
}

/* What the server makes of all that has come. */
static enum channel_ev read_all(size_t *n)
{
	uint8_t plain[20000];
	struct channel_plain p = {.p = plain, .room = sizeof(plain)};
	struct buf in = buf_view(str_of(pair.to_server.bytes, pair.to_server.n));
	struct out out;
	enum channel_ev ev;

	out_init(&out, pair.to_client.bytes, sizeof(pair.to_client.bytes));
	*n = 0;
	do {
		ev = channel_read(&pair.server, &in, &out, &p);
		*n += p.n;
	} while (ev == CHANNEL_PLAIN);
	pair.to_server.n = buf_len(&in);
	return ev;
}

static void update_keys(struct out *out)
{
	pair.client.out = out;
	cr_assert_eq(wolfSSL_update_keys((WOLFSSL *)pair.client.wolf), WOLFSSL_SUCCESS);
}

Test(channel_hostile, key_updates_without_data_come_to_an_end)
{
	struct acceptor *a;
	struct connector *k;
	struct out out;
	size_t n;

	up(&a, &k, TLS_1_3);
	out_init(&out, pair.to_server.bytes, sizeof(pair.to_server.bytes));
	update_keys(&out);
	pair.to_server.n = out.n;
	cr_expect_eq(read_all(&n), CHANNEL_MORE, "one is fine");
	out_init(&out, pair.to_server.bytes, sizeof(pair.to_server.bytes));
	for (int i = 0; i < 100; i++)
		update_keys(&out);
	pair.to_server.n = out.n;
	cr_expect_eq(read_all(&n), CHANNEL_FAILED);
	cr_expect(str_eq(channel_why(&pair.server), STR("too many records without data")));
	down(a, k);
}

Test(channel_hostile, changes_of_ciphers_come_to_an_end)
{
	struct acceptor *a = server();
	struct connector *k = client(TLS_1_3);

	pair_init(&pair, a, k, NULL);
	(void)pair_client_step(&pair);
	cr_assert_eq(pair_server_step(&pair), CHANNEL_MORE);
	for (int i = 0; i < 1000; i++)
		put(&pair.to_server, STR("\x14\x03\x03\x00\x01\x01"));
	cr_expect_eq(pair_server_step(&pair), CHANNEL_FAILED);
	cr_expect_gt(pair.to_server.n, 900 * 6, "it has seen enough early");
	down(a, k);
}

Test(channel_hostile, a_handshake_comes_to_an_end)
{
	struct acceptor *a = server();
	struct connector *k = client(TLS_1_2);
	static uint8_t large[16384 + 5] = {0x16, 0x03, 0x03, 0x40, 0x00, 11, 0x00, 0xff, 0xf0};

	/* a certificate that never ends */
	pair_init(&pair, a, k, NULL);
	(void)pair_client_step(&pair);
	cr_assert_eq(pair_server_step(&pair), CHANNEL_MORE);
	for (int i = 0; i < 6; i++)
		put(&pair.to_server, str_of(large, sizeof(large)));
	cr_expect_eq(pair_server_step(&pair), CHANNEL_FAILED);
	down(a, k);
}

Test(channel_hostile, nothing_behind_close_notify_is_looked_at)
{
	for (unsigned v = TLS_1_2; v <= TLS_1_3; v *= 2) {
		struct acceptor *a;
		struct connector *k;
		struct out out;
		size_t n;

		up(&a, &k, v);
		out_init(&out, pair.to_server.bytes, sizeof(pair.to_server.bytes));
		cr_assert_eq(channel_write(&pair.client, STR("last words"), &out), 10);
		channel_bye(&pair.client, &out);
		out_lit(&out, "RCPT TO:<x>\r\n");
		pair.to_server.n = out.n;
		cr_expect_eq(read_all(&n), CHANNEL_CLOSED);
		cr_expect_eq(n, 10);
		cr_expect_eq(pair.to_server.n, 13);
		cr_expect_eq(read_all(&n), CHANNEL_CLOSED);
		cr_expect_eq(pair.to_server.n, 13);
		cr_expect(channel_is_sound(&pair.server));
		/* but we may go on to talk */
		out_init(&out, pair.to_client.bytes, sizeof(pair.to_client.bytes));
		cr_expect_eq(channel_write(&pair.server, STR("bye"), &out), 3);
		channel_bye(&pair.server, &out);
		down(a, k);
	}
}

Test(channel_hostile, plain_text_behind_the_handshake_fails)
{
	for (unsigned v = TLS_1_2; v <= TLS_1_3; v *= 2) {
		struct acceptor *a;
		struct connector *k;
		size_t n;

		up(&a, &k, v);
		pair.to_server.n = 0;
		put(&pair.to_server, STR("RCPT TO:<x@example.org>\r\n"));
		cr_expect_eq(read_all(&n), CHANNEL_FAILED);
		cr_expect_eq(n, 0);
		cr_expect_not(channel_is_sound(&pair.server));
		cr_expect_eq(channel_write(&pair.server, STR("x"), &(struct out){0}), 0);
		down(a, k);
	}
}

/* --- records with nothing within ------------------------------------------------------------ */

static void is_bare(const struct channel *c, enum channel_ev ev)
{
	cr_expect_eq(ev, CHANNEL_FAILED);
	cr_expect(str_eq(channel_why(c), STR("record without a content type")), "%.*s",
		  (int)channel_why(c).n, (const char *)channel_why(c).p);
}

/* CVE-2024-0901: a tag alone, of whatever kind the record says it is. What is in it does not
 * matter: wolfSSL would find its type in other memory if it were right. */
static const struct str bare[] = {
	STR_INIT("\x15\x03\x03\0\x10"
		 "0123456789abcdef"),
	STR_INIT("\x16\x03\x03\0\x10"
		 "0123456789abcdef"),
	STR_INIT("\x17\x03\x03\0\x10"
		 "0123456789abcdef"),
	STR_INIT("\x18\x03\x03\0\x10"
		 "0123456789abcdef"),
};

Test(channel_hostile, a_tag_alone_is_no_record_of_the_client)
{
	for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++) {
		struct acceptor *a = server();
		struct connector *k = client(TLS_1_3);
		size_t n;

		pair_init(&pair, a, k, NULL);
		(void)pair_client_step(&pair);
		cr_assert_eq(pair_server_step(&pair), CHANNEL_MORE);
		put(&pair.to_server, bare[i]);
		is_bare(&pair.server, pair_server_step(&pair));
		down(a, k);
		up(&a, &k, TLS_1_3);
		pair.to_server.n = 0;
		put(&pair.to_server, bare[i]);
		is_bare(&pair.server, read_all(&n));
		down(a, k);
	}
}

Test(channel_hostile, a_tag_alone_is_no_record_of_the_server)
{
	for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++) {
		struct acceptor *a = server();
		struct connector *k = client(TLS_1_3);
		size_t hello;

		pair_init(&pair, a, k, NULL);
		(void)pair_client_step(&pair);
		cr_assert_eq(pair_server_step(&pair), CHANNEL_MORE);
		hello = 5U + pair.to_client.bytes[4]; /* the ServerHello's record */
		pair.to_client.n = hello;
		put(&pair.to_client, bare[i]);
		is_bare(&pair.client, pair_client_step(&pair));
		down(a, k);
	}
}

/* A ClientHello may come in records of that size (RFC 8446 section 5.1). */
Test(channel_hostile, what_is_not_sealed_may_be_as_short)
{
	struct acceptor *a = server();
	struct connector *k = client(TLS_1_2 | TLS_1_3);
	static uint8_t hello[1024];
	size_t n;

	pair_init(&pair, a, k, NULL);
	(void)pair_client_step(&pair);
	n = pair.to_server.n - 5;
	cr_assert_leq(n, sizeof(hello));
	memcpy(hello, pair.to_server.bytes + 5, n);
	pair.to_server.n = 0;
	for (size_t at = 0; at < n; at += 16) {
		uint8_t m = (uint8_t)(n - at < 16 ? n - at : 16);

		put(&pair.to_server, str_of((const uint8_t[]){0x16, 3, 1, 0, m}, 5));
		put(&pair.to_server, str_of(hello + at, m));
	}
	cr_expect(pair_shake(&pair), "%.*s", (int)channel_why(&pair.server).n,
		  (const char *)channel_why(&pair.server).p);
	down(a, k);
}

/* --- certificates without keys ------------------------------------------------------------ */

#ifndef RINGPOST_WOLFSSL_SYSTEM
/* Sends as the channel does, and once a certificate has gone forgets to prove that it is ours. */
static int forgetful(WOLFSSL *ssl, char *bytes, int n, void *context)
{
	struct channel *c = context;
	bool certificate = bytes[0] == 0x17 || (bytes[0] == 0x16 && n > 5 && bytes[5] == 11);

	out_str(c->out, str_of(bytes, (size_t)n));
	if (certificate)
		ssl->options.sendVerify = SEND_BLANK_CERT;
	return n;
}

static void forget_to_prove(struct channel *c)
{
	wolfSSL_SSLSetIOSend((WOLFSSL *)c->wolf, forgetful);
}
#endif

/* A client with a certificate and another key, or, with `forget`, one that proves nothing. */
static enum channel_ev claims(unsigned version, void (*forget)(struct channel *c))
{
	struct tls_acceptor_conf ac = pair_acceptor_conf();
	struct tls_connector_conf kc = pair_connector_conf();
	struct tls_file key = pair_file("self.key");
	struct acceptor *a;
	struct connector *k;
	enum channel_ev ev;

	ac.verify = TLS_VERIFY_OPTIONAL;
	ac.client_ca = pair_file("ca.pem");
	kc.suites.versions = version;
	kc.identities = (struct tls_identities){pair_identity("good"), 1};
	a = pair_acceptor(&ac);
	k = pair_connector(&kc);
	if (forget == NULL)
		cr_assert_eq(wolfSSL_CTX_use_PrivateKey_buffer(
				     k->ctx, key.bytes.p, (long)key.bytes.n, WOLFSSL_FILETYPE_PEM),
			     WOLFSSL_SUCCESS);
	pair_init(&pair, a, k, NULL);
	if (forget != NULL)
		forget(&pair.client);
	(void)pair_shake(&pair);
	ev = pair.server_ev;
	cr_expect_not(str_starts(channel_why(&pair.server), STR("alert received")),
		      "the client has done its part");
	down(a, k);
	return ev;
}

Test(channel_hostile, a_certificate_without_its_key_is_no_certificate)
{
	cr_expect_eq(claims(TLS_1_2, NULL), CHANNEL_FAILED);
	cr_expect_eq(claims(TLS_1_3, NULL), CHANNEL_FAILED);
#ifndef RINGPOST_WOLFSSL_SYSTEM
	cr_expect_eq(claims(TLS_1_2, forget_to_prove), CHANNEL_FAILED);
	cr_expect_eq(claims(TLS_1_3, forget_to_prove), CHANNEL_FAILED);
#endif
}

/* --- clients with little memory ------------------------------------------------------------ */

#ifdef HAVE_MAX_FRAGMENT /* the tuned library does not offer it */
/* RFC 6066 section 4: every record costs its header and its tag, so there are many of them. */
Test(channel_hostile, records_as_short_as_the_client_wants)
{
	static uint8_t bytes[64 * 1024], text[CHANNEL_RECORD_MAX];
	struct acceptor *a = server();
	struct connector *k = client(TLS_1_2);
	struct out out;

	pair_init(&pair, a, k, NULL);
	cr_assert_eq(wolfSSL_UseMaxFragment((WOLFSSL *)pair.client.wolf, WOLFSSL_MFL_2_9),
		     WOLFSSL_SUCCESS);
	cr_assert(pair_shake(&pair));
	for (size_t room = CHANNEL_RECORD_MAX; room < CHANNEL_RECORD_MAX + 2048; room += 16) {
		out_init(&out, bytes, room);
		(void)!channel_write(&pair.server, str_of(text, sizeof(text)), &out);
		cr_assert(channel_is_sound(&pair.server), "%zu", room);
	}
	out_init(&out, bytes, CHANNEL_RECORD_MAX + CHANNEL_OVERHEAD_MAX);
	cr_assert_gt(channel_write(&pair.server, str_of(text, sizeof(text)), &out), 0);
	pair_shut(&pair);
	acceptor_close(a);
	connector_close(k);
}
#endif
