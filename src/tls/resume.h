/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * resume: wolfSSL's sessions go into our cache, and come from there.
 */
#ifndef TLS_RESUME_H
#define TLS_RESUME_H

#include "tls/wolf.h"

/* Connections of that context, whose I/O context is the channel, use the cache of its acceptor. */
void resume_use(WOLFSSL_CTX *ctx);

#endif
