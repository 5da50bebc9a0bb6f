/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rig: a session on a bench. Peer bytes are offered from a heap block of exactly their length, so
 * that a sanitizer sees one byte read too many, and the block is gone when the call returns.
 */
#include "tests/lib/rig.h"

#include "base/must.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void rig_write_log(struct logger *self, const struct log_line *line)
{
	struct rig_log *log = (struct rig_log *)(void *)self;
	size_t room = RIG_LOG_MAX - log->n;
	int n = snprintf(log->text + log->n, room, "%.*s\n", (int)line->message.n,
			 (const char *)line->message.p);

	must(n > 0 && (size_t)n < room);
	log->n += (size_t)n;
	log->lines++;
	log->level = line->level;
}

static struct server_conf rig_conf(void)
{
	/* A session only looks whether there is one. */
	static const max_align_t somebodys[1];

	return (struct server_conf){
		.front = {.server_name = STR("mx.test"),
			  .methods = 1U << SASL_PLAIN | 1U << SASL_LOGIN | 1U << SASL_CRAM_MD5 |
				     1U << FRONT_METHOD_NONE,
			  .line_max = RIG_LINE_MAX,
			  .errors_max = 5},
		.back = {.server_name = STR("mx.test"), .reply_max = RIG_LINE_MAX},
		.timeout_ms = RIG_TIMEOUT_MS,
		.proxy_timeout_ms = RIG_PROXY_MS,
		.acceptor = (const struct acceptor *)somebodys,
		.connector = (const struct connector *)somebodys,
		.auth_name = STR("127.0.0.1:9000"),
		.log_level = LEVEL_INFO,
	};
}

struct rig *rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));
	size_t slot;

	must(r != NULL);
	r->conf = rig_conf();
	r->env.sizes = (struct session_sizes){RIG_LINE_MAX, RIG_LINE_MAX};
	slot = session_desk_bytes(&r->env.sizes);
	r->memory_bytes = slab_bytes(1, slot);
	r->memory = aligned_alloc(64, r->memory_bytes);
	must(r->memory != NULL);
	memset(r->memory, 0, r->memory_bytes);
	slab_init(&r->env.desks, r->memory, 1, slot);
	slab_init(&r->env.names, r->names, 1, sizeof(r->names[0]));
	r->log.logger.write = rig_write_log;
	r->env.logger = &r->log.logger;
	r->env.counters = &r->counters;
	r->env.now_ms = RIG_START_MS;
	return r;
}

void rig_resolve(struct rig *r)
{
	static const max_align_t somebody;

	r->conf.resolver = (const struct resolver_conf *)&somebody;
}

void rig_start_from(struct rig *r, const char *client)
{
	struct session_start start = {
		.conf = &r->conf,
		.listening = STR("127.0.0.1:25"),
		.number = 7,
		.nonce = STR("1804289383.1700000000"),
		.proxied = r->proxied,
		.tls = r->tls,
	};

	if (strcmp(client, "unix:") == 0)
		start.client.family = ADDR_UNIX;
	else
		must(addr_parse(str_cstr(client), &start.client) == 0);
	start.local = start.client;
	start.client.port = 40000;
	start.local.port = 25;
	session_start(&r->session, &r->env, &start);
}

void rig_start(struct rig *r)
{
	rig_start_from(r, "192.0.2.1");
}

void rig_done(struct rig *r)
{
	if (r->session.env)
		session_done(&r->session);
	must(r->env.desks.used == 0);
	must(r->env.names.used == 0);
	free(r->memory);
	free(r);
}

static void rig_offer(struct rig *r, enum side side, const char *bytes)
{
	size_t n = strlen(bytes), taken;
	uint8_t *block = malloc(n ? n : 1);

	must(block != NULL);
	memcpy(block, bytes, n);
	if (side == SIDE_FRONT)
		taken = session_on_front(&r->session, str_of(block, n));
	else
		taken = session_on_back(&r->session, str_of(block, n));
	free(block);
	must(taken == n);
}

void rig_client(struct rig *r, const char *bytes)
{
	rig_offer(r, SIDE_FRONT, bytes);
}

void rig_backend(struct rig *r, const char *bytes)
{
	rig_offer(r, SIDE_BACK, bytes);
}

const char *rig_take(struct rig *r, enum side to)
{
	struct str bytes;
	size_t n = 0;

	while ((bytes = session_pending(&r->session, to)).n) {
		must(n + bytes.n < sizeof(r->sent));
		memcpy(r->sent + n, bytes.p, bytes.n);
		n += bytes.n;
		session_on_sent(&r->session, to, bytes.n);
	}
	r->sent[n] = '\0';
	return r->sent;
}

void rig_secured(struct rig *r, enum side side, enum reason reason, const char *detail)
{
	struct session_tls how = {reason, str_cstr(detail)};

	session_on_secured(&r->session, side, &how);
}

void rig_pass(struct rig *r, uint64_t ms)
{
	r->env.now_ms += ms;
	session_on_tick(&r->session);
}

void rig_route(struct rig *r)
{
	struct verdict v = {.kind = VERDICT_OK};

	must(addr_parse(STR("192.0.2.9"), &v.server) == 0);
	v.server.port = 2525;
	session_on_verdict(&r->session, &v);
}

void rig_name(struct rig *r, const char *name)
{
	session_on_named(&r->session,
			 &(struct name_answer){.outcome = NAME_FOUND, .name = str_cstr(name)});
}

void rig_addresses(struct rig *r, const char *addresses)
{
	struct name_answer a = {.outcome = NAME_FOUND};
	struct str rest = str_cstr(addresses);
	struct addr list[32];

	while (rest.n) {
		size_t end = str_find(rest, ' ');

		must(addr_parse(str_first(rest, end), &list[a.n_addresses++]) == 0);
		rest = str_from(rest, end + 1);
	}
	a.addresses = list;
	session_on_named(&r->session, &a);
}

void rig_nameless(struct rig *r, enum name_outcome outcome)
{
	static const struct name_answer answers[] = {
		[NAME_NONE] = {.outcome = NAME_NONE,
			       .code = 3,
			       .error = STR_INIT("Host not found")},
		[NAME_FAILED] = {.outcome = NAME_FAILED,
				 .code = 110,
				 .error = STR_INIT("Operation timed out")},
	};

	session_on_named(&r->session, &answers[outcome]);
}

void rig_route_to(struct rig *r, const char *name)
{
	session_on_verdict(&r->session, &(struct verdict){.kind = VERDICT_OK,
							  .server = {.port = 2525},
							  .server_name = str_cstr(name)});
}

void rig_refuse(struct rig *r, const char *text, uint64_t wait_s)
{
	session_on_verdict(&r->session, &(struct verdict){.kind = VERDICT_ERROR,
							  .error_text = str_cstr(text),
							  .wait_s = wait_s});
}

void rig_reach(struct rig *r, enum phase phase)
{
	struct session *s = &r->session;

	if (phase == PHASE_DELAY)
		r->conf.greeting_delay_ms = 1000;
	if (phase == PHASE_TLS_BACK)
		r->conf.back_tls = BACK_TLS_ON;
	if (phase == PHASE_NAME_CLIENT || phase == PHASE_NAME_CHECK || phase == PHASE_NAME_BACK)
		rig_resolve(r);
	if (!s->env) {
		r->proxied = phase == PHASE_PROXY;
		r->tls |= phase == PHASE_TLS_FRONT;
		rig_start(r);
	}
	if (s->phase == PHASE_TLS_FRONT && phase > PHASE_TLS_FRONT)
		rig_secured(r, SIDE_FRONT, REASON_NONE, "");
	if (s->phase == PHASE_NAME_CLIENT && phase > PHASE_NAME_CLIENT)
		rig_name(r, "client.test");
	if (s->phase == PHASE_NAME_CHECK && phase > PHASE_NAME_CHECK)
		rig_addresses(r, "192.0.2.1");
	if (s->phase == PHASE_DELAY && phase != PHASE_DELAY)
		rig_pass(r, r->conf.greeting_delay_ms);
	if (s->phase == PHASE_FRONT && phase > PHASE_FRONT)
		rig_client(r, "EHLO client.test\r\nAUTH PLAIN AHRpbQBzZWNyZXQ=\r\n");
	rig_take(r, SIDE_FRONT);
	if (s->phase == PHASE_AUTH && phase == PHASE_AUTH_WAIT)
		rig_refuse(r, "not now", 3);
	if (s->phase == PHASE_AUTH && phase == PHASE_NAME_BACK)
		rig_route_to(r, "back.test");
	if (s->phase == PHASE_AUTH && phase > PHASE_AUTH_WAIT)
		rig_route(r);
	if (s->phase == PHASE_NAME_BACK && phase > PHASE_NAME_BACK)
		rig_addresses(r, "192.0.2.9");
	if (s->phase == PHASE_DIAL && phase > PHASE_DIAL)
		session_on_dialled(s, str_none());
	if (s->phase == PHASE_TLS_BACK && phase > PHASE_TLS_BACK) {
		rig_take(r, SIDE_BACK);
		rig_secured(r, SIDE_BACK, REASON_NONE, "");
	}
	if (s->phase == PHASE_BACK && phase > PHASE_BACK) {
		rig_backend(r, "220 back.test ESMTP\r\n");
		rig_take(r, SIDE_BACK);
		rig_backend(r, "250 back.test\r\n");
		rig_take(r, SIDE_FRONT);
	}
	if (phase == PHASE_CLOSING || phase == PHASE_LINGER)
		session_end(s, REASON_SHUTDOWN, str_none());
	if (phase == PHASE_LINGER)
		session_on_hushed(s);
	must(s->phase == phase);
}

bool rig_wants(const struct rig *r, unsigned wants)
{
	return session_wants(&r->session) == wants;
}

bool rig_ended(const struct rig *r, enum reason reason)
{
	return r->session.phase >= PHASE_CLOSING && r->session.reason == reason &&
	       r->counters.ended[reason] == 1;
}

bool rig_logged(const struct rig *r, const char *part)
{
	return strstr(r->log.text, part) != NULL;
}

bool rig_remembers(const struct rig *r, const char *bytes)
{
	size_t n = strlen(bytes);

	return memmem(r->memory, r->memory_bytes, bytes, n) ||
	       memmem(&r->session, sizeof(r->session), bytes, n);
}
