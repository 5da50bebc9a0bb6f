/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan_conf: configuration and weather of a world, drawn from chance. What may cost an innocent
 * guest its session marks the world: `stormy` for the weather, `scarce` for the configuration.
 */
#include "tests/sim/world.h"

#include <string.h>

static uint32_t one_of(const uint32_t *list, uint32_t n)
{
	return list[chance_below(n)];
}
#define ONE_OF(...)                                                                                \
	one_of((const uint32_t[]){__VA_ARGS__},                                                    \
	       sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* ---- the configuration ---- */

static void plan_server(struct world *w, uint32_t i)
{
	enum {
		P = 1U << SASL_PLAIN,
		L = 1U << SASL_LOGIN,
		C = 1U << SASL_CRAM_MD5,
		E = 1U << SASL_EXTERNAL,
		N = 1U << FRONT_METHOD_NONE
	};
	static const struct str capabilities[] = {STR_INIT("PIPELINING"), STR_INIT("SIZE 1000"),
						  STR_INIT("8BITMIME")};
	static const struct str names[] = {STR_INIT("mx0.test"), STR_INIT("mx1.test"),
					   STR_INIT("a-longer-name-of-the-third-server.test")};
	struct server_conf *s = &w->servers[i];
	const struct auth_service_conf *auth = &w->services[i % w->worker.n_auth_services];

	*s = (struct server_conf){
		.front = {.protocol = PROTOCOL_SMTP,
			  .server_name = names[i],
			  .capabilities = capabilities,
			  .n_capabilities = chance_below(4),
			  .methods = ONE_OF(P, P | L, P | L, P | L | C, P | L | E, N, P | L | N,
					    P | L | C | E | N, P | L | C | E | N),
			  .line_max = ONE_OF(512, 1024, 4096, 4096),
			  .errors_max = ONE_OF(2, 3, 5, 5),
			  .commands_max = ONE_OF(0, 1000)},
		.back = {.protocol = PROTOCOL_SMTP,
			 .server_name = names[i],
			 .xclient = chance_of(6000),
			 .smtp_auth = chance_of(4000),
			 .reply_max = ONE_OF(256, 1024, 4096, 4096)},
		.timeout_ms = ONE_OF(60000, 60000, 60000, 60000, 60000, 10000, 3000),
		.proxy_timeout_ms = ONE_OF(86400000, 3600000, 60000, 60000, 10000),
		.greeting_delay_ms = ONE_OF(0, 0, 0, 300, 1000),
		.pass_error_message = chance_of(4000),
		.back_tls = BACK_TLS_OFF,
		.auth = auth,
		.auth_timeout_ms = auth->timeout_ms,
		.auth_name = auth->name,
		.log_level = ONE_OF(LEVEL_INFO, LEVEL_INFO, LEVEL_DEBUG, LEVEL_ERR),
	};
}

/* proxy_bind: of one family, or of both, or none. */
static void plan_sources(struct world *w, uint32_t i)
{
	struct source_conf *s = &w->sources[i];

	for (uint32_t a = 0; a < WORLD_SOURCES; a++) {
		w->source_ip4[a].ip4.sin_family = AF_INET;
		w->source_ip4[a].ip4.sin_addr.s_addr = htonl(0x0a010001 + a);
	}
	w->source_ip6.ip6.sin6_family = AF_INET6;
	w->source_ip6.ip6.sin6_addr.s6_addr[15] = 9;
	if (chance_of(7500))
		return;
	*s = (struct source_conf){.ip4 = w->source_ip4, .n_ip4 = chance_below(WORLD_SOURCES + 1)};
	if (chance_of(5000))
		*s = (struct source_conf){s->ip4, &w->source_ip6, s->n_ip4, 1};
	w->servers[i].sources = s;
}

static void plan_listener(struct world *w, uint32_t i)
{
	static const struct str texts[] = {STR_INIT("10.0.0.1:25"), STR_INIT("10.0.0.1:587"),
					   STR_INIT("10.0.0.2:25")};
	struct listen_conf *l = &w->listens[i];

	*l = (struct listen_conf){
		.address_n = sizeof(l->address.ip4), .text = texts[i], .server = &w->servers[i]};
	l->address.ip4.sin_family = AF_INET;
	l->address.ip4.sin_addr.s_addr = htonl(0x0a000001 + (i == 2));
	l->address.ip4.sin_port = htons(i == 1 ? 587 : 25);
}

static void plan_service(struct world *w, uint32_t i)
{
	static const struct str names[] = {STR_INIT("10.254.0.1:9000"), STR_INIT("auth.test:9002")};
	struct auth_service_conf *s = &w->services[i];
	uint32_t keepalive = ONE_OF(0, 0, 1, 4, 64);
	bool narrow = w->n_guests <= 100 && chance_of(2000);

	for (uint32_t a = 0; a < WORLD_ADDRESSES; a++) {
		struct sockaddr_in *to = &w->addresses[i][a].ip4;

		to->sin_family = AF_INET;
		to->sin_addr.s_addr = htonl(0x0afe0001);
		to->sin_port = htons((uint16_t)(AUTH_PORT + i * WORLD_ADDRESSES + a));
	}
	*s = (struct auth_service_conf){
		.http = {.uri = STR("/auth?x=1"),
			 .host = STR("auth.test"),
			 .keepalive = keepalive > 0},
		.name = names[i],
		.addresses = w->addresses[i],
		.n_addresses = 1 + chance_below(2),
		.timeout_ms = ONE_OF(60000, 60000, 60000, 5000),
		.keepalive = keepalive,
		.connections_max = narrow ? 1 + chance_below(3) : w->n_guests + 4,
		.queue_max = w->n_guests + 4,
		.index = i,
	};
	w->narrow |= narrow;
	if (s->n_addresses > 1 && chance_of(4000))
		w->dead[i] = chance_of(7500) ? 'r' : 's';
	if (w->dead[i] == 's')
		w->scarce = true;
	if (chance_of(700)) {
		s->connections_max = 1 + chance_below(2);
		s->queue_max = chance_below(3);
		w->scarce = true;
	}
	w->service_list[i] = s;
}

void plan_configuration(struct world *w)
{
	struct worker_conf *k = &w->worker;

	*k = (struct worker_conf){
		.threads = 1,
		.connections = w->n_guests + 16,
		.ring = {1024, 8192, ONE_OF(128, 128, 16, 4), ONE_OF(16384, 16384, 4096, 1024)},
		.listens = w->listens,
		.n_listens = 1 + chance_below(WORLD_SERVERS),
		.auth_services = w->service_list,
		.n_auth_services = 1 + chance_below(WORLD_SERVICES),
		.shutdown_timeout_ms = ONE_OF(0, 2000, 30000),
	};
	if (chance_of(800)) {
		k->connections = w->n_guests / 3 + 1;
		w->scarce = true;
	}
	for (uint32_t i = 0; i < k->n_auth_services; i++)
		plan_service(w, i);
	for (uint32_t i = 0; i < k->n_listens; i++) {
		plan_server(w, i);
		if (i == 0) /* the last guest's */
			w->servers[i].front.methods |= 1U << SASL_PLAIN;
		plan_sources(w, i);
		plan_listener(w, i);
		if (w->servers[i].front.line_max > k->client_buffer_max)
			k->client_buffer_max = w->servers[i].front.line_max;
		if (w->servers[i].back.reply_max > k->proxy_buffer_max)
			k->proxy_buffer_max = w->servers[i].back.reply_max;
	}
	plan_tls(w);
	dns_sim_plan(w);
}

/* ---- the weather ---- */

static uint32_t up_to(uint32_t max)
{
	return chance_of(3000) ? 0 : chance_below(max + 1);
}

/* Nobody loses anything by it. */
static void make_breezy(struct weather *w)
{
	w->split = up_to(5000);
	w->end_multishot = chance_of(1000) ? 10000 : up_to(3000);
	w->no_buffers = up_to(1500);
	w->short_send = up_to(5000);
	w->stall_send = up_to(2000);
	w->lost_cancel = up_to(5000);
	w->reorder = up_to(5000);
	w->again_nonblocking = up_to(5000);
	w->interrupt = up_to(2000);
	if (chance_of(2000))
		w->completions = ONE_OF(16, 64, 256);
	if (chance_of(2000))
		w->submissions = ONE_OF(2, 8, 64);
	if (chance_of(5000))
		w->lacks_address = WORLD_SOURCES; /* the last, which is nobody's only one */
}

static void make_rough(struct weather *w, uint32_t n_guests)
{
	uint32_t most = n_guests > 100 ? 5 : 60;

	w->reset = up_to(most);
	w->refuse_dial = up_to(1000);
	w->no_fd = up_to(300);
	w->purge_on_reset = up_to(10000);
	if (chance_of(2000))
		w->fds_max = 8 + chance_below(2 * n_guests + 8);
}

void plan_weather(struct world *w)
{
	struct weather *x = &w->weather;

	*x = (struct weather){
		.latency_us_min = ONE_OF(1, 20, 100),
		.latency_us_max = ONE_OF(100, 300, 2000, 20000),
		.socket_room = ONE_OF(262144, 65536, 65536, 16384, 3000),
		.fds_max = 1U << 20,
	};
	if (chance_of(7500))
		make_breezy(x);
	if (chance_of(2500)) {
		make_rough(x, w->n_guests);
		w->stormy = x->reset || x->refuse_dial || x->no_fd || x->fds_max < 1U << 20;
	}
}
