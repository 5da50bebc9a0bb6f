/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sweep: the scenarios. Each is one server, calm weather and one to three guests.
 */
#include "tests/sim/sweep.h"

#include <stdlib.h>
#include <string.h>

void sweep_calm(struct world *w, uint32_t n)
{
	static const struct str name = STR_INIT("10.254.0.1:9000");
	struct auth_service_conf *a = &w->services[0];
	struct server_conf *s = &w->servers[0];
	struct listen_conf *l = &w->listens[0];

	plan_mark(w);
	w->brief = true;
	plan_guests(w, n);
	w->weather = (struct weather){.latency_us_min = 10,
				      .latency_us_max = 50,
				      .socket_room = 65536,
				      .fds_max = 1U << 20};
	for (uint32_t i = 0; i < WORLD_ADDRESSES; i++) {
		w->addresses[0][i].ip4.sin_family = AF_INET;
		w->addresses[0][i].ip4.sin_addr.s_addr = htonl(0x0afe0001);
		w->addresses[0][i].ip4.sin_port = htons((uint16_t)(AUTH_PORT + i));
	}
	*a = (struct auth_service_conf){
		.http = {.uri = STR("/auth"), .host = STR("auth.test"), .keepalive = true},
		.name = name,
		.addresses = w->addresses[0],
		.n_addresses = 2,
		.timeout_ms = 60000,
		.keepalive = 2,
		.connections_max = 4,
		.queue_max = 8};
	w->service_list[0] = a;
	*s = (struct server_conf){.front = {.protocol = PROTOCOL_SMTP,
					    .server_name = STR("mx0.test"),
					    .methods = ~0U,
					    .line_max = 4096,
					    .errors_max = 5},
				  .back = {.protocol = PROTOCOL_SMTP,
					   .server_name = STR("mx0.test"),
					   .xclient = true,
					   .reply_max = 4096},
				  .timeout_ms = 60000,
				  .proxy_timeout_ms = 60000,
				  .back_tls = BACK_TLS_OFF,
				  .auth = a,
				  .auth_timeout_ms = 60000,
				  .auth_name = name,
				  .log_level = LEVEL_INFO};
	*l = (struct listen_conf){
		.address_n = sizeof(l->address.ip4), .text = STR("10.0.0.1:25"), .server = s};
	l->address.ip4.sin_family = AF_INET;
	l->address.ip4.sin_addr.s_addr = htonl(0x0a000001);
	l->address.ip4.sin_port = htons(25);
	w->worker = (struct worker_conf){.threads = 1,
					 .connections = 8,
					 .ring = {1024, 8192, 16, 4096},
					 .listens = w->listens,
					 .n_listens = 1,
					 .auth_services = w->service_list,
					 .n_auth_services = 1,
					 .client_buffer_max = 4096,
					 .proxy_buffer_max = 4096};
	w->order = THREAD_DRAIN;
}

struct guest *sweep_guest(struct world *w, uint32_t id, enum login_kind login)
{
	struct guest *g = &w->guests[id];

	plan_guest_at(w, g, 0);
	g->login = login;
	g->fair = g->exact = g->esmtp = g->admitted = true;
	g->attempts = 1;
	g->asks_max = 1;
	g->leave_at = UINT32_MAX;
	g->client.talk = (struct talk){.say = 500, .chunk = 300};
	g->back.talk = (struct talk){.say = 300, .chunk = 300};
	return g;
}

void sweep_write(struct world *w)
{
	for (uint32_t i = 1; i <= w->n_guests; i++)
		lines_write_plain(&w->guests[i]);
}

static void plan_methods(struct world *w)
{
	sweep_calm(w, 3);
	sweep_guest(w, 1, LOGIN_PLAIN);
	sweep_guest(w, 2, LOGIN_LOGIN);
	sweep_guest(w, 3, LOGIN_CRAM_MD5);
	sweep_write(w);
}

static void plan_backend_login(struct world *w)
{
	sweep_calm(w, 2);
	w->servers[0].back.smtp_auth = true;
	w->servers[0].back.xclient = false;
	sweep_guest(w, 1, LOGIN_PLAIN_ASKED);
	sweep_guest(w, 2, LOGIN_EXTERNAL);
	sweep_write(w);
}

static void plan_no_login(struct world *w)
{
	sweep_calm(w, 2);
	sweep_guest(w, 1, LOGIN_NONE);
	sweep_guest(w, 2, LOGIN_NONE)->pace = PACE_PIPELINING;
	sweep_write(w);
}

static void plan_refused(struct world *w)
{
	struct guest *g;

	sweep_calm(w, 2);
	g = sweep_guest(w, 1, LOGIN_PLAIN);
	g->attempts = 2;
	g->asks_max = 2; /* a wrong password, then the right one */
	sweep_guest(w, 2, LOGIN_PLAIN)->admitted = false;
	sweep_write(w);
}

static void plan_refused_backend(struct world *w)
{
	struct guest *g;

	sweep_calm(w, 2);
	w->servers[0].pass_error_message = true;
	for (uint32_t i = 1; i <= 2; i++) {
		g = sweep_guest(w, i, LOGIN_PLAIN);
		g->fair = false;
		g->back_trick = i == 1 ? BACK_REFUSES : BACK_REFUSES_CONNECT;
		g->back_step = 1;
	}
	sweep_write(w);
}

static void plan_big(struct world *w)
{
	struct guest *g;

	sweep_calm(w, 1);
	g = sweep_guest(w, 1, LOGIN_PLAIN);
	g->client.talk = (struct talk){.say = 400000, .chunk = 16384};
	g->back.talk = (struct talk){.say = 400000, .chunk = 16384};
	sweep_write(w);
}

static void plan_big_one_way(struct world *w)
{
	struct guest *g;

	sweep_calm(w, 2);
	g = sweep_guest(w, 1, LOGIN_PLAIN);
	g->client.talk = (struct talk){.say = 400000, .chunk = 16384};
	g->back.talk = (struct talk){.say = 0, .chunk = 16384};
	g->back.talk.pause = (struct pause){200000, 500000};
	g = sweep_guest(w, 2, LOGIN_PLAIN);
	g->client.talk = (struct talk){.say = 1, .chunk = 16384};
	g->back.talk = (struct talk){.say = 400000, .chunk = 16384};
	g->client.talk.pause = (struct pause){200000, 500000};
	sweep_write(w);
}

static void plan_half_closes(struct world *w)
{
	sweep_calm(w, 3);
	sweep_guest(w, 1, LOGIN_PLAIN)->ending = END_SHUT;
	sweep_guest(w, 2, LOGIN_PLAIN)->ending = END_BACK_SHUTS;
	sweep_guest(w, 3, LOGIN_PLAIN)->ending = END_BACK_CLOSES;
	sweep_write(w);
}

static void plan_waits(struct world *w)
{
	struct guest *g;

	sweep_calm(w, 1);
	g = sweep_guest(w, 1, LOGIN_PLAIN);
	g->auth_trick = AUTH_WAITS;
	g->waits = 2;
	g->asks_max = 3;
	sweep_write(w);
}

static void plan_queue(struct world *w)
{
	sweep_calm(w, 3);
	w->services[0].connections_max = 1;
	for (uint32_t i = 1; i <= 3; i++)
		sweep_guest(w, i, LOGIN_PLAIN)->auth_trick = AUTH_BYTES;
	sweep_write(w);
}

static void plan_dead_address(struct world *w)
{
	sweep_calm(w, 2);
	w->dead[0] = 'r';
	w->weather.reorder = 5000;
	sweep_guest(w, 1, LOGIN_PLAIN);
	sweep_guest(w, 2, LOGIN_PLAIN)->auth_trick = AUTH_CLOSES_IDLE;
	sweep_write(w);
}

/* An answer that comes before the whole question has left, and a connection that is reset then. */
static void plan_early_answers(struct world *w)
{
	sweep_calm(w, 3);
	w->weather.socket_room = 100;
	w->weather.reorder = w->weather.no_buffers = 4000;
	for (uint32_t i = 1; i <= 3; i++) {
		struct guest *g = sweep_guest(w, i, LOGIN_PLAIN);

		g->auth_trick = AUTH_EARLY;
		g->asks_max = 2;
	}
	sweep_write(w);
}

static void plan_full(struct world *w)
{
	sweep_calm(w, 3);
	w->worker.connections = 1;
	w->scarce = true;
	for (uint32_t i = 1; i <= 3; i++)
		sweep_guest(w, i, LOGIN_PLAIN);
	sweep_write(w);
}

static void plan_stop(struct world *w)
{
	sweep_calm(w, 2);
	sweep_guest(w, 1, LOGIN_PLAIN)->auth_trick = AUTH_SLOW;
	sweep_guest(w, 2, LOGIN_NONE);
	w->early_stop = true;
	w->stop_us = 1;
	w->order = THREAD_STOP;
	sweep_write(w);
}

/* Names of clients and of backends, some of which refuse at first. */
static void plan_names(struct world *w)
{
	static const enum dns_back backs[] = {DNS_BACK_ONE, DNS_BACK_SECOND, DNS_BACK_SHARED};

	sweep_calm(w, 3);
	w->dns = (struct dns_conf){.ip4 = true, .ip6 = true};
	w->dns_list[0] = &w->dns;
	w->worker.dns = w->dns_list;
	w->worker.n_dns = 1;
	w->resolvers[0] = (struct resolver_conf){&w->dns, 30000};
	w->servers[0].resolver = &w->resolvers[0];
	for (uint32_t i = 1; i <= 3; i++)
		sweep_guest(w, i, LOGIN_PLAIN)->dns.back = backs[i - 1];
	sweep_write(w);
}

static const struct {
	const char *name;
	void (*plan)(struct world *w);
	bool single;
} scenarios[] = {
	{"methods", plan_methods, false},
	{"backend-login", plan_backend_login, false},
	{"no-login", plan_no_login, false},
	{"refused", plan_refused, false},
	{"refused-backend", plan_refused_backend, false},
	{"big", plan_big, false},
	{"big-one-way", plan_big_one_way, false},
	{"half-closes", plan_half_closes, false},
	{"waits", plan_waits, false},
	{"queue", plan_queue, false},
	{"dead-address", plan_dead_address, false},
	{"early-answers", plan_early_answers, false},
	{"full", plan_full, false},
	{"stop", plan_stop, false},
	{"tls-mail", sweep_tls_mail, false},
	{"starttls", sweep_starttls, false},
	{"tls-back", sweep_tls_back, false},
	{"tls-back-starttls", sweep_tls_back_starttls, false},
	{"tls-auth", sweep_tls_auth, false},
	{"tls-big", sweep_tls_big, false},
	{"names", plan_names, false},
	{"injections", sweep_injections, true},
	{"storm", sweep_storm, true},
	{NULL, NULL, false},
};

void (*sweep_plan(unsigned scenario))(struct world *w)
{
	return scenarios[scenario].plan;
}

bool sweep_is_single(unsigned scenario)
{
	return scenarios[scenario].single;
}

const char *sweep_name(unsigned scenario)
{
	return scenarios[scenario].name;
}

const char *sweep_fault(enum fault_kind kind)
{
	static const char *const names[FAULT_KINDS] = {
		[FAULT_SUBMISSION] = "submission",
		[FAULT_COMPLETION] = "completion",
		[FAULT_ACCEPT] = "accept",
		[FAULT_DIAL] = "dial",
		[FAULT_PIPE] = "pipe",
		[FAULT_SPLICE] = "splice",
		[FAULT_SLOT] = "slot",
		[FAULT_CHANNEL] = "channel",
		[FAULT_DNS] = "dns",
		[FAULT_START] = "start",
	};

	return names[kind];
}

int sweep_find(const char *text, struct world_start *start)
{
	size_t name = strcspn(text, ":"), fault;

	if (!text[name])
		return -1;
	fault = strcspn(text + name + 1, ":");
	for (unsigned s = 0; scenarios[s].name; s++) {
		if (strlen(scenarios[s].name) != name || strncmp(text, scenarios[s].name, name))
			continue;
		for (int f = 0; f < FAULT_KINDS; f++) {
			const char *kind = sweep_fault((enum fault_kind)f);

			if (strlen(kind) != fault || strncmp(text + name + 1, kind, fault))
				continue;
			*start = (struct world_start){.seed = SWEEP_SEED + s,
						      .plan = scenarios[s].plan,
						      .fault = (enum fault_kind)f};
			text += name + 1 + fault;
			start->fault_n = *text ? strtoull(text + 1, NULL, 10) : 0;
			return 0;
		}
	}
	return -1;
}
