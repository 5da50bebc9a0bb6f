/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * secure: clients over TLS, each a channel, a socket and a place in the script. What a socket does
 * not take waits in the client's own `out`; a message is encrypted as the socket takes it.
 */
#include "bench/lib/secure.h"

#include "tls/channel.h"
#include "tls/library.h"

#include "bench/lib/clock.h"
#include "bench/lib/loopback.h"
#include "bench/lib/stop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUIET_NS (20ull * 1000000000u) /* nothing at all for so long: given up */

enum { EVENTS_MAX = 64, IN_SIZE = 32768, OUT_SIZE = 128 * 1024 };

struct step {
	char expect;
	const char *say; /* NULL: the message */
};

static const struct step only_quit[] = {{'2', "QUIT\r\n"}, {'2', ""}};
static const struct step only_ehlo[] = {{'2', "EHLO bench.test\r\n"}, {'2', ""}};
static const struct step message[] = {{'2', "EHLO bench.test\r\n"},
				      {'2', "MAIL FROM:<from@bench.test>\r\n"},
				      {'2', "RCPT TO:<to@bench.test>\r\n"},
				      {'2', "DATA\r\n"},
				      {'3', NULL},
				      {'2', "QUIT\r\n"},
				      {'2', ""}};

/* Rows of a script whose last one says nothing. */
struct script {
	const struct step *steps;
	int last;
};

struct client {
	int fd, step;
	struct channel channel;
	struct str left; /* plain bytes to be said */
	uint8_t *out;    /* cipher bytes to be sent */
	size_t from, to;
	size_t n;
	uint8_t reply[1024];
};

struct secure_crowd {
	const struct secure *load;
	struct secure_result *result;
	struct script script;
	struct connector *connector;
	struct connector_sessions *kept;
	struct client *clients;
	int *spare, n_spare;
	int n_clients, started, ended, epoll;
	uint8_t *in, *body;
	size_t body_n;
};

static void fail(struct secure_crowd *c, const char *why)
{
	if (!c->result->why[0])
		snprintf(c->result->why, sizeof(c->result->why), "%.119s", why);
}

static void end_session(struct secure_crowd *c, struct client *cl, const char *why)
{
	if (why)
		fail(c, why);
	else
		c->result->good++;
	c->ended++;
	if (!why && c->load->hold)
		return;
	c->result->resumed += cl->channel.resumed;
	channel_close(&cl->channel);
	close(cl->fd);
	cl->fd = -1;
	c->spare[c->n_spare++] = (int)(cl - c->clients);
}

static void watch(struct secure_crowd *c, struct client *cl, int how)
{
	bool more = cl->to > cl->from || cl->left.n;
	struct epoll_event e = {.events = EPOLLIN | (more ? EPOLLOUT : 0), .data.ptr = cl};

	epoll_ctl(c->epoll, how, cl->fd, &e);
}

/* Encrypts and sends as much as the socket takes; false when it is gone. */
static bool send_on(struct client *cl)
{
	for (;;) {
		struct out out;
		ssize_t n;
		size_t took;

		if (cl->from == cl->to)
			cl->from = cl->to = 0;
		if (cl->left.n && cl->to == 0) {
			out_init(&out, cl->out, OUT_SIZE);
			took = channel_write(&cl->channel, cl->left, &out);
			cl->left = str_from(cl->left, took);
			cl->to = out.n;
		}
		if (cl->from == cl->to)
			return cl->left.n == 0;
		n = send(cl->fd, cl->out + cl->from, cl->to - cl->from, MSG_NOSIGNAL);
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		cl->from += (size_t)n;
	}
}

/* Is there a whole reply, its last line without a hyphen? */
static bool reply_whole(const struct client *cl)
{
	const uint8_t *line = cl->reply, *end;

	while ((end = memchr(line, '\n', cl->n - (size_t)(line - cl->reply)))) {
		if (end - line < 4 || line[3] != '-')
			return true;
		line = end + 1;
	}
	return false;
}

/* False: the session has ended. */
static bool on_reply(struct secure_crowd *c, struct client *cl)
{
	const struct step *step = &c->script.steps[cl->step];

	if (cl->reply[0] != step->expect) {
		end_session(c, cl, "another reply than was expected");
		return false;
	}
	if (cl->step == c->script.last) {
		struct out out;

		out_init(&out, cl->out, OUT_SIZE);
		if (!c->load->hold) {
			channel_bye(&cl->channel, &out);
			if (send(cl->fd, out.base, out.n, MSG_NOSIGNAL) < 0)
				fail(c, "the farewell cannot be sent");
		}
		end_session(c, cl, NULL);
		return false;
	}
	cl->left = step->say ? str_cstr(step->say) : str_of(c->body, c->body_n);
	cl->step++;
	cl->n = 0;
	return true;
}

/* Takes cipher bytes; false: the session has ended. */
static bool take(struct secure_crowd *c, struct client *cl, struct buf *in)
{
	for (;;) {
		bool up = channel_is_up(&cl->channel);
		struct channel_plain plain = {cl->reply + cl->n, sizeof(cl->reply) - cl->n, 0};
		struct out out;
		enum channel_ev ev;

		out_init(&out, cl->out + cl->to, OUT_SIZE - cl->to);
		ev = up ? channel_read(&cl->channel, in, &out, &plain)
			: channel_handshake(&cl->channel, in, &out);
		cl->to += out.n;
		cl->n += plain.n;
		if (ev == CHANNEL_FAILED || ev == CHANNEL_CLOSED || ev == CHANNEL_FULL) {
			end_session(c, cl, up ? "TLS ended early" : "no TLS handshake");
			return false;
		}
		if (cl->n && reply_whole(cl) && !on_reply(c, cl))
			return false;
		if (cl->n == sizeof(cl->reply)) {
			end_session(c, cl, "reply without end");
			return false;
		}
		if (ev == CHANNEL_MORE)
			return true;
	}
}

static void on_event(struct secure_crowd *c, struct client *cl, uint32_t events)
{
	if (cl->fd < 0)
		return;
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		ssize_t n = recv(cl->fd, c->in, IN_SIZE, 0);
		struct buf in = buf_view(str_of(c->in, n > 0 ? (size_t)n : 0));

		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			end_session(c, cl, "connection closed early");
			return;
		}
		if (n > 0 && !take(c, cl, &in))
			return;
	}
	if (!send_on(cl)) {
		end_session(c, cl, "send failed");
		return;
	}
	watch(c, cl, EPOLL_CTL_MOD);
}

static void start_session(struct secure_crowd *c)
{
	struct client *cl = &c->clients[c->spare[--c->n_spare]];
	struct buf none = buf_view(str_of(c->in, 0));

	cl->step = 0;
	cl->n = cl->from = cl->to = 0;
	cl->left = str_of(c->in, 0);
	cl->fd = loopback_connect_start(c->load->port);
	c->started++;
	if (cl->fd < 0 || channel_connect(&cl->channel, c->connector, c->kept, 1)) {
		end_session(c, cl, "connect failed");
		return;
	}
	if (!take(c, cl, &none))
		return;
	watch(c, cl, EPOLL_CTL_ADD);
}

/* The first one alone where the others are to resume its session. */
static bool may_start(const struct secure_crowd *c)
{
	bool alone = c->load->resume && c->ended == 0 && c->started > 0;

	return c->started < c->load->sessions && c->n_spare > 0 && !alone &&
	       c->started - c->ended < c->load->parallel;
}

static void turn(struct secure_crowd *c)
{
	struct epoll_event events[EVENTS_MAX];
	uint64_t last_ns = clock_now_ns();

	while (c->ended < c->load->sessions && !stop_asked()) {
		int n;

		while (may_start(c))
			start_session(c);
		n = epoll_wait(c->epoll, events, EVENTS_MAX, 1000);
		for (int i = 0; i < n; i++)
			on_event(c, events[i].data.ptr, events[i].events);
		if (n > 0)
			last_ns = clock_now_ns();
		if (clock_now_ns() - last_ns > QUIET_NS) {
			fail(c, "nothing for 20 s");
			return;
		}
	}
}

static bool open_tls(struct secure_crowd *c)
{
	struct tls_connector_conf conf = {.suites = {.versions = TLS_1_3,
						     .ciphersuites = STR("TLS_AES_128_GCM_SHA256"),
						     .curves = STR("X25519")},
					  .session_reuse = c->load->resume};
	struct tls_error e = {"the TLS library does not start"};

	if (library_open())
		c->connector = connector_open(&conf, &e);
	if (!c->connector)
		fail(c, e.text);
	else if (c->load->resume)
		c->kept = connector_sessions_open(1);
	return c->connector && (c->kept || !c->load->resume);
}

static bool open_body(struct secure_crowd *c)
{
	size_t n = c->load->bytes;

	c->body = malloc(n + 8);
	if (!c->body)
		return false;
	for (size_t i = 0; i < n; i++)
		c->body[i] = (uint8_t)(i % 80 == 78 ? '\r' : i % 80 == 79 ? '\n' : 'a' + i % 26);
	memcpy(c->body + n, "\r\n.\r\n", 5);
	c->body_n = n + 5;
	return true;
}

static bool open_clients(struct secure_crowd *c)
{
	c->n_clients = c->load->hold ? c->load->sessions : c->load->parallel;
	c->clients = calloc((size_t)c->n_clients, sizeof(*c->clients));
	c->spare = calloc((size_t)c->n_clients, sizeof(*c->spare));
	c->in = malloc(IN_SIZE);
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!c->clients || !c->spare || !c->in || c->epoll < 0)
		return false;
	for (int i = c->n_clients; i-- > 0; c->spare[c->n_spare++] = i) {
		c->clients[i].fd = -1;
		c->clients[i].out = malloc(OUT_SIZE);
		if (!c->clients[i].out)
			return false;
	}
	return true;
}

static struct script script_of(const struct secure *l)
{
	if (l->hold)
		return (struct script){only_ehlo, 1};
	if (l->bytes)
		return (struct script){message, 6};
	return (struct script){only_quit, 1};
}

struct secure_crowd *secure_run(const struct secure *l, struct secure_result *r)
{
	struct secure_crowd *c = calloc(1, sizeof(*c));
	uint64_t begin_ns;

	*r = (struct secure_result){.why = ""};
	if (!c)
		return NULL;
	*c = (struct secure_crowd){.load = l, .result = r, .script = script_of(l), .epoll = -1};
	if (!open_clients(c) || !open_body(c) || !open_tls(c)) {
		fail(c, "no memory");
		secure_done(c);
		return NULL;
	}
	begin_ns = clock_now_ns();
	turn(c);
	r->wall_ns = clock_now_ns() - begin_ns;
	return c;
}

void secure_done(struct secure_crowd *c)
{
	if (!c)
		return;
	for (int i = 0; c->clients && i < c->n_clients; i++) {
		if (c->clients[i].fd >= 0) {
			channel_close(&c->clients[i].channel);
			close(c->clients[i].fd);
		}
		free(c->clients[i].out);
	}
	if (c->kept)
		connector_sessions_close(c->kept);
	if (c->connector)
		connector_close(c->connector);
	if (c->epoll >= 0)
		close(c->epoll);
	free(c->clients);
	free(c->spare);
	free(c->in);
	free(c->body);
	free(c);
}
