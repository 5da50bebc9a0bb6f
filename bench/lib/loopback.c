/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loopback: free ports, readiness, client sockets. Owns nothing: sockets belong to the caller.
 * Never binds or connects anywhere but on 127.0.0.1.
 */
#include "bench/lib/loopback.h"
#include "bench/lib/clock.h"
#include "bench/lib/stop.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PORT_FIRST = 20000, PORT_LAST = 31999 };

static struct sockaddr_in local(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

static bool bindable(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	struct sockaddr_in a = local(port);
	bool ok;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	ok = fd >= 0 && !bind(fd, (struct sockaddr *)&a, sizeof(a)) && !listen(fd, 1);
	if (fd >= 0)
		close(fd);
	return ok;
}

uint16_t loopback_port_free(void)
{
	static int next;
	int span = PORT_LAST - PORT_FIRST + 1;

	if (!next)
		next = (int)(getpid() * 37 % span);
	for (int tried = 0; tried < span; tried++) {
		uint16_t port = (uint16_t)(PORT_FIRST + next);

		next = (next + 1) % span;
		if (bindable(port))
			return port;
	}
	return 0;
}

bool loopback_port_wait(uint16_t port, int timeout_ms)
{
	uint64_t end_ns = clock_now_ns() + (uint64_t)timeout_ms * 1000000u;

	while (clock_now_ns() < end_ns && !stop_asked()) {
		int fd = loopback_connect(port);

		if (fd >= 0) {
			close(fd);
			return true;
		}
		clock_pause_ms(10);
	}
	return false;
}

static int open_socket(int flags)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), one = 1;
	struct timeval limit = {.tv_sec = 10};

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

static int connect_with(uint16_t port, int flags)
{
	struct sockaddr_in a = local(port);
	int fd = open_socket(flags);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

int loopback_connect(uint16_t port)
{
	return connect_with(port, 0);
}

int loopback_connect_start(uint16_t port)
{
	return connect_with(port, SOCK_NONBLOCK);
}

uint64_t loopback_files_raise(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r))
		return 0;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	getrlimit(RLIMIT_NOFILE, &r);
	return (uint64_t)r.rlim_cur;
}
