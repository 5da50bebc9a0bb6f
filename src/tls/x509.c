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
	(void)der_may(&s, 0xa0, &d); /* version */
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

bool x509_extension(struct str extensions, struct str oid, struct str *content)
{
	struct der extension, id, critical, value;

	while (der_take(&extensions, DER_SEQUENCE, &extension) == 0) {
		if (der_take(&extension.body, DER_OID, &id) != 0 || !str_eq(id.body, oid))
			continue;
		(void)der_may(&extension.body, DER_BOOLEAN, &critical);
		if (der_take(&extension.body, DER_OCTET_STRING, &value) != 0)
			return false;
		*content = value.body;
		return true;
	}
	return false;
}
