/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sample: makes mail from a seed. A body is a text part that has every trap of RFC 5321
 * section 4.5.2 in it (lines that begin with dots, that are a dot, that are 998 bytes long) and
 * zero to three base64 attachments that fill it up to its size.
 */
#include "tools/lib/sample.h"

#include "tools/lib/b64.h"
#include "tools/lib/sha256.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static void add_line(struct wbuf *body, uint64_t *random)
{
	static const char *const words[] = {
		"post",   "ring",    "letter", "stamp", "gr\xc3\xbc\xc3\x9f",
		"parcel", "carrier", "box",    "route", "Unterschrift"};
	uint64_t r = next_random(random);
	unsigned n = 1 + (unsigned)(r % 12);

	if (r >> 60 == 0)
		wbuf_text(body, ".");
	else if (r >> 60 == 1)
		wbuf_text(body, "..");
	else if (r >> 60 == 2)
		wbuf_text(body, ". ");
	if (r >> 60 == 3)
		n = 0;
	for (unsigned i = 0; i < n; i++)
		wbuf_printf(body, "%s%s", i ? " " : "", words[next_random(random) % 10]);
	wbuf_text(body, "\r\n");
}

static void add_long_line(struct wbuf *body)
{
	char line[998];

	memset(line, '.', sizeof(line));
	wbuf_add(body, line, sizeof(line));
	wbuf_text(body, "\r\n");
}

static void add_text(struct wbuf *body, uint64_t *random, size_t upto)
{
	wbuf_text(body, "--=_ringpost\r\nContent-Type: text/plain; charset=utf-8\r\n"
			"Content-Transfer-Encoding: 8bit\r\n\r\n");
	if (upto > 4096)
		add_long_line(body);
	do
		add_line(body, random);
	while (body->n < upto);
}

static void add_attachment(struct wbuf *body, uint64_t *random, size_t upto)
{
	uint64_t name = next_random(random);

	wbuf_printf(body,
		    "--=_ringpost\r\nContent-Type: application/octet-stream\r\n"
		    "Content-Disposition: attachment; filename=\"%08x.bin\"\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\n",
		    (unsigned)name);
	do {
		uint64_t bytes[8]; /* 57 of 64: a line of 76 */
		char line[78];
		size_t n;

		for (int i = 0; i < 8; i++)
			bytes[i] = next_random(random);
		n = b64_encode((const uint8_t *)bytes, 57, line);
		memcpy(line + n, "\r\n", 2);
		wbuf_add(body, line, n + 2);
	} while (body->n < upto);
}

static void add_body(const struct sample_kind *kind, uint64_t number, struct wbuf *body)
{
	uint64_t random = kind->seed * 1000003 + number;
	double place = (double)(next_random(&random) >> 11) / 9007199254740992.0;
	double low = log((double)kind->size_min), high = log((double)kind->size_max);
	size_t size = (size_t)exp(low + (high - low) * place);
	unsigned attachments = size < 2048 ? 0 : 1 + (unsigned)(next_random(&random) % 3);

	add_text(body, &random, attachments ? (size < 20000 ? size / 4 : 5000) : size);
	for (unsigned i = 1; i <= attachments; i++)
		add_attachment(body, &random, size / attachments * i);
	wbuf_text(body, "--=_ringpost--\r\n");
}

/* Onto the wire, with a dot before each dot that begins a line; the first line begins with none. */
static void stuff(struct wbuf *wire, const struct wbuf *body)
{
	const uint8_t *p = body->p, *end = p + body->n;

	while (p < end) {
		const uint8_t *dot = memmem(p, (size_t)(end - p), "\r\n.", 3);

		if (!dot)
			break;
		dot += 2;
		wbuf_add(wire, p, (size_t)(dot - p));
		wbuf_text(wire, "..");
		p = dot + 1;
	}
	wbuf_add(wire, p, (size_t)(end - p));
}

void sample_write(const struct sample_kind *kind, uint64_t number, struct wbuf *wire)
{
	struct wbuf body = {0};
	struct sha256 hash;
	uint8_t digest[32];
	char hex[65];

	add_body(kind, number, &body);
	sha256_init(&hash);
	sha256_add(&hash, body.p, body.n);
	sha256_done(&hash, digest);
	sha256_hex(digest, hex);
	wbuf_printf(wire,
		    "From: <%s>\r\nTo: <%s>\r\nSubject: Message %llu\r\n"
		    "Message-ID: <%llu.%llx@ringpost.test>\r\nMIME-Version: 1.0\r\n"
		    "X-Ringpost-Number: %llu\r\nX-Ringpost-SHA256: %s\r\n"
		    "Content-Type: multipart/mixed; boundary=\"=_ringpost\"\r\n\r\n",
		    kind->from, kind->to, (unsigned long long)number, (unsigned long long)number,
		    (unsigned long long)kind->seed, (unsigned long long)number, hex);
	stuff(wire, &body);
	wbuf_text(wire, ".\r\n");
	wbuf_free(&body);
}
