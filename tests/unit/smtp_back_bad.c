/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of proto/smtp_back with peers that misbehave: refusals, garbage, endless and
 * unfinished replies in every state, and logins that would break a command line.
 */
#include "smtp_back_talk.h"

#include <stdio.h>

Test(smtp_back_bad, every_state_takes_its_codes_and_no_others)
{
	static const struct {
		unsigned code;
		unsigned states;
	} good[] = {
		{220, 1U << SMTP_BACK_GREETING | 1U << SMTP_BACK_XCLIENT},
		{235, 1U << SMTP_BACK_AUTH},
		{250, 1U << SMTP_BACK_HELO | 1U << SMTP_BACK_XCLIENT | 1U << SMTP_BACK_CLIENT_HELO |
			      1U << SMTP_BACK_MAIL},
		{221, 0},
		{251, 0},
		{354, 0},
		{421, 0},
		{450, 0},
		{535, 0},
		{550, 0},
		{554, 0},
		{0, 0},
		{20, 0},
		{999, 0},
	};
	struct talk t = {0};

	for (size_t s = 0; s < WAITING_N; s++) {
		for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
			enum smtp_back_state state = waiting_states[s];
			bool ok = good[i].states & 1U << state || state == SMTP_BACK_RCPT;
			char reply[64];
			enum back_ev ev;

			/* The first line decides, as in NGINX. */
			snprintf(reply, sizeof(reply), "%03u-a\r\n%s b\r\n", good[i].code,
				 ok ? "550" : "250");
			reach_any(&t, state);
			ev = say(&t, reply, 3);
			cr_assert_eq(ev == BACK_FAIL, !ok, "%s in %s", reply,
				     back_state_name(&t.back));
			if (ok)
				continue;
			cr_assert_eq(t.back.reason, REASON_BACK_INVALID);
			cr_assert_str_eq(t.reply, reply);
			cr_assert_str_eq(sent(&t), "");
			cr_assert(str_eq(back_action(&t.back),
					 STR("reading response from upstream")));
		}
	}
	feed_done(&t.feed);
}

Test(smtp_back_bad, garbage_is_a_failure_in_every_state)
{
	static const char *const garbage[] = {
		"\r\n",          "hello\r\n", "25\r\n",           "250x\r\n",
		"+OK ready\r\n", "* OK\r\n",  "250-a\r\n- b\r\n",
	};
	struct talk t = {0};

	for (size_t s = 0; s < WAITING_N; s++) {
		for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
			reach_any(&t, waiting_states[s]);
			cr_assert_eq(say(&t, garbage[i], 2), BACK_FAIL);
			cr_assert_eq(t.back.reason, REASON_BACK_INVALID);
			cr_assert_str_eq(t.reply, garbage[i]);
		}
	}
	feed_done(&t.feed);
}

Test(smtp_back_bad, replies_without_end_are_a_failure_in_every_state)
{
	struct talk t = {0};
	char text[4 * REPLY_MAX + 1];

	memset(text, 0, sizeof(text));
	for (size_t i = 0; i + 6 < sizeof(text); i += 6)
		memcpy(text + i, "250-\r\n", 6);
	for (size_t s = 0; s < WAITING_N; s++) {
		for (size_t piece = 1; piece <= sizeof(text); piece = piece * 3 + 1) {
			reach_any(&t, waiting_states[s]);
			cr_assert_eq(say(&t, text, piece), BACK_FAIL);
			cr_assert_eq(t.back.reason, REASON_BACK_TOO_LONG);
			cr_assert_eq(strlen(t.reply), (size_t)REPLY_MAX);
		}
	}
	feed_done(&t.feed);
}

Test(smtp_back_bad, a_reply_of_the_limit_passes)
{
	char text[REPLY_MAX + 2];
	struct talk t = {0};

	for (size_t n = REPLY_MAX - 1; n <= REPLY_MAX + 1; n++) {
		memset(text, 'x', sizeof(text));
		memcpy(text, "220 ", 4);
		memcpy(text + n - 2, "\r\n", 2);
		talk_init(&t);
		talk_start(&t);
		cr_assert_eq(call(&t, str_of(text, n)), n <= REPLY_MAX ? BACK_MORE : BACK_FAIL);
		cr_assert_eq(t.back.reason, n <= REPLY_MAX ? REASON_NONE : REASON_BACK_TOO_LONG);
	}
	feed_done(&t.feed);
}

/* Whatever the backend holds back, nothing is sent too early. */
Test(smtp_back_bad, an_unfinished_reply_is_waited_for)
{
	static const char reply[] = "250-one\r\n250-two\r\n250 three\r\n";
	struct talk t = {0};

	for (size_t n = 0; n < sizeof(reply) - 1; n++) {
		for (size_t s = 0; s < WAITING_N; s++) {
			reach_any(&t, waiting_states[s]);
			cr_assert_eq(call(&t, str_of(reply, n)), BACK_MORE);
			cr_assert_str_eq(sent(&t), "");
			cr_assert_eq(t.back.state, waiting_states[s]);
		}
	}
	feed_done(&t.feed);
}

/* ---- what a client may not smuggle in ---- */

/* Every line the engine writes has exactly one line end. */
static void check_lines(struct talk *t)
{
	struct str s = out_data(&t->out);

	if (!s.n)
		return;
	cr_assert_eq(str_find(s, '\n'), s.n - 1);
	cr_assert_eq(str_find(s, '\r'), s.n - 2);
	cr_assert_eq(str_find(s, 0), s.n);
}

enum field { USER, PASS, HELO, FROM, TO, HOST, FIELD_N };

static struct str *field_of(struct talk *t, enum field f)
{
	struct str *const all[FIELD_N] = {
		&t->login.user,      &t->login.pass,    &t->login.helo,
		&t->login.mail_from, &t->login.rcpt_to, &t->peer.client_host,
	};

	return all[f];
}

/* True if the whole dialogue went through. */
static bool run_dirty(enum field f, struct str value, bool smtp_auth)
{
	struct talk t = {0};
	enum back_ev ev = BACK_MORE;
	bool done;

	talk_init(&t);
	t.conf.smtp_auth = smtp_auth;
	if (f == FROM || f == TO)
		talk_envelope(&t);
	*field_of(&t, f) = value;
	talk_start(&t);
	while (ev == BACK_MORE) {
		static const char *const good[SMTP_BACK_STATE_COUNT] = {
			[SMTP_BACK_GREETING] = GREETING,    [SMTP_BACK_HELO] = EHLO_OK,
			[SMTP_BACK_XCLIENT] = "220 ok\r\n", [SMTP_BACK_CLIENT_HELO] = EHLO_OK,
			[SMTP_BACK_AUTH] = "235 ok\r\n",    [SMTP_BACK_MAIL] = "250 ok\r\n",
			[SMTP_BACK_RCPT] = "250 ok\r\n",
		};

		ev = say(&t, good[t.back.state], 1000);
		check_lines(&t);
		out_reset(&t.out);
	}
	if (ev == BACK_FAIL)
		cr_assert_eq(t.back.reason, REASON_INTERNAL);
	done = ev == BACK_READY;
	feed_done(&t.feed);
	return done;
}

Test(smtp_back_bad, control_characters_never_reach_a_command_line)
{
	for (int c = 0; c < 256; c++) {
		uint8_t bytes[] = {'a', (uint8_t)c, 'b'};
		struct str s = str_of(bytes, sizeof(bytes));
		bool ctl = c < 0x20 || c == 0x7f;

		/* Encoded, so nothing can happen ... */
		cr_assert(run_dirty(USER, s, false));
		cr_assert(run_dirty(PASS, s, true));
		/* ... but a NUL would end the user inside AUTH PLAIN. */
		cr_assert_eq(run_dirty(USER, s, true), c != 0);
		cr_assert_eq(run_dirty(HELO, s, false), !ctl);
		cr_assert_eq(run_dirty(FROM, s, false), !ctl);
		cr_assert_eq(run_dirty(TO, s, false), !ctl);
		cr_assert_eq(run_dirty(HOST, s, false), !ctl && c != ' ');
	}
}
