/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * secure: a place whose proxy speaks TLS: two listeners for each protocol, with TLS at once and
 * with STARTTLS. What clients do is mostly written in Python, next to the tests.
 */
#ifndef TESTS_IT_LIB_SECURE_H
#define TESTS_IT_LIB_SECURE_H

#include "tests/it/lib/place.h"

#include <stdio.h>

struct secure {
	struct place *place;
	uint16_t smtps, imaps, pop3s; /* TLS at once */
	uint16_t smtp, imap, pop3;    /* starttls on */
};

/* In texts, %C is the folder of certificates (tests/lib/make_certs), %D that of the place, and %%
 * a percent sign. */
struct secure_conf {
	const char *ssl;     /* directives of all servers; NULL: an RSA and an ECDSA certificate */
	const char *mail;    /* more at the mail level, also servers */
	const char *users;   /* of the auth service; NULL: alice, whose password is secret */
	unsigned workers;    /* 0: 1 */
	const char *auth_at; /* in place of our own auth service: what `auth_http` says */
};

/* The place with its sink (whose options may be NULL) and ports, no proxy: for tests that start
 * other servers first. */
void secure_begin(struct secure *s, const char *const *sink_options);
void secure_proxy(struct secure *s, const struct secure_conf *conf);

/* Both. */
void secure_open(struct secure *s, const struct secure_conf *conf);

/* `text` with %C and %D replaced; free(3) it. */
char *secure_text(const struct secure *s, const char *text);

/* Runs "python3 tests/it/PROGRAM ARGUMENT..." and fails the test when that fails. In its
 * environment: CERTS and PLACE (folders), PROXY_PID, SMTPS, IMAPS, POP3S, SMTP, IMAP, POP3 (ports),
 * SINK_CONTROL. */
void secure_python(struct secure *s, const char *const *arguments);

#define SECURE_PYTHON(s, ...) secure_python(s, (const char *const[]){__VA_ARGS__, NULL})

#endif
