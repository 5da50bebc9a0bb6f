/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS with mail servers: Dovecot and Postfix with TLS at once and after STARTTLS, certificates that
 * must be good, whom Auth-Server-SSL says; and backends that slip something in before TLS.
 */
#include "tests/it/lib/balancer.h"
#include "tests/it/lib/dovecot.h"
#include "tests/it/lib/fake.h"
#include "tests/it/lib/postfix.h"
#include "tests/it/lib/secure.h"
#include "tests/it/lib/talk.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void beyond_nginx(void)
{
	if (place_is_nginx())
		cr_skip("nginx's mail module speaks no TLS to backends");
}

TestSuite(it_tls_backend, .timeout = 90, .fini = place_fini, .init = beyond_nginx);

#define VERIFY                                                                                     \
	"proxy_ssl_verify on; proxy_ssl_trusted_certificate %C/ca.pem; proxy_ssl_name mx.test; "
#define REFUSED "451 4.3.2 Internal server error"

/* --- real servers --------------------------------------------------------------------------------
 */

static void dovecot_behind(const char *directives, bool at_once, const char *how)
{
	struct dovecot d = {.identity = "ecdsa"};
	struct secure s;
	char users[512];

	if (!dovecot_is_known())
		cr_skip("Dovecot is not 2.3, which these tests configure");
	secure_begin(&s, NULL);
	dovecot_start(s.place, &d);
	snprintf(users, sizeof(users),
		 "{\"imap\": {\"server\": \"127.0.0.1\", \"port\": %u%s},"
		 " \"pop3\": {\"server\": \"127.0.0.1\", \"port\": %u%s},"
		 " \"users\": {\"alice\": {\"password\": \"secret\", \"login\": \"alice@inside\","
		 " \"backend_password\": \"%s\"}}}",
		 at_once ? d.imaps : d.imap, how, at_once ? d.pop3s : d.pop3, how,
		 DOVECOT_PASSWORD);
	secure_proxy(&s, &(struct secure_conf){.users = users, .mail = directives});
	SECURE_PYTHON(&s, "tls_mail.py", "mailboxes");
	dovecot_await_log(s.place, "imap-login: Info: Login: user=<alice@inside>");
	dovecot_await_log(s.place, "pop3-login: Info: Login: user=<alice@inside>");
	dovecot_await_log(s.place, "tls=<TLSv1.3 with cipher");
	place_end(s.place, false);
}

Test(it_tls_backend, dovecot_with_tls_at_once)
{
	dovecot_behind("proxy_ssl on; " VERIFY, true, "");
}

Test(it_tls_backend, dovecot_with_starttls)
{
	dovecot_behind("proxy_ssl starttls; " VERIFY, false, "");
}

Test(it_tls_backend, dovecot_as_the_auth_service_says)
{
	dovecot_behind("proxy_ssl off; " VERIFY, true, ", \"server_ssl\": \"on\"");
	dovecot_behind("proxy_ssl on; " VERIFY, false, ", \"server_ssl\": \"starttls\"");
}

static void swaks(struct secure *s, uint16_t port, const char *tls)
{
	char server[32];
	const char *argv[] = {"swaks",
			      "--server",
			      server,
			      "--from",
			      "a@client.test",
			      "--to",
			      "b@sink.test",
			      "--timeout",
			      "20",
			      "--auth",
			      "PLAIN",
			      "--auth-user",
			      "alice",
			      "--auth-password",
			      "secret",
			      tls,
			      NULL};

	snprintf(server, sizeof(server), "127.0.0.1:%u", port);
	cr_assert_eq(place_run(s->place, "swaks", argv), 0, "%s",
		     place_read(s->place, "swaks.out"));
}

Test(it_tls_backend, postfix_with_starttls)
{
	struct secure s;
	char users[256];

	if (!postfix_is_possible())
		cr_skip("a Postfix of one's own needs root");
	secure_begin(&s, NULL);
	snprintf(users, sizeof(users),
		 "{\"smtp\": {\"server\": \"127.0.0.1\", \"port\": %u},"
		 " \"users\": {\"alice\": {\"password\": \"secret\"}}}",
		 postfix_start(s.place, "rsa", NULL));
	secure_proxy(&s,
		     &(struct secure_conf){.users = users, .mail = "proxy_ssl starttls; " VERIFY});
	swaks(&s, s.place->login, NULL);
	for (int i = 0; i < 3; i++) /* Postfix gives no second ticket where the first was taken */
		swaks(&s, s.smtps, "--tls-on-connect");
	swaks(&s, s.smtp, "--tls");
	postfix_await_log(s.place,
			  "Anonymous TLS connection established from localhost[127.0.0.1]");
	postfix_await_log(s.place, "status=sent");
	postfix_stop(s.place);
	place_end(s.place, false);
}

/* --- certificates --------------------------------------------------------------------------------
 */

/* HAProxy with TLS before the sink, and our proxy before it. */
static void begin_behind(struct secure *s, struct balancer_tls *b, const char *directives)
{
	char users[256];

	secure_begin(s, NULL);
	balancer_choose_tls(b);
	b->plain_to = s->place->sink_at;
	b->tls_to = s->smtps;
	balancer_start_tls(s->place, b);
	snprintf(users, sizeof(users),
		 "{\"smtp\": {\"server\": \"127.0.0.1\", \"port\": %u},"
		 " \"users\": {\"alice\": {\"password\": \"secret\"}}}",
		 b->tls);
	secure_proxy(s, &(struct secure_conf){.users = users, .mail = directives});
}

/* HAProxy shows this certificate before the sink; is it good enough to log in? */
static void try_identity(const char *identity, const char *directives, bool good)
{
	struct balancer_tls b = {.identity = identity};
	struct secure s;
	struct talk t;

	begin_behind(&s, &b, directives);
	talk_open(&t, s.place->login);
	talk_expect_code(&t, "220");
	talk_say(&t, "EHLO client.test", "250");
	talk_say(&t, "AUTH PLAIN AGFsaWNlAHNlY3JldA==", good ? "235" : REFUSED);
	if (good) {
		talk_message(&t);
		talk_say(&t, "QUIT", "221");
	} else {
		place_await_log(s.place, ".*upstream: .*");
	}
	cr_assert_eq(place_sink_count(s.place, "messages"), good);
	talk_close(&t);
	place_end(s.place, false);
}

Test(it_tls_backend, good_certificates_are_good)
{
	try_identity("ecdsa", "proxy_ssl on; " VERIFY, true);
	try_identity("rsa", "proxy_ssl on; " VERIFY, true);
	try_identity("stranger",
		     "proxy_ssl on; proxy_ssl_verify on; proxy_ssl_name elsewhere.test;"
		     " proxy_ssl_trusted_certificate %C/ca.pem;",
		     true);
	try_identity("rsa", "proxy_ssl on; proxy_ssl_protocols TLSv1.2; " VERIFY, true);
}

Test(it_tls_backend, bad_certificates_are_bad)
{
	try_identity("ecdsa",
		     "proxy_ssl on; proxy_ssl_verify on; proxy_ssl_name mx.test;"
		     " proxy_ssl_trusted_certificate %C/other-ca.pem;",
		     false);
	try_identity("stranger", "proxy_ssl on; " VERIFY, false);
	try_identity("past", "proxy_ssl on; " VERIFY, false);
}

#define SIGNED "proxy_ssl on; proxy_ssl_verify on; proxy_ssl_trusted_certificate %C/ca.pem; "

Test(it_tls_backend, a_chain_that_is_too_deep_and_where_it_is_allowed)
{
	try_identity("deep", SIGNED, false);
	try_identity("deep", SIGNED "proxy_ssl_verify_depth 3;", true);
}

Test(it_tls_backend, a_certificate_that_was_revoked)
{
	try_identity("revoked", SIGNED, true);
	try_identity("revoked", SIGNED "proxy_ssl_crl %C/crl.pem;", false);
	try_identity("ecdsa", SIGNED "proxy_ssl_crl %C/crl.pem;", true);
}

Test(it_tls_backend, ciphers_can_be_chosen)
{
#define RSA_ONLY                                                                                   \
	"proxy_ssl on; proxy_ssl_protocols TLSv1.2;"                                               \
	" proxy_ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;"
	try_identity("rsa", RSA_ONLY, true);
	try_identity("ecdsa", RSA_ONLY, false);
}

Test(it_tls_backend, nobody_asks_where_nothing_is_verified)
{
	try_identity("past", "proxy_ssl on;", true);
	try_identity("stranger", "proxy_ssl on; proxy_ssl_verify off;", true);
}

/* --- what HAProxy hears --------------------------------------------------------------------------
 */

static void send_one(uint16_t port)
{
	struct talk t;

	talk_login(&t, port);
	talk_message(&t);
	talk_say(&t, "QUIT", "221");
	talk_close(&t);
}

static void expect_heard(struct place *p, const char *text)
{
	uint64_t began = place_now_ms();

	while (!strstr(place_read(p, "haproxy.out"), text)) {
		cr_assert(place_now_ms() - began < 10000, "HAProxy did not hear \"%s\":\n%s", text,
			  place_read(p, "haproxy.out"));
		place_pause();
	}
}

static void hears(const char *directives, const char *const *texts, const char *never)
{
	struct balancer_tls b = {.identity = "ecdsa"};
	struct secure s;

	begin_behind(&s, &b, directives);
	for (int i = 0; i < 3; i++)
		send_one(s.place->login);
	for (; *texts; texts++)
		expect_heard(s.place, *texts);
	cr_assert(!never || !strstr(place_read(s.place, "haproxy.out"), never));
	place_end(s.place, false);
}

Test(it_tls_backend, name_certificate_and_resumption_arrive)
{
	hears("proxy_ssl on; proxy_ssl_certificate %C/good.pem;"
	      " proxy_ssl_certificate_key %C/good.key; " VERIFY,
	      (const char *const[]){"TLSv1.3 resumed 0 sni mx.test cert good client",
				    "TLSv1.3 resumed 1 sni mx.test", NULL},
	      NULL);
	hears("proxy_ssl on; proxy_ssl_protocols TLSv1.2; " VERIFY,
	      (const char *const[]){"TLSv1.2 resumed 0 sni mx.test cert -",
				    "TLSv1.2 resumed 1 sni mx.test", NULL},
	      NULL);
}

Test(it_tls_backend, a_locked_key_and_no_resumption)
{
	hears("proxy_ssl on; proxy_ssl_certificate %C/rsa.pem; proxy_ssl_session_reuse off;"
	      " proxy_ssl_certificate_key %C/rsa-locked.key; proxy_ssl_password_file %C/password;",
	      (const char *const[]){"resumed 0 sni - cert mx.test", NULL}, "resumed 1");
}

/* --- backends that cheat -------------------------------------------------------------------------
 */

enum trick { INJECT, NO_STARTTLS, REFUSE, PREAUTH, GARBAGE };

static struct {
	const char *greeting, *offer, *no_offer, *go_ahead, *no, *injected, *starts;
} words[] = {
	{"220 fake\r\n", "250-fake\r\n250 STARTTLS\r\n", "250 fake\r\n", "220 go\r\n", "454 no\r\n",
	 "250-fake\r\n250 AUTH PLAIN\r\n", "STARTTLS"},
	{"* OK fake\r\n", NULL, NULL, "OK go\r\n", "NO no\r\n", "* OK [CAPABILITY IMAP4rev1] x\r\n",
	 "STARTTLS"},
	{"+OK fake\r\n", NULL, NULL, "+OK go\r\n", "-ERR no\r\n", "+OK logged in\r\n", "STLS"},
};

static atomic_int seen_in_clear;

/* One line of the proxy's, and whether it holds what must not be said in clear. */
static bool hear(int fd, char line[512])
{
	size_t n = 0;

	while (n < 511 && recv(fd, line + n, 1, 0) == 1)
		if (line[n++] == '\n')
			break;
	line[n] = '\0';
	if (strstr(line, "secret") || strstr(line, "LOGIN") || strstr(line, "AUTH") ||
	    strstr(line, "PASS"))
		seen_in_clear++;
	return n > 0;
}

static void answer(int fd, int protocol, const char *line, enum trick trick)
{
	bool imap = protocol == 1;
	const char *say = trick == REFUSE || trick == NO_STARTTLS ? words[protocol].no
								  : words[protocol].go_ahead;
	char tag[512] = "", text[1024];

	if (imap)
		snprintf(tag, sizeof(tag), "%.*s ", (int)strcspn(line, " "), line);
	snprintf(text, sizeof(text), "%s%s%s", tag, say,
		 trick == INJECT    ? words[protocol].injected
		 : trick == GARBAGE ? "\x16\x03\x03not TLS at all, and long enough to be looked at"
				    : "");
	fake_write(fd, text);
}

/* f->text: the digit of the protocol and that of the trick. */
static void cheat(struct fake *f, int fd)
{
	int protocol = f->text[0] - '0';
	enum trick trick = (enum trick)(f->text[1] - '0');
	char line[512];

	fake_write(fd, trick == PREAUTH ? "* PREAUTH fake\r\n" : words[protocol].greeting);
	while (hear(fd, line))
		if (strstr(line, words[protocol].starts))
			answer(fd, protocol, line, trick);
		else if (words[protocol].offer)
			fake_write(fd, trick == NO_STARTTLS ? words[protocol].no_offer
							    : words[protocol].offer);
		else
			fake_write(fd, "* CAPABILITY IMAP4rev1 STARTTLS\r\nx OK\r\n");
}

static void log_in(struct secure *s, int protocol)
{
	static const char *const greetings[] = {"220", "* OK", "+OK"};
	const uint16_t ports[] = {s->place->login, s->imap, s->pop3};
	struct talk t;

	talk_open(&t, ports[protocol]);
	talk_expect_code(&t, greetings[protocol]);
	if (protocol == 0) {
		talk_say(&t, "EHLO client.test", "250");
		talk_say(&t, "AUTH PLAIN AGFsaWNlAHNlY3JldA==", REFUSED);
	} else if (protocol == 1) {
		talk_say(&t, "a LOGIN alice secret", "* BAD internal server error");
	} else {
		talk_say(&t, "USER alice", "+OK");
		talk_say(&t, "PASS secret", "-ERR internal server error");
	}
	talk_expect_end(&t);
	talk_close(&t);
}

static void cheated(int protocol, enum trick trick)
{
	char text[] = {(char)('0' + protocol), (char)('0' + (int)trick), '\0'};
	struct fake *f = fake_start(cheat, text);
	struct secure s;
	char users[256];

	seen_in_clear = 0;
	secure_begin(&s, NULL);
	snprintf(users, sizeof(users),
		 "{\"users\": {\"alice\": {\"password\": \"secret\", \"server\": \"127.0.0.1\","
		 " \"port\": %u}}}",
		 f->port);
	secure_proxy(&s, &(struct secure_conf){.users = users,
					       .mail = "proxy_ssl starttls; proxy_timeout 3s;"});
	log_in(&s, protocol);
	cr_assert_eq(f->connections, 1);
	cr_assert_eq(seen_in_clear, 0, "something secret was said in clear");
	place_await_log(s.place, ".*upstream: 127\\.0\\.0\\.1:[0-9]+.*");
	place_end(s.place, false);
}

Test(it_tls_backend, nothing_is_taken_that_came_before_tls)
{
	for (int protocol = 0; protocol < 3; protocol++)
		cheated(protocol, INJECT);
}

Test(it_tls_backend, nothing_is_said_without_tls)
{
	for (int protocol = 0; protocol < 3; protocol++) {
		cheated(protocol, NO_STARTTLS);
		cheated(protocol, REFUSE);
	}
	cheated(1, PREAUTH);
}

Test(it_tls_backend, garbage_instead_of_tls)
{
	for (int protocol = 0; protocol < 3; protocol++)
		cheated(protocol, GARBAGE);
}
