/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/listeners: what is bound, what a reload takes over, what is given up.
 */
#include "app/listeners.h"
#include "app/log.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A free port of 127.0.0.1. */
static uint16_t free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static struct listen_conf on_port(uint16_t port)
{
	struct listen_conf c = {.text = STR("127.0.0.1:x"), .backlog = 511};

	c.address.ip4.sin_family = AF_INET;
	c.address.ip4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c.address.ip4.sin_port = htons(port);
	c.address_n = sizeof(c.address.ip4);
	return c;
}

static struct listen_conf on_path(const char *path)
{
	struct listen_conf c = {.text = STR("unix:x"), .backlog = 511};

	c.address.un.sun_family = AF_UNIX;
	memcpy(c.address.un.sun_path, path, strlen(path) + 1);
	c.address_n = sizeof(c.address.un);
	return c;
}

static struct worker_conf conf_of(const struct listen_conf *listens, uint32_t n, uint32_t threads)
{
	log_also_stderr(false);
	return (struct worker_conf){.listens = listens, .n_listens = n, .threads = threads};
}

static int connect_to(const struct listen_conf *c)
{
	int fd = socket(c->address.any.sa_family, SOCK_STREAM, 0);

	if (connect(fd, &c->address.any, c->address_n) == 0)
		return fd;
	close(fd);
	return -1;
}

static int option(int fd, int level, int name)
{
	socklen_t n = sizeof(int);
	int value = -1;

	cr_assert_eq(getsockopt(fd, level, name, &value, &n), 0);
	return value;
}

/* Socket i of a thread. */
static int fd_of(const struct listeners *l, uint32_t thread, uint32_t i)
{
	uint32_t n;
	const struct thread_listen *all = listeners_of_thread(l, thread, &n);

	cr_assert_lt(i, n);
	return all[i].fd;
}

Test(listeners, every_thread_has_its_own_socket_per_address)
{
	struct listen_conf c[2] = {on_port(free_port()), on_port(free_port())};
	struct worker_conf w = conf_of(c, 2, 3);
	struct listeners l;
	int fd;

	c[0].keepalive = (struct listen_keepalive){.set = true, .on = true, .idle_s = 77};
	cr_assert_eq(listeners_open(&l, &w, NULL), 0);
	cr_assert_eq(listeners_count(&l), 6);
	for (uint32_t t = 0; t < 3; t++) {
		int fds[2] = {fd_of(&l, t, 0), fd_of(&l, t, 1)};

		cr_assert_neq(fds[0], fds[1]);
		cr_assert_eq(option(fds[0], SOL_SOCKET, SO_REUSEPORT), 1);
		cr_assert_eq(option(fds[0], SOL_SOCKET, SO_ACCEPTCONN), 1);
		cr_assert_eq(option(fds[0], IPPROTO_TCP, TCP_NODELAY), 1);
		cr_assert_eq(option(fds[0], IPPROTO_TCP, TCP_KEEPIDLE), 77);
	}
	fd = connect_to(&c[1]);
	cr_assert_geq(fd, 0);
	close(fd);
	listeners_shut(&l, NULL);
	cr_assert_eq(connect_to(&c[1]), -1);
}

Test(listeners, an_address_of_somebody_else_is_not_shared)
{
	struct listen_conf c = on_port(free_port());
	struct worker_conf w = conf_of(&c, 1, 2);
	struct listeners a, b;

	cr_assert_eq(listeners_open(&a, &w, NULL), 0);
	cr_assert_eq(listeners_open(&b, &w, NULL), -1);
	listeners_shut(&a, NULL);
	cr_assert_eq(listeners_open(&b, &w, NULL), 0);
	listeners_shut(&b, NULL);
}

Test(listeners, a_reload_keeps_sockets_and_their_queue)
{
	uint16_t stays = free_port();
	struct listen_conf before[2] = {on_port(free_port()), on_port(stays)};
	struct listen_conf after[2] = {on_port(stays), on_port(free_port())};
	struct worker_conf w1 = conf_of(before, 2, 2), w2 = conf_of(after, 2, 3);
	struct listeners l1, l2;
	int kept, queued;

	cr_assert_eq(listeners_open(&l1, &w1, NULL), 0);
	kept = fd_of(&l1, 1, 1);
	queued = connect_to(&before[1]);
	cr_assert_geq(queued, 0);
	cr_assert_eq(listeners_open(&l2, &w2, &l1), 0);
	cr_assert_eq(fd_of(&l2, 1, 0), kept);
	cr_assert_eq(listeners_count(&l2), 6);
	listeners_shut(&l1, &l2);
	cr_assert_eq(connect_to(&before[0]), -1);
	cr_assert_eq(option(kept, SOL_SOCKET, SO_ACCEPTCONN), 1);
	cr_assert_eq(send(queued, "x", 1, MSG_NOSIGNAL), 1);
	close(queued);
	listeners_shut(&l2, NULL);
}

Test(listeners, with_fewer_threads_one_has_several_sockets_of_an_address)
{
	struct listen_conf c[2] = {on_port(free_port()), on_port(free_port())};
	struct worker_conf w1 = conf_of(c, 2, 5), w2 = conf_of(c, 2, 2), w3 = conf_of(c, 1, 3);
	struct listeners l1, l2, l3;
	uint32_t n[3];

	cr_assert_eq(listeners_open(&l1, &w1, NULL), 0);
	cr_assert_eq(listeners_open(&l2, &w2, &l1), 0);
	listeners_shut(&l1, &l2);
	cr_assert_eq(listeners_count(&l2), 10);
	for (uint32_t t = 0; t < 2; t++) {
		const struct thread_listen *all = listeners_of_thread(&l2, t, &n[t]);

		cr_assert_eq(n[t], t ? 4 : 6);
		for (uint32_t i = 0; i < n[t]; i++) {
			cr_assert_eq(all[i].conf, &c[i < n[t] / 2 ? 0 : 1]);
			cr_assert_eq(option(all[i].fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
		}
	}
	cr_assert_eq(listeners_open(&l3, &w3, &l2), 0);
	listeners_shut(&l2, &l3);
	cr_assert_eq(listeners_count(&l3), 5);
	for (uint32_t t = 0; t < 3; t++)
		listeners_of_thread(&l3, t, &n[t]);
	cr_assert(n[0] == 2 && n[1] == 2 && n[2] == 1);
	cr_assert_eq(connect_to(&c[1]), -1);
	listeners_shut(&l3, NULL);
}

Test(listeners, what_is_inherited_is_known_by_its_address)
{
	char path[] = "/tmp/ringpost-listen-XXXXXX";
	struct listen_conf c[2] = {on_port(free_port()), on_port(free_port())};
	struct worker_conf w = conf_of(c, 2, 2);
	struct listeners old, inherited, new;
	uint32_t bad;
	int fds[4];

	close(mkstemp(path));
	unlink(path);
	c[1] = on_path(path);
	cr_assert_eq(listeners_open(&old, &w, NULL), 0);
	cr_assert_eq(listeners_count(&old), 3);
	for (uint32_t i = 0; i < 3; i++) {
		fds[i] = dup(old.sockets[i].fd);
		cr_assert_eq(fcntl(fds[i], F_GETFD), 0);
	}
	cr_assert_eq(listeners_inherit(&inherited, fds, 3, &bad), 0);
	w.threads = 1;
	cr_assert_eq(listeners_open(&new, &w, &inherited), 0);
	cr_assert_eq(listeners_count(&new), 3);
	for (uint32_t i = 0; i < 3; i++) {
		cr_assert_eq(fd_of(&new, 0, i), fds[i]);
		cr_assert_eq(fcntl(fds[i], F_GETFD), FD_CLOEXEC);
	}
	listeners_forget(&inherited, &new);
	listeners_forget(&new, NULL);
	cr_assert_eq(access(path, F_OK), 0);
	listeners_shut(&old, NULL);
	cr_assert_neq(access(path, F_OK), 0);
}

Test(listeners, what_is_no_listening_socket_is_not_inherited)
{
	struct listen_conf c = on_port(free_port());
	struct worker_conf w = conf_of(&c, 1, 1);
	struct listeners l, inherited;
	int ends[2], plain = socket(AF_INET, SOCK_STREAM, 0),
		     datagrams = socket(AF_INET, SOCK_DGRAM, 0);
	uint32_t bad;

	cr_assert_eq(listeners_open(&l, &w, NULL), 0);
	cr_assert_eq(pipe(ends), 0);
	for (int i = 0; i < 6; i++) {
		const int wrong[] = {ends[0], plain,         datagrams,
				     1023,    STDERR_FILENO, l.sockets[0].fd};
		int fds[3] = {l.sockets[0].fd, wrong[i], l.sockets[0].fd};

		cr_assert_eq(listeners_inherit(&inherited, fds, 3, &bad), -1);
		cr_assert_eq(bad, 1);
		cr_assert_eq(listeners_count(&inherited), 1);
		listeners_forget(&inherited, &l);
	}
	listeners_shut(&l, NULL);
}

Test(listeners, a_reload_that_fails_leaves_everything_as_it_was)
{
	struct listen_conf before = on_port(free_port());
	struct listen_conf after[2] = {before, on_port(free_port())};
	struct worker_conf w1 = conf_of(&before, 1, 2), w2 = conf_of(after, 2, 2);
	struct listeners l1, l2;
	int fd;

	after[1].address.ip4.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 is nobody's */
	cr_assert_eq(listeners_open(&l1, &w1, NULL), 0);
	cr_assert_eq(listeners_open(&l2, &w2, &l1), -1);
	fd = connect_to(&before);
	cr_assert_geq(fd, 0);
	close(fd);
	cr_assert_eq(listeners_count(&l1), 2);
	listeners_shut(&l1, NULL);
}

Test(listeners, a_unix_socket_is_shared_and_its_file_goes_with_it)
{
	char path[] = "/tmp/ringpost-listen-XXXXXX";
	struct listen_conf c;
	struct worker_conf w;
	struct listeners l;
	int fd = mkstemp(path);

	close(fd);
	unlink(path);
	c = on_path(path);
	w = conf_of(&c, 1, 3);
	/* A socket that nobody listens on, as a process that was killed leaves it. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(bind(fd, &c.address.any, c.address_n), 0);
	close(fd);
	cr_assert_eq(listeners_open(&l, &w, NULL), 0);
	cr_assert_eq(listeners_count(&l), 1);
	cr_assert_eq(fd_of(&l, 0, 0), fd_of(&l, 2, 0));
	fd = connect_to(&c);
	cr_assert_geq(fd, 0);
	close(fd);
	listeners_shut(&l, NULL);
	cr_assert_neq(access(path, F_OK), 0);
}
