/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * thread: one ring thread of a worker process: its ring, sessions, timers and auth connections.
 *
 * Shares nothing with its siblings but the connection counter. All its memory is taken by
 * thread_open(); afterwards it only fails sessions, never itself.
 */
#ifndef IO_THREAD_H
#define IO_THREAD_H

#include "base/log.h"
#include "session/session.h"
#include "io/conf.h"

struct thread;

/* A listening socket, non-blocking. */
struct thread_listen {
	int fd;
	const struct listen_conf *conf;
};

struct thread_start {
	const struct worker_conf *conf;
	/* What this thread accepts on; an address may have several. Sockets that threads share are
	 * fine, their own spread the load. The caller's: never closed here, so the queue survives
	 * us. */
	const struct thread_listen *listens;
	uint32_t n_listens;
	/* Called once, in this thread, when it was told to drain and will not touch its sockets any
	 * more; NULL: nobody wants to know. */
	void (*on_deaf)(void);
	struct logger *logger;                /* this thread's */
	uint32_t index;                       /* 0 .. threads - 1 */
	_Atomic uint64_t *connection_counter; /* last connection number given, process wide */
};

/* What large messages go through: so many pipes of so many bytes, opened when they are needed. */
enum { THREAD_PIPES = 48, THREAD_PIPE_BYTES = 1024 * 1024 };

enum thread_order {
	THREAD_STOP,   /* end all sessions now, then return from thread_run */
	THREAD_DRAIN,  /* stop accepting, finish the sessions, then return  */
	THREAD_REOPEN, /* write out pending log lines: the files are changed after this turn */
};

/* Who a TLS connection is with. */
enum thread_tls { THREAD_TLS_FRONT, THREAD_TLS_BACK, THREAD_TLS_AUTH, THREAD_TLS_COUNT };

struct thread_tls_counters {
	uint64_t handshakes, resumed; /* the latter are among the former */
	uint64_t failed;
	uint64_t cut; /* the peer closed without saying so: its last bytes may be missing */
};

struct thread_counters {
	struct session_counters sessions;
	struct thread_tls_counters tls[THREAD_TLS_COUNT];
	uint64_t refused_full; /* no free session: answered 421 and closed */
	uint64_t active;       /* sessions now */
};

/*
 * Takes all memory and sets up the ring, in the thread that will run it. NULL with one sentence
 * in error[] that says what to do. `s` is copied; what it points at outlives the thread.
 */
NODISCARD struct thread *thread_open(const struct thread_start *s, char *error, size_t error_size);

/* Serves until told to stop or drain and the last session has ended. Sessions that are left after
 * conf->shutdown_timeout_ms of draining are ended. The process ignores SIGPIPE: splice(2) raises
 * it. */
void thread_run(struct thread *t);

/* After thread_run has returned, or instead of it; not in the same thread, perhaps. thread_tell
 * must not be called any more. */
void thread_close(struct thread *t);

/* From any thread or signal handler: leaves the order and wakes the thread by its eventfd. */
void thread_tell(struct thread *t, enum thread_order order);

/* Bytes thread_open takes for one thread with a socket per address, for the start-up report. */
size_t thread_memory(const struct worker_conf *conf);

/* Written by the thread alone; readers elsewhere may see a value that is a moment old. */
const struct thread_counters *thread_counters(const struct thread *t);

#endif
