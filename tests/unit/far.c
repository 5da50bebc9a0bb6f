/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * far: the far ends of connections over the kernel's loopback.
 */
#include "tests/lib/far.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FARS = 16, SETTLE_US = 2000 };

struct far {
	int fd;
};

static struct far fars[FARS];
static unsigned n_fars;
static int listener, quiet_socket, answering;
static union socket_address at;

static int bound(union socket_address *a)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof(a->ip4);

	memset(a, 0, sizeof(*a));
	a->ip4.sin_family = AF_INET;
	a->ip4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, &a->any, n) || getsockname(fd, &a->any, &n))
		_exit(1);
	return fd;
}

void far_begin(void)
{
	n_fars = 0;
	quiet_socket = answering = -1;
	listener = bound(&at);
	if (listen(listener, 16))
		_exit(1);
}

void far_finish(void)
{
	while (n_fars)
		if (fars[--n_fars].fd != -1)
			close(fars[n_fars].fd);
	close(listener);
	if (quiet_socket != -1)
		close(quiet_socket);
	if (answering != -1)
		close(answering);
}

static struct far *far_of(int fd)
{
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	fars[n_fars].fd = fd;
	return &fars[n_fars++];
}

struct far *far_connect(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, &at.any, sizeof(at.ip4)))
		_exit(1);
	return far_of(fd);
}

struct far *far_pair(int *fd)
{
	struct far *f = far_connect();

	*fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return f;
}

int far_listener(void)
{
	return listener;
}

void far_address(union socket_address *to, bool refused)
{
	if (refused) {
		quiet_socket = bound(to); /* and does not listen */
		return;
	}
	answering = bound(to);
	if (listen(answering, 4))
		_exit(1);
}

struct far *far_answered(void)
{
	return far_of(accept4(answering, NULL, NULL, SOCK_CLOEXEC));
}

size_t far_write(struct far *f, struct str bytes)
{
	ssize_t n = send(f->fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n > 0 ? (size_t)n : 0;
}

long far_read(struct far *f, uint8_t *to, size_t max)
{
	ssize_t n = recv(f->fd, to, max, MSG_DONTWAIT);

	if (n >= 0)
		return n;
	return errno == EAGAIN ? -2 : -1;
}

void far_shut(struct far *f)
{
	(void)shutdown(f->fd, SHUT_WR);
}

void far_close(struct far *f)
{
	close(f->fd);
	f->fd = -1;
}

void far_reset(struct far *f)
{
	struct linger at_once = {1, 0};

	(void)setsockopt(f->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	far_close(f);
}

void far_settle(void)
{
	usleep(SETTLE_US);
}
