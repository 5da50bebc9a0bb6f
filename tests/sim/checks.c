/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * checks: deadlines, books, logs and guests. The credentials are looked for in secrets.c.
 */
#include "tests/sim/checks.h"

#include "io/thread_state.h"

#include <string.h>

enum { SLACK_US = 3000000, END_LATE_US = 4000000, CLOSING_US = 5000000, LINGER_US = 2000000 };

/* ---- deadlines ---- */

/* How long a session may be where it is; 0: see relay_until(). */
static uint64_t limit_us(const struct guest *g, const struct session *s)
{
	switch ((enum phase)s->phase) {
	case PHASE_PROXY:
		return MILLIS(g->conf->timeout_ms);
	case PHASE_DELAY:
		return MILLIS(g->conf->greeting_delay_ms);
	case PHASE_TLS_FRONT:
	case PHASE_FRONT:
	case PHASE_NAME_BACK:
	case PHASE_DIAL:
	case PHASE_TLS_BACK:
	case PHASE_BACK:
		return MILLIS(g->conf->timeout_ms);
	case PHASE_NAME_CLIENT:
	case PHASE_NAME_CHECK:
		return MILLIS(g->conf->resolver->timeout_ms);
	case PHASE_AUTH:
		return MILLIS(g->conf->auth->timeout_ms);
	case PHASE_AUTH_WAIT:
		return g->wait_us;
	case PHASE_CLOSING:
		return CLOSING_US;
	case PHASE_LINGER:
		return LINGER_US;
	case PHASE_RELAY:
	case PHASE_COUNT:
		break;
	}
	return 0;
}

/* Login attempts and WAITs bring a session to the same phase again: they are part of the key. */
static uint64_t key_of(const struct session *s)
{
	bool back = s->phase >= PHASE_NAME_BACK && s->phase < PHASE_BACK;
	unsigned phase = back ? PHASE_BACK : s->phase;
	uint64_t key = s->number << 24 | phase << 16 | (uint64_t)s->waits << 8;

	if (s->phase < PHASE_RELAY)
		key |= s->u.front.login.attempt & 255;
	return key + 1;
}

static void check_session(struct guest *g, const struct session *s)
{
	uint64_t now = kernel_now_us(), until;

	if (g->key != key_of(s)) {
		g->key = key_of(s);
		g->since_us = now;
	}
	/* A client that has said nothing and is gone is not asked about any more. */
	if ((s->phase == PHASE_NAME_CLIENT || s->phase == PHASE_NAME_CHECK) && g->client.over &&
	    !g->client.wrote && now > g->over_us + SLACK_US)
		kernel_violation("left-unnoticed", "guest %u left %llu ms ago", g->id,
				 (unsigned long long)(now - g->over_us) / 1000);
	until = g->since_us + limit_us(g, s);
	if (s->phase == PHASE_RELAY) {
		until = g->active_us > g->since_us ? g->active_us : g->since_us;
		until += MILLIS(g->conf->proxy_timeout_ms);
	}
	if (now > until + SLACK_US)
		kernel_violation("deadline", "guest %u: phase %u for %llu ms", g->id, s->phase,
				 (unsigned long long)(now - g->since_us) / 1000);
}

static struct guest *guest_of(struct world *w, const struct session *s)
{
	return world_guest(w, (uint32_t)s->client.ip[2] << 8 | s->client.ip[3]);
}

uint64_t checks_deadlines(struct world *w)
{
	const struct thread *t = w->thread;
	uint64_t hash = t->counters.sessions.accepted;

	for (uint32_t i = 0; i < t->pairs.touched; i++) {
		const struct pair *p = slab_at(&t->pairs, i);
		struct guest *g;

		if (p->generation % 2 == 0)
			continue;
		g = guest_of(w, &p->session);
		/* One that was reset before it was accepted has no address any more. */
		if (!g && !p->session.client.ip[0])
			continue;
		if (!g) {
			kernel_violation("slot", "a session of nobody in slot %u", i);
			continue;
		}
		check_session(g, &p->session);
		hash = hash * 31 + key_of(&p->session) + g->active_us;
	}
	return hash;
}

/* ---- proxy_bind ---- */

void checks_source(const struct guest *g, const struct addr *from)
{
	const struct source_conf *s = g->conf->sources;
	bool mine = (!s || !s->n_ip4) && from->ip[0] == 127;

	for (uint32_t i = 0; s && i < s->n_ip4; i++)
		mine |= !memcmp(&s->ip4[i].ip4.sin_addr, from->ip, 4);
	if (!mine)
		kernel_violation("source", "guest %u: dialled from %u.%u.%u.%u", g->id, from->ip[0],
				 from->ip[1], from->ip[2], from->ip[3]);
}

/* ---- the thread's books ---- */

static void nothing_in(const struct list *l, const char *what)
{
	if (!list_empty(l))
		kernel_violation("list-left", "%s is not empty", what);
}

static void check_pipes(const struct bulk_pool *pool)
{
	unsigned n = 0;

	for (const struct list *l = pool->free.next; l != &pool->free; l = l->next)
		n++;
	if (n != BULK_PIPES)
		kernel_violation("pipe-left", "%u of %u pipes", n, BULK_PIPES);
	for (int i = 0; i < BULK_PIPES; i++)
		if (pool->bulks[i].held)
			kernel_violation("pipe-left", "one is not empty");
}

void checks_thread(struct world *w)
{
	const struct thread *t = w->thread;

	if (t->pairs.used || t->counters.active)
		kernel_violation("slot-left", "%u slots, %llu active", t->pairs.used,
				 (unsigned long long)t->counters.active);
	if (t->env.desks.used)
		kernel_violation("desk-left", "%u desks", t->env.desks.used);
	if (t->env.names.used)
		kernel_violation("name-left", "%u names", t->env.names.used);
	if (t->wheel.armed)
		kernel_violation("timer-left", "%u timers", t->wheel.armed);
	if (ring_buffers_held(t->io.ring))
		kernel_violation("buffer-left", "%u buffers", ring_buffers_held(t->io.ring));
	nothing_in(&t->touched, "touched");
	nothing_in(&t->hot, "hot");
	nothing_in(&t->starving, "starving");
	nothing_in(&t->auth_starving, "auth_starving");
	nothing_in(&t->handshakes, "handshakes");
	/* Kept connections to auth services have theirs. */
	if (t->links.used > t->auth_conns.used || t->link_desks.used > t->links.used)
		kernel_violation("link-left", "%u links, %u of their desks", t->links.used,
				 t->link_desks.used);
	check_pipes(&t->bulks);
	if (dns_sim_open())
		kernel_violation("question-left", "%u to the DNS", dns_sim_open());
}

void checks_counters(struct world *w)
{
	const struct thread_counters *c = thread_counters(w->thread);
	uint64_t ended = 0, in = 0, guests = w->n_guests + w->last_tries;

	for (int i = 0; i < REASON_COUNT; i++)
		ended += c->sessions.ended[i];
	for (uint32_t i = 1; i <= guests; i++)
		in += w->guests[i].logged_in;
	if (ended != c->sessions.accepted)
		kernel_violation("counters", "%llu accepted, %llu ended",
				 (unsigned long long)c->sessions.accepted,
				 (unsigned long long)ended);
	if (c->sessions.accepted < w->greeted || c->sessions.accepted + c->refused_full > guests)
		kernel_violation("counters", "%llu accepted, %llu refused, %u greeted",
				 (unsigned long long)c->sessions.accepted,
				 (unsigned long long)c->refused_full, w->greeted);
	if (c->refused_full < w->fulls)
		kernel_violation("counters", "%llu refused, %u told so",
				 (unsigned long long)c->refused_full, w->fulls);
	if (c->sessions.logged_in < in || c->sessions.logged_in > c->sessions.accepted)
		kernel_violation("counters", "%llu logged in, %llu know it",
				 (unsigned long long)c->sessions.logged_in, (unsigned long long)in);
	if (w->log_logins > c->sessions.logged_in)
		kernel_violation("counters", "%llu logged in, %llu lines say so",
				 (unsigned long long)c->sessions.logged_in,
				 (unsigned long long)w->log_logins);
}

void checks_left(void)
{
	struct kernel_left left;

	kernel_left(&left);
	if (left.fds)
		kernel_violation("fd-left", "%u descriptors", left.fds);
	if (left.buffers)
		kernel_violation("buffer-left", "%u buffers", left.buffers);
	if (channel_sim_open() || channel_sim_stores())
		kernel_violation("channel-left", "%u channels, %u stores of sessions",
				 channel_sim_open(), channel_sim_stores());
}

/* ---- guests ---- */

static void check_relay(const struct guest *g)
{
	const struct talk *c = &g->client.talk, *b = &g->back.talk;
	const char *check = g->last_guest ? "last-guest" : "relay-lost";

	if (b->heard < c->say)
		kernel_violation(check, "guest %u: the backend got %u of %u bytes", g->id, b->heard,
				 c->say);
	if (c->heard < b->say)
		kernel_violation(check, "guest %u: the client got %u of %u bytes", g->id, c->heard,
				 b->say);
	if (g->ending == END_QUIT && (b->tail != 6 || c->tail != 9))
		kernel_violation(check, "guest %u: QUIT and its reply: %u, %u bytes", g->id,
				 b->tail, c->tail);
	if (g->over_us > g->active_us + END_LATE_US)
		kernel_violation("end-late", "guest %u: %llu ms after the last byte", g->id,
				 (unsigned long long)(g->over_us - g->active_us) / 1000);
}

/* A backend that closes over what the client still sends: its last words are for the client. */
static bool words_owed(const struct guest *g)
{
	const struct world *w = g->world;

	return g->back_trick == BACK_STOPS_WITH_WORDS && g->client.relay &&
	       g->back.talk.closing_said && g->back.out_at == g->back.out_n &&
	       g->leave_at == UINT32_MAX && !g->client.left && !w->stormy && !kernel_fault_hit() &&
	       !w->early_stop && g->ending == END_QUIT && g->conf->timeout_ms >= 60000 &&
	       g->conf->proxy_timeout_ms >= 60000;
}

void checks_guests(struct world *w)
{
	for (uint32_t i = 1; i <= w->n_guests + w->last_tries; i++) {
		const struct guest *g = &w->guests[i];

		if (!g->over && !w->early_stop)
			kernel_violation("client-forgotten", "guest %u waits still", g->id);
		if (world_relay_owed(g))
			check_relay(g);
		else if (words_owed(g) && g->client.talk.tail != 16)
			kernel_violation("last-words",
					 "guest %u: %u bytes and %u of the last reply", g->id,
					 g->client.talk.heard, g->client.talk.tail);
		if (g->over && g->admitted && !g->client.relay && !world_excuses(g))
			kernel_violation("polite-client", "guest %u: never logged in", g->id);
		if (g->fair && !world_excuses(g) && g->asked > g->asks_max)
			kernel_violation("auth-request", "guest %u: asked %u times", g->id,
					 g->asked);
	}
}

/* ---- log lines ---- */

void checks_log_line(struct world *w, const struct log_line *line)
{
	struct str m = line->message;

	w->log_lines++;
	if (!m.n || m.n > LOG_MESSAGE_MAX || str_has_ctl(m))
		kernel_violation("log-line", "%.*s", (int)m.n, (const char *)m.p);
	for (size_t i = 0; i < m.n; i++)
		if (m.p[i] >= 0x80)
			kernel_violation("log-line", "8-bit: %.*s", (int)m.n, (const char *)m.p);
	if (memmem(m.p, m.n, w->mark, MARK_BYTES))
		kernel_violation("secret-logged", "%.*s", (int)m.n, (const char *)m.p);
	if (line->level < LEVEL_EMERG || line->level > LEVEL_DEBUG)
		kernel_violation("log-line", "level %d", (int)line->level);
	/* Steps have the connection's number alone, as NGINX's. */
	if (line->conn && line->level < LEVEL_DEBUG && !memmem(m.p, m.n, "client", 6))
		kernel_violation("log-line", "no client: %.*s", (int)m.n, (const char *)m.p);
	w->log_logins += str_starts(m, STR("client logged in"));
}
