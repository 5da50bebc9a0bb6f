/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan_tls: which connections of a world speak TLS, when it begins, and what peers do wrong with
 * it. Certificates that are not good bar a guest: it must not get in.
 */
#include "tests/sim/world.h"

/* Of toy_plan.certificate: 0 is none, 3 a self-signed one. */
enum { GOOD = 1, EXPIRED = 2, CERTIFICATES = 4 };

static void plan_server(struct world *w, uint32_t i)
{
	static const enum back_tls back[] = {BACK_TLS_OFF, BACK_TLS_OFF, BACK_TLS_ON,
					     BACK_TLS_STARTTLS};
	struct server_conf *s = &w->servers[i];

	s->acceptor = &w->acceptors[i];
	s->connector = &w->connector;
	s->back_tls = back[chance_below(4)];
	if (chance_of(2500))
		w->acceptors[i].verify = (enum tls_verify)(1 + chance_below(3));
	switch (chance_below(4)) {
	case 0:
		s->front.starttls = STARTTLS_ON;
		break;
	case 1:
		s->front.starttls = STARTTLS_ONLY;
		break;
	case 2:
		w->listens[i].ssl = true;
		break;
	default:
		break;
	}
}

void plan_tls(struct world *w)
{
	if (!chance_of(6500))
		return;
	w->worker.tls = true;
	w->connector.verify = chance_of(3000);
	w->auth_connector.verify = chance_of(3000);
	for (uint32_t i = 0; i < w->worker.n_listens; i++)
		plan_server(w, i);
	for (uint32_t i = 0; i < w->worker.n_auth_services; i++)
		if (chance_of(4000))
			w->services[i].connector = &w->auth_connector;
	if (chance_of(700)) {
		w->auth_spoilt = true;
		w->scarce = true;
	}
}

/* ---- guests ---- */

void plan_wire(struct wire_plan *p)
{
	*p = (struct wire_plan){.by_bytes = chance_of(2000), .rude = chance_of(2000)};
	p->only_notify = !p->rude && chance_of(3000);
	toy_plan_any(&p->toy);
	p->toy.certificate = GOOD;
}

void plan_wire_trick(struct wire_plan *p)
{
	p->trick = (enum wire_trick)(1 + chance_below(WIRE_TRICKS - 1));
	p->at = p->trick < WIRE_AFTER ? chance_below(2U * p->toy.hello_n + 600)
				      : 1 + chance_below(3000);
	p->toy.spoils_finished = p->trick == WIRE_BAD_FINISHED;
	p->toy.spoils_bytes = p->trick == WIRE_BAD_RECORD ? p->at : 0;
}

/* What keeps out a client that comes with this certificate, or none. */
static bool is_barred(const struct guest *g)
{
	uint8_t certificate = g->wire.toy.certificate;

	if (g->tls == GUEST_PLAIN)
		return false;
	switch (g->conf->acceptor->verify) {
	case TLS_VERIFY_OFF:
		break;
	case TLS_VERIFY_ON:
		return certificate != GOOD;
	case TLS_VERIFY_OPTIONAL:
		return certificate >= EXPIRED;
	case TLS_VERIFY_OPTIONAL_NO_CA:
		return certificate == EXPIRED;
	}
	return false;
}

static enum guest_tls mode_of(const struct guest *g)
{
	if (g->world->listens[g->listen].ssl)
		return GUEST_IMPLICIT;
	if (g->conf->front.starttls == STARTTLS_ONLY)
		return GUEST_STARTTLS;
	return g->conf->front.starttls == STARTTLS_ON && chance_of(6000) ? GUEST_STARTTLS
									 : GUEST_PLAIN;
}

void plan_tls_fair(struct guest *g)
{
	g->tls = mode_of(g);
	g->back_tls = g->conf->back_tls;
	plan_wire(&g->wire);
	plan_wire(&g->back_wire);
}

/* Somebody else's words between a STARTTLS and its TLS, or no STARTTLS at all. */
static void plan_injection(struct guest *g)
{
	bool back = g->back_tls == BACK_TLS_STARTTLS;

	if (g->client_trick == CLIENT_INJECTS && g->conf->front.starttls == STARTTLS_OFF)
		g->client_trick = CLIENT_QUITS;
	if (g->client_trick == CLIENT_INJECTS)
		g->tls = GUEST_STARTTLS;
	if (g->back_trick >= BACK_NO_STARTTLS && !back)
		g->back_trick = BACK_CLOSES;
	g->barred |= back && (g->back_trick >= BACK_NO_STARTTLS || g->back_trick == BACK_HASTY);
}

void plan_tls_guest(struct guest *g)
{
	struct world *w = g->world;

	plan_tls_fair(g);
	if (w->worker.tls && chance_of(2000)) {
		g->back_tls_said = (enum back_tls)(BACK_TLS_OFF + chance_below(3));
		g->back_tls = g->back_tls_said;
	}
	if (g->tls != GUEST_PLAIN && chance_of(1200))
		plan_wire_trick(&g->wire);
	if (g->back_tls != BACK_TLS_OFF && chance_of(1000))
		plan_wire_trick(&g->back_wire);
	if (chance_of(4000))
		g->wire.toy.certificate = (uint8_t)chance_below(CERTIFICATES);
	plan_injection(g);
	g->barred |= is_barred(g);
	if (g->back_tls != BACK_TLS_OFF && w->connector.verify && chance_of(1000)) {
		g->back_wire.toy.certificate = EXPIRED;
		g->barred = true;
	}
}
