/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dovecot: a real IMAP and POP3 server, unprivileged, on ports of its own, with everything it has
 * in folder `dovecot` of the place: configuration, log, sockets and mail. It trusts 127.0.0.1 to
 * say who a client is. Every name is a user; the password is DOVECOT_PASSWORD.
 */
#ifndef TESTS_IT_LIB_DOVECOT_H
#define TESTS_IT_LIB_DOVECOT_H

#include "tests/it/lib/place.h"

#include <stdbool.h>

#define DOVECOT_PASSWORD "at-the-backend"
#define DOVECOT_LOG      "dovecot/dovecot.log"

struct dovecot {
	const char *identity; /* name of a certificate (tests/lib/certs.h): it demands TLS, and
				 trusts nobody; NULL: no TLS */
	uint16_t imap, pop3;
	uint16_t imaps, pop3s; /* TLS at once; 0: none */
};

/* True if it is one whose configuration we can write: 2.4 reads another language than 2.3. */
bool dovecot_is_known(void);

/* Starts it and waits until it answers; it ends with the place. */
void dovecot_start(struct place *p, struct dovecot *d);

/* The Maildir of a user's inbox, made by whoever comes first. */
void dovecot_maildir(struct place *p, const char *name, char path[256]);

/* Gives what a test has put into the folder to the user that the server runs as. */
void dovecot_own(struct place *p);

/* Waits until the log has this text; fails the test after 10 seconds. */
void dovecot_await_log(struct place *p, const char *text);

#endif
