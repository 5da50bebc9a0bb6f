/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of STARTTLS with the backend, in proto/smtp_back, pop3_back and imap_back: what is
 * asked and when, which answers end it, that plaintext behind the answer ends it too, and that what
 * the backend said before is forgotten.
 */
#include "proto/back.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct back_conf conf;
static struct back_peer peer;
static struct login login;
static struct back back;
static struct buf in;
static struct out out;
static uint8_t in_memory[512], out_memory[1024];

static void begin(enum protocol protocol)
{
	conf = (struct back_conf){
		.protocol = protocol, .server_name = STR_INIT("mx.test"), .reply_max = 128};
	login = (struct login){
		.method = AUTH_PLAIN, .user = STR_INIT("tim"), .pass = STR_INIT("secret")};
	if (protocol == PROTOCOL_IMAP)
		login.tag = STR("a1");
	peer = (struct back_peer){.login = &login,
				  .session = STR_INIT("12.34"),
				  .client_host = STR_INIT("[UNAVAILABLE]"),
				  .hops = 4,
				  .tls = BACK_TLS_STARTTLS};
	cr_assert_eq(addr_parse(STR("192.0.2.1"), &peer.client), 0);
	peer.client.port = 40000;
	buf_init(&in, in_memory, sizeof(in_memory));
	out_init(&out, out_memory, sizeof(out_memory));
	back_init(&back, &conf, &peer);
}

static enum back_ev say(const char *text)
{
	struct str bytes = str_cstr(text);

	out_reset(&out);
	cr_assert_eq(buf_append(&in, bytes), bytes.n);
	return back_next(&back, &in, &out);
}

static void wrote(const char *command)
{
	cr_assert(str_eq(out_data(&out), str_cstr(command)), "%.*s", (int)out.n,
		  (const char *)out.base);
}

static void expect(const char *text, const char *command)
{
	cr_assert_eq(say(text), BACK_MORE, "%s", text);
	wrote(command);
}

static void secure(const char *command)
{
	out_reset(&out);
	cr_assert_eq(back_secured(&back, &out), BACK_MORE);
	wrote(command);
}

static bool acts(const char *action, const char *state)
{
	return str_eq(back_action(&back), str_cstr(action)) &&
	       !strcmp(back_state_name(&back), state);
}

static void fails(const char *text, enum reason reason, const char *shown)
{
	cr_assert_eq(say(text), BACK_FAIL, "%s", text);
	cr_assert_eq(back.reason, reason, "%d for %s", back.reason, text);
	cr_assert(str_eq(back.shown, str_cstr(shown)), "%.*s", (int)back.shown.n,
		  (const char *)back.shown.p);
	wrote("");
}

/* Protocol by protocol: what brings it to its handshake. */
static const struct way {
	enum protocol protocol;
	const char *greeting, *ask; /* the last question before */
	const char *agreed;
	const char *then; /* the first command in TLS */
} ways[] = {
	{PROTOCOL_SMTP, "220 be ESMTP\r\n", "STARTTLS\r\n", "220 go\r\n", "HELO mx.test\r\n"},
	{PROTOCOL_POP3, "+OK be\r\n", "STLS\r\n", "+OK go\r\n", "USER tim\r\n"},
	{PROTOCOL_IMAP, "* OK be\r\n", "S STARTTLS\r\n", "S OK go\r\n", "a1 LOGIN {3}\r\n"},
};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static void asked(const struct way *w)
{
	begin(w->protocol);
	if (w->protocol == PROTOCOL_SMTP) {
		expect(w->greeting, "EHLO mx.test\r\n");
		expect("250-be\r\n250-PIPELINING\r\n250 STARTTLS\r\n", w->ask);
	} else {
		expect(w->greeting, w->ask);
	}
}

Test(back_tls, is_asked_for_and_gone_on_behind)
{
	for (size_t i = 0; i < WAYS; i++) {
		asked(&ways[i]);
		cr_assert_eq(say(ways[i].agreed), BACK_TLS);
		wrote("");
		cr_assert_eq(buf_len(&in), 0);
		cr_assert(acts("SSL handshaking to upstream", "tls"));
		secure(ways[i].then);
		cr_assert_not(back_is_silent(&back));
	}
}

Test(back_tls, an_answer_may_come_in_pieces)
{
	for (size_t i = 0; i < WAYS; i++) {
		asked(&ways[i]);
		for (const char *p = ways[i].agreed; *p; p++) {
			char piece[2] = {*p, '\0'};

			cr_assert_eq(say(piece), p[1] ? BACK_MORE : BACK_TLS);
		}
	}
}

/* In the same bytes or later: a second look at them ends it, too. */
Test(back_tls, nothing_may_come_behind_the_answer)
{
	static const char *const more[] = {"220 in\r\n", "x", "\r\n", "+OK in\r\na1 OK in\r\n"};

	for (size_t i = 0; i < WAYS * 4; i++) {
		const struct way *w = &ways[i / 4];
		char both[64];

		asked(w);
		snprintf(both, sizeof(both), "%s%s", w->agreed, more[i & 3]);
		fails(both, REASON_BACK_INJECTED, more[i & 3]);
		asked(w);
		cr_assert_eq(say(w->agreed), BACK_TLS);
		cr_assert_eq(say(""), BACK_TLS);
		fails(more[i & 3], REASON_BACK_INJECTED, more[i & 3]);
	}
}

Test(back_tls, who_refuses_gets_no_login)
{
	static const char *const no[] = {"454 4.7.0 not now\r\n", "-ERR no\r\n", "S NO no\r\n"};

	for (size_t i = 0; i < WAYS; i++) {
		asked(&ways[i]);
		fails(no[i], REASON_BACK_NO_STARTTLS, no[i]);
	}
	asked(&ways[0]);
	fails("250 fine\r\n", REASON_BACK_NO_STARTTLS, "250 fine\r\n");
	asked(&ways[2]);
	fails("S BAD no\r\n", REASON_BACK_NO_STARTTLS, "S BAD no\r\n");
}

Test(back_tls, the_log_says_where_it_was)
{
	asked(&ways[0]);
	cr_assert(acts("sending STARTTLS to upstream", "starttls"));
	asked(&ways[1]);
	cr_assert(acts("sending STLS to upstream", "stls"));
	asked(&ways[2]);
	cr_assert(acts("sending STARTTLS to upstream", "starttls"));
	(void)!say("S ");
	cr_assert(acts("reading response from upstream", "starttls"));
	begin(PROTOCOL_SMTP);
	expect("220 be\r\n", "EHLO mx.test\r\n");
	cr_assert(acts("sending HELO/EHLO to upstream", "tls-helo"));
}

/* A login that cannot be said is not begun. */
Test(back_tls, is_not_begun_without_a_password)
{
	for (size_t i = 1; i < WAYS; i++) {
		begin(ways[i].protocol);
		login.pass = str_none();
		fails(ways[i].greeting, REASON_AUTH_NO_PASSWORD, "");
	}
}

Test(back_tls, a_command_that_does_not_fit_is_ours_to_mend)
{
	for (size_t i = 0; i < WAYS; i++) {
		asked(&ways[i]);
		cr_assert_eq(say(ways[i].agreed), BACK_TLS);
		out_init(&out, out_memory, 3);
		cr_assert_eq(back_secured(&back, &out), BACK_FAIL);
		cr_assert_eq(back.reason, REASON_INTERNAL);
		wrote("");
	}
}

/* ---- SMTP ---- */

Test(back_tls, smtp_has_to_offer_it)
{
	begin(PROTOCOL_SMTP);
	expect("220 be\r\n", "EHLO mx.test\r\n");
	fails("250-be\r\n250 PIPELINING\r\n", REASON_BACK_NO_STARTTLS,
	      "250-be\r\n250 PIPELINING\r\n");
	begin(PROTOCOL_SMTP);
	expect("220 be\r\n", "EHLO mx.test\r\n");
	fails("502 what\r\n", REASON_BACK_INVALID, "502 what\r\n");
	begin(PROTOCOL_SMTP);
	fails("554 STARTTLS\r\n", REASON_BACK_INVALID, "554 STARTTLS\r\n");
}

/* What it said in plaintext counts for nothing: not even that RCPT may go with MAIL. */
Test(back_tls, smtp_says_hello_anew)
{
	asked(&ways[0]);
	login.method = AUTH_NONE;
	login.esmtp = true;
	login.mail_from = STR("MAIL FROM:<a>");
	login.rcpt_to = STR("RCPT TO:<b>");
	cr_assert_eq(say("220 go\r\n"), BACK_TLS);
	secure("EHLO mx.test\r\n");
	cr_assert(acts("sending HELO/EHLO to upstream", "helo"));
	expect("250 be\r\n", "MAIL FROM:<a>\r\n");
}

Test(back_tls, smtp_goes_on_as_ever)
{
	begin(PROTOCOL_SMTP);
	conf.xclient = conf.smtp_auth = true;
	expect("220 be\r\n", "EHLO mx.test\r\n");
	expect("250-be\r\n250 StartTLS\r\n", "STARTTLS\r\n");
	cr_assert_eq(say("220 go\r\n"), BACK_TLS);
	secure("EHLO mx.test\r\n");
	/* It may offer it again: there is no second time. */
	expect("250-be\r\n250 STARTTLS\r\n", "XCLIENT ADDR=192.0.2.1 NAME=[UNAVAILABLE]\r\n");
	expect("220 be\r\n", "AUTH PLAIN AHRpbQBzZWNyZXQ=\r\n");
	cr_assert_eq(say("235 in\r\n"), BACK_READY);
}

/* ---- POP3 ---- */

Test(back_tls, pop3_tells_who_it_is_whatever_the_greeting_said)
{
	static const char *const greetings[] = {"+OK [XCLIENT] be\r\n", "+OK be\r\n"};

	for (size_t i = 0; i < 4; i++) {
		begin(PROTOCOL_POP3);
		conf.identity = true;
		expect(greetings[i & 1], "STLS\r\n");
		cr_assert_eq(say("+OK\r\n"), BACK_TLS);
		secure("XCLIENT ADDR=192.0.2.1 PORT=40000 SESSION=12.34 TTL=4\r\n");
		/* Who does not know it says so. */
		expect(i & 2 ? "+OK\r\n" : "-ERR what\r\n", "USER tim\r\n");
		fails("-ERR no\r\n", REASON_BACK_INVALID, "-ERR no\r\n");
	}
}

/* ---- IMAP ---- */

Test(back_tls, imap_may_have_news_first)
{
	asked(&ways[2]);
	expect("* CAPABILITY IMAP4rev1 ID\r\n* OK st", "");
	expect("ill here\r\n", "");
	cr_assert_eq(say("S OK [CAPABILITY IMAP4rev1] go\r\n"), BACK_TLS);
	cr_assert_eq(buf_len(&in), 0);
	secure("a1 LOGIN {3}\r\n");
	expect("+ go on\r\n", "tim {6}\r\n");
}

Test(back_tls, imap_has_no_news_without_end)
{
	enum back_ev ev = BACK_MORE;
	int lines = 0;

	asked(&ways[2]);
	while (ev == BACK_MORE && lines++ < 20)
		ev = say("* 1 EXISTS and so on\r\n");
	cr_assert_eq(ev, BACK_FAIL);
	cr_assert_eq(back.reason, REASON_BACK_TOO_LONG);
	cr_assert_eq(back.shown.n, conf.reply_max);
}

Test(back_tls, imap_has_to_greet_as_ever)
{
	begin(PROTOCOL_IMAP);
	fails("* PREAUTH be\r\n", REASON_BACK_INVALID, "* PREAUTH be\r\n");
	begin(PROTOCOL_IMAP);
	fails("* BYE\r\n", REASON_BACK_INVALID, "* BYE\r\n");
	asked(&ways[2]);
	fails("* BYE\r\n", REASON_BACK_INVALID, "* BYE\r\n");
	asked(&ways[2]);
	fails("a1 OK in\r\n", REASON_BACK_INVALID, "a1 OK in\r\n");
}

Test(back_tls, imap_tells_who_it_is_whatever_the_greeting_said)
{
	static const char *const greetings[] = {"* OK [CAPABILITY ID] be\r\n", "* OK be\r\n"};

	for (size_t i = 0; i < 2; i++) {
		begin(PROTOCOL_IMAP);
		conf.identity = true;
		expect(greetings[i], "S STARTTLS\r\n");
		cr_assert_eq(say("S OK\r\n"), BACK_TLS);
		secure("I ID (\"name\" \"ringpost\" \"x-originating-ip\" \"192.0.2.1\" "
		       "\"x-originating-port\" \"40000\" \"x-session-id\" \"12.34\" "
		       "\"x-proxy-ttl\" \"4\")\r\n");
		expect("I BAD what\r\n", "a1 LOGIN {3}\r\n");
	}
}
