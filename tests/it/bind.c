/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy_bind: where the mail server sees its clients come from, and what is said when they cannot
 * come from anywhere. Loopback has all of 127.0.0.0/8.
 */
#include "tests/it/lib/fake.h"
#include "tests/it/lib/place.h"
#include "tests/it/lib/talk.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

TestSuite(it_bind, .timeout = 60, .fini = place_fini);

#define USERS "{\"users\": {\"alice\": {\"password\": \"secret\"}}}"

/* Takes a login, then answers everything with the address of whom it talks to. */
static void tells_who(struct fake *f, int fd)
{
	struct sockaddr_in a;
	socklen_t n = sizeof(a);
	char reply[64];

	(void)f;
	fake_write(fd, "220 sink\r\n");
	fake_read_until(fd, "\r\n");
	fake_write(fd, "250 sink\r\n");
	if (getpeername(fd, (struct sockaddr *)&a, &n) == 0 && a.sin_family == AF_INET) {
		snprintf(reply, sizeof(reply), "250 %s\r\n", inet_ntoa(a.sin_addr));
		fake_read_until(fd, "\r\n");
		fake_write(fd, reply);
	}
	fake_read_until(fd, "QUIT\r\n");
}

static struct place *place_bound(const char *directive)
{
	struct place *p = place_new();

	snprintf(p->sink_at, sizeof(p->sink_at), "%s", fake_start(tells_who, NULL)->at);
	place_authd(p, USERS, NULL);
	place_proxy(p, &(struct place_conf){.mail = directive});
	return p;
}

/* One login: the backend must see it come from there. */
static void comes_from(struct place *p, const char *address)
{
	char want[64];
	struct talk t;

	talk_login(&t, p->login);
	talk_send(&t, "NOOP\r\n");
	snprintf(want, sizeof(want), "250 %s", address);
	talk_expect(&t, want);
	talk_send(&t, "QUIT\r\n");
	talk_close(&t);
}

Test(it_bind, mail_servers_see_each_address_in_turn)
{
	struct place *p;

	if (place_is_nginx())
		cr_skip("nginx has no proxy_bind for mail");
	p = place_bound("xclient off; proxy_bind 127.0.0.2 127.0.0.3;");
	for (int i = 0; i < 3; i++) {
		comes_from(p, "127.0.0.2");
		comes_from(p, "127.0.0.3");
	}
	place_await_log(p,
			"client logged in, client: .*, \\[127\\.0\\.0\\.1:[0-9]+-127\\.0\\.0\\.1:"
			"[0-9]+\\] <=> \\[127\\.0\\.0\\.2:[0-9]+-127\\.0\\.0\\.1:[0-9]+\\]");
	place_end(p, false);
}

Test(it_bind, an_address_that_is_gone_is_passed_over)
{
	struct place *p;

	if (place_is_nginx())
		cr_skip("nginx has no proxy_bind for mail");
	p = place_bound("xclient off; proxy_bind 192.0.2.77 127.0.0.3;");
	place_await_log(
		p, "\"proxy_bind\": bind\\(\\) to 192\\.0\\.2\\.77 failed \\(99: Cannot assign "
		   "requested address\\): the machine does not have this address now; it is "
		   "passed over until it has");
	for (int i = 0; i < 3; i++)
		comes_from(p, "127.0.0.3");
	place_end(p, false);
}

Test(it_bind, no_address_at_all_is_said_in_the_log)
{
	struct place *p;
	struct talk t;

	if (place_is_nginx())
		cr_skip("nginx has no proxy_bind for mail");
	p = place_bound("proxy_bind 192.0.2.77 192.0.2.78;");
	talk_open(&t, p->login);
	talk_expect_code(&t, "220");
	talk_say(&t, "AUTH PLAIN AGFsaWNlAHNlY3JldA==", "451");
	talk_expect_end(&t);
	place_await_log(p, "connect\\(\\) failed \\(99: Cannot assign requested address: "
			   "proxy_bind has no address of this machine with a port left for it\\) "
			   "while connecting to upstream, client: 127\\.0\\.0\\.1, server: .*, "
			   "login: \"alice\", upstream: 127\\.0\\.0\\.1:[0-9]+");
	talk_close(&t);
	place_end(p, false);
}
