/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * balancer: HAProxy in front of the proxy and behind it, one process for both.
 */
#ifndef TESTS_IT_LIB_BALANCER_H
#define TESTS_IT_LIB_BALANCER_H

#include "tests/it/lib/place.h"

struct balancer {
	const char *send; /* how it speaks to the proxy: "send-proxy" or "send-proxy-v2 ..." */
	uint16_t front;   /* clients connect here ...                         */
	uint16_t proxy;   /* ... and are passed on to this port of the proxy   */
	uint16_t behind;  /* the proxy connects here, with a header first ... */
	const char *to;   /* ... and is passed on to this address             */
};

/* Chooses front and behind, which nobody serves yet. */
void balancer_choose(struct balancer *b);

/* Starts it; it dies with the test process. What came from behind is logged, an address a line, in
 * haproxy.out of the place. */
void balancer_start(struct place *p, const struct balancer *b);

/*
 * HAProxy as the TLS that others lack: what comes in plainly at `plain` goes out with TLS to the
 * port `tls_to`, whose certificate must be good for mx.test; what comes with TLS to `tls` goes on
 * plainly to the address `plain_to`, and shows the certificate `identity` (tests/lib/certs.h).
 */
struct balancer_tls {
	uint16_t plain, tls_to;
	uint16_t tls;
	const char *plain_to, *identity;
};

/* Chooses plain and tls, which nobody serves yet. */
void balancer_choose_tls(struct balancer_tls *b);
void balancer_start_tls(struct place *p, const struct balancer_tls *b);

#endif
