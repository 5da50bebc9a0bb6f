/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session_proxy: the PROXY header in front of a session, and the one in front of its backend.
 * Called by session.c only.
 */
#ifndef SESSION_SESSION_PROXY_H
#define SESSION_SESSION_PROXY_H

#include "session/session.h"

/*
 * Look for the header in what waits in the desk's in[SIDE_FRONT]. True once it is whole: it was
 * taken out and the session knows what it says. What is no header has ended the session.
 */
NODISCARD bool session_proxy_read(struct session *s);

/* The client closed before its header was whole. */
void session_proxy_closed(struct session *s);

/* The header for the backend, if the configuration wants one, as the first bytes that it gets. */
void session_proxy_write(struct session *s);

#endif
