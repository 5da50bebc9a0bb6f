/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_laws: what must be true of a session, whatever its peers, kernel and clock do: wants and
 * deadline fit its state, replies are those of the front engine alone, bytes of the relay are the
 * peers' own, once and in order, no password outlives its login, counters add up.
 */
#ifndef TESTS_LIB_STAGE_LAWS_H
#define TESTS_LIB_STAGE_LAWS_H

#include "tests/lib/stage.h"

/* Say which law is broken, and abort, unless it holds. */
void stage_laws_hold(bool holds, const char *law);

/* After every step, once the io floor has done what the session wants. */
void stage_laws_step(const struct stage *st, struct stage_actor *a);

/* What just happened to the session, for the laws to follow it: the PROXY header was read, the
 * client greeted, STARTTLS was read, TLS is up, a login was read, it was refused, or accepted and
 * handed over. */
void stage_laws_proxied(struct stage_actor *a);
void stage_laws_starttls(struct stage_actor *a);
void stage_laws_secured(struct stage_actor *a);
void stage_laws_greeted(struct stage_actor *a);
void stage_laws_login(struct stage_actor *a);
void stage_laws_refused(struct stage_actor *a);
void stage_laws_relay(struct stage *st, struct stage_actor *a);

/* A string that must not outlive the login it belongs to, and how often it is said in the open. */
void stage_laws_secret(struct stage_actor *a, struct str s, unsigned in_client, unsigned in_auth);

/* The end of the way from that side is passed on: all its bytes were. */
void stage_laws_passed(const struct stage_actor *a, enum side from);

/* The session is done and its memory given back. */
void stage_laws_done(struct stage *st, struct stage_actor *a, enum reason reason);

/* Everything is over. */
void stage_laws_close(const struct stage *st);

#endif
