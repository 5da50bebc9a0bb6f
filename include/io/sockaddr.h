/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sockaddr: the kernel's form of an address and ours, turned into each other. No system calls.
 */
#ifndef IO_SOCKADDR_H
#define IO_SOCKADDR_H

#include "base/addr.h"
#include "io/conf.h"

/* Bytes that the kernel is told this address has. */
socklen_t sockaddr_size(const union socket_address *a);

/* The kernel's form of an IP address. */
void sockaddr_from_addr(union socket_address *to, const struct addr *from);

/* The same address and port. */
bool sockaddr_equal(const union socket_address *a, const union socket_address *b);

/* ADDR_NONE when it is of no family that we know. */
void sockaddr_to_addr(struct addr *to, const union socket_address *from);

#endif
