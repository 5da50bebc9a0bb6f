/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * secure_stand: a stand (stand.h) whose thread speaks TLS, and peers that do.
 */
#ifndef TESTS_LIB_SECURE_STAND_H
#define TESTS_LIB_SECURE_STAND_H

#include "tests/lib/stand.h"
#include "tests/lib/tls_pair.h"
#include "tests/lib/tls_talk.h"

struct secure_stand {
	struct stand *st;
	struct tls_acceptor_conf ac;
	struct tls_connector_conf kc;
	struct acceptor *acceptor;   /* for clients; the test's peers accept with it, too */
	struct connector *connector; /* for mail servers; likewise */
};

/* With `listen ... ssl`; the test may change the configuration before it starts. */
struct secure_stand secure_stand_new(void);
void secure_stand_start(struct secure_stand *s);
void secure_stand_done(struct secure_stand *s);

struct tls_talk *secure_stand_client(struct secure_stand *s);
struct tls_talk *secure_stand_greeted(struct secure_stand *s); /* it has read that it is */

/* Its AUTH is answered with a route; the backend's connection, and that backend's first words,
 * after which both are in the relay. */
int secure_stand_routed(struct secure_stand *s, struct tls_talk *client);
int secure_stand_plain(struct tls_talk *client, int back);
struct tls_talk *secure_stand_sealed(struct tls_talk *client, struct tls_talk *back);

#endif
