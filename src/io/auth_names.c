/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth_names: host names of auth services, asked about again and again. Owns a service's list of
 * addresses once it is not that of the configuration any more.
 */
#include "io/auth_names.h"

#include "base/out.h"
#include "io/auth_client.h"
#include "io/auth_conn.h"
#include "io/sockaddr.h"

#include <string.h>

enum {
	AGAIN_MIN_MS = 1000, /* however short an answer's time is */
	FAILED_MS = 5000,    /* until a name that was not found is asked about again */
	COMPLAIN_MS = 60000, /* how often that is worth a line */
};

static void plan(struct thread *t, struct auth_client *a, uint64_t at_ms)
{
	a->names.again_ms = at_ms;
	if (!t->auth_names_ms || at_ms < t->auth_names_ms)
		t->auth_names_ms = at_ms;
}

static void complain(struct thread *t, struct auth_client *a, const struct name_answer *answer)
{
	uint8_t text[512];
	struct out o;

	if (t->env.now_ms < a->names.complain_ms)
		return;
	a->names.complain_ms = t->env.now_ms + COMPLAIN_MS;
	out_init(&o, text, sizeof(text));
	out_lit(&o, "auth_http host ");
	out_escaped(&o, a->conf->http.host);
	out_lit(&o, " could not be resolved (");
	out_u64(&o, answer->code);
	out_lit(&o, ": ");
	out_str(&o, answer->error);
	out_lit(&o, "), its last known addresses stay");
	t->logger->write(t->logger,
			 &(struct log_line){.level = LEVEL_ERR, .message = out_data(&o)});
}

static bool has(const struct auth_client *a, const union socket_address *one)
{
	for (uint32_t i = 0; i < a->n_addresses; i++)
		if (sockaddr_equal(&a->addresses[i], one))
			return true;
	return false;
}

/* In another order, the same. */
static bool same(const struct auth_client *a, const union socket_address *found, uint32_t n)
{
	uint32_t known = 0;

	for (uint32_t i = 0; i < n; i++)
		known += has(a, &found[i]);
	return known == n && n == a->n_addresses;
}

static void move(struct thread *t, struct auth_client *a, const struct name_answer *answer)
{
	union socket_address found[AUTH_NAMES_ADDRESSES];
	uint32_t n = 0;

	for (; n < answer->n_addresses && n < AUTH_NAMES_ADDRESSES; n++) {
		struct addr one = answer->addresses[n];

		one.port = a->conf->port;
		sockaddr_from_addr(&found[n], &one);
	}
	if (same(a, found, n))
		return;
	memcpy(a->names.addresses, found, n * sizeof(found[0]));
	a->addresses = a->names.addresses;
	a->n_addresses = n;
	auth_client_moved(t, a);
}

static void told(struct thread *t, struct resolver_asker *asker, const struct name_answer *answer)
{
	struct auth_names *names = list_entry(asker, struct auth_names, asker);
	struct auth_client *a = list_entry(names, struct auth_client, names);
	uint64_t at_ms = t->env.now_ms + FAILED_MS;

	if (answer->outcome == NAME_FOUND) {
		names->complain_ms = 0;
		move(t, a, answer);
		at_ms = asker->good_until_ms;
		if (at_ms < t->env.now_ms + AGAIN_MIN_MS)
			at_ms = t->env.now_ms + AGAIN_MIN_MS;
	} else {
		complain(t, a, answer);
	}
	plan(t, a, at_ms);
}

void auth_names_open(struct thread *t)
{
	t->auth_names_ms = 0;
	for (uint32_t i = 0; i < t->conf->n_auth_services; i++) {
		struct auth_client *a = &t->auth[i];

		a->addresses = a->conf->addresses;
		a->n_addresses = a->conf->n_addresses;
		resolver_asker_init(&a->names.asker, told);
		/* How long the start's answer is good for, the system has not said. */
		if (a->conf->resolver)
			plan(t, a, t->env.now_ms);
	}
}

uint64_t auth_names_due_ms(const struct thread *t)
{
	return t->auth_names_ms;
}

void auth_names_tick(struct thread *t)
{
	if (!t->auth_names_ms || t->env.now_ms < t->auth_names_ms)
		return;
	t->auth_names_ms = 0;
	for (uint32_t i = 0; i < t->conf->n_auth_services; i++) {
		struct auth_client *a = &t->auth[i];
		struct name_query q = {
			.kind = NAME_ADDRESSES,
			.resolver = a->conf->resolver,
			.name = a->conf->http.host,
			.families = NAME_IP4 | NAME_IP6,
		};

		if (!a->names.again_ms)
			continue;
		if (t->env.now_ms < a->names.again_ms) {
			plan(t, a, a->names.again_ms);
			continue;
		}
		a->names.again_ms = 0;
		resolver_ask(t, &a->names.asker, &q);
	}
}
