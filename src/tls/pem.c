/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pem: blocks of base64 between lines of dashes (RFC 7468).
 *
 * Text between blocks is skipped, as everyone does: people write what a certificate is above it.
 */
#include "tls/pem.h"

#include "base/codec.h"

#include <stdlib.h>
#include <string.h>

static size_t find(struct str text, struct str what)
{
	for (size_t i = 0; i + what.n <= text.n; i++)
		if (memcmp(text.p + i, what.p, what.n) == 0)
			return i;
	return text.n;
}

/* "-----BEGIN label-----": where it begins and ends; false: there is none. */
static bool line(struct str text, struct str begin, struct str *label, size_t *at)
{
	struct str rest;
	size_t n;

	*at = find(text, begin);
	if (*at == text.n)
		return false;
	rest = str_from(text, *at + begin.n);
	n = find(rest, STR("-----"));
	if (n == rest.n)
		return false;
	*label = str_first(rest, n);
	return true;
}

bool pem_next(struct str *text, struct pem *block)
{
	struct str end;
	size_t from, to;

	if (!line(*text, STR("-----BEGIN "), &block->label, &from))
		return false;
	block->whole = str_from(*text, from);
	block->body = str_from(block->whole, 16 + block->label.n);
	if (!line(block->body, STR("-----END "), &end, &to) || !str_eq(end, block->label))
		return false;
	block->body = str_first(block->body, to);
	block->whole = str_first(block->whole, 16 + block->label.n + to + 14 + end.n);
	*text = str_from(*text, from + block->whole.n);
	return true;
}

bool pem_is_certificate(const struct pem *block)
{
	return str_eq(block->label, STR("CERTIFICATE")) ||
	       str_eq(block->label, STR("X509 CERTIFICATE")) ||
	       str_eq(block->label, STR("TRUSTED CERTIFICATE"));
}

int pem_decode(const struct pem *block, uint8_t *to, size_t *n)
{
	struct str body = block->body;
	uint8_t quad[4];
	size_t filled = 0, got;

	*n = 0;
	for (size_t i = 0; i < body.n; i++) {
		if (body.p[i] == '\n' || body.p[i] == '\r' || body.p[i] == ' ' || body.p[i] == '\t')
			continue;
		quad[filled++] = body.p[i];
		if (filled < 4)
			continue;
		/* never ahead of what was read: 3 bytes for 4, and room for 3 more */
		if (codec_base64_decode(str_of(quad, 4), to + *n, &got) != 0 || got == 0)
			return -1;
		*n += got;
		filled = 0;
	}
	return filled == 0 && *n != 0 ? 0 : -1;
}

uint8_t *pem_first_certificate(struct str text, size_t *n)
{
	struct pem block;
	uint8_t *der;

	do
		if (!pem_next(&text, &block))
			return NULL;
	while (!pem_is_certificate(&block));
	der = malloc(pem_room(&block));
	if (der != NULL && pem_decode(&block, der, n) == 0)
		return der;
	free(der);
	return NULL;
}

void pem_write(struct str der, struct out *out)
{
	out_lit(out, "-----BEGIN CERTIFICATE-----\n");
	for (size_t i = 0; i < der.n; i += 48) {
		codec_base64(out, str_first(str_from(der, i), 48));
		out_lit(out, "\n");
	}
	out_lit(out, "-----END CERTIFICATE-----\n");
}
