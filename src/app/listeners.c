/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listeners: socket(), bind(), listen() with NGINX's words for what fails.
 *
 * SO_REUSEPORT would let a second server of the same user share our ports in silence. So at start
 * every address is first bound once without it, to find out whether it is free. Options of accepted
 * sockets (TCP_NODELAY, buffers, keepalive) are set here, once, and inherited.
 * A reload to fewer threads loses what waits on the sockets that go, unless the system moves it
 * (net.ipv4.tcp_migrate_req=1).
 */
#include "app/listeners.h"

#include "app/log.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BIND_TRIES = 5, BIND_PAUSE_MS = 500 };

static bool is_unix(const struct listen_conf *c)
{
	return c->address.any.sa_family == AF_UNIX;
}

static void say_failed(const char *call, const struct listen_conf *c)
{
	int error = errno;

	log_put(LEVEL_EMERG, "%s to %.*s failed (%d: %s)", call, (int)c->text.n,
		(const char *)c->text.p, error, strerror(error));
	errno = error;
}

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

/* Options that cost little when refused: a word in the log, and on. */
static void set_wish(int fd, const struct listen_conf *c, const char *name, int wish[3])
{
	if (set_int(fd, wish[0], wish[1], wish[2]) != 0)
		log_put(LEVEL_ALERT, "setsockopt(%s, %d) for %.*s failed (%d: %s), ignored", name,
			wish[2], (int)c->text.n, (const char *)c->text.p, errno, strerror(errno));
}

static void set_keepalive(int fd, const struct listen_conf *c)
{
	const struct listen_keepalive *k = &c->keepalive;

	if (!k->set)
		return;
	set_wish(fd, c, "SO_KEEPALIVE", (int[]){SOL_SOCKET, SO_KEEPALIVE, k->on});
	if (k->idle_s)
		set_wish(fd, c, "TCP_KEEPIDLE", (int[]){IPPROTO_TCP, TCP_KEEPIDLE, (int)k->idle_s});
	if (k->interval_s)
		set_wish(fd, c, "TCP_KEEPINTVL",
			 (int[]){IPPROTO_TCP, TCP_KEEPINTVL, (int)k->interval_s});
	if (k->count)
		set_wish(fd, c, "TCP_KEEPCNT", (int[]){IPPROTO_TCP, TCP_KEEPCNT, (int)k->count});
}

/* What accepted sockets inherit; also for sockets that a reload takes over. */
static void set_wishes(int fd, const struct listen_conf *c)
{
	if (c->rcvbuf)
		set_wish(fd, c, "SO_RCVBUF", (int[]){SOL_SOCKET, SO_RCVBUF, c->rcvbuf});
	if (c->sndbuf)
		set_wish(fd, c, "SO_SNDBUF", (int[]){SOL_SOCKET, SO_SNDBUF, c->sndbuf});
	if (is_unix(c))
		return;
	set_wish(fd, c, "TCP_NODELAY", (int[]){IPPROTO_TCP, TCP_NODELAY, 1});
	set_keepalive(fd, c);
}

static int open_socket(const struct listen_conf *c, bool share)
{
	int family = c->address.any.sa_family;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (family != AF_UNIX && set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0)
		goto failed;
	if (family != AF_UNIX && share && set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0)
		goto failed;
	if (family == AF_INET6 && set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, c->ipv6only) != 0)
		goto failed;
	return fd;
failed:
	close(fd);
	return -1;
}

/* A socket file that nobody answers behind was left by a process that died. */
static bool remove_stale(const struct listen_conf *c)
{
	struct stat st;
	bool stale;
	int fd;

	if (stat(c->address.un.sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	stale = fd >= 0 && connect(fd, &c->address.any, c->address_n) != 0 && errno == ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	return stale && unlink(c->address.un.sun_path) == 0;
}

static int bind_to(int fd, const struct listen_conf *c)
{
	int error;

	if (bind(fd, &c->address.any, c->address_n) == 0)
		return 0;
	error = errno;
	if (is_unix(c) && error == EADDRINUSE && remove_stale(c))
		return bind(fd, &c->address.any, c->address_n);
	errno = error;
	return -1;
}

/* -1: taken by someone else, or not to be had. */
static int probe(const struct listen_conf *c)
{
	int fd, ok;

	if (is_unix(c))
		return 0;
	fd = open_socket(c, false);
	if (fd < 0) {
		say_failed("socket()", c);
		return -1;
	}
	ok = bind_to(fd, c);
	if (ok != 0)
		say_failed("bind()", c);
	close(fd);
	return ok;
}

static int open_one(const struct listen_conf *c)
{
	int fd = open_socket(c, true);

	if (fd < 0) {
		say_failed("socket()", c);
		return -1;
	}
	set_wishes(fd, c);
	if (bind_to(fd, c) != 0) {
		say_failed("bind()", c);
		goto failed;
	}
	if (is_unix(c) && chmod(c->address.un.sun_path, 0666) != 0) {
		say_failed("chmod()", c);
		goto failed;
	}
	if (listen(fd, c->backlog) != 0) {
		say_failed("listen()", c);
		goto failed;
	}
	return fd;
failed:
	close(fd);
	return -1;
}

static bool same_address(const struct listen_conf *a, const struct listen_conf *b)
{
	return a->address_n == b->address_n &&
	       memcmp(&a->address, &b->address, a->address_n) == 0 && a->ipv6only == b->ipv6only;
}

static int *slot(const struct listeners *l, uint32_t thread, uint32_t i)
{
	return &l->fds[(size_t)thread * l->n + i];
}

static bool has_fd(const struct listeners *l, int fd)
{
	for (size_t i = 0; l && i < (size_t)l->n * l->threads; i++) {
		if (l->fds[i] == fd)
			return true;
	}
	return false;
}

/* The descriptors for address i that the configuration before had already. */
static void take_over(struct listeners *l, uint32_t i, const struct listeners *old)
{
	const struct listen_conf *c = &l->confs[i];
	uint32_t j = 0;

	while (old && j < old->n && !same_address(c, &old->confs[j]))
		j++;
	if (!old || j == old->n)
		return;
	for (uint32_t t = 0; t < l->threads && (t < old->threads || is_unix(c)); t++) {
		int fd = *slot(old, t < old->threads ? t : 0, j);

		*slot(l, t, i) = fd;
		set_wishes(fd, c);
		if (listen(fd, c->backlog) != 0)
			say_failed("listen()", c);
	}
}

static int open_address(struct listeners *l, uint32_t i)
{
	for (uint32_t t = 0; t < l->threads; t++) {
		int *fd = slot(l, t, i);

		if (*fd >= 0)
			continue;
		*fd = t > 0 && is_unix(&l->confs[i]) ? *slot(l, 0, i) : open_one(&l->confs[i]);
		if (*fd < 0)
			return -1;
	}
	return 0;
}

/* 0, or -1 with errno of the first failure; addresses in use do not hide other problems. */
static int open_missing(struct listeners *l, bool alone)
{
	int in_use = 0;

	for (uint32_t i = 0; alone && i < l->n; i++) {
		if (*slot(l, 0, i) >= 0 || probe(&l->confs[i]) == 0)
			continue;
		if (errno != EADDRINUSE)
			return -1;
		in_use = EADDRINUSE;
	}
	for (uint32_t i = 0; !in_use && i < l->n; i++) {
		if (open_address(l, i) == 0)
			continue;
		if (errno != EADDRINUSE)
			return -1;
		in_use = EADDRINUSE;
	}
	errno = in_use;
	return in_use ? -1 : 0;
}

int listeners_open(struct listeners *l, const struct worker_conf *conf, const struct listeners *old)
{
	size_t count = (size_t)conf->n_listens * conf->threads;
	int tries = BIND_TRIES;

	*l = (struct listeners){
		.confs = conf->listens, .n = conf->n_listens, .threads = conf->threads};
	l->fds = malloc((count ? count : 1) * sizeof(*l->fds));
	if (!l->fds)
		return -1;
	for (size_t i = 0; i < count; i++)
		l->fds[i] = -1;
	for (uint32_t i = 0; i < l->n; i++)
		take_over(l, i, old);
	while (open_missing(l, !old) != 0) {
		if (errno != EADDRINUSE)
			goto failed;
		if (--tries == 0) {
			log_put(LEVEL_EMERG, "still could not bind()");
			goto failed;
		}
		log_put(LEVEL_NOTICE, "try again to bind() after %dms", BIND_PAUSE_MS);
		nanosleep(&(struct timespec){.tv_nsec = BIND_PAUSE_MS * 1000000L}, NULL);
	}
	return 0;
failed:
	listeners_shut(l, old);
	return -1;
}

/* Is l->fds[at] to be closed? A unix socket is, once, as the first thread's. */
static bool goes(const struct listeners *l, size_t at, const struct listeners *keep)
{
	return l->fds[at] >= 0 && !has_fd(keep, l->fds[at]) &&
	       !(at >= l->n && is_unix(&l->confs[at % l->n]));
}

static void shut_one(const struct listeners *l, size_t at)
{
	const struct listen_conf *c = &l->confs[at % l->n];
	int fd = l->fds[at];

	/* Old worker processes hold the socket too: without this it would go on to take connections
	 * that nobody serves. */
	shutdown(fd, SHUT_RDWR);
	if (is_unix(c) && unlink(c->address.un.sun_path) != 0)
		log_put(LEVEL_NOTICE, "unlink() \"%s\" failed (%d: %s)", c->address.un.sun_path,
			errno, strerror(errno));
	close(fd);
}

void listeners_shut(struct listeners *l, const struct listeners *keep)
{
	for (size_t i = 0; i < (size_t)l->n * l->threads; i++) {
		if (goes(l, i, keep))
			shut_one(l, i);
	}
	free(l->fds);
	*l = (struct listeners){0};
}

void listeners_forget(struct listeners *l, const struct listeners *keep)
{
	for (size_t i = 0; i < (size_t)l->n * l->threads; i++) {
		if (goes(l, i, keep))
			close(l->fds[i]);
	}
	free(l->fds);
	*l = (struct listeners){0};
}

const int *listeners_of_thread(const struct listeners *l, uint32_t thread)
{
	return &l->fds[(size_t)thread * l->n];
}

uint32_t listeners_count(const struct listeners *l)
{
	uint32_t n = 0;

	for (uint32_t t = 0; t < l->threads; t++) {
		for (uint32_t i = 0; i < l->n; i++)
			n += t == 0 || !is_unix(&l->confs[i]);
	}
	return n;
}
