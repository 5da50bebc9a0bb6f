/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * laws: the property test that every sans-I/O engine runs through: chunking, progress, bounds,
 * guard pages, conservation, secrecy, determinism. Broken laws print the input and abort(), so
 * unit tests and fuzz targets use it alike.
 *
 * To plug an engine in, write an adapter (laws_front.c is one): a struct laws_engine whose
 * turn() makes ONE call of the engine's next(), tells in w->trace what the event was and what the
 * caller would have seen (every field), plays the caller (applies verdicts, drains, skips), and
 * says how to go on. The same input is then run whole, byte by byte and in random pieces, with
 * roomy and with tight output, over differently filled memory, and must leave the same trace, the
 * same output and the same rest. Input, output, store and engine end at PROT_NONE pages; bytes of
 * the input are at another address in every turn, and their old place is overwritten.
 */
#ifndef LIB_LAWS_H
#define LIB_LAWS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/out.h"

enum laws_turn {
	LAWS_MORE,  /* the engine asked for more input                              */
	LAWS_AGAIN, /* something happened and is in the trace; call again at once   */
	LAWS_FULL,  /* the engine asked for room in `out`                           */
	LAWS_END,   /* over: what was not consumed is somebody else's               */
	LAWS_CUT,   /* over, and how much was consumed depends on the cutting (TLS) */
};

struct laws_engine;

/* One run of one engine. */
struct laws_world {
	const struct laws_engine *engine;
	const void *conf;   /* the adapter's own, from laws_check() */
	void *self;         /* engine->self_size bytes, 16-aligned, for engine and adapter state */
	struct arena store; /* engine->store_size bytes */
	struct out trace;   /* what happened, as text; may overflow, then its beginning counts */
	struct str input;
};

struct laws_engine {
	const char *name;
	size_t self_size;
	size_t store_size;
	size_t out_size;    /* room in `out`: the longest single reply or command */
	size_t waiting_max; /* after LAWS_MORE at most so many bytes may be left; 0: any number */
	/* Initialise the engine in w->self, whose bytes are garbage. May write to `out`. */
	void (*begin)(struct laws_world *w, struct out *out);
	enum laws_turn (*turn)(struct laws_world *w, struct buf *in, struct out *out);
	/* The peer closed after its last byte; may be NULL. */
	void (*eof)(struct laws_world *w, struct out *out);
	/* Look at all output of a run; may be NULL. */
	void (*output)(struct laws_world *w, struct str all);
};

/* Run `input` in all ways. The input is copied first. */
void laws_check(const struct laws_engine *e, const void *conf, struct str input);

/* The same for every beginning of `input`, the empty one included. */
void laws_check_cuts(const struct laws_engine *e, const void *conf, struct str input);

/* Law 7, for adapters: `secret` is in no byte of store and engine. Short ones and those with NUL
 * bytes pass. */
void laws_no_secret(const struct laws_world *w, struct str secret);

/* Report and abort unless `holds`. */
void laws_hold(const struct laws_world *w, bool holds, const char *law);

/* " name=<escaped>" into the trace, and " name=N". */
void laws_trace_str(struct laws_world *w, const char *name, struct str s);
void laws_trace_u64(struct laws_world *w, const char *name, uint64_t v);

#endif
