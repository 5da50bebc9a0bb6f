/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session_proxy: whose connection it is when a balancer passes it on, and telling the backend (the
 * PROXY protocol, versions 1 and 2). Owns nothing. What the header says is always passed on to the
 * auth service; it becomes the client's address only if it came from where set_real_ip_from trusts.
 */
#include "session/session_proxy.h"

#include "session/desk.h"

enum { SHOWN_OF_V2 = 16 }; /* bytes in the log: all before its addresses */

/* What the log shows of it: the first line, as NGINX does; version 2 begins with empty ones. */
static struct str beginning(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '\r' && s.p[n] != '\n')
		n++;
	return str_first(s, n ? n : SHOWN_OF_V2);
}

static void end(struct session *s, enum reason reason, struct str waiting)
{
	uint8_t text[4];
	struct out o;

	if (reason == REASON_PROXY_VERSION) {
		out_init(&o, text, sizeof(text));
		out_u64(&o, waiting.p[PROXY_HEADER_VERSION_AT] >> 4);
		waiting = out_data(&o);
	} else {
		waiting = beginning(waiting);
	}
	session_end(s, reason, waiting);
}

static bool is_trusted(const struct session *s)
{
	for (uint32_t i = 0; i < s->conf->n_real_ip_from; i++)
		if (addr_in_net(&s->client, &s->conf->real_ip_from[i]))
			return true;
	return false;
}

bool session_proxy_read(struct session *s)
{
	struct buf *in = &s->desk->in[SIDE_FRONT];

	switch (proxy_header_read(in, &s->claimed)) {
	case PROXY_HEADER_MORE:
		return false;
	case PROXY_HEADER_OK:
		break;
	case PROXY_HEADER_BROKEN:
		end(s, REASON_PROXY_BROKEN, buf_data(in));
		return false;
	case PROXY_HEADER_VERSION:
		end(s, REASON_PROXY_VERSION, buf_data(in));
		return false;
	case PROXY_HEADER_TOO_LONG:
		end(s, REASON_PROXY_TOO_LONG, buf_data(in));
		return false;
	}
	s->believed = s->claimed.from.family != ADDR_NONE && is_trusted(s);
	if (s->believed)
		s->client = s->claimed.from;
	return true;
}

void session_proxy_closed(struct session *s)
{
	end(s, REASON_PROXY_BROKEN, s->desk ? buf_data(&s->desk->in[SIDE_FRONT]) : str_none());
}

void session_proxy_write(struct session *s)
{
	struct proxy_ends ends = {.from = s->client, .to = s->local};
	struct out *out = &s->desk->to_back.out;

	switch (s->conf->proxy_out) {
	case PROXY_OUT_OFF:
		break;
	case PROXY_OUT_V1:
		proxy_header_write_v1(out, &ends);
		break;
	case PROXY_OUT_V2:
		proxy_header_write_v2(out, &ends);
		break;
	}
}
