/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * selftest_weather: what the simulated kernel does in bad weather: everything that a kernel may
 * do, and nothing that it may not. Each case that is about chance plays many seeds.
 */
#include "tests/lib/ring_try.h"
#include "tests/sim/selftest.h"
#include "tests/sim/state.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 200, LOAD = 20000 };

static uint8_t load_at(size_t i)
{
	return (uint8_t)(i * 31 + i / 251);
}

/* ---- bytes both ways ---- */

struct traffic {
	struct far *far;
	int fd;
	size_t far_sent, far_got, near_sent, near_got;
	bool sending, receiving, polling, stalled, broken;
};

static void make_load(uint8_t *to, size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = load_at(from + i);
}

static bool is_load(const uint8_t *bytes, size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != load_at(from + i))
			return false;
	return true;
}

static void far_works(struct traffic *t)
{
	uint8_t bytes[3000];
	size_t n = LOAD - t->far_sent < sizeof(bytes) ? LOAD - t->far_sent : sizeof(bytes);
	long got;

	make_load(bytes, t->far_sent, n);
	t->far_sent += n ? far_write(t->far, str_of(bytes, n)) : 0;
	while ((got = far_read(t->far, bytes, sizeof(bytes))) > 0) {
		t->broken |= !is_load(bytes, t->far_got, (size_t)got);
		t->far_got += (size_t)got;
	}
}

static void near_submits(struct traffic *t, uint8_t *bytes, size_t size)
{
	size_t n = LOAD - t->near_sent < size ? LOAD - t->near_sent : size;
	struct str s[2] = {str_of(bytes, n / 2), str_of(bytes + n / 2, n - n / 2)};

	if (!t->receiving)
		ring_recv(try_at.ring, t->fd, 1);
	t->receiving = true;
	if (t->stalled && !t->polling) {
		ring_poll_out(try_at.ring, t->fd, 3);
		t->polling = true;
	}
	if (t->sending || t->stalled || n < 2)
		return;
	make_load(bytes, t->near_sent, n);
	t->sending = true;
	if (!ring_send(try_at.ring, &(struct ring_send){.fd = t->fd, .n = 2, .parts = s}, 2))
		t->broken = true;
}

static void near_hears(struct traffic *t, const struct ring_event *e)
{
	if (e->tag == 1) {
		t->receiving = e->more;
		if (e->has_buffer) {
			t->broken |= !is_load(ring_buffer(try_at.ring, e->buffer), t->near_got,
					      (size_t)e->res);
			t->near_got += (size_t)e->res;
			ring_put_buffer(try_at.ring, e->buffer);
		}
		t->broken |= e->res <= 0 && e->res != -ENOBUFS;
	} else if (e->tag == 2) {
		t->sending = false;
		t->stalled = e->res <= 0;
		t->broken |= e->res <= 0 && e->res != -EAGAIN;
		t->near_sent += e->res > 0 ? (size_t)e->res : 0;
	} else {
		t->polling = e->more;
		t->stalled = false;
	}
}

static void play_traffic(struct traffic *t)
{
	uint8_t bytes[5000];

	for (int turn = 0; turn < 100000 && !t->broken; turn++) {
		if (t->near_got == LOAD && t->far_got >= LOAD - 1)
			return;
		far_works(t);
		near_submits(t, bytes, sizeof(bytes));
		/* Bytes that a stalled sender is not told about again: events may change places. */
		try_at.n = ring_turn(try_at.ring, 1, try_at.events, EVENTS);
		if (!try_at.n)
			t->stalled = false;
		for (unsigned i = 0; i < try_at.n; i++)
			near_hears(t, &try_at.events[i]);
		memset(bytes, 0xee, sizeof(bytes));
	}
	t->broken = true;
}

static const struct weather storm = {
	.latency_us_min = 1,
	.latency_us_max = 900,
	.socket_room = 4000,
	.submissions = 2,
	.completions = 3,
	.split = 5000,
	.end_multishot = 2000,
	.no_buffers = 500,
	.short_send = 4000,
	.stall_send = 2000,
	.lost_cancel = 5000,
	.reorder = 4000,
	.interrupt = 500,
	.again_nonblocking = 5000,
};

static bool traffic_survives(uint64_t seed, const struct weather *w)
{
	struct traffic t = {.fd = -1};

	chance_seed(seed);
	kernel_weather(&(struct weather){0});
	t.far = try_pair(&t.fd);
	kernel_weather(w);
	play_traffic(&t);
	return !t.broken;
}

static void bytes_survive_any_storm(void)
{
	kernel_weather(&(struct weather){.submissions = 2, .completions = 3});
	try_open_with(64, 0);
	for (uint64_t seed = 1; seed <= 8; seed++)
		CHECK(traffic_survives(seed, &storm));
}

/* ---- one seed, one world ---- */

static uint64_t hash_of(uint64_t seed)
{
	char error[100];
	struct ring_conf conf = {8, 16, BUFFERS, BUFFER_BYTES, 100};
	uint64_t hash;

	far_finish();
	far_begin();
	record_clear();
	kernel_weather(&storm);
	try_at.ring = ring_open(&conf, error, sizeof(error));
	kernel_weather(&(struct weather){0});
	(void)!traffic_survives(seed, &storm);
	hash = kernel_trace_hash();
	ring_close(try_at.ring);
	try_at.ring = NULL;
	try_at.n_fds = 0;
	return hash;
}

static void a_seed_is_a_world(void)
{
	uint64_t one = hash_of(1), two = hash_of(2);

	CHECK(one != two);
	CHECK(hash_of(1) == one);
	CHECK(hash_of(2) == two);
}

/* ---- single kinds of weather ---- */

static void a_cancel_may_come_too_late(void)
{
	unsigned too_late = 0, in_time = 0;
	struct far *f;
	int fd;

	try_open_with(64, 0);
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		kernel_weather(&(struct weather){0});
		chance_seed(seed);
		f = try_pair(&fd);
		ring_recv(try_at.ring, fd, 7);
		CHECK(try_quiet());
		kernel_weather(&(struct weather){.latency_us_min = 50,
						 .latency_us_max = 50,
						 .lost_cancel = 5000,
						 .end_multishot = 5000});
		/* Arrived, and the receive has been woken, but has not run yet. */
		CHECK(far_write(f, STR("hello")) == 5);
		alarm_pass(60);
		far_settle();
		ring_cancel(try_at.ring, 7);
		CHECK(try_come(1) || try_at.n == 2);
		CHECK(!try_at.events[try_at.n - 1].more);
		if (try_at.events[0].res == 5)
			too_late++;
		else
			in_time++;
		CHECK(try_at.n == 1 || try_at.events[1].res == -ECANCELED);
		try_give_back_all();
		try_let_go(fd);
		far_close(f);
	}
	CHECK(too_late > SEEDS / 4 && in_time > SEEDS / 4);
}

static void events_change_places_between_operations_only(void)
{
	unsigned changed = 0;
	struct far *f, *g;
	int fd, other;

	try_open_with(64, 0);
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		char last[2] = {0, 0};

		kernel_weather(&(struct weather){0});
		chance_seed(seed);
		f = try_pair(&fd);
		g = try_pair(&other);
		ring_recv(try_at.ring, fd, 7);
		ring_recv(try_at.ring, other, 8);
		CHECK(try_quiet());
		kernel_weather(&(struct weather){.reorder = 5000, .latency_us_max = 50});
		for (int i = 0; i < 2; i++) {
			try_say(f, i ? "2" : "1");
			try_say(g, i ? "2" : "1");
			CHECK(try_come(2));
			changed += try_at.events[0].tag == 8;
			for (int j = 0; j < 2; j++) {
				char *is = &last[try_at.events[j].tag - 7];

				*is = (char)*ring_buffer(try_at.ring, try_at.events[j].buffer);
				CHECK(*is == (i ? '2' : '1'));
			}
			try_give_back_all();
		}
		ring_cancel(try_at.ring, 7);
		ring_cancel(try_at.ring, 8);
		CHECK(try_come(2));
		try_let_go(fd);
		try_let_go(other);
		far_close(f);
		far_close(g);
	}
	CHECK(changed > SEEDS / 4);
}

static void a_connection_lost_on_the_way_is_lost_for_both(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_quiet());
	kernel_weather(&(struct weather){.reset = 10000});
	CHECK(far_write(f, STR("hello")) == 5);
	CHECK(!end_was_hit(far_end(f)));
	CHECK(try_comes(7, -ECONNRESET, false));
	CHECK(end_was_hit(far_end(f)));
	CHECK(try_reads(f) == -1);
	CHECK(far_write(f, STR("more")) == 0);
}

static void a_reset_may_purge_what_was_not_read(void)
{
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	try_say(f, "unread");
	kernel_weather(&(struct weather){.purge_on_reset = 10000});
	far_reset(f);
	far_settle();
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_comes(7, -ECONNRESET, false));
	CHECK(end_was_hit(far_end(f)));
}

static void time_passes_in_turns_alone(void)
{
	uint64_t began_us;
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	kernel_weather(&(struct weather){.latency_us_min = 20000, .latency_us_max = 20000});
	ring_recv(try_at.ring, fd, 7);
	began_us = kernel_now_us();
	CHECK(far_write(f, STR("one")) == 3);
	CHECK(kernel_now_us() == began_us);
	CHECK(ring_turn(try_at.ring, 5, try_at.events, EVENTS) == 0);
	CHECK(kernel_now_us() >= began_us + 5000 && kernel_now_us() < began_us + 6000);
	CHECK(ring_turn(try_at.ring, 60000, try_at.events, EVENTS) == 1);
	/* The chunk's way, and the completion's. */
	CHECK(kernel_now_us() >= began_us + 40000 && kernel_now_us() < began_us + 41000);
	try_at.n = 1;
	try_give_back_all();
}

static char rung[8];
static void ring_a(void *arg)
{
	rung[strlen(rung)] = *(const char *)arg;
}

static void alarms_ring_in_their_order(void)
{
	char names[] = "abc";
	struct alarm *b;

	memset(rung, 0, sizeof(rung));
	try_open_with(64, 0);
	kernel_after(3000, ring_a, &names[2]);
	b = kernel_after(2000, ring_a, &names[1]);
	kernel_after(1000, ring_a, &names[0]);
	kernel_forget(b);
	CHECK(ring_turn(try_at.ring, 2, try_at.events, EVENTS) == 0);
	CHECK(strcmp(rung, "a") == 0);
	CHECK(ring_turn(try_at.ring, 2, try_at.events, EVENTS) == 0);
	CHECK(strcmp(rung, "ac") == 0);
}

static enum dial_answer say_nothing(const struct addr *to, struct end *e)
{
	return to->port && e ? DIAL_SILENT : DIAL_REFUSED;
}

static void a_dial_that_nobody_answers_gives_up(void)
{
	union socket_address to;
	int fd;

	try_open_with(64, 0);
	kernel_on_dial(say_nothing);
	far_address(&to, false);
	fd = try_keep(net_dial(&to, NULL));
	CHECK(try_send_text(fd, "x", 7) == 1);
	CHECK(try_comes(7, -EAGAIN, false));
	ring_recv(try_at.ring, fd, 8);
	CHECK(ring_turn(try_at.ring, 100000, try_at.events, EVENTS) == 0);
	CHECK(ring_turn(try_at.ring, 100000, try_at.events, EVENTS) == 1);
	try_at.n = 1;
	CHECK(try_is(0, 8, -ETIMEDOUT, false));
}

static void a_dial_comes_from_the_address_that_is_asked_for(void)
{
	union socket_address to, from;
	struct addr local;
	int fd;

	try_open_with(64, 0);
	far_address(&to, false);
	memset(&from, 0, sizeof(from));
	from.ip4.sin_family = AF_INET;
	from.ip4.sin_addr.s_addr = htonl(0x0a010002);
	fd = try_keep(net_dial(&to, &from));
	CHECK(fd >= 0);
	net_local(fd, &local);
	CHECK(!memcmp(local.ip, "\x0a\1\0\2", 4) && local.port);
	kernel_weather(&(struct weather){.lacks_address = 2});
	CHECK(net_dial(&to, &from) == -EADDRNOTAVAIL);
}

static void a_pool_is_clean_in_the_next_world(void)
{
	struct str memory;
	struct far *f;
	int fd;

	try_open_with(64, 0);
	f = try_pair(&fd);
	try_say(f, "secret");
	ring_recv(try_at.ring, fd, 7);
	CHECK(try_comes(7, 6, true));
	try_give_back_all();
	memory = kernel_pool_memory();
	CHECK(memmem(memory.p, memory.n, "secret", 6) != NULL);
	ring_close(try_at.ring);
	CHECK(memmem(memory.p, memory.n, "secret", 6) != NULL);
	try_open_with(64, 0);
	CHECK(memmem(memory.p, memory.n, "secret", 6) == NULL);
}

#define CASE(name)                                                                                 \
	{                                                                                          \
#name, name                                                                        \
	}

const struct ring_case selftest_weather[] = {
	CASE(bytes_survive_any_storm),
	CASE(a_seed_is_a_world),
	CASE(a_cancel_may_come_too_late),
	CASE(events_change_places_between_operations_only),
	CASE(a_connection_lost_on_the_way_is_lost_for_both),
	CASE(a_reset_may_purge_what_was_not_read),
	CASE(time_passes_in_turns_alone),
	CASE(alarms_ring_in_their_order),
	CASE(a_dial_that_nobody_answers_gives_up),
	CASE(a_dial_comes_from_the_address_that_is_asked_for),
	CASE(a_pool_is_clean_in_the_next_world),
	{NULL, NULL},
};
