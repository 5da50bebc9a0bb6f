/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * toy: records are type, two letters, length and body; behind the flight a body is data, padding,
 * its length and a checksum, all under a stream that depends on key, direction and number.
 */
#include "tests/sim/toy.h"

#include "base/must.h"
#include "tests/sim/chance.h"

#include <stdlib.h>
#include <string.h>

enum { ALERT = 21, HANDSHAKE = 22, DATA = 23 };
enum { HELLO = 1, FLIGHT = 2, TICKET = 4, RETRY = 6, FINISHED = 20, UPDATE = 24 };
enum state { AT_HELLO, AT_FLIGHT, AT_FINISHED, AT_UP, AT_FAILED };
enum { HEADER = 5, MESSAGE = 4, CHECKSUM = 8, MESSAGE_MAX = 12000 };

/* ---- arithmetic ---- */

static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t z = (a ^ b * 0x9e3779b97f4a7c15U) + 0x632be59bd9b4e019U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

static uint64_t hash_bytes(uint64_t h, const uint8_t *p, size_t n)
{
	uint64_t word;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, 8);
		h = mix(h, word);
	}
	for (; n; p++, n--)
		h = mix(h, *p + 1U);
	return h;
}

static void put_u64(uint8_t *to, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		to[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t get_u64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

/* The same call hides and shows. */
static void cover(const struct toy_way *w, uint8_t *p, size_t n)
{
	uint64_t at = mix(w->key, w->number);

	for (uint64_t i = 0; n; i++) {
		uint8_t stream[8];
		size_t k = n < 8 ? n : 8;

		put_u64(stream, mix(at, i));
		for (size_t j = 0; j < k; j++)
			p[j] ^= stream[j];
		p += k;
		n -= k;
	}
}

static uint64_t checksum(const struct toy_way *w, uint8_t type, const uint8_t *p, size_t n)
{
	return hash_bytes(mix(w->key + type, w->number), p, n);
}

/* ---- what we send ---- */

static void put_header(uint8_t *to, uint8_t type, size_t n)
{
	to[0] = type;
	to[1] = 'T';
	to[2] = 'y';
	to[3] = (uint8_t)(n >> 8);
	to[4] = (uint8_t)n;
}

static void put_record(struct toy *t, struct out *out, uint8_t type, struct str body)
{
	uint8_t head[HEADER], *at = out->base + out->n + HEADER;
	size_t pad = t->send.on && t->plan.pad_max ? chance_below(t->plan.pad_max) : 0;
	size_t n = t->send.on ? body.n + pad + 2 + CHECKSUM : body.n;
	static const uint8_t zeros[TOY_PAD_MAX];

	must(out_room(out) >= HEADER + n && pad <= TOY_PAD_MAX);
	put_header(head, type, n);
	out_str(out, str_of(head, HEADER));
	out_str(out, body);
	if (!t->send.on)
		return;
	out_str(out, str_of(zeros, pad));
	out_byte(out, (uint8_t)(pad >> 8));
	out_byte(out, (uint8_t)pad);
	put_u64(at + body.n + pad + 2, checksum(&t->send, type, at, body.n + pad + 2));
	out->n += CHECKSUM;
	cover(&t->send, at, n);
	t->send.number++;
}

static void put_message(struct toy *t, struct out *out, uint8_t type, struct str body)
{
	uint8_t bytes[MESSAGE_MAX] = {type};
	struct str rest = str_of(bytes, MESSAGE + body.n);

	must(rest.n <= sizeof(bytes));
	bytes[2] = (uint8_t)(body.n >> 8);
	bytes[3] = (uint8_t)body.n;
	memcpy(bytes + MESSAGE, body.p, body.n);
	if (t->state < AT_FINISHED)
		t->transcript = hash_bytes(t->transcript, bytes, rest.n);
	while (rest.n) {
		size_t n = rest.n < t->plan.cut ? rest.n : t->plan.cut;

		put_record(t, out, HANDSHAKE, str_first(rest, n));
		rest = str_from(rest, n);
	}
}

/* Bytes of a message that mean nothing. */
static struct str filler(uint8_t *to, size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[from + i] = (uint8_t)(i * 7 + n);
	return str_of(to, from + n);
}

void toy_alert(struct toy *t, struct out *out, uint8_t what)
{
	uint8_t bytes[2] = {what ? 2 : 1, what};

	if (out_room(out) >= 1024)
		put_record(t, out, ALERT, str_of(bytes, 2));
}

void toy_bye(struct toy *t, struct out *out)
{
	if (t->state != AT_UP || t->bye)
		return;
	t->bye = true;
	toy_alert(t, out, 0);
}

void toy_update(struct toy *t, struct out *out, bool request)
{
	uint8_t wanted = request;

	put_message(t, out, UPDATE, str_of(&wanted, 1));
	t->send.key = mix(t->send.key, 99);
	t->send.number = 0;
}

static enum toy_ev fail(struct toy *t, struct out *out, const char *why)
{
	bool told = t->alerted;

	t->why = why;
	if (!told)
		toy_alert(t, out, 40);
	t->state = AT_FAILED;
	return TOY_FAILED;
}

static void put_hello(struct toy *t, struct out *out)
{
	uint8_t body[MESSAGE_MAX];

	put_u64(body, t->seed);
	body[8] = t->plan.resumes;
	put_message(t, out, HELLO, filler(body, 9, t->plan.hello_n));
}

static void put_finished(struct toy *t, struct out *out)
{
	uint8_t body[9];

	put_u64(body, mix(t->transcript, (uint64_t)t->role + 1) ^ t->plan.spoils_finished);
	body[8] = t->role == TOY_CLIENT && t->asked ? t->plan.certificate : 0;
	put_message(t, out, FINISHED, str_of(body, sizeof(body)));
}

static void put_tickets(struct toy *t, struct out *out)
{
	uint8_t body[300];

	for (uint8_t i = 0; i < t->plan.tickets; i++)
		put_message(t, out, TICKET, filler(body, 0, 100 + chance_below(200)));
}

static void start_keys(struct toy *t)
{
	uint64_t both = mix(t->seed ^ t->peer_seed, t->transcript);

	t->send = (struct toy_way){.key = mix(both, (uint64_t)t->role), .on = true};
	t->recv = (struct toy_way){.key = mix(both, (uint64_t)!t->role), .on = true};
}

/* ---- messages ---- */

static enum toy_ev on_hello(struct toy *t, struct str body, struct out *out)
{
	uint8_t flight[MESSAGE_MAX];

	if (body.n < 9)
		return fail(t, out, "a broken hello");
	t->steps++;
	t->peer_seed = get_u64(body.p);
	t->resumed = body.p[8];
	if (t->plan.retry) {
		t->plan.retry = false;
		put_message(t, out, RETRY, filler(flight, 0, 16));
		return TOY_IDLE;
	}
	t->two_trips = t->plan.two_trips;
	put_u64(flight, t->seed);
	flight[8] = t->two_trips;
	flight[9] = t->plan.asks;
	flight[10] = t->plan.certificate;
	put_message(t, out, FLIGHT, filler(flight, 11, t->resumed ? 60 : t->plan.hello_n));
	t->state = AT_FINISHED;
	start_keys(t);
	if (!t->two_trips)
		put_finished(t, out);
	return TOY_IDLE;
}

static enum toy_ev on_flight(struct toy *t, struct str body, struct out *out)
{
	if (body.n < 11)
		return fail(t, out, "a broken flight");
	t->steps++;
	t->peer_seed = get_u64(body.p);
	t->two_trips = body.p[8];
	t->asked = body.p[9];
	t->peer_certificate = body.p[10];
	t->state = AT_FINISHED;
	start_keys(t);
	if (t->plan.verifies && t->peer_certificate != 1)
		return fail(t, out, "certificate verify failed");
	if (t->two_trips)
		put_finished(t, out);
	return TOY_IDLE;
}

static enum toy_ev on_finished(struct toy *t, struct str body, struct out *out)
{
	enum toy_role other = t->role == TOY_CLIENT ? TOY_SERVER : TOY_CLIENT;

	if (body.n != 9 || get_u64(body.p) != mix(t->transcript, (uint64_t)other + 1))
		return fail(t, out, "bad finished");
	t->steps++;
	if (t->role == TOY_SERVER)
		t->peer_certificate = t->plan.asks ? body.p[8] : 0;
	if (t->two_trips == (t->role == TOY_SERVER))
		put_finished(t, out);
	t->state = AT_UP;
	if (t->role == TOY_SERVER)
		put_tickets(t, out);
	return TOY_IS_UP;
}

static enum toy_ev on_update(struct toy *t, struct str body, struct out *out)
{
	if (body.n != 1)
		return fail(t, out, "a broken update");
	t->recv.key = mix(t->recv.key, 99);
	t->recv.number = 0;
	if (body.p[0] && !t->bye)
		toy_update(t, out, false);
	return TOY_IDLE;
}

static enum toy_ev on_message(struct toy *t, uint8_t type, struct str body, struct out *out)
{
	enum state now = (enum state)t->state;

	if (type == HELLO && t->role == TOY_SERVER && now == AT_HELLO)
		return on_hello(t, body, out);
	if (type == RETRY && t->role == TOY_CLIENT && now == AT_FLIGHT) {
		put_hello(t, out);
		return TOY_IDLE;
	}
	if (type == FLIGHT && t->role == TOY_CLIENT && now == AT_FLIGHT)
		return on_flight(t, body, out);
	if (type == FINISHED && now == AT_FINISHED)
		return on_finished(t, body, out);
	if (type == UPDATE && now == AT_UP)
		return on_update(t, body, out);
	if (type == TICKET && t->role == TOY_CLIENT && now == AT_UP)
		return TOY_IDLE;
	return fail(t, out, "a message out of turn");
}

static enum toy_ev take_messages(struct toy *t, struct out *out)
{
	enum toy_ev ev = TOY_IDLE;
	uint32_t at = 0;

	while (ev == TOY_IDLE && t->messages_n - at >= MESSAGE) {
		const uint8_t *p = t->messages + at;
		uint32_t n = (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];

		if (t->messages_n - at < MESSAGE + n)
			break;
		if (t->state < AT_FINISHED)
			t->transcript = hash_bytes(t->transcript, p, MESSAGE + n);
		ev = on_message(t, p[0], str_of(p + MESSAGE, n), out);
		at += MESSAGE + n;
	}
	if (ev == TOY_IS_UP && at < t->messages_n)
		return fail(t, out, "more behind finished");
	memmove(t->messages, t->messages + at, t->messages_n - at);
	t->messages_n -= at;
	return ev;
}

/* ---- records ---- */

static enum toy_ev on_handshake(struct toy *t, struct str body, struct out *out)
{
	if (!body.n)
		return fail(t, out, "an empty handshake record");
	t->messages = realloc(t->messages, t->messages_n + body.n);
	must(t->messages != NULL);
	memcpy(t->messages + t->messages_n, body.p, body.n);
	t->messages_n += (uint32_t)body.n;
	return take_messages(t, out);
}

static enum toy_ev on_alert(struct toy *t, struct str body, struct out *out)
{
	if (body.n != 2)
		return fail(t, out, "a broken alert");
	if (body.p[1] == 0 && t->state == AT_UP) {
		t->closed = true;
		return TOY_CLOSED;
	}
	t->alerted = true;
	return fail(t, out, body.p[1] ? "the peer's alert" : "closed within the handshake");
}

/* A client that cannot make anything of the answer to its hello has no keys to say so. */
static bool is_early_alert(const struct toy *t, uint8_t type)
{
	return type == ALERT && t->record_size == 2 && t->role == TOY_SERVER && t->state < AT_UP;
}

/* Shows what is hidden. -1: it is not of this key and number. */
static int uncover(struct toy *t, uint8_t type, struct str *body)
{
	uint8_t *p = t->record;
	size_t n = t->record_size, pad;

	*body = str_of(p, n);
	if (!t->recv.on || is_early_alert(t, type))
		return 0;
	if (n < CHECKSUM + 2)
		return -1;
	cover(&t->recv, p, n);
	n -= CHECKSUM;
	if (get_u64(p + n) != checksum(&t->recv, type, p, n))
		return -1;
	t->recv.number++;
	pad = (size_t)p[n - 2] << 8 | p[n - 1];
	if (pad + 2 > n)
		return -1;
	body->n = n - 2 - pad;
	return 0;
}

static enum toy_ev on_record(struct toy *t, struct out *out)
{
	enum toy_ev ev = TOY_FAILED;
	uint8_t type = t->header[0];
	struct str body;

	if (uncover(t, type, &body) < 0)
		return fail(t, out, "bad record");
	if (type == DATA && t->state == AT_UP && body.n) {
		t->idle = 0;
		t->plain_at = 0;
		t->plain_n = (uint32_t)body.n;
		return TOY_DATA;
	}
	if (t->state == AT_UP && type != ALERT && ++t->idle > TOY_IDLE_MAX && !t->patient)
		return fail(t, out, "records without data");
	if (type == ALERT)
		ev = on_alert(t, body, out);
	else if (type == HANDSHAKE)
		ev = on_handshake(t, body, out);
	else if (type == DATA && t->state == AT_UP)
		ev = TOY_IDLE;
	else
		ev = fail(t, out, "data within the handshake");
	return ev;
}

static void drop_record(struct toy *t)
{
	if (t->record)
		buf_wipe_memory(t->record, t->record_size);
	free(t->record);
	t->record = NULL;
	t->record_n = t->record_size = t->plain_at = t->plain_n = 0;
}

static void take_bytes(struct buf *in, uint8_t *to, size_t n)
{
	memcpy(to, buf_data(in).p, n);
	buf_consume(in, n);
}

static bool take_header(struct toy *t, struct buf *in)
{
	while (t->record_n < HEADER && buf_len(in))
		take_bytes(in, &t->header[t->record_n++], 1);
	return t->record_n == HEADER;
}

static bool is_header(struct toy *t)
{
	uint32_t n = (uint32_t)t->header[3] << 8 | t->header[4];

	if (t->header[0] < ALERT || t->header[0] > DATA || t->header[1] != 'T' ||
	    t->header[2] != 'y' || n > TOY_RECORD_MAX + TOY_PAD_MAX + 2 + CHECKSUM)
		return false;
	t->record_size = n;
	t->record = malloc(n + 1);
	must(t->record != NULL);
	return true;
}

enum toy_ev toy_step(struct toy *t, struct buf *in, struct out *out)
{
	uint32_t before = buf_len(in), have;
	enum toy_ev ev;

	must(t->state != AT_FAILED && !t->plain_n);
	if (t->closed)
		return TOY_CLOSED;
	if (!t->record) {
		if (!take_header(t, in))
			return TOY_MORE;
		if (!is_header(t))
			return fail(t, out, "no record");
	}
	have = t->record_n - HEADER;
	if (have + buf_len(in) < t->record_size)
		have = buf_len(in);
	else
		have = t->record_size - have;
	take_bytes(in, t->record + t->record_n - HEADER, have);
	t->record_n += have;
	if (t->state != AT_UP && (t->taken += before - buf_len(in)) > TOY_HANDSHAKE_MAX)
		return fail(t, out, "an endless handshake");
	if (t->record_n - HEADER < t->record_size)
		return TOY_MORE;
	ev = on_record(t, out);
	if (ev != TOY_DATA)
		drop_record(t);
	return ev;
}

struct str toy_plain(const struct toy *t)
{
	return t->plain_n ? str_of(t->record + t->plain_at, t->plain_n) : str_none();
}

void toy_take(struct toy *t, size_t n)
{
	must(n <= t->plain_n);
	t->plain_at += (uint32_t)n;
	t->plain_n -= (uint32_t)n;
	if (!t->plain_n)
		drop_record(t);
}

size_t toy_write(struct toy *t, struct str plain, struct out *out)
{
	size_t room = out_room(out), most = TOY_OVERHEAD + t->plan.pad_max, before = t->sent_bytes;

	must(t->state == AT_UP && !t->bye);
	if (room <= 2 * most + TOY_PAD_MAX || !plain.n)
		return 0;
	if (chance_of(t->plan.updates)) {
		toy_update(t, out, chance_of(5000));
		room = out_room(out);
	}
	plain = str_first(plain, room - most < TOY_RECORD_MAX ? room - most : TOY_RECORD_MAX);
	put_record(t, out, DATA, plain);
	t->sent_bytes += (uint32_t)plain.n;
	if (t->plan.spoils_bytes && before < t->plan.spoils_bytes &&
	    t->sent_bytes >= t->plan.spoils_bytes)
		out->base[out->n - 1] ^= 1;
	return plain.n;
}

/* ---- beginning and end ---- */

void toy_plan_any(struct toy_plan *p)
{
	*p = (struct toy_plan){
		.two_trips = chance_of(4000),
		.retry = chance_of(1500),
		.certificate = 1,
		.tickets = (uint8_t)chance_below(3),
		.hello_n = (uint16_t)(chance_of(3000) ? chance_below(9000) : chance_below(600)),
		.cut = (uint16_t)(chance_of(2000) ? 60 + chance_below(200) : 16000),
		.pad_max = (uint16_t)(chance_of(3000) ? chance_below(TOY_PAD_MAX) : 0),
		.updates = (uint16_t)(chance_of(2000) ? chance_below(2000) : 0),
	};
	if (p->hello_n > 3000 && p->cut < 1000) /* a flight has to fit */
		p->cut = 1000;
}

void toy_open(struct toy *t, enum toy_role role, const struct toy_plan *plan)
{
	*t = (struct toy){.role = role, .plan = *plan, .seed = chance_u64()};
	t->state = role == TOY_CLIENT ? AT_FLIGHT : AT_HELLO;
}

void toy_close(struct toy *t)
{
	drop_record(t);
	if (t->messages)
		buf_wipe_memory(t->messages, t->messages_n);
	free(t->messages);
	t->messages = NULL;
	t->messages_n = 0;
}

void toy_greet(struct toy *t, struct out *out)
{
	must(t->role == TOY_CLIENT && t->state == AT_FLIGHT && !t->greeted);
	t->greeted = true;
	put_hello(t, out);
}

bool toy_is_up(const struct toy *t)
{
	return t->state == AT_UP;
}

bool toy_has_failed(const struct toy *t)
{
	return t->state == AT_FAILED;
}
