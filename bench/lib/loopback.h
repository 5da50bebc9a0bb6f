/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loopback: loopback ports and connections. Everything that the bench opens is on 127.0.0.1;
 * sockets belong to the caller.
 */
#ifndef BENCH_LOOPBACK_H
#define BENCH_LOOPBACK_H

#include <stdbool.h>
#include <stdint.h>

/* A port that nobody listens on, below the ephemeral range so that no outgoing connection of the
 * bench takes it later. 0 when none was found. Never the same port twice. */
uint16_t loopback_port_free(void);

/* Waits until something accepts connections on `port`. */
bool loopback_port_wait(uint16_t port, int timeout_ms);

/* A connected socket with TCP_NODELAY and a receive time-out of 10 s, or -1. */
int loopback_connect(uint16_t port);

/* A non-blocking socket with TCP_NODELAY, its connect under way or done, or -1. */
int loopback_connect_start(uint16_t port);

/* Raises the soft limit of open files to the hard one; the limit then in force. */
uint64_t loopback_files_raise(void);

#endif
