/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * player: see player.h. Sockets are read as soon as anything arrives, steps look at what was
 * read. A step that waits longer than STEP_US fails the run.
 */
#include "tests/twin/player.h"

#include "tests/twin/card.h"
#include "tests/twin/logs.h"
#include "tests/twin/sealed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STEP_US = 5000000, END_US = 3000000, BYTE_US = 10000, STOP_US = 3000 };

/* What became of the present step. */
enum outcome { OUTCOME_WAIT, OUTCOME_NEXT, OUTCOME_FAILED };

static enum outcome player_fail(struct player *p, const char *what)
{
	const struct script *s = p->run.script;
	int line = p->step < s->n ? s->steps[p->step].line : 0;

	p->failed = true;
	fprintf(stderr, "%s.txt:%d: with %s%s: %s\n", s->name, line, p->run.proxy_name,
		p->run.bytewise ? ", byte by byte" : "", what);
	return OUTCOME_FAILED;
}

static void player_say(const char *what, struct str s)
{
	fprintf(stderr, "    %s \"", what);
	script_print(s);
	fprintf(stderr, "\"\n");
}

static struct str player_unread(const struct player_wire *w)
{
	return str_of(w->rx + w->used, w->n - w->used);
}

static void player_hang_up(struct player_wire *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	sealed_free(w->tls);
	w->tls = NULL;
	w->sealed = false;
}

static ssize_t player_recv(struct player_wire *w, uint8_t *bytes, size_t room)
{
	return w->sealed ? sealed_recv(w->tls, w->fd, bytes, room)
			 : recv(w->fd, bytes, room, MSG_DONTWAIT);
}

static ssize_t player_put(struct player_wire *w, struct str bytes)
{
	return w->sealed ? sealed_send(w->tls, w->fd, bytes)
			 : send(w->fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* No more comes from our end. */
static void player_shut(struct player_wire *w)
{
	if (w->sealed)
		sealed_bye(w->tls, w->fd);
	shutdown(w->fd, SHUT_WR);
}

static void player_connect(struct player *p)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)p->run.listen_port),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof(to);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		player_fail(p, "cannot connect to the proxy");
		if (fd >= 0)
			close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &(int){1}, sizeof(int));
	p->wires[SCRIPT_CLIENT].fd = fd;
	if (!getsockname(fd, (struct sockaddr *)&to, &n))
		p->run.vars.client_port = ntohs(to.sin_port);
}

/* Stop the proxy, or let it go on. Stopping takes its time, and nobody says when it is done. */
static enum outcome player_signal(const struct player *p, int number)
{
	kill(-p->run.group, number);
	if (number == SIGSTOP)
		usleep(STOP_US);
	return OUTCOME_NEXT;
}

/* Connections left over from an earlier run of this transcript. */
static void player_drain_listener(int listen_fd)
{
	int fd;

	while ((fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		close(fd);
}

void player_init(struct player *p, const struct player_run *run)
{
	*p = (struct player){.run = *run};
	for (int i = 0; i < SCRIPT_WIRES; i++)
		p->wires[i] = (struct player_wire){.listen_fd = -1, .fd = -1};
	p->wires[SCRIPT_AUTH].listen_fd = run->auth_fd;
	p->wires[SCRIPT_BACK].listen_fd = run->back_fd;
	player_drain_listener(run->auth_fd);
	player_drain_listener(run->back_fd);
	p->log_from = logs_size(run->log_path);
	if (run->script->n && run->script->steps[0].kind == SCRIPT_STOP)
		player_signal(p, SIGSTOP); /* before there is a connection */
	player_connect(p);
}

static void player_accept(struct player_wire *w)
{
	int fd;

	if (w->listen_fd < 0)
		return;
	fd = accept4(w->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	player_hang_up(w);
	w->fd = fd;
	w->eof = false;
}

static void player_read(struct player_wire *w)
{
	/* In a handshake what comes is no text. */
	while (w->fd >= 0 && !w->eof && (w->sealed || !w->tls)) {
		ssize_t got;

		if (w->size - w->n < 65536) {
			w->size = w->size * 2 + 131072;
			w->rx = realloc(w->rx, w->size);
			if (!w->rx)
				abort();
		}
		got = player_recv(w, w->rx + w->n, w->size - w->n);
		if (got > 0)
			w->n += (size_t)got;
		else if (got == 0 || (errno != EAGAIN && errno != EINTR))
			w->eof = true;
		else
			return;
	}
}

static void player_pump(struct player *p)
{
	for (int i = 0; i < SCRIPT_WIRES; i++) {
		player_read(&p->wires[i]);
		player_accept(&p->wires[i]);
		player_read(&p->wires[i]);
	}
}

/* Bytes of all wires so far, to see whether a quiet time was quiet. */
static size_t player_total(const struct player *p)
{
	size_t n = 0;

	for (int i = 0; i < SCRIPT_WIRES; i++)
		n += p->wires[i].n;
	return n;
}

static enum outcome player_send(struct player *p, struct player_wire *w)
{
	bool slowly = p->run.bytewise && w == &p->wires[SCRIPT_CLIENT];

	if (w->fd < 0)
		return OUTCOME_WAIT;
	while (p->sent < p->text.n) {
		size_t n = slowly ? 1 : p->text.n - p->sent;
		ssize_t put = player_put(w, str_of(p->text.p + p->sent, n));

		if (put < 0 && (errno == EAGAIN || errno == EINTR))
			return OUTCOME_WAIT;
		if (put < 0) /* the proxy has closed: expectations will tell whether it should */
			return OUTCOME_NEXT;
		p->sent += (size_t)put;
		p->deadline_us += slowly ? BYTE_US : 0;
		if (slowly && p->sent < p->text.n)
			return OUTCOME_WAIT;
	}
	return OUTCOME_NEXT;
}

/* A greeting or challenge with the salt in it cannot be expanded before it was seen. */
static enum outcome player_learn(struct player *p, struct player_wire *w)
{
	struct script_step *step = &p->run.script->steps[p->step];
	struct str have = player_unread(w);
	size_t n = str_find(have, '\r');

	if (w != &p->wires[SCRIPT_CLIENT] || !script_wants_salt(step->text, &p->run.vars))
		return OUTCOME_NEXT;
	if (n == have.n)
		return OUTCOME_WAIT;
	if (script_learn_salt(step->text, str_first(have, n), &p->run.vars))
		return player_fail(p, "not a salt");
	free((void *)(uintptr_t)p->text.p);
	p->text = script_expand(step->text, &p->run.vars);
	return OUTCOME_NEXT;
}

static enum outcome player_expect(struct player *p, struct player_wire *w)
{
	enum outcome learned = player_learn(p, w);
	struct str have = player_unread(w);

	if (learned != OUTCOME_NEXT)
		return learned;
	if (!str_eq(str_first(have, p->text.n), str_first(p->text, have.n))) {
		player_fail(p, "something else came");
	} else if (have.n >= p->text.n) {
		w->used += p->text.n;
		return OUTCOME_NEXT;
	} else if (w->eof && w->listen_fd < 0) { /* the others may yet be connected to again */
		player_fail(p, "the proxy closed");
	} else {
		return OUTCOME_WAIT;
	}
	player_say("expected", p->text);
	player_say("received", have);
	return OUTCOME_FAILED;
}

static enum outcome player_expect_close(struct player *p, struct player_wire *w)
{
	if (w->used < w->n) {
		player_fail(p, "bytes came before the close");
		player_say("received", player_unread(w));
		return OUTCOME_FAILED;
	}
	return w->eof ? OUTCOME_NEXT
		      : OUTCOME_WAIT; /* our end stays open: it may be a half-close */
}

static enum outcome player_close(struct player_wire *w, enum script_kind kind)
{
	struct linger at_once = {1, 0};

	if (w->fd < 0)
		return OUTCOME_WAIT;
	if (kind == SCRIPT_SHUT) {
		player_shut(w);
		return OUTCOME_NEXT;
	}
	if (kind == SCRIPT_CLOSE && w->sealed)
		sealed_bye(w->tls, w->fd);
	if (kind == SCRIPT_RESET)
		setsockopt(w->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	player_hang_up(w);
	return OUTCOME_NEXT;
}

static enum outcome player_handshake(struct player *p, struct player_wire *w)
{
	const struct script_step *step = &p->run.script->steps[p->step];
	const char *who = step->text.n ? (const char *)step->text.p : NULL;

	if (!w->tls && w->used < w->n) {
		player_fail(p, "bytes came before the handshake");
		player_say("received", player_unread(w));
		return OUTCOME_FAILED;
	}
	if (!w->tls && who && card_learn(&p->run.vars, who))
		return player_fail(p, "no certificate to show");
	if (!w->tls)
		w->tls = sealed_new(p->run.vars.certs, who);
	switch (sealed_shake(w->tls, w->fd)) {
	case 0:
		return OUTCOME_WAIT;
	case 1:
		w->sealed = true;
		return OUTCOME_NEXT;
	}
	player_fail(p, "no handshake");
	player_say("because of", sealed_why(w->tls));
	return OUTCOME_FAILED;
}

static enum outcome player_quiet(struct player *p, uint64_t now_us)
{
	if (player_total(p) == p->quiet_seen)
		return now_us >= p->deadline_us ? OUTCOME_NEXT : OUTCOME_WAIT;
	player_fail(p, "not quiet");
	for (int i = 0; i < SCRIPT_WIRES; i++)
		player_say("unread", player_unread(&p->wires[i]));
	return OUTCOME_FAILED;
}

static enum outcome player_quit(struct player *p)
{
	p->wants_quit = !p->quit_told;
	return p->quit_told ? OUTCOME_NEXT : OUTCOME_WAIT;
}

static enum outcome player_step(struct player *p, uint64_t now_us)
{
	struct script_step *step = &p->run.script->steps[p->step];
	struct player_wire *w = &p->wires[step->wire];

	switch (step->kind) {
	case SCRIPT_SEND:
		return player_send(p, w);
	case SCRIPT_EXPECT:
		return player_expect(p, w);
	case SCRIPT_CLOSE:
	case SCRIPT_SHUT:
	case SCRIPT_RESET:
		return player_close(w, step->kind);
	case SCRIPT_EXPECT_END:
		w->used = w->n;
		return player_expect_close(p, w);
	case SCRIPT_EXPECT_CLOSE:
		return player_expect_close(p, w);
	case SCRIPT_QUIET:
		return player_quiet(p, now_us);
	case SCRIPT_LOG: /* looked at when the run is over */
		return OUTCOME_NEXT;
	case SCRIPT_TLS:
		return player_handshake(p, w);
	case SCRIPT_STOP:
		return player_signal(p, SIGSTOP);
	case SCRIPT_GO:
		return player_signal(p, SIGCONT);
	case SCRIPT_QUIT:
		return player_quit(p);
	}
	abort();
}

static void player_enter(struct player *p, uint64_t now_us)
{
	struct script_step *step = &p->run.script->steps[p->step];

	free((void *)(uintptr_t)p->text.p);
	p->text = script_expand(step->text, &p->run.vars);
	p->sent = 0;
	p->deadline_us = now_us + (step->kind == SCRIPT_QUIET ? step->ms * 1000ul : STEP_US);
	p->quiet_seen = player_total(p);
	p->entered = true;
}

static void player_begin_end(struct player *p, uint64_t now_us)
{
	p->ending = true;
	p->deadline_us = now_us + END_US;
	player_hang_up(&p->wires[SCRIPT_AUTH]);
	if (p->wires[SCRIPT_CLIENT].fd >= 0)
		player_shut(&p->wires[SCRIPT_CLIENT]);
}

/* The script is over: the proxy has to let go of everything, silently, and its log has to be right.
 */
static bool player_end(struct player *p, uint64_t now_us)
{
	struct player_wire *client = &p->wires[SCRIPT_CLIENT], *back = &p->wires[SCRIPT_BACK];

	if (back->eof)
		player_hang_up(back);
	if (client->eof)
		player_hang_up(client);
	for (int i = 0; i < SCRIPT_WIRES; i++) {
		if (p->wires[i].used < p->wires[i].n) {
			player_fail(p, "unexpected bytes at the end");
			player_say("received", player_unread(&p->wires[i]));
			return true;
		}
	}
	if (client->fd < 0 && back->fd < 0 && logs_check(p, now_us >= p->deadline_us))
		return true;
	if (p->failed || now_us < p->deadline_us)
		return p->failed;
	player_fail(p, "the proxy keeps a connection open");
	return true;
}

bool player_turn(struct player *p, uint64_t now_us)
{
	player_pump(p);
	while (!p->failed && !p->ending) {
		if (p->step == p->run.script->n) {
			player_begin_end(p, now_us);
			break;
		}
		if (!p->entered)
			player_enter(p, now_us);
		if (player_step(p, now_us) != OUTCOME_NEXT)
			break;
		p->step++;
		p->entered = false;
	}
	if (!p->failed && p->ending)
		return player_end(p, now_us) || p->failed;
	if (!p->failed && now_us >= p->deadline_us + 1000) {
		struct script_step *step = &p->run.script->steps[p->step];

		player_fail(p, "nothing happens");
		player_say("waiting for", p->text);
		player_say("received", player_unread(&p->wires[step->wire]));
	}
	return p->failed;
}

bool player_hurries(const struct player *p)
{
	return p->run.bytewise && p->entered && p->sent < p->text.n && !p->ending &&
	       p->run.script->steps[p->step].kind == SCRIPT_SEND;
}

size_t player_fds(const struct player *p, struct pollfd *fds)
{
	size_t n = 0;

	for (int i = 0; i < SCRIPT_WIRES; i++) {
		const struct player_wire *w = &p->wires[i];
		bool sends = p->entered && !p->ending && p->sent < p->text.n &&
			     p->run.script->steps[p->step].kind == SCRIPT_SEND &&
			     (int)p->run.script->steps[p->step].wire == i;

		if (w->listen_fd >= 0)
			fds[n++] = (struct pollfd){w->listen_fd, POLLIN, 0};
		if (w->fd >= 0 && (!w->eof || sends))
			fds[n++] = (struct pollfd){
				w->fd, (short)((w->eof ? 0 : POLLIN) | (sends ? POLLOUT : 0)), 0};
	}
	return n;
}

void player_done(struct player *p)
{
	if (p->failed) /* perhaps between stop and go */
		player_signal(p, SIGCONT);
	for (int i = 0; i < SCRIPT_WIRES; i++) {
		player_hang_up(&p->wires[i]);
		free(p->wires[i].rx);
	}
	free((void *)(uintptr_t)p->text.p);
}
