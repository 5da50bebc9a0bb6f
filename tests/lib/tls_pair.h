/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tls_pair: a TLS server and a TLS client of tls/channel.h with memory between them, for tests.
 */
#ifndef TESTS_LIB_TLS_PAIR_H
#define TESTS_LIB_TLS_PAIR_H

#include "tls/channel.h"

enum { PAIR_ROOM = 128 * 1024 };

/* One direction: what one side has written and the other has not yet read. */
struct pair_way {
	uint8_t bytes[PAIR_ROOM];
	size_t n;
};

struct pair {
	struct channel server, client;
	struct pair_way to_server, to_client;
	size_t step;                          /* at most so many bytes in one call */
	enum channel_ev server_ev, client_ev; /* of the last call */
};

/* A file of tests/lib/make_certs, read; lives as long as the process. Aborts when it is missing. */
struct tls_file pair_file(const char *name);

/* NAME.pem and NAME.key, in static memory: good until 16 others were asked for. */
const struct tls_identity *pair_identity(const char *name);

/* What most tests want: all versions, one certificate ("ecdsa"), tickets. To be changed. */
struct tls_acceptor_conf pair_acceptor_conf(void);
struct tls_connector_conf pair_connector_conf(void);

/* Open, or fail the test with the reason. */
struct acceptor *pair_acceptor(const struct tls_acceptor_conf *conf);
struct connector *pair_connector(const struct tls_connector_conf *conf);

/* p: zeroed, or used before and shut. `sessions` may be NULL. */
void pair_init(struct pair *p, const struct acceptor *a, const struct connector *k,
	       struct connector_sessions *sessions);

/* Until both are up, or one has failed, or nothing moves. True: both are up. */
bool pair_shake(struct pair *p);

/* One call for that side, with what has come for it, in and out. */
enum channel_ev pair_server_step(struct pair *p);
enum channel_ev pair_client_step(struct pair *p);

/* Text from one side to the other, true if it came whole. */
bool pair_send(struct pair *p, bool from_server, struct str text);

void pair_shut(struct pair *p);

/* Fails the test if wolfSSL has other memory than `before`. The distribution's library keeps tables
 * of its own that grow: nothing is said about that one. */
void pair_same_memory(uint64_t before);

#endif
