/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net_sim: io/net.h over the simulated kernel: dialling, splicing, clocks. Nothing here waits;
 * what would have to is a violation.
 */
#include "io/net.h"

#include "io/sockaddr.h"
#include "tests/sim/state.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
	PAGE = 4096,
	FRAGMENT_MAX = 32 * 1024, /* bytes that one slot of a pipe can hold */
	USUAL_PIPE = 64 * 1024,
	SYN_RETRIES_MS = 130 * 1000, /* after which a dial that nobody answers fails */
	FIRST_PORT = 32768,
};

#define CLOCK_START_MS 1000000U
#define WALL_START_S   1750000000U

struct dialling {
	struct addr to, from; /* the latter ADDR_NONE: the system's choice */
};

static dial_fn *answer;
static uint16_t next_port;

/* ---- dialling ---- */

void kernel_on_dial(dial_fn *fn)
{
	answer = fn;
	next_port = FIRST_PORT;
}

static void establish(void *arg)
{
	stream_establish(arg);
}

static void refuse(void *arg)
{
	stream_refuse(arg, ECONNREFUSED);
}

static void give_up(void *arg)
{
	stream_refuse(arg, ETIMEDOUT);
}

static void start_dial(struct end *e, enum dial_answer a)
{
	uint64_t in_us = sky_latency_us();

	switch (a) {
	case DIAL_ACCEPTED:
		stream_hold(e, kernel_now_us() + in_us);
		kernel_after(in_us, establish, e);
		break;
	case DIAL_REFUSED:
		kernel_after(in_us, refuse, e);
		break;
	case DIAL_SILENT:
		kernel_after((uint64_t)SYN_RETRIES_MS * 1000, give_up, e);
		break;
	}
}

/* What the system chooses. */
static struct addr loopback(uint8_t family)
{
	struct addr a = {.family = family};

	if (family == ADDR_IP4)
		memcpy(a.ip, "\x7f\0\0\1", 4);
	else if (family == ADDR_IP6)
		a.ip[15] = 1;
	return a;
}

static void set_near_end(struct end *e, const struct dialling *d)
{
	e->far->here = d->to;
	e->here = d->from.family ? d->from : loopback(d->to.family);
	e->here.port = next_port++;
	if (next_port < FIRST_PORT)
		next_port = FIRST_PORT;
}

static bool lacks(const struct addr *a)
{
	return sky.lacks_address && a->family == ADDR_IP4 && a->ip[3] == sky.lacks_address;
}

static int dial(const struct dialling *d)
{
	static const int errors[] = {EMFILE, ECONNREFUSED, ENETUNREACH, EADDRNOTAVAIL};
	bool refused = chance_of(sky.refuse_dial);
	struct file *f;
	struct end *e;

	if (fault_strikes(FAULT_DIAL))
		return -errors[kernel_fault_count(FAULT_DIAL) % 4];
	if (lacks(&d->from))
		return -EADDRNOTAVAIL;
	if (refused && chance_of(5000))
		return -ECONNREFUSED;
	e = stream_new();
	f = file_new_socket(e);
	if (!f)
		return -EMFILE;
	e->connecting = true;
	set_near_end(e, d);
	if (refused || !answer)
		start_dial(e, DIAL_REFUSED);
	else
		start_dial(e, answer(&d->to, e->far));
	kernel_progress();
	return f->fd;
}

int net_dial(const union socket_address *to, const union socket_address *from)
{
	struct dialling d = {.from = {.family = ADDR_NONE}};
	int fd;

	sockaddr_to_addr(&d.to, to);
	if (from)
		sockaddr_to_addr(&d.from, from);
	if (from && (d.from.family != d.to.family || d.from.port))
		kernel_violation("source", "family %u, port %u for a server of family %u",
				 d.from.family, d.from.port, d.to.family);
	fd = d.to.family == ADDR_NONE ? -EAFNOSUPPORT : dial(&d);
	record_line(0, "dial: %d", fd);
	record_mix((uint64_t)(int64_t)fd);
	return fd;
}

/* ---- sockets ---- */

int net_accept(int listener)
{
	struct file *l = file_of(listener, "accept"), *f;

	if (!l || !l->listener->n)
		return -1;
	f = file_new(FILE_SOCKET);
	if (!f)
		return -1;
	f->end = file_accept(l);
	f->end->file = f;
	return f->fd;
}

void net_peer(int fd, struct addr *a)
{
	struct file *f = file_of(fd, "getpeername");

	memset(a, 0, sizeof(*a));
	/* A connection that is no more has no peer. */
	if (f && !f->end->connecting && !f->end->dead)
		*a = f->end->far->here;
}

void net_local(int fd, struct addr *a)
{
	struct file *f = file_of(fd, "getsockname");

	memset(a, 0, sizeof(*a));
	if (f)
		*a = f->end->here;
}

void net_set_blocking(int fd, bool blocking)
{
	struct file *f = file_of(fd, "ioctl");

	if (f)
		f->nonblocking = !blocking;
}

void net_shut_sending(int fd)
{
	struct file *f = file_of(fd, "shutdown");

	if (f)
		stream_shut(f->end);
}

void net_close(int fd)
{
	struct file *f = file_of(fd, "close");

	record_line(f && f->end ? f->end->who : 0, "close of %d", fd);
	record_mix((uint64_t)fd);
	if (f)
		file_close(f);
}

void net_say_and_close(int fd, struct str words)
{
	struct file *f = file_of(fd, "send");

	if (f)
		(void)stream_send(f->end, &words, 1);
	net_close(fd);
}

/* ---- splicing ---- */

int net_pipe(int fds[2], size_t size, size_t *got)
{
	struct file *out, *in;
	size_t room = PAGE;

	if (fault_strikes(FAULT_PIPE))
		return -EMFILE;
	out = file_new(FILE_PIPE);
	if (!out)
		return -EMFILE;
	out->pipe = alarm_memory(sizeof(*out->pipe));
	out->pipe->ends = 1;
	in = file_new(FILE_PIPE);
	if (!in) {
		file_close(out);
		return -EMFILE;
	}
	in->pipe = out->pipe;
	in->pipe->ends = 2;
	in->writes = true;
	/* Over its quota of pages the user gets the usual size, or a page. */
	while (room < size)
		room *= 2;
	if (chance_of(sky.short_send))
		room = chance_of(5000) ? USUAL_PIPE : PAGE;
	*got = room;
	in->pipe->slots_max = (uint32_t)(room / PAGE);
	fds[0] = out->fd;
	fds[1] = in->fd;
	kernel_progress();
	return 0;
}

/* A slot holds what came in one piece, be it one byte. */
static size_t fill_slots(struct pipe_state *p, size_t n)
{
	size_t taken = 0, part;

	while (taken < n && p->slots < p->slots_max &&
	       p->slots < sizeof(p->slot) / sizeof(p->slot[0])) {
		part = chance_between(n < 2048 ? n : 1024, FRAGMENT_MAX);
		part = part > n - taken ? n - taken : part;
		p->slot[p->slots++] = (uint32_t)part;
		taken += part;
	}
	return taken;
}

static void drain_slots(struct pipe_state *p, size_t n)
{
	uint32_t gone = 0;

	while (n && gone < p->slots) {
		uint32_t part = p->slot[gone] < n ? p->slot[gone] : (uint32_t)n;

		p->slot[gone] -= part;
		n -= part;
		if (!p->slot[gone])
			gone++;
	}
	p->slots -= gone;
	memmove(p->slot, p->slot + gone, p->slots * sizeof(p->slot[0]));
}

static void make_room(struct pipe_state *p, size_t n)
{
	if (p->from) {
		memmove(p->bytes, p->bytes + p->from, p->n);
		p->from = 0;
	}
	if (p->n + n <= p->room)
		return;
	p->room = p->n + n;
	p->bytes = realloc(p->bytes, p->room);
	if (!p->bytes)
		abort();
}

static long fill_pipe(struct file *from, struct pipe_state *p, size_t max)
{
	struct end *e = from->end;
	size_t n = e->in.arrived < max ? e->in.arrived : max;
	uint8_t nothing;

	if (p->slots >= p->slots_max)
		return -EAGAIN;
	if (n > 1 && chance_of(sky.split))
		n = 1 + chance_below((uint32_t)n - 1);
	if (!n) {
		long res = stream_recv(e, &nothing, 0);

		if (res == -EAGAIN && !from->nonblocking)
			kernel_violation("blocking-splice", "from a blocking socket, %d", from->fd);
		return res;
	}
	n = fill_slots(p, n);
	make_room(p, n);
	(void)stream_recv(e, p->bytes + p->n, n);
	p->n += n;
	return (long)n;
}

static long drain_pipe(struct pipe_state *p, struct file *to, size_t max)
{
	size_t n = p->n < max ? p->n : max;
	struct str bytes;
	long res;

	if (!n)
		return -EAGAIN;
	if (!to->nonblocking && !to->end->dead && stream_room(to->end) < n)
		kernel_violation("blocking-splice", "to a blocking socket, %d", to->fd);
	if (!to->end->error && !to->end->dead && chance_of(sky.stall_send)) {
		stream_stall(to->end);
		return -EAGAIN;
	}
	if (n > 1 && chance_of(sky.short_send)) {
		n = 1 + chance_below((uint32_t)n - 1);
		stream_stall(to->end);
	}
	bytes = str_of(p->bytes + p->from, n);
	res = stream_send(to->end, &bytes, 1);
	if (res <= 0)
		return res;
	drain_slots(p, (size_t)res);
	p->from += (size_t)res;
	p->n -= (size_t)res;
	return res;
}

static long splice_files(struct file *from, struct file *to, size_t max)
{
	struct file *socket = from->kind == FILE_SOCKET ? from : to;

	if (fault_strikes(FAULT_SPLICE)) {
		stream_hit(socket->end);
		socket->end->error = 0;
		return -ECONNRESET;
	}
	if (socket == from)
		return fill_pipe(from, to->pipe, max);
	return drain_pipe(from->pipe, to, max);
}

long net_splice(int from, int to, size_t max)
{
	struct file *f = file_of(from, "splice"), *t = file_of(to, "splice");
	long n = f && t ? splice_files(f, t, max) : -EBADF;

	record_mix((uint64_t)n);
	record_line(0, "splice %d to %d: %ld", from, to, n);
	return n;
}

/* ---- the rest ---- */

int net_wake_open(void)
{
	struct file *f = kernel_start_fails() ? NULL : file_new(FILE_WAKE);

	return f ? f->fd : -EMFILE;
}

void net_wake_tell(int fd)
{
	struct file *f = file_of(fd, "write");

	if (!f)
		return;
	f->count++;
	kernel_progress();
	ring_sim_wake(f, POLLIN);
}

void net_wake_clear(int fd)
{
	struct file *f = file_of(fd, "read");

	if (f)
		f->count = 0;
}

uint64_t net_random(void)
{
	return chance_u64();
}

uint64_t net_now_ms(void)
{
	return CLOCK_START_MS + kernel_now_us() / 1000;
}

uint64_t net_wall_s(void)
{
	return WALL_START_S + kernel_now_us() / 1000000;
}
