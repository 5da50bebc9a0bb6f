/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net: thin wrappers of socket, pipe, eventfd, clock and random system calls. Owns nothing.
 */
#include "io/net.h"

#include "io/sockaddr.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* The port is chosen by connect(), which knows the other end: the same port serves many of them. */
static int bind_to(int fd, const union socket_address *from)
{
	int on = 1;

	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	return bind(fd, &from->any, sockaddr_size(from));
}

static int start_connecting(int fd, const union socket_address *to)
{
	if (connect(fd, &to->any, sockaddr_size(to)) == -1 && errno != EINPROGRESS)
		return -1;
	return 0;
}

int net_dial(const union socket_address *to, const union socket_address *from)
{
	int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(to->any.sa_family, type, 0);
	int on = 1, error;

	if (fd == -1)
		return -errno;
	if (to->any.sa_family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if ((from && bind_to(fd, from) == -1) || start_connecting(fd, to) == -1) {
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

void net_peer(int fd, struct addr *a)
{
	union socket_address sa;
	socklen_t n = sizeof(sa);

	memset(&sa, 0, sizeof(sa));
	if (getpeername(fd, &sa.any, &n) == -1)
		sa.any.sa_family = AF_UNSPEC;
	sockaddr_to_addr(a, &sa);
}

void net_local(int fd, struct addr *a)
{
	union socket_address sa;
	socklen_t n = sizeof(sa);

	memset(&sa, 0, sizeof(sa));
	if (getsockname(fd, &sa.any, &n) == -1)
		sa.any.sa_family = AF_UNSPEC;
	sockaddr_to_addr(a, &sa);
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

int net_wake_open(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd == -1 ? -errno : fd;
}

void net_wake_tell(int fd)
{
	uint64_t one = 1;
	int kept = errno;

	(void)!write(fd, &one, sizeof(one));
	errno = kept;
}

void net_wake_clear(int fd)
{
	uint64_t count;

	(void)!read(fd, &count, sizeof(count));
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
