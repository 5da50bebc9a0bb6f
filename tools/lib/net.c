/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net: text to socket address and back, sockets that listen and connect. Resolves no names: the
 * test peers stay on addresses.
 */
#include "tools/lib/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int parse_port(const char *text, in_port_t *port)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (end == text || *end || v > 65535)
		return -1;
	*port = htons((uint16_t)v);
	return 0;
}

static int parse_unix(const char *path, struct net_address *a)
{
	if (strlen(path) == 0 || strlen(path) >= sizeof(a->sa.un.sun_path))
		return -1;
	a->sa.un.sun_family = AF_UNIX;
	memcpy(a->sa.un.sun_path, path, strlen(path) + 1);
	a->n = sizeof(a->sa.un);
	return 0;
}

static int parse_ip6(const char *text, struct net_address *a)
{
	char host[INET6_ADDRSTRLEN] = "";
	const char *end = strstr(text, "]:");

	if (!end || (size_t)(end - text - 1) >= sizeof(host))
		return -1;
	memcpy(host, text + 1, (size_t)(end - text - 1));
	a->sa.ip6.sin6_family = AF_INET6;
	a->n = sizeof(a->sa.ip6);
	return inet_pton(AF_INET6, host, &a->sa.ip6.sin6_addr) == 1
		       ? parse_port(end + 2, &a->sa.ip6.sin6_port)
		       : -1;
}

int net_parse(const char *text, struct net_address *a)
{
	char host[INET_ADDRSTRLEN] = "127.0.0.1";
	const char *colon = strrchr(text, ':');

	memset(a, 0, sizeof(*a));
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, a);
	if (text[0] == '[')
		return parse_ip6(text, a);
	if (colon) {
		if ((size_t)(colon - text) >= sizeof(host))
			return -1;
		memcpy(host, text, (size_t)(colon - text));
		host[colon - text] = '\0';
	}
	a->sa.ip4.sin_family = AF_INET;
	a->n = sizeof(a->sa.ip4);
	if (inet_pton(AF_INET, host, &a->sa.ip4.sin_addr) != 1)
		return -1;
	return parse_port(colon ? colon + 1 : text, &a->sa.ip4.sin_port);
}

void net_text(const struct net_address *a, char text[NET_TEXT_SIZE])
{
	char host[INET6_ADDRSTRLEN] = "?";

	if (a->sa.any.sa_family == AF_UNIX) {
		snprintf(text, NET_TEXT_SIZE, "unix:%s", a->sa.un.sun_path);
	} else if (a->sa.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &a->sa.ip6.sin6_addr, host, sizeof(host));
		snprintf(text, NET_TEXT_SIZE, "[%s]:%u", host, ntohs(a->sa.ip6.sin6_port));
	} else {
		inet_ntop(AF_INET, &a->sa.ip4.sin_addr, host, sizeof(host));
		snprintf(text, NET_TEXT_SIZE, "%s:%u", host, ntohs(a->sa.ip4.sin_port));
	}
}

static void refuse(const char *what, const char *text, const char *why)
{
	fprintf(stderr, "cannot %s %s: %s\n", what, text, why);
	exit(1);
}

int net_listen(const char *text, struct net_address *a)
{
	int fd, on = 1;

	if (net_parse(text, a) < 0)
		refuse("listen on", text, "write IP:PORT, [IP6]:PORT, PORT or unix:/path");
	fd = socket(a->sa.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		refuse("listen on", text, strerror(errno));
	if (a->sa.any.sa_family == AF_UNIX)
		unlink(a->sa.un.sun_path);
	else
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &a->sa.any, a->n) < 0 || listen(fd, 4096) < 0)
		refuse("listen on", text, strerror(errno));
	if (a->sa.any.sa_family != AF_UNIX)
		getsockname(fd, &a->sa.any, &a->n);
	return fd;
}

static void set_nodelay(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int net_connect(const struct net_address *a)
{
	int fd = socket(a->sa.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	set_nodelay(fd);
	if (connect(fd, &a->sa.any, a->n) < 0 && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

int net_accept_client(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		set_nodelay(fd);
	} else if (errno == EMFILE || errno == ENFILE) {
		/* the listener stays readable: without a pause the loop would spin */
		usleep(1000);
	}
	return fd;
}
