/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring_sim: what the simulated ring is made of: operations, the queue of events, the pool.
 * For ring_sim.c, ring_op.c and ring_pool.c; an operation lives until the program has seen its
 * last event.
 */
#ifndef SIM_RING_SIM_H
#define SIM_RING_SIM_H

#include "io/ring.h"
#include "tests/sim/state.h"

enum op_kind { OP_ACCEPT, OP_RECV, OP_SEND, OP_POLL_IN, OP_POLL_OUT, OP_CANCEL };

struct op {
	struct list node; /* in file.ops while it waits in the kernel */
	struct op *chain; /* in ring.waiting */
	enum op_kind kind;
	uint64_t tag;
	int fd;
	struct file *file;  /* NULL: there is none */
	struct alarm *work; /* it was woken, and runs then */
	uint64_t late_us;   /* when its last late event comes */
	uint32_t n_late;
	uint32_t received; /* bytes in all */
	bool waiting, cancelled;
	unsigned n_parts;
	struct str parts[RING_PARTS_MAX];
};

struct op_event {
	struct ring_event event;
	struct op *op;
};

enum { WAITING_ROWS = 1024 };

enum buffer_state { BUFFER_SHOWN, BUFFER_TAKEN, BUFFER_HELD, BUFFER_RETURNED };

struct ring {
	struct ring_conf conf;
	struct op **submitted;
	uint32_t n_submitted;
	struct op_event *events;
	uint32_t n, room;
	struct list late;                 /* events that are still to come */
	struct op *waiting[WAITING_ROWS]; /* by tag */
	uint32_t connection_ops;          /* on sockets, last event not seen */
	/* the pool: buffers in the order in which the kernel will take them */
	uint8_t *state; /* enum buffer_state of each */
	uint16_t *shown;
	uint32_t first, n_shown, held;
	uint16_t *returned;
	uint32_t n_returned;
	/* spinning */
	uint64_t progress;
	unsigned spins;
};

extern struct ring *ring_now;

void ring_sim_post(struct ring *r, struct op *op, const struct ring_event *event);

/* ring_op.c: do it, or wait for what it needs. */
void ring_op_start(struct ring *r, struct op *op);
void ring_op_free(struct op *op);
void ring_op_free_waiting(struct ring *r);
const char *ring_op_name(const struct op *op);

/* ring_pool.c */
void ring_pool_open(struct ring *r);
void ring_pool_close(struct ring *r);
void ring_pool_show_returned(struct ring *r);
/* false: none is left. */
bool ring_pool_take(struct ring *r, uint16_t *buffer);
void ring_pool_untake(struct ring *r, uint16_t buffer); /* the one taken last */
void ring_pool_hand_out(struct ring *r, uint16_t buffer);

#endif
