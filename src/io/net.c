/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net: thin wrappers of socket, pipe, clock and random system calls. Owns nothing.
 */
#include "io/net.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static socklen_t size_of(const union socket_address *a)
{
	if (a->any.sa_family == AF_INET)
		return sizeof(a->ip4);
	return a->any.sa_family == AF_INET6 ? sizeof(a->ip6) : sizeof(a->un);
}

int net_dial(const union socket_address *address)
{
	int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(address->any.sa_family, type, 0);
	int on = 1, error;

	if (fd == -1)
		return -errno;
	if (address->any.sa_family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, &address->any, size_of(address)) == -1 && errno != EINPROGRESS) {
		error = errno;
		close(fd);
		return -error;
	}
	net_set_blocking(fd, true);
	return fd;
}

int net_accept(int listener)
{
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

void net_from_addr(union socket_address *to, const struct addr *from)
{
	memset(to, 0, sizeof(*to));
	if (from->family == ADDR_IP6) {
		to->ip6.sin6_family = AF_INET6;
		to->ip6.sin6_port = htons(from->port);
		memcpy(&to->ip6.sin6_addr, from->ip, 16);
		return;
	}
	to->ip4.sin_family = AF_INET;
	to->ip4.sin_port = htons(from->port);
	memcpy(&to->ip4.sin_addr, from->ip, 4);
}

static void to_addr(struct addr *a, const union socket_address *from)
{
	memset(a, 0, sizeof(*a));
	if (from->any.sa_family == AF_INET) {
		a->family = ADDR_IP4;
		a->port = ntohs(from->ip4.sin_port);
		memcpy(a->ip, &from->ip4.sin_addr, 4);
	} else if (from->any.sa_family == AF_INET6) {
		a->family = ADDR_IP6;
		a->port = ntohs(from->ip6.sin6_port);
		memcpy(a->ip, &from->ip6.sin6_addr, 16);
	} else if (from->any.sa_family == AF_UNIX) {
		a->family = ADDR_UNIX;
	}
}

void net_peer(int fd, struct addr *a)
{
	union socket_address sa;
	socklen_t n = sizeof(sa);

	memset(&sa, 0, sizeof(sa));
	if (getpeername(fd, &sa.any, &n) == -1)
		sa.any.sa_family = AF_UNSPEC;
	to_addr(a, &sa);
}

void net_local(int fd, struct addr *a)
{
	union socket_address sa;
	socklen_t n = sizeof(sa);

	memset(&sa, 0, sizeof(sa));
	if (getsockname(fd, &sa.any, &n) == -1)
		sa.any.sa_family = AF_UNSPEC;
	to_addr(a, &sa);
}

void net_set_blocking(int fd, bool blocking)
{
	int nonblocking = !blocking;

	(void)ioctl(fd, FIONBIO, &nonblocking);
}

void net_shut_sending(int fd)
{
	/* A connection that is gone already says so on its receiving side. */
	(void)shutdown(fd, SHUT_WR);
}

void net_close(int fd)
{
	(void)close(fd);
}

long net_splice(int from, int to, size_t max)
{
	long n = splice(from, NULL, to, NULL, max, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	return n == -1 ? -errno : n;
}

int net_pipe(int fds[2], size_t size, size_t *got)
{
	int n;

	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) == -1)
		return -errno;
	/* Over the user's quota of pipe pages the pipe keeps its usual size. */
	(void)fcntl(fds[1], F_SETPIPE_SZ, (int)size);
	n = fcntl(fds[1], F_GETPIPE_SZ);
	*got = n > 0 ? (size_t)n : 4096;
	return 0;
}

void net_say_and_close(int fd, struct str words)
{
	(void)!send(fd, words.p, words.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)close(fd);
}

uint64_t net_random(void)
{
	uint64_t v = 0;

	(void)!getrandom(&v, sizeof(v), 0);
	return v;
}

uint64_t net_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t net_wall_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec;
}

struct str net_error(int error, char *text, size_t text_size)
{
	int n = snprintf(text, text_size, "%d: %s", error, strerrordesc_np(error));

	if (n < 0)
		return STR("unknown error");
	return str_of(text, (size_t)n < text_size ? (size_t)n : text_size - 1);
}
