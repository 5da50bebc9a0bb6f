/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * far: the other side of the sockets that a ring is tested with, in two forms chosen at link time:
 * tests/unit/far.c uses the kernel's loopback, tests/sim/far.c the simulated kernel. Owns all that
 * it opens; far_finish() closes it. Nothing here waits for the ring.
 */
#ifndef TESTS_LIB_FAR_H
#define TESTS_LIB_FAR_H

#include "base/str.h"
#include "io/conf.h"

struct far;

void far_begin(void);
void far_finish(void);

/* A connection; *fd is the near end, blocking, and the caller's to close. */
struct far *far_pair(int *fd);

/* The near listening socket, and a client that waits in its queue. */
int far_listener(void);
struct far *far_connect(void);

/* An address to dial, where somebody listens or nobody does, and who answered there. */
void far_address(union socket_address *to, bool refused);
struct far *far_answered(void);

/* Bytes that were taken, at most all; bytes, 0 at the end, -1 reset, -2 nothing now. */
size_t far_write(struct far *f, struct str bytes);
long far_read(struct far *f, uint8_t *to, size_t max);
void far_shut(struct far *f);
void far_close(struct far *f);
void far_reset(struct far *f);

/* What is on its way arrives. */
void far_settle(void);

#endif
