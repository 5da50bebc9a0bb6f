/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth_http: NGINX's header-only authentication protocol over HTTP, both directions, sans I/O.
 *
 * Requests are NGINX's byte for byte; when connections are kept alive one header line,
 * "Connection: keep-alive", is added behind Host. Responses are read header by header: the status
 * code is ignored (but kept for the log), a body is skipped by its Content-Length so that the
 * connection can serve the next request (RFC 9112 sections 6 and 9.3). One header is ours:
 * "Auth-Server-SSL: off", "on" or "starttls" (in any case) says how to speak with Auth-Server.
 */
#ifndef PROTO_AUTH_HTTP_H
#define PROTO_AUTH_HTTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/out.h"
#include "proto/line.h"
#include "proto/login.h"
#include "proto/proxy_header.h"

enum {
	AUTH_HTTP_RESPONSE_MAX = 16384, /* status line and headers, empty line included, bytes */
	AUTH_HTTP_BODY_MAX = 65536,     /* longest body that is skipped to save the connection */
	AUTH_HTTP_WAIT_MAX_S = 86400,   /* longer Auth-Waits are cut to this */
};

struct auth_http_conf {
	struct str uri;     /* path and query, starts with '/' */
	struct str host;    /* value of Host */
	struct str headers; /* auth_http_header lines, each "Name: value\r\n", in order */
	bool keepalive;
	bool pass_cert; /* auth_http_pass_client_cert: tell it tls->certificate, too */
};

/* What the service is told about the client's TLS; each string may be empty. */
struct auth_http_tls {
	struct str protocol; /* "TLSv1.3" */
	struct str cipher;   /* OpenSSL's name */
	/* Of the client's certificate, when one was asked for. */
	struct str verify;          /* "SUCCESS", "FAILED:reason", "NONE" */
	struct str subject, issuer; /* RFC 2253 */
	struct str serial;          /* hex digits */
	struct str fingerprint;     /* SHA-1, hex digits */
	struct str certificate;     /* PEM */
};

struct auth_http_query {
	const struct login *login;
	enum protocol protocol;
	bool need_password; /* an OK without Auth-Pass is REASON_AUTH_NO_PASSWORD (methods
			       without a usable password whose backend needs one) */
	struct addr client;
	struct str client_host; /* SMTP only */
	const struct proxy_ends
		*proxied;                /* of the PROXY header; NULL, or no ends: there was none */
	const struct auth_http_tls *tls; /* NULL: the client speaks plain text */
};

/* Write the whole request. The caller looks at out_overflow(). */
void auth_http_request(const struct auth_http_conf *conf, const struct auth_http_query *q,
		       struct out *out);

enum auth_http_ev {
	AUTH_HTTP_MORE = 0, /* r->done: nothing is left to read, else: read more */
	AUTH_HTTP_VERDICT,  /* r->verdict is complete; returned once. r->done as above: the body may
			       still have to be read before the connection is free */
};

/* The fields above the line are for the caller to read, the others the engine's own. */
struct auth_http_response {
	struct verdict verdict;
	uint16_t status; /* of the status line; 0 when there was none */
	bool done;       /* the response is over for us: reuse the connection, or close it */
	bool reusable;   /* once done: the connection may carry another request. May still fall
			    when bytes arrive that belong to no response. */
	/* ---- */
	uint8_t state; /* enum in auth_http_response.c */
	bool need_password;
	bool denied, wait; /* Auth-Status was neither OK nor WAIT; was WAIT */
	bool http11, keep, close, length_known, length_odd;
	struct arena *store;
	struct line line;
	uint32_t head_n; /* bytes of the status line and headers so far */
	uint64_t body_left;
	struct str server, port, server_ssl;
};

/*
 * `store`: arena with AUTH_HTTP_RESPONSE_MAX bytes of room; the verdict's strings live there. In a
 * smaller one, long answers end as REASON_AUTH_TOO_LONG. The caller wipes it: it holds Auth-Pass.
 */
void auth_http_response_init(struct auth_http_response *r, struct arena *store, bool need_password);

/*
 * Consume from `in`, which can hold AUTH_HTTP_RESPONSE_MAX bytes. A broken response also comes as
 * AUTH_HTTP_VERDICT (VERDICT_BROKEN). Once done, bytes that still come are left where they are and
 * make the connection useless for another request.
 */
NODISCARD enum auth_http_ev auth_http_response_next(struct auth_http_response *r, struct buf *in);

/*
 * The service closed. The verdict stands if it was complete; if not, it is VERDICT_BROKEN with
 * REASON_AUTH_CLOSED. r->head_n == 0 with nothing waiting means that not one byte had come.
 */
void auth_http_response_eof(struct auth_http_response *r);

#endif
