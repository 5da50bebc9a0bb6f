/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of proto/pop3_front: replies byte for byte, what a login carries, what is counted,
 * what ends a session, and that every command has its answer in every state.
 */
#include "proto/front.h"

#include <criterion/criterion.h>
#include <string.h>

enum {
	PLAIN = 1 << SASL_PLAIN | 1 << SASL_LOGIN,
	APOP = 1 << FRONT_METHOD_APOP,
	CRAM = 1 << SASL_CRAM_MD5,
	TOKENS = 1 << SASL_XOAUTH2 | 1 << SASL_OAUTHBEARER,
	ALL = PLAIN | APOP | CRAM | TOKENS | 1 << SASL_EXTERNAL,
};

static const struct str capabilities[] = {STR_INIT("TOP"), STR_INIT("user"), STR_INIT("UIDL")};
static struct front_conf conf;
static struct front front;
static struct arena store;
static struct buf in;
static struct out out;
static uint8_t store_memory[8192], in_memory[8192], out_memory[16384];

static void begin(uint32_t methods)
{
	conf = (struct front_conf){
		.protocol = PROTOCOL_POP3,
		.server_name = STR_INIT("mx.test"),
		.capabilities = capabilities,
		.n_capabilities = 3,
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

static void login_is(enum auth_method method, const char *user, const char *pass)
{
	const struct login *l = &front.login;

	cr_assert_eq(l->method, method);
	cr_assert(str_eq(l->user, str_cstr(user)), "%.*s", (int)l->user.n, (const char *)l->user.p);
	cr_assert(str_eq(l->pass, str_cstr(pass)), "%.*s", (int)l->pass.n, (const char *)l->pass.p);
}

static void refuse(void)
{
	struct front_answer a = {.outcome = FRONT_REFUSED, .text = STR_INIT("no")};

	out_reset(&out);
	cr_assert_eq(front_verdict(&front, &a, &out), FRONT_MORE);
	cr_assert(str_eq(out_data(&out), STR("-ERR no\r\n")));
	cr_assert(front_idle(&front));
	cr_assert_eq(front.state, FRONT_IN_START);
}

static bool greeting_is(struct str want)
{
	out_reset(&out);
	front_greet(&front, &out);
	return str_eq(out_data(&out), want);
}

#define INVALID STR("-ERR invalid command\r\n")
#define OK      STR("+OK\r\n")
#define DIGEST  "0123456789abcdef0123456789abcdef"

Test(pop3_front, the_greeting_has_the_salt_where_a_method_needs_it)
{
	begin(PLAIN | TOKENS);
	cr_assert(greeting_is(STR("+OK POP3 ready\r\n")));
	cr_assert(!front_has_challenge(&conf));
	begin(APOP);
	cr_assert(greeting_is(STR("+OK POP3 ready <1.2@mx.test>\r\n")));
	begin(CRAM);
	cr_assert(greeting_is(STR("+OK POP3 ready <1.2@mx.test>\r\n")));
	cr_assert(front_has_challenge(&conf));
}

Test(pop3_front, user_and_pass)
{
	begin(PLAIN);
	expect(STR("USER  al ice \r\n"), OK);
	expect(STR("NOOP\r\n"), OK);
	cr_assert_eq(say(STR("PASS  se cret \r\nSTAT\r\n")), FRONT_LOGIN);
	login_is(AUTH_PLAIN, "al ice ", "se cret ");
	cr_assert_eq(front.login.attempt, 1);
	cr_assert(str_eq(buf_data(&in), STR("STAT\r\n")), "what follows stays");
	refuse();
	expect(STR(""), INVALID);
	expect(STR("PASS secret\r\n"), INVALID);
	expect(STR("user bob\r\n"), OK);
	cr_assert_eq(say(STR("pass b\n")), FRONT_LOGIN);
	login_is(AUTH_PLAIN, "bob", "b");
	cr_assert_eq(front.login.attempt, 2);
}

Test(pop3_front, a_failed_command_forgets_the_user)
{
	static const struct str others[] = {
		STR_INIT("USER bob\r\n"),   STR_INIT("APOP a b\r\n"), STR_INIT("AUTH\r\n"),
		STR_INIT("STLS\r\n"),       STR_INIT("PASS\r\n"),     STR_INIT("STAT\r\n"),
		STR_INIT("AUTH PLAIN\r\n"), STR_INIT("\r\n"),         STR_INIT("NOOP 1 2 3 4\r\n"),
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		begin(ALL);
		expect(STR("USER alice\r\n"), OK);
		expect(others[i], INVALID);
		cr_assert(front_idle(&front));
		expect(STR("PASS secret\r\n"), INVALID);
	}
}

Test(pop3_front, an_accepted_login_is_told_by_the_backend)
{
	struct front_answer a = {.outcome = FRONT_ACCEPTED};

	begin(PLAIN);
	cr_assert_eq(say(STR("USER a\r\nPASS b\r\n")), FRONT_LOGIN);
	out_reset(&out);
	front_verdict(&front, &a, &out);
	cr_assert_eq(out.n, 0);
	cr_assert_eq(front.state, FRONT_IN_DONE);
	cr_assert(front_idle(&front));
}

Test(pop3_front, apop)
{
	begin(APOP);
	expect(STR("APOP\r\n"), INVALID);
	expect(STR("APOP a\r\n"), INVALID);
	expect(STR("APOP a b c\r\n"), INVALID);
	cr_assert_eq(say(STR("APOP alice " DIGEST "\r\n")), FRONT_LOGIN);
	login_is(AUTH_APOP, "alice", DIGEST);
	cr_assert(str_eq(front.login.salt, STR("<1.2@mx.test>")));
	refuse();
	cr_assert_eq(front.login.salt.n, 0);
	expect(STR("USER a\r\n"), INVALID);
	expect(STR("AUTH PLAIN AGEAYg==\r\n"), INVALID);
	begin(PLAIN);
	expect(STR("APOP alice " DIGEST "\r\n"), INVALID);
}

Test(pop3_front, sasl)
{
	begin(ALL);
	expect(STR("AUTH PLAIN\r\n"), STR("+ \r\n"));
	cr_assert_eq(say(STR("AGEAYg==\r\n")), FRONT_LOGIN);
	login_is(AUTH_PLAIN, "a", "b");
	refuse();
	expect(STR("AUTH LOGIN\r\n"), STR("+ VXNlcm5hbWU6\r\n"));
	expect(STR("YQ==\r\n"), STR("+ UGFzc3dvcmQ6\r\n"));
	cr_assert_eq(say(STR("Yg==\r\n")), FRONT_LOGIN);
	login_is(AUTH_PLAIN, "a", "b");
	refuse();
	expect(STR("AUTH CRAM-MD5\r\n"), STR("+ PDEuMkBteC50ZXN0Pg==\r\n"));
	cr_assert_eq(say(STR("YSAwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==\r\n")), FRONT_LOGIN);
	login_is(AUTH_CRAM_MD5, "a", DIGEST);
	refuse();
	cr_assert_eq(say(STR("AUTH EXTERNAL YQ==\r\n")), FRONT_LOGIN);
	login_is(AUTH_EXTERNAL, "a", "");
	refuse();
	cr_assert_eq(say(STR("AUTH XOAUTH2 dXNlcj1hAWF1dGg9QmVhcmVyIGIBAQ==\r\n")), FRONT_LOGIN);
	login_is(AUTH_XOAUTH2, "a", "b");
	refuse();
	cr_assert_eq(front.login.attempt, 5);
	expect(STR("AUTH PLAIN\r\n"), STR("+ \r\n"));
	expect(STR("a b c d\r\n"), INVALID);
	cr_assert_eq(front.errors, 1, "too many words are no response");
}

Test(pop3_front, a_refused_token_is_explained_first)
{
	struct front_answer a = {
		.outcome = FRONT_REFUSED, .text = STR_INIT("no"), .sasl = STR_INIT("eyJ9")};

	begin(TOKENS);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(say(STR("AUTH OAUTHBEARER bixhPWEsAWF1dGg9QmVhcmVyIGIBAQ==\r\n")),
			     FRONT_LOGIN);
		out_reset(&out);
		a.closes = i;
		front_verdict(&front, &a, &out);
		cr_assert(str_eq(out_data(&out), STR("+ eyJ9\r\n")));
		if (!i)
			expect(STR("AQ==\r\n"), STR("-ERR no\r\n"));
	}
	cr_assert_eq(say(STR("AQ==\r\nQUIT\r\n")), FRONT_FAIL);
	cr_assert(str_eq(out_data(&out), STR("-ERR no\r\n")));
	cr_assert_eq(front.reason, REASON_CLIENT_REFUSED);
}

#define LIST "+OK Capability list follows\r\nTOP\r\nuser\r\nUIDL\r\n"

Test(pop3_front, capabilities)
{
	begin(ALL);
	expect(STR("CAPA\r\n"),
	       STR(LIST "SASL PLAIN LOGIN CRAM-MD5 EXTERNAL XOAUTH2 OAUTHBEARER\r\n.\r\n"));
	expect(STR("AUTH\r\n"), STR("+OK methods supported:\r\nPLAIN\r\nLOGIN\r\nCRAM-MD5\r\n"
				    "EXTERNAL\r\nXOAUTH2\r\nOAUTHBEARER\r\n.\r\n"));
	begin(APOP);
	expect(STR("CAPA x y z\r\n"), STR(LIST "SASL\r\n.\r\n"));
	expect(STR("AUTH \r\n"), STR("+OK methods supported:\r\n.\r\n"));
}

Test(pop3_front, stls)
{
	begin(PLAIN | APOP);
	expect(STR("STLS\r\n"), INVALID);
	conf.starttls = STARTTLS_ON;
	expect(STR("CAPA\r\nUSER a\r\nCAPA\r\nSTLS\r\n"),
	       STR(LIST "SASL PLAIN LOGIN\r\nSTLS\r\n.\r\n+OK\r\n" LIST
			"SASL PLAIN LOGIN\r\n.\r\n-ERR invalid command\r\n"));
	conf.starttls = STARTTLS_ONLY;
	expect(STR("CAPA\r\nUSER a\r\nAPOP a b\r\nAUTH\r\nAUTH PLAIN AGEAYg==\r\n"),
	       STR("+OK Capability list follows\r\nTOP\r\nUIDL\r\nSTLS\r\n.\r\n"
		   "-ERR invalid command\r\n-ERR invalid command\r\n-ERR invalid command\r\n"
		   "-ERR invalid command\r\n"));
	cr_assert_eq(say(STR("STLS\r\nUSER evil\r\nPASS")), FRONT_TLS);
	cr_assert(str_eq(out_data(&out), OK));
	cr_assert_eq(buf_len(&in), 0);
	cr_assert(front_idle(&front));
	front_secured(&front);
	expect(STR("CAPA\r\nSTLS\r\nUSER a\r\n"),
	       STR(LIST "SASL PLAIN LOGIN\r\n.\r\n-ERR invalid command\r\n+OK\r\n"));
}

Test(pop3_front, errors_and_commands_are_limited)
{
	begin(PLAIN);
	expect(STR("PASS a\r\nUSER\r\nSTLS\r\nAPOP a b\r\nAUTH X\r\nPASS\r\n"),
	       STR("-ERR invalid command\r\n-ERR invalid command\r\n-ERR invalid command\r\n"
		   "-ERR invalid command\r\n-ERR invalid command\r\n-ERR invalid command\r\n"));
	cr_assert_eq(front.errors, 0, "only lines that are no commands count");
	expect(STR("STAT\r\n1\r\n\r\nNOOP \r\r\n"),
	       STR("-ERR invalid command\r\n-ERR invalid command\r\n-ERR invalid command\r\n"
		   "-ERR invalid command\r\n"));
	cr_assert_eq(say(STR("USER a\rb\r\nNOOP\r\n")), FRONT_FAIL);
	cr_assert(str_eq(out_data(&out), INVALID));
	cr_assert_eq(front.reason, REASON_CLIENT_TOO_MANY_ERRORS);
	begin(PLAIN);
	conf.commands_max = 1;
	expect(STR("NOOP\r\n"), OK);
	cr_assert_eq(say(STR("NOOP\r\n")), FRONT_FAIL);
	cr_assert_eq(front.reason, REASON_CLIENT_TOO_MANY_COMMANDS);
	cr_assert(str_eq(out_data(&out), STR("-ERR too many commands\r\n")));
}

Test(pop3_front, what_is_too_long_ends_and_shows_no_password)
{
	static const struct {
		struct str line;
		bool shown;
	} rows[] = {
		{STR_INIT("NOOP 5678901234567890"), true},
		{STR_INIT("USER 5678901234567890"), true},
		{STR_INIT("pass 5678901234567890"), false},
		{STR_INIT("APOP 5678901234567890"), false},
		{STR_INIT("auth 5678901234567890"), false},
		{STR_INIT("USER a\r\nXASS 5678901234567890"), false},
		{STR_INIT("AUTH LOGIN\r\n5678901234567890"), false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(ALL);
		conf.line_max = 16;
		cr_assert_eq(say(rows[i].line), FRONT_FAIL);
		cr_assert_eq(front.reason, REASON_CLIENT_TOO_LONG);
		cr_assert_eq(front.refused.n, rows[i].shown ? 16 : 0, "row %zu", i);
	}
}

Test(pop3_front, proxies_in_front_say_how_many_may_follow)
{
	begin(PLAIN);
	cr_assert_eq(front.login.hops, FRONT_HOPS);
	cr_assert(str_eq(front_session(&front), STR("1.2")));
	expect(STR("XCLIENT TTL=1\r\n"), INVALID);
	cr_assert_eq(front.errors, 1, "no command at all unless the configuration wants it");
	conf.identity = true;
	cr_assert(greeting_is(STR("+OK [XCLIENT] POP3 ready\r\n")));
	expect(STR("xclient addr=1 port=2 session=3 x=4 y=5 ttl=3\r\n"), STR("+OK Updated\r\n"));
	cr_assert_eq(front.login.hops, 3);
	expect(STR("XCLIENT TTL=255\r\n"), STR("+OK Updated\r\n"));
	cr_assert_eq(front.login.hops, 3, "never more");
	expect(STR("XCLIENT TTL=\r\n"), STR("-ERR invalid parameters\r\n"));
	expect(STR("XCLIENT TTL=-1\r\n"), STR("-ERR invalid parameters\r\n"));
	expect(STR("XCLIENT TTL=1x\r\n"), STR("-ERR invalid parameters\r\n"));
	expect(STR("USER a\r\nXCLIENT TTL=2\r\n"), STR("+OK\r\n-ERR invalid command\r\n"));
	cr_assert_eq(front.login.hops, 3, "not between USER and PASS");
	cr_assert_eq(say(STR("USER a\r\nPASS b\r\n")), FRONT_LOGIN);
	refuse();
	cr_assert_eq(front.login.hops, 3, "a failed login does not change it");
	cr_assert_eq(say(STR("XCLIENT TTL=2 TTL=0\r\nUSER a\r\n")), FRONT_FAIL);
	cr_assert_eq(front.reason, REASON_CLIENT_LOOP);
	cr_assert(str_eq(out_data(&out), STR("-ERR [SYS/PERM] proxies run in a circle\r\n")));
}

Test(pop3_front, http_ends_at_once)
{
	begin(PLAIN);
	cr_assert_eq(say(STR("GET / HTTP/1.1\r\nUSER a\r\n")), FRONT_FAIL);
	cr_assert_eq(front.reason, REASON_CLIENT_HTTP);
	cr_assert(str_eq(out_data(&out), INVALID));
}

Test(pop3_front, what_does_not_fit_the_store_is_refused)
{
	struct str no = STR("-ERR command is too long\r\n");

	begin(ALL);
	store.size = 24;
	expect(STR("USER 0123456789012345678901234\r\n"), no);
	expect(STR("USER 01234567890123456789\r\n"), OK);
	expect(STR("PASS 01234\r\n"), no);
	cr_assert(front_idle(&front));
	expect(STR("APOP 012345 0123456789\r\n"), no);
	cr_assert(front_idle(&front), "half of it is forgotten");
	expect(STR("AUTH PLAIN AGEAYgEAYgEAYgEAYgEAYgEAYgEAYgEAYg==\r\n"), no);
	begin(ALL);
	store.size = 12;
	expect(STR("AUTH CRAM-MD5\r\n"), no);
}

Test(pop3_front, a_refusal_is_cut_to_the_room_there_is)
{
	struct front_answer a = {.outcome = FRONT_REFUSED, .text = STR_INIT("0123456789")};

	begin(PLAIN);
	cr_assert_eq(say(STR("USER a\r\nPASS b\r\n")), FRONT_LOGIN);
	out_init(&out, out_memory, 12);
	front_verdict(&front, &a, &out);
	cr_assert(str_eq(out_data(&out), STR("-ERR 01234\r\n")));
	out_reset(&out);
	out_init(&out, out_memory, sizeof(out_memory));
	cr_assert_eq(say(STR("USER a\r\nPASS b\r\n")), FRONT_LOGIN);
	out_init(&out, out_memory, 6);
	front_verdict(&front, &a, &out);
	cr_assert_eq(out.n, 0);
}

/* Every command in every state that reads, with the answer it has there. */
Test(pop3_front, every_cell_is_answered)
{
	enum answer { SAID_OK, LISTED, ASKED, REFUSED, LOGS_IN, QUITS, SECURES, UNKNOWN };
	static const struct {
		struct str line;
		enum answer start, user;
	} rows[] = {
		{STR_INIT("USER b\r\n"), SAID_OK, REFUSED},
		{STR_INIT("PASS b\r\n"), REFUSED, LOGS_IN},
		{STR_INIT("APOP b c\r\n"), LOGS_IN, REFUSED},
		{STR_INIT("AUTH\r\n"), LISTED, REFUSED},
		{STR_INIT("AUTH PLAIN\r\n"), ASKED, REFUSED},
		{STR_INIT("CAPA\r\n"), LISTED, LISTED},
		{STR_INIT("NOOP\r\n"), SAID_OK, SAID_OK},
		{STR_INIT("QUIT\r\n"), QUITS, QUITS},
		{STR_INIT("STLS\r\n"), SECURES, REFUSED},
		{STR_INIT("STAT\r\n"), UNKNOWN, UNKNOWN},
		{STR_INIT("\r\n"), UNKNOWN, UNKNOWN},
		{STR_INIT("!\0\r\n"), UNKNOWN, UNKNOWN},
	};
	static const struct str roads[] = {
		STR_INIT("NOOP\r\n"),
		STR_INIT("USER a\r\n"),
		STR_INIT("AUTH PLAIN\r\n"),
		STR_INIT("AUTH LOGIN\r\n"),
		STR_INIT("AUTH LOGIN YQ==\r\n"),
		STR_INIT("AUTH CRAM-MD5\r\n"),
		STR_INIT("AUTH EXTERNAL\r\n"),
		STR_INIT("AUTH XOAUTH2\r\n"),
		STR_INIT("AUTH OAUTHBEARER\r\n"),
	};

	for (size_t r = 0; r < sizeof(roads) / sizeof(roads[0]); r++)
		for (size_t c = 0; c < sizeof(rows) / sizeof(rows[0]); c++) {
			enum answer want = r ? rows[c].user : rows[c].start;
			enum front_ev ev;

			begin(ALL);
			conf.starttls = STARTTLS_ON;
			cr_assert_eq(say(roads[r]), FRONT_MORE);
			ev = say(rows[c].line);
			if (r > 1) { /* a response, whatever it looks like */
				cr_assert(ev == FRONT_MORE || ev == FRONT_NOTE ||
					  ev == FRONT_LOGIN);
				cr_assert(ev == FRONT_LOGIN || out.n != 0);
				continue;
			}
			cr_assert_eq(ev == FRONT_LOGIN, want == LOGS_IN, "%zu %zu", r, c);
			cr_assert_eq(ev == FRONT_QUIT, want == QUITS);
			cr_assert_eq(ev == FRONT_TLS, want == SECURES);
			cr_assert_eq(front.errors, want == UNKNOWN);
			cr_assert_eq(str_starts(out_data(&out), STR("-ERR ")),
				     want == REFUSED || want == UNKNOWN);
			cr_assert_eq(str_eq(out_data(&out), OK),
				     want == SAID_OK || want == QUITS || want == SECURES);
			cr_assert_eq(str_starts(out_data(&out), STR("+OK ")), want == LISTED);
			cr_assert_eq(str_starts(out_data(&out), STR("+ ")), want == ASKED);
		}
}
