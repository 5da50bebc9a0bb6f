/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ticket: the keys that session tickets are sealed with (RFC 5077, RFC 8446 section 4.6.1).
 */
#ifndef TLS_TICKET_H
#define TLS_TICKET_H

#include "tls/conf.h"
#include "tls/wolf.h"

struct ticket_keys;

/* Of the configuration's files, or random ones that change. NULL: *e says why. */
NODISCARD struct ticket_keys *ticket_open(const struct tls_acceptor_conf *conf,
					  struct tls_error *e);
void ticket_close(struct ticket_keys *k);

/* Tickets of that context are sealed with these keys. */
void ticket_use(struct ticket_keys *k, WOLFSSL_CTX *ctx);

#endif
