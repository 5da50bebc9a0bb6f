/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session_debug: what a session says at level debug: every step on its way, and what decides the
 * next one. Never a password, a token, or bytes that may hold one.
 */
#ifndef SESSION_SESSION_DEBUG_H
#define SESSION_SESSION_DEBUG_H

#include "session/session.h"

/* Ask before calling any of the others. */
static inline bool session_debug_on(const struct session *s)
{
	return s->traced || s->conf->log_level >= LEVEL_DEBUG;
}

/* Words of our own. */
void session_debug_say(struct session *s, struct str text);

void session_debug_phase(struct session *s, const char *from, const char *to);

/* A new state of the dialogue with that side. */
void session_debug_dialogue(struct session *s, enum side side);

/* What the auth service is asked now, and what it has answered. */
void session_debug_question(struct session *s);
void session_debug_verdict(struct session *s, const struct verdict *v);

void session_debug_dialled(struct session *s);

/* TLS with that side is up; `detail` as in struct session_tls. */
void session_debug_secured(struct session *s, enum side side, struct str detail);

#endif
