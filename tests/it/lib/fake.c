/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake: servers for hostile tests, a thread each; they end with the test process and so are never
 * joined. They assert nothing: what they do to the proxy is seen at its other side.
 */
#include "tests/it/lib/fake.h"

#include "tests/it/lib/place.h"
#include "tests/lib/port.h"
#include "tools/lib/net.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct served {
	struct fake *fake;
	int fd;
};

static void *serve_one(void *arg)
{
	struct served s = *(struct served *)arg;

	free(arg);
	s.fake->serve(s.fake, s.fd);
	close(s.fd);
	return NULL;
}

static void detach(void *(*run)(void *), void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 128 * 1024);
	if (pthread_create(&thread, &attr, run, arg) != 0)
		abort();
	pthread_attr_destroy(&attr);
}

static void *accept_all(void *arg)
{
	struct fake *f = arg;

	for (;;) {
		int fd = accept(f->listener, NULL, NULL);
		struct served *s = fd < 0 ? NULL : malloc(sizeof(*s));

		if (!s)
			continue;
		*s = (struct served){f, fd};
		f->connections++;
		detach(serve_one, s);
	}
	return NULL;
}

struct fake *fake_start_at(const char *at, void (*serve)(struct fake *, int fd), const char *text)
{
	struct fake *f = calloc(1, sizeof(*f));
	struct net_address a;

	cr_assert(f);
	f->serve = serve;
	f->text = text;
	f->n = text ? strlen(text) : 0;
	f->port = (uint16_t)atoi(strrchr(at, ':') + 1);
	f->listener = net_listen(at, &a);
	fcntl(f->listener, F_SETFL, 0);
	snprintf(f->at, sizeof(f->at), "%s", at);
	detach(accept_all, f);
	return f;
}

struct fake *fake_start(void (*serve)(struct fake *, int fd), const char *text)
{
	char at[32];

	snprintf(at, sizeof(at), "127.0.0.1:%u", port_free());
	return fake_start_at(at, serve, text);
}

void fake_sleep(int ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

void fake_write(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n) {
		ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		text += sent;
		n -= (size_t)sent;
	}
}

void fake_read_until(int fd, const char *end)
{
	char seen[65536];
	size_t n = 0;

	while (n < sizeof(seen)) {
		ssize_t got = recv(fd, seen + n, sizeof(seen) - n, 0);

		if (got <= 0)
			return;
		n += (size_t)got;
		if (memmem(seen, n, end, strlen(end)))
			return;
	}
}

static void read_to_end(int fd)
{
	char bytes[4096];

	while (recv(fd, bytes, sizeof(bytes), 0) > 0)
		;
}

void fake_silent(struct fake *f, int fd)
{
	(void)f;
	read_to_end(fd);
}

void fake_close_at_once(struct fake *f, int fd)
{
	(void)f;
	(void)fd;
}

void fake_http(struct fake *f, int fd)
{
	fake_read_until(fd, "\r\n\r\n");
	fake_write(fd, f->text);
}

void fake_http_slow(struct fake *f, int fd)
{
	fake_read_until(fd, "\r\n\r\n");
	for (size_t i = 0; i < f->n; i++) {
		if (send(fd, f->text + i, 1, MSG_NOSIGNAL) != 1)
			return;
		fake_sleep(f->ms);
	}
}

void fake_talker(struct fake *f, int fd)
{
	fake_write(fd, f->text);
	read_to_end(fd);
}
