/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * laws_proxy_header: the adapter between laws.c and proto/proxy_header, and the law of its
 * writers. The engine has no memory of its own: `self` only holds what it answers.
 */
#include "laws_proxy_header.h"

#include "base/must.h"

#include <string.h>

static void begin(struct laws_world *w, struct out *out)
{
	(void)w;
	(void)out;
}

static bool same(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && a->port == b->port && !memcmp(a->ip, b->ip, 16);
}

static bool is_ip(const struct addr *a)
{
	return a->family == ADDR_IP4 || a->family == ADDR_IP6;
}

static void trace_addr(struct laws_world *w, const char *name, const struct addr *a)
{
	out_byte(&w->trace, ' ');
	out_str(&w->trace, str_cstr(name));
	out_byte(&w->trace, '=');
	addr_write_port(&w->trace, a);
}

static enum laws_turn turn(struct laws_world *w, struct buf *in, struct out *out)
{
	static const char *const names[] = {"more", "ok", "broken", "version", "too-long"};
	struct proxy_ends *ends = w->self;
	uint32_t n = buf_len(in);
	enum proxy_header_ev ev = proxy_header_read(in, ends);

	(void)out;
	if (ev == PROXY_HEADER_MORE)
		return LAWS_MORE;
	laws_hold(w, (ev == PROXY_HEADER_OK) == (buf_len(in) < n), "only a header is consumed");
	laws_hold(w, ends->from.family == ends->to.family, "both ends are of one family");
	laws_hold(w, ends->from.family == ADDR_NONE || is_ip(&ends->from), "ends are IP or none");
	laws_hold(w, ev == PROXY_HEADER_OK || ends->from.family == ADDR_NONE,
		  "what is no header names no ends");
	out_str(&w->trace, str_cstr(names[ev]));
	trace_addr(w, "from", &ends->from);
	trace_addr(w, "to", &ends->to);
	laws_proxy_header_write(ends);
	return LAWS_END;
}

/* IPv4 and IPv4-mapped IPv6 are the same end. */
static bool means(const struct addr *read, const struct addr *meant)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	if (!is_ip(meant)) {
		static const uint8_t zero[16];

		return !memcmp(read->ip, zero, 16) && !read->port;
	}
	if (read->family == meant->family)
		return same(read, meant);
	return read->family == ADDR_IP6 && !memcmp(read->ip, prefix, 12) &&
	       !memcmp(read->ip + 12, meant->ip, 4) && read->port == meant->port;
}

static void check_written(struct out *o, const struct proxy_ends *ends)
{
	struct buf in = buf_view(out_data(o));
	struct proxy_ends read;

	must(!out_overflow(o));
	must(proxy_header_read(&in, &read) == PROXY_HEADER_OK && buf_len(&in) == 0);
	if (!is_ip(&ends->from)) {
		must(read.from.family == ADDR_NONE);
		return;
	}
	must(means(&read.from, &ends->from) && means(&read.to, &ends->to));
}

void laws_proxy_header_write(const struct proxy_ends *ends)
{
	uint8_t room[PROXY_HEADER_WRITE_MAX];
	struct out o;

	out_init(&o, room, sizeof(room));
	proxy_header_write_v1(&o, ends);
	check_written(&o, ends);
	out_init(&o, room, sizeof(room));
	proxy_header_write_v2(&o, ends);
	check_written(&o, ends);
}

const struct laws_engine laws_proxy_header_engine = {
	.name = "proxy_header",
	.self_size = sizeof(struct proxy_ends),
	.store_size = 1,
	.out_size = 1,
	.waiting_max = PROXY_HEADER_V2_MAX - 1,
	.begin = begin,
	.turn = turn,
};
