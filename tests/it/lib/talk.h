/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * talk: a client that says exactly what a test wants, and expects exactly what it wants to hear.
 *
 * Blocking, with a limit of 10 seconds on every wait; what is not heard in time fails the test.
 */
#ifndef TESTS_IT_LIB_TALK_H
#define TESTS_IT_LIB_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct talk {
	int fd;
	size_t n; /* bytes of `in` not yet taken */
	char in[16384];
};

/* Connects to 127.0.0.1; 0 or -1. */
int talk_try(struct talk *t, uint16_t port);

/* Connects, or fails the test. The text is an address as the tools take it. */
void talk_open(struct talk *t, uint16_t port);
void talk_open_at(struct talk *t, const char *address);

void talk_send(struct talk *t, const char *text);
void talk_send_bytes(struct talk *t, const void *p, size_t n);

/* Sends; false when the other side has gone. Never fails the test. */
bool talk_push(struct talk *t, const void *p, size_t n);

/* The next line must be `want`, without CRLF. */
void talk_expect(struct talk *t, const char *want);

/* The next line begins with this. Lines of a reply that go on ("250-") are skipped. */
void talk_expect_code(struct talk *t, const char *code);

/* True when a whole line comes that begins so; false when it is another or none comes. */
bool talk_is_line(struct talk *t, const char *begins);

/* Nothing more may come; the other side closes. */
void talk_expect_end(struct talk *t);

/* No byte may come for `ms`, and the connection stays. */
void talk_expect_silence(struct talk *t, int ms);

/* Everything until the end of the connection, NUL-terminated. */
void talk_read_all(struct talk *t, char *to, size_t room);

/* Both in one: send a line (CRLF is added), expect the code. */
void talk_say(struct talk *t, const char *line, const char *code);

/* Sends no more: half-closes. */
void talk_finish(struct talk *t);

/* Closes; with a reset instead of an orderly end when `hard`. */
void talk_close(struct talk *t);
void talk_reset(struct talk *t);

/* greeting, EHLO, AUTH PLAIN as alice: logged in afterwards. */
void talk_login(struct talk *t, uint16_t port);

/* MAIL, RCPT, DATA, a small message, its reply. */
void talk_message(struct talk *t);

#endif
