/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session_name: who a client of SMTP is by the DNS: its address has a name (PTR), and only if that
 * name has the address (A, AAAA) it is believed. Results and log lines are NGINX's. Owns nothing;
 * a name that could not stand in a command or header is refused, whoever's zone it comes from.
 */
#include "session/session_name.h"

#include "base/must.h"
#include "session/desk.h"
#include "session/session_log.h"
#include "session/session_login.h"

#include <string.h>

static bool is_ip(const struct addr *a)
{
	return a->family == ADDR_IP4 || a->family == ADDR_IP6;
}

bool session_name_ask(struct session *s)
{
	if (!s->conf->resolver || s->conf->front.protocol != PROTOCOL_SMTP)
		return false;
	s->host_failed = !is_ip(&s->client);
	if (s->host_failed)
		return false;
	session_enter(s, PHASE_NAME_CLIENT);
	/* The resolver has its own time-out, resolver_timeout. */
	s->deadline_ms = 0;
	return true;
}

static struct str name_of(const struct session *s)
{
	return s->host ? str_of(s->host->bytes, s->host->n) : str_none();
}

void session_name_query(const struct session *s, struct name_query *q)
{
	*q = (struct name_query){.kind = NAME_ADDRESSES,
				 .resolver = s->conf->resolver,
				 .address = addr_unmapped(&s->client)};
	if (s->phase == PHASE_NAME_BACK) {
		q->name = s->desk->server_name;
		q->families = NAME_IP4 | NAME_IP6;
	} else if (s->phase == PHASE_NAME_CHECK) {
		q->name = name_of(s);
		q->families = q->address.family == ADDR_IP4 ? NAME_IP4 : NAME_IP6;
	} else {
		must(s->phase == PHASE_NAME_CLIENT);
		q->kind = NAME_OF_ADDRESS;
	}
}

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i], lower = c | 0x20;

		if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') && c != '.' &&
		    c != '-')
			return false;
	}
	return s.n > 0 && s.n <= NAME_MAX_BYTES;
}

/* False if it is not to be repeated to anybody. */
static bool keep(struct session *s, struct str name)
{
	if (!is_name(name)) {
		session_log_bad_name(s, name);
		s->host_failed = true;
		return false;
	}
	s->host = slab_get(&s->env->names);
	must(s->host != NULL);
	s->host->n = (uint8_t)name.n;
	memcpy(s->host->bytes, name.p, name.n);
	return true;
}

static bool is_confirmed(const struct session *s, const struct name_answer *a)
{
	struct addr client = addr_unmapped(&s->client);

	for (uint32_t i = 0; i < a->n_addresses; i++)
		if (addr_same_ip(&client, &a->addresses[i]))
			return true;
	return false;
}

bool session_name_take(struct session *s, const struct name_answer *a)
{
	if (a->outcome != NAME_FOUND) {
		session_log_unresolved(s, name_of(s), a);
		session_name_forget(s);
		s->host_failed = a->outcome == NAME_FAILED;
		return true;
	}
	if (s->phase == PHASE_NAME_CHECK) {
		if (!is_confirmed(s, a))
			session_name_forget(s);
		return true;
	}
	if (!keep(s, a->name))
		return true;
	session_enter(s, PHASE_NAME_CHECK);
	return false;
}

struct str session_name_host(const struct session *s)
{
	if (s->host)
		return name_of(s);
	return s->host_failed ? STR("[TEMPUNAVAIL]") : STR("[UNAVAILABLE]");
}

void session_name_forget(struct session *s)
{
	if (s->host)
		slab_put(&s->env->names, s->host);
	s->host = NULL;
}
