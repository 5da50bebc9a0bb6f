/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net: the plain system calls on sockets and pipes that are not worth a submission of their own
 * (measured: a call costs 0.25 us, the packet it causes 6 to 44). Knows no session.
 *
 * With ring.h all that this floor has of the kernel: the tests put a simulated one in its place.
 */
#ifndef IO_NET_H
#define IO_NET_H

#include "base/addr.h"
#include "io/conf.h"

/*
 * Start connecting a new TCP socket (TCP_NODELAY set) or unix socket, without waiting. Returns the
 * descriptor, blocking from then on, whether or not the connection is up yet; or -errno. `from` is
 * our own address, of the same family and without a port, or NULL: the system's choice.
 * -EADDRNOTAVAIL then says that no port is left there towards `to`, or that the machine has no such
 * address.
 */
NODISCARD int net_dial(const union socket_address *to, const union socket_address *from);

/* One waiting connection of a non-blocking listener, or -1. */
NODISCARD int net_accept(int listener);

/* The far and the near end of a socket; ADDR_NONE when it has none. */
void net_peer(int fd, struct addr *a);
void net_local(int fd, struct addr *a);

/* splice(2) waits on a blocking socket whatever its flags; the ring's receives fail on a
 * non-blocking one. So a socket is non-blocking just while it is spliced. */
void net_set_blocking(int fd, bool blocking);

void net_shut_sending(int fd);
void net_close(int fd);

/* At most `max` bytes, moved without waiting. As splice(2), but -errno. */
NODISCARD long net_splice(int from, int to, size_t max);

/* A pipe of up to `size` bytes. 0, or -errno. *got is its real size. */
NODISCARD int net_pipe(int fds[2], size_t size, size_t *got);

/* Best effort, for connections that are refused before they have a session. */
void net_say_and_close(int fd, struct str words);

/*
 * A descriptor that can be read once it has been told something, for the ring to poll; or -errno.
 * net_wake_tell() may be called from any thread and from signal handlers.
 */
NODISCARD int net_wake_open(void);
void net_wake_tell(int fd);
void net_wake_clear(int fd);

uint64_t net_random(void);
uint64_t net_now_ms(void); /* CLOCK_MONOTONIC */
uint64_t net_wall_s(void); /* seconds since 1970 */

#endif
