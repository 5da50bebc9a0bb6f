/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire: a peer's TLS. What the program sends has to be cipher text of the right key and number,
 * whatever the peer has done before: "tls-cipher" if it is not. Passes events on to its peer.
 */
#include "tests/sim/wire.h"

#include "base/must.h"

#include <stdlib.h>
#include <string.h>

enum { IN_ROOM = 32 * 1024, OUT_ROOM = 64 * 1024, ENDLESS_BYTES = 200000, IDLE_RECORDS = 400 };

static struct wire *wires;

static void flush(struct wire *w);

static const char *check_of(const struct wire *w)
{
	return w->check ? w->check : "tls-cipher";
}

static void on_alarm(void *arg)
{
	struct wire *w = arg;

	w->alarm = NULL;
	flush(w);
	if (w->course < WIRE_CLOSING && w->events->writable)
		w->events->writable(w->arg);
}

static void later(struct wire *w, uint64_t us)
{
	if (!w->alarm)
		w->alarm = kernel_after(us, on_alarm, w);
}

/* ---- the ends ---- */

static void release(struct wire *w)
{
	toy_close(&w->toy);
	free(w->memory);
	w->memory = NULL;
	w->out = (struct out){0};
	w->in = buf_view(str_none());
	w->out_at = 0;
}

static void gone(struct wire *w, bool reset)
{
	if (w->course == WIRE_GONE)
		return;
	w->course = WIRE_GONE;
	release(w);
	if (w->alarm)
		kernel_forget(w->alarm);
	w->alarm = NULL;
	if (reset)
		end_reset(w->end);
	else
		end_close(w->end);
}

static bool waits(const struct wire *w)
{
	return w->plan && w->out_at < w->out.n;
}

static void finish(struct wire *w)
{
	if (waits(w))
		return;
	if (w->course == WIRE_SHUTTING && !w->mute) {
		w->mute = true;
		if (!w->plan || !w->plan->only_notify)
			end_shut(w->end);
	} else if (w->course == WIRE_CLOSING) {
		gone(w, false);
	}
}

/* ---- tricks ---- */

static bool in_handshake(const struct wire *w)
{
	return !toy_is_up(&w->toy);
}

/* Instead of a first message. */
static void begin_wrong(struct wire *w)
{
	bool client = w->toy.role == TOY_CLIENT;

	if (w->plan->trick == WIRE_GARBAGE) {
		for (uint32_t i = 0; i < 20 + w->plan->at % 3000; i++)
			out_byte(&w->out, (uint8_t)chance_u64());
	} else if (w->plan->trick == WIRE_PLAIN && client) {
		out_lit(&w->out, "EHLO plain.test\r\nAUTH PLAIN AGcAcA==\r\nMAIL FROM:<x@y>\r\n"
				 "RCPT TO:<x@y>\r\nQUIT\r\n");
	} else if (w->plan->trick == WIRE_PLAIN) {
		out_lit(&w->out, "220 plain.test\r\n250 fine\r\n250 fine\r\n250 fine\r\n");
	}
	w->mute = true;
}

static void put_endless(struct wire *w)
{
	while (out_room(&w->out) > 2048 && w->wrote < ENDLESS_BYTES) {
		bool first = !w->wrote && !w->out.n;

		out_str(&w->out, STR("\x16Ty\x04\x00")); /* a record of 1024 bytes */
		for (int i = 0; i < 1024; i++)
			out_byte(&w->out, first && i < 4 ? (i ? 0xff : 1) : (uint8_t)i);
	}
}

static void idle_on(struct wire *w)
{
	for (int i = 0; i < IDLE_RECORDS && out_room(&w->out) > TOY_OUT_MIN; i++)
		toy_update(&w->toy, &w->out, w->plan->at % 2);
	w->mute = true;
}

static void talk_on(struct wire *w)
{
	toy_bye(&w->toy, &w->out);
	out_lit(&w->out, "QUIT\r\nNOOP\r\nMAIL FROM:<clear@text>\r\n");
	w->mute = true;
}

/* The peer learns of it as of any other end. */
static void tell_peer(void *arg)
{
	struct wire *w = arg;

	w->events->readable(w->arg);
}

/* Its handshake has come to the byte where it goes wrong. */
static void break_off(struct wire *w)
{
	w->mute = true;
	out_reset(&w->out);
	w->out_at = 0;
	kernel_trace(w->who, "its handshake goes wrong: %d", (int)w->plan->trick);
	switch (w->plan->trick) {
	case WIRE_ALERTS:
		toy_alert(&w->toy, &w->out, 80);
		w->course = WIRE_CLOSING;
		kernel_after(1, tell_peer, w);
		break;
	case WIRE_CLOSES:
	case WIRE_RESETS:
		kernel_after(1, tell_peer, w);
		gone(w, w->plan->trick == WIRE_RESETS);
		break;
	case WIRE_FAIR:
	case WIRE_GARBAGE:
	case WIRE_PLAIN:
	case WIRE_ENDLESS:
	case WIRE_STOPS:
	case WIRE_BAD_FINISHED:
	case WIRE_BAD_RECORD:
	case WIRE_IDLES:
	case WIRE_TALKS_ON:
	case WIRE_TRICKS:
		break;
	}
}

static bool breaks_off(const struct wire *w)
{
	return w->plan->trick >= WIRE_STOPS && w->plan->trick <= WIRE_ALERTS && in_handshake(w) &&
	       !w->mute;
}

/* ---- cipher bytes out ---- */

/* How many may leave now. */
static size_t portion(const struct wire *w)
{
	size_t n = w->out.n - w->out_at;

	if (w->plan->by_bytes && n > 1)
		n = 1 + n / 100;
	if (breaks_off(w) && n > w->plan->at - w->wrote)
		n = w->plan->at - w->wrote;
	return n;
}

static void flush(struct wire *w)
{
	while (w->course != WIRE_GONE && waits(w) && !w->alarm) {
		size_t n = portion(w);
		long took = n ? end_write(w->end, str_of(w->out.base + w->out_at, n)) : 0;

		if (took < 0) { /* nobody will read it */
			w->out_at = (uint32_t)w->out.n;
			w->broken = true;
			break;
		}
		w->out_at += (uint32_t)took;
		w->wrote += (uint32_t)took;
		if (breaks_off(w) && w->wrote >= w->plan->at)
			break_off(w);
		else if (took < (long)n)
			return;
		else if (w->plan->by_bytes)
			later(w, chance_between(0, 2000));
	}
	if (w->course == WIRE_GONE || waits(w))
		return;
	if (w->plan) {
		out_reset(&w->out);
		w->out_at = 0;
		if (w->plan->trick == WIRE_ENDLESS && in_handshake(w) && w->wrote < ENDLESS_BYTES &&
		    !w->broken) {
			put_endless(w);
			later(w, 100);
			return;
		}
	}
	finish(w);
}

static long write_data(struct wire *w, struct str bytes)
{
	size_t took;

	flush(w);
	if (toy_has_failed(&w->toy) || w->broken || (w->mute && w->read_all))
		return -1;
	if (in_handshake(w) || waits(w) || w->mute || w->course != WIRE_OPEN)
		return 0;
	if (w->plan->trick >= WIRE_IDLES && w->toy.sent_bytes >= w->plan->at) {
		if (w->plan->trick == WIRE_IDLES)
			idle_on(w);
		else
			talk_on(w);
		kernel_after(1, tell_peer, w);
		took = 0;
	} else {
		took = toy_write(&w->toy, bytes, &w->out);
	}
	flush(w);
	return (long)took;
}

long wire_write(struct wire *w, struct str bytes)
{
	if (w->plan)
		return write_data(w, bytes);
	return w->mute ? 0 : end_write(w->end, bytes);
}

/* ---- cipher bytes in ---- */

/* One record. False: more bytes are needed. */
static bool step(struct wire *w)
{
	enum toy_ev ev = toy_step(&w->toy, &w->in, &w->out);

	if (ev == TOY_IS_UP)
		kernel_trace(w->who, "its handshake is over");
	if (ev == TOY_CLOSED)
		w->notified = true;
	if (ev == TOY_FAILED && !w->toy.alerted)
		kernel_violation(check_of(w), "guest %u: %s", w->who, w->toy.why);
	flush(w);
	return ev != TOY_MORE;
}

/* What a peer that does not play hears: alerts, and nothing else. */
static long read_deaf(struct wire *w)
{
	uint8_t bytes[4096];
	long n;

	while ((n = end_read(w->end, bytes, sizeof(bytes))) > 0)
		if (!w->deaf_heard++ && (bytes[0] < 20 || bytes[0] > 23))
			kernel_violation(check_of(w), "guest %u: hears \"%.*s\"", w->who, (int)n,
					 (const char *)bytes);
	return n;
}

void wire_feed(struct wire *w, struct str bytes)
{
	must(buf_append(&w->in, bytes) == bytes.n);
}

static bool is_deaf(const struct wire *w)
{
	return w->plan->trick >= WIRE_GARBAGE && w->plan->trick <= WIRE_ENDLESS;
}

static long read_data(struct wire *w, uint8_t *to, size_t max)
{
	uint8_t bytes[IN_ROOM];

	for (;;) {
		struct str plain = str_first(toy_plain(&w->toy), max);
		long n;

		if (plain.n) {
			memcpy(to, plain.p, plain.n);
			toy_take(&w->toy, plain.n);
			return (long)plain.n;
		}
		if (toy_has_failed(&w->toy) || w->course == WIRE_GONE)
			return -1;
		if (w->notified)
			return 0;
		if (waits(w) && out_room(&w->out) < TOY_OUT_MIN)
			return -2;
		if (buf_len(&w->in) && step(w))
			continue;
		n = end_read(w->end, bytes, buf_room(&w->in));
		if (n == 0)
			w->cut = toy_is_up(&w->toy);
		if (n <= 0)
			return n;
		must(buf_append(&w->in, str_of(bytes, (size_t)n)) == (size_t)n);
	}
}

long wire_read(struct wire *w, uint8_t *to, size_t max)
{
	long n;

	if (w->course >= WIRE_CLOSING)
		return -1;
	if (!w->plan)
		return end_read(w->end, to, max);
	flush(w);
	if (w->course >= WIRE_CLOSING)
		return -1;
	n = is_deaf(w) ? read_deaf(w) : read_data(w, to, max);
	w->read_all |= n == 0 || n == -1;
	return n;
}

/* ---- beginning and end ---- */

static void on_readable(void *arg)
{
	struct wire *w = arg;

	if (w->course < WIRE_CLOSING && w->events->readable)
		w->events->readable(w->arg);
}

static void on_writable(void *arg)
{
	struct wire *w = arg;

	if (w->plan)
		flush(w);
	if (w->course < WIRE_CLOSING && w->events->writable)
		w->events->writable(w->arg);
}

static const struct end_events wire_events = {on_readable, on_writable};

bool wire_connect(struct wire *w, uint32_t listener, const struct addr *from)
{
	w->end = kernel_connect(listener, from, &wire_events, w);
	return w->end != NULL;
}

void wire_accept(struct wire *w, struct end *e)
{
	w->end = e;
	end_listen(e, &wire_events, w);
}

void wire_secure(struct wire *w, enum toy_role role, const struct wire_plan *plan)
{
	must(!w->plan);
	kernel_trace(w->who, "TLS begins");
	w->plan = plan;
	w->memory = malloc(IN_ROOM + OUT_ROOM);
	must(w->memory != NULL);
	buf_init(&w->in, w->memory, IN_ROOM);
	out_init(&w->out, w->memory + IN_ROOM, OUT_ROOM);
	toy_open(&w->toy, role, &plan->toy);
	w->toy.patient = true; /* it may have asked for new keys again and again */
	w->next = wires;
	wires = w;
	if (plan->trick == WIRE_GARBAGE || plan->trick == WIRE_PLAIN)
		begin_wrong(w);
	else if (plan->trick == WIRE_ENDLESS)
		put_endless(w);
	else if (role == TOY_CLIENT)
		toy_greet(&w->toy, &w->out);
	later(w, 0);
}

bool wire_is_up(const struct wire *w)
{
	return !w->plan || toy_is_up(&w->toy);
}

/* What is to be said of it under TLS, and then the end of it. */
static void end_as(struct wire *w, int course)
{
	if (w->plan && w->course == WIRE_OPEN && !w->plan->rude && !w->mute)
		toy_bye(&w->toy, &w->out);
	if ((int)w->course < course)
		w->course = course;
	if (w->alarm && w->course == WIRE_CLOSING && !waits(w)) {
		kernel_forget(w->alarm);
		w->alarm = NULL;
	}
	if (w->plan)
		flush(w);
	else
		finish(w);
}

void wire_shut(struct wire *w)
{
	end_as(w, WIRE_SHUTTING);
}

void wire_close(struct wire *w)
{
	if (w->course >= WIRE_CLOSING)
		return;
	/* Nobody will take what is still to come. */
	if (w->plan && (in_handshake(w) || toy_has_failed(&w->toy)))
		gone(w, false);
	else
		end_as(w, WIRE_CLOSING);
}

void wire_reset(struct wire *w)
{
	gone(w, true);
}

void wire_clear(void)
{
	while (wires) {
		struct wire *w = wires;

		wires = w->next;
		release(w);
	}
}
