/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of proto/smtp_back: dialogues that go well, whole and cut into pieces of every size;
 * pipelining, a full writer, surplus bytes, and the bytes of every command.
 */
#include "proto/smtp_back.h"

#include "base/codec.h"

#include "smtp_back_talk.h"

struct step {
	const char *reply, *command; /* the backend's reply and what we answer to it */
};

/* The last step is answered by BACK_READY with `last` for the client. */
static void run(struct talk *t, const struct step *steps, const char *last)
{
	for (size_t piece = 1; piece < 40; piece++) {
		talk_start(t);
		for (size_t i = 0; steps[i].reply; i++) {
			bool end = !steps[i + 1].reply;
			enum back_ev ev = say(t, steps[i].reply, piece);

			cr_assert_eq(ev, end ? BACK_READY : BACK_MORE, "step %zu: %s", i,
				     steps[i].reply);
			cr_assert_str_eq(sent(t), steps[i].command, "step %zu", i);
			/* The reply to RCPT stays as the relay's first bytes. */
			cr_assert_eq(buf_len(&t->feed.in), end ? t->back.reply.n : 0);
		}
		cr_assert_str_eq(t->reply, last);
		cr_assert_eq(t->back.state, SMTP_BACK_DONE);
	}
	feed_done(&t->feed);
}

Test(smtp_back, xclient_and_no_login)
{
	struct talk t = {0};

	talk_init(&t);
	run(&t,
	    (struct step[]){
		    {GREETING, "EHLO proxy.test\r\n"},
		    {EHLO_OK, "XCLIENT ADDR=192.0.2.1 LOGIN=user NAME=[UNAVAILABLE]\r\n"},
		    {"220 again\r\n", "EHLO cli.test\r\n"},
		    {EHLO_OK, ""},
		    {0},
	    },
	    "");
}

Test(smtp_back, xclient_and_a_client_that_said_helo)
{
	struct talk t = {0};

	talk_init(&t);
	t.login.esmtp = false;
	run(&t,
	    (struct step[]){
		    {GREETING, "EHLO proxy.test\r\n"},
		    {EHLO_OK, "XCLIENT ADDR=192.0.2.1 LOGIN=user NAME=[UNAVAILABLE]\r\n"},
		    {"250 fine\r\n", "HELO cli.test\r\n"},
		    {"250 be\r\n", ""},
		    {0},
	    },
	    "");
}

Test(smtp_back, xclient_and_auth)
{
	struct talk t = {0};

	talk_init(&t);
	t.conf.smtp_auth = true;
	cr_assert_eq(addr_parse(STR("2001:db8::1"), &t.peer.client), 0);
	run(&t,
	    (struct step[]){
		    {GREETING, "EHLO proxy.test\r\n"},
		    {EHLO_OK, "XCLIENT ADDR=IPV6:2001:db8::1 NAME=[UNAVAILABLE]\r\n"},
		    {"220 again\r\n", "EHLO cli.test\r\n"},
		    {EHLO_OK, "AUTH PLAIN AHVzZXIAcHc=\r\n"},
		    {"235 welcome\r\n", ""},
		    {0},
	    },
	    "");
}

Test(smtp_back, without_xclient_the_client_helo_stays_here)
{
	struct talk t = {0};

	talk_init(&t);
	t.conf.xclient = false;
	run(&t, (struct step[]){{GREETING, "EHLO proxy.test\r\n"}, {EHLO_OK, ""}, {0}}, "");
	t.login.esmtp = false;
	run(&t, (struct step[]){{GREETING, "HELO proxy.test\r\n"}, {"250 be\r\n", ""}, {0}}, "");
	t.login.helo = str_none();
	t.conf.smtp_auth = true;
	run(&t,
	    (struct step[]){
		    {GREETING, "HELO proxy.test\r\n"},
		    {"250 be\r\n", "AUTH PLAIN AHVzZXIAcHc=\r\n"},
		    {"235-a\r\n235 b\r\n", ""},
		    {0},
	    },
	    "");
}

Test(smtp_back, xclient_without_helo_or_login)
{
	struct talk t = {0};

	talk_init(&t);
	t.login.helo = t.login.user = str_none();
	t.login.esmtp = false;
	t.peer.client = (struct addr){.family = ADDR_UNIX};
	run(&t,
	    (struct step[]){
		    {GREETING, "EHLO proxy.test\r\n"},
		    {EHLO_OK, "XCLIENT ADDR=unix: NAME=[UNAVAILABLE]\r\n"},
		    {"220 again\r\n", ""},
		    {0},
	    },
	    "");
}

Test(smtp_back, method_none_sends_the_envelope_and_passes_any_rcpt_reply)
{
	static const char *const replies[] = {
		"250 ok\r\n",
		"550-no\r\n550 such user\r\n",
		"421 bye\r\n",
		"999 what\r\n",
	};
	struct talk t = {0};

	talk_init(&t);
	talk_envelope(&t);
	t.conf.smtp_auth = true; /* does not matter to a client that did not log in */
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
		run(&t,
		    (struct step[]){
			    {GREETING, "EHLO proxy.test\r\n"},
			    {EHLO_OK, XCLIENT},
			    {"220 again\r\n", "EHLO cli.test\r\n"},
			    {EHLO_OK, MAIL},
			    {"250 sender ok\r\n", RCPT},
			    {replies[i], ""},
			    {0},
		    },
		    replies[i]);
}

Test(smtp_back, mail_and_rcpt_travel_together_when_offered)
{
	struct talk t = {0};

	talk_init(&t);
	talk_envelope(&t);
	run(&t,
	    (struct step[]){
		    {GREETING, "EHLO proxy.test\r\n"},
		    {PIPE_OK, XCLIENT},
		    {"220 again\r\n", "EHLO cli.test\r\n"},
		    {PIPE_OK, MAIL RCPT},
		    {"250-sender\r\n250 ok\r\n550-no\r\n550 way\r\n", ""},
		    {0},
	    },
	    "550-no\r\n550 way\r\n");
	t.conf.xclient = false;
	run(&t,
	    (struct step[]){
		    {GREETING, "EHLO proxy.test\r\n"},
		    {PIPE_OK, MAIL RCPT},
		    {"250 ok\r\n", ""},
		    {"250 ok too\r\n", ""},
		    {0},
	    },
	    "250 ok too\r\n");
}

/* HELO offers nothing, and XCLIENT takes back what the EHLO before it offered. */
Test(smtp_back, only_the_last_ehlo_offers_pipelining)
{
	struct talk t = {0};

	talk_init(&t);
	talk_envelope(&t);
	run(&t,
	    (struct step[]){
		    {GREETING, "EHLO proxy.test\r\n"},
		    {PIPE_OK, XCLIENT},
		    {"220 again\r\n", "EHLO cli.test\r\n"},
		    {EHLO_OK, MAIL},
		    {"250 ok\r\n", RCPT},
		    {"250 ok\r\n", ""},
		    {0},
	    },
	    "250 ok\r\n");
	t.login.esmtp = false;
	run(&t,
	    (struct step[]){
		    {GREETING, "EHLO proxy.test\r\n"},
		    {PIPE_OK, XCLIENT},
		    {"220 again\r\n", "HELO cli.test\r\n"},
		    {PIPE_OK, MAIL},
		    {"250 ok\r\n", RCPT},
		    {"250 ok\r\n", ""},
		    {0},
	    },
	    "250 ok\r\n");
	t.login.helo = str_none();
	run(&t,
	    (struct step[]){
		    {GREETING, "EHLO proxy.test\r\n"},
		    {PIPE_OK, XCLIENT},
		    {"220 again\r\n", MAIL},
		    {"250 ok\r\n", RCPT},
		    {"250 ok\r\n", ""},
		    {0},
	    },
	    "250 ok\r\n");
}

Test(smtp_back, bytes_nobody_asked_for_are_dropped)
{
	struct talk t = {0};

	talk_init(&t);
	t.conf.smtp_auth = true;
	talk_start(&t);
	cr_assert_eq(call(&t, STR("220 hi\r\n250 early\r\n25")), BACK_MORE);
	cr_assert_str_eq(sent(&t), "EHLO proxy.test\r\n");
	cr_assert_eq(buf_len(&t.feed.in), 0);
	cr_assert_eq(call(&t, STR("250 ok\r\n535 early\r\n")), BACK_MORE);
	cr_assert_eq(call(&t, STR("220 ok\r\n")), BACK_MORE);
	cr_assert_eq(call(&t, STR(EHLO_OK "235 early\r\n")), BACK_MORE);
	sent(&t);
	cr_assert_eq(call(&t, STR("235 in\r\n250 surplus\r\n")), BACK_READY);
	cr_assert_str_eq(t.reply, "");
	cr_assert_eq(buf_len(&t.feed.in), 0);
	feed_done(&t.feed);
}

Test(smtp_back, method_none_passes_on_what_waits_behind_the_rcpt_reply)
{
	struct talk t = {0};

	for (int pipelining = 0; pipelining < 2; pipelining++) {
		talk_init(&t);
		talk_envelope(&t);
		reach(&t, SMTP_BACK_RCPT, pipelining);
		cr_assert_eq(call(&t, STR("250 ok\r\n421 good")), BACK_READY);
		cr_assert_str_eq(t.reply, "250 ok\r\n421 good");
		cr_assert_eq(buf_len(&t.feed.in), strlen("250 ok\r\n421 good"));
	}
	feed_done(&t.feed);
}

Test(smtp_back, a_refused_mail_is_a_failure_with_or_without_pipelining)
{
	struct talk t = {0};

	for (int pipelining = 0; pipelining < 2; pipelining++) {
		for (size_t piece = 1; piece < 50; piece++) {
			talk_init(&t);
			talk_envelope(&t);
			reach(&t, SMTP_BACK_MAIL, pipelining);
			cr_assert_eq(say(&t, "552-too\r\n552 big\r\n503 need MAIL\r\n", piece),
				     BACK_FAIL);
			cr_assert_eq(t.back.reason, REASON_BACK_INVALID);
			cr_assert_str_eq(t.reply, "552-too\r\n552 big\r\n");
		}
	}
	feed_done(&t.feed);
}

Test(smtp_back, a_full_out_only_delays)
{
	struct talk t = {0};

	for (size_t busy = 1; busy <= 64; busy++) {
		size_t used = busy;
		bool fits = used + sizeof(MAIL RCPT) - 1 <= 64;

		talk_init(&t);
		talk_envelope(&t);
		reach(&t, SMTP_BACK_CLIENT_HELO, true);
		t.out.size = 64;
		memset(t.out.base, '#', used);
		t.out.n = used;
		cr_assert_eq(call(&t, STR(PIPE_OK)), fits ? BACK_MORE : BACK_FULL);
		if (!fits) {
			cr_assert_eq(t.out.n, used);
			cr_assert(!out_overflow(&t.out));
			cr_assert_eq(t.back.state, SMTP_BACK_CLIENT_HELO);
			out_reset(&t.out);
			used = 0;
			cr_assert_eq(call(&t, str_none()), BACK_MORE);
		}
		cr_assert_str_eq(sent(&t) + used, MAIL RCPT);
		cr_assert_eq(call(&t, STR("250 ok\r\n250 ok\r\n")), BACK_READY);
	}
	feed_done(&t.feed);
}

Test(smtp_back, an_out_too_small_for_both_gets_mail_alone)
{
	struct talk t = {0};

	for (size_t size = sizeof(MAIL) - 1; size <= sizeof(MAIL RCPT) - 1; size++) {
		bool both = size == sizeof(MAIL RCPT) - 1;

		talk_init(&t);
		talk_envelope(&t);
		reach(&t, SMTP_BACK_CLIENT_HELO, true);
		t.out.size = size;
		cr_assert_eq(call(&t, STR(PIPE_OK)), BACK_MORE);
		cr_assert_str_eq(sent(&t), both ? MAIL RCPT : MAIL);
		cr_assert_eq(call(&t, STR("250 ok\r\n")), BACK_MORE);
		cr_assert_str_eq(sent(&t), both ? "" : RCPT);
		cr_assert_eq(call(&t, STR("250 ok\r\n")), BACK_READY);
	}
	feed_done(&t.feed);
}

Test(smtp_back, a_command_that_never_fits_is_a_failure)
{
	struct talk t = {0};

	talk_init(&t);
	talk_start(&t);
	t.out.size = 16;
	cr_assert_eq(call(&t, STR(GREETING)), BACK_FAIL);
	cr_assert_eq(t.back.reason, REASON_INTERNAL);
	cr_assert_str_eq(t.reply, "");
	cr_assert_eq(t.out.n, 0);
	feed_done(&t.feed);
}

Test(smtp_back, xclient_login_is_xtext)
{
	struct talk t = {0};

	talk_init(&t);
	t.login.user = STR("a+b=c d\r\n\xe9\x7f~");
	reach(&t, SMTP_BACK_HELO, false);
	cr_assert_eq(call(&t, STR(EHLO_OK)), BACK_MORE);
	cr_assert_str_eq(
		sent(&t),
		"XCLIENT ADDR=192.0.2.1 LOGIN=a+2Bb+3Dc+20d+0D+0A+E9+7F~ NAME=[UNAVAILABLE]\r\n");
	feed_done(&t.feed);
}

Test(smtp_back, auth_plain_is_right_at_every_length)
{
	static uint8_t user[130], pass[130], raw[300], want_bytes[600];
	struct out want;
	struct talk t = {0};

	for (size_t i = 0; i < sizeof(user); i++) {
		user[i] = (uint8_t)(i % 255 + 1);
		pass[i] = (uint8_t)(i * 7);
	}
	for (size_t u = 0; u < sizeof(user); u += 3) {
		for (size_t p = 0; p < sizeof(pass); p++) {
			talk_init(&t);
			t.conf.smtp_auth = true;
			t.conf.xclient = false;
			t.login.user = str_of(user, u);
			t.login.pass = str_of(pass, p);
			reach(&t, SMTP_BACK_HELO, false);
			cr_assert_eq(call(&t, STR(EHLO_OK)), BACK_MORE);
			raw[0] = raw[u + 1] = 0;
			memcpy(raw + 1, user, u);
			memcpy(raw + u + 2, pass, p);
			out_init(&want, want_bytes, sizeof(want_bytes));
			out_lit(&want, "AUTH PLAIN ");
			codec_base64(&want, str_of(raw, u + p + 2));
			out_lit(&want, "\r\n");
			cr_assert(str_eq(out_data(&t.out), out_data(&want)));
		}
	}
	feed_done(&t.feed);
}

Test(smtp_back, auth_without_a_password_fails_by_name)
{
	struct talk t = {0};

	talk_init(&t);
	t.conf.smtp_auth = true;
	t.login.method = AUTH_EXTERNAL;
	t.login.pass = str_none();
	reach(&t, SMTP_BACK_CLIENT_HELO, false);
	cr_assert_eq(call(&t, STR(EHLO_OK)), BACK_FAIL);
	cr_assert_eq(t.back.reason, REASON_AUTH_NO_PASSWORD);
	cr_assert(str_eq(back_action(&t.back), STR("sending AUTH to upstream")));
	feed_done(&t.feed);
}

Test(smtp_back, actions_and_names_of_the_states)
{
	static const struct {
		enum smtp_back_state state;
		const char *action, *name;
	} cases[] = {
		{SMTP_BACK_GREETING, "connecting to upstream", "greeting"},
		{SMTP_BACK_HELO, "sending HELO/EHLO to upstream", "helo"},
		{SMTP_BACK_XCLIENT, "sending XCLIENT to upstream", "xclient"},
		{SMTP_BACK_CLIENT_HELO, "sending client HELO/EHLO to upstream", "client-helo"},
		{SMTP_BACK_AUTH, "sending AUTH to upstream", "auth"},
		{SMTP_BACK_MAIL, "sending MAIL FROM to upstream", "mail"},
		{SMTP_BACK_RCPT, "sending RCPT TO to upstream", "rcpt"},
	};
	struct talk t = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		reach_any(&t, cases[i].state);
		cr_assert(str_eq(back_action(&t.back), str_cstr(cases[i].action)));
		cr_assert_str_eq(back_state_name(&t.back), cases[i].name);
		cr_assert_eq(call(&t, STR("2")), BACK_MORE);
		cr_assert(str_eq(back_action(&t.back), STR("reading response from upstream")));
	}
	feed_done(&t.feed);
}
