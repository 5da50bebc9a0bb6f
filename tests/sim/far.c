/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * far: the far ends of connections in the simulated kernel, in calm weather and without latency.
 */
#include "tests/lib/far.h"

#include "io/net.h"
#include "tests/sim/selftest.h"
#include "tests/sim/state.h"

#include <string.h>

enum { FARS = 512, LISTENER = 0, ANSWERS_PORT = 25, BACKLOG = 16 };

struct far {
	struct end *end;
};

static struct far fars[FARS];
static unsigned n_fars;
static int listener;
static struct end *answered;

static const struct end_events deaf = {NULL, NULL};
static const struct addr here = {.family = ADDR_IP4, .ip = {127, 0, 0, 1}, .port = 2525};

static enum dial_answer answer(const struct addr *to, struct end *e)
{
	if (to->port != ANSWERS_PORT)
		return DIAL_REFUSED;
	answered = e;
	end_listen(e, &deaf, NULL);
	return DIAL_ACCEPTED;
}

void far_begin(void)
{
	kernel_open(1, &(struct weather){0});
	kernel_on_dial(answer);
	n_fars = 0;
	listener = kernel_listener(LISTENER, &here, BACKLOG);
}

void far_finish(void)
{
	kernel_close();
}

static struct far *far_of(struct end *e)
{
	fars[n_fars].end = e;
	return &fars[n_fars++];
}

struct far *far_connect(void)
{
	return far_of(kernel_connect(LISTENER, &here, &deaf, NULL));
}

struct far *far_pair(int *fd)
{
	struct far *f = far_connect();

	far_settle();
	*fd = net_accept(listener);
	return f;
}

struct end *far_end(const struct far *f)
{
	return f->end;
}

int far_listener(void)
{
	return listener;
}

void far_address(union socket_address *to, bool refused)
{
	memset(to, 0, sizeof(*to));
	to->ip4.sin_family = AF_INET;
	to->ip4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to->ip4.sin_port = htons(refused ? ANSWERS_PORT + 1 : ANSWERS_PORT);
}

struct far *far_answered(void)
{
	return far_of(answered);
}

size_t far_write(struct far *f, struct str bytes)
{
	long n = end_write(f->end, bytes);

	return n > 0 ? (size_t)n : 0;
}

long far_read(struct far *f, uint8_t *to, size_t max)
{
	return end_read(f->end, to, max);
}

void far_shut(struct far *f)
{
	end_shut(f->end);
}

void far_close(struct far *f)
{
	end_close(f->end);
}

void far_reset(struct far *f)
{
	end_reset(f->end);
}

void far_settle(void)
{
	while (alarm_ring())
		;
}
