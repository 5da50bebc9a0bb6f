/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smtp_back_talk: what the tests of proto/smtp_back share: a session's strings, a scripted backend
 * that speaks in pieces, and ways to bring a dialogue to any state. Input lies in exact heap
 * blocks (tests/lib/feed).
 */
#ifndef TESTS_UNIT_SMTP_BACK_TALK_H
#define TESTS_UNIT_SMTP_BACK_TALK_H

#include "proto/smtp_back.h"

#include "../lib/feed.h"

#include <criterion/criterion.h>
#include <string.h>

enum { REPLY_MAX = 256, STEPS_MAX = 8 };

/* What is the same for one talk with a backend. */
struct talk {
	struct back_conf conf;
	struct back_peer peer;
	struct login login;
	struct back back;
	struct feed feed;
	struct out out;
	uint8_t out_bytes[4096];
	char reply[2 * REPLY_MAX]; /* back.reply of the last event, NUL added */
};

/* All zero before the first time. */
static inline void talk_init(struct talk *t)
{
	feed_done(&t->feed);
	*t = (struct talk){
		.conf = {.server_name = STR("proxy.test"), .xclient = true, .reply_max = REPLY_MAX},
		.peer = {.client_host = STR("[UNAVAILABLE]")},
		.login = {.method = AUTH_PLAIN,
			  .attempt = 1,
			  .esmtp = true,
			  .user = STR("user"),
			  .pass = STR("pw"),
			  .helo = STR("cli.test")},
	};
	cr_assert_eq(addr_parse(STR("192.0.2.1"), &t->peer.client), 0);
	t->peer.login = &t->login;
}

static inline void talk_start(struct talk *t)
{
	feed_done(&t->feed);
	out_init(&t->out, t->out_bytes, sizeof(t->out_bytes));
	back_init(&t->back, &t->conf, &t->peer);
}

static inline void talk_envelope(struct talk *t)
{
	t->login.method = AUTH_NONE;
	t->login.user = t->login.pass = str_none();
	t->login.mail_from = STR("MAIL FROM:<a@b> SIZE=1");
	t->login.rcpt_to = STR("RCPT TO:<c@d>");
}

/* One call of the engine with `bytes` behind what still waits. */
static inline enum back_ev call(struct talk *t, struct str bytes)
{
	enum back_ev ev = back_next(&t->back, feed_open(&t->feed, bytes), &t->out);

	memset(t->reply, 0, sizeof(t->reply));
	if (ev == BACK_READY || ev == BACK_FAIL) {
		cr_assert_lt(t->back.reply.n, sizeof(t->reply));
		if (t->back.reply.n)
			memcpy(t->reply, t->back.reply.p, t->back.reply.n);
	}
	return ev;
}

/* The backend says `bytes` in pieces. Stops at the first event. */
static inline enum back_ev say(struct talk *t, const char *bytes, size_t piece)
{
	enum back_ev ev = BACK_MORE;
	struct str all = str_cstr(bytes);

	for (size_t at = 0; at < all.n && ev == BACK_MORE; at += piece)
		ev = call(t, str_first(str_from(all, at), piece));
	return ev;
}

/* What was sent since the last time; "" for nothing. */
static inline const char *sent(struct talk *t)
{
	static char text[sizeof(t->out_bytes) + 1];

	memcpy(text, t->out_bytes, t->out.n);
	text[t->out.n] = 0;
	out_reset(&t->out);
	return text;
}

#define GREETING "220-hello\r\n220 be ESMTP\r\n"
#define EHLO_OK  "250-be\r\n250-8BITMIME\r\n250 SIZE 1000\r\n"
#define PIPE_OK  "250-be\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
#define XCLIENT  "XCLIENT ADDR=192.0.2.1 NAME=[UNAVAILABLE]\r\n"
#define MAIL     "MAIL FROM:<a@b> SIZE=1\r\n"
#define RCPT     "RCPT TO:<c@d>\r\n"

/* Bring a fresh talk to where `state`'s reply is awaited; `pipelining` as the backend offers it. */
static inline void reach(struct talk *t, enum smtp_back_state state, bool pipelining)
{
	talk_start(t);
	while (t->back.state != state) {
		static const char *const good[] = {
			[SMTP_BACK_GREETING] = GREETING, [SMTP_BACK_XCLIENT] = "220 again\r\n",
			[SMTP_BACK_AUTH] = "235 in\r\n", [SMTP_BACK_MAIL] = "250 ok\r\n",
			[SMTP_BACK_RCPT] = "250 ok\r\n",
		};
		const char *reply = good[t->back.state];

		if (!reply)
			reply = pipelining ? PIPE_OK : EHLO_OK;
		cr_assert_eq(say(t, reply, 1000), BACK_MORE);
		sent(t);
	}
}

static const enum smtp_back_state waiting_states[] = {
	SMTP_BACK_GREETING, SMTP_BACK_HELO, SMTP_BACK_XCLIENT, SMTP_BACK_CLIENT_HELO,
	SMTP_BACK_AUTH,     SMTP_BACK_MAIL, SMTP_BACK_RCPT,
};
enum { WAITING_N = sizeof(waiting_states) / sizeof(waiting_states[0]) };

static inline void reach_any(struct talk *t, enum smtp_back_state state)
{
	talk_init(t);
	t->conf.smtp_auth = true;
	if (state == SMTP_BACK_MAIL || state == SMTP_BACK_RCPT)
		talk_envelope(t);
	reach(t, state, false);
}

#endif
