/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of proto/smtp_back: what XCLIENT says beside ADDR, LOGIN and NAME, to a backend that
 * offers to hear it; how it is written, and what does not fit.
 */
#include "smtp_back_talk.h"

#include <stdio.h>

#define OFFERS(words) "250-be\r\n250-XCLIENT " words "\r\n250 8BITMIME\r\n"
#define ALL           "NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT"
#define BEGIN         "XCLIENT ADDR=192.0.2.1 LOGIN=user NAME=[UNAVAILABLE]"

static struct addr address(const char *text, uint16_t port)
{
	struct addr a;

	cr_assert_eq(addr_parse(str_cstr(text), &a), 0);
	a.port = port;
	return a;
}

static void begin(struct talk *t)
{
	talk_init(t);
	t->peer.client = address("192.0.2.1", 51234);
	t->peer.local = address("198.51.100.7", 587);
}

/* The line that the backend gets after this reply to EHLO. */
static const char *line(struct talk *t, const char *ehlo)
{
	reach(t, SMTP_BACK_HELO, false);
	cr_assert_eq(say(t, ehlo, 1000), BACK_MORE);
	return sent(t);
}

Test(smtp_back_xclient, says_what_is_offered_and_nothing_else)
{
	static const struct {
		const char *ehlo, *more;
	} cases[] = {
		{OFFERS(ALL), " PORT=51234 PROTO=ESMTP DESTADDR=198.51.100.7 DESTPORT=587 "
			      "HELO=cli.test"},
		{OFFERS("NAME ADDR PROTO HELO"), " PROTO=ESMTP HELO=cli.test"},
		{OFFERS("NAME ADDR PORT"), " PORT=51234"},
		{OFFERS("DESTPORT DESTADDR"), " DESTADDR=198.51.100.7 DESTPORT=587"},
		{OFFERS("port  Proto "), " PORT=51234 PROTO=ESMTP"},
		{"250-be\r\n250-xclient PORT\r\n250 x\r\n", " PORT=51234"},
		{"250-be\n250 XCLIENT PORT\n", " PORT=51234"},
		{OFFERS("NAME ADDR LOGIN"), ""},
		{OFFERS("PORTS XPORT PORT=1 DEST"), ""},
		{"250-be\r\n250-XCLIENTS PORT\r\n250 8BITMIME\r\n", ""},
		{"250-XCLIENT PORT\r\n250 8BITMIME\r\n", ""},
		{"250-be\r\n250 XCLIENT\r\n", ""},
		{EHLO_OK, ""},
	};
	struct talk t = {0};
	char want[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&t);
		snprintf(want, sizeof(want), BEGIN "%s\r\n", cases[i].more);
		cr_assert_str_eq(line(&t, cases[i].ehlo), want, "%s", cases[i].ehlo);
	}
	feed_done(&t.feed);
}

Test(smtp_back_xclient, addresses_of_the_sixth_version_are_marked)
{
	struct talk t = {0};

	begin(&t);
	t.peer.client = address("2001:db8::1", 1);
	t.peer.local = address("2001:db8::2", 65535);
	t.login.esmtp = false;
	cr_assert_str_eq(line(&t, OFFERS(ALL)),
			 "XCLIENT ADDR=IPV6:2001:db8::1 LOGIN=user NAME=[UNAVAILABLE] PORT=1 "
			 "PROTO=SMTP DESTADDR=IPV6:2001:db8::2 DESTPORT=65535 HELO=cli.test\r\n");
	feed_done(&t.feed);
}

Test(smtp_back_xclient, what_is_not_known_is_not_said)
{
	struct talk t = {0};

	begin(&t);
	t.peer.client = t.peer.local = (struct addr){.family = ADDR_UNIX};
	t.login.helo = t.login.user = str_none();
	cr_assert_str_eq(line(&t, OFFERS(ALL)),
			 "XCLIENT ADDR=unix: NAME=[UNAVAILABLE] PROTO=ESMTP\r\n");
	t.peer.client = address("192.0.2.1", 0);
	t.peer.local = (struct addr){.family = ADDR_NONE};
	cr_assert_str_eq(line(&t, OFFERS(ALL)),
			 "XCLIENT ADDR=192.0.2.1 NAME=[UNAVAILABLE] PROTO=ESMTP\r\n");
	feed_done(&t.feed);
}

Test(smtp_back_xclient, helo_is_xtext)
{
	struct talk t = {0};

	begin(&t);
	t.login.helo = STR("[+a=b\xc3\xa4]");
	cr_assert_str_eq(line(&t, OFFERS("HELO")), BEGIN " HELO=[+2Ba+3Db+C3+A4]\r\n");
	feed_done(&t.feed);
}

/* A value of more than 255 bytes, and a line of more than 512, its line end included, are no
 * command lines: what is not needed is left out of them. */
Test(smtp_back_xclient, stays_a_command_line)
{
	static uint8_t long_name[300], long_user[600];
	struct talk t = {0};

	memset(long_name, 'h', sizeof(long_name));
	memset(long_user, 'u', sizeof(long_user));
	for (size_t n = 250; n < 260; n++) {
		begin(&t);
		t.login.helo = str_of(long_name, n);
		cr_assert_eq(!!strstr(line(&t, OFFERS(ALL)), " HELO="), n <= 255, "%zu", n);
	}
	for (size_t n = 300; n < sizeof(long_user); n++) {
		const char *said;
		size_t always = strlen("XCLIENT ADDR=192.0.2.1 LOGIN= NAME=[UNAVAILABLE]\r\n") + n;

		begin(&t);
		t.login.user = str_of(long_user, n);
		said = line(&t, OFFERS(ALL));
		cr_assert(strlen(said) <= 512 || strlen(said) == always, "%zu", n);
		cr_assert_eq(!!strstr(said, " PORT=51234"), always + 11 <= 512, "%zu", n);
		cr_assert_str_eq(said + strlen(said) - 2, "\r\n");
	}
	feed_done(&t.feed);
}

/* An offer counts only from the EHLO before: neither one in plain text, nor none. */
Test(smtp_back_xclient, an_offer_before_tls_is_forgotten)
{
	struct talk t = {0};

	begin(&t);
	t.peer.tls = BACK_TLS_STARTTLS;
	talk_start(&t);
	cr_assert_eq(say(&t, GREETING, 1000), BACK_MORE);
	cr_assert_eq(say(&t, "250-be\r\n250-XCLIENT " ALL "\r\n250 STARTTLS\r\n", 1000), BACK_MORE);
	cr_assert_eq(say(&t, "220 go\r\n", 1000), BACK_TLS);
	sent(&t);
	cr_assert_eq(back_secured(&t.back, &t.out), BACK_MORE);
	sent(&t);
	cr_assert_eq(say(&t, EHLO_OK, 1000), BACK_MORE);
	cr_assert_str_eq(sent(&t), BEGIN "\r\n");
	feed_done(&t.feed);
}
