/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * player: plays one transcript against a running proxy: the mail client, the auth service and
 * the backend at once, on loopback sockets that never block. Driven by turns, so that
 * many players share one loop. Records every byte the proxy sent on each wire.
 */
#ifndef TESTS_TWIN_PLAYER_H
#define TESTS_TWIN_PLAYER_H

#include "tests/lib/script.h"

#include <poll.h>
#include <sys/types.h>

struct player_wire {
	int listen_fd;      /* -1 for the client */
	int fd;             /* newest connection, -1: none */
	bool eof;           /* the proxy has closed it */
	bool sealed;        /* ... in TLS, which is up */
	struct sealed *tls; /* NULL: plain text */
	uint8_t *rx;        /* everything the proxy ever sent */
	size_t n, size;
	size_t used; /* of it, what expectations have met */
};

/* One run: a script, a proxy, and whether the client sends byte by byte. */
struct player_run {
	const struct script *script;
	const char *proxy_name;
	const char *log_path;
	pid_t group; /* of processes: the proxy */
	bool bytewise;
	unsigned listen_port;
	int auth_fd, back_fd; /* listening, borrowed */
	struct script_vars vars;
};

struct player {
	struct player_run run;
	struct player_wire wires[SCRIPT_WIRES];
	size_t step;
	bool entered; /* the step has begun: its deadline and text are set */
	uint64_t deadline_us;
	struct str text; /* the step's text, placeholders replaced */
	size_t sent;
	size_t quiet_seen;
	bool wants_quit; /* waits until the proxy has been told to end; whoever told it: */
	bool quit_told;
	bool ending; /* script done, waiting for the proxy to let go */
	long log_from;
	bool failed; /* said so on stderr */
};

enum { PLAYER_FDS_MAX = 5 };

void player_init(struct player *p, const struct player_run *run);

/* Go as far as possible now. True when the run is over; player_done() then. */
bool player_turn(struct player *p, uint64_t now_us);

/* What to poll for; returns how many. */
size_t player_fds(const struct player *p, struct pollfd *fds);

/* True while a byte-by-byte write waits for its next turn. */
bool player_hurries(const struct player *p);

void player_done(struct player *p);

#endif
