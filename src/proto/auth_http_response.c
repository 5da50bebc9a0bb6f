/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth_http_response: reads the auth service's answer (HTTP/1.0, 1.1, or bare headers) and judges
 * it as NGINX does: the last of repeated headers wins, an error text beats WAIT, WAIT beats OK, and
 * a missing Auth-Status is an OK. Auth-Server may also be a host name, which NGINX does not take,
 * or an IPv6 address in brackets. Stricter in two things: an empty Auth-Status is a refusal, and
 * control characters in a value make the whole answer invalid.
 *
 * Owns no memory: strings go to the arena that the caller lent. RFC 9112 sections 2.2, 6, 9.3.
 */
#include "base/machine.h"
#include "proto/auth_http.h"

/* Moves forward only, but for an answer that comes before the answer. */
enum { AT_STATUS_LINE, AT_HEADERS, AT_BODY, AT_END, AT_COUNT };

static const struct machine_state states[AT_COUNT] = {
	[AT_STATUS_LINE] = {"status-line", 1U << AT_HEADERS},
	[AT_HEADERS] = {"headers", 1U << AT_STATUS_LINE},
	[AT_BODY] = {"body", 1U << AT_HEADERS},
	[AT_END] = {"end", 1U << AT_STATUS_LINE | 1U << AT_HEADERS | 1U << AT_BODY | 1U << AT_END},
};

MACHINE(machine, "auth_http_response", states);

enum { DETAIL_MAX = 256 };

static bool is_name_byte(uint8_t c, bool first)
{
	uint8_t lower = c | 0x20;

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || (c == '-' && !first);
}

/* A byte that does not belong in a value. Passwords may hold anything that is not the line's. */
static bool is_dirty(struct str value, bool password)
{
	for (size_t i = 0; i < value.n; i++) {
		uint8_t c = value.p[i];

		if (c == 0 || (!password && ((c < 0x20 && c != '\t') || c == 0x7f)))
			return true;
	}
	return false;
}

static void end_response(struct auth_http_response *r, bool reusable)
{
	machine_enter(&machine, &r->state, AT_END);
	r->done = true;
	r->reusable = reusable;
}

/* `detail` is for the log and gets as much room as there is. */
static void break_verdict(struct auth_http_response *r, enum reason reason, struct str detail)
{
	r->verdict =
		(struct verdict){.kind = VERDICT_BROKEN, .reason = reason, .status = r->status};
	detail = str_first(detail, DETAIL_MAX);
	if (arena_copy(r->store, detail, &r->verdict.detail) < 0)
		r->verdict.detail = str_none();
}

/* A response that cannot be read on. */
static void break_response(struct auth_http_response *r, enum reason reason, struct str detail)
{
	break_verdict(r, reason, detail);
	end_response(r, false);
}

/* Only what comes before a colon is shown: what comes behind may be a password. */
static void refuse_line(struct auth_http_response *r, struct str line)
{
	break_response(r, REASON_AUTH_INVALID, str_first(line, str_find(line, ':')));
}

/* ---- header fields: 0, or -1 when the response was broken ---- */

static int keep(struct auth_http_response *r, struct str value, struct str *to)
{
	if (arena_copy(r->store, value, to) == 0)
		return 0;
	break_response(r, REASON_AUTH_TOO_LONG, str_none());
	return -1;
}

static int on_auth_status(struct auth_http_response *r, struct str value)
{
	if (str_eq(value, STR("OK")))
		return 0;
	if (str_eq(value, STR("WAIT"))) {
		r->wait = true;
		return 0;
	}
	r->denied = true;
	return keep(r, value, &r->verdict.error_text);
}

static int on_auth_server(struct auth_http_response *r, struct str value)
{
	return keep(r, value, &r->server);
}

static int on_auth_port(struct auth_http_response *r, struct str value)
{
	return keep(r, value, &r->port);
}

static int on_auth_server_ssl(struct auth_http_response *r, struct str value)
{
	return keep(r, value, &r->server_ssl);
}

static int on_auth_user(struct auth_http_response *r, struct str value)
{
	return keep(r, value, &r->verdict.user);
}

static int on_auth_pass(struct auth_http_response *r, struct str value)
{
	return keep(r, value, &r->verdict.pass);
}

static int on_auth_error_code(struct auth_http_response *r, struct str value)
{
	return keep(r, value, &r->verdict.error_code);
}

static int on_auth_error_sasl(struct auth_http_response *r, struct str value)
{
	return keep(r, value, &r->verdict.error_sasl);
}

static int on_auth_wait(struct auth_http_response *r, struct str value)
{
	uint64_t seconds;

	if (str_u64(value, INT64_MAX, &seconds) == 0)
		r->verdict.wait_s = seconds < AUTH_HTTP_WAIT_MAX_S ? seconds : AUTH_HTTP_WAIT_MAX_S;
	return 0;
}

/* Two lengths that disagree, or none that is a number: where the response ends is anyone's guess.
 */
static int on_content_length(struct auth_http_response *r, struct str value)
{
	uint64_t n;

	if (str_u64(value, UINT64_MAX, &n) < 0 || (r->length_known && n != r->body_left)) {
		r->length_odd = true;
		return 0;
	}
	r->length_known = true;
	r->body_left = n;
	return 0;
}

static int on_transfer_encoding(struct auth_http_response *r, struct str value)
{
	r->length_odd = true;
	return 0;
}

static int on_connection(struct auth_http_response *r, struct str value)
{
	while (value.n) {
		size_t end = str_find(value, ',');
		struct str token = str_trim_sp(str_first(value, end));

		r->close |= str_eq_nocase(token, STR("close"));
		r->keep |= str_eq_nocase(token, STR("keep-alive"));
		value = str_from(value, end + 1);
	}
	return 0;
}

enum dirt { DIRT_IGNORED, DIRT_BREAKS, DIRT_PASSWORD };

static const struct field {
	struct str name;
	int (*read)(struct auth_http_response *r, struct str value);
	enum dirt dirt; /* what control characters in the value do */
} fields[] = {
	{STR_INIT("Auth-Status"), on_auth_status, DIRT_BREAKS},
	{STR_INIT("Auth-Server"), on_auth_server, DIRT_BREAKS},
	{STR_INIT("Auth-Port"), on_auth_port, DIRT_BREAKS},
	{STR_INIT("Auth-Server-SSL"), on_auth_server_ssl, DIRT_BREAKS},
	{STR_INIT("Auth-User"), on_auth_user, DIRT_BREAKS},
	{STR_INIT("Auth-Pass"), on_auth_pass, DIRT_PASSWORD},
	{STR_INIT("Auth-Wait"), on_auth_wait, DIRT_IGNORED},
	{STR_INIT("Auth-Error-Code"), on_auth_error_code, DIRT_BREAKS},
	{STR_INIT("Auth-Error-SASL"), on_auth_error_sasl, DIRT_BREAKS},
	{STR_INIT("Content-Length"), on_content_length, DIRT_IGNORED},
	{STR_INIT("Transfer-Encoding"), on_transfer_encoding, DIRT_IGNORED},
	{STR_INIT("Connection"), on_connection, DIRT_IGNORED},
};

/* ---- lines ---- */

/* "HTTP/1.1 200 OK"; whatever is odd about it only costs the connection its reuse. */
static void read_status_line(struct auth_http_response *r, struct str line)
{
	struct str rest = str_from(line, STR("HTTP/").n);
	size_t sp = str_find(rest, ' ');
	struct str version = str_first(rest, sp);
	uint64_t status = 0;

	r->http11 = str_eq(version, STR("1.1"));
	if (!r->http11 && !str_eq(version, STR("1.0")))
		r->close = true;
	rest = str_from(rest, sp + 1);
	if (str_u64(str_first(rest, str_find(rest, ' ')), 999, &status) < 0)
		r->close = true;
	r->status = (uint16_t)status;
	r->verdict.status = r->status;
}

/* "Name: value", spaces around the value dropped; a name alone has an empty value, as in NGINX. */
static int read_header(struct auth_http_response *r, struct str line)
{
	size_t colon = str_find(line, ':');
	struct str name = str_first(line, colon);
	struct str value = str_trim_sp(str_from(line, colon + 1));

	if (colon == 0)
		return -1;
	for (size_t i = 0; i < name.n; i++)
		if (!is_name_byte(name.p[i], i == 0))
			return -1;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct field *f = &fields[i];

		if (!str_eq_nocase(name, f->name))
			continue;
		if (f->dirt != DIRT_IGNORED && is_dirty(value, f->dirt == DIRT_PASSWORD))
			return -1;
		return f->read(r, value);
	}
	return 0;
}

/* ---- the verdict ---- */

enum { NAME_BYTES_MAX = 253, LABEL_BYTES_MAX = 63 }; /* RFC 1035 section 2.3.4 */

static bool is_label_byte(uint8_t c)
{
	/* '_' is in no host's name, and yet in those of containers. */
	return is_name_byte(c, false) || c == '_';
}

/* RFC 1123 section 2.1; nothing that was meant to be an IPv4 address. */
static bool is_host_name(struct str s)
{
	bool number = true;

	if (s.n && s.p[s.n - 1] == '.')
		s.n--;
	if (s.n == 0 || s.n > NAME_BYTES_MAX)
		return false;
	while (s.n) {
		size_t end = str_find(s, '.');

		if (end == 0 || end > LABEL_BYTES_MAX || end + 1 == s.n)
			return false;
		number = true;
		for (size_t i = 0; i < end; i++) {
			if (!is_label_byte(s.p[i]))
				return false;
			number &= s.p[i] >= '0' && s.p[i] <= '9';
		}
		s = str_from(s, end + 1);
	}
	return !number;
}

/* "[2001:db8::1]" is taken like "2001:db8::1". */
static int parse_server(struct str s, struct verdict *v)
{
	if (s.n > 2 && s.p[0] == '[' && s.p[s.n - 1] == ']') {
		s = str_of(s.p + 1, s.n - 2);
		return addr_parse(s, &v->server) < 0 || v->server.family != ADDR_IP6 ? -1 : 0;
	}
	if (addr_parse(s, &v->server) == 0)
		return 0;
	if (!is_host_name(s))
		return -1;
	v->server = (struct addr){0};
	v->server_name = s;
	return 0;
}

static int parse_server_ssl(const struct auth_http_response *r, enum back_tls *tls)
{
	static const struct str names[] = {
		[BACK_TLS_OFF] = STR_INIT("off"),
		[BACK_TLS_ON] = STR_INIT("on"),
		[BACK_TLS_STARTTLS] = STR_INIT("starttls"),
	};

	*tls = BACK_TLS_UNSAID;
	if (!r->server_ssl.p)
		return 0;
	for (int i = BACK_TLS_OFF; i <= BACK_TLS_STARTTLS; i++) {
		if (str_eq_nocase(r->server_ssl, names[i])) {
			*tls = (enum back_tls)i;
			return 0;
		}
	}
	return -1;
}

static void judge_ok(struct auth_http_response *r)
{
	struct verdict *v = &r->verdict;
	uint64_t port;

	v->kind = VERDICT_OK;
	if (r->server.n == 0 || r->port.n == 0)
		break_verdict(r, REASON_AUTH_NO_SERVER, str_none());
	else if (r->need_password && !v->pass.p)
		break_verdict(r, REASON_AUTH_NO_PASSWORD, str_none());
	else if (parse_server(r->server, v) < 0)
		break_verdict(r, REASON_AUTH_BAD_SERVER, r->server);
	else if (str_u64(r->port, 65535, &port) < 0 || port == 0)
		break_verdict(r, REASON_AUTH_BAD_PORT, r->port);
	else if (parse_server_ssl(r, &v->tls) < 0)
		break_verdict(r, REASON_AUTH_BAD_TLS, r->server_ssl);
	else
		v->server.port = (uint16_t)port;
}

static void judge(struct auth_http_response *r)
{
	if (r->denied) {
		r->verdict.kind = VERDICT_ERROR;
	} else if (r->wait) {
		r->verdict.kind = VERDICT_WAIT;
		if (r->verdict.wait_s == 0)
			r->verdict.wait_s = 1;
	} else {
		judge_ok(r);
	}
}

/* ---- the connection ---- */

static void read_body(struct auth_http_response *r, struct buf *in)
{
	uint64_t n = buf_len(in);

	if (n > r->body_left)
		n = r->body_left;
	buf_consume(in, (size_t)n);
	r->body_left -= n;
	if (r->body_left == 0)
		end_response(r, buf_len(in) == 0);
}

/* The empty line has been read: how does the connection go on? */
static void finish_head(struct auth_http_response *r, struct buf *in)
{
	bool persistent = r->status && !r->close && (r->http11 || r->keep);

	if (r->status == 204 || r->status == 304) {
		r->length_known = true;
		r->body_left = 0;
	}
	if (!persistent || !r->length_known || r->length_odd || r->body_left > AUTH_HTTP_BODY_MAX) {
		end_response(r, false);
		return;
	}
	machine_enter(&machine, &r->state, AT_BODY);
	read_body(r, in);
}

/* "100 Continue", which nobody has asked for, and its like (RFC 9110 section 15.2). */
static bool is_interim(const struct auth_http_response *r)
{
	enum { SWITCHING_PROTOCOLS = 101 };

	return r->status >= 100 && r->status < 200 && r->status != SWITCHING_PROTOCOLS;
}

/* Nothing of what it said counts, but its length does: there is no end of them otherwise. */
static void start_again(struct auth_http_response *r)
{
	uint32_t head_n = r->head_n;

	machine_enter(&machine, &r->state, AT_STATUS_LINE);
	auth_http_response_init(r, r->store, r->need_password);
	r->head_n = head_n;
}

/* One line of the head. True when the verdict is complete. */
static bool read_line(struct auth_http_response *r, struct buf *in, struct str line)
{
	bool first = r->state == AT_STATUS_LINE;

	if (first)
		machine_enter(&machine, &r->state, AT_HEADERS);
	/* A CR in front of the LF is gone already; any other would be a line end to some. */
	if (str_find(line, '\r') < line.n) {
		refuse_line(r, line);
	} else if (first && str_starts(line, STR("HTTP/"))) {
		read_status_line(r, line);
	} else if (line.n == 0 && is_interim(r)) {
		start_again(r);
	} else if (line.n == 0) {
		judge(r);
		finish_head(r, in);
		return true;
	} else if (read_header(r, line) < 0 && r->state != AT_END) {
		refuse_line(r, line);
	}
	return r->state == AT_END;
}

static enum auth_http_ev read_head(struct auth_http_response *r, struct buf *in)
{
	for (;;) {
		uint32_t before = buf_len(in);
		struct str line;

		switch (line_next(&r->line, in, AUTH_HTTP_RESPONSE_MAX - r->head_n, &line)) {
		case LINE_MORE:
			return AUTH_HTTP_MORE;
		case LINE_TOO_LONG:
			break_response(r, REASON_AUTH_TOO_LONG, str_none());
			return AUTH_HTTP_VERDICT;
		case LINE_OK:
			break;
		}
		r->head_n += before - buf_len(in);
		if (read_line(r, in, line))
			return AUTH_HTTP_VERDICT;
	}
}

void auth_http_response_init(struct auth_http_response *r, struct arena *store, bool need_password)
{
	*r = (struct auth_http_response){.store = store, .need_password = need_password};
}

enum auth_http_ev auth_http_response_next(struct auth_http_response *r, struct buf *in)
{
	if (r->state <= AT_HEADERS)
		return read_head(r, in);
	if (r->state == AT_BODY)
		read_body(r, in);
	else if (buf_len(in))
		r->reusable = false;
	return AUTH_HTTP_MORE;
}

void auth_http_response_eof(struct auth_http_response *r)
{
	if (r->state <= AT_HEADERS)
		break_verdict(r, REASON_AUTH_CLOSED, str_none());
	end_response(r, false);
}
