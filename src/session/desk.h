/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * desk: the working memory of a session that has something in work.
 *
 * An idle session owns no desk. It borrows one when bytes arrive and gives it back when nothing is
 * left on it, so that ten thousand silent clients cost ten thousand session structs and no buffer.
 * There is one desk for each session in the slab: taking one cannot fail. All that was written is
 * wiped when a desk is put back, for it held passwords.
 */
#ifndef SESSION_DESK_H
#define SESSION_DESK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/out.h"
#include "base/slab.h"
#include "proto/back.h"
#include "session/session.h"

enum { DESK_SERVERS_MAX = 16 }; /* addresses of one backend that are tried */

/* A writer whose bytes leave from the front while the kernel takes them. */
struct desk_out {
	struct out out;
	size_t sent;
};

struct desk {
	struct desk_out to_front, to_back; /* replies to the client, commands to the backend */
	struct buf in[2];                  /* by side: received, not yet consumed */
	struct arena store;                /* the front engine's strings */
	struct arena answer;               /* the auth service's strings */
	struct back back;
	struct back_peer peer;
	struct str server_name;                /* of the backend, in `answer`; may be empty */
	struct addr servers[DESK_SERVERS_MAX]; /* that have this name */
	uint32_t n_servers, server;            /* how many; which one is tried */
	struct login login;                    /* as the backend engine uses it */
	struct front_answer refusal;           /* to be said after Auth-Wait, in `answer` */
	uint8_t bytes[];
};

size_t desk_bytes(const struct session_sizes *sizes);

struct desk *desk_get(struct session_env *env);
void desk_put(struct session_env *env, struct desk *d);

/* Nobody will read what came any more. A login that was going on is over, and its password goes at
 * once; bytes of the relay are no passwords, and may be with the kernel still. */
void desk_drop(struct desk *d, bool relay);

/* Nothing is waiting to be sent or consumed. */
bool desk_clear(const struct desk *d);

struct str desk_pending(const struct desk_out *o);

/* n bytes have gone; the writer starts anew when all have. Returns what of n was not its own. */
size_t desk_sent(struct desk_out *o, size_t n);

#endif
