/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * toy: a record protocol with the manners of TLS and none of its mathematics: hello, flight and
 * finished in records of any sizes, keys that change, alerts, messages behind the handshake.
 *
 * Both ends of a simulated connection play it: channel_sim.c shows it to the program, wire.c gives
 * it to the peers. What is no record of the right key and number is noticed at once, so plain text
 * can never pass for cipher text or the other way round. All randomness is chance.h's.
 */
#ifndef SIM_TOY_H
#define SIM_TOY_H

#include "base/buf.h"
#include "base/out.h"

enum {
	TOY_RECORD_MAX = 16384,
	TOY_HANDSHAKE_MAX = 64 * 1024, /* cipher bytes */
	TOY_OVERHEAD = 5 + 8 + 2,      /* header, checksum, length of the padding */
	TOY_PAD_MAX = 400,
	TOY_OUT_MIN = 20 * 1024,
	TOY_IDLE_MAX = 32, /* records in a row without a byte of data */
};

enum toy_role { TOY_CLIENT, TOY_SERVER };

enum toy_ev {
	TOY_MORE,   /* all bytes are used */
	TOY_IS_UP,  /* the handshake is over; what is left is data */
	TOY_DATA,   /* toy_plain() has bytes */
	TOY_IDLE,   /* a record without data was taken */
	TOY_CLOSED, /* close_notify */
	TOY_FAILED,
};

/* What one end brings along. */
struct toy_plan {
	bool two_trips;        /* server: the older handshake, in which the server is last */
	bool retry;            /* server: ask for another hello */
	bool asks;             /* server: for a certificate */
	bool verifies;         /* client: a certificate that is not good is the end */
	bool resumes;          /* client: knows the server */
	uint8_t certificate;   /* 0: none, 1: good, others: an X509_V_ERR + 1 */
	uint8_t tickets;       /* server: behind the handshake */
	uint16_t hello_n;      /* bytes that fill the first message */
	uint16_t cut;          /* most bytes of a handshake record */
	uint16_t pad_max;      /* of each record with data */
	uint16_t updates;      /* of ten thousand records: new keys first */
	bool spoils_finished;  /* one bit of it is wrong */
	uint32_t spoils_bytes; /* behind so many data bytes a record is wrong; 0: none */
};

struct toy_way {
	uint64_t key, number;
	bool on;
};

struct toy {
	enum toy_role role;
	uint8_t state; /* enum in toy.c */
	struct toy_plan plan;
	struct toy_way send, recv;
	uint64_t seed, peer_seed, transcript;
	bool two_trips, asked, resumed, closed, bye, greeted;
	uint8_t peer_certificate;
	uint32_t taken, idle;
	uint32_t sent_bytes; /* of data */
	unsigned steps;      /* expensive ones: hellos and flights answered */
	const char *why;     /* once failed */
	bool patient;        /* does not mind records without data */
	bool alerted;        /* it failed because the peer said so */
	/* the record that is coming, the handshake's bytes, data that was not taken yet */
	uint8_t header[5];
	uint32_t record_n, record_size;
	uint8_t *record;
	uint32_t messages_n;
	uint8_t *messages;
	uint32_t plain_at, plain_n; /* in record[] */
};

void toy_plan_any(struct toy_plan *p); /* sizes and manners, from chance; nothing that spoils */

void toy_open(struct toy *t, enum toy_role role, const struct toy_plan *plan);
void toy_close(struct toy *t); /* wipes */

/* The client's hello; once, before anything else. */
void toy_greet(struct toy *t, struct out *out);

/* Takes one record or what there is of it. `out` has room for TOY_OUT_MIN. */
enum toy_ev toy_step(struct toy *t, struct buf *in, struct out *out);

/* Data of the last record that was not taken yet; it goes before the next toy_step(). */
struct str toy_plain(const struct toy *t);
void toy_take(struct toy *t, size_t n);

/* One record of data, as much as there is room for. Only when up. Returns bytes taken. */
size_t toy_write(struct toy *t, struct str plain, struct out *out);

void toy_bye(struct toy *t, struct out *out);                  /* close_notify */
void toy_alert(struct toy *t, struct out *out, uint8_t what);  /* a fatal one */
void toy_update(struct toy *t, struct out *out, bool request); /* new keys for what we send */

bool toy_is_up(const struct toy *t);
bool toy_has_failed(const struct toy *t);

#endif
