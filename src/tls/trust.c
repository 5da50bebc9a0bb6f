/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trust: whether a chain of certificates leads to an authority that we trust (RFC 5280 section 6).
 *
 * Owns the authorities and revocation lists, read once. Builds the path as OpenSSL 3 does, trusted
 * ones first; trust_check.c judges it. Never remembers what a peer has sent.
 */
#include "tls/trust.h"

#include "tls/errors.h"
#include "tls/pem.h"
#include "tls/trust_state.h"
#include "tls/wolf.h"

#include <stdlib.h>
#include <string.h>

/* --- reading the files -------------------------------------------------------------------- */

static int fail(struct tls_error *e, struct str what, const struct tls_file *f, struct str why)
{
	errors_say(e, what, f == NULL ? str_none() : f->name, why);
	return -1;
}

/* The block's bytes in memory of their own; empty: broken, or no memory. */
static struct str decode(const struct pem *block)
{
	uint8_t *der = malloc(pem_room(block));
	size_t n;

	if (der == NULL)
		return str_none();
	if (pem_decode(block, der, &n) != 0) {
		free(der);
		return str_none();
	}
	return str_of(der, n);
}

/* Not for what is const: `free` wants none. */
static void drop(struct str s)
{
	union {
		const uint8_t *given;
		uint8_t *owned;
	} u = {s.p};

	free(u.owned);
}

static uint32_t count(const struct tls_file *f)
{
	struct str text = f->bytes;
	struct pem block;
	uint32_t n = 0;

	while (pem_next(&text, &block))
		n++;
	return n;
}

/* Every certificate in it. */
static int add_authorities(struct trust *t, const struct tls_file *f, struct tls_error *e)
{
	struct str text = f->bytes;
	struct pem block;
	uint32_t before = t->n_authorities;

	while (pem_next(&text, &block)) {
		struct str der;

		if (!pem_is_certificate(&block))
			continue;
		der = decode(&block);
		if (der.n == 0 || x509_read(der, &t->authorities[t->n_authorities]) != 0) {
			drop(der);
			return fail(e, STR("cannot load CA certificates"), f,
				    STR("one of them is broken"));
		}
		t->n_authorities++;
	}
	return t->n_authorities > before ? 0
					 : fail(e, STR("cannot load CA certificates"), f,
						STR("there is no certificate in it (PEM)"));
}

static int who_signed(const struct trust *t, const struct x509_crl *crl)
{
	for (uint32_t i = 0; i < t->n_authorities; i++)
		if (str_eq(t->authorities[i].subject, crl->issuer) &&
		    trust_check_crl(crl, &t->authorities[i]))
			return (int)i;
	return TRUST_NOBODY;
}

static int add_crls(struct trust *t, const struct tls_file *f, struct tls_error *e)
{
	struct str text = f->bytes;
	struct pem block;

	while (pem_next(&text, &block)) {
		struct trust_crl *c = &t->crls[t->n_crls];
		struct str der;

		if (!str_eq(block.label, STR("X509 CRL")))
			continue;
		der = decode(&block);
		if (der.n == 0 || x509_read_crl(der, &c->crl) != 0) {
			drop(der);
			return fail(e, STR("cannot load revocation list"), f, STR("it is broken"));
		}
		c->authority = who_signed(t, &c->crl);
		t->n_crls++;
	}
	return t->n_crls != 0 ? 0
			      : fail(e, STR("cannot load revocation list"), f,
				     STR("there is none in it (PEM)"));
}

static int take_memory(struct trust *t, const struct trust_conf *conf)
{
	uint32_t n = 1;

	for (uint32_t i = 0; i < conf->n_authorities; i++)
		n += count(&conf->authorities[i]);
	t->authorities = calloc(n, sizeof(t->authorities[0]));
	t->crls = calloc(1 + count(&conf->crl), sizeof(t->crls[0]));
	return t->authorities == NULL || t->crls == NULL ? -1 : 0;
}

struct trust *trust_open(const struct trust_conf *conf, struct tls_error *e)
{
	struct trust *t = calloc(1, sizeof(*t));

	if (t == NULL || take_memory(t, conf) != 0) {
		(void)fail(e, STR("no memory"), NULL, str_none());
		goto failed;
	}
	t->depth = conf->depth < TRUST_CHAIN_MAX ? conf->depth : TRUST_CHAIN_MAX;
	for (uint32_t i = 0; i < conf->n_authorities; i++)
		if (conf->authorities[i].name.n != 0 &&
		    add_authorities(t, &conf->authorities[i], e) != 0)
			goto failed;
	if (conf->crl.name.n != 0 && add_crls(t, &conf->crl, e) != 0)
		goto failed;
	return t;

failed:
	trust_close(t);
	return NULL;
}

void trust_close(struct trust *t)
{
	if (t == NULL)
		return;
	for (uint32_t i = 0; i < t->n_authorities; i++)
		drop(t->authorities[i].der);
	for (uint32_t i = 0; i < t->n_crls; i++)
		drop(t->crls[i].crl.der);
	free(t->authorities);
	free(t->crls);
	free(t);
}

/* --- building the path -------------------------------------------------------------------- */

/* What the peer has sent behind its own certificate, each to be used once. */
struct sent {
	struct x509 certs[TRUST_CHAIN_MAX];
	size_t n;
};

/* The authority's name, and its key as far as both say which. */
static bool issued(const struct x509 *by, const struct x509 *x)
{
	struct str authority, subject;
	struct der list, key, id;

	if (!str_eq(by->subject, x->issuer))
		return false;
	if (!x509_extension(x->extensions, X509_AUTHORITY_KEY, &authority) ||
	    !x509_extension(by->extensions, X509_SUBJECT_KEY, &subject) ||
	    der_take(&authority, DER_SEQUENCE, &list) != 0 || !der_may(&list.body, 0x80, &key) ||
	    der_take(&subject, DER_OCTET_STRING, &id) != 0)
		return true;
	return str_eq(key.body, id.body);
}

/* An authority that was renewed with its key is there twice: rather one that is in its time. */
static int find_authority(const struct trust *t, const struct x509 *x)
{
	int found = TRUST_NOBODY;

	for (uint32_t i = 0; i < t->n_authorities; i++) {
		const struct x509 *a = &t->authorities[i];

		/* who signs itself is trusted only if it is the very one */
		if (!(trust_self_issued(x) ? str_eq(a->der, x->der) : issued(a, x)))
			continue;
		if (trust_check_is_current(a))
			return (int)i;
		if (found == TRUST_NOBODY)
			found = (int)i;
	}
	return found;
}

/* The same, of those that the peer has sent; NULL: none. */
static struct x509 *find_sent(struct sent *sent, const struct x509 *x)
{
	struct x509 *found = NULL;

	for (size_t i = 0; i < sent->n; i++) {
		struct x509 *by = &sent->certs[i];

		if (by->der.n == 0 || !issued(by, x))
			continue;
		if (trust_check_is_current(by))
			return by;
		if (found == NULL)
			found = by;
	}
	return found;
}

static bool push(struct trust_path *p, const struct x509 *x, int authority)
{
	p->certs[p->n] = *x;
	p->authority[p->n] = authority;
	p->n++;
	return true;
}

/* One more above the last. False: nobody is found, or none is needed. */
static bool climb(const struct trust *t, struct trust_path *p, struct sent *sent)
{
	const struct x509 *last = &p->certs[p->n - 1];
	int i = find_authority(t, last);
	struct x509 *by;

	if (trust_self_issued(last)) {
		p->authority[p->n - 1] = i;
		p->anchored = i != TRUST_NOBODY;
		return false;
	}
	if (i != TRUST_NOBODY)
		return push(p, &t->authorities[i], i);
	if (p->authority[p->n - 1] != TRUST_NOBODY)
		return false;
	by = find_sent(sent, last);
	if (by == NULL)
		return false;
	(void)push(p, by, TRUST_NOBODY);
	by->der.n = 0;
	return true;
}

static void build(const struct trust *t, struct trust_path *p, struct sent *sent)
{
	size_t max = t->depth + 2; /* the peer's, those between, the trusted one */

	while (p->n <= max && p->n < TRUST_CHAIN_MAX + 2 && climb(t, p, sent))
		continue;
	if (p->n > max || p->n == TRUST_CHAIN_MAX + 2) {
		p->error = TRUST_TOO_LONG;
		p->anchored = false;
		return;
	}
	if (p->anchored)
		return;
	if (trust_self_issued(&p->certs[p->n - 1]))
		p->error = p->n == 1 ? TRUST_SELF_SIGNED : TRUST_SELF_SIGNED_IN_CHAIN;
	else
		p->error = p->authority[p->n - 1] != TRUST_NOBODY ? TRUST_NO_ISSUER
								  : TRUST_NO_LOCAL_ISSUER;
}

enum trust_error trust_verify(const struct trust *t, const struct trust_chain *chain,
			      enum trust_role role, struct str host)
{
	struct trust_path p = {.n = 0};
	struct sent sent = {.n = 0};
	struct x509 x;

	if (chain->n == 0 || x509_read(chain->certs[0], &x) != 0)
		return TRUST_UNSPECIFIED;
	(void)push(&p, &x, TRUST_NOBODY);
	for (size_t i = 1; i < chain->n; i++)
		if (x509_read(chain->certs[i], &sent.certs[sent.n]) == 0)
			sent.n++;
	build(t, &p, &sent);
	trust_check_extensions(&p, role);
	if (host.n != 0)
		trust_check_host(&p, host);
	if (t->n_crls != 0)
		trust_check_revocation(&p, t);
	trust_check_signatures(&p);
	/* belt and braces: nothing is fine without an anchor */
	return p.error == TRUST_OK && !p.anchored ? TRUST_UNSPECIFIED : p.error;
}

bool trust_is_unknown(enum trust_error error)
{
	return error == TRUST_SELF_SIGNED || error == TRUST_SELF_SIGNED_IN_CHAIN ||
	       error == TRUST_NO_LOCAL_ISSUER || error == TRUST_NO_LEAF_SIGNATURE ||
	       error == TRUST_TOO_LONG;
}

struct str trust_text(enum trust_error error)
{
	switch (error) {
	case TRUST_OK:
		return STR("ok");
	case TRUST_UNSPECIFIED:
		return STR("unspecified certificate verification error");
	case TRUST_NO_ISSUER:
		return STR("unable to get issuer certificate");
	case TRUST_NO_CRL:
		return STR("unable to get certificate CRL");
	case TRUST_BAD_SIGNATURE:
		return STR("certificate signature failure");
	case TRUST_BAD_CRL_SIGNATURE:
		return STR("CRL signature failure");
	case TRUST_NOT_YET_VALID:
		return STR("certificate is not yet valid");
	case TRUST_EXPIRED:
		return STR("certificate has expired");
	case TRUST_CRL_NOT_YET_VALID:
		return STR("CRL is not yet valid");
	case TRUST_CRL_EXPIRED:
		return STR("CRL has expired");
	case TRUST_BAD_TIME:
		return STR("format error in certificate's notBefore field");
	case TRUST_NO_MEMORY:
		return STR("out of memory");
	case TRUST_SELF_SIGNED:
		return STR("self-signed certificate");
	case TRUST_SELF_SIGNED_IN_CHAIN:
		return STR("self-signed certificate in certificate chain");
	case TRUST_NO_LOCAL_ISSUER:
		return STR("unable to get local issuer certificate");
	case TRUST_NO_LEAF_SIGNATURE:
		return STR("unable to verify the first certificate");
	case TRUST_TOO_LONG:
		return STR("certificate chain too long");
	case TRUST_REVOKED:
		return STR("certificate revoked");
	case TRUST_INVALID_CA:
		return STR("invalid CA certificate");
	case TRUST_PATH_LENGTH:
		return STR("path length constraint exceeded");
	case TRUST_PURPOSE:
		return STR("unsuitable certificate purpose");
	case TRUST_CRITICAL_EXTENSION:
		return STR("unhandled critical extension");
	case TRUST_NO_CRL_SIGN:
		return STR("key usage does not include CRL signing");
	case TRUST_CRITICAL_CRL_EXTENSION:
		return STR("unhandled critical CRL extension");
	case TRUST_NAME_NOT_PERMITTED:
		return STR("permitted subtree violation");
	case TRUST_CONSTRAINT:
		return STR("unsupported name constraint type");
	case TRUST_HOST:
		return STR("hostname mismatch");
	}
	return STR("unspecified certificate verification error");
}
