/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * login: what a front engine has learned when the client wants in, and what the auth service
 * answered. Plain values; all strings are borrowed (see each engine for how long they live).
 */
#ifndef PROTO_LOGIN_H
#define PROTO_LOGIN_H

#include "base/addr.h"
#include "base/str.h"
#include "proto/reason.h"

enum protocol { PROTOCOL_SMTP, PROTOCOL_POP3, PROTOCOL_IMAP, PROTOCOL_COUNT };

/* Auth-Method of auth_http. LOGIN, USER/PASS and PLAIN are all "plain" there. */
enum auth_method {
	AUTH_PLAIN,
	AUTH_APOP,
	AUTH_CRAM_MD5,
	AUTH_EXTERNAL,
	AUTH_XOAUTH2,
	AUTH_OAUTHBEARER,
	AUTH_NONE
};

/* True if what the client proved itself with is a password that works at the backend as well. */
static inline bool auth_method_has_password(enum auth_method m)
{
	return m == AUTH_PLAIN;
}

/* How to speak with the mail server: proxy_ssl, and Auth-Server-SSL for one session. */
enum back_tls {
	BACK_TLS_UNSAID, /* of a verdict: as proxy_ssl says */
	BACK_TLS_OFF,
	BACK_TLS_ON,       /* TLS before its greeting */
	BACK_TLS_STARTTLS, /* RFC 3207, RFC 2595; without it, no login */
};

struct login {
	enum auth_method method;
	uint32_t attempt; /* 1 for the first of this connection */
	bool esmtp;       /* the client said EHLO at least once */
	uint8_t hops;     /* how many proxies may still be on the way, we ourselves included */
	struct str user;  /* empty for none */
	struct str pass;  /* password; the 32 hex digits of a CRAM-MD5 / APOP answer; the token
			     of XOAUTH2 and OAUTHBEARER */
	struct str salt;  /* "<...@server>" for CRAM-MD5 / APOP, else empty */
	union {
		struct {                      /* SMTP */
			struct str helo;      /* argument of the last HELO/EHLO, may be empty */
			struct str mail_from; /* MAIL command line without its line end; method
						 none only */
			struct str rcpt_to;   /* RCPT command line, likewise */
		};
		struct str tag; /* IMAP: of the command that logs in */
	};
};

enum verdict_kind {
	VERDICT_OK,     /* relay to `server` */
	VERDICT_WAIT,   /* ask again, with the same login, after wait_s */
	VERDICT_ERROR,  /* tell the client error_text */
	VERDICT_BROKEN, /* no usable answer: `reason` and `detail` say why */
};

struct verdict {
	enum verdict_kind kind;
	enum reason reason;     /* VERDICT_BROKEN: one of REASON_AUTH_*            */
	struct str detail;      /* VERDICT_BROKEN: the offending value, for the log */
	struct str error_text;  /* VERDICT_ERROR: Auth-Status as sent                */
	struct str error_code;  /* Auth-Error-Code; empty if not sent                */
	struct str error_sasl;  /* Auth-Error-SASL, base64; empty if not sent        */
	struct str user, pass;  /* replacements; p == NULL if not sent               */
	struct addr server;     /* VERDICT_OK, port included; ...                    */
	struct str server_name; /* ... if not empty, its address is to be asked for  */
	enum back_tls tls;      /* Auth-Server-SSL; BACK_TLS_UNSAID if not sent      */
	uint64_t wait_s;        /* Auth-Wait; 0 if not sent                          */
	unsigned status;        /* of HTTP, for the log only; 0 if not sent          */
};

#endif
