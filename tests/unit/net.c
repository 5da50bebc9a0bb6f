/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of io/net: addresses, dialling, pipes and splices on loopback sockets.
 */
#include "io/net.h"
#include "io/oserror.h"
#include "io/sockaddr.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int listen_on(union socket_address *a, int family)
{
	socklen_t n = family == AF_INET ? sizeof(a->ip4) : sizeof(a->ip6);
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	memset(a, 0, sizeof(*a));
	a->any.sa_family = (sa_family_t)family;
	if (family == AF_INET)
		a->ip4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		a->ip6.sin6_addr = in6addr_loopback;
	if (fd == -1 || bind(fd, &a->any, n) || listen(fd, 4) || getsockname(fd, &a->any, &n)) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	return fd;
}

static void dials(int family)
{
	union socket_address at, again;
	struct addr peer, local, mine;
	int listener = listen_on(&at, family), fd, other;
	struct pollfd p = {.fd = listener, .events = POLLIN};

	if (listener == -1)
		cr_skip("no loopback address of this family");
	fd = net_dial(&at, NULL);
	cr_assert_geq(fd, 0);
	cr_assert_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	cr_assert_eq(poll(&p, 1, 5000), 1);
	other = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_geq(other, 0);
	net_peer(fd, &peer);
	net_local(fd, &mine);
	net_peer(other, &local);
	cr_assert_eq(peer.family, family == AF_INET ? ADDR_IP4 : ADDR_IP6);
	cr_assert_eq(mine.port, local.port);
	cr_assert_eq(memcmp(mine.ip, local.ip, 16), 0);
	sockaddr_from_addr(&again, &peer);
	cr_assert_eq(memcmp(&again, &at, family == AF_INET ? sizeof(at.ip4) : sizeof(at.ip6)), 0);
	net_close(fd);
	net_close(other);
	net_close(listener);
}

Test(net, dials_ip4)
{
	dials(AF_INET);
}

Test(net, dials_ip6)
{
	dials(AF_INET6);
}

Test(net, a_unix_socket_that_is_not_there)
{
	union socket_address a;

	memset(&a, 0, sizeof(a));
	a.un.sun_family = AF_UNIX;
	snprintf(a.un.sun_path, sizeof(a.un.sun_path), "/tmp/ringpost-none-%d", (int)getpid());
	cr_assert_eq(net_dial(&a, NULL), -ENOENT);
	a.any.sa_family = 999;
	cr_assert_eq(net_dial(&a, NULL), -EAFNOSUPPORT);
}

Test(net, the_ends_of_what_is_no_socket)
{
	struct addr a;
	int fds[2];

	net_peer(-1, &a);
	cr_assert_eq(a.family, ADDR_NONE);
	net_local(-1, &a);
	cr_assert_eq(a.family, ADDR_NONE);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	net_peer(fds[0], &a);
	cr_assert_eq(a.family, ADDR_UNIX);
	net_close(fds[0]);
	net_close(fds[1]);
}

Test(net, splices_without_waiting)
{
	int pipe[2], from[2], to[2];
	char bytes[8] = "";
	size_t size = 0;

	cr_assert_eq(net_pipe(pipe, 64 * 1024, &size), 0);
	cr_assert_geq(size, 4096);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, from), 0);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, to), 0);
	net_set_blocking(from[0], false);
	net_set_blocking(to[0], false);
	cr_assert_eq(net_splice(from[0], pipe[1], size), -EAGAIN);
	cr_assert_eq(net_splice(pipe[0], to[0], size), -EAGAIN);
	cr_assert_eq(write(from[1], "abc", 3), 3);
	cr_assert_eq(net_splice(from[0], pipe[1], size), 3);
	cr_assert_eq(net_splice(pipe[0], to[0], size), 3);
	cr_assert_eq(read(to[1], bytes, sizeof(bytes)), 3);
	cr_assert_str_eq(bytes, "abc");
	net_shut_sending(from[1]);
	cr_assert_eq(net_splice(from[0], pipe[1], size), 0);
	cr_assert_eq(net_splice(-1, pipe[1], size), -EBADF);
	net_set_blocking(to[0], true);
	cr_assert_eq(fcntl(to[0], F_GETFL) & O_NONBLOCK, 0);
	for (int i = 0; i < 2; i++) {
		net_close(pipe[i]);
		net_close(from[i]);
		net_close(to[i]);
	}
}

Test(net, last_words_and_errors)
{
	char bytes[16] = "", text[64], tiny[8];
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	net_say_and_close(fds[0], STR("bye"));
	cr_assert_eq(read(fds[1], bytes, sizeof(bytes)), 3);
	cr_assert_eq(read(fds[1], bytes, sizeof(bytes)), 0);
	close(fds[1]);
	cr_assert(str_eq(oserror_text(ECONNREFUSED, text, sizeof(text)),
			 STR("111: Connection refused")));
	cr_assert_eq(oserror_text(ECONNREFUSED, tiny, sizeof(tiny)).n, 7);
}

Test(net, a_wake_can_be_read_from_the_first_telling_until_it_is_cleared)
{
	int fd = net_wake_open();
	struct pollfd p = {.fd = fd, .events = POLLIN};

	cr_assert_geq(fd, 0);
	net_wake_clear(fd);
	cr_assert_eq(poll(&p, 1, 0), 0);
	errno = 77;
	net_wake_tell(fd);
	net_wake_tell(fd);
	cr_assert_eq(poll(&p, 1, 0), 1);
	net_wake_clear(fd);
	cr_assert_eq(poll(&p, 1, 0), 0);
	net_close(fd);
	net_wake_tell(fd);
	cr_assert_eq(errno, 77, "a signal handler may tell");
}

Test(net, clocks_and_chance)
{
	uint64_t now = net_now_ms();

	cr_assert_gt(now, 0);
	cr_assert_geq(net_now_ms(), now);
	cr_assert_gt(net_wall_s(), 1600000000);
	cr_assert_neq(net_random(), net_random());
}
