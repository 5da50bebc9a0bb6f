/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session_log: formats a session's log lines. Peer bytes pass through out_escaped(), always.
 */
#include "session/session_log.h"

#include "base/must.h"
#include "session/desk.h"
#include "session/reason.h"

/* Peer bytes: line ends as '_', as NGINX shows them, what else is unprintable escaped. */
static void write_peer(struct out *o, struct str bytes)
{
	bytes = str_first(bytes, LOG_MESSAGE_MAX / 8);
	for (size_t i = 0; i < bytes.n; i++) {
		if (bytes.p[i] == '\r' || bytes.p[i] == '\n')
			out_byte(o, '_');
		else
			out_escaped(o, str_of(bytes.p + i, 1));
	}
}

static const struct str connecting = STR_INIT("connecting to upstream");

/* The header for the backend has left, and nothing has come back. */
static bool sent_header(const struct session *s, struct str engine)
{
	return s->conf->proxy_out != PROXY_OUT_OFF && !desk_pending(&s->desk->to_back).n &&
	       str_eq(engine, connecting);
}

static struct str backend_action(const struct session *s)
{
	struct str engine = back_action(&s->desk->back);

	return sent_header(s, engine) ? STR("sending PROXY protocol header to upstream") : engine;
}

/* What the session was doing, in NGINX's words. */
static struct str action(const struct session *s)
{
	switch ((enum phase)s->phase) {
	case PHASE_PROXY:
		return STR("reading PROXY protocol");
	case PHASE_TLS_FRONT:
		return s->starttls ? STR("in starttls state") : STR("SSL handshaking");
	case PHASE_NAME_CLIENT:
		return STR("in resolving client address");
	case PHASE_NAME_CHECK:
		return STR("in resolving client hostname");
	case PHASE_DELAY:
		return STR("in delay pipelining state");
	case PHASE_FRONT:
	case PHASE_AUTH_WAIT:
		return STR("in auth state");
	case PHASE_AUTH:
		return STR("in http auth state");
	case PHASE_NAME_BACK:
		return STR("in resolving upstream hostname");
	case PHASE_DIAL:
		return connecting;
	case PHASE_TLS_BACK:
		return STR("SSL handshaking to upstream");
	case PHASE_BACK:
		return backend_action(s);
	case PHASE_RELAY:
		return STR("proxying");
	case PHASE_CLOSING:
	case PHASE_LINGER:
	case PHASE_COUNT:
		break;
	}
	return str_none();
}

static struct str user_of(const struct session *s)
{
	if (s->phase == PHASE_RELAY)
		return str_of(s->u.past.user, s->u.past.user_n);
	return s->u.front.login.user;
}

static void write_tail(const struct session *s, struct out *o)
{
	struct str user = user_of(s);

	out_lit(o, ", client: ");
	addr_write(o, &s->client);
	if (s->starttls)
		out_lit(o, " using starttls");
	out_lit(o, ", server: ");
	out_str(o, s->listening);
	if (user.n) {
		out_lit(o, ", login: \"");
		out_escaped(o, user);
		out_lit(o, "\"");
	}
	if (s->phase >= PHASE_DIAL) {
		out_lit(o, ", upstream: ");
		addr_write_port(o, &s->upstream);
	}
}

bool session_log_traces(const struct server_conf *conf, const struct addr *client)
{
	for (uint32_t i = 0; i < conf->n_debug_from; i++)
		if (addr_in_net(client, &conf->debug_from[i]))
			return true;
	return false;
}

void session_log_emit(struct session *s, enum log_level level, struct str message)
{
	struct logger *logger = s->env->logger;

	logger->write(logger, &(struct log_line){.target = s->conf->log,
						 .level = level,
						 .traced = s->traced,
						 .conn = s->number,
						 .message = message});
}

static void emit(struct session *s, enum log_level level, const struct out *o)
{
	session_log_emit(s, level, out_data(o));
}

static void write_while(const struct session *s, struct out *o)
{
	struct str what = action(s);

	if (!what.n)
		return;
	out_lit(o, " while ");
	out_str(o, what);
}

/* The end that most lines have: what the session was doing, and whose it is. */
static void finish(struct session *s, enum log_level level, struct out *o)
{
	write_while(s, o);
	write_tail(s, o);
	emit(s, level, o);
}

void session_log_connected(struct session *s)
{
	uint8_t text[LOG_MESSAGE_MAX];
	struct out o;

	if (!session_log_takes(s, LEVEL_INFO))
		return;
	out_init(&o, text, sizeof(text));
	out_lit(&o, "client ");
	addr_write_port(&o, &s->client);
	out_lit(&o, " connected to ");
	out_str(&o, s->listening);
	emit(s, LEVEL_INFO, &o);
}

void session_log_login(struct session *s)
{
	uint8_t text[LOG_MESSAGE_MAX];
	struct out o;

	if (!session_log_takes(s, LEVEL_INFO))
		return;
	out_init(&o, text, sizeof(text));
	out_lit(&o, "client logged in");
	write_tail(s, &o);
	out_lit(&o, ", [");
	addr_write_port(&o, &s->client);
	out_byte(&o, '-');
	addr_write_port(&o, &s->local);
	out_lit(&o, "] <=> [");
	addr_write_port(&o, &s->back_local);
	out_byte(&o, '-');
	addr_write_port(&o, &s->upstream);
	out_byte(&o, ']');
	emit(s, LEVEL_INFO, &o);
}

void session_log_note(struct session *s)
{
	uint8_t text[LOG_MESSAGE_MAX];
	struct out o;

	if (!session_log_takes(s, LEVEL_INFO))
		return;
	out_init(&o, text, sizeof(text));
	front_note(&s->u.front, &o);
	finish(s, LEVEL_INFO, &o);
}

void session_log_refused(struct session *s, struct str why)
{
	uint8_t text[LOG_MESSAGE_MAX];
	struct out o;

	if (!session_log_takes(s, LEVEL_INFO))
		return;
	out_init(&o, text, sizeof(text));
	out_lit(&o, "client login failed: \"");
	write_peer(&o, why);
	out_byte(&o, '"');
	finish(s, LEVEL_INFO, &o);
}

void session_log_status(struct session *s, unsigned status)
{
	uint8_t text[LOG_MESSAGE_MAX];
	struct out o;

	if (!session_log_takes(s, LEVEL_WARN))
		return;
	out_init(&o, text, sizeof(text));
	out_lit(&o, "auth http server ");
	out_str(&o, s->conf->auth_name);
	out_lit(&o, " answered with status ");
	out_u64(&o, status);
	finish(s, LEVEL_WARN, &o);
}

void session_log_unresolved(struct session *s, struct str name, const struct name_answer *a)
{
	uint8_t text[LOG_MESSAGE_MAX];
	struct out o;

	if (!session_log_takes(s, LEVEL_ERR))
		return;
	out_init(&o, text, sizeof(text));
	if (name.n) {
		out_byte(&o, '"');
		out_escaped(&o, name);
		out_byte(&o, '"');
	} else {
		addr_write(&o, &s->client);
	}
	out_lit(&o, " could not be resolved (");
	out_u64(&o, a->code);
	out_lit(&o, ": ");
	out_str(&o, a->error);
	out_byte(&o, ')');
	finish(s, LEVEL_ERR, &o);
}

void session_log_bad_name(struct session *s, struct str name)
{
	uint8_t text[LOG_MESSAGE_MAX];
	struct out o;

	if (!session_log_takes(s, LEVEL_ERR))
		return;
	out_init(&o, text, sizeof(text));
	addr_write(&o, &s->client);
	out_lit(&o, " resolved to invalid host name \"");
	write_peer(&o, name);
	out_byte(&o, '"');
	finish(s, LEVEL_ERR, &o);
}

void session_log_unknown_server(struct session *s, struct str name)
{
	uint8_t text[LOG_MESSAGE_MAX];
	struct out o;

	if (!session_log_takes(s, LEVEL_WARN))
		return;
	out_init(&o, text, sizeof(text));
	out_lit(&o, "no resolver defined to resolve \"");
	out_escaped(&o, name);
	out_byte(&o, '"');
	finish(s, LEVEL_WARN, &o);
}

/* The table's text with %A and %D replaced. */
static void expand(const struct session *s, struct out *o, struct str text, struct str detail)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '%') {
			out_byte(o, text.p[i]);
			continue;
		}
		i++;
		must(i < text.n);
		if (text.p[i] == 'A')
			out_str(o, s->conf->auth_name);
		else
			write_peer(o, detail);
	}
}

/* As NGINX: which call has failed and on which side, then the end of the session. */
static void relay_failed(struct session *s, enum reason reason, struct str detail)
{
	const struct reason_row *row = reason_row(reason);
	bool sending = str_starts(detail, STR("32: ")); /* EPIPE */
	uint8_t text[LOG_MESSAGE_MAX];
	struct out o;

	out_init(&o, text, sizeof(text));
	if (sending)
		out_lit(&o, "send");
	expand(s, &o, str_from(row->text, sending ? STR("recv").n : 0), detail);
	out_str(&o, sending ? STR(" while proxying and sending to ")
			    : STR(" while proxying and reading from "));
	out_str(&o, reason == REASON_RELAY_CLIENT_RESET ? STR("client") : STR("upstream"));
	write_tail(s, &o);
	if (session_log_takes(s, row->level))
		emit(s, row->level, &o);
	session_log_reason(s, REASON_DONE, str_none());
}

void session_log_reason(struct session *s, enum reason reason, struct str detail)
{
	const struct reason_row *row = reason_row(reason);
	uint8_t text[LOG_MESSAGE_MAX];
	struct out o;

	if (s->phase == PHASE_RELAY &&
	    (reason == REASON_RELAY_CLIENT_RESET || reason == REASON_RELAY_BACK_RESET)) {
		relay_failed(s, reason, detail);
		return;
	}

	if (!row->text.n || !session_log_takes(s, row->level))
		return;
	out_init(&o, text, sizeof(text));
	expand(s, &o, row->text, detail);
	if (reason != REASON_DONE)
		write_while(s, &o);
	write_tail(s, &o);
	emit(s, row->level, &o);
}

void session_log_next(struct session *s, enum reason reason, struct str why)
{
	uint8_t text[LOG_MESSAGE_MAX];
	struct out o;

	if (!session_log_takes(s, LEVEL_WARN))
		return;
	out_init(&o, text, sizeof(text));
	expand(s, &o, reason_row(reason)->text, why);
	out_lit(&o, ", trying the next address");
	finish(s, LEVEL_WARN, &o);
}
