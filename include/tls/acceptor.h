/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * acceptor: the TLS side of one server{}: certificates by name and kind, keys of tickets, rules.
 *
 * Immutable once open; shared by all threads of the process, and inherited over fork(2). Which
 * certificate a client gets is chosen from its ClientHello (tls/hello.h).
 */
#ifndef TLS_ACCEPTOR_H
#define TLS_ACCEPTOR_H

#include "base/out.h"
#include "tls/conf.h"

struct acceptor;

/* NULL: *e says why, naming the file where it is about one. */
NODISCARD struct acceptor *acceptor_open(const struct tls_acceptor_conf *conf, struct tls_error *e);
void acceptor_close(struct acceptor *a);

/* The suites that the lists have come to, in order, OpenSSL's names separated by colons. */
void acceptor_describe(const struct acceptor *a, struct out *out);

#endif
