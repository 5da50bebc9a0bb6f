/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sweep_tls: scenarios with TLS; and two worlds that are run once: every split of an injection,
 * and a storm of handshakes among sessions that relay.
 */
#include "tests/sim/sweep.h"

static void calm_tls(struct world *w, uint32_t n)
{
	struct server_conf *s = &w->servers[0];

	sweep_calm(w, n);
	w->worker.tls = true;
	s->acceptor = &w->acceptors[0];
	s->connector = &w->connector;
}

/* Everybody as the server's listener has it, in few messages: each may be the one that fails. */
static void secure(struct world *w)
{
	static const struct wire_plan brief = {
		.toy = {.certificate = 1, .tickets = 1, .hello_n = 300, .cut = 16000}};

	for (uint32_t i = 1; i <= w->n_guests; i++) {
		struct guest *g = &w->guests[i];

		plan_tls_fair(g);
		g->wire = g->back_wire = brief;
	}
}

void sweep_tls_mail(struct world *w)
{
	calm_tls(w, 3);
	w->listens[0].ssl = true;
	sweep_guest(w, 1, LOGIN_PLAIN);
	sweep_guest(w, 2, LOGIN_LOGIN)->ending = END_SHUT;
	sweep_guest(w, 3, LOGIN_PLAIN)->ending = END_BACK_SHUTS;
	secure(w);
	w->guests[1].wire.toy.updates = 3000;
	w->guests[2].wire.only_notify = true;
	w->guests[3].wire.rude = true;
	sweep_write(w);
}

void sweep_starttls(struct world *w)
{
	calm_tls(w, 3);
	w->servers[0].front.starttls = STARTTLS_ONLY;
	sweep_guest(w, 1, LOGIN_PLAIN);
	sweep_guest(w, 2, LOGIN_PLAIN_ASKED)->pace = PACE_PIPELINING;
	sweep_guest(w, 3, LOGIN_PLAIN)->ending = END_BACK_CLOSES;
	secure(w);
	w->guests[1].wire.toy.retry = true;
	w->guests[3].wire.rude = true;
	sweep_write(w);
}

static void tls_back(struct world *w, enum back_tls tls)
{
	calm_tls(w, 2);
	w->servers[0].back_tls = tls;
	w->connector.verify = true;
	sweep_guest(w, 1, LOGIN_PLAIN);
	sweep_guest(w, 2, LOGIN_PLAIN)->ending = END_BACK_SHUTS;
	secure(w);
	w->guests[1].back_wire.toy.tickets = 3;
	w->guests[2].back_wire.only_notify = true;
	sweep_write(w);
}

void sweep_tls_back(struct world *w)
{
	tls_back(w, BACK_TLS_ON);
}

void sweep_tls_back_starttls(struct world *w)
{
	tls_back(w, BACK_TLS_STARTTLS);
}

void sweep_tls_auth(struct world *w)
{
	calm_tls(w, 3);
	w->services[0].connector = &w->auth_connector;
	w->services[0].connections_max = 2;
	for (uint32_t i = 1; i <= 3; i++)
		sweep_guest(w, i, LOGIN_PLAIN)->auth_trick =
			i == 2 ? AUTH_CLOSES_AFTER : AUTH_CORRECT;
	secure(w);
	sweep_write(w);
}

void sweep_tls_big(struct world *w)
{
	calm_tls(w, 2);
	w->listens[0].ssl = true;
	w->servers[0].back_tls = BACK_TLS_ON;
	for (uint32_t i = 1; i <= 2; i++) {
		struct guest *g = sweep_guest(w, i, LOGIN_PLAIN);
		struct talk *hears = i == 1 ? &g->back.talk : &g->client.talk;

		g->client.talk = (struct talk){.say = i == 1 ? 120000 : 1, .chunk = 16384};
		g->back.talk = (struct talk){.say = i == 1 ? 0 : 120000, .chunk = 16384};
		hears->pause = (struct pause){20000, 500000};
	}
	secure(w);
	sweep_write(w);
}

/* ---- worlds that are run once ---- */

enum { INJECTIONS = 200, STORM = 600, STEADY = 20 };

/* Guest n's plain text behind STARTTLS is parted behind its n-th byte. */
void sweep_injections(struct world *w)
{
	calm_tls(w, INJECTIONS);
	w->servers[0].front.starttls = STARTTLS_ON;
	w->worker.connections = INJECTIONS + 8;
	for (uint32_t i = 1; i <= INJECTIONS; i++) {
		struct guest *g = sweep_guest(w, i, LOGIN_PLAIN);

		plan_tls_fair(g);
		g->client_trick = CLIENT_INJECTS;
		g->tls = GUEST_STARTTLS;
		g->fair = false;
		g->split = i;
		g->start_us = MILLIS(i);
		lines_write(g);
	}
}

/* Steady ones send a little all the time; the others come all at once. */
void sweep_storm(struct world *w)
{
	calm_tls(w, STORM);
	w->servers[0].front.starttls = STARTTLS_ON;
	w->worker.connections = STORM + 8;
	w->worker.ring.buffers = 256;
	w->services[0].connections_max = STORM;
	w->services[0].queue_max = STORM;
	w->storm_us = MILLIS(500);
	for (uint32_t i = 1; i <= STORM; i++) {
		struct guest *g = sweep_guest(w, i, LOGIN_PLAIN);

		plan_tls_fair(g);
		g->steady = i <= STEADY;
		g->tls = i <= STEADY ? GUEST_PLAIN : GUEST_STARTTLS;
		g->start_us = i <= STEADY ? 0 : w->storm_us;
		if (g->steady)
			g->client.talk = (struct talk){.say = 40000, .chunk = 40};
	}
	sweep_write(w);
}
