/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net: addresses as they stand on a command line, listening and connecting.
 *
 * An address is "IP:PORT", "[IP6]:PORT", "PORT" (127.0.0.1) or "unix:/path"; no names are resolved.
 */
#ifndef TOOLS_LIB_NET_H
#define TOOLS_LIB_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

struct net_address {
	union {
		struct sockaddr any;
		struct sockaddr_in ip4;
		struct sockaddr_in6 ip6;
		struct sockaddr_un un;
	} sa;
	socklen_t n;
};

/* Room for any address as text. */
#define NET_TEXT_SIZE 128

/* 0, or -1 when the text is no address. */
int net_parse(const char *text, struct net_address *a);

/* "127.0.0.1:25", "[::1]:25", "unix:/path"; always NUL-terminated. */
void net_text(const struct net_address *a, char text[NET_TEXT_SIZE]);

/* A non-blocking listening socket with backlog 4096, or exits with a sentence. *a becomes the
 * address that was bound, so that port 0 turns into the real one. */
int net_listen(const char *text, struct net_address *a);

/* A non-blocking connection under way, or -1. TCP_NODELAY is set. */
int net_connect(const struct net_address *a);

/* accept4() with TCP_NODELAY and O_NONBLOCK, or -1. Out of descriptors: waits for one to go. */
int net_accept_client(int listener);

#endif
