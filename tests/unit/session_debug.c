/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of session/session_debug: the steps of a login at level debug, and no secret in them.
 */
#include "session/session_debug.h"
#include "tests/lib/rig.h"

#include <criterion/criterion.h>

#include <string.h>

#define LOGGED(r, t) cr_assert(rig_logged((r), (t)), "%s", (r)->log.text)

static struct rig *rig_at(enum log_level level)
{
	struct rig *r = rig_new();

	r->conf.log_level = level;
	return r;
}

Test(session_debug, each_step_to_the_relay_is_told)
{
	struct rig *r = rig_at(LEVEL_DEBUG);

	rig_reach(r, PHASE_RELAY);
	LOGGED(r, "session phase: proxy to front\n");
	LOGGED(r, "client dialogue: ");
	LOGGED(r, "session phase: front to auth\n");
	LOGGED(r, ": method plain, attempt 1, user \"tim\"");
	LOGGED(r, "auth http response: OK, server ");
	LOGGED(r, "session phase: auth to dial\n");
	LOGGED(r, "connect to ");
	LOGGED(r, "session phase: dial to back\n");
	LOGGED(r, "upstream dialogue: ");
	LOGGED(r, "session phase: back to relay\n");
	rig_done(r);
}

Test(session_debug, it_is_silent_at_other_levels)
{
	struct rig *r = rig_at(LEVEL_INFO);

	rig_reach(r, PHASE_RELAY);
	cr_assert_not(rig_logged(r, "session phase"));
	cr_assert_not(rig_logged(r, "dialogue"));
	cr_assert_not(rig_logged(r, "auth http"));
	rig_done(r);
}

Test(session_debug, passwords_are_not_told_wherever_they_stand)
{
	struct rig *r = rig_at(LEVEL_DEBUG);

	rig_start(r);
	rig_client(r, "EHLO x\r\nPASS secret\r\nAUTH PLAIN AHRpbQBzZWNyZXQ=\r\n");
	rig_route(r);
	session_on_dialled(&r->session, str_none());
	rig_backend(r, "220 back\r\n");
	rig_backend(r, "250 back\r\n");
	cr_assert_not(rig_logged(r, "secret"), "%s", r->log.text);
	cr_assert_not(rig_logged(r, "AHRpbQBzZWNyZXQ"), "%s", r->log.text);
	rig_done(r);
}

Test(session_debug, a_refusal_and_its_delay_are_told)
{
	struct rig *r = rig_at(LEVEL_DEBUG);

	rig_reach(r, PHASE_AUTH);
	rig_refuse(r, "No\" way", 3);
	LOGGED(r, "auth http response: \"No\\x22 way\"");
	LOGGED(r, ", seconds to wait: 3\n");
	rig_done(r);
}

Test(session_debug, what_tls_has_come_to_is_told)
{
	struct rig *r = rig_at(LEVEL_DEBUG);

	r->tls = true;
	rig_start(r);
	rig_secured(r, SIDE_FRONT, REASON_NONE, "TLSv1.3, X, resumed");
	LOGGED(r, "SSL handshake with the client: TLSv1.3, X, resumed\n");
	rig_done(r);
}

Test(session_debug, debug_connection_logs_all_of_a_client)
{
	static const struct addr_net near = {{.family = ADDR_IP4, .ip = {192, 0, 2, 0}}, 24};
	struct rig *r = rig_at(LEVEL_EMERG);

	r->conf.debug_from = &near;
	r->conf.n_debug_from = 1;
	rig_start_from(r, "192.0.2.1");
	cr_assert(r->session.traced);
	LOGGED(r, "client 192.0.2.1:");
	LOGGED(r, "session phase: ");
	rig_done(r);

	r = rig_at(LEVEL_EMERG);
	r->conf.debug_from = &near;
	r->conf.n_debug_from = 1;
	rig_start_from(r, "192.0.3.1");
	cr_assert_not(r->session.traced);
	cr_assert_eq(r->log.n, 0);
	rig_done(r);
}
