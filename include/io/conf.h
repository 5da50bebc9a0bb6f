/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf: what a worker process needs to run: listeners, auth services, sizes. Built by app/ from
 * nginx.conf, immutable while the process lives; pointers stay valid as long.
 */
#ifndef IO_CONF_H
#define IO_CONF_H

#include "proto/auth_http.h"
#include "session/conf.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <netinet/in.h>

union socket_address {
	struct sockaddr any;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
	struct sockaddr_un un;
};

enum { DNS_SERVERS_MAX = 64 };

/* The name servers of a resolver, at most DNS_SERVERS_MAX, and what is asked of them. */
struct dns_conf {
	const union socket_address *servers;
	uint32_t n_servers;
	uint64_t valid_ms; /* how long an answer is good for; 0: as long as it says itself */
	bool ip4, ip6;     /* which addresses names are resolved to */
	uint32_t index;    /* position in worker_conf.dns */
};

/* A resolver with the time that one name may take. */
struct resolver_conf {
	const struct dns_conf *dns;
	uint64_t timeout_ms; /* resolver_timeout */
};

/* proxy_bind: where connections to mail servers come from, by the family of the server's address.
 * None of a family: the system's choice. */
struct source_conf {
	const union socket_address *ip4, *ip6; /* without ports */
	uint32_t n_ip4, n_ip6;
};

/* An auth_http with everything that its requests and connections need. */
struct auth_service_conf {
	struct auth_http_conf http;
	struct str name; /* as the log shows it: "127.0.0.1:9000" or "unix:/path" */
	const union socket_address *addresses; /* tried in turn when one cannot be reached */
	uint32_t n_addresses;
	const struct resolver_conf *resolver; /* which http.host is looked up by again; or NULL */
	uint16_t port;                        /* of the addresses that it finds */
	uint64_t timeout_ms;                  /* auth_http_timeout */
	const struct connector *connector;    /* https; NULL: plain HTTP */
	uint32_t keepalive;       /* idle connections kept per thread, 0: one per request */
	uint32_t connections_max; /* open at once per thread */
	uint32_t queue_max;       /* requests waiting for a connection, per thread */
	uint32_t index;           /* position in worker_conf.auth_services */
};

/* so_keepalive=idle:intvl:cnt; 0 leaves the system's value */
struct listen_keepalive {
	bool set, on;
	uint32_t idle_s, interval_s, count;
};

struct listen_conf {
	union socket_address address;
	socklen_t address_n;
	struct str text; /* "0.0.0.0:25": the ADDR of "server:" in the log */
	int backlog;
	int rcvbuf, sndbuf; /* bytes, 0: system's choice */
	bool ipv6only;
	bool proxy_protocol; /* connections begin with a PROXY header */
	bool ssl;            /* then with TLS, at once */
	struct listen_keepalive keepalive;
	const struct server_conf *server;
};

/* What a thread's ring is made of. */
struct ring_sizes {
	uint32_t submissions, completions; /* ring_entries: powers of two, not fewer completions */
	uint32_t buffers;                  /* ring_buffers: a power of two, at most 32768 */
	uint32_t buffer_bytes;
};

struct worker_conf {
	uint32_t threads;     /* worker_processes */
	uint32_t connections; /* worker_connections: client sessions per thread */
	struct ring_sizes ring;
	const struct listen_conf *listens;
	uint32_t n_listens;
	const struct auth_service_conf *const *auth_services;
	uint32_t n_auth_services;
	const struct dns_conf *const *dns; /* those of all resolvers */
	uint32_t n_dns;
	uint32_t client_buffer_max;   /* largest *_client_buffer of all servers, bytes */
	uint32_t proxy_buffer_max;    /* largest proxy_buffer of all servers, bytes */
	uint64_t shutdown_timeout_ms; /* worker_shutdown_timeout, 0: none */
	bool tls;                     /* some connection may speak TLS: memory is taken for it */
};

#endif
