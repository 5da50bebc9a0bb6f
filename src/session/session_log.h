/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session_log: a session's lines in the log, in NGINX's grammar (message, " while ACTION", client,
 * server, login, upstream), which log filters in the field depend on.
 */
#ifndef SESSION_SESSION_LOG_H
#define SESSION_SESSION_LOG_H

#include "session/session.h"

static inline bool session_log_takes(const struct session *s, enum log_level level)
{
	return level <= s->conf->log_level || s->traced;
}

/* debug_connection names a client of this address. */
bool session_log_traces(const struct server_conf *conf, const struct addr *client);

/* A finished line. */
void session_log_emit(struct session *s, enum log_level level, struct str message);

/* "client IP:PORT connected to ADDR" */
void session_log_connected(struct session *s);

/* "client logged in", with both connections named */
void session_log_login(struct session *s);

/* `client login failed: "text"` */
void session_log_refused(struct session *s, struct str why);

/* `auth http server ... answered with status 502` */
void session_log_status(struct session *s, unsigned status);

/* `ADDR could not be resolved (3: Host not found)`, or of that name, if it is not empty */
void session_log_unresolved(struct session *s, struct str name, const struct name_answer *a);

/* `ADDR resolved to invalid host name "..."` */
void session_log_bad_name(struct session *s, struct str name);

/* `no resolver is defined to resolve "NAME"`, before what NGINX says of a server with a name */
void session_log_unknown_server(struct session *s, struct str name);

/* What is wrong with the backend's address; another one is tried. */
void session_log_next(struct session *s, enum reason reason, struct str why);

/* What the front engine has to say after FRONT_NOTE. */
void session_log_note(struct session *s);

/* The line of reason.c's table, if it has one. `detail` is its %D. */
void session_log_reason(struct session *s, enum reason reason, struct str detail);

#endif
