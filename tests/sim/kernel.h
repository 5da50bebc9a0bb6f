/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel: the simulated kernel of one world: virtual time, descriptors, TCP streams, faults.
 *
 * ring_sim.c and net_sim.c show it to the program as io/ring.h and io/net.h; the scripted peers
 * use the far ends of the streams. Everything happens in one thread, in an order that only the
 * seed decides: time passes inside ring_turn() and nowhere else, while the program waits.
 * Nothing of a world outlives kernel_close(). Never looks at what the bytes mean.
 */
#ifndef SIM_KERNEL_H
#define SIM_KERNEL_H

#include "base/addr.h"
#include "base/slab.h"
#include "base/str.h"
#include "tests/sim/chance.h"

#include <stdio.h>

/* ---- the world's weather: how the kernel and the net behave ---- */

struct weather {
	uint64_t latency_us_min, latency_us_max; /* of each chunk and of each completion */
	uint32_t socket_room;                    /* bytes of each direction between two ends */
	uint32_t submissions;                    /* entries; a full queue is executed early */
	uint32_t completions;                    /* entries; past them multishot operations end */
	uint32_t fds_max;      /* descriptors the program may have: EMFILE past them */
	uint8_t lacks_address; /* the last byte of the IPv4 addresses that nothing can be dialled
				  from, for they are not the machine's any more; 0: it has all */
	/* of ten thousand */
	uint32_t split;          /* a receive brings less than there is */
	uint32_t end_multishot;  /* a multishot operation ends with a good event */
	uint32_t no_buffers;     /* -ENOBUFS although there are some */
	uint32_t short_send;     /* a send takes less than there is room for */
	uint32_t stall_send;     /* -EAGAIN although there is room */
	uint32_t reset;          /* a chunk on its way finds the connection reset */
	uint32_t lost_cancel;    /* a cancel comes too late: the operation's own event came first */
	uint32_t reorder;        /* completions of different operations change places */
	uint32_t refuse_dial;    /* ECONNREFUSED, at once or later */
	uint32_t no_fd;          /* EMFILE from accept, socket or pipe */
	uint32_t purge_on_reset; /* a reset also drops what had arrived and was not read */
	uint32_t again_nonblocking; /* a receive on a non-blocking descriptor says -EAGAIN */
	uint32_t interrupt;         /* a wait ends early, with nothing */
};

/* The n-th (from 1) event of one kind fails; n = 0: none. For the sweeps. */
enum fault_kind {
	FAULT_SUBMISSION, /* the operation ends at once with -ENOMEM, having done nothing */
	FAULT_COMPLETION, /* the operation's event says -ECONNRESET: the connection is gone */
	FAULT_ACCEPT,     /* -EMFILE, -ENFILE, -ENOBUFS, -ENOMEM or -ECONNABORTED in turn */
	FAULT_DIAL,       /* net_dial() */
	FAULT_PIPE,       /* net_pipe() */
	FAULT_SPLICE,     /* net_splice(): the connection is gone */
	FAULT_SLOT,       /* slab_get() of client sessions (linked with --wrap) */
	FAULT_CHANNEL,    /* a call of tls/channel.h: no memory, or the channel fails */
	FAULT_DNS,        /* an answer of a name server: it does not know */
	FAULT_START,      /* calloc, mmap, ring_open, eventfd while a thread opens */
	FAULT_KINDS
};

/* The weather is copied and may change in mid-world. Of its rooms 0 means: as the program asks. */
void kernel_open(uint64_t seed, const struct weather *weather);
void kernel_weather(const struct weather *weather);
void kernel_fault(enum fault_kind kind, uint64_t n);
uint64_t kernel_fault_count(enum fault_kind kind); /* events of that kind up to now */
bool kernel_fault_hit(void);
void kernel_close(void);

/* What FAULT_SLOT and FAULT_START are about: slabs that may run out; while a thread opens. */
void kernel_watch_slab(const struct slab *s);
void kernel_starting(bool starting);

/* Called when a world cannot go on: after the violations "stuck" (the program waits for ever, and
 * nothing will happen) and "busy-loop". Leaves by longjmp; a world without it aborts. */
void kernel_on_dead_end(void (*fn)(void));

/* ---- time ---- */

uint64_t kernel_now_us(void);

/* Calls fn(arg) in so many microseconds, from inside ring_turn(). Order at one instant: chance. */
struct alarm *kernel_after(uint64_t in_us, void (*fn)(void *arg), void *arg);
void kernel_forget(struct alarm *a); /* one that has not rung yet */

/* ---- streams, as the peers see them ---- */

/* One end of a TCP connection. The program's end is a descriptor, the peer's is this. */
struct end;

struct end_events {
	void (*readable)(void *arg); /* bytes, the end of the stream or an error can be read */
	void (*writable)(void *arg); /* there is room again after a short end_write() */
};

/* Room in the stream may take fewer bytes than given. -1: connection is gone. */
long end_write(struct end *e, struct str bytes);

/* > 0: bytes; 0: end of the stream; -1: connection reset; -2: nothing now, readable() tells. */
long end_read(struct end *e, uint8_t *to, size_t max);

void end_shut(struct end *e);  /* no more will be written */
void end_close(struct end *e); /* as close(2): unread bytes make it a reset */
void end_reset(struct end *e); /* as close(2) with SO_LINGER 0 */

/* A chunk of this connection was hit by the weather or by a fault: whole delivery is not owed. */
bool end_was_hit(const struct end *e);

/* Where the other end of this connection is. */
const struct addr *end_peer(const struct end *e);

/* What the kernel traces of this connection is the session's of this number. */
void end_name(struct end *e, uint32_t who);

/* The program's listening socket `index`: a descriptor for thread_start.listens. */
int kernel_listener(uint32_t index, const struct addr *at, uint32_t backlog);

/* A client connects to the program's listener `index` (of worker_conf.listens) from `from`.
 * NULL: the listener's queue is full or it is gone. The connection waits for accept. */
struct end *kernel_connect(uint32_t index, const struct addr *from, const struct end_events *events,
			   void *arg);

/* Who answers when the program dials `to`. */
enum dial_answer { DIAL_ACCEPTED, DIAL_REFUSED, DIAL_SILENT };
typedef enum dial_answer dial_fn(const struct addr *to, struct end *e);
void kernel_on_dial(dial_fn *fn);
/* The callee takes its end over, within the dial_fn or before the first event. */
void end_listen(struct end *e, const struct end_events *events, void *arg);

/* ---- what must hold ---- */

/* A check that failed: recorded with the world's time; the first one names the world's failure. */
void kernel_violation(const char *check, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const char *kernel_failed_check(void); /* NULL: none */
const char *kernel_failed_text(void);  /* when, and the format's words */

/* Lines of what happened, kept only when tracing is on; `who` is a session's number or 0. */
extern bool kernel_tracing;
void kernel_trace(uint32_t who, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The lines of one session and those of nobody's; 0: all. */
void kernel_trace_print(FILE *to, uint32_t who);
uint64_t kernel_trace_hash(void); /* of all that happened: equal for equal seeds, always kept */

/* At the end: descriptors of the program still open (listeners not counted), operations in flight
 * on connections and buffers of the pool not given back; the latter two as they were when the ring
 * was closed, if it is. */
struct kernel_left {
	uint32_t fds, operations, buffers;
};
void kernel_left(struct kernel_left *left);

/* The pool's memory, to look for credentials. */
struct str kernel_pool_memory(void);

#endif
