/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connector: how we are a TLS client: of mail servers (proxy_ssl) or of an authentication service.
 *
 * Owns one wolfSSL context, and for each thread the sessions to be resumed: by id up to TLS 1.2
 * (RFC 5246 section 7.3), by ticket in TLS 1.3 (RFC 8446 section 4.6.1). Not by ticket in TLS 1.2:
 * wolfSSL's clients fail when a server takes a ticket no more.
 */
#include "tls/connector.h"

#include "base/addr.h"
#include "tls/connector_state.h"
#include "tls/errors.h"
#include "tls/identity.h"
#include "tls/peer.h"

#include <stdlib.h>
#include <string.h>

static int set_up(struct connector *c, const struct tls_connector_conf *conf, struct tls_error *e)
{
	enum x509_key kind;
	const struct tls_identities *ids = &conf->identities;

	c->ctx = suites_client(&c->suites, e);
	if (c->ctx == NULL || (ids->n != 0 && identity_load(c->ctx, &ids->v[0], &kind, e) != 0))
		return -1;
	wolfSSL_CTX_set_verify(c->ctx, conf->verify ? WOLFSSL_VERIFY_PEER : WOLFSSL_VERIFY_NONE,
			       conf->verify ? peer_verify : NULL);
	return 0;
}

static int open_trust(struct connector *c, const struct tls_connector_conf *conf,
		      struct tls_error *e)
{
	const struct trust_conf tc = {&conf->trusted_ca, 1, conf->crl, conf->verify_depth};

	if (!conf->verify)
		return 0;
	if (conf->trusted_ca.name.n == 0) {
		errors_say(e, STR("certificates cannot be verified without CA certificates"),
			   str_none(), str_none());
		return -1;
	}
	c->trust = trust_open(&tc, e);
	return c->trust == NULL ? -1 : 0;
}

struct connector *connector_open(const struct tls_connector_conf *conf, struct tls_error *e)
{
	struct connector *c = calloc(1, sizeof(*c));
	struct addr address;

	if (c != NULL && conf->name.n != 0)
		c->name = malloc(conf->name.n + 1);
	if (c == NULL || (conf->name.n != 0 && c->name == NULL)) {
		errors_say(e, STR("no memory"), str_none(), str_none());
		free(c);
		return NULL;
	}
	if (c->name != NULL) {
		memcpy(c->name, conf->name.p, conf->name.n);
		c->name[conf->name.n] = '\0';
	}
	c->session_reuse = conf->session_reuse;
	c->host = c->name == NULL ? str_none() : str_cstr(c->name);
	c->says_name = c->name != NULL && addr_parse(conf->name, &address) != 0;
	if (open_trust(c, conf, e) != 0 || suites_read(&conf->suites, &c->suites, e) != 0 ||
	    set_up(c, conf, e) != 0) {
		connector_close(c);
		return NULL;
	}
	return c;
}

void connector_close(struct connector *c)
{
	if (c == NULL)
		return;
	if (c->ctx != NULL)
		wolfSSL_CTX_free(c->ctx);
	trust_close(c->trust);
	free(c->name);
	free(c);
}

/* --- sessions ----------------------------------------------------------------------------- */

enum {
	WAYS = 4,         /* how many places a peer may find its session in */
	TICKET_MAX = 4096 /* longer ones are as good as none */
};

struct place {
	uint64_t peer;
	WOLFSSL_SESSION *session; /* NULL: free */
};

struct connector_sessions {
	uint32_t n;
	struct place places[];
};

struct connector_sessions *connector_sessions_open(uint32_t places)
{
	struct connector_sessions *s;
	uint32_t n = places < WAYS ? WAYS : places;

	s = calloc(1, sizeof(*s) + n * sizeof(s->places[0]));
	if (s != NULL)
		s->n = n;
	return s;
}

void connector_sessions_close(struct connector_sessions *s)
{
	if (s == NULL)
		return;
	for (uint32_t i = 0; i < s->n; i++)
		if (s->places[i].session != NULL)
			wolfSSL_SESSION_free(s->places[i].session);
	free(s);
}

/* The first of the peer's places. */
static uint32_t first(const struct connector_sessions *s, uint64_t peer)
{
	peer *= 0x9e3779b97f4a7c15U;
	return (uint32_t)((peer >> 32) % s->n);
}

static const struct place *find(const struct connector_sessions *s, uint64_t peer)
{
	uint32_t at = first(s, peer);

	for (uint32_t i = 0; i < WAYS; i++) {
		const struct place *p = &s->places[(at + i) % s->n];

		if (p->session != NULL && p->peer == peer)
			return p;
	}
	return NULL;
}

/* FNV-1a over the ticket that the connection has now, 0 without one. */
static uint64_t print_ticket(WOLFSSL *ssl)
{
	uint8_t ticket[TICKET_MAX];
	word32 n = sizeof(ticket);
	uint64_t print = 0xcbf29ce484222325U;

	if (wolfSSL_get_SessionTicket(ssl, ticket, &n) != WOLFSSL_SUCCESS || n == 0)
		return 0;
	for (word32 i = 0; i < n; i++)
		print = (print ^ ticket[i]) * 0x100000001b3U;
	return print;
}

uint64_t connector_resume(const struct connector_sessions *s, uint64_t peer, WOLFSSL *ssl)
{
	const struct place *p = find(s, peer);

	if (p == NULL)
		return 0;
	(void)wolfSSL_set_session(ssl, p->session);
	return print_ticket(ssl);
}

void connector_forget(struct connector_sessions *s, uint64_t peer)
{
	uint32_t at = first(s, peer);

	for (uint32_t i = 0; i < WAYS; i++) {
		struct place *p = &s->places[(at + i) % s->n];

		if (p->session == NULL || p->peer != peer)
			continue;
		wolfSSL_SESSION_free(p->session);
		*p = (struct place){0};
	}
}

void connector_keep(struct connector_sessions *s, uint64_t peer, WOLFSSL *ssl, uint64_t offered)
{
	WOLFSSL_SESSION *session;
	uint32_t at = first(s, peer);
	struct place *p = &s->places[at];

	/* With TLS 1.3 the secret is new and belongs to a ticket that has yet to come. */
	if (wolfSSL_version(ssl) == TLS1_3_VERSION && print_ticket(ssl) == offered)
		return;
	session = wolfSSL_get1_session(ssl);
	if (session == NULL)
		return;
	for (uint32_t i = 0; i < WAYS; i++) {
		struct place *q = &s->places[(at + i) % s->n];

		if (q->session != NULL && q->peer == peer) {
			p = q;
			break;
		}
		if (q->session == NULL && p->session != NULL)
			p = q;
	}
	if (p->session != NULL)
		wolfSSL_SESSION_free(p->session);
	*p = (struct place){peer, session};
}
