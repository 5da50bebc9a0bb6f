/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session_login: the part of a session from first command to hand-over: drives the front engine,
 * takes the verdict, drives the back engine. Called by session.c only.
 */
#ifndef SESSION_SESSION_LOGIN_H
#define SESSION_SESSION_LOGIN_H

#include "session/session.h"

/* Let the front engine read what waits in the desk's in[SIDE_FRONT]. */
void session_login_resume(struct session *s);

/* The same over fresh bytes; returns how many were consumed or stashed. */
size_t session_login_front(struct session *s, struct str bytes);

/* What the client has said before it was greeted: the end. */
void session_login_early(struct session *s, struct str bytes);

/* Bytes from the backend; returns how many were consumed or stashed. */
size_t session_login_back(struct session *s, struct str bytes);

/* The back engine could not go on for want of room; what it wrote has left. */
void session_login_resume_back(struct session *s);

void session_login_verdict(struct session *s, const struct verdict *v);
void session_login_dialled(struct session *s, struct str failed);

/* Where the backend is, or not. */
void session_login_named(struct session *s, const struct name_answer *a);

/* The backend's address refuses the connection, or closes it (why.n == 0) without a word: the next
 * one is tried, or it is over. */
void session_login_refused(struct session *s, struct str why);

/* TLS is up behind the client's STARTTLS; TLS with the backend is up, or not. */
void session_login_secured(struct session *s);
void session_login_secured_back(struct session *s, const struct session_tls *how);

/* Auth-Wait is over. */
void session_login_waited(struct session *s);

/* The one writer of s->phase; in session.c, which owns the table of phases. */
void session_enter(struct session *s, enum phase to);

#endif
