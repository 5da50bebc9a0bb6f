/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session_debug: lines of level debug. What peers have said is quoted only where it is not secret:
 * names of users, senders and recipients, the auth service's words; commands are not, since they
 * may hold a password wherever a client has put it.
 */
#include "session/session_debug.h"

#include "session/desk.h"
#include "session/session_log.h"

enum { QUOTE_MAX = 256 };

static void quote(struct out *o, struct str bytes)
{
	out_byte(o, '"');
	out_escaped(o, str_first(bytes, QUOTE_MAX));
	out_byte(o, '"');
}

static void emit(struct session *s, const struct out *o)
{
	session_log_emit(s, LEVEL_DEBUG, out_data(o));
}

void session_debug_say(struct session *s, struct str text)
{
	session_log_emit(s, LEVEL_DEBUG, text);
}

void session_debug_phase(struct session *s, const char *from, const char *to)
{
	uint8_t text[128];
	struct out o;

	out_init(&o, text, sizeof(text));
	out_lit(&o, "session phase: ");
	out_str(&o, str_cstr(from));
	out_lit(&o, " to ");
	out_str(&o, str_cstr(to));
	emit(s, &o);
}

void session_debug_dialogue(struct session *s, enum side side)
{
	uint8_t text[256];
	struct out o;

	out_init(&o, text, sizeof(text));
	if (side == SIDE_FRONT) {
		out_lit(&o, "client dialogue: ");
		out_str(&o, str_cstr(front_state_name(&s->u.front)));
	} else {
		out_lit(&o, "upstream dialogue: ");
		out_str(&o, str_cstr(back_state_name(&s->desk->back)));
		out_lit(&o, ", ");
		out_str(&o, back_action(&s->desk->back));
	}
	emit(s, &o);
}

static const struct str methods[] = {
	[AUTH_PLAIN] = STR_INIT("plain"),       [AUTH_APOP] = STR_INIT("apop"),
	[AUTH_CRAM_MD5] = STR_INIT("cram-md5"), [AUTH_EXTERNAL] = STR_INIT("external"),
	[AUTH_XOAUTH2] = STR_INIT("xoauth2"),   [AUTH_OAUTHBEARER] = STR_INIT("oauthbearer"),
	[AUTH_NONE] = STR_INIT("none"),
};

static void write_part(struct out *o, struct str name, struct str value)
{
	if (!value.n)
		return;
	out_lit(o, ", ");
	out_str(o, name);
	out_byte(o, ' ');
	quote(o, value);
}

void session_debug_question(struct session *s)
{
	const struct login *l = &s->u.front.login;
	uint8_t text[LOG_MESSAGE_MAX];
	struct out o;

	out_init(&o, text, sizeof(text));
	out_lit(&o, "auth http request to ");
	out_str(&o, s->conf->auth_name);
	out_lit(&o, ": method ");
	out_str(&o, methods[l->method]);
	out_lit(&o, ", attempt ");
	out_u64(&o, l->attempt);
	write_part(&o, STR("user"), l->user);
	if (s->conf->front.protocol == PROTOCOL_SMTP) {
		write_part(&o, STR("helo"), l->helo);
		write_part(&o, STR("from"), l->mail_from);
		write_part(&o, STR("to"), l->rcpt_to);
	}
	emit(s, &o);
}

static void write_ok(struct out *o, const struct verdict *v)
{
	static const struct str words[] = {
		[BACK_TLS_UNSAID] = STR_INIT(""),
		[BACK_TLS_OFF] = STR_INIT(", without TLS"),
		[BACK_TLS_ON] = STR_INIT(", with TLS"),
		[BACK_TLS_STARTTLS] = STR_INIT(", with STARTTLS"),
	};

	out_lit(o, "OK, server ");
	if (v->server_name.n)
		quote(o, v->server_name);
	else
		addr_write_port(o, &v->server);
	out_str(o, words[v->tls]);
	write_part(o, STR("user"), v->user);
	if (v->pass.p)
		out_lit(o, ", a password of its own");
}

void session_debug_verdict(struct session *s, const struct verdict *v)
{
	uint8_t text[LOG_MESSAGE_MAX];
	struct out o;

	out_init(&o, text, sizeof(text));
	out_lit(&o, "auth http response: ");
	switch (v->kind) {
	case VERDICT_OK:
		write_ok(&o, v);
		break;
	case VERDICT_WAIT:
		out_lit(&o, "WAIT");
		break;
	case VERDICT_ERROR:
		quote(&o, v->error_text);
		write_part(&o, STR("code"), v->error_code);
		break;
	case VERDICT_BROKEN:
		out_lit(&o, "none that is of use");
		break;
	}
	if (v->wait_s) {
		out_lit(&o, ", seconds to wait: ");
		out_u64(&o, v->wait_s);
	}
	emit(s, &o);
}

void session_debug_dialled(struct session *s)
{
	uint8_t text[256];
	struct out o;

	out_init(&o, text, sizeof(text));
	out_lit(&o, "connect to ");
	addr_write_port(&o, &s->upstream);
	out_lit(&o, " from ");
	addr_write_port(&o, &s->back_local);
	emit(s, &o);
}

void session_debug_secured(struct session *s, enum side side, struct str detail)
{
	uint8_t text[512];
	struct out o;

	out_init(&o, text, sizeof(text));
	if (side == SIDE_FRONT)
		out_lit(&o, "SSL handshake with the client: ");
	else
		out_lit(&o, "SSL handshake with upstream: ");
	out_escaped(&o, str_first(detail, QUOTE_MAX));
	emit(s, &o);
}
