/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy_header: PROXY headers in and out (the protocol's description, sections 2.1 and 2.2). Every
 * verdict falls at the first byte that decides it, so that it does not depend on how bytes arrive.
 * Owns nothing.
 */
#include "proto/proxy_header.h"

#include <string.h>

static const struct str magic = STR_INIT("\r\n\r\n\0\r\nQUIT\n");

/* Version 2: where its fields are, and what is in them. */
enum {
	AT_COMMAND = PROXY_HEADER_VERSION_AT,
	AT_FAMILY = 13, /* transport in the low half */
	AT_LENGTH = 14,
	AT_ENDS = 16,
	VERSION_2 = 0x20,
	COMMAND_PROXY = 1,
	FAMILY_TCP4 = 0x11,
	FAMILY_TCP6 = 0x21,
};

static size_t ip_bytes(const struct addr *a)
{
	return a->family == ADDR_IP4 ? 4 : 16;
}

/* ---- reading version 1 ---- */

/* The word at the front of *s, which is moved behind the space that has to follow it. */
static struct str cut_word(struct str *s)
{
	size_t n = str_find(*s, ' ');
	struct str word = str_first(*s, n);

	*s = str_from(*s, n + 1);
	return word;
}

static int read_port(struct str s, struct addr *a)
{
	uint64_t port;

	if (str_u64(s, UINT16_MAX, &port))
		return -1;
	a->port = (uint16_t)port;
	return 0;
}

/* "192.0.2.1 192.0.2.2 56324 25" */
static int read_ends(struct str s, enum addr_family family, struct proxy_ends *ends)
{
	if (addr_parse(cut_word(&s), &ends->from) || addr_parse(cut_word(&s), &ends->to))
		return -1;
	if (ends->from.family != family || ends->to.family != family)
		return -1;
	return read_port(cut_word(&s), &ends->from) || read_port(s, &ends->to) ? -1 : 0;
}

/* What stands between "PROXY " and the line end. */
static int read_line(struct str s, struct proxy_ends *ends)
{
	if (str_eq(s, STR("UNKNOWN")) || str_starts(s, STR("UNKNOWN ")))
		return 0;
	if (str_starts(s, STR("TCP4 ")))
		return read_ends(str_from(s, 5), ADDR_IP4, ends);
	if (str_starts(s, STR("TCP6 ")))
		return read_ends(str_from(s, 5), ADDR_IP6, ends);
	return -1;
}

static enum proxy_header_ev read_v1(struct buf *in, struct proxy_ends *ends)
{
	struct str s = str_first(buf_data(in), PROXY_HEADER_V1_MAX);
	size_t lf = str_find(s, '\n');
	struct str line = str_first(s, lf);

	if (lf == s.n)
		return s.n < PROXY_HEADER_V1_MAX ? PROXY_HEADER_MORE : PROXY_HEADER_BROKEN;
	if (line.p[line.n - 1] != '\r')
		return PROXY_HEADER_BROKEN;
	line.n--;
	if (read_line(str_from(line, STR("PROXY ").n), ends))
		return PROXY_HEADER_BROKEN;
	buf_consume(in, lf + 1);
	return PROXY_HEADER_OK;
}

/* ---- reading version 2 ---- */

static unsigned read_u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* Addresses of one family, then ports; `p` has all of them. */
static void take_ends(const uint8_t *p, enum addr_family family, struct proxy_ends *ends)
{
	size_t n;

	ends->from.family = ends->to.family = (uint8_t)family;
	n = ip_bytes(&ends->from);
	memcpy(ends->from.ip, p, n);
	memcpy(ends->to.ip, p + n, n);
	ends->from.port = (uint16_t)read_u16(p + 2 * n);
	ends->to.port = (uint16_t)read_u16(p + 2 * n + 2);
}

static enum addr_family family_of(struct str s)
{
	if ((s.p[AT_COMMAND] & 0x0f) != COMMAND_PROXY)
		return ADDR_NONE;
	if (s.p[AT_FAMILY] == FAMILY_TCP4)
		return ADDR_IP4;
	return s.p[AT_FAMILY] == FAMILY_TCP6 ? ADDR_IP6 : ADDR_NONE;
}

static size_t ends_bytes(enum addr_family family)
{
	if (family == ADDR_NONE)
		return 0;
	return family == ADDR_IP4 ? 2 * 4 + 4 : 2 * 16 + 4;
}

static enum proxy_header_ev read_v2(struct buf *in, struct proxy_ends *ends)
{
	struct str s = buf_data(in);
	enum addr_family family;
	size_t length;

	if (s.n > AT_COMMAND && (s.p[AT_COMMAND] & 0xf0) != VERSION_2)
		return PROXY_HEADER_VERSION;
	if (s.n < AT_ENDS)
		return PROXY_HEADER_MORE;
	length = read_u16(s.p + AT_LENGTH);
	family = family_of(s);
	if (AT_ENDS + length > PROXY_HEADER_V2_MAX)
		return PROXY_HEADER_TOO_LONG;
	if (length < ends_bytes(family))
		return PROXY_HEADER_BROKEN;
	if (s.n < AT_ENDS + length)
		return PROXY_HEADER_MORE;
	if (family != ADDR_NONE)
		take_ends(s.p + AT_ENDS, family, ends);
	buf_consume(in, AT_ENDS + length);
	return PROXY_HEADER_OK;
}

/* One of the two begins with the other. */
static bool agree(struct str a, struct str b)
{
	return str_starts(a, b) || str_starts(b, a);
}

enum proxy_header_ev proxy_header_read(struct buf *in, struct proxy_ends *ends)
{
	struct proxy_ends found = {0};
	enum proxy_header_ev ev = PROXY_HEADER_MORE;
	struct str s = buf_data(in);

	if (!agree(s, magic) && !agree(s, STR("PROXY ")))
		ev = PROXY_HEADER_BROKEN;
	else if (str_starts(s, magic))
		ev = read_v2(in, &found);
	else if (str_starts(s, STR("PROXY ")))
		ev = read_v1(in, &found);
	*ends = ev == PROXY_HEADER_OK ? found : (struct proxy_ends){0};
	return ev;
}

/* ---- writing ---- */

static bool is_ip(const struct addr *a)
{
	return a->family == ADDR_IP4 || a->family == ADDR_IP6;
}

static struct addr mapped(const struct addr *a)
{
	struct addr m = {.family = ADDR_IP6, .port = a->port};

	m.ip[10] = m.ip[11] = 0xff;
	memcpy(m.ip + 12, a->ip, 4);
	return m;
}

/* Both of one family, as a header has them. */
static struct proxy_ends alike(const struct proxy_ends *ends)
{
	struct proxy_ends e = *ends;

	if (!is_ip(&e.to))
		e.to = (struct addr){.family = e.from.family};
	if (e.from.family == e.to.family)
		return e;
	if (e.from.family == ADDR_IP4)
		e.from = mapped(&e.from);
	else
		e.to = mapped(&e.to);
	return e;
}

void proxy_header_write_v1(struct out *o, const struct proxy_ends *ends)
{
	struct proxy_ends e;

	if (!is_ip(&ends->from)) {
		out_lit(o, "PROXY UNKNOWN\r\n");
		return;
	}
	e = alike(ends);
	out_str(o, e.from.family == ADDR_IP4 ? STR("PROXY TCP4 ") : STR("PROXY TCP6 "));
	addr_write(o, &e.from);
	out_byte(o, ' ');
	addr_write(o, &e.to);
	out_byte(o, ' ');
	out_u64(o, e.from.port);
	out_byte(o, ' ');
	out_u64(o, e.to.port);
	out_lit(o, "\r\n");
}

static void write_u16(struct out *o, size_t v)
{
	out_byte(o, (uint8_t)(v >> 8));
	out_byte(o, (uint8_t)v);
}

void proxy_header_write_v2(struct out *o, const struct proxy_ends *ends)
{
	bool known = is_ip(&ends->from);
	struct proxy_ends e = alike(ends);

	out_str(o, magic);
	out_byte(o, VERSION_2 | COMMAND_PROXY);
	if (!known) {
		out_byte(o, 0);
		write_u16(o, 0);
		return;
	}
	out_byte(o, e.from.family == ADDR_IP4 ? FAMILY_TCP4 : FAMILY_TCP6);
	write_u16(o, ends_bytes(e.from.family));
	out_str(o, str_of(e.from.ip, ip_bytes(&e.from)));
	out_str(o, str_of(e.to.ip, ip_bytes(&e.to)));
	write_u16(o, e.from.port);
	write_u16(o, e.to.port);
}
