/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * phase: where a session is on its way, and what it may want of the io floor. The table of which
 * phase may follow which is session.c's.
 */
#ifndef SESSION_PHASE_H
#define SESSION_PHASE_H

enum phase {
	PHASE_PROXY,       /* the PROXY header is due                 */
	PHASE_TLS_FRONT,   /* TLS handshake with the client           */
	PHASE_NAME_CLIENT, /* the client's name is asked for, by its address */
	PHASE_NAME_CHECK,  /* ... and the addresses of that name */
	PHASE_DELAY,       /* greeting withheld (smtp_greeting_delay) */
	PHASE_FRONT,       /* the front engine talks with the client  */
	PHASE_AUTH,        /* the auth service is asked               */
	PHASE_AUTH_WAIT,   /* Auth-Wait is running                    */
	PHASE_NAME_BACK,   /* the addresses of the backend are asked for */
	PHASE_DIAL,        /* the backend is to be connected          */
	PHASE_TLS_BACK,    /* TLS handshake with the backend          */
	PHASE_BACK,        /* the back engine logs in                 */
	PHASE_RELAY,       /* bytes both ways                         */
	PHASE_CLOSING,     /* last words are leaving                  */
	PHASE_LINGER,      /* ... and have to be read before we close */
	PHASE_COUNT
};

enum session_want {
	WANT_RECV_FRONT = 1 << 0,
	WANT_RECV_BACK = 1 << 1,
	WANT_SEND_FRONT = 1 << 2,
	WANT_SEND_BACK = 1 << 3,
	WANT_AUTH = 1 << 4,
	WANT_DIAL = 1 << 5,
	WANT_RELAY = 1 << 6, /* bytes pass without the session */
	WANT_SHUT = 1 << 7,  /* last words have left: no more will be sent to the client */
	WANT_CLOSE = 1 << 8,
	WANT_TLS_FRONT = 1 << 9, /* see session_on_secured() */
	WANT_TLS_BACK = 1 << 10,
	WANT_NAME = 1 << 11, /* see session_on_named() */
};

#endif
