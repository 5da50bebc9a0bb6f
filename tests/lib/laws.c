/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * laws: runs one input in many ways and compares. All memory that an engine sees ends at guard
 * pages (guard.h).
 */
#include "laws.h"

#include "tests/lib/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANDOM_RUNS = 4, RECORD_MAX = 1 << 20, SECRET_MIN = 6, ALIGN = 16 };

enum piece { PIECE_SELF, PIECE_STORE, PIECE_IN, PIECE_OUT, PIECE_COUNT };

/* How one run cuts its input, when it empties `out`, and what its memory held before. */
struct way {
	const char *name;
	size_t step;     /* bytes given at a time; 0: all */
	uint32_t seed;   /* not 0: random steps */
	bool drain_late; /* empty `out` only when the engine asks for it */
	uint8_t fill;
};

/* What a run leaves. */
struct record {
	uint8_t *trace, *bytes;
	struct out out;
	struct str story;
};

static uint8_t *guarded(enum piece which, size_t n)
{
	static struct guard pieces[PIECE_COUNT];

	return guard_room(&pieces[which], n);
}

static void print_bytes(const char *what, struct str s)
{
	fprintf(stderr, "%s (%zu): \"", what, s.n);
	for (size_t i = 0; i < s.n && i < 8192; i++) {
		if (s.p[i] >= 0x20 && s.p[i] < 0x7f && s.p[i] != '"' && s.p[i] != '\\')
			fputc(s.p[i], stderr);
		else
			fprintf(stderr, "\\x%02x", s.p[i]);
	}
	fprintf(stderr, "\"\n");
}

void laws_hold(const struct laws_world *w, bool holds, const char *law)
{
	if (holds)
		return;
	fprintf(stderr, "%s breaks a law: %s\n", w->engine->name, law);
	print_bytes("input", w->input);
	fprintf(stderr, "trace: %.*s\n", (int)w->trace.n, (const char *)w->trace.base);
	abort();
}

void laws_no_secret(const struct laws_world *w, struct str secret)
{
	/* Short ones, and those with NULs, are found in numbers and wiped memory. */
	if (secret.n < SECRET_MIN || str_find(secret, 0) != secret.n)
		return;
	laws_hold(w, !memmem(w->self, w->engine->self_size, secret.p, secret.n),
		  "secrecy: a secret stays in the engine");
	laws_hold(w, !memmem(w->store.base, w->store.size, secret.p, secret.n),
		  "secrecy: a secret stays in the store");
}

void laws_trace_str(struct laws_world *w, const char *name, struct str s)
{
	out_byte(&w->trace, ' ');
	out_str(&w->trace, str_cstr(name));
	out_byte(&w->trace, '=');
	out_escaped(&w->trace, s);
}

void laws_trace_u64(struct laws_world *w, const char *name, uint64_t v)
{
	out_byte(&w->trace, ' ');
	out_str(&w->trace, str_cstr(name));
	out_byte(&w->trace, '=');
	out_u64(&w->trace, v);
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Bytes to give next: mostly few, sometimes many. */
static size_t step_of(const struct way *way, uint32_t *random)
{
	uint32_t r;

	if (!way->seed)
		return way->step ? way->step : SIZE_MAX;
	r = next_random(random);
	return 1 + (r & 1 ? r >> 8 & 7 : r >> 8 & 255);
}

static void drain(struct record *rec, struct out *out)
{
	out_str(&rec->out, out_data(out));
	memset(out->base, 0xdd, out->size);
	out_reset(out);
}

/* One call on input[*at, given), laid out afresh. Advances *at by what was consumed. */
static enum laws_turn one_turn(struct laws_world *w, struct out *out, size_t *at, size_t given)
{
	size_t n = given - *at, trace_n = w->trace.n, out_n = out->n;
	uint8_t *p = guarded(PIECE_IN, w->input.n) + (w->input.n - n);
	struct buf in;
	enum laws_turn turn;

	memset(p - (w->input.n - n), 0xdd, w->input.n - n);
	memcpy(p, w->input.p + *at, n);
	in = buf_view(str_of(p, n));
	turn = w->engine->turn(w, &in, out);
	laws_hold(w, memcmp(p, w->input.p + *at, n) == 0, "guard: the input was written to");
	laws_hold(w, buf_len(&in) <= n && in.size == n, "bounds: more consumed than given");
	laws_hold(w, !out_overflow(out) && out->n <= out->size, "bounds: output overflowed");
	*at += n - buf_len(&in);
	if (turn == LAWS_AGAIN)
		laws_hold(w,
			  buf_len(&in) < n || out->n > out_n || w->trace.n > trace_n ||
				  w->trace.overflow,
			  "progress: a call did nothing");
	if (turn == LAWS_FULL)
		laws_hold(w, out->n != 0, "progress: asks for room in an empty output");
	if (turn == LAWS_MORE && w->engine->waiting_max)
		laws_hold(w, buf_len(&in) <= w->engine->waiting_max,
			  "bounds: too much is left waiting");
	return turn;
}

static void note_place(struct laws_world *w, struct record *rec, const struct out *out, size_t at)
{
	laws_trace_u64(w, "sent", rec->out.n + out->n);
	laws_trace_u64(w, "at", at);
	out_lit(&w->trace, "\n");
}

static void feed(struct laws_world *w, const struct way *way, struct record *rec, struct out *out)
{
	uint32_t random = way->seed;
	size_t at = 0, given = 0;
	enum laws_turn turn = LAWS_MORE;

	while (turn != LAWS_END && turn != LAWS_CUT) {
		if (turn == LAWS_FULL || !way->drain_late)
			drain(rec, out);
		if (turn == LAWS_MORE) {
			size_t step = step_of(way, &random);

			if (given == w->input.n && given)
				break;
			given = step < w->input.n - given ? given + step : w->input.n;
		}
		turn = one_turn(w, out, &at, given);
		if (turn == LAWS_AGAIN)
			note_place(w, rec, out, at);
		if (w->input.n == 0 && turn == LAWS_MORE)
			break;
	}
	if (turn == LAWS_MORE && w->engine->eof)
		w->engine->eof(w, out);
	note_place(w, rec, out, turn == LAWS_CUT ? 0 : at);
	drain(rec, out);
}

static void run(struct laws_world *w, const struct way *way, struct record *rec)
{
	const struct laws_engine *e = w->engine;
	size_t self_size = (e->self_size + ALIGN - 1) / ALIGN * ALIGN;
	uint8_t *self = guarded(PIECE_SELF, self_size);
	uint8_t *store = guarded(PIECE_STORE, e->store_size);
	uint8_t *room = guarded(PIECE_OUT, e->out_size);
	struct out out;

	memset(self, way->fill, self_size);
	memset(store, way->fill, e->store_size);
	memset(room, way->fill, e->out_size);
	w->self = self;
	arena_init(&w->store, store, e->store_size);
	out_init(&w->trace, rec->trace, RECORD_MAX);
	out_init(&rec->out, rec->bytes, RECORD_MAX);
	out_init(&out, room, e->out_size);
	e->begin(w, &out);
	feed(w, way, rec, &out);
	if (e->output)
		e->output(w, out_data(&rec->out));
	rec->story = out_data(&w->trace);
}

static struct record *record(unsigned which)
{
	static struct record records[2];

	if (!records[which].trace) {
		records[which].trace = malloc(RECORD_MAX);
		records[which].bytes = malloc(RECORD_MAX);
		if (!records[which].trace || !records[which].bytes)
			abort();
	}
	return &records[which];
}

static void compare(struct laws_world *w, const struct way *way, const struct record *first,
		    const struct record *now)
{
	bool same_story = str_eq(first->story, now->story);
	bool same_out = str_eq(out_data(&first->out), out_data(&now->out));

	if (same_story && same_out)
		return;
	fprintf(stderr, "whole and \"%s\" differ\n", way->name);
	print_bytes("output, whole", out_data(&first->out));
	print_bytes("output, now", out_data(&now->out));
	fprintf(stderr, "trace, whole: %.*s\n", (int)first->story.n, (const char *)first->story.p);
	laws_hold(w, false, "chunking or determinism");
}

void laws_check(const struct laws_engine *e, const void *conf, struct str input)
{
	static const struct way ways[] = {
		{"other memory, late drain", 0, 0, true, 0x5a},
		{"byte by byte", 1, 0, false, 0xa5},
		{"byte by byte, late drain", 1, 0, true, 0},
	};
	struct way way = {"whole", 0, 0, false, 0xa5};
	struct record *first = record(0), *now = record(1);
	uint8_t *copy = malloc(input.n + 1);
	struct laws_world w = {.engine = e, .conf = conf};

	if (!copy)
		abort();
	if (input.n)
		memcpy(copy, input.p, input.n);
	w.input = str_of(copy, input.n);
	run(&w, &way, first);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		run(&w, &ways[i], now);
		compare(&w, &ways[i], first, now);
	}
	for (uint32_t i = 1; i <= RANDOM_RUNS; i++) {
		way = (struct way){"random pieces", 0, i * 2654435761U, i % 2 == 0, (uint8_t)i};
		run(&w, &way, now);
		compare(&w, &way, first, now);
	}
	free(copy);
}

void laws_check_cuts(const struct laws_engine *e, const void *conf, struct str input)
{
	for (size_t n = 0; n <= input.n; n++)
		laws_check(e, conf, str_first(input, n));
}
