/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan: how many guests, and what each will do and suffer. A guest is `fair` when nothing of its
 * own plan keeps it from its goal: then its session owes it every reply and every byte.
 */
#include "tests/sim/world.h"

#include "base/must.h"

#include <stdlib.h>
#include <string.h>

enum { FAIR_PAUSE_US = 1500000, SLOW_PAUSE_US = 40000000 };

static uint32_t plan_size(void)
{
	uint32_t luck = chance_below(1000);

	if (luck < 8)
		return 1500 + chance_below(1000);
	if (luck < 40)
		return 60 + chance_below(200);
	return luck < 350 ? 1 + chance_below(5) : 5 + chance_below(50);
}

void plan_mark(struct world *w)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz012345678";

	for (int i = 0; i < MARK_BYTES; i++)
		w->mark[i] = letters[chance_below(sizeof(letters) - 1)];
}

/* ---- one guest ---- */

static bool is_offered(const struct guest *g, enum login_kind kind)
{
	static const uint8_t needs[LOGIN_KINDS] = {
		[LOGIN_PLAIN] = SASL_PLAIN,
		[LOGIN_PLAIN_ASKED] = SASL_PLAIN,
		[LOGIN_LOGIN] = SASL_LOGIN,
		[LOGIN_LOGIN_INITIAL] = SASL_LOGIN,
		[LOGIN_CRAM_MD5] = SASL_CRAM_MD5,
		[LOGIN_EXTERNAL] = SASL_EXTERNAL,
		[LOGIN_EXTERNAL_ASKED] = SASL_EXTERNAL,
		[LOGIN_NONE] = FRONT_METHOD_NONE,
	};

	return g->conf->front.methods & 1U << needs[kind];
}

static enum login_kind plan_login(const struct guest *g)
{
	enum login_kind kind;

	do
		kind = (enum login_kind)chance_below(LOGIN_KINDS);
	while (!is_offered(g, kind));
	return kind;
}

static uint32_t plan_bytes(const struct world *w)
{
	uint32_t luck = chance_below(100);

	if (luck < 40)
		return chance_below(200);
	if (luck < 80 || w->n_guests > 100)
		return chance_below(8000);
	if (luck < 94 || w->n_guests > 60 || w->weather.socket_room < 16384)
		return chance_below(w->weather.socket_room < 16384 ? 20000 : 100000);
	return chance_below(400000);
}

static void plan_pause(struct pause *p, uint32_t bytes, uint32_t us_max)
{
	if (!chance_of(1500) || !bytes)
		return;
	p->at = chance_below(bytes) + 1;
	p->for_us = 1000 + chance_below(us_max);
}

static void plan_relay(struct guest *g)
{
	static const uint32_t chunks[] = {100, 1000, 4096, 16384, 16384, 16384};
	uint32_t us_max = g->fair ? FAIR_PAUSE_US : SLOW_PAUSE_US;
	struct talk *c = &g->client.talk, *b = &g->back.talk;

	g->ending = (enum ending)chance_below(ENDINGS);
	c->say = 1 + plan_bytes(g->world);
	b->say = chance_of(2000) ? 0 : plan_bytes(g->world);
	if (g->back_trick == BACK_TALKS_ON)
		b->say = UINT32_MAX;
	c->chunk = chunks[chance_below(6)];
	b->chunk = chunks[chance_below(6)];
	if (c->say > 50000 && c->chunk < 1000)
		c->chunk = 1000;
	if (b->say > 50000 && b->chunk < 1000)
		b->chunk = 1000;
	plan_pause(&c->pause, b->say < 100000 ? b->say : 100000, us_max);
	plan_pause(&b->pause, c->say, us_max);
}

static void plan_peers(struct guest *g)
{
	bool narrow = g->world->narrow;

	g->client_trick =
		chance_of(7500) ? CLIENT_LOGS_IN : (enum client_trick)chance_below(CLIENT_TRICKS);
	g->auth_trick =
		(enum auth_trick)chance_below(chance_of(8000) ? AUTH_FAIR_TRICKS : AUTH_TRICKS);
	if (narrow && (g->auth_trick == AUTH_NEVER || g->auth_trick == AUTH_SLOW ||
		       g->auth_trick == AUTH_BYTES || g->auth_trick == AUTH_ENDLESS))
		g->auth_trick = AUTH_CORRECT;
	g->back_trick =
		(enum back_trick)chance_below(chance_of(7000) ? BACK_FAIR_TRICKS : BACK_TRICKS);
	g->back_step = (uint8_t)chance_below(6);
	g->waits = (uint8_t)(1 + chance_below(3));
}

static void plan_attempts(struct guest *g)
{
	g->attempts = (uint8_t)(chance_of(8000) ? 1 : 2 + chance_below(GUEST_ATTEMPTS - 1));
	g->admitted = chance_of(9000);
	g->stays = chance_of(5000);
	/* A verdict that waits is one of the fair tricks; WAIT and a refusal together are not. */
	if (g->auth_trick == AUTH_WAITS || g->auth_trick == AUTH_EARLY)
		g->attempts = 1;
	/* One that answers early resets the connection, and may be asked again over another. */
	g->asks_max = g->attempts + (g->auth_trick == AUTH_WAITS ? g->waits : 0U) +
		      (g->auth_trick == AUTH_EARLY);
}

/* While its name is looked for. */
static bool leaves_unnamed(const struct guest *g)
{
	bool never = g->dns.trick == DNS_NAME_NEVER || g->dns.trick == DNS_ADDRESS_NEVER;

	return never && chance_of(2000);
}

static void plan_leaving(struct guest *g)
{
	g->leave_at = UINT32_MAX;
	if (leaves_unnamed(g)) {
		g->leave = (enum leave)chance_below(3);
		g->leave_at = 0;
		g->fair = false;
		return;
	}
	if (!chance_of(1500))
		return;
	g->leave = (enum leave)chance_below(4);
	g->leave_at = chance_below(g->lines_n + (chance_of(5000) ? g->client.talk.say : 0) + 1);
	g->fair = false;
}

static bool is_fair(const struct guest *g)
{
	return g->auth_trick < AUTH_FAIR_TRICKS && g->back_trick < BACK_FAIR_TRICKS &&
	       g->client_trick == CLIENT_LOGS_IN && g->wire.trick == WIRE_FAIR &&
	       g->back_wire.trick == WIRE_FAIR && !g->barred && g->dns.back < DNS_BACK_FAIR &&
	       g->conf->timeout_ms >= 60000 && g->conf->auth->timeout_ms >= 60000;
}

void plan_guest(struct guest *g)
{
	plan_peers(g);
	plan_attempts(g);
	g->login = plan_login(g);
	g->pace = (enum pace)chance_below(3);
	g->esmtp = chance_of(8000);
	plan_tls_guest(g);
	dns_sim_plan_guest(g);
	g->fair = is_fair(g);
	plan_relay(g);
	/* Who closes for good may not ask for an answer, as new keys can. */
	if (g->ending == END_CLIENT_CLOSES)
		g->wire.toy.updates = 0;
	lines_write(g);
	plan_leaving(g);
	g->eager = g->client_trick == CLIENT_LOGS_IN && g->attempts == 1 && g->admitted &&
		   chance_of(2000);
	if (g->client_trick == CLIENT_GARBAGE || g->client_trick == CLIENT_ENDLESS)
		g->client.talk.say = chance_below(20000);
	g->exact = g->client_trick != CLIENT_GARBAGE && g->client_trick != CLIENT_ENDLESS;
	g->start_us = chance_between(0, SECONDS(g->world->n_guests > 100 ? 10 : 2));
}

/* Polite, with everybody doing right by it: whatever has happened before. */
void plan_last_guest(struct guest *g)
{
	g->login = LOGIN_PLAIN;
	g->last_guest = g->fair = g->exact = g->esmtp = g->admitted = true;
	g->attempts = 1;
	g->asks_max = 1;
	g->leave_at = UINT32_MAX;
	g->client.talk = (struct talk){.say = 1000, .chunk = 400};
	g->back.talk = (struct talk){.say = 2000, .chunk = 700};
	plan_tls_fair(g);
	g->wire.by_bytes = g->back_wire.by_bytes = false;
	lines_write_plain(g);
}

void plan_guest_at(struct world *w, struct guest *g, uint32_t listen)
{
	g->world = w;
	g->id = (uint32_t)(g - w->guests);
	g->listen = listen;
	g->conf = &w->servers[listen];
	g->from = (struct addr){.family = ADDR_IP4,
				.ip = {10, 128, (uint8_t)(g->id >> 8), (uint8_t)g->id},
				.port = (uint16_t)(20000 + g->id)};
}

/* Guest 0 is nobody; those behind the last one are for the last guests. */
void plan_guests(struct world *w, uint32_t n)
{
	w->n_guests = n;
	w->guests = calloc(n + 1 + WORLD_LAST_GUESTS, sizeof(*w->guests));
	must(w->guests != NULL);
}

void plan_world(struct world *w)
{
	plan_mark(w);
	plan_guests(w, plan_size());
	plan_configuration(w);
	plan_weather(w);
	for (uint32_t i = 1; i <= w->n_guests; i++) {
		plan_guest_at(w, &w->guests[i], chance_below(w->worker.n_listens));
		plan_guest(&w->guests[i]);
	}
	if (chance_of(2000)) {
		w->early_stop = true;
		w->stop_us = chance_between(0, SECONDS(4));
	}
	w->order = chance_of(5000) ? THREAD_STOP : THREAD_DRAIN;
}
