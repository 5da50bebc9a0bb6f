/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state: what the files of the simulated kernel share: weather, faults, descriptors, streams.
 * Worlds and peers use kernel.h.
 */
#ifndef SIM_STATE_H
#define SIM_STATE_H

#include "base/list.h"
#include "tests/sim/alarm.h"
#include "tests/sim/kernel.h"
#include "tests/sim/record.h"

/* ---- weather and faults (kernel.c) ---- */

extern struct weather sky;

/* One more event of this kind; true: it is the one that fails. */
bool fault_strikes(enum fault_kind kind);

/* How long a chunk or a completion takes this time. */
uint64_t sky_latency_us(void);

/* A thread is opening, and this is what it cannot have. */
bool kernel_start_fails(void);

/* The program got on: bytes moved, something was opened or closed. A ring that turns and turns
 * without any of it is a busy loop. */
void kernel_progress(void);
uint64_t kernel_progressed(void); /* how often */

/* The program computes for so long before its next turn. */
void kernel_spend(uint64_t us);

/* Turns of the ring up to now. */
uint64_t kernel_turns(void);

/* The world cannot go on. */
_Noreturn void kernel_dead_end(const char *check, const char *why);

/* ---- streams (stream.c) ---- */

enum { CHUNKS_MAX = 32 };

struct chunk {
	uint64_t at_us;
	uint32_t n;
	bool fin, rst, hit;
};

/* One direction, at its receiving end: what has arrived, and behind it what is on its way. */
struct way {
	uint8_t *bytes;
	uint32_t size; /* of bytes[], a power of two: grows with need up to the room there is */
	uint32_t from, arrived, travelling;
	struct chunk chunks[CHUNKS_MAX];
	unsigned first, n;
	struct alarm *alarm;
	uint64_t last_us;
};

struct file;

struct end {
	struct end *far;
	struct way in;
	struct file *file; /* of the program's end while it is open */
	const struct end_events *events;
	void *arg;
	struct alarm *room_alarm;
	struct addr here;
	uint32_t who, listener; /* index of the one it came by */
	int error;              /* told by the next operation, once */
	bool connecting, dead;
	bool fin_in; /* all has been received */
	bool shut, closed, wants_room, hit;
};

/* Two ends of a new connection; the program's is returned. Freed by stream_clear() only. */
struct end *stream_new(void);
void stream_clear(void);

/* As the system calls, never waiting: bytes, or -errno. */
long stream_send(struct end *e, const struct str *parts, unsigned n);
long stream_recv(struct end *e, uint8_t *to, size_t max);
unsigned stream_poll(const struct end *e); /* as tcp_poll(): POLLIN, POLLOUT, POLLRDHUP ... */
size_t stream_room(const struct end *e);   /* bytes that could be sent */
void stream_stall(struct end *e); /* it took less than it could: there is room again in a while */
void stream_shut(struct end *e);
void stream_close(struct end *e, bool reset);

/* The net has lost this connection. */
void stream_hit(struct end *e);
/* It could not be established. */
void stream_refuse(struct end *e, int error);
void stream_establish(struct end *e);
/* Nothing that is sent now arrives before then. */
void stream_hold(struct end *e, uint64_t until_us);

/* ---- descriptors (file.c) ---- */

enum file_kind { FILE_SOCKET, FILE_LISTENER, FILE_PIPE, FILE_WAKE };

/* What waits in a pipe: bytes, and the slots they take. */
struct pipe_state {
	uint8_t *bytes;
	size_t room, from, n;
	uint32_t slots_max, slots;
	uint32_t slot[512]; /* bytes in each, the oldest first */
	unsigned ends;
};

struct listener_state {
	struct end **queue; /* `backlog` places */
	uint32_t backlog, first, n, coming;
	struct addr at;
};

struct file {
	enum file_kind kind;
	int fd;             /* -1: closed */
	uint32_t in_flight; /* operations whose last event the program has not seen */
	struct list ops;    /* those of them that wait in the kernel */
	bool nonblocking, writes;
	uint64_t count; /* FILE_WAKE */
	struct end *end;
	struct pipe_state *pipe;
	struct listener_state *listener;
};

void file_clear(void);
uint32_t file_open_count(void);

/* The file of a descriptor; NULL is a violation by the program. */
struct file *file_of(int fd, const char *call);

/* The lowest free descriptor: NULL when there is none. */
struct file *file_new(enum file_kind kind);
struct file *file_new_socket(struct end *e);
void file_close(struct file *f);
void file_release(struct file *f); /* an operation on it is over */

/* What poll(2) would say. */
unsigned file_poll(const struct file *f);

/* The oldest waiting connection, NULL: none. */
struct end *file_accept(struct file *f);

/* ---- operations (ring_sim.c) ---- */

/* Something happened to f: wake what waits for any of these events. */
void ring_sim_wake(struct file *f, unsigned events);
void ring_sim_clear(void);
void ring_sim_left(struct kernel_left *left);

#endif
