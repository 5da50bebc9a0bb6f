/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream: TCP connections of a world: bytes on their way in chunks, ends of streams, resets.
 *
 * What an end finds, and in which order, is what Linux does: bytes, then the end of the stream,
 * then an error, once, then nothing for ever. Owns both ends of every connection until the world
 * ends; peers are only called from alarms.
 */
#include "tests/sim/state.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

struct stream {
	struct end end[2];
	struct stream *next;
};

enum { USUAL_ROOM = 256 * 1024 };

static struct stream *streams;

static void arrive(void *arg);

/* ---- bytes of a way ---- */

static uint32_t room_max(void)
{
	return sky.socket_room ? sky.socket_room : USUAL_ROOM;
}

static void way_grow(struct way *w, uint32_t need)
{
	uint32_t size = w->size ? w->size : 1024, held = w->arrived + w->travelling;
	uint8_t *bytes;

	while (size < need)
		size *= 2;
	if (size == w->size)
		return;
	bytes = alarm_memory(size);
	for (uint32_t i = 0; i < held; i++)
		bytes[i] = w->bytes[(w->from + i) & (w->size - 1)];
	free(w->bytes);
	w->bytes = bytes;
	w->size = size;
	w->from = 0;
}

static void way_append(struct way *w, struct str s)
{
	uint32_t held = w->arrived + w->travelling, at, part;

	if (!s.n)
		return;
	way_grow(w, held + (uint32_t)s.n);
	at = (w->from + held) & (w->size - 1);
	part = w->size - at < s.n ? w->size - at : (uint32_t)s.n;
	memcpy(w->bytes + at, s.p, part);
	memcpy(w->bytes, s.p + part, s.n - part);
	w->travelling += (uint32_t)s.n;
}

static uint32_t way_take(struct way *w, uint8_t *to, size_t max)
{
	uint32_t n = w->arrived < max ? w->arrived : (uint32_t)max, part;

	if (!n)
		return 0;
	part = w->size - w->from < n ? w->size - w->from : n;
	memcpy(to, w->bytes + w->from, part);
	memcpy(to + part, w->bytes, n - part);
	w->from = (w->from + n) & (w->size - 1);
	w->arrived -= n;
	return n;
}

static void way_silence(struct way *w)
{
	if (w->alarm)
		kernel_forget(w->alarm);
	w->alarm = NULL;
	w->n = 0;
	w->travelling = 0;
}

/* ---- chunks ---- */

static void set_out(struct end *to)
{
	struct way *w = &to->in;
	uint64_t at_us = w->chunks[w->first].at_us, now_us = kernel_now_us();

	w->alarm = kernel_after(at_us > now_us ? at_us - now_us : 0, arrive, to);
}

/* Behind what is on its way already; never overtakes it. */
static void push_chunk(struct end *to, struct chunk c)
{
	struct way *w = &to->in;
	struct chunk *last = &w->chunks[(w->first + w->n - 1) % CHUNKS_MAX];

	/* Places for a FIN and a RST are kept. */
	if (w->n >= CHUNKS_MAX - 2 && c.n && !last->fin && !last->rst) {
		last->n += c.n;
		last->hit |= c.hit;
		return;
	}
	if (w->n == CHUNKS_MAX)
		return;
	c.at_us = kernel_now_us() + sky_latency_us();
	if (c.at_us < w->last_us)
		c.at_us = w->last_us;
	w->last_us = c.at_us;
	w->chunks[(w->first + w->n) % CHUNKS_MAX] = c;
	if (w->n++ == 0)
		set_out(to);
}

static void send_reset(struct end *from)
{
	push_chunk(from->far, (struct chunk){.rst = true});
}

/* ---- telling an end ---- */

static void tell(struct end *e, unsigned events)
{
	kernel_progress();
	if (e->file)
		ring_sim_wake(e->file, events);
	else if (e->events && !e->closed && e->events->readable)
		e->events->readable(e->arg);
}

static void die(struct end *e, int error)
{
	if (e->closed || e->dead)
		return;
	e->dead = true;
	e->connecting = false;
	e->error = error;
	if (e->in.arrived && chance_of(sky.purge_on_reset)) {
		e->hit = e->far->hit = true;
		e->in.arrived = 0;
	}
}

static void on_rst(struct end *e)
{
	if (e->connecting)
		die(e, ECONNREFUSED);
	else
		die(e, e->fin_in ? EPIPE : ECONNRESET);
}

static void take_chunk(struct end *e, const struct chunk *c)
{
	struct way *w = &e->in;

	w->travelling -= c->n;
	if (e->closed || e->dead) {
		/* Nobody is there to read it. Its place is free again. */
		if (c->n && e->closed)
			send_reset(e);
		return;
	}
	w->arrived += c->n;
	e->fin_in |= c->fin;
	if (c->rst)
		on_rst(e);
}

static void tell_late(void *arg)
{
	tell(arg, POLLIN | POLLOUT | POLLHUP | POLLERR | POLLRDHUP);
}

void stream_hit(struct end *e)
{
	struct end *ends[] = {e, e->far};

	for (int i = 0; i < 2; i++) {
		ends[i]->hit = true;
		way_silence(&ends[i]->in);
	}
	for (int i = 0; i < 2; i++) {
		if (ends[i]->closed || ends[i]->dead)
			continue;
		die(ends[i], ECONNRESET);
		kernel_after(0, tell_late, ends[i]);
	}
}

static void arrive(void *arg)
{
	struct end *e = arg;
	struct way *w = &e->in;
	unsigned events = 0;

	w->alarm = NULL;
	while (w->n && w->chunks[w->first].at_us <= kernel_now_us()) {
		struct chunk c = w->chunks[w->first];

		w->first = (w->first + 1) % CHUNKS_MAX;
		w->n--;
		if (c.hit) {
			w->travelling -= c.n;
			stream_hit(e);
			return;
		}
		take_chunk(e, &c);
		events |= c.n ? POLLIN : POLLIN | POLLRDHUP | POLLHUP;
		events |= c.rst ? POLLERR | POLLOUT : 0;
	}
	if (w->n)
		set_out(e);
	if (!e->closed)
		tell(e, events);
}

/* ---- room ---- */

size_t stream_room(const struct end *e)
{
	const struct way *w = &e->far->in;
	uint32_t held = w->arrived + w->travelling;

	return held < room_max() ? room_max() - held : 0;
}

/* Writers are told when a third is free, as Linux does; not for every byte. */
static bool is_writable(const struct end *e)
{
	size_t room = stream_room(e);

	return room && room >= room_max() / 3;
}

static void tell_room(void *arg)
{
	struct end *e = arg;

	e->room_alarm = NULL;
	kernel_progress();
	if (e->file)
		ring_sim_wake(e->file, POLLOUT);
	else if (!e->closed && e->events && e->events->writable)
		e->events->writable(e->arg);
}

void stream_stall(struct end *e)
{
	if (!e->room_alarm)
		e->room_alarm = kernel_after(sky_latency_us(), tell_room, e);
}

/* Bytes of e's way were read: its writer has room. */
static void room_freed(struct end *e)
{
	struct end *writer = e->far;

	if (writer->closed || !writer->wants_room || !is_writable(writer))
		return;
	writer->wants_room = false;
	if (writer->file)
		ring_sim_wake(writer->file, POLLOUT);
	else if (!writer->room_alarm)
		writer->room_alarm = kernel_after(sky_latency_us(), tell_room, writer);
}

/* ---- sending and receiving ---- */

static size_t write_parts(struct end *e, const struct str *parts, unsigned n)
{
	size_t room = stream_room(e), taken = 0;

	for (unsigned i = 0; i < n && taken < room; i++) {
		struct str s = str_first(parts[i], room - taken);

		way_append(&e->far->in, s);
		taken += s.n;
	}
	if (taken) {
		kernel_progress();
		push_chunk(e->far,
			   (struct chunk){.n = (uint32_t)taken, .hit = chance_of(sky.reset)});
	}
	return taken;
}

static int take_error(struct end *e)
{
	int error = e->error;

	e->error = 0;
	return -error;
}

long stream_send(struct end *e, const struct str *parts, unsigned n)
{
	size_t taken;

	if (e->connecting)
		return -EAGAIN;
	if (e->error)
		return take_error(e);
	if (e->dead || e->shut)
		return -EPIPE;
	taken = write_parts(e, parts, n);
	e->wants_room |= !is_writable(e);
	return taken ? (long)taken : -EAGAIN;
}

long stream_recv(struct end *e, uint8_t *to, size_t max)
{
	uint32_t n = way_take(&e->in, to, max);

	if (n) {
		kernel_progress();
		room_freed(e);
		return n;
	}
	if (e->fin_in)
		return 0;
	if (e->error)
		return take_error(e);
	return e->dead ? 0 : -EAGAIN;
}

unsigned stream_poll(const struct end *e)
{
	unsigned mask = 0;

	if (e->connecting)
		return 0;
	if (e->in.arrived || e->fin_in || e->dead)
		mask |= POLLIN;
	if (e->fin_in || e->dead)
		mask |= POLLRDHUP;
	if (e->dead || (e->fin_in && e->shut))
		mask |= POLLHUP;
	if (e->error)
		mask |= POLLERR;
	if (e->dead || e->shut || is_writable(e))
		mask |= POLLOUT;
	return mask;
}

void stream_shut(struct end *e)
{
	if (e->shut || e->dead || e->closed)
		return;
	if (e->connecting) {
		/* Linux gives such a connection up. */
		send_reset(e);
		die(e, ECONNRESET);
		tell(e, POLLIN | POLLOUT | POLLERR | POLLHUP);
		return;
	}
	e->shut = true;
	kernel_progress();
	push_chunk(e->far, (struct chunk){.fin = true});
}

static void forget_bytes(struct end *e)
{
	way_silence(&e->in);
	free(e->in.bytes);
	e->in.bytes = NULL;
	e->in.size = e->in.from = e->in.arrived = 0;
}

void stream_close(struct end *e, bool reset)
{
	bool unread = e->in.arrived > 0;

	if (e->closed)
		return;
	kernel_progress();
	if (!e->dead && (reset || unread || e->connecting))
		send_reset(e);
	else
		stream_shut(e);
	e->closed = true;
	e->file = NULL;
	if (e->room_alarm)
		kernel_forget(e->room_alarm);
	e->room_alarm = NULL;
	e->in.arrived = 0;
	if (e->far->closed) {
		forget_bytes(e);
		forget_bytes(e->far);
	}
}

/* ---- life ---- */

struct end *stream_new(void)
{
	struct stream *s = alarm_memory(sizeof(*s));

	s->end[0].far = &s->end[1];
	s->end[1].far = &s->end[0];
	s->next = streams;
	streams = s;
	return &s->end[0];
}

void stream_clear(void)
{
	struct stream *next;

	for (struct stream *s = streams; s; s = next) {
		next = s->next;
		free(s->end[0].in.bytes);
		free(s->end[1].in.bytes);
		free(s);
	}
	streams = NULL;
}

void stream_refuse(struct end *e, int error)
{
	if (!e->connecting || e->closed)
		return;
	die(e, error);
	e->hit = true;
	tell(e, POLLIN | POLLOUT | POLLERR | POLLHUP);
}

void stream_establish(struct end *e)
{
	if (!e->connecting || e->closed)
		return;
	e->connecting = false;
	tell(e, POLLOUT);
}

void stream_hold(struct end *e, uint64_t until_us)
{
	e->in.last_us = e->far->in.last_us = until_us;
}

/* ---- the peers' ends ---- */

long end_write(struct end *e, struct str bytes)
{
	size_t taken;

	if (e->dead || e->closed || e->shut)
		return -1;
	taken = write_parts(e, &bytes, 1);
	e->wants_room = taken < bytes.n;
	return (long)taken;
}

long end_read(struct end *e, uint8_t *to, size_t max)
{
	long n = stream_recv(e, to, max);

	if (n >= 0)
		return n;
	return n == -EAGAIN ? -2 : -1;
}

void end_shut(struct end *e)
{
	stream_shut(e);
}

void end_close(struct end *e)
{
	stream_close(e, false);
}

void end_reset(struct end *e)
{
	stream_close(e, true);
}

const struct addr *end_peer(const struct end *e)
{
	return &e->far->here;
}

bool end_was_hit(const struct end *e)
{
	return e->hit || e->far->hit;
}

void end_name(struct end *e, uint32_t who)
{
	e->who = e->far->who = who;
}

void end_listen(struct end *e, const struct end_events *events, void *arg)
{
	e->events = events;
	e->arg = arg;
}
