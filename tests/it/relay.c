/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The relay after login: a side that does not read holds the other back and costs no memory,
 * silence ends, the backend's end is the end.
 */
#include "tests/it/lib/fake.h"
#include "tests/it/lib/place.h"
#include "tests/it/lib/talk.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(it_relay, .timeout = 60, .fini = place_fini);

#define USERS "{\"users\": {\"alice\": {\"password\": \"secret\"}}}"
#define TAIL                                                                                       \
	", client: 127\\.0\\.0\\.1, server: 127\\.0\\.0\\.1:[0-9]+, login: \"alice\", upstream: "  \
	"127\\.0\\.0\\.1:[0-9]+"

enum { MB = 1024 * 1024 };

/* What two socket buffers on each side and the relay's own may hold. */
#define HELD_MAX (64 * MB)

static struct place *place_before(const struct fake *backend, const char *mail)
{
	struct place *p = place_new();

	snprintf(p->sink_at, sizeof(p->sink_at), "%s", backend->at);
	place_authd(p, USERS, NULL);
	place_proxy(p, &(struct place_conf){.mail = mail});
	return p;
}

static long resident_bytes(struct place *p)
{
	char path[64];
	long all, resident = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)place_worker(p));
	f = fopen(path, "re");
	cr_assert(f && fscanf(f, "%ld %ld", &all, &resident) == 2);
	fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}

/* Takes a login, then does what `then` says. */
static void log_in(int fd)
{
	fake_write(fd, "220 sink\r\n");
	fake_read_until(fd, "\r\n");
	fake_write(fd, "250-sink\r\n250 XCLIENT\r\n");
	fake_read_until(fd, "\r\n");
	fake_write(fd, "220 sink\r\n");
	fake_read_until(fd, "\r\n");
	fake_write(fd, "250 sink\r\n");
}

static void floods(struct fake *f, int fd)
{
	static const char chunk[65536];

	(void)f;
	log_in(fd);
	fake_read_until(fd, "\r\n");
	while (send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL) > 0)
		;
}

static void never_reads(struct fake *f, int fd)
{
	log_in(fd);
	while (f->ms == 0)
		fake_sleep(10);
}

/* Writes until nothing moves for half a second; the bytes that went. */
static size_t push_until_stuck(struct talk *t)
{
	static const char chunk[65536];
	size_t all = 0;

	for (;;) {
		struct pollfd wait = {.fd = t->fd, .events = POLLOUT};
		ssize_t n;

		if (poll(&wait, 1, 500) != 1)
			return all;
		n = send(t->fd, chunk, sizeof(chunk), MSG_NOSIGNAL);
		cr_assert(n > 0, "the connection broke after %zu bytes", all);
		all += (size_t)n;
		cr_assert_lt(all, 1024u * MB, "the proxy takes everything and keeps it");
	}
}

Test(it_relay, a_backend_that_does_not_read_holds_the_client_back)
{
	struct fake *f = fake_start(never_reads, NULL);
	struct place *p = place_before(f, NULL);
	struct talk t;
	long before;

	talk_login(&t, p->login);
	before = resident_bytes(p);
	cr_assert_lt(push_until_stuck(&t), HELD_MAX);
	cr_assert_lt(resident_bytes(p) - before, 16 * MB);
	f->ms = 1;
	talk_close(&t);
	place_end(p, false);
}

Test(it_relay, a_client_that_does_not_read_holds_the_backend_back)
{
	enum { CLIENTS = 20 };
	struct place *p = place_before(fake_start(floods, NULL), NULL);
	struct talk t[CLIENTS];
	long before = resident_bytes(p);
	int fds = place_worker_fds(p);

	for (int i = 0; i < CLIENTS; i++) {
		talk_login(&t[i], p->login);
		talk_send(&t[i], "NOOP\r\n");
	}
	for (int i = 0; i < 100; i++)
		place_pause();
	cr_assert_lt(resident_bytes(p) - before, 32 * MB);
	for (int i = 0; i < CLIENTS; i++)
		talk_reset(&t[i]);
	/* kept: the connections to the auth service, the pipes of bulk messages */
	place_expect_fds(p, fds + 8 + 2 * CLIENTS);
	place_end(p, false);
}

Test(it_relay, silence_ends_after_proxy_timeout)
{
	struct fake *f = fake_start(never_reads, NULL);
	struct place *p = place_before(f, "proxy_timeout 400ms;");
	struct talk t;

	talk_login(&t, p->login);
	talk_expect_end(&t);
	place_await_log(p, "client timed out \\(110: Connection timed out\\) while proxying" TAIL);
	f->ms = 1;
	place_end(p, false);
}

Test(it_relay, traffic_keeps_a_session_alive)
{
	struct place *p = place_usual("proxy_timeout 600ms;");
	struct talk t;

	talk_login(&t, p->login);
	for (int i = 0; i < 6; i++) {
		talk_expect_silence(&t, 250);
		talk_say(&t, "NOOP", "250");
	}
	talk_say(&t, "QUIT", "221");
	talk_expect_end(&t);
	place_end(p, false);
}

Test(it_relay, the_backends_end_is_the_end_also_for_a_client_that_stays)
{
	enum { CLIENTS = 50 };
	struct place *p = place_usual(place_ours("auth_http_keepalive 0;"));
	struct talk t[CLIENTS];
	int fds;

	talk_login(&t[0], p->login);
	talk_close(&t[0]);
	fds = place_worker_fds(p);
	for (int i = 0; i < CLIENTS; i++) {
		talk_login(&t[i], p->login);
		talk_say(&t[i], "QUIT", "221");
		talk_expect_end(&t[i]);
	}
	/* the clients keep their sockets; the proxy has let go of all of them */
	place_expect_fds(p, fds);
	for (int i = 0; i < CLIENTS; i++)
		talk_close(&t[i]);
	place_end(p, false);
}
