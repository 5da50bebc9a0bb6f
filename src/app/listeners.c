/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listeners: socket(), bind(), listen() with NGINX's words for what fails.
 *
 * SO_REUSEPORT would let a second server of the same user share our ports in silence. So at start
 * every address is first bound once without it, to find out whether it is free. Options of accepted
 * sockets (TCP_NODELAY, buffers, keepalive) are set here, once, and inherited.
 * Closing a socket of a SO_REUSEPORT group would reset what waits in it, so none is closed while
 * its address is wanted.
 */
#include "app/listeners.h"

#include "app/log.h"

#include <errno.h>
#include <fcntl.h>
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

	log_put(LEVEL_EMERG, "%s %.*s failed (%d: %s)", call, (int)c->text.n,
		(const char *)c->text.p, error, strerror(error));
	errno = error;
}

/* Of a socket that serves already it matters less. */
static int listen_on(int fd, const struct listen_conf *c, bool serves)
{
	int error;

	if (listen(fd, c->backlog) == 0)
		return 0;
	error = errno;
	log_put(serves ? LEVEL_ALERT : LEVEL_EMERG,
		"listen() to %.*s, backlog %d failed%s (%d: %s)", (int)c->text.n,
		(const char *)c->text.p, c->backlog, serves ? ", ignored" : "", error,
		strerror(error));
	errno = error;
	return -1;
}

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

/* Options that cost little when refused: a word in the log, and on. */
static void set_wish(int fd, const struct listen_conf *c, const char *name, int wish[3])
{
	if (set_int(fd, wish[0], wish[1], wish[2]) != 0)
		log_put(LEVEL_ALERT, "setsockopt(%s, %d) %.*s failed, ignored (%d: %s)", name,
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

/* What makes an address ours, and ours alone. Where NGINX ignores that it cannot have the last of
 * them, the address would be another one than the configuration says. */
static int set_needs(int fd, const struct listen_conf *c, bool share)
{
	if (is_unix(c))
		return 0;
	if (set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0) {
		say_failed("setsockopt(SO_REUSEADDR)", c);
		return -1;
	}
	if (share && set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0) {
		say_failed("setsockopt(SO_REUSEPORT)", c);
		return -1;
	}
	if (c->address.any.sa_family == AF_INET6 &&
	    set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, c->ipv6only) != 0) {
		say_failed("setsockopt(IPV6_V6ONLY)", c);
		return -1;
	}
	return 0;
}

/* -1 after a message. */
static int open_socket(const struct listen_conf *c, bool share)
{
	int fd = socket(c->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0) {
		say_failed("socket()", c);
		return -1;
	}
	if (set_needs(fd, c, share) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
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
	if (fd < 0)
		return -1;
	ok = bind_to(fd, c);
	if (ok != 0)
		say_failed("bind() to", c);
	close(fd);
	return ok;
}

static int open_one(const struct listen_conf *c)
{
	int fd = open_socket(c, true);

	if (fd < 0)
		return -1;
	set_wishes(fd, c);
	if (bind_to(fd, c) != 0) {
		say_failed("bind() to", c);
		goto failed;
	}
	if (is_unix(c) && chmod(c->address.un.sun_path, 0666) != 0) {
		log_put(LEVEL_EMERG, "chmod() \"%s\" failed (%d: %s)", c->address.un.sun_path,
			errno, strerror(errno));
		goto failed;
	}
	if (listen_on(fd, c, false) != 0)
		goto failed;
	return fd;
failed:
	close(fd);
	return -1;
}

static bool same_address(const struct listen_conf *a, const struct listen_conf *b)
{
	const union socket_address *x = &a->address, *y = &b->address;

	if (x->any.sa_family != y->any.sa_family)
		return false;
	if (is_unix(a))
		return strncmp(x->un.sun_path, y->un.sun_path, sizeof(x->un.sun_path)) == 0;
	if (x->any.sa_family == AF_INET)
		return x->ip4.sin_port == y->ip4.sin_port &&
		       x->ip4.sin_addr.s_addr == y->ip4.sin_addr.s_addr;
	return x->ip6.sin6_port == y->ip6.sin6_port &&
	       memcmp(&x->ip6.sin6_addr, &y->ip6.sin6_addr, sizeof(x->ip6.sin6_addr)) == 0 &&
	       x->ip6.sin6_scope_id == y->ip6.sin6_scope_id && a->ipv6only == b->ipv6only;
}

/* ---- what there is ---- */

static void add_socket(struct listeners *l, uint32_t address, int fd)
{
	l->sockets[l->n_sockets++] = (struct listeners_socket){fd, address};
}

static bool has_fd(const struct listeners *l, int fd)
{
	for (uint32_t i = 0; l && i < l->n_sockets; i++) {
		if (l->sockets[i].fd == fd)
			return true;
	}
	return false;
}

/* One more than all that could be needed, since nothing is not to be had from malloc(). */
static int take_memory(struct listeners *l, uint32_t sockets_max)
{
	l->sockets = calloc(sockets_max + 1U, sizeof(*l->sockets));
	l->first = calloc(l->threads + 1U, sizeof(*l->first));
	if (l->sockets && l->first)
		return 0;
	log_put(LEVEL_EMERG, "malloc() failed (%d: %s)", errno, strerror(errno));
	return -1;
}

static void give_memory(struct listeners *l)
{
	free(l->sockets);
	free(l->shares);
	free(l->first);
	free(l->own_confs);
	*l = (struct listeners){0};
}

/* ---- who gets which ---- */

static int by_address(const void *a, const void *b)
{
	const struct listeners_socket *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* Calls for every share: thread, socket. Sockets of an address go round; unix ones are for all. */
static void deal(struct listeners *l, void (*give)(struct listeners *, uint32_t, uint32_t))
{
	uint32_t turn = 0;

	for (uint32_t i = 0; i < l->n_sockets; i++) {
		uint32_t address = l->sockets[i].address;

		if (i == 0 || address != l->sockets[i - 1].address)
			turn = 0;
		if (!is_unix(&l->confs[address])) {
			give(l, turn++ % l->threads, i);
			continue;
		}
		for (uint32_t t = 0; t < l->threads; t++)
			give(l, t, i);
	}
}

static void count_share(struct listeners *l, uint32_t thread, uint32_t socket)
{
	(void)socket;
	l->first[thread + 1]++;
}

static void fill_share(struct listeners *l, uint32_t thread, uint32_t socket)
{
	const struct listeners_socket *s = &l->sockets[socket];

	l->shares[l->first[thread]++] = (struct thread_listen){s->fd, &l->confs[s->address]};
}

static int share_out(struct listeners *l)
{
	qsort(l->sockets, l->n_sockets, sizeof(*l->sockets), by_address);
	deal(l, count_share);
	for (uint32_t t = 0; t < l->threads; t++)
		l->first[t + 1] += l->first[t];
	l->shares = calloc(l->first[l->threads] + 1U, sizeof(*l->shares));
	if (!l->shares)
		return -1;
	deal(l, fill_share);
	/* Each entry has moved to where the next one's began. */
	memmove(l->first + 1, l->first, l->threads * sizeof(*l->first));
	l->first[0] = 0;
	return 0;
}

/* ---- opening ---- */

/* The sockets for address i that the configuration before had already; how many. */
static uint32_t take_over(struct listeners *l, uint32_t i, const struct listeners *old)
{
	const struct listen_conf *c = &l->confs[i];
	uint32_t n = 0;

	for (uint32_t k = 0; old && k < old->n_sockets; k++) {
		const struct listeners_socket *s = &old->sockets[k];

		if (s->fd < 0 || !same_address(c, &old->confs[s->address]))
			continue;
		add_socket(l, i, s->fd);
		n++;
		set_wishes(s->fd, c);
		(void)listen_on(s->fd, c, true);
	}
	return n;
}

/* have[i]: sockets that address i has. */
static int open_address(struct listeners *l, uint32_t i, uint32_t *have)
{
	uint32_t want = is_unix(&l->confs[i]) ? 1 : l->threads;

	for (; have[i] < want; have[i]++) {
		int fd = open_one(&l->confs[i]);

		if (fd < 0)
			return -1;
		add_socket(l, i, fd);
	}
	return 0;
}

/* 0, or -1 with errno of the first failure; addresses in use do not hide other problems. */
static int open_missing(struct listeners *l, uint32_t *have, bool alone)
{
	int in_use = 0;

	for (uint32_t i = 0; alone && i < l->n; i++) {
		if (have[i] || probe(&l->confs[i]) == 0)
			continue;
		if (errno != EADDRINUSE)
			return -1;
		in_use = EADDRINUSE;
	}
	for (uint32_t i = 0; !in_use && i < l->n; i++) {
		if (open_address(l, i, have) == 0)
			continue;
		if (errno != EADDRINUSE)
			return -1;
		in_use = EADDRINUSE;
	}
	errno = in_use;
	return in_use ? -1 : 0;
}

static int open_with_patience(struct listeners *l, uint32_t *have, bool alone)
{
	int tries = BIND_TRIES;

	while (open_missing(l, have, alone) != 0) {
		if (errno != EADDRINUSE)
			return -1;
		if (--tries == 0) {
			log_put(LEVEL_EMERG, "still could not bind()");
			return -1;
		}
		log_put(LEVEL_NOTICE, "try again to bind() after %dms", BIND_PAUSE_MS);
		nanosleep(&(struct timespec){.tv_nsec = BIND_PAUSE_MS * 1000000L}, NULL);
	}
	return 0;
}

int listeners_open(struct listeners *l, const struct worker_conf *conf, const struct listeners *old)
{
	uint32_t *have = calloc(conf->n_listens + 1U, sizeof(*have));
	int rc = -1;

	*l = (struct listeners){
		.confs = conf->listens, .n = conf->n_listens, .threads = conf->threads};
	if (!have ||
	    take_memory(l, conf->n_listens * conf->threads + (old ? old->n_sockets : 0)) != 0)
		goto out;
	for (uint32_t i = 0; i < l->n; i++)
		have[i] = take_over(l, i, old);
	rc = open_with_patience(l, have, !old);
	if (rc == 0)
		rc = share_out(l);
out:
	free(have);
	if (rc != 0)
		listeners_shut(l, old);
	return rc;
}

/* ---- inheriting ---- */

static int int_option(int fd, int level, int name)
{
	socklen_t n = sizeof(int);
	int value = -1;

	return getsockopt(fd, level, name, &value, &n) == 0 ? value : -1;
}

/* What a listen_conf would have to say to get this socket. */
static int read_socket(int fd, struct listen_conf *c)
{
	int family;

	if (int_option(fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM ||
	    int_option(fd, SOL_SOCKET, SO_ACCEPTCONN) != 1)
		return -1;
	c->address_n = sizeof(c->address);
	if (getsockname(fd, &c->address.any, &c->address_n) != 0)
		return -1;
	family = c->address.any.sa_family;
	if (family != AF_INET && family != AF_INET6 && family != AF_UNIX)
		return -1;
	if (family == AF_INET6)
		c->ipv6only = int_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 1;
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int listeners_inherit(struct listeners *l, const int *fds, uint32_t n, uint32_t *bad)
{
	*bad = 0;
	*l = (struct listeners){.threads = 0};
	l->own_confs = calloc(n + 1U, sizeof(*l->own_confs));
	l->confs = l->own_confs;
	if (!l->own_confs || take_memory(l, n) != 0)
		return -1;
	for (; *bad < n; ++*bad) {
		if (fds[*bad] <= STDERR_FILENO || has_fd(l, fds[*bad]) ||
		    read_socket(fds[*bad], &l->own_confs[*bad]) != 0)
			return -1;
		add_socket(l, l->n++, fds[*bad]);
	}
	return 0;
}

/* ---- closing ---- */

static void remove_file(const struct listen_conf *c)
{
	if (is_unix(c) && unlink(c->address.un.sun_path) != 0)
		log_put(LEVEL_NOTICE, "unlink() \"%s\" failed (%d: %s)", c->address.un.sun_path,
			errno, strerror(errno));
}

static void close_all(struct listeners *l, const struct listeners *keep, bool files)
{
	for (uint32_t i = 0; i < l->n_sockets; i++) {
		const struct listeners_socket *s = &l->sockets[i];

		if (s->fd >= 0 && has_fd(keep, s->fd))
			continue;
		if (files)
			remove_file(&l->confs[s->address]);
		if (s->fd >= 0)
			close(s->fd);
	}
	give_memory(l);
}

void listeners_shut(struct listeners *l, const struct listeners *keep)
{
	close_all(l, keep, true);
}

void listeners_forget(struct listeners *l, const struct listeners *keep)
{
	close_all(l, keep, false);
}

void listeners_mute(struct listeners *l)
{
	for (uint32_t i = 0; i < l->n_sockets; i++) {
		close(l->sockets[i].fd);
		l->sockets[i].fd = -1;
	}
}

const struct thread_listen *listeners_of_thread(const struct listeners *l, uint32_t thread,
						uint32_t *n)
{
	*n = l->first[thread + 1] - l->first[thread];
	return &l->shares[l->first[thread]];
}

uint32_t listeners_count(const struct listeners *l)
{
	return l->n_sockets;
}
