/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of proto/imap_back: commands byte for byte, which lines let a step go on, what the
 * client is handed, what is told to whom.
 */
#include "proto/imap_back.h"

#include <criterion/criterion.h>
#include <string.h>

static struct back_conf conf;
static struct back_peer peer;
static struct login login;
static struct back back;
static struct buf in;
static struct out out;
static uint8_t in_memory[512], out_memory[1024];

static void begin(void)
{
	conf = (struct back_conf){.protocol = PROTOCOL_IMAP, .reply_max = 128};
	login = (struct login){.method = AUTH_PLAIN,
			       .user = STR_INIT("tim"),
			       .pass = STR_INIT("secret"),
			       .tag = STR_INIT("a1")};
	peer = (struct back_peer){.login = &login, .session = STR_INIT("12.34"), .hops = 4};
	cr_assert_eq(addr_parse(STR("192.0.2.1"), &peer.client), 0);
	peer.client.port = 40000;
	buf_init(&in, in_memory, sizeof(in_memory));
	out_init(&out, out_memory, sizeof(out_memory));
	back_init(&back, &conf, &peer);
}

static enum back_ev say(struct str text)
{
	out_reset(&out);
	cr_assert_eq(buf_append(&in, text), text.n);
	return back_next(&back, &in, &out);
}

static void expect(struct str text, struct str command)
{
	cr_assert_eq(say(text), BACK_MORE);
	cr_assert(str_eq(out_data(&out), command), "%.*s", (int)out.n, (const char *)out.base);
}

/* So many steps with the shortest lines that let each go on. */
static void go(int steps)
{
	static const struct str good[] = {STR_INIT("* OK\r\n"), STR_INIT("+\r\n"), STR_INIT("+\n")};

	for (int i = 0; i < steps; i++)
		cr_assert_eq(say(good[i]), BACK_MORE);
}

static bool acts(struct str action, const char *state)
{
	return str_eq(back_action(&back), action) && !strcmp(back_state_name(&back), state);
}

Test(imap_back, a_login_in_literals)
{
	begin();
	cr_assert(back_is_silent(&back));
	cr_assert(acts(STR("connecting to upstream"), "greeting"));
	expect(STR("* O"), STR(""));
	cr_assert(acts(STR("reading response from upstream"), "greeting"));
	expect(STR("K hello\r"), STR(""));
	expect(STR("\n"), STR("a1 LOGIN {3}\r\n"));
	cr_assert(acts(STR("sending LOGIN command to upstream"), "login"));
	expect(STR("+ go on\r\n"), STR("tim {6}\r\n"));
	cr_assert(acts(STR("sending user name to upstream"), "user"));
	expect(STR("+\r\n"), STR("secret\r\n"));
	cr_assert(acts(STR("sending password to upstream"), "pass"));
	cr_assert_eq(say(STR("a1 OK in\r\n* 3 EX")), BACK_READY);
	cr_assert(str_eq(back.reply, STR("a1 OK in\r\n* 3 EX")));
	cr_assert(str_eq(buf_data(&in), STR("a1 OK in\r\n* 3 EX")), "the relay's first bytes");
	cr_assert(acts(STR("proxying"), "done"));
	cr_assert_eq(out.n, 0);
}

Test(imap_back, any_byte_can_be_said)
{
	begin();
	login.user = STR("a\r\nb LOGOUT\r\n\0\x80");
	login.pass = STR("");
	cr_assert(back_can_say(&conf, &login));
	expect(STR("* OK\r\n"), STR("a1 LOGIN {15}\r\n"));
	expect(STR("+\r\n"), STR("a\r\nb LOGOUT\r\n\0\x80 {0}\r\n"));
	expect(STR("+\r\n"), STR("\r\n"));
}

Test(imap_back, untagged_lines_are_passed_over)
{
	begin();
	expect(STR("* OK hello\r\n* CAPABILITY IMAP4rev1\r\n+ what\r\n"), STR("a1 LOGIN {3}\r\n"));
	cr_assert_eq(buf_len(&in), 0, "nobody has asked for them");
	expect(STR("* NO slow\r\n* 3 EXISTS\r\n+ go"), STR(""));
	expect(STR("\r\n"), STR("tim {6}\r\n"));
	expect(STR("* OK still here\r\n"), STR(""));
	expect(STR("+\r\n"), STR("secret\r\n"));
	expect(STR("* CAPABILITY IMAP4rev1\r\n"), STR(""));
	cr_assert(acts(STR("reading response from upstream"), "pass"));
	expect(STR("* OK a1 OK\r\na1 "), STR(""));
	cr_assert_eq(say(STR("OK in\r\n")), BACK_READY);
	cr_assert(str_eq(back.reply, STR("* CAPABILITY IMAP4rev1\r\n* OK a1 OK\r\na1 OK in\r\n")));
}

Test(imap_back, everything_else_is_a_refusal)
{
	static const struct {
		struct str line;
		int steps; /* the first state that refuses it; those behind do too */
	} rows[] = {
		{STR_INIT("* PREAUTH in\r\n"), 0},
		{STR_INIT("* preauth in\r\n"), 0},
		{STR_INIT("* BYE busy\r\n"), 0},
		{STR_INIT("* bye busy\r\n"), 0},
		{STR_INIT("\r\n"), 0},
		{STR_INIT("\n"), 0},
		{STR_INIT("*\r\n"), 0},
		{STR_INIT("220 be\r\n"), 0},
		{STR_INIT("a1 NO no\r\n"), 0},
		{STR_INIT("a1 BAD no\r\n"), 0},
		{STR_INIT("a2 OK in\r\n"), 0},
		{STR_INIT("A1 OK in\r\n"), 0},
		{STR_INIT("a1OK in\r\n"), 0},
		{STR_INIT("a1  OK in\r\n"), 0},
		{STR_INIT("\0* OK in\r\n"), 0},
		{STR_INIT(" * OK in\r\n"), 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int steps = rows[i].steps; steps < 4; steps++) {
			begin();
			go(steps);
			cr_assert_eq(say(rows[i].line), BACK_FAIL, "row %zu", i);
			cr_assert_eq(back.reason, REASON_BACK_INVALID);
			cr_assert(str_eq(back.reply, rows[i].line));
			cr_assert_eq(out.n, 0);
			cr_assert(
				str_eq(back_action(&back), STR("reading response from upstream")));
		}
	begin();
	cr_assert_eq(say(STR("+ go\r\n")), BACK_FAIL);
	begin();
	go(1);
	cr_assert_eq(say(STR("a1 OK in\r\n")), BACK_FAIL, "without a password");
	begin();
	go(3);
	cr_assert_eq(say(STR("+ more\r\n")), BACK_FAIL);
}

Test(imap_back, a_refused_password_is_shown_without_its_tag)
{
	begin();
	go(3);
	cr_assert_eq(say(STR("* OK news\r\na1 NO [AUTHENTICATIONFAILED] no\r\n")), BACK_FAIL);
	cr_assert(str_eq(back.reply, STR("* OK news\r\na1 NO [AUTHENTICATIONFAILED] no\r\n")));
	cr_assert(str_eq(back.shown, STR("NO [AUTHENTICATIONFAILED] no\r\n")));
}

Test(imap_back, a_reply_has_its_limit)
{
	begin();
	conf.reply_max = 16;
	cr_assert_eq(say(STR("* OK 67890123456")), BACK_FAIL);
	cr_assert_eq(back.reason, REASON_BACK_TOO_LONG);
	cr_assert(str_eq(back.reply, STR("* OK 67890123456")));
	begin();
	go(3);
	conf.reply_max = 16;
	expect(STR("* OK 78\r\n"), STR(""));
	expect(STR("a1 OK "), STR(""));
	cr_assert_eq(say(STR("x\r\n")), BACK_FAIL, "all lines together");
	cr_assert_eq(back.reason, REASON_BACK_TOO_LONG);
	cr_assert(str_eq(back.reply, STR("* OK 78\r\na1 OK x")));
	begin();
	go(3);
	conf.reply_max = 16;
	cr_assert_eq(say(STR("* OK 78\r\na1 OK\r\n")), BACK_READY);
	begin();
	go(3);
	conf.reply_max = 16;
	expect(STR("* OK 789012\r\n* "), STR(""));
	cr_assert_eq(say(STR("O")), BACK_FAIL);
}

#define ANNOUNCED "* OK [CAPABILITY IMAP4rev1 id IDLE] ready\r\n"

Test(imap_back, the_identity_goes_where_it_is_understood)
{
	begin();
	conf.identity = true;
	cr_assert_eq(addr_parse(STR("198.51.100.2"), &peer.local), 0);
	peer.local.port = 143;
	expect(STR(ANNOUNCED),
	       STR("I ID (\"name\" \"ringpost\" \"x-originating-ip\" \"192.0.2.1\" "
		   "\"x-originating-port\" \"40000\" \"x-connected-ip\" \"198.51.100.2\" "
		   "\"x-connected-port\" \"143\" \"x-session-id\" \"12.34\" "
		   "\"x-proxy-ttl\" \"4\")\r\n"));
	cr_assert(acts(STR("sending ID to upstream"), "id"));
	expect(STR("* ID NIL\r\n"), STR(""));
	expect(STR("I OK done\r\n"), STR("a1 LOGIN {3}\r\n"));
	begin();
	conf.identity = true;
	cr_assert_eq(addr_parse(STR("2001:db8::1"), &peer.client), 0);
	peer.session = str_none();
	expect(STR("* OK [capability ID]\r\n"),
	       STR("I ID (\"name\" \"ringpost\" \"x-originating-ip\" \"2001:db8::1\" "
		   "\"x-originating-port\" \"0\" \"x-proxy-ttl\" \"4\")\r\n"));
	expect(STR("I BAD no\r\n"), STR("a1 LOGIN {3}\r\n"));
}

Test(imap_back, an_id_can_be_answered_with_the_end)
{
	static const struct str bad[] = {STR_INIT("* BYE\r\n"), STR_INIT("a1 OK\r\n"),
					 STR_INIT("+\r\n"), STR_INIT("I\r\n")};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin();
		conf.identity = true;
		cr_assert_eq(say(STR(ANNOUNCED)), BACK_MORE);
		cr_assert_eq(say(bad[i]), BACK_FAIL);
		cr_assert_eq(back.reason, REASON_BACK_INVALID);
	}
}

Test(imap_back, the_identity_stays_here_otherwise)
{
	static const struct str greetings[] = {
		STR_INIT("* OK ready\r\n"),
		STR_INIT("* OK\r\n"),
		STR_INIT("* OK [CAPABILITY IMAP4rev1 IDLE XID] ID\r\n"),
		STR_INIT("* OK ready [CAPABILITY ID]\r\n"),
		STR_INIT("* OK [CAPABILITY \r\n"),
		STR_INIT("* OK [ALERT ID]\r\n"),
	};

	for (size_t i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++) {
		begin();
		conf.identity = true;
		expect(greetings[i], STR("a1 LOGIN {3}\r\n"));
	}
	begin();
	expect(STR(ANNOUNCED), STR("a1 LOGIN {3}\r\n"));
	begin();
	conf.identity = true;
	peer.client.family = ADDR_UNIX;
	expect(STR(ANNOUNCED), STR("a1 LOGIN {3}\r\n"));
}

Test(imap_back, without_a_password_nothing_is_said)
{
	begin();
	login.pass = str_none();
	cr_assert_eq(say(STR("* OK\r\n")), BACK_FAIL);
	cr_assert_eq(back.reason, REASON_AUTH_NO_PASSWORD);
	cr_assert_eq(out.n, 0);
}

Test(imap_back, a_full_output_is_waited_for)
{
	begin();
	out_init(&out, out_memory, 16);
	out_lit(&out, "123456");
	cr_assert_eq(buf_append(&in, STR("* OK\r\n")), 6);
	cr_assert_eq(back_next(&back, &in, &out), BACK_FULL);
	cr_assert_eq(out.n, 6);
	cr_assert_eq(buf_len(&in), 6);
	out_reset(&out);
	cr_assert_eq(back_next(&back, &in, &out), BACK_MORE);
	cr_assert(str_eq(out_data(&out), STR("a1 LOGIN {3}\r\n")));
	out_init(&out, out_memory, 8);
	cr_assert_eq(say(STR("+\r\n")), BACK_FAIL);
	cr_assert_eq(back.reason, REASON_INTERNAL);
	cr_assert_eq(out.n, 0);
}
