/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of proto/smtp_front: replies byte for byte, what a login carries, what is counted,
 * what ends a session, and that every command has an answer in every state.
 */
#include "proto/front.h"

#include <criterion/criterion.h>
#include <string.h>

enum {
	NONE = 1 << FRONT_METHOD_NONE,
	EXTERNAL = 1 << SASL_EXTERNAL,
	TOKENS = 1 << SASL_XOAUTH2 | 1 << SASL_OAUTHBEARER,
	ALL = (1 << SASL_XOAUTH2) - 1 + NONE
};

static const struct str capabilities[] = {STR_INIT("SIZE 1000"), STR_INIT("8BITMIME")};
static struct front_conf conf;
static struct front front;
static struct arena store;
static struct buf in;
static struct out out;
static uint8_t store_memory[8192], in_memory[8192], out_memory[16384];

static void begin(uint32_t methods)
{
	conf = (struct front_conf){
		.server_name = STR_INIT("mx.test"),
		.methods = methods,
		.line_max = 4096,
		.errors_max = 5,
	};
	arena_init(&store, store_memory, sizeof(store_memory));
	buf_init(&in, in_memory, sizeof(in_memory));
	out_init(&out, out_memory, sizeof(out_memory));
	front_init(&front, &conf, STR("1.2"));
	front_lend(&front, &store);
}

static enum front_ev say(struct str text)
{
	out_reset(&out);
	cr_assert_eq(buf_append(&in, text), text.n);
	return front_next(&front, &in, &out);
}

static void expect(struct str text, struct str reply)
{
	enum front_ev ev = say(text);

	if (ev == FRONT_NOTE)
		ev = front_next(&front, &in, &out);
	cr_assert_eq(ev, FRONT_MORE, "%d for %s", ev, (const char *)text.p);
	cr_assert(str_eq(out_data(&out), reply), "%s gave %.*s", (const char *)text.p, (int)out.n,
		  (const char *)out.base);
}

static void refuse(void)
{
	struct front_answer a = {.outcome = FRONT_REFUSED, .text = STR_INIT("no")};

	out_reset(&out);
	front_verdict(&front, &a, &out);
	cr_assert(str_eq(out_data(&out), STR("535 5.7.0 no\r\n")));
}

static void note_is(struct str want)
{
	uint8_t text[2048];
	struct out o;

	out_init(&o, text, sizeof(text));
	front_note(&front, &o);
	cr_assert(str_eq(out_data(&o), want), "note: %.*s", (int)o.n, (const char *)o.base);
}

#define INVALID  STR("500 5.5.1 Invalid command\r\n")
#define ARGUMENT STR("501 5.5.4 Invalid argument\r\n")
#define SEQUENCE STR("503 5.5.1 Bad sequence of commands\r\n")
#define REQUIRED STR("530 5.7.1 Authentication required\r\n")
#define OK       STR("250 2.0.0 OK\r\n")

Test(smtp_front, greets)
{
	begin(ALL);
	front_greet(&front, &out);
	cr_assert(str_eq(out_data(&out), STR("220 mx.test ESMTP ready\r\n")));
}

Test(smtp_front, ehlo_lists_what_is_configured)
{
	begin(ALL);
	conf.capabilities = capabilities;
	conf.n_capabilities = 2;
	expect(STR("EHLO a\r\n"), STR("250-mx.test\r\n250-SIZE 1000\r\n250-8BITMIME\r\n"
				      "250 AUTH PLAIN LOGIN CRAM-MD5 EXTERNAL\r\n"));
	conf.methods = NONE;
	expect(STR("EHLO a\r\n"), STR("250-mx.test\r\n250-SIZE 1000\r\n250 8BITMIME\r\n"));
	conf.n_capabilities = 0;
	expect(STR("EHLO a\r\n"), STR("250 mx.test\r\n"));
	conf.methods = 1 << SASL_LOGIN;
	conf.starttls = STARTTLS_ON;
	expect(STR("EHLO a\r\n"), STR("250-mx.test\r\n250-AUTH LOGIN\r\n250 STARTTLS\r\n"));
	conf.starttls = STARTTLS_ONLY;
	expect(STR("EHLO a\r\n"), STR("250-mx.test\r\n250 STARTTLS\r\n"));
	expect(STR("helo a\n"), STR("250 mx.test\r\n"));
}

Test(smtp_front, arguments_are_counted)
{
	begin(ALL);
	expect(STR("HELO\r\n"), ARGUMENT);
	expect(STR("EHLO a b\r\n"), ARGUMENT);
	expect(STR("HELO   a  \r\n"), STR("250 mx.test\r\n"));
	cr_assert(str_eq(front.login.helo, STR("a")));
	expect(STR("AUTH\r\n"), ARGUMENT);
	expect(STR("MAIL\r\n"), ARGUMENT);
	expect(STR("MAIL FROM:<a>\r\nRCPT\r\n"),
	       STR("250 2.0.0 OK\r\n501 5.5.4 Invalid argument\r\n"));
	expect(STR("NOOP a b c d e f g h i j k\r\n"), OK);
	cr_assert_eq(front.errors, 0);
	expect(STR("NOOP a b c d e f g h i j k l\r\n"), INVALID);
	cr_assert_eq(front.errors, 1);
}

Test(smtp_front, mail_needs_login_where_none_is_not_configured)
{
	begin(EXTERNAL);
	cr_assert_eq(say(STR("MAIL FROM:<a@b> \r\nNOOP\r\n")), FRONT_NOTE);
	cr_assert(str_eq(out_data(&out), REQUIRED));
	note_is(STR("client was rejected: \"MAIL FROM:<a@b> __\""));
	cr_assert_eq(front_next(&front, &in, &out), FRONT_MORE);
	cr_assert(str_eq(out_data(&out),
			 STR("530 5.7.1 Authentication required\r\n250 2.0.0 OK\r\n")));
	expect(STR("MAIL\n"), REQUIRED);
	expect(STR("RCPT TO:<a>\r\n"), SEQUENCE);
	cr_assert_eq(say(STR("MAIL \"\\\t\xff\n")), FRONT_NOTE);
	note_is(STR("client was rejected: \"MAIL \\x22\\x5C\\x09\\xFF_\""));
}

Test(smtp_front, mail_without_login)
{
	const struct login *l = &front.login;

	begin(NONE);
	expect(STR("HELO me\r\nRCPT TO:<b>\r\n"),
	       STR("250 mx.test\r\n503 5.5.1 Bad sequence of commands\r\n"));
	expect(STR("mail  from:<a b> SIZE=1  \r\n"), OK);
	expect(STR("MAIL FROM:<b>\r\n"), SEQUENCE);
	cr_assert_eq(say(STR("RCPT TO:<c>\r\nDATA\r\n")), FRONT_LOGIN);
	cr_assert_eq(l->method, AUTH_NONE);
	cr_assert_eq(l->attempt, 1);
	cr_assert(!l->esmtp);
	cr_assert(str_eq(l->mail_from, STR("mail  from:<a b> SIZE=1")));
	cr_assert(str_eq(l->rcpt_to, STR("RCPT TO:<c>")));
	cr_assert(str_eq(l->helo, STR("me")));
	cr_assert(str_eq(buf_data(&in), STR("DATA\r\n")), "what follows stays");
	refuse();
	cr_assert(!front_idle(&front), "MAIL is still there");
	expect(STR(""), INVALID);
	cr_assert_eq(say(STR("RCPT TO:<d>\r\n")), FRONT_LOGIN);
	cr_assert_eq(l->attempt, 2);
	cr_assert(str_eq(l->mail_from, STR("mail  from:<a b> SIZE=1")));
	refuse();
	expect(STR("RSET\r\n"), OK);
	cr_assert(front_idle(&front));
	expect(STR("RCPT TO:<d>\r\n"), SEQUENCE);
}

static void accepted(struct str reply)
{
	struct front_answer a = {.outcome = FRONT_ACCEPTED};

	out_reset(&out);
	front_verdict(&front, &a, &out);
	cr_assert(str_eq(out_data(&out), reply));
	cr_assert_eq(front.state, FRONT_IN_DONE);
	cr_assert_eq(arena_mark(&store), 0);
}

Test(smtp_front, acceptance_is_told_but_for_mail_without_login)
{
	begin(ALL);
	cr_assert_eq(say(STR("AUTH PLAIN AGEAYg==\r\n")), FRONT_LOGIN);
	accepted(STR("235 2.0.0 OK\r\n"));
	begin(ALL);
	cr_assert_eq(say(STR("MAIL FROM:<>\r\nRCPT TO:<a>\r\n")), FRONT_LOGIN);
	accepted(STR(""));
}

Test(smtp_front, each_mechanism_by_itself)
{
	const struct login *l = &front.login;

	begin(ALL);
	expect(STR("auth plain\r\n"), STR("334 \r\n"));
	cr_assert_eq(say(STR("AGEAYg==\r\n")), FRONT_LOGIN);
	cr_assert(str_eq(l->user, STR("a")) && str_eq(l->pass, STR("b")));
	refuse();
	expect(STR("AUTH LOGIN\r\n"), STR("334 VXNlcm5hbWU6\r\n"));
	expect(STR("YQ==\r\n"), STR("334 UGFzc3dvcmQ6\r\n"));
	cr_assert_eq(say(STR("Yg==\r\n")), FRONT_LOGIN);
	cr_assert(str_eq(l->user, STR("a")) && str_eq(l->pass, STR("b")));
	refuse();
	expect(STR("AUTH CRAM-MD5\r\n"), STR("334 PDEuMkBteC50ZXN0Pg==\r\n"));
	cr_assert_eq(say(STR("YSAwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==\r\n")), FRONT_LOGIN);
	cr_assert_eq(l->method, AUTH_CRAM_MD5);
	cr_assert(str_eq(l->salt, STR("<1.2@mx.test>")));
	cr_assert(str_eq(l->user, STR("a")));
	refuse();
	expect(STR("AUTH EXTERNAL\r\n"), STR("334 VXNlcm5hbWU6\r\n"));
	cr_assert_eq(say(STR("YQ==\r\n")), FRONT_LOGIN);
	cr_assert_eq(l->method, AUTH_EXTERNAL);
	cr_assert_eq(l->attempt, 4);
	cr_assert_eq(l->pass.n, 0, "no password of an earlier attempt");
	cr_assert_eq(l->salt.n, 0);
	refuse();
	cr_assert(front_idle(&front));
}

static void explain(const char *command, bool closes)
{
	struct front_answer a = {.outcome = FRONT_REFUSED,
				 .text = STR_INIT("no"),
				 .sasl = STR_INIT("eyJ9"),
				 .closes = closes};

	begin(TOKENS);
	cr_assert_eq(say(str_cstr(command)), FRONT_LOGIN);
	out_reset(&out);
	cr_assert_eq(front_verdict(&front, &a, &out), FRONT_MORE);
	cr_assert(str_eq(out_data(&out), STR("334 eyJ9\r\n")));
	cr_assert_str_eq(front_state_name(&front), "refusal");
	cr_assert_eq(front.login.pass.n, 0);
}

#define XOAUTH2     "AUTH XOAUTH2 dXNlcj1hAWF1dGg9QmVhcmVyIGIBAQ==\r\n"
#define OAUTHBEARER "AUTH OAUTHBEARER bixhPWEsAWF1dGg9QmVhcmVyIGIBAQ==\r\n"

Test(smtp_front, tokens)
{
	const struct login *l = &front.login;

	begin(TOKENS);
	expect(STR("EHLO a\r\n"), STR("250-mx.test\r\n250 AUTH XOAUTH2 OAUTHBEARER\r\n"));
	expect(STR("AUTH XOAUTH2\r\n"), STR("334 \r\n"));
	cr_assert_eq(say(STR("dXNlcj1hAWF1dGg9QmVhcmVyIGIBAQ==\r\n")), FRONT_LOGIN);
	cr_assert_eq(l->method, AUTH_XOAUTH2);
	cr_assert(str_eq(l->user, STR("a")) && str_eq(l->pass, STR("b")));
	refuse();
	cr_assert_eq(say(STR(OAUTHBEARER)), FRONT_LOGIN);
	cr_assert_eq(l->method, AUTH_OAUTHBEARER);
	cr_assert(str_eq(l->user, STR("a")) && str_eq(l->pass, STR("b")));
	refuse();
	expect(STR("AUTH OAUTHBEARER\r\n"), STR("334 \r\n"));
	cr_assert_eq(say(STR("YQ==\r\n")), FRONT_NOTE);
	note_is(STR("client sent invalid login in AUTH OAUTHBEARER command"));
	cr_assert(front_idle(&front));
}

Test(smtp_front, a_refused_token_is_explained_first)
{
	explain(XOAUTH2, false);
	expect(STR("\r\n"), STR("535 5.7.0 no\r\n"));
	cr_assert(front_idle(&front));
	explain(OAUTHBEARER, false);
	expect(STR("AQ==\r\nNOOP\r\n"), STR("535 5.7.0 no\r\n250 2.0.0 OK\r\n"));
	explain(OAUTHBEARER, false);
	expect(STR("\r\n"), INVALID);
	explain(XOAUTH2, false);
	expect(STR("*\r\n"), INVALID);
	explain(XOAUTH2, true);
	cr_assert_eq(say(STR("foo\r\nNOOP\r\n")), FRONT_FAIL);
	cr_assert(str_eq(out_data(&out), STR("535 5.7.0 no\r\n")), "the last word in any case");
	cr_assert_eq(front.reason, REASON_CLIENT_REFUSED);
	cr_assert(front_idle(&front));
}

Test(smtp_front, what_cannot_be_explained_is_just_refused)
{
	struct front_answer a = {
		.outcome = FRONT_REFUSED, .text = STR_INIT("no"), .sasl = STR_INIT("a\rb")};

	begin(TOKENS);
	cr_assert_eq(say(STR(XOAUTH2)), FRONT_LOGIN);
	out_reset(&out);
	front_verdict(&front, &a, &out);
	cr_assert(str_eq(out_data(&out), STR("535 5.7.0 no\r\n")), "not in one line");
	cr_assert_eq(say(STR(XOAUTH2)), FRONT_LOGIN);
	a.sasl = str_of(in_memory, 5000);
	out_init(&out, out_memory, FRONT_REPLY_MAX);
	front_verdict(&front, &a, &out);
	cr_assert(str_eq(out_data(&out), STR("535 5.7.0 no\r\n")), "too long");
	begin(ALL);
	cr_assert_eq(say(STR("AUTH PLAIN AGEAYg==\r\n")), FRONT_LOGIN);
	a.sasl = STR("eyJ9");
	out_reset(&out);
	front_verdict(&front, &a, &out);
	cr_assert(str_eq(out_data(&out), STR("535 5.7.0 no\r\n")), "no place for it in PLAIN");
	begin(TOKENS);
	store.size = 100;
	cr_assert_eq(say(STR(XOAUTH2)), FRONT_LOGIN);
	out_reset(&out);
	front_verdict(&front, &a, &out);
	cr_assert(str_eq(out_data(&out), STR("535 5.7.0 no\r\n")), "no room to keep it");
}

Test(smtp_front, mechanisms_that_are_not_enabled)
{
	begin(NONE);
	expect(STR("AUTH CRAM-MD5\r\n"), INVALID);
	expect(STR("AUTH EXTERNAL\r\n"), INVALID);
	expect(STR("AUTH EXTERNAL YQ==\r\n"), INVALID);
	expect(STR("AUTH NTLM\r\n"), INVALID);
	expect(STR("AUTH PLAIN a b\r\n"), INVALID);
	expect(STR("AUTH LOGIN a b\r\n"), INVALID);
	cr_assert_eq(front.errors, 0, "only lines that are no commands count");
	expect(STR("AUTH PLAIN AGEAYg==\r\n"), INVALID);
	expect(STR("AUTH LOGIN YQ==\r\n"), INVALID);
	expect(STR("AUTH XOAUTH2\r\n"), INVALID);
	expect(STR("AUTH OAUTHBEARER\r\n"), INVALID);
}

Test(smtp_front, cancelled_and_broken_exchanges)
{
	begin(ALL);
	expect(STR("AUTH LOGIN\r\n"), STR("334 VXNlcm5hbWU6\r\n"));
	expect(STR("YQ==\r\n"), STR("334 UGFzc3dvcmQ6\r\n"));
	cr_assert_eq(say(STR("*\r\n")), FRONT_NOTE);
	cr_assert(str_eq(out_data(&out), INVALID));
	note_is(STR("client sent invalid base64 encoding in AUTH LOGIN command"));
	cr_assert(front_idle(&front), "the user name is forgotten");
	expect(STR("YQ==\r\n"), INVALID);
	cr_assert_eq(front.errors, 1);
	expect(STR("AUTH PLAIN\r\n"), STR("334 \r\n"));
	expect(STR(" AGEAYg==\r\n"), INVALID);
	cr_assert_eq(front.errors, 1);
	expect(STR("AUTH PLAIN\r\n"), STR("334 \r\n"));
	expect(STR("AGEA\rYg==\r\n"), INVALID);
	cr_assert_eq(front.errors, 2, "a bare CR is no exchange");
	expect(STR("AUTH LOGIN !\r\n"), INVALID);
	expect(STR("NOOP\r\n"), OK);
}

Test(smtp_front, errors_are_limited)
{
	begin(ALL);
	for (int i = 0; i < 4; i++)
		expect(STR("FOO\r\n"), INVALID);
	expect(STR("VRFY a\r\nEXPN\r\nHELP\r\n"), STR("500 5.5.1 Invalid command\r\n"
						      "500 5.5.1 Invalid command\r\n"
						      "500 5.5.1 Invalid command\r\n"));
	cr_assert_eq(say(STR("\r\nNOOP\r\n")), FRONT_FAIL);
	cr_assert(str_eq(out_data(&out), INVALID));
	cr_assert_eq(front.reason, REASON_CLIENT_TOO_MANY_ERRORS);
	cr_assert_eq(buf_len(&in), 6);
}

Test(smtp_front, commands_are_limited)
{
	begin(ALL);
	conf.commands_max = 2;
	expect(STR("NOOP\r\nNOOP\r\n"), STR("250 2.0.0 OK\r\n250 2.0.0 OK\r\n"));
	cr_assert_eq(say(STR("QUIT\r\n")), FRONT_FAIL);
	cr_assert_eq(front.reason, REASON_CLIENT_TOO_MANY_COMMANDS);
	cr_assert(str_starts(out_data(&out), STR("421 ")));
}

Test(smtp_front, lines_are_limited)
{
	begin(ALL);
	conf.line_max = 16;
	expect(STR("NOOP 34567890\r\nNOOP 3456789a\r\n"), STR("250 2.0.0 OK\r\n250 2.0.0 OK\r\n"));
	cr_assert_eq(say(STR("NOOP 3456789ab\r\n")), FRONT_MORE);
	cr_assert_eq(say(STR("NOOP 3456789abc\r\n")), FRONT_FAIL);
	cr_assert_eq(front.reason, REASON_CLIENT_TOO_LONG);
	cr_assert(str_eq(out_data(&out), INVALID));
	cr_assert(str_eq(front.refused, STR("NOOP 3456789abc\r")));
}

Test(smtp_front, a_password_is_never_shown)
{
	begin(ALL);
	conf.line_max = 16;
	expect(STR("AUTH PLAIN\r\n"), STR("334 \r\n"));
	cr_assert_eq(say(STR("AAAAAAAAAAAAAAAA")), FRONT_FAIL);
	cr_assert_eq(front.refused.n, 0);
	begin(ALL);
	conf.line_max = 16;
	cr_assert_eq(say(STR("auth plain AAAAA")), FRONT_FAIL);
	cr_assert_eq(front.refused.n, 0);
}

Test(smtp_front, control_characters_are_refused)
{
	static const struct str lines[] = {
		STR_INIT("HELO a\tb\r\n"),        STR_INIT("EHLO \0\r\n"),
		STR_INIT("MAIL FROM:<\x7f>\r\n"), STR_INIT("MAIL FROM:<a>\t\r\n"),
		STR_INIT("HELO \x1b\r\n"),
	};

	begin(ALL);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect(lines[i], ARGUMENT);
	expect(STR("MAIL FROM:<\xc3\xa4>\r\n"), OK);
	expect(STR("RCPT TO:<\x01>\r\n"), ARGUMENT);
	expect(STR("NOOP \0\x01\xff\r\n"), OK);
}

Test(smtp_front, http_ends_at_once)
{
	begin(ALL);
	cr_assert_eq(say(STR("POST / HTTP/1.1\r\nHost: a\r\n")), FRONT_FAIL);
	cr_assert_eq(front.reason, REASON_CLIENT_HTTP);
	cr_assert(str_eq(out_data(&out), INVALID));
	cr_assert(str_eq(front.refused, STR("POST / HTTP/1.1")));
	begin(ALL);
	expect(STR("NOOP\r\nGET / HTTP/1.1\r\n"),
	       STR("250 2.0.0 OK\r\n500 5.5.1 Invalid command\r\n"));
}

/* CVE-2021-3618: whatever a browser can be made to send. */
Test(smtp_front, every_verb_of_http_ends_at_once)
{
	static const struct str lines[] = {
		STR_INIT("GET / HTTP/1.1\r\n"),    STR_INIT("POST / HTTP/1.1\r\n"),
		STR_INIT("PUT / HTTP/1.1\r\n"),    STR_INIT("HEAD / HTTP/1.1\r\n"),
		STR_INIT("DELETE / HTTP/1.1\r\n"), STR_INIT("OPTIONS * HTTP/1.1\r\n"),
		STR_INIT("PATCH / HTTP/1.1\r\n"),  STR_INIT("CONNECT a:25 HTTP/1.1\r\n"),
		STR_INIT("TRACE / HTTP/1.1\r\n"),  STR_INIT("PRI * HTTP/2.0\r\n"),
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		begin(ALL);
		cr_expect_eq(say(lines[i]), FRONT_FAIL, "%s", (const char *)lines[i].p);
		cr_expect_eq(front.reason, REASON_CLIENT_HTTP);
	}
}

Test(smtp_front, starttls_forgets_and_drops)
{
	begin(ALL);
	expect(STR("STARTTLS\r\n"), INVALID);
	conf.starttls = STARTTLS_ONLY;
	expect(STR("EHLO a\r\nAUTH PLAIN AGEAYg==\r\n"),
	       STR("250-mx.test\r\n250 STARTTLS\r\n500 5.5.1 Invalid command\r\n"));
	expect(STR("MAIL FROM:<a>\r\n"), OK);
	cr_assert_eq(say(STR("STARTTLS\r\nRCPT TO:<evil>\r\nRCPT")), FRONT_TLS);
	cr_assert(str_eq(out_data(&out), STR("220 2.0.0 Start TLS\r\n")));
	cr_assert_eq(buf_len(&in), 0);
	cr_assert(front_idle(&front));
	front_lend(&front, NULL);
	front_secured(&front);
	front_lend(&front, &store);
	cr_assert_eq(front.login.helo.n, 0);
	expect(STR("RCPT TO:<a>\r\n"), SEQUENCE);
	expect(STR("STARTTLS\r\n"), INVALID);
	expect(STR("EHLO a\r\n"), STR("250-mx.test\r\n250 AUTH PLAIN LOGIN CRAM-MD5 EXTERNAL\r\n"));
}

Test(smtp_front, asks_for_room_before_it_reads)
{
	begin(ALL);
	out_init(&out, out_memory, FRONT_REPLY_MAX);
	cr_assert_eq(say(STR("NOOP\r\nNOOP\r\n")), FRONT_FULL);
	cr_assert(str_eq(out_data(&out), OK));
	cr_assert_eq(buf_len(&in), 6);
	out_reset(&out);
	cr_assert_eq(front_next(&front, &in, &out), FRONT_MORE);
}

Test(smtp_front, a_refusal_has_the_services_words)
{
	struct front_answer a = {
		.outcome = FRONT_REFUSED, .code = STR_INIT("454 4.7.0"), .text = STR_INIT("later")};

	begin(ALL);
	cr_assert_eq(say(STR("AUTH PLAIN AGEAYg==\r\n")), FRONT_LOGIN);
	out_reset(&out);
	front_verdict(&front, &a, &out);
	cr_assert(str_eq(out_data(&out), STR("454 4.7.0 later\r\n")));
	cr_assert_eq(say(STR("AUTH PLAIN AGEAYg==\r\n")), FRONT_LOGIN);
	out_init(&out, out_memory, 14);
	front_verdict(&front, &a, &out);
	cr_assert(str_eq(out_data(&out), STR("454 4.7.0 la\r\n")), "cut to the room there is");
}

Test(smtp_front, what_does_not_fit_the_store_is_refused)
{
	begin(ALL);
	store.size = 84;
	memset(in_memory, 'a', sizeof(in_memory));
	memcpy(in_memory, "HELO ", 5);
	in.tail = 96;
	expect(STR("\r\n"), STR("500 5.5.2 Command line is too long\r\n"));
	expect(STR("HELO b\r\n"), STR("250 mx.test\r\n"));
	expect(STR("MAIL FROM:<123456789012345678901234567890123456789012345678901234567890>\r\n"),
	       OK);
	expect(STR("RCPT TO:<123456>\r\n"), STR("500 5.5.2 Command line is too long\r\n"));
	expect(STR("AUTH PLAIN AGEAYgEAYgEAYgEAYg==\r\n"),
	       STR("500 5.5.6 Authentication exchange line is too long\r\n"));
	expect(STR("AUTH CRAM-MD5\r\nNOOP\r\n"),
	       STR("500 5.5.6 Authentication exchange line is too long\r\n250 2.0.0 OK\r\n"));
}

/* Every command in every state it can meet has its answer; none is taken for another. */
Test(smtp_front, every_cell_is_answered)
{
	static const struct str roads[] = {
		STR_INIT("NOOP\r\n"),          STR_INIT("AUTH PLAIN\r\n"),
		STR_INIT("AUTH LOGIN\r\n"),    STR_INIT("AUTH LOGIN YQ==\r\n"),
		STR_INIT("AUTH CRAM-MD5\r\n"), STR_INIT("AUTH EXTERNAL\r\n"),
		STR_INIT("MAIL FROM:<a>\r\n"),
	};
	static const struct str commands[] = {
		STR_INIT("HELO a!\r\n"),      STR_INIT("EHLO a!\r\n"),
		STR_INIT("AUTH PLAIN !\r\n"), STR_INIT("MAIL FROM:<b>\r\n"),
		STR_INIT("RCPT TO:<b>\r\n"),  STR_INIT("RSET!\r\n"),
		STR_INIT("NOOP !\r\n"),       STR_INIT("QUIT!\r\n"),
		STR_INIT("STARTTLS !\r\n"),   STR_INIT("VRFY !\r\n"),
		STR_INIT("EXPN !\r\n"),       STR_INIT("HELP !\r\n"),
		STR_INIT("DATA!\r\n"),        STR_INIT("\r\n"),
		STR_INIT("\0\r\n"),
	};

	for (size_t r = 0; r < sizeof(roads) / sizeof(roads[0]); r++)
		for (size_t c = 0; c < sizeof(commands) / sizeof(commands[0]); c++) {
			enum front_ev ev;

			begin(ALL);
			cr_assert_eq(say(roads[r]), FRONT_MORE);
			ev = say(commands[c]);
			cr_assert(ev == FRONT_MORE || ev == FRONT_NOTE || ev == FRONT_LOGIN);
			cr_assert(ev == FRONT_LOGIN || out.n != 0);
			cr_assert_eq(buf_len(&in), 0);
		}
}

Test(smtp_front, states_have_their_names)
{
	begin(ALL);
	cr_assert_str_eq(front_state_name(&front), "start");
	expect(STR("AUTH PLAIN\r\n"), STR("334 \r\n"));
	cr_assert_str_eq(front_state_name(&front), "auth");
	cr_assert_eq(say(STR("AGEAYg==\r\n")), FRONT_LOGIN);
	cr_assert_str_eq(front_state_name(&front), "waiting");
}
