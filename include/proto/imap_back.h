/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imap_back: we play IMAP client to the backend until the relay can begin (RFC 3501, 2971).
 *
 * The steps and bytes are NGINX's: greeting, LOGIN with two literals under the client's own tag.
 * Untagged lines are passed over, those behind the password reach the client with the tagged line.
 * A backend that lets us in unasked (PREAUTH) is refused: it would serve somebody else's mail.
 *
 * Own: STARTTLS (RFC 3501 section 6.2.1) where it is asked for; a backend that refuses it gets no
 * login. With conf.identity, a backend whose greeting announces ID is told who the client is, as
 * Dovecot reads it (x-originating-ip and others). In TLS, where no greeting comes, every backend is
 * told, and need not understand.
 */
#ifndef PROTO_IMAP_BACK_H
#define PROTO_IMAP_BACK_H

#include "proto/back.h"

enum imap_back_state {
	IMAP_BACK_GREETING, /* waiting for * OK */
	IMAP_BACK_STARTTLS, /* STARTTLS sent, waiting for its tagged line */
	IMAP_BACK_TLS,      /* BACK_TLS returned, secured() is due */
	IMAP_BACK_ID,       /* ID sent, waiting for its tagged line */
	IMAP_BACK_LOGIN,    /* LOGIN and the size of the name sent, waiting for + */
	IMAP_BACK_USER,     /* the name and the size of the password sent, waiting for + */
	IMAP_BACK_PASS,     /* the password sent, waiting for the client's tag */
	IMAP_BACK_DONE,
	IMAP_BACK_STATE_COUNT
};

#endif
