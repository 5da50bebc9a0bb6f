/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay: the bookkeeping of the opaque relay, one `way` for each direction, named by its source.
 *
 * Pure accounting: who has ended, how much flowed, when a way is so one-sided that moving pages
 * (splice) is cheaper than copying. The io floor moves the bytes. Ends are half-closes: the end of
 * one way is passed on once all its bytes are, and the other way goes on, for a while: a client
 * that has closed its sending side may still want its replies, but a backend that has closed is
 * done, and its client has only moments to close too.
 */
#ifndef SESSION_RELAY_H
#define SESSION_RELAY_H

#include "base/must.h"
#include "base/str.h"

enum side { SIDE_FRONT = 0, SIDE_BACK = 1 };

static inline enum side side_other(enum side s)
{
	return s == SIDE_FRONT ? SIDE_BACK : SIDE_FRONT;
}

enum {
	/* Bytes one way without a word the other way before a way is bulk: below, copying is
	   cheaper (measured crossover 64 to 128 KB). */
	RELAY_BULK_BYTES = 64 * 1024,
	/* Bytes of one way that may wait for a slow reader before its source is no longer read. */
	RELAY_HELD_MAX = 64 * 1024,
};

struct relay_way {
	uint64_t bytes; /* received in all */
	uint64_t run;   /* received since the other way last had any */
	bool ended;     /* the source has closed its sending side */
	bool shut;      /* that was passed on to the destination */
};

struct relay {
	struct relay_way way[2];
	bool parting; /* the client's last words were to end the session: it will send no more */
};

/* n bytes came that nobody looks at. */
static inline void relay_received(struct relay *r, enum side from, size_t n)
{
	r->way[from].bytes += n;
	r->way[from].run += n;
	r->way[side_other(from)].run = 0;
	if (from == SIDE_FRONT)
		r->parting = false;
}

/*
 * These bytes came. A client whose last words are QUIT (RFC 5321, 1939) or LOGOUT (RFC 3501) only
 * waits for its backend to close; nothing is done about it before the backend does.
 */
static inline void relay_read(struct relay *r, enum side from, struct str bytes)
{
	struct str quit = STR("QUIT\r\n"), logout = STR("LOGOUT\r\n");

	relay_received(r, from, bytes.n);
	if (from == SIDE_FRONT && bytes.n >= quit.n)
		r->parting = str_eq_nocase(str_from(bytes, bytes.n - quit.n), quit) ||
			     (bytes.n >= logout.n &&
			      str_eq_nocase(str_from(bytes, bytes.n - logout.n), logout));
}

static inline bool relay_is_bulk(const struct relay *r, enum side from)
{
	return r->way[from].run >= RELAY_BULK_BYTES && !r->way[from].ended;
}

static inline void relay_ended(struct relay *r, enum side from)
{
	r->way[from].ended = true;
}

static inline void relay_shut(struct relay *r, enum side from)
{
	must(r->way[from].ended);
	r->way[from].shut = true;
}

/* The backend has ended and the client knows: what happens now is no failure any more. */
static inline bool relay_is_done(const struct relay *r)
{
	return r->way[SIDE_BACK].shut;
}

/* Both ways have ended and been passed on, or both sides have taken their leave. */
static inline bool relay_over(const struct relay *r)
{
	return r->way[SIDE_BACK].shut && (r->way[SIDE_FRONT].shut || r->parting);
}

#endif
