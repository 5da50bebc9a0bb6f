/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * acceptor: the TLS side of one server{}: certificates by name and kind, keys of tickets, rules.
 *
 * Owns a wolfSSL context for each certificate, since that has one only. SNI (RFC 6066 section 3)
 * and the kind of key that the client can check choose among them before wolfSSL begins.
 */
#include "tls/acceptor.h"

#include "tls/acceptor_state.h"
#include "tls/errors.h"
#include "tls/identity.h"
#include "tls/peer.h"
#include "tls/pem.h"
#include "tls/resume.h"

#include <stdlib.h>
#include <string.h>
#include <wolfssl/wolfcrypt/sha256.h>

enum { DH_BITS_MIN = 2048 };

static int fail(struct tls_error *e, struct str what)
{
	errors_say(e, what, str_none(), str_none());
	return -1;
}

/* A session that is resumed brings no certificate: where one is asked for, none is resumed. */
static void set_up_sessions(const struct acceptor *a, WOLFSSL_CTX *ctx)
{
	(void)wolfSSL_CTX_set_timeout(ctx, a->session_timeout_s);
	if (a->cache != NULL)
		resume_use(ctx);
	else
		(void)wolfSSL_CTX_set_session_cache_mode(ctx, WOLFSSL_SESS_CACHE_OFF);
	if (a->tickets != NULL) {
		ticket_use(a->tickets, ctx);
	} else {
		/* each knows its own version only */
		(void)wolfSSL_CTX_NoTicketTLSv12(ctx);
		(void)wolfSSL_CTX_no_ticket_TLSv13(ctx);
	}
}

/* What each context of this acceptor gets besides its certificate. */
static int set_up(const struct acceptor *a, WOLFSSL_CTX *ctx, const struct tls_acceptor_conf *conf,
		  struct tls_error *e)
{
	if (!conf->prefer_server_ciphers)
		(void)wolfSSL_CTX_UseClientSuites(ctx);
	if (conf->verify == TLS_VERIFY_OFF)
		wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_NONE, NULL);
	else
		wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER, peer_verify);
	set_up_sessions(a, ctx);
	/* as OpenSSL's security level 2 */
	(void)wolfSSL_CTX_SetMinDhKey_Sz(ctx, DH_BITS_MIN);
	if (conf->dhparam.bytes.n != 0 &&
	    wolfSSL_CTX_SetTmpDH_buffer(ctx, conf->dhparam.bytes.p, (long)conf->dhparam.bytes.n,
					WOLFSSL_FILETYPE_PEM) != WOLFSSL_SUCCESS) {
		errors_say(e, STR("cannot load DH parameters"), conf->dhparam.name,
			   STR("not PEM, or smaller than 2048 bits"));
		return -1;
	}
	return 0;
}

static int place_of(enum x509_key kind)
{
	switch (kind) {
	case X509_KEY_ECDSA:
		return ACCEPTOR_ECDSA;
	case X509_KEY_ED25519:
		return ACCEPTOR_ED25519;
	case X509_KEY_RSA:
	case X509_KEY_OTHER:
		break;
	}
	return ACCEPTOR_RSA;
}

/* Of two certificates of a kind the later wins, as with NGINX. */
static int add_identity(struct acceptor *a, const struct tls_acceptor_conf *conf,
			const struct tls_identity *id, struct tls_error *e)
{
	struct acceptor_set *set = &a->sets[a->n_sets];
	WOLFSSL_CTX *ctx = suites_server(&a->suites, e), **place;
	enum x509_key kind;

	if (ctx == NULL)
		return -1;
	if (identity_load(ctx, id, &kind, e) != 0 || set_up(a, ctx, conf, e) != 0) {
		wolfSSL_CTX_free(ctx);
		return -1;
	}
	place = &set->ctx[place_of(kind)];
	if (*place != NULL)
		wolfSSL_CTX_free(*place);
	*place = ctx;
	return 0;
}

static int add_set(struct acceptor *a, const struct tls_acceptor_conf *conf,
		   const struct tls_identities *ids, struct tls_error *e)
{
	for (uint32_t i = 0; i < ids->n; i++)
		if (add_identity(a, conf, &ids->v[i], e) != 0) {
			a->n_sets++; /* to be freed with the others */
			return -1;
		}
	a->n_sets++;
	return ids->n != 0 ? 0 : fail(e, STR("no certificate is configured"));
}

/* --- names -------------------------------------------------------------------------------- */

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* The place where that name is, or where it would go. */
static struct acceptor_name *place(const struct acceptor *a, struct str name)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ lower(name.p[i])) * 16777619U;
	for (;; h++) {
		struct acceptor_name *p = &a->names[h & (a->n_places - 1)];

		if (p->name.p == NULL || str_eq_nocase(p->name, name))
			return p;
	}
}

/* The first who takes a name has it. */
static int add_name(struct acceptor *a, struct str name, uint32_t set, struct tls_error *e)
{
	struct acceptor_name *p = place(a, name);
	uint8_t *copy;

	if (name.n == 0 || name.n > HELLO_NAME_MAX)
		return fail(e, STR("a server name is empty or too long"));
	if (p->name.p != NULL)
		return 0;
	copy = malloc(name.n);
	if (copy == NULL)
		return fail(e, STR("no memory"));
	memcpy(copy, name.p, name.n);
	*p = (struct acceptor_name){str_of(copy, name.n), set};
	return 0;
}

/* "*.example.org" is kept as ".example.org"; ".example.org" is that and the name itself. */
static int add_pattern(struct acceptor *a, struct str pattern, uint32_t set, struct tls_error *e)
{
	if (str_starts(pattern, STR("*.")))
		return add_name(a, str_from(pattern, 1), set, e);
	if (str_starts(pattern, STR(".")) && add_name(a, str_from(pattern, 1), set, e) != 0)
		return -1;
	return add_name(a, pattern, set, e);
}

static int add_names(struct acceptor *a, const struct tls_acceptor_conf *conf, struct tls_error *e)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < conf->n_names; i++)
		n += 2 * conf->names[i].n_names;
	if (n == 0)
		return 0;
	for (a->n_places = 4; a->n_places < 2 * n;)
		a->n_places *= 2;
	a->names = calloc(a->n_places, sizeof(*a->names));
	if (a->names == NULL)
		return fail(e, STR("no memory"));
	for (uint32_t i = 0; i < conf->n_names; i++) {
		const struct tls_name *name = &conf->names[i];

		if (add_set(a, conf, &name->identities, e) != 0)
			return -1;
		for (uint32_t k = 0; k < name->n_names; k++)
			if (add_pattern(a, name->names[k], a->n_sets - 1, e) != 0)
				return -1;
	}
	return 0;
}

static const struct acceptor_set *set_of(const struct acceptor *a, struct str name)
{
	const struct acceptor_name *p;

	if (a->n_places == 0 || name.n == 0)
		return &a->sets[0];
	if (name.p[name.n - 1] == '.')
		name.n--;
	p = place(a, name);
	if (p->name.p == NULL)
		p = place(a, str_from(name, str_find(name, '.')));
	return &a->sets[p->name.p == NULL ? 0 : p->set];
}

/* --- all of it ---------------------------------------------------------------------------- */

static struct acceptor *make(const struct tls_acceptor_conf *conf, struct tls_error *e)
{
	struct acceptor *a = calloc(1, sizeof(*a));
	uint8_t *alpn = malloc(conf->alpn.n + 1);

	if (a != NULL && alpn != NULL)
		a->sets = calloc(conf->n_names + 1, sizeof(*a->sets));
	if (a == NULL || alpn == NULL || a->sets == NULL) {
		free(a);
		free(alpn);
		(void)fail(e, STR("no memory"));
		return NULL;
	}
	if (conf->alpn.n != 0)
		memcpy(alpn, conf->alpn.p, conf->alpn.n);
	a->alpn = str_of(alpn, conf->alpn.n);
	a->verify = conf->verify;
	return a;
}

static int open_trust(struct acceptor *a, const struct tls_acceptor_conf *conf, struct tls_error *e)
{
	const struct tls_file files[] = {conf->client_ca, conf->trusted_ca};
	const struct trust_conf tc = {files, 2, conf->crl, conf->verify_depth};

	if (conf->verify == TLS_VERIFY_OFF)
		return 0;
	if (conf->verify != TLS_VERIFY_OPTIONAL_NO_CA && conf->client_ca.name.n == 0 &&
	    conf->trusted_ca.name.n == 0)
		return fail(e,
			    STR("client certificates cannot be verified without CA certificates"));
	a->trust = trust_open(&tc, e);
	return a->trust == NULL ? -1 : 0;
}

/* A client that resumes sees no certificate: it was satisfied with the one of its session, which
 * has to be one of ours. The configuration's context, and our certificates. */
static int hash_context(const struct tls_acceptor_conf *conf, uint8_t hash[WC_SHA256_DIGEST_SIZE])
{
	wc_Sha256 h;
	bool ok;

	if (wc_InitSha256(&h) != 0)
		return -1;
	ok = wc_Sha256Update(&h, conf->context.p, (word32)conf->context.n) == 0;
	for (uint32_t i = 0; i < conf->identities.n; i++) {
		struct str text = conf->identities.v[i].chain.bytes;
		struct pem block = {.label = str_none()};

		while (pem_next(&text, &block) && !pem_is_certificate(&block))
			continue;
		if (pem_is_certificate(&block) &&
		    wc_Sha256Update(&h, block.body.p, (word32)block.body.n) != 0)
			ok = false;
	}
	ok = wc_Sha256Final(&h, hash) == 0 && ok;
	wc_Sha256Free(&h);
	return ok ? 0 : -1;
}

static int open_sessions(struct acceptor *a, const struct tls_acceptor_conf *conf,
			 struct tls_error *e)
{
	uint8_t hash[WC_SHA256_DIGEST_SIZE];
	struct tls_acceptor_conf own = *conf;

	a->session_timeout_s = conf->session_timeout_s;
	if (hash_context(conf, hash) != 0)
		return fail(e, STR("no memory"));
	memcpy(a->context, hash, sizeof(a->context));
	own.context = str_of(hash, sizeof(hash));
	if (conf->verify != TLS_VERIFY_OFF)
		return 0;
	a->cache = conf->cache;
	if (conf->tickets)
		a->tickets = ticket_open(&own, e);
	return conf->tickets && a->tickets == NULL ? -1 : 0;
}

struct acceptor *acceptor_open(const struct tls_acceptor_conf *conf, struct tls_error *e)
{
	struct acceptor *a = make(conf, e);

	if (a == NULL)
		return NULL;
	if (open_trust(a, conf, e) != 0 || open_sessions(a, conf, e) != 0 ||
	    suites_read(&conf->suites, &a->suites, e) != 0 ||
	    add_set(a, conf, &conf->identities, e) != 0 || add_names(a, conf, e) != 0) {
		acceptor_close(a);
		return NULL;
	}
	return a;
}

/* Not for the names: `free` wants no const. */
static void drop(const uint8_t *p)
{
	union {
		const uint8_t *given;
		uint8_t *owned;
	} u = {p};

	free(u.owned);
}

void acceptor_close(struct acceptor *a)
{
	if (a == NULL)
		return;
	for (uint32_t i = 0; i < a->n_sets; i++)
		for (uint32_t k = 0; k < ACCEPTOR_KINDS; k++)
			if (a->sets[i].ctx[k] != NULL)
				wolfSSL_CTX_free(a->sets[i].ctx[k]);
	for (uint32_t i = 0; i < a->n_places; i++)
		drop(a->names[i].name.p);
	drop(a->alpn.p);
	trust_close(a->trust);
	ticket_close(a->tickets);
	free(a->names);
	free(a->sets);
	free(a);
}

void acceptor_describe(const struct acceptor *a, struct out *out)
{
	ciphers_write(&a->suites.ciphers, out);
}

/* True if there is a suite for a certificate of that kind that both sides have. */
static bool shares(const struct acceptor *a, const struct hello *h, enum cipher_key key)
{
	for (uint32_t i = 0; i < a->suites.ciphers.n; i++) {
		const struct cipher *c = a->suites.ciphers.v[i];

		if (c->key != key && !(c->key == CIPHER_KEY_ANY && h->tls13))
			continue;
		for (size_t k = 0; k + 1 < h->ciphers.n; k += 2)
			if ((h->ciphers.p[k] << 8 | h->ciphers.p[k + 1]) == c->id)
				return true;
	}
	return false;
}

WOLFSSL_CTX *acceptor_choose(const struct acceptor *a, const struct hello *hello)
{
	const struct acceptor_set *set = set_of(a, hello->name);
	struct hello h = *hello;
	WOLFSSL_CTX *any = NULL;
	bool takes[ACCEPTOR_KINDS];

	h.tls13 = h.tls13 && a->suites.max == WOLFSSL_TLSV1_3;
	takes[ACCEPTOR_ECDSA] = hello_takes_ecdsa(&h) && shares(a, &h, CIPHER_KEY_ECDSA);
	takes[ACCEPTOR_ED25519] = hello_takes_ed25519(&h) && shares(a, &h, CIPHER_KEY_ECDSA);
	takes[ACCEPTOR_RSA] = hello_takes_rsa(&h) && shares(a, &h, CIPHER_KEY_RSA);
	for (uint32_t k = 0; k < ACCEPTOR_KINDS; k++) {
		if (set->ctx[k] != NULL && takes[k])
			return set->ctx[k];
		if (set->ctx[k] != NULL)
			any = set->ctx[k];
	}
	return any;
}
