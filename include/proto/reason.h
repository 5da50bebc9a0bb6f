/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reason: every way a session can end or a request can be refused.
 *
 * What went wrong is one thing, what a protocol says about it is another: engines name the reason,
 * and session/reason.c has the one table with log text, level, metric label and the replies.
 */
#ifndef PROTO_REASON_H
#define PROTO_REASON_H

enum reason {
	REASON_NONE = 0,

	/* ended as it should */
	REASON_DONE, /* relayed, both sides closed */
	REASON_QUIT, /* the client said QUIT before login */

	/* the client's doing, before login */
	REASON_CLIENT_CLOSED,
	REASON_CLIENT_TIMEOUT,
	REASON_CLIENT_TOO_LONG, /* a line over the limit */
	REASON_CLIENT_BARE_LF,  /* a line without CR, where that is not taken */
	REASON_CLIENT_TOO_MANY_ERRORS,
	REASON_CLIENT_TOO_MANY_COMMANDS,
	REASON_CLIENT_HTTP,    /* its first line is an HTTP request (cross-protocol attack) */
	REASON_CLIENT_EARLY,   /* bytes before the greeting was due */
	REASON_CLIENT_LITERAL, /* a command that is none, and bytes behind it nobody can tell from
				  the next */
	REASON_CLIENT_LOOP,    /* too many proxies, each in front of the next: a circle */
	REASON_CLIENT_UNSAFE,  /* a login that the backend's protocol has no line for */
	REASON_CLIENT_REFUSED, /* the auth service said no, and close */
	REASON_CLIENT_TLS,     /* no TLS handshake came about */
	REASON_CLIENT_TLS_CLOSED, /* ... for it closed the connection */
	REASON_CLIENT_CERT_BAD,   /* a certificate that does not verify */
	REASON_CLIENT_CERT_NONE,  /* none, where one is due */
	REASON_PROXY_BROKEN,      /* a PROXY header is due, and this is none */
	REASON_PROXY_VERSION,
	REASON_PROXY_TOO_LONG,

	/* the auth service's doing */
	REASON_AUTH_DOWN, /* cannot connect */
	REASON_AUTH_TIMEOUT,
	REASON_AUTH_CLOSED,    /* closed before its answer was whole */
	REASON_AUTH_INVALID,   /* not HTTP headers */
	REASON_AUTH_TOO_LONG,  /* more than the limit */
	REASON_AUTH_NO_SERVER, /* OK without server or port */
	REASON_AUTH_BAD_SERVER,
	REASON_AUTH_BAD_PORT,
	REASON_AUTH_BAD_TLS, /* an Auth-Server-SSL that is none */
	REASON_AUTH_NO_PASSWORD,
	REASON_AUTH_WAITS, /* WAIT without end */
	REASON_AUTH_QUEUE_FULL,
	REASON_AUTH_TLS, /* no TLS handshake came about, or its certificate does not verify */

	/* the backend's doing, before the relay */
	REASON_BACK_UNRESOLVED, /* its name has no address */
	REASON_BACK_DOWN,       /* cannot connect */
	REASON_BACK_TIMEOUT,
	REASON_BACK_CLOSED,
	REASON_BACK_INVALID, /* an answer that is not the expected one */
	REASON_BACK_REFUSED, /* the same, and the client was told in the backend's words */
	REASON_BACK_TOO_LONG,
	REASON_BACK_TLS,         /* no TLS handshake came about */
	REASON_BACK_CERT,        /* its certificate does not verify */
	REASON_BACK_NO_STARTTLS, /* offers none, or refuses it */
	REASON_BACK_INJECTED,    /* plaintext behind its reply to STARTTLS */

	/* in the relay */
	REASON_RELAY_TIMEOUT,
	REASON_RELAY_CLIENT_RESET,
	REASON_RELAY_BACK_RESET,

	/* ours */
	REASON_FULL, /* worker_connections are used up */
	REASON_SHUTDOWN,
	REASON_INTERNAL, /* out of descriptors, memory of the kernel ... */

	REASON_COUNT
};

#endif
