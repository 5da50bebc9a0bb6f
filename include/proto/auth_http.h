/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth_http: NGINX's header-only authentication protocol over HTTP, both directions, sans I/O.
 *
 * Requests are NGINX's byte for byte; when connections are kept alive one header line,
 * "Connection: keep-alive", is added behind Host. Responses are read header by header: the status
 * code is ignored (but kept for the log), a body is skipped by its Content-Length so that the
 * connection can serve the next request.
 */
#ifndef PROTO_AUTH_HTTP_H
#define PROTO_AUTH_HTTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/out.h"
#include "proto/line.h"
#include "proto/login.h"

enum { AUTH_HTTP_RESPONSE_MAX = 16384 }; /* header block of a response, bytes */

struct auth_http_conf {
	struct str uri;     /* path and query, starts with '/' */
	struct str host;    /* value of Host */
	struct str headers; /* auth_http_header lines, each "Name: value\r\n", in order */
	bool keepalive;
};

struct auth_http_query {
	const struct login *login;
	enum protocol protocol;
	bool need_password; /* an OK without Auth-Pass is REASON_AUTH_NO_PASSWORD (methods
			       without a usable password whose backend needs one) */
	struct addr client;
	struct str client_host; /* SMTP only */
};

void auth_http_request(const struct auth_http_conf *conf, const struct auth_http_query *q,
		       struct out *out);

enum auth_http_ev {
	AUTH_HTTP_MORE = 0, /* read more */
	AUTH_HTTP_VERDICT,  /* r->verdict is complete; call again for the body (r->done says whether
			       the whole response has been consumed)  */
};

struct auth_http_response {
	struct arena *store; /* where the verdict's strings live */
	struct line line;
	uint32_t header_n; /* bytes of the header block so far */
	uint64_t body_left;
	uint16_t status; /* 0 when there was no status line */
	bool in_body, done;
	bool reusable; /* after done: the connection may carry another request */
	bool http11, keep, close, length_known, need_password;
	bool has_status, has_server, has_port, first;
	struct verdict verdict;
};

/* `store`: empty arena of AUTH_HTTP_RESPONSE_MAX bytes; the verdict's strings live there. */
void auth_http_response_init(struct auth_http_response *r, struct arena *store, bool need_password);

/* Consume from `in`. A broken response also comes as AUTH_HTTP_VERDICT (VERDICT_BROKEN). */
enum auth_http_ev auth_http_response_next(struct auth_http_response *r, struct buf *in);

/* The service closed: the verdict if headers were complete, else VERDICT_BROKEN / AUTH_CLOSED. */
void auth_http_response_eof(struct auth_http_response *r);

#endif
