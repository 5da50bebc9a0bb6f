/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trust_check: what a path of certificates has to fulfil: extensions (RFC 5280 section 4.2), the
 * name of the host (RFC 6125), revocation (section 6.3), signatures and dates (section 6.1).
 *
 * Signatures are wolfSSL's, in a table of certificates that lives for this one path only.
 */
#include "base/addr.h"
#include "tls/hello.h"
#include "tls/trust_state.h"
#include "tls/wolf.h"

#include <time.h>

/* 0: unknown; then every date is wrong. */
static int64_t now(void)
{
	time_t t = 0;

	return wc_GetTime(&t, sizeof(t)) == 0 ? (int64_t)t : 0;
}

static void report(struct trust_path *p, enum trust_error error)
{
	if (error != TRUST_OK)
		p->error = error;
}

/* --- extensions --------------------------------------------------------------------------- */

/* Bits of key usage as they stand in the first byte. */
enum {
	USAGE_SIGNATURE = 0x80,
	USAGE_ENCIPHERMENT = 0x20,
	USAGE_AGREEMENT = 0x08,
	USAGE_CERT_SIGN = 0x04,
	USAGE_CRL_SIGN = 0x02,
};

/* True if one of these bits is set, or nothing is said. */
static bool may_use(const struct x509 *x, uint8_t bits)
{
	struct str content;
	struct der d;

	if (!x509_extension(x->extensions, X509_KEY_USAGE, &content))
		return true;
	return der_take(&content, DER_BIT_STRING, &d) == 0 && d.body.n >= 2 &&
	       (d.body.p[1] & bits) != 0;
}

static bool serves(const struct x509 *x, enum trust_role role)
{
	struct str content;
	struct der list, oid;

	if (!x509_extension(x->extensions, X509_EXTENDED_USAGE, &content))
		return true;
	if (der_take(&content, DER_SEQUENCE, &list) != 0)
		return false;
	while (der_take(&list.body, DER_OID, &oid) == 0) {
		if (str_eq(oid.body, STR("\x55\x1d\x25\x00")) ||
		    str_eq(oid.body, role == TRUST_CLIENT
					     ? STR("\x2b\x06\x01\x05\x05\x07\x03\x02")
					     : STR("\x2b\x06\x01\x05\x05\x07\x03\x01")))
			return true;
	}
	return false;
}

/* What nobody here understands, and must. */
static bool is_strange(const struct x509 *x)
{
	struct str rest = x->extensions;
	struct x509_extension e;

	while (x509_next_extension(&rest, &e))
		switch (e.id) {
		case X509_SUBJECT_KEY:
		case X509_KEY_USAGE:
		case X509_ALT_NAMES:
		case X509_BASIC_CONSTRAINTS:
		case X509_NAME_CONSTRAINTS:
		case X509_POLICIES:
		case X509_AUTHORITY_KEY:
		case X509_EXTENDED_USAGE:
			break;
		default:
			if (e.critical)
				return true;
		}
	return rest.n != 0;
}

/* As an authority over `below` others that are not of its own name. */
static enum trust_error judge_authority(const struct x509 *x, uint32_t below, bool trusted)
{
	struct str content;
	struct der list, ca, length;

	if (!x509_extension(x->extensions, X509_BASIC_CONSTRAINTS, &content))
		return trusted && x->v1 && trust_self_issued(x) ? TRUST_OK : TRUST_INVALID_CA;
	if (der_take(&content, DER_SEQUENCE, &list) != 0 ||
	    !der_may(&list.body, DER_BOOLEAN, &ca) || ca.body.n != 1 || ca.body.p[0] == 0 ||
	    !may_use(x, USAGE_CERT_SIGN))
		return TRUST_INVALID_CA;
	if (der_may(&list.body, DER_INTEGER, &length) &&
	    (length.body.n != 1 || length.body.p[0] > 0x7f || below > length.body.p[0]))
		return length.body.n > 1 && length.body.p[0] < 0x80 ? TRUST_OK : TRUST_PATH_LENGTH;
	return TRUST_OK;
}

void trust_check_extensions(struct trust_path *p, enum trust_role role)
{
	uint8_t usage = USAGE_SIGNATURE | USAGE_AGREEMENT;
	uint32_t below = 0;

	if (role == TRUST_SERVER)
		usage |= USAGE_ENCIPHERMENT;
	for (size_t i = 0; i < p->n; i++) {
		const struct x509 *x = &p->certs[i];
		struct str content;

		if (is_strange(x))
			report(p, TRUST_CRITICAL_EXTENSION);
		if (i > 0)
			report(p, judge_authority(x, below, p->authority[i] != TRUST_NOBODY));
		/* wolfSSL holds constraints against the next one below only */
		if (i > 1 && x509_extension(x->extensions, X509_NAME_CONSTRAINTS, &content))
			report(p, TRUST_CONSTRAINT);
		if (!serves(x, role) || (i == 0 && !may_use(x, usage)))
			report(p, TRUST_PURPOSE);
		if (i > 0 && !trust_self_issued(x))
			below++;
	}
}

/* --- the name ----------------------------------------------------------------------------- */

/* "*" for the whole first label, and at least two labels behind it. */
static bool is_pattern(struct str s)
{
	struct str rest;

	if (s.n == 0 || s.p[0] == '.' || str_find(s, 0) != s.n)
		return false;
	if (str_find(s, '*') == s.n)
		return true;
	rest = str_from(s, 2);
	return str_starts(s, STR("*.")) && str_find(rest, '*') == rest.n &&
	       str_find(rest, '.') != rest.n;
}

static bool names(struct str pattern, struct str host)
{
	return is_pattern(pattern) && hello_name_matches(pattern, host);
}

/* The last common name of the subject, where there are no other names. */
static bool common_name(const struct x509 *x, struct str host)
{
	struct str subject = x->subject;
	struct der list, set, pair, oid, value;
	struct str found = str_none();

	if (der_take(&subject, DER_SEQUENCE, &list) != 0)
		return false;
	while (der_take(&list.body, DER_SET, &set) == 0)
		while (der_take(&set.body, DER_SEQUENCE, &pair) == 0)
			if (der_take(&pair.body, DER_OID, &oid) == 0 &&
			    str_eq(oid.body, STR("\x55\x04\x03")) &&
			    der_next(&pair.body, &value) == 0)
				found = value.body;
	return names(found, host);
}

static bool covers(const struct x509 *x, struct str host)
{
	struct str content;
	struct der list, name;
	struct addr ip;
	bool is_ip = addr_parse(host, &ip) == 0, any = false;

	if (x509_extension(x->extensions, X509_ALT_NAMES, &content) &&
	    der_take(&content, DER_SEQUENCE, &list) == 0)
		while (der_next(&list.body, &name) == 0) {
			any = any || name.tag == 0x82;
			if (name.tag == 0x82 && !is_ip && names(name.body, host))
				return true;
			if (name.tag == 0x87 && is_ip &&
			    str_eq(name.body, str_of(ip.ip, ip.family == ADDR_IP4 ? 4 : 16)))
				return true;
		}
	return !any && !is_ip && common_name(x, host);
}

/* True if one of these subtrees has that address; *any: one is about addresses at all. What cannot
 * be read ends the list: wolfSSL takes no such certificate. */
static bool encloses(struct str subtrees, struct str ip, bool *any)
{
	struct der subtree, base;
	bool found = false;

	while (der_take(&subtrees, DER_SEQUENCE, &subtree) == 0) {
		bool same;

		if (der_next(&subtree.body, &base) != 0)
			break;
		if (base.tag != 0x87)
			continue;
		*any = true;
		same = base.body.n == 2 * ip.n;
		for (size_t i = 0; same && i < ip.n; i++)
			same = ((ip.p[i] ^ base.body.p[i]) & base.body.p[ip.n + i]) == 0;
		found = found || same;
	}
	return found;
}

/* Constraints on addresses, of which wolfSSL knows nothing (RFC 5280 section 4.2.1.10). */
static enum trust_error judge_address(const struct x509 *authority, struct str ip)
{
	struct str content;
	struct der list, permitted, excluded;
	bool any = false;

	if (!x509_extension(authority->extensions, X509_NAME_CONSTRAINTS, &content))
		return TRUST_OK;
	if (der_take(&content, DER_SEQUENCE, &list) != 0)
		return TRUST_CONSTRAINT;
	(void)der_may(&list.body, 0xa0, &permitted);
	(void)der_may(&list.body, 0xa1, &excluded);
	if (list.body.n != 0)
		return TRUST_CONSTRAINT;
	if (encloses(excluded.body, ip, &any))
		return TRUST_NAME_NOT_PERMITTED;
	any = false;
	return encloses(permitted.body, ip, &any) || !any ? TRUST_OK : TRUST_NAME_NOT_PERMITTED;
}

void trust_check_host(struct trust_path *p, struct str host)
{
	struct addr ip;

	if (!covers(&p->certs[0], host))
		report(p, TRUST_HOST);
	if (addr_parse(host, &ip) != 0)
		return;
	for (size_t i = 1; i < p->n; i++)
		report(p,
		       judge_address(&p->certs[i], str_of(ip.ip, ip.family == ADDR_IP4 ? 4 : 16)));
}

/* --- dates -------------------------------------------------------------------------------- */

static enum trust_error judge_dates(const struct x509 *x, int64_t t)
{
	int64_t from, to;

	if (der_time(&x->not_before, &from) != 0 || der_time(&x->not_after, &to) != 0)
		return TRUST_BAD_TIME;
	return t < from ? TRUST_NOT_YET_VALID : t > to ? TRUST_EXPIRED : TRUST_OK;
}

bool trust_check_is_current(const struct x509 *x)
{
	return judge_dates(x, now()) == TRUST_OK;
}

static enum trust_error judge_crl_dates(const struct x509_crl *crl, int64_t t)
{
	int64_t from, to;

	if (der_time(&crl->this_update, &from) != 0 || t < from)
		return TRUST_CRL_NOT_YET_VALID;
	if (crl->next_update.tag != 0 && (der_time(&crl->next_update, &to) != 0 || t > to))
		return TRUST_CRL_EXPIRED;
	return TRUST_OK;
}

/* --- revocation --------------------------------------------------------------------------- */

bool trust_check_crl(const struct x509_crl *crl, const struct x509 *authority)
{
	WOLFSSL_CERT_MANAGER *cm = wolfSSL_CertManagerNew();
	bool ok;

	if (cm == NULL)
		return false;
	ok = wolfSSL_CertManagerLoadCABuffer(cm, authority->der.p, (long)authority->der.n,
					     WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
	     wolfSSL_CertManagerLoadCRLBuffer(cm, crl->der.p, (long)crl->der.n,
					      WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS;
	wolfSSL_CertManagerFree(cm);
	return ok;
}

static bool is_strange_crl(const struct x509_crl *crl)
{
	struct str rest = crl->extensions;
	struct x509_extension e;

	while (x509_next_extension(&rest, &e))
		if (e.critical)
			return true;
	return rest.n != 0;
}

/* What that list says about a certificate whose issuer's place in the path is `by`. */
static enum trust_error ask(const struct trust_path *p, const struct trust_crl *c, size_t by,
			    struct str serial)
{
	const struct x509 *issuer = &p->certs[by];
	bool known = p->authority[by] != TRUST_NOBODY && p->authority[by] == c->authority;
	enum trust_error dates = judge_crl_dates(&c->crl, now());

	if (dates != TRUST_OK)
		return dates;
	if (is_strange_crl(&c->crl))
		return TRUST_CRITICAL_CRL_EXTENSION;
	if (!may_use(issuer, USAGE_CRL_SIGN))
		return TRUST_NO_CRL_SIGN;
	if (!known && !trust_check_crl(&c->crl, issuer))
		return TRUST_BAD_CRL_SIGNATURE;
	return x509_revokes(&c->crl, serial) ? TRUST_REVOKED : TRUST_OK;
}

/* Revoked by one list is revoked; and one list has to be good. */
static enum trust_error judge_revocation(const struct trust_path *p, const struct trust *t,
					 size_t i)
{
	const struct x509 *x = &p->certs[i];
	size_t by = i + 1 < p->n ? i + 1 : i;
	enum trust_error error = TRUST_NO_CRL;

	if (by == i && !trust_self_issued(x))
		return error;
	for (uint32_t k = 0; k < t->n_crls; k++) {
		enum trust_error e;

		if (!str_eq(t->crls[k].crl.issuer, x->issuer))
			continue;
		e = ask(p, &t->crls[k], by, x->serial);
		if (e == TRUST_REVOKED)
			return e;
		if (error != TRUST_OK)
			error = e;
	}
	return error;
}

void trust_check_revocation(struct trust_path *p, const struct trust *t)
{
	for (size_t i = 0; i < p->n; i++)
		report(p, judge_revocation(p, t, i));
}

/* --- signatures --------------------------------------------------------------------------- */

static enum trust_error meaning(int error)
{
	switch (error) {
	case WOLFSSL_SUCCESS:
		return TRUST_OK;
	case ASN_BEFORE_DATE_E:
		return TRUST_NOT_YET_VALID;
	case ASN_AFTER_DATE_E:
		return TRUST_EXPIRED;
	case ASN_PATHLEN_SIZE_E:
	case ASN_PATHLEN_INV_E:
		return TRUST_PATH_LENGTH;
	case ASN_NAME_INVALID_E:
		return TRUST_NAME_NOT_PERMITTED;
	case ASN_CRIT_EXT_E:
		return TRUST_CRITICAL_EXTENSION;
	case MEMORY_E:
		return TRUST_NO_MEMORY;
	default:
		return TRUST_BAD_SIGNATURE;
	}
}

static bool load(WOLFSSL_CERT_MANAGER *cm, const struct x509 *x)
{
	return wolfSSL_CertManagerLoadCABuffer(cm, x->der.p, (long)x->der.n,
					       WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS;
}

/* From the top down; each may vouch for the next only when it is verified itself. Below one that
 * is not, the reason stays what it was. */
static void walk(struct trust_path *p, WOLFSSL_CERT_MANAGER *cm, int64_t t)
{
	const struct x509 *x = &p->certs[p->n - 1];
	bool sound = load(cm, x);

	report(p, judge_dates(x, t));
	for (size_t i = p->n - 1; i-- > 0;) {
		enum trust_error e = TRUST_BAD_SIGNATURE;

		x = &p->certs[i];
		if (sound)
			e = meaning(wolfSSL_CertManagerVerifyBuffer(cm, x->der.p, (long)x->der.n,
								    WOLFSSL_FILETYPE_ASN1));
		if (sound || p->error == TRUST_OK)
			report(p, e);
		report(p, judge_dates(x, t));
		sound = sound && e == TRUST_OK && (i == 0 || load(cm, x));
	}
}

void trust_check_signatures(struct trust_path *p)
{
	WOLFSSL_CERT_MANAGER *cm;

	if (p->n == 1) {
		if (!trust_self_issued(&p->certs[0]))
			report(p, TRUST_NO_LEAF_SIGNATURE);
		report(p, judge_dates(&p->certs[0], now()));
		return;
	}
	cm = wolfSSL_CertManagerNew();
	if (cm == NULL) {
		report(p, TRUST_NO_MEMORY);
		return;
	}
	walk(p, cm, now());
	wolfSSL_CertManagerFree(cm);
}
