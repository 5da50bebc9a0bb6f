/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer: the certificate of the other side: how wolfSSL hands it over, and what to tell of it.
 *
 * Everything in a certificate is the peer's to write: what is told is escaped (RFC 2253), hex or
 * base64.
 */
#include "tls/peer.h"

#include "tls/acceptor_state.h"
#include "tls/connector_state.h"
#include "tls/pem.h"
#include "tls/trust.h"
#include "tls/x509.h"

#include <stdlib.h>
#include <string.h>
#include <wolfssl/wolfcrypt/sha.h>

/* --- judging ------------------------------------------------------------------------------ */

static struct channel_peer *keep(struct str der)
{
	struct channel_peer *p = malloc(sizeof(*p) + der.n);

	if (p != NULL) {
		p->n = der.n;
		memcpy(p->der, der.p, der.n);
	}
	return p;
}

int peer_verify(int ok, WOLFSSL_X509_STORE_CTX *store)
{
	struct channel *c = store->userCtx;
	const struct connector *k = c->connector;
	struct trust_chain chain = {.n = 0};
	enum trust_error error;

	(void)ok;
	if (store->error_depth != 0) /* the chain is judged as a whole, with its first */
		return 1;
	if (store->totalCerts <= 0) /* none came: a client may do that, a server may not */
		return k == NULL;
	for (; chain.n < TRUST_CHAIN_MAX && (int)chain.n < store->totalCerts; chain.n++) {
		const WOLFSSL_BUFFER_INFO *cert = &store->certs[chain.n];

		chain.certs[chain.n] = str_of(cert->buffer, cert->length);
	}
	if (k != NULL)
		error = trust_verify(k->trust, &chain, TRUST_SERVER, k->host);
	else
		error = trust_verify(c->acceptor->trust, &chain, TRUST_CLIENT, str_none());
	c->verified = true;
	c->verify_error = (uint8_t)error;
	if (k != NULL)
		return error == TRUST_OK;
	if (c->certificate == NULL)
		c->certificate = keep(chain.certs[0]);
	return c->certificate != NULL;
}

/* --- names -------------------------------------------------------------------------------- */

struct field {
	struct str oid;
	struct str name;
};

/* OpenSSL's short names. */
static const struct field fields[] = {
	{STR_INIT("\x55\x04\x03"), STR_INIT("CN")},
	{STR_INIT("\x55\x04\x04"), STR_INIT("SN")},
	{STR_INIT("\x55\x04\x05"), STR_INIT("serialNumber")},
	{STR_INIT("\x55\x04\x06"), STR_INIT("C")},
	{STR_INIT("\x55\x04\x07"), STR_INIT("L")},
	{STR_INIT("\x55\x04\x08"), STR_INIT("ST")},
	{STR_INIT("\x55\x04\x09"), STR_INIT("street")},
	{STR_INIT("\x55\x04\x0a"), STR_INIT("O")},
	{STR_INIT("\x55\x04\x0b"), STR_INIT("OU")},
	{STR_INIT("\x55\x04\x0c"), STR_INIT("title")},
	{STR_INIT("\x55\x04\x0d"), STR_INIT("description")},
	{STR_INIT("\x55\x04\x0f"), STR_INIT("businessCategory")},
	{STR_INIT("\x55\x04\x11"), STR_INIT("postalCode")},
	{STR_INIT("\x55\x04\x29"), STR_INIT("name")},
	{STR_INIT("\x55\x04\x2a"), STR_INIT("GN")},
	{STR_INIT("\x55\x04\x2b"), STR_INIT("initials")},
	{STR_INIT("\x55\x04\x2c"), STR_INIT("generationQualifier")},
	{STR_INIT("\x55\x04\x2e"), STR_INIT("dnQualifier")},
	{STR_INIT("\x55\x04\x41"), STR_INIT("pseudonym")},
	{STR_INIT("\x55\x04\x61"), STR_INIT("organizationIdentifier")},
	{STR_INIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"), STR_INIT("emailAddress")},
	{STR_INIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02"), STR_INIT("unstructuredName")},
	{STR_INIT("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"), STR_INIT("UID")},
	{STR_INIT("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), STR_INIT("DC")},
};

static void write_oid(struct str oid, struct out *out)
{
	uint64_t v = 0;
	bool first = true;

	for (size_t i = 0; i < oid.n; i++) {
		v = v << 7 | (oid.p[i] & 0x7f);
		if (oid.p[i] & 0x80)
			continue;
		if (first) {
			out_u64(out, v < 80 ? v / 40 : 2);
			v = v < 80 ? v % 40 : v - 80;
		}
		out_lit(out, ".");
		out_u64(out, v);
		first = false;
		v = 0;
	}
}

/* One character as UTF-8; what is not plain ASCII as \XX. */
static void write_char(uint32_t c, bool edge, struct out *out)
{
	if (c >= 0x10000) {
		out_lit(out, "\\");
		out_hex(out, (uint8_t)(0xf0 | (c >> 18 & 7)));
		out_lit(out, "\\");
		out_hex(out, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
	} else if (c >= 0x800) {
		out_lit(out, "\\");
		out_hex(out, (uint8_t)(0xe0 | c >> 12));
	}
	if (c >= 0x800) {
		out_lit(out, "\\");
		out_hex(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	} else if (c >= 0x80) {
		out_lit(out, "\\");
		out_hex(out, (uint8_t)(0xc0 | c >> 6));
	}
	if (c >= 0x80) {
		out_lit(out, "\\");
		out_hex(out, (uint8_t)(0x80 | (c & 0x3f)));
	} else if (c < 0x20 || c == 0x7f) {
		out_lit(out, "\\");
		out_hex(out, (uint8_t)c);
	} else {
		if (str_find(STR(",+\"\\<>;"), (uint8_t)c) != 7 || (edge && c == ' '))
			out_lit(out, "\\");
		out_byte(out, (uint8_t)c);
	}
}

/* Bytes of one character of that type of string; 0: no string. UTF-8 goes byte by byte. */
static size_t width_of(uint8_t tag)
{
	switch (tag) {
	case 12: /* UTF8String */
	case 18: /* NumericString */
	case 19: /* PrintableString */
	case 20: /* T61String, in fact Latin 1 */
	case 22: /* IA5String */
	case 26: /* VisibleString */
		return 1;
	case 28: /* UniversalString */
		return 4;
	case 30: /* BMPString */
		return 2;
	default:
		return 0;
	}
}

static void write_value(const struct der *d, bool known, struct out *out)
{
	size_t width = known ? width_of(d->tag) : 0;
	struct str s = d->body;

	if (width == 0 || s.n % width != 0) {
		out_lit(out, "#");
		for (size_t i = 0; i < d->whole.n; i++)
			out_hex(out, d->whole.p[i]);
		return;
	}
	for (size_t i = 0; i < s.n; i += width) {
		bool edge = i == 0 || i + width == s.n;
		uint32_t c = 0;

		for (size_t k = 0; k < width; k++)
			c = c << 8 | s.p[i + k];
		if (i == 0 && c == '#')
			out_lit(out, "\\");
		if (c >= 0x80 && d->tag == 12) {
			out_lit(out, "\\");
			out_hex(out, (uint8_t)c);
		} else {
			write_char(c & 0x1fffff, edge, out);
		}
	}
}

static void write_pair(struct str pair, struct out *out)
{
	struct der oid, value;
	struct str name = str_none();

	if (der_take(&pair, DER_OID, &oid) != 0 || der_next(&pair, &value) != 0)
		return;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (str_eq(fields[i].oid, oid.body))
			name = fields[i].name;
	if (name.n != 0)
		out_str(out, name);
	else
		write_oid(oid.body, out);
	out_lit(out, "=");
	write_value(&value, name.n != 0, out);
}

/* A part of a name, and the number of the set that it is in. */
struct part {
	struct str pair;
	size_t set;
};

enum { PARTS_MAX = 64 };

/* In their order. 0 also for a name that has too many: half of it would be somebody else's. */
static size_t take_parts(struct str sets, struct part *parts)
{
	struct der set, pair;
	size_t n = 0;

	for (size_t i = 0; der_take(&sets, DER_SET, &set) == 0; i++) {
		while (der_take(&set.body, DER_SEQUENCE, &pair) == 0) {
			if (n == PARTS_MAX)
				return 0;
			parts[n++] = (struct part){pair.body, i};
		}
	}
	return n;
}

void peer_write_name(struct str name, struct out *out)
{
	struct part parts[PARTS_MAX];
	struct der list;
	size_t n;

	if (der_take(&name, DER_SEQUENCE, &list) != 0)
		return;
	n = take_parts(list.body, parts);
	for (size_t i = n; i-- > 0;) {
		if (i + 1 < n)
			out_byte(out, parts[i].set == parts[i + 1].set ? '+' : ',');
		write_pair(parts[i].pair, out);
	}
}

/* --- the facts ---------------------------------------------------------------------------- */

/* Upper case, without the zeros that only say it is positive. */
static void write_serial(struct str serial, struct out *out)
{
	while (serial.n > 1 && serial.p[0] == 0)
		serial = str_from(serial, 1);
	for (size_t i = 0; i < serial.n; i++)
		out_hex(out, serial.p[i]);
}

static void write_fingerprint(struct str der, struct out *out)
{
	static const uint8_t digits[] = "0123456789abcdef";
	uint8_t hash[WC_SHA_DIGEST_SIZE];

	if (wc_ShaHash(der.p, (word32)der.n, hash) != 0)
		return;
	for (size_t i = 0; i < sizeof(hash); i++) {
		out_byte(out, digits[hash[i] >> 4]);
		out_byte(out, digits[hash[i] & 15]);
	}
}

/* What `write` makes of s, in the arena; empty if it does not fit. */
static struct str told(struct arena *a, struct str s, void (*write)(struct str s, struct out *out))
{
	struct out out;

	out_init(&out, a->base + a->n, a->size - a->n);
	write(s, &out);
	if (out_overflow(&out) || out.n == 0)
		return str_none();
	return str_of(arena_take(a, out.n), out.n);
}

void peer_describe(struct str der, struct arena *a, struct auth_http_tls *facts)
{
	struct x509 x;

	if (x509_read(der, &x) != 0)
		return;
	facts->subject = told(a, x.subject, peer_write_name);
	facts->issuer = told(a, x.issuer, peer_write_name);
	facts->serial = told(a, x.serial, write_serial);
	facts->fingerprint = told(a, der, write_fingerprint);
	facts->certificate = told(a, der, pem_write);
}
