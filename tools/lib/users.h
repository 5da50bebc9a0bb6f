/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * users: who may log in and where each one's mail goes, read from a JSON file.
 *
 * `authd --help` shows the shape of the file. "default" is the route of users and recipients that
 * have none of their own, "imap", "pop3" and "smtp" that of one protocol's; "domains" are those of
 * RCPT TO when clients need not log in; "refusal" is what a wrong password gets; "error" refuses,
 * "waits": N says `Auth-Status: WAIT` N times in a row before the answer; "server_ssl" is said as
 * `Auth-Server-SSL`. All keys are optional.
 */
#ifndef TOOLS_LIB_USERS_H
#define TOOLS_LIB_USERS_H

#include "base/str.h"

#include <stdint.h>

/* A question, decoded from HTTP; the bytes are the asker's. */
struct users_ask {
	struct str method, user, pass, salt, rcpt, protocol;
	uint64_t attempt;
};

enum users_kind { USERS_OK, USERS_REFUSED, USERS_WAIT };

/* The strings live as long as the configuration; those not set are NULL. */
struct users_answer {
	enum users_kind kind;
	const char *server, *server_ssl, *login, *pass, *error, *code;
	int port;
	uint64_t wait_s, delay_ms;
};

/* Reads the file, or exits with file, line, what is wrong and what to do. */
void users_load(const char *path);

/* In place of the file's "default"; `server` must stay. */
void users_set_default(const char *server, int port);

/* Every login is good, whatever the password. */
void users_accept_all(void);

struct users_answer users_decide(const struct users_ask *ask);

#endif
