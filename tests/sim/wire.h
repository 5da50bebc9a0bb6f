/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire: what a peer reads and writes: its end of a connection, in plain text or under the toy's
 * TLS, which may begin at once or in the midst (STARTTLS). Also what a peer does wrong with TLS.
 *
 * The calls are those of kernel.h's ends. Owns the toy and the cipher bytes that wait for room;
 * what is written before a close or a half-close leaves first.
 */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include "tests/sim/kernel.h"
#include "tests/sim/toy.h"

enum wire_trick {
	WIRE_FAIR,
	WIRE_GARBAGE, /* instead of its first message */
	WIRE_PLAIN,   /* commands or replies instead of its first message */
	WIRE_ENDLESS, /* a first message without end */
	WIRE_STOPS,   /* in mid-handshake; the rest happen there too */
	WIRE_CLOSES,
	WIRE_RESETS,
	WIRE_ALERTS,
	WIRE_BAD_FINISHED,
	WIRE_AFTER, /* these happen behind the handshake */
	WIRE_BAD_RECORD = WIRE_AFTER,
	WIRE_IDLES,    /* record after record without data */
	WIRE_TALKS_ON, /* close_notify, then clear text and records */
	WIRE_TRICKS
};

struct wire_plan {
	struct toy_plan toy;
	enum wire_trick trick;
	uint32_t at;      /* cipher bytes of its handshake, or data bytes, before the trick */
	bool by_bytes;    /* cipher bytes leave in dribs and drabs */
	bool rude;        /* its ends come without close_notify */
	bool only_notify; /* its half-close is close_notify alone */
};

struct wire {
	struct end *end;
	const struct wire_plan *plan; /* NULL: plain text */
	struct wire *next;            /* of all with a toy */
	const struct end_events *events;
	void *arg;
	uint32_t who;
	const char *check; /* that fails when what comes is no cipher text; NULL: "tls-cipher" */
	struct toy toy;
	struct alarm *alarm;
	struct buf in;  /* cipher bytes that the toy did not take yet */
	struct out out; /* cipher bytes that wait for room */
	uint32_t out_at, wrote;
	uint8_t *memory;
	enum { WIRE_OPEN, WIRE_SHUTTING, WIRE_CLOSING, WIRE_GONE } course;
	bool mute;     /* says no more */
	bool notified; /* close_notify has come */
	bool cut;      /* the end came without it */
	bool broken;   /* a write found nobody */
	bool read_all; /* nothing will come any more */
	uint32_t deaf_heard;
};

/* A kernel_connect() with the wire's own events; false: refused. */
bool wire_connect(struct wire *w, uint32_t listener, const struct addr *from);
/* The same of an end that was dialled. */
void wire_accept(struct wire *w, struct end *e);

/* From here on TLS. *plan stays where it is. */
void wire_secure(struct wire *w, enum toy_role role, const struct wire_plan *plan);
bool wire_is_up(const struct wire *w); /* in plain text, too */

long wire_write(struct wire *w, struct str bytes);
/* What was read in plain text and is of the handshake. */
void wire_feed(struct wire *w, struct str bytes);

long wire_read(struct wire *w, uint8_t *to, size_t max);
void wire_shut(struct wire *w);
void wire_close(struct wire *w);
void wire_reset(struct wire *w);

void wire_clear(void); /* frees what all wires of a world hold */

#endif
