/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mail servers that the auth service gives by name: the name is looked up, all of its addresses are
 * tried, and what comes of a name that is none is told in the log.
 */
#include "tests/lib/dnsd.h"
#include "tests/it/lib/fake.h"
#include "tests/it/lib/place.h"
#include "tests/it/lib/talk.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(it_server_name, .timeout = 120, .fini = place_fini);

#define ALICE  "AUTH PLAIN AGFsaWNlAHNlY3JldA=="
#define LOGINS 4 /* whichever address comes first, each does at one of them */

static void backend(struct fake *f, int fd)
{
	char line[600];
	FILE *in = fdopen(dup(fd), "r");

	fake_write(fd, "220 mail.test ESMTP\r\n");
	while (in && fgets(line, sizeof(line), in))
		fake_write(fd, strncmp(line, "XCLIENT", 7) == 0 ? "220 mail.test ESMTP\r\n"
								: "250 OK\r\n");
	if (in)
		fclose(in);
}

/* One whose auth service sends everybody to that name. */
static struct place *place_routing_to(const char *name, struct dnsd *d)
{
	static char answer[256], mail[128];
	struct place *p = place_new();

	snprintf(answer, sizeof(answer),
		 "HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Server: %s\r\nAuth-Port: %u\r\n\r\n",
		 name, fake_start(backend, NULL)->port);
	mail[0] = '\0';
	if (d)
		snprintf(mail, sizeof(mail), "resolver %s ipv6=off; resolver_timeout 2s;", d->at);
	place_proxy(p, &(struct place_conf){.mail = mail,
					    .auth_http = fake_start(fake_http, answer)->at});
	return p;
}

static void log_in(struct place *p, const char *code)
{
	struct talk t;

	talk_open(&t, p->login);
	talk_expect_code(&t, "220");
	talk_send(&t, ALICE "\r\n");
	talk_expect_code(&t, code);
	talk_close(&t);
}

Test(it_server_name, is_tried_at_each_of_its_addresses)
{
	struct dnsd *d = dnsd_start();
	struct place *p;

	if (place_is_nginx())
		cr_skip("nginx takes no names");
	dnsd_zone(d, "mail.test A 60 127.0.0.77\nmail.test A 60 127.0.0.1\n");
	p = place_routing_to("mail.test", d);
	for (int i = 0; i < LOGINS; i++)
		log_in(p, "235");
	place_await_log(p, "connect\\(\\) failed \\(111: Connection refused\\), trying the next "
			   "address while connecting to upstream, client: 127.0.0.1, server: "
			   "[^,]*, login: \"alice\", upstream: 127.0.0.77:[0-9]+");
	place_end(p, false);
}

Test(it_server_name, that_is_not_known_ends_the_login)
{
	struct dnsd *d = dnsd_start();
	struct place *p;

	if (place_is_nginx())
		cr_skip("nginx takes no names");
	dnsd_zone(d, "");
	p = place_routing_to("mail.test", d);
	log_in(p, "451");
	place_await_log(p, "\"mail.test\" could not be resolved \\(3: Host not found\\) while in "
			   "resolving upstream hostname, client: 127.0.0.1, server: [^,]*, login: "
			   "\"alice\"");
	place_end(p, false);
}

Test(it_server_name, needs_a_resolver)
{
	struct place *p = place_routing_to("mail.test", NULL);

	log_in(p, "451");
	place_await_log(p,
			"auth http server [0-9.:]+ sent invalid server address:\"mail.test\" while "
			"in http auth state, client: 127.0.0.1, server: [^,]*, login: \"alice\"");
	place_end(p, false);
}
