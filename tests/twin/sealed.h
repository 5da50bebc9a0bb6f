/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sealed: TLS of the mail client that the player plays, over its socket, which never blocks.
 *
 * One version, one suite: what a proxy tells the auth service about it is the same with both. The
 * proxy's certificate is not looked at.
 */
#ifndef TESTS_TWIN_SEALED_H
#define TESTS_TWIN_SEALED_H

#include "base/str.h"

#include <stdbool.h>
#include <sys/types.h>

struct sealed;

/* Showing this certificate of `folder`, NULL: none. Aborts where there is none. */
struct sealed *sealed_new(const char *folder, const char *identity);
void sealed_free(struct sealed *s);

/* A step of the handshake: 1 when it is done, 0: again when something has come, -1: it has failed.
 */
int sealed_shake(struct sealed *s, int fd);

/* As send(2) and recv(2), with errno, once the handshake is done; 0 of sealed_recv() is
 * close_notify or the end of the stream. */
ssize_t sealed_send(struct sealed *s, int fd, struct str bytes);
ssize_t sealed_recv(struct sealed *s, int fd, uint8_t *bytes, size_t room);

/* No more will be sent, and that is said. */
void sealed_bye(struct sealed *s, int fd);

/* Why it has failed. */
struct str sealed_why(const struct sealed *s);

#endif
