/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Headers of the PROXY protocol as the real program takes them: every form, cut at every byte, and
 * every way to name whom to trust; what the auth service hears of them. Its questions are kept.
 */
#include "tests/it/lib/fake.h"
#include "tests/it/lib/place.h"
#include "tests/it/lib/talk.h"
#include "tests/lib/port.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(it_proxied_headers, .timeout = 120, .fini = place_fini);

#define MAGIC "\r\n\r\n\0\r\nQUIT\n"
#define ENDS4 "\xc0\0\x02\x01\xc6\x33\x64\x01\xdc\x04\0\x19"
#define ENDS6                                                                                      \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\xdc" \
	"\x04\0\x19"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char question[4096];

/* Nobody may in; what was asked is kept. */
static void service(struct fake *f, int fd)
{
	char text[sizeof(question)] = {0};
	size_t n = 0;
	ssize_t got;

	(void)f;
	while (!strstr(text, "\r\n\r\n") && n < sizeof(text) - 1) {
		got = recv(fd, text + n, sizeof(text) - 1 - n, 0);
		if (got <= 0)
			return;
		n += (size_t)got;
	}
	pthread_mutex_lock(&lock);
	memcpy(question, text, sizeof(question));
	pthread_mutex_unlock(&lock);
	fake_write(fd, "HTTP/1.0 200 OK\r\nAuth-Status: not you\r\n\r\n");
}

enum listener {
	BY_ADDRESS,
	BY_BLOCK,
	BY_NAME,
	BY_IP6,
	BY_IP6_BLOCK,
	BY_UNIX,
	NOT_TRUSTED,
	LISTENERS
};

static const char *const trust[LISTENERS] = {
	[BY_ADDRESS] = "set_real_ip_from 127.0.0.1;",
	[BY_BLOCK] = "set_real_ip_from 127.0.0.0/8;",
	[BY_NAME] = "set_real_ip_from localhost;",
	[BY_IP6] = "set_real_ip_from ::1;",
	[BY_IP6_BLOCK] = "set_real_ip_from ::/64;",
	[BY_UNIX] = "set_real_ip_from unix:;",
	[NOT_TRUSTED] = "set_real_ip_from 127.0.0.2; set_real_ip_from 192.0.2.0/24; "
			"set_real_ip_from ::1; set_real_ip_from unix:;",
};

static struct {
	struct place *place;
	char at[LISTENERS][160];
} stand;

static void begin(const char *directives)
{
	char mail[2048] = "";
	size_t n = 0;

	if (place_is_nginx())
		cr_skip("nginx wants a header whole at once, quirk Q16");
	stand.place = place_new();
	n += (size_t)snprintf(mail, sizeof(mail), "%s\n", directives);
	for (int i = 0; i < LISTENERS; i++) {
		if (i == BY_UNIX)
			snprintf(stand.at[i], sizeof(stand.at[i]), "unix:%s/client",
				 stand.place->dir);
		else
			snprintf(stand.at[i], sizeof(stand.at[i]), "%s:%u",
				 i == BY_IP6 || i == BY_IP6_BLOCK ? "[::1]" : "127.0.0.1",
				 port_free());
		n += (size_t)snprintf(mail + n, sizeof(mail) - n,
				      "server { listen %s proxy_protocol; protocol smtp; %s }\n",
				      stand.at[i], trust[i]);
	}
	place_proxy(stand.place,
		    &(struct place_conf){.mail = mail, .auth_http = fake_start(service, NULL)->at});
}

/* The header line has this value; NULL: there is no such line. */
static void expect_header(const char *name, const char *value)
{
	char line[128];

	pthread_mutex_lock(&lock);
	snprintf(line, sizeof(line), "\r\n%s: %s%s", name, value ? value : "", value ? "\r\n" : "");
	if (value)
		cr_assert(strstr(question, line), "no \"%s: %s\" in\n%s", name, value, question);
	else
		cr_assert(!strstr(question, line), "\"%s\" in\n%s", name, question);
	pthread_mutex_unlock(&lock);
}

struct said {
	const char *client, *from, *from_port, *to, *to_port;
};

static void login(struct talk *t)
{
	talk_expect(t, "220 mx.test ESMTP ready");
	talk_send(t, "AUTH PLAIN AGFsaWNlAHNlY3JldA==\r\n");
	talk_expect(t, "535 5.7.0 not you");
	talk_expect_end(t);
	talk_close(t);
}

static void expect_said(const struct said *s)
{
	expect_header("Client-IP", s->client);
	expect_header("Proxy-Protocol-Addr", s->from);
	expect_header("Proxy-Protocol-Port", s->from_port);
	expect_header("Proxy-Protocol-Server-Addr", s->to);
	expect_header("Proxy-Protocol-Server-Port", s->to_port);
}

#define FROM4(client)                                                                              \
	{                                                                                          \
		client, "192.0.2.1", "56324", "198.51.100.1", "25"                                 \
	}
#define FROM6(client)                                                                              \
	{                                                                                          \
		client, "2001:db8::1", "56324", "2001:db8::2", "25"                                \
	}
#define NOBODY(client)                                                                             \
	{                                                                                          \
		client, NULL, NULL, NULL, NULL                                                     \
	}
#define BYTES(text) text, sizeof(text) - 1
#define V1_TCP4     "PROXY TCP4 192.0.2.1 198.51.100.1 56324 25\r\n"
#define V1_TCP6     "PROXY TCP6 2001:db8::1 2001:db8::2 56324 25\r\n"

static const struct {
	enum listener listener;
	const char *bytes;
	size_t n;
	struct said said;
} cases[] = {
	{BY_ADDRESS, BYTES(V1_TCP4), FROM4("192.0.2.1")},
	{BY_BLOCK, BYTES(V1_TCP4), FROM4("192.0.2.1")},
	{BY_NAME, BYTES(V1_TCP4), FROM4("192.0.2.1")},
	{BY_IP6, BYTES(V1_TCP4), FROM4("192.0.2.1")},
	{BY_IP6_BLOCK, BYTES(V1_TCP6), FROM6("2001:db8::1")},
	{BY_UNIX, BYTES(V1_TCP6), FROM6("2001:db8::1")},
	{NOT_TRUSTED, BYTES(V1_TCP4), FROM4("127.0.0.1")},
	{NOT_TRUSTED, BYTES(V1_TCP6), FROM6("127.0.0.1")},
	{BY_ADDRESS, BYTES("PROXY UNKNOWN\r\n"), NOBODY("127.0.0.1")},
	{BY_IP6, BYTES("PROXY UNKNOWN\r\n"), NOBODY("::1")},
	{BY_ADDRESS, BYTES("PROXY UNKNOWN ff::1 1.2.3.4 what ever\r\n"), NOBODY("127.0.0.1")},
	{BY_BLOCK, BYTES(MAGIC "\x21\x11\0\x0c" ENDS4), FROM4("192.0.2.1")},
	{BY_NAME, BYTES(MAGIC "\x21\x21\0\x24" ENDS6), FROM6("2001:db8::1")},
	{BY_UNIX, BYTES(MAGIC "\x21\x11\0\x0c" ENDS4), FROM4("192.0.2.1")},
	/* an unknown TLV, one of no length, a NOOP, a CRC that nobody checks */
	{BY_ADDRESS,
	 BYTES(MAGIC "\x21\x11\0\x1f" ENDS4 "\xea\0\x03xyz"
		     "\x02\0\0"
		     "\x04\0\0"
		     "\x03\0\x04"
		     "abcd"),
	 FROM4("192.0.2.1")},
	{BY_ADDRESS, BYTES(MAGIC "\x20\0\0\0"), NOBODY("127.0.0.1")},
	{BY_ADDRESS, BYTES(MAGIC "\x20\x11\0\x0c" ENDS4), NOBODY("127.0.0.1")},
	{BY_ADDRESS, BYTES(MAGIC "\x21\0\0\x03tlv"), NOBODY("127.0.0.1")},
	{NOT_TRUSTED, BYTES(MAGIC "\x21\x21\0\x24" ENDS6), FROM6("127.0.0.1")},
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

Test(it_proxied_headers, every_form_and_every_way_to_trust)
{
	struct talk t;

	begin("");
	for (int i = 0; i < CASES; i++) {
		talk_open_at(&t, stand.at[cases[i].listener]);
		talk_send_bytes(&t, cases[i].bytes, cases[i].n);
		login(&t);
		expect_said(&cases[i].said);
	}
	place_end(stand.place, false);
}

/* Quirk Q16. That the first piece was read before the second is sent is likely, not certain. */
Test(it_proxied_headers, cut_at_every_byte)
{
	struct talk t;

	begin("");
	for (int i = 0; i < CASES; i++) {
		for (size_t at = 1; at < cases[i].n;
		     at += cases[i].listener == BY_ADDRESS ? 1 : 7) {
			talk_open_at(&t, stand.at[cases[i].listener]);
			talk_send_bytes(&t, cases[i].bytes, at);
			usleep(500);
			talk_send_bytes(&t, cases[i].bytes + at, cases[i].n - at);
			login(&t);
			expect_said(&cases[i].said);
		}
	}
	place_end(stand.place, false);
}

#define TAIL                                                                                       \
	" while reading PROXY protocol, client: 127\\.0\\.0\\.1, server: 127\\.0\\.0\\.1:[0-9]+"

static void refused(const char *bytes, size_t n, const char *log)
{
	struct talk t;

	talk_open_at(&t, stand.at[BY_ADDRESS]);
	talk_send_bytes(&t, bytes, n);
	talk_expect_end(&t);
	talk_close(&t);
	place_await_log(stand.place, log);
}

Test(it_proxied_headers, what_is_none_gets_no_answer)
{
	char large[4096] = MAGIC "\x21\x11\x0f\xf1" ENDS4, line[200] = "PROXY UNKNOWN ";

	begin("timeout 700ms;");
	refused(large, sizeof(large), "header is too large" TAIL);
	refused(BYTES(MAGIC "\x20\0\xff\xff"), "header is too large" TAIL);
	memset(line + strlen(line), 'x', sizeof(line) - strlen(line) - 1);
	refused(line, strlen(line), "broken header: \"PROXY UNKNOWN x+\"" TAIL);
	refused(BYTES(MAGIC "\x31\x11\0\x0c" ENDS4), "unknown PROXY protocol version: 3" TAIL);
	refused(BYTES("PROXY TCP4 192.0.2.1 198.51.100.1 56324 25\n"),
		"broken header: \"PROXY TCP4 192\\.0\\.2\\.1 198\\.51\\.100\\.1 56324 25\"" TAIL);
	refused(BYTES("PROXY TCP4 192.0.2.1 ::1 1 2\r\n"), "broken header: .*" TAIL);
	refused(BYTES(MAGIC "\x21\x11\0\x04"
			    "abcd"),
		"broken header: .*" TAIL);
	refused(BYTES("EHLO client.test\r\n"), "broken header: \"EHLO client\\.test\"" TAIL);
	/* some of it, and silence: the time-out is that of the login */
	refused("", 0, "client timed out \\(110: Connection timed out\\)" TAIL);
	refused(BYTES("PROXY TCP4 192."), "client timed out \\(110: Connection timed out\\)" TAIL);
	refused(BYTES(MAGIC "\x21"), "client timed out \\(110: Connection timed out\\)" TAIL);
	place_end(stand.place, false);
}
