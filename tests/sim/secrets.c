/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * secrets: looks for passwords in the thread's memory and in the ring's pool: as they are and in
 * base64, which has three forms of the same bytes. Every password of a world begins with the
 * world's mark and names its guest behind it.
 */
#include "tests/sim/checks.h"

#include "base/codec.h"
#include "io/thread_state.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FORMS = 4, GRACE_US = 1000000, AROUND = 64 };

struct form {
	char bytes[24];
	size_t n;
	unsigned before; /* characters of base64 in front of it, to decode what is behind */
};

static void make_forms(const struct world *w, struct form *forms)
{
	memcpy(forms[0].bytes, w->mark, MARK_BYTES);
	forms[0].n = MARK_BYTES;
	for (unsigned k = 0; k < 3; k++) {
		struct form *f = &forms[k + 1];
		uint8_t plain[MARK_BYTES + 3] = {0}, text[32];
		struct out o;

		memcpy(plain + k, w->mark, MARK_BYTES);
		out_init(&o, text, sizeof(text));
		codec_base64(&o, str_of(plain, MARK_BYTES + k));
		f->before = (k * 8 + 5) / 6;
		f->n = (MARK_BYTES + k) * 8 / 6 - f->before;
		memcpy(f->bytes, text + f->before, f->n);
	}
}

/* "MARK-12-1" */
static uint32_t guest_in(const struct world *w, const uint8_t *p, size_t n)
{
	const uint8_t *at = memmem(p, n, w->mark, MARK_BYTES);
	uint32_t id = 0;

	if (!at)
		return 0;
	for (at += MARK_BYTES + 1; at < p + n && *at >= '0' && *at <= '9'; at++)
		id = id * 10 + (uint32_t)(*at - '0');
	/* Still on its way in, perhaps: not whole yet. */
	return at < p + n && *at == '-' ? id : 0;
}

static uint32_t whose(const struct world *w, const struct form *f, struct str at)
{
	uint8_t plain[64];
	size_t n = 0;
	struct str text = str_first(at, 48);

	if (f->n == MARK_BYTES && !memcmp(f->bytes, w->mark, MARK_BYTES))
		return guest_in(w, at.p, at.n < 64 ? at.n : 64);
	/* From the beginning of a group of four on. */
	text = str_of(at.p - f->before, text.n);
	while (text.n % 4 || (text.n && codec_base64_decode(text, plain, &n) < 0))
		text.n--;
	return guest_in(w, plain, n);
}

/* 112 may be the beginning of 1124, whose last digits are still on their way, before older bytes.
 */
static bool is_half_of_another(struct world *w, uint32_t id)
{
	for (uint32_t i = id + 1; i <= w->n_guests; i++) {
		uint32_t half = i;

		while (half > id)
			half /= 10;
		if (half == id && !w->guests[i].over && !w->guests[i].login_us)
			return true;
	}
	return false;
}

static void found(struct world *w, uint32_t id, const char *where, bool at_end)
{
	const struct guest *g = world_guest(w, id);
	bool past = g && g->login_us && kernel_now_us() > g->login_us + GRACE_US;

	if (at_end)
		kernel_violation("secret-left", "guest %u's, in %s", id, where);
	else if (past && !is_half_of_another(w, id))
		kernel_violation("secret-kept", "guest %u's, in %s", id, where);
}

struct area {
	const uint8_t *base;
	size_t n;
	const char *name;
	bool at_end;
};

static bool is_in(const struct slab *s, const uint8_t *p)
{
	return p >= s->base && p < s->base + (size_t)s->touched * s->slot_size;
}

static const char *place(const struct world *w, const struct area *a, const uint8_t *p)
{
	const struct thread *t = w->thread;

	if (is_in(&t->pairs, p))
		return "a session";
	if (is_in(&t->env.desks, p))
		return "a desk";
	return is_in(&t->auth_conns, p) ? "an auth connection" : a->name;
}

static void look(struct world *w, const struct form *forms, const struct area *a, struct str run)
{
	for (int i = 0; i < FORMS; i++) {
		const struct form *f = &forms[i];
		const uint8_t *p = run.p, *end = run.p + run.n;

		while ((p = memmem(p, (size_t)(end - p), f->bytes, f->n))) {
			struct str at = str_of(p, (size_t)(a->base + a->n - p));

			found(w, whose(w, f, at), place(w, a, p), a->at_end);
			p++;
		}
	}
}

/* Most of it is zero: only runs of anything else are looked at. */
static void scan(struct world *w, const struct form *forms, const struct area *a)
{
	const uint64_t *words = (const uint64_t *)(const void *)a->base;
	size_t n = a->n / sizeof(*words), i = 0;

	while (i < n) {
		size_t from, to, zeros = 0;

		for (; i < n && !words[i]; i++)
			;
		for (from = to = i; i < n && zeros < 4; i++) {
			zeros = words[i] ? 0 : zeros + 1;
			to = words[i] ? i + 1 : to;
		}
		if (to > from)
			look(w, forms, a, str_of(words + from, (to - from) * sizeof(*words)));
	}
}

/* What was never touched need not be read, and must not be, for it would be taken then. */
static void scan_touched(struct world *w, const struct form *forms, struct area *a)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (a->n + page - 1) / page, from = 0;
	const uint8_t *base = a->base;
	union {
		const uint8_t *given;
		void *kept;
	} u = {.given = base};
	uint8_t *in = malloc(n);

	if (!in || mincore(u.kept, a->n, in) < 0) {
		free(in);
		return;
	}
	for (size_t i = 0; i <= n; i++) {
		if (i < n && in[i] & 1)
			continue;
		if (i > from) {
			struct area part = *a;

			part.base = base + from * page;
			part.n = (i == n ? a->n : i * page) - from * page;
			scan(w, forms, &part);
		}
		from = i + 1;
	}
	free(in);
}

void checks_secrets(struct world *w, bool at_end)
{
	struct form forms[FORMS];
	struct str pool = kernel_pool_memory();
	struct area memory = {w->thread->memory, w->thread->memory_bytes, "memory", at_end};
	struct area buffers = {pool.p, pool.n, "pool", at_end};

	make_forms(w, forms);
	scan_touched(w, forms, &memory);
	scan(w, forms, &buffers);
}
