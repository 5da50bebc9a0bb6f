/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x509: the parts of a certificate or a revocation list (RFC 5280), borrowed from its bytes.
 *
 * Never allocates. Peers send what this reads: every step may fail.
 */
#include "tls/x509.h"

static enum x509_key key_kind(struct str spki)
{
	struct der algorithm, oid;

	if (der_take(&spki, DER_SEQUENCE, &algorithm) != 0 ||
	    der_take(&algorithm.body, DER_OID, &oid) != 0)
		return X509_KEY_OTHER;
	if (str_eq(oid.body, STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")) ||
	    str_eq(oid.body, STR("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a")))
		return X509_KEY_RSA;
	if (str_eq(oid.body, STR("\x2a\x86\x48\xce\x3d\x02\x01")))
		return X509_KEY_ECDSA;
	if (str_eq(oid.body, STR("\x2b\x65\x70")))
		return X509_KEY_ED25519;
	return X509_KEY_OTHER;
}

int x509_read(struct str der, struct x509 *x)
{
	struct der outer, tbs, d, validity, extensions;
	struct str s = der;

	*x = (struct x509){.der = der};
	if (der_take(&s, DER_SEQUENCE, &outer) != 0 || s.n != 0 ||
	    der_take(&outer.body, DER_SEQUENCE, &tbs) != 0)
		return -1;
	s = tbs.body;
	x->v1 = !der_may(&s, 0xa0, &d);
	if (der_take(&s, DER_INTEGER, &d) != 0)
		return -1;
	x->serial = d.body;
	if (der_take(&s, DER_SEQUENCE, &d) != 0 || der_take(&s, DER_SEQUENCE, &d) != 0)
		return -1;
	x->issuer = d.whole;
	if (der_take(&s, DER_SEQUENCE, &validity) != 0 ||
	    der_next(&validity.body, &x->not_before) != 0 ||
	    der_next(&validity.body, &x->not_after) != 0 || der_take(&s, DER_SEQUENCE, &d) != 0)
		return -1;
	x->subject = d.whole;
	if (der_take(&s, DER_SEQUENCE, &d) != 0)
		return -1;
	x->key = key_kind(d.body);
	(void)der_may(&s, 0x81, &d); /* unique identifiers of issuer and subject */
	(void)der_may(&s, 0x82, &d);
	if (der_may(&s, 0xa3, &d)) {
		if (der_take(&d.body, DER_SEQUENCE, &extensions) != 0)
			return -1;
		x->extensions = extensions.body;
	}
	return 0;
}

bool x509_next_extension(struct str *extensions, struct x509_extension *e)
{
	struct str rest = *extensions;
	struct der extension, id, critical, value;

	if (der_take(&rest, DER_SEQUENCE, &extension) != 0 ||
	    der_take(&extension.body, DER_OID, &id) != 0)
		return false;
	(void)der_may(&extension.body, DER_BOOLEAN, &critical);
	if (der_take(&extension.body, DER_OCTET_STRING, &value) != 0)
		return false;
	e->id = id.body.n == 3 && id.body.p[0] == 0x55 && id.body.p[1] == 0x1d ? id.body.p[2] : -1;
	e->critical = critical.body.n == 1 && critical.body.p[0] != 0;
	e->content = value.body;
	*extensions = rest;
	return true;
}

bool x509_extension(struct str extensions, enum x509_id id, struct str *content)
{
	struct x509_extension e;

	while (x509_next_extension(&extensions, &e))
		if (e.id == (int)id) {
			*content = e.content;
			return true;
		}
	return false;
}

static bool is_time(const struct str *s)
{
	return s->n != 0 && (s->p[0] == DER_UTC_TIME || s->p[0] == DER_GENERALIZED_TIME);
}

int x509_read_crl(struct str der, struct x509_crl *crl)
{
	struct der outer, tbs, d;
	struct str s = der;

	*crl = (struct x509_crl){.der = der};
	if (der_take(&s, DER_SEQUENCE, &outer) != 0 || s.n != 0 ||
	    der_take(&outer.body, DER_SEQUENCE, &tbs) != 0)
		return -1;
	s = tbs.body;
	(void)der_may(&s, DER_INTEGER, &d);
	if (der_take(&s, DER_SEQUENCE, &d) != 0 || der_take(&s, DER_SEQUENCE, &d) != 0)
		return -1;
	crl->issuer = d.whole;
	if (!is_time(&s) || der_next(&s, &crl->this_update) != 0 ||
	    (is_time(&s) && der_next(&s, &crl->next_update) != 0))
		return -1;
	if (der_may(&s, DER_SEQUENCE, &d))
		crl->revoked = d.body;
	if (der_may(&s, 0xa0, &d)) {
		if (der_take(&d.body, DER_SEQUENCE, &d) != 0)
			return -1;
		crl->extensions = d.body;
	}
	return s.n == 0 ? 0 : -1;
}

bool x509_revokes(const struct x509_crl *crl, struct str serial)
{
	struct str list = crl->revoked;
	struct der entry, number;

	while (der_take(&list, DER_SEQUENCE, &entry) == 0)
		if (der_take(&entry.body, DER_INTEGER, &number) == 0 && str_eq(number.body, serial))
			return true;
	/* what cannot be read to its end may name it */
	return list.n != 0;
}
