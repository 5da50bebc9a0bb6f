/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XCLIENT with a real Postfix: what it has understood of the client is what it tells a policy
 * service, which is the test.
 */
#include "tests/it/lib/fake.h"
#include "tests/it/lib/postfix.h"
#include "tests/it/lib/talk.h"
#include "tests/lib/port.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

TestSuite(it_xclient, .timeout = 90, .fini = place_fini);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char heard[16384]; /* the last question of the Postfix, whole */

static void remember(const char *question, size_t n)
{
	pthread_mutex_lock(&lock);
	memcpy(heard, question, n);
	heard[n] = '\0';
	pthread_mutex_unlock(&lock);
}

/* Says to every question that it has no opinion. */
static void policy(struct fake *f, int fd)
{
	char question[sizeof(heard) - 1];
	size_t n = 0;
	ssize_t got;

	(void)f;
	while ((got = recv(fd, question + n, sizeof(question) - n, 0)) > 0) {
		n += (size_t)got;
		if (n < 2 || memcmp(question + n - 2, "\n\n", 2) != 0)
			continue;
		remember(question, n);
		n = 0;
		fake_write(fd, "action=DUNNO\n\n");
	}
}

struct behind {
	struct place *place;
	uint16_t proxied; /* a listener that is told who comes */
};

static void open_before_postfix(struct behind *b)
{
	struct fake *f = fake_start(policy, NULL);
	char more[512], users[256], mail[512];

	if (place_is_nginx())
		cr_skip("nginx does not look at what Postfix offers");
	if (!postfix_is_possible())
		cr_skip("a Postfix of one's own needs root");
	b->place = place_new();
	b->proxied = port_free();
	snprintf(more, sizeof(more),
		 "smtpd_tls_security_level = may\n"
		 "smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:%u, "
		 "permit_auth_destination, reject\n",
		 f->port);
	snprintf(users, sizeof(users),
		 "{\"smtp\": {\"server\": \"127.0.0.1\", \"port\": %u},"
		 " \"users\": {\"alice\": {\"password\": \"secret\"}}}",
		 postfix_start(b->place, "rsa", more));
	place_authd(b->place, users, NULL);
	snprintf(mail, sizeof(mail),
		 "server { listen 127.0.0.1:%u proxy_protocol; protocol smtp; smtp_auth none;\n"
		 "set_real_ip_from 127.0.0.1; }",
		 b->proxied);
	place_proxy(b->place, &(struct place_conf){.mail = mail});
}

static void expect_heard(const char *name, const char *value)
{
	char line[256];

	snprintf(line, sizeof(line), "\n%s=%s\n", name, value);
	pthread_mutex_lock(&lock);
	cr_assert(strstr(heard, line), "no %s=%s in:\n%s", name, value, heard);
	pthread_mutex_unlock(&lock);
}

static void expect_number(const char *name, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	expect_heard(name, text);
}

static uint16_t port_of(const struct talk *t)
{
	struct sockaddr_in a;
	socklen_t n = sizeof(a);

	cr_assert_eq(getsockname(t->fd, (struct sockaddr *)&a, &n), 0);
	return ntohs(a.sin_port);
}

Test(it_xclient, postfix_hears_all_of_it)
{
	struct behind b;
	struct talk t;

	open_before_postfix(&b);
	talk_login(&t, b.place->login);
	talk_message(&t);
	expect_heard("client_address", "127.0.0.1");
	expect_number("client_port", port_of(&t));
	expect_heard("helo_name", "client.test");
	expect_heard("protocol_name", "ESMTP");
	expect_heard("server_address", "127.0.0.1");
	expect_number("server_port", b.place->login);
	expect_heard("sasl_username", "alice");
	talk_close(&t);
	postfix_stop(b.place);
	place_end(b.place, false);
}

Test(it_xclient, postfix_hears_who_is_behind_a_balancer)
{
	struct behind b;
	struct talk t;

	open_before_postfix(&b);
	talk_open(&t, b.proxied);
	talk_send(&t, "PROXY TCP4 192.0.2.1 198.51.100.1 56324 25\r\n");
	talk_expect(&t, "220 mx.test ESMTP ready");
	talk_say(&t, "HELO client.test", "250");
	talk_message(&t);
	expect_heard("client_address", "192.0.2.1");
	expect_number("client_port", 56324);
	expect_heard("helo_name", "client.test");
	expect_heard("protocol_name", "SMTP");
	expect_heard("server_address", "198.51.100.1");
	expect_number("server_port", 25);
	talk_close(&t);
	postfix_stop(b.place);
	place_end(b.place, false);
}
