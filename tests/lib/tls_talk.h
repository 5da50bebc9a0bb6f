/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tls_talk: one end of a TLS connection over a blocking socket, for tests that talk step by step.
 *
 * Every wait is the socket's, and fails the test when it ends.
 */
#ifndef TESTS_LIB_TLS_TALK_H
#define TESTS_LIB_TLS_TALK_H

#include "tls/channel.h"

struct tls_talk {
	int fd;
	bool ended; /* close_notify has come */
	struct channel channel;
	struct buf in; /* cipher bytes */
	struct out out;
	uint8_t bytes[2][96 * 1024];
};

/* The handshake is done, or fails the test. Certificates are those of tests/lib/make_certs. */
struct tls_talk *tls_talk_connect(int fd, const struct connector *k);
struct tls_talk *tls_talk_accept(int fd, const struct acceptor *a);

/* Before the handshake, which is then done by tls_talk_shake(). False: it has failed. */
struct tls_talk *tls_talk_new(int fd);
NODISCARD bool tls_talk_shake(struct tls_talk *t);

void tls_talk_say(struct tls_talk *t, const char *text);
void tls_talk_expect(struct tls_talk *t, const char *text); /* exactly these bytes come next */

/* As much as is there, but at least a byte; 0: close_notify, or the end of the stream. */
size_t tls_talk_read(struct tls_talk *t, uint8_t *bytes, size_t room);

/* Send as much as the socket takes now, sealed. */
void tls_talk_send(struct tls_talk *t, const uint8_t *bytes, size_t n);

/* No more comes, and that is said; close our end. */
void tls_talk_expect_end(struct tls_talk *t);

void tls_talk_bye(struct tls_talk *t);   /* close_notify */
void tls_talk_close(struct tls_talk *t); /* the socket, without a word */

#endif
