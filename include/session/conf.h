/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf: one mail server{} block as the running program sees it: immutable, inheritance resolved,
 * units resolved, strings owned by the configuration that outlives every session.
 */
#ifndef SESSION_CONF_H
#define SESSION_CONF_H

#include "base/log.h"
#include "proto/back.h"
#include "proto/front.h"
#include "proto/login.h"

/* A session only passes these on. */
struct auth_service_conf; /* io/conf.h         */
struct acceptor;          /* tls/acceptor.h    */
struct connector;         /* tls/connector.h   */
struct resolver_conf;     /* io/conf.h         */
struct source_conf;       /* io/conf.h         */

/* proxy_protocol: the header that the backend gets before anything else. */
enum proxy_out { PROXY_OUT_OFF, PROXY_OUT_V1, PROXY_OUT_V2 };

struct server_conf {
	struct front_conf front;
	struct back_conf back;
	uint64_t timeout_ms;        /* from greeting to login, then connect to backend login */
	uint64_t proxy_timeout_ms;  /* relay without a byte from the client */
	uint64_t greeting_delay_ms; /* smtp_greeting_delay */
	uint64_t auth_timeout_ms;   /* auth_http_timeout, one request */
	bool pass_error_message;    /* proxy_pass_error_message */
	enum proxy_out proxy_out;
	const struct addr_net *real_ip_from; /* whose PROXY headers name the client's address */
	uint32_t n_real_ip_from;
	const struct auth_service_conf *auth;
	const struct acceptor *acceptor;      /* NULL: no TLS with clients */
	const struct connector *connector;    /* to mail servers; NULL: no TLS with them */
	enum back_tls back_tls;               /* proxy_ssl; never BACK_TLS_UNSAID */
	const struct source_conf *sources;    /* proxy_bind; NULL: the system's choice */
	const struct resolver_conf *resolver; /* NULL: names are not resolved */
	struct str auth_name;                 /* the service as log lines name it */
	const struct log_target *log;         /* error_log in force */
	const struct addr_net *debug_from;    /* debug_connection */
	uint32_t n_debug_from;
	enum log_level log_level; /* most verbose level any of its targets takes */
};

#endif
