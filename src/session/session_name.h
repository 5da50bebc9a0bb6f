/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session_name: the name of a client of SMTP, found before it is greeted. Called by session.c and
 * session_login.c only. Keeps it in a slot of session_env.names until the relay.
 */
#ifndef SESSION_SESSION_NAME_H
#define SESSION_SESSION_NAME_H

#include "session/session.h"

/* Ask for it, if the configuration wants it: true if the session has to wait for it now. */
NODISCARD bool session_name_ask(struct session *s);

/* An answer to that. False if it brings the next question. */
NODISCARD bool session_name_take(struct session *s, const struct name_answer *a);

/* What the auth service and the backend are told: the name, or which kind of none it is. */
struct str session_name_host(const struct session *s);

/* It is of no use any more. */
void session_name_forget(struct session *s);

#endif
