/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pop3_back: the back engine of POP3 (RFC 1939). Called through back.h; here are its states.
 *
 * The steps and bytes are NGINX's: greeting, USER, PASS, whatever the client has logged in with.
 * "+OK" lets a step go on; a second line in the same read is dropped, but behind PASS everything is
 * the client's.
 *
 * Own: STLS (RFC 2595) where it is asked for; a backend that refuses it gets no login.
 * A backend that says "+OK [XCLIENT]", as Dovecot does to clients that it trusts, is told with
 * XCLIENT whose session it is, where the configuration says so. In TLS, where nothing can say it
 * that counts, every backend is told, and need not understand.
 */
#ifndef PROTO_POP3_BACK_H
#define PROTO_POP3_BACK_H

#include "proto/back.h"

enum pop3_back_state {
	POP3_BACK_GREETING,
	POP3_BACK_STLS,
	POP3_BACK_TLS, /* BACK_TLS returned, secured() is due */
	POP3_BACK_XCLIENT,
	POP3_BACK_USER,
	POP3_BACK_PASS,
	POP3_BACK_DONE,
	POP3_BACK_STATE_COUNT
};

#endif
