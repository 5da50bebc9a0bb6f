/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stage_laws: what is true of every session at every moment. Looks into desks and sessions, and
 * changes nothing there.
 */
#include "tests/lib/stage_laws.h"

#include "session/desk.h"
#include "session/reason.h"
#include "tests/lib/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_MIN = 6 };

void stage_laws_hold(bool holds, const char *law)
{
	if (holds)
		return;
	fprintf(stderr, "a session breaks a law: %s\n", law);
	stage_tell();
	abort();
}

/* ---- wants and deadlines ---- */

static bool is_naming(enum phase phase)
{
	return phase == PHASE_NAME_CLIENT || phase == PHASE_NAME_CHECK || phase == PHASE_NAME_BACK;
}

static void check_wants(const struct session *s, unsigned wants)
{
	size_t front = session_pending(s, SIDE_FRONT).n, back = session_pending(s, SIDE_BACK).n;
	bool closing = wants & WANT_CLOSE;
	enum phase phase = (enum phase)s->phase;

	stage_laws_hold(wants == session_wants(s), "wants: asking changes nothing");
	stage_laws_hold(!closing || wants == WANT_CLOSE, "wants: close and nothing else");
	stage_laws_hold(closing || !front == !(wants & WANT_SEND_FRONT), "wants: send what waits");
	stage_laws_hold(back || !(wants & WANT_SEND_BACK), "wants: send what does not wait");
	stage_laws_hold((phase != PHASE_BACK && phase != PHASE_TLS_BACK) || !back ||
				wants & WANT_SEND_BACK,
			"wants: send what waits for the backend");
	stage_laws_hold(!(phase == PHASE_TLS_FRONT) == !(wants & WANT_TLS_FRONT) &&
				!(phase == PHASE_TLS_BACK) == !(wants & WANT_TLS_BACK),
			"wants: a handshake in its phase");
	stage_laws_hold(phase != PHASE_TLS_FRONT || !(wants & WANT_RECV_FRONT),
			"wants: plaintext in a handshake");
	stage_laws_hold(!(phase == PHASE_AUTH) == !(wants & WANT_AUTH), "wants: auth in its phase");
	stage_laws_hold(!(phase == PHASE_DIAL) == !(wants & WANT_DIAL), "wants: dial in its phase");
	stage_laws_hold(!is_naming(phase) == !(wants & WANT_NAME), "wants: a name in its phases");
	stage_laws_hold(!(phase == PHASE_RELAY) == !(wants & WANT_RELAY), "wants: relay");
	stage_laws_hold(phase == PHASE_BACK || !(wants & WANT_RECV_BACK),
			"wants: bytes of a backend that is not there");
}

/* What came in plaintext before a handshake is nowhere behind it. */
static void check_plaintext(const struct session *s)
{
	if (!s->desk)
		return;
	stage_laws_hold(s->phase != PHASE_TLS_FRONT || !buf_len(&s->desk->in[SIDE_FRONT]),
			"injection: plaintext of the client waits for the end of its handshake");
	stage_laws_hold(s->phase != PHASE_TLS_BACK || !buf_len(&s->desk->in[SIDE_BACK]),
			"injection: plaintext of the backend waits for the end of its handshake");
}

/* Where there is no channel yet that could carry them. */
static void check_last_words(const struct session *s, const struct stage_actor *a)
{
	enum reason reason = (enum reason)s->reason;
	struct str words = reason_row(reason)->words[a->conf.front.protocol];
	struct str pending = session_pending(s, SIDE_FRONT);
	bool told = words.n && pending.n >= words.n &&
		    str_eq(str_from(pending, pending.n - words.n), words);

	if (a->seen != PHASE_TLS_FRONT || s->phase != PHASE_CLOSING)
		return;
	stage_laws_hold(
		told == (reason == REASON_CLIENT_CERT_BAD || reason == REASON_CLIENT_CERT_NONE),
		"injection: last words in the midst of a handshake");
}

/* Something else than the clock can bring it on. */
static void check_progress(const struct session *s, unsigned wants)
{
	unsigned any = WANT_CLOSE;

	switch ((enum phase)s->phase) {
	case PHASE_DELAY:
	case PHASE_AUTH_WAIT:
	case PHASE_COUNT:
		return;
	case PHASE_PROXY:
		any = WANT_RECV_FRONT;
		break;
	case PHASE_TLS_FRONT:
		any = WANT_TLS_FRONT;
		break;
	case PHASE_TLS_BACK:
		any = WANT_TLS_BACK;
		break;
	case PHASE_FRONT:
		any = WANT_RECV_FRONT | WANT_SEND_FRONT;
		break;
	case PHASE_AUTH:
		any = WANT_AUTH;
		break;
	case PHASE_NAME_CLIENT:
	case PHASE_NAME_CHECK:
	case PHASE_NAME_BACK:
		any = WANT_NAME;
		break;
	case PHASE_DIAL:
		any = WANT_DIAL;
		break;
	case PHASE_BACK:
		any = WANT_RECV_BACK | WANT_SEND_BACK;
		break;
	case PHASE_RELAY:
		any = WANT_RELAY;
		break;
	case PHASE_CLOSING:
		any |= WANT_SEND_FRONT | WANT_SHUT;
		break;
	case PHASE_LINGER:
		any |= WANT_RECV_FRONT;
		break;
	}
	stage_laws_hold(wants & any, "progress: waits for nothing but its deadline");
}

static void check_deadline(const struct stage *st, const struct session *s, unsigned wants)
{
	/* The auth client has a time limit of its own, and so has the resolver. */
	if (s->phase == PHASE_AUTH || wants & WANT_CLOSE ||
	    (is_naming((enum phase)s->phase) && s->phase != PHASE_NAME_BACK))
		return;
	stage_laws_hold(s->deadline_ms != 0, "deadline: none, and no end in sight");
	stage_laws_hold(s->deadline_ms <= st->env.now_ms + st->longest_ms,
			"deadline: later than any time limit");
}

/* ---- secrecy ---- */

static size_t count(struct str all, const struct stage_secret *secret)
{
	size_t n = 0, at;
	const uint8_t *p;

	while (all.n && (p = memmem(all.p, all.n, secret->bytes, secret->n)) != NULL) {
		n++;
		at = (size_t)(p - all.p);
		all = str_from(all, at + 1);
	}
	return n;
}

void stage_laws_secret(struct stage_actor *a, struct str s, unsigned in_client, unsigned in_auth)
{
	struct stage_secret *secret = &a->secret[a->n_secrets];

	/* Short ones, and those with NUL bytes, are found in numbers and wiped memory. */
	if (s.n < SECRET_MIN || s.n > STAGE_SECRET_MAX || str_find(s, 0) < s.n ||
	    a->n_secrets == STAGE_SECRETS_MAX)
		return;
	memcpy(secret->bytes, s.p, s.n);
	secret->n = s.n;
	secret->login = a->logins;
	secret->in_client = in_client;
	secret->in_auth = in_auth;
	a->n_secrets++;
}

/* Times it is in a word of the client's that is said in base64. */
static unsigned count_encoded(struct str all, const struct stage_secret *secret)
{
	static uint8_t plain[STAGE_STREAM_MAX];
	unsigned found = 0;

	while (all.n) {
		size_t end = 0, n;

		while (end < all.n && all.p[end] > ' ')
			end++;
		if (reference_base64(str_first(all, end), plain, &n) == 0)
			found += (unsigned)count(str_of(plain, n), secret);
		all = str_from(all, end + 1);
	}
	return found;
}

/* Said nowhere but where secrets are said. */
static bool is_secret(const struct stage_actor *a, const struct stage_secret *secret)
{
	struct str client = stage_stream_all(&a->end[SIDE_FRONT].said);

	return count(client, secret) == secret->in_client && count_encoded(client, secret) <= 1 &&
	       count(stage_stream_all(&a->auth), secret) == secret->in_auth &&
	       !count(stage_stream_all(&a->end[SIDE_BACK].said), secret) &&
	       !count(stage_stream_all(&a->replies), secret);
}

/* Its login is still going on, or one that says the same. */
static bool is_in_use(const struct stage_actor *a, const struct stage_secret *secret)
{
	bool busy = a->session->phase >= PHASE_AUTH && a->session->phase <= PHASE_BACK;

	for (unsigned i = 0; busy && i < a->n_secrets; i++) {
		const struct stage_secret *other = &a->secret[i];

		if (other->login == a->logins && count(str_of(other->bytes, other->n), secret))
			return true;
	}
	return false;
}

static bool is_within(const uint8_t *p, struct str region)
{
	return region.n && p >= region.p && p < region.p + region.n;
}

/* Where bytes wait that nobody has looked at, or that the kernel may be sending. */
static bool is_waiting(const struct desk *d, const uint8_t *p)
{
	return is_within(p, buf_data(&d->in[0])) || is_within(p, buf_data(&d->in[1])) ||
	       is_within(p, out_data(&d->to_front.out)) || is_within(p, out_data(&d->to_back.out));
}

/* In the session, or on its desk but where it rightly waits. */
static bool is_left(const struct stage *st, const struct session *s,
		    const struct stage_secret *secret)
{
	struct str desk = str_of(s->desk, s->desk ? st->env.desks.slot_size : 0);
	const uint8_t *p;

	if (count(str_of(s, sizeof(*s)), secret))
		return true;
	while (desk.n && (p = memmem(desk.p, desk.n, secret->bytes, secret->n)) != NULL) {
		if (!is_waiting(s->desk, p))
			return true;
		desk = str_from(desk, (size_t)(p - desk.p) + 1);
	}
	return false;
}

static void check_secrets(const struct stage *st, const struct stage_actor *a)
{
	for (unsigned i = 0; i < a->n_secrets; i++) {
		const struct stage_secret *secret = &a->secret[i];

		if (!is_in_use(a, secret) && is_left(st, a->session, secret))
			stage_laws_hold(!is_secret(a, secret),
					"secrecy: a password stays in session or desk");
	}
}

void stage_laws_step(const struct stage *st, struct stage_actor *a)
{
	const struct session *s = a->session;
	unsigned wants = session_wants(s);
	bool ending = s->phase == PHASE_CLOSING || s->phase == PHASE_LINGER;

	stage_laws_hold(s->phase < PHASE_COUNT, "phase: one that there is");
	stage_laws_hold(!s->reason || s->reason == a->reason || !a->reason,
			"reason: the first one stays");
	stage_laws_hold(!s->reason == !ending, "reason: one for every end");
	a->reason = (enum reason)s->reason;
	check_wants(s, wants);
	check_progress(s, wants);
	check_plaintext(s);
	check_last_words(s, a);
	check_deadline(st, s, wants);
	if (s->phase != a->seen)
		check_secrets(st, a);
	a->seen = (enum phase)s->phase;
}

/* ---- replies and logins ---- */

/* Bytes of the client for the front engine; what it says becomes `replies`. */
static enum front_ev feed(struct stage_actor *a, struct str bytes)
{
	uint8_t room[2 * FRONT_REPLY_MAX];
	struct buf in = buf_view(bytes);
	struct out out;
	enum front_ev ev;

	do {
		out_init(&out, room, sizeof(room));
		ev = front_next(&a->front, &in, &out);
		stage_stream_add(&a->replies, out_data(&out));
	} while (ev == FRONT_NOTE || ev == FRONT_FULL);
	a->read += bytes.n - buf_len(&in);
	return ev;
}

/* Not before its name is known. */
static bool is_resolving(const struct stage_actor *a)
{
	return a->conf.resolver && a->conf.front.protocol == PROTOCOL_SMTP;
}

void stage_laws_proxied(struct stage_actor *a)
{
	struct stage_end *e = &a->end[SIDE_FRONT];
	struct buf in = buf_view(str_of(e->said.bytes, e->done));
	struct proxy_ends ends;

	if (proxy_header_read(&in, &ends) != PROXY_HEADER_OK)
		return;
	a->read = e->done - buf_len(&in);
	if (!a->conf.greeting_delay_ms && !a->front.secured && !is_resolving(a))
		stage_laws_greeted(a);
}

/* What the client says from here on until TLS is up, nobody reads. */
void stage_laws_starttls(struct stage_actor *a)
{
	struct stage_end *e = &a->end[SIDE_FRONT];

	stage_laws_hold(feed(a, str_of(e->said.bytes + a->read, e->done - a->read)) == FRONT_TLS,
			"injection: a handshake is due when the client has asked for one");
}

void stage_laws_secured(struct stage_actor *a)
{
	a->read = a->end[SIDE_FRONT].done;
	if (a->session->starttls)
		front_secured(&a->front);
}

void stage_laws_greeted(struct stage_actor *a)
{
	uint8_t room[FRONT_REPLY_MAX];
	struct out out;

	out_init(&out, room, sizeof(room));
	front_greet(&a->front, &out);
	stage_stream_add(&a->replies, out_data(&out));
	a->greeted = true;
}

/* The last word of what was read: credentials, if it was an AUTH. */
static struct str last_word(struct str text)
{
	size_t from;

	while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
		text.n--;
	for (from = text.n; from && text.p[from - 1] != ' ' && text.p[from - 1] != '\n';)
		from--;
	return str_from(text, from);
}

void stage_laws_login(struct stage_actor *a)
{
	const struct session *s = a->session;
	const struct stage_end *e = &a->end[SIDE_FRONT];
	const struct login *ours = &a->front.login;
	struct auth_http_query q;

	a->login = e->done - buf_len(&s->desk->in[SIDE_FRONT]);
	stage_laws_hold(a->login > a->read, "conservation: a login is made of bytes");
	stage_laws_hold(feed(a, str_of(e->said.bytes + a->read, a->login - a->read)) ==
					FRONT_LOGIN &&
				a->read == a->login,
			"conservation: a login is read where its line ends");
	session_auth_query(s, &q);
	stage_laws_hold(q.login->method == ours->method && q.login->attempt == ours->attempt &&
				str_eq(q.login->user, ours->user) &&
				str_eq(q.login->pass, ours->pass) &&
				str_eq(q.login->helo, ours->helo) &&
				str_eq(q.login->mail_from, ours->mail_from) &&
				str_eq(q.login->rcpt_to, ours->rcpt_to),
			"chunking: a login is what the client said");
	stage_laws_hold(str_eq(q.client_host, a->host.n ? a->host : STR("[UNAVAILABLE]")),
			"names: the client's name is what the DNS says of it");
	a->logins++;
	if (ours->method == AUTH_NONE || ours->method == AUTH_EXTERNAL)
		return;
	stage_laws_secret(a, ours->pass, 0, 0);
	stage_laws_secret(a, last_word(str_of(e->said.bytes, a->login)), 1, 0);
}

static void tell_front(struct stage_actor *a, const struct front_answer *answer)
{
	uint8_t room[AUTH_HTTP_RESPONSE_MAX + FRONT_REPLY_MAX];
	struct out out;

	out_init(&out, room, sizeof(room));
	(void)front_verdict(&a->front, answer, &out);
	stage_stream_add(&a->replies, out_data(&out));
}

void stage_laws_refused(struct stage_actor *a)
{
	tell_front(a, &a->refusal);
}

/* ---- the relay ---- */

void stage_laws_relay(struct stage *st, struct stage_actor *a)
{
	const struct desk *d = a->session->desk;
	struct front_answer answer = {.outcome = FRONT_ACCEPTED};
	const struct stage_end *front = &a->end[SIDE_FRONT], *back = &a->end[SIDE_BACK];

	tell_front(a, &answer);
	a->relayed = true;
	st->relayed++;
	a->from[SIDE_FRONT] = a->login;
	a->from[SIDE_BACK] = back->done - buf_len(&d->in[SIDE_BACK]);
	a->behind[SIDE_FRONT] = front->heard.n + desk_pending(&d->to_front).n;
	a->behind[SIDE_BACK] = back->heard.n + desk_pending(&d->to_back).n;
	stage_laws_hold(a->behind[SIDE_FRONT] == a->replies.n,
			"conservation: every reply once before the relay");
	stage_laws_hold(buf_len(&d->in[SIDE_FRONT]) == front->done - a->login,
			"conservation: what the client pipelined is kept for the backend");
}

static void check_relayed(const struct stage_actor *a, enum side from)
{
	struct str heard = stage_stream_all(&a->end[side_other(from)].heard);
	struct str said = stage_stream_all(&a->end[from].said);

	heard = str_from(heard, a->behind[side_other(from)]);
	stage_laws_hold(str_starts(str_from(said, a->from[from]), heard),
			"conservation: bytes of the relay are the peer's, once and in order");
}

void stage_laws_passed(const struct stage_actor *a, enum side from)
{
	const struct stage_end *src = &a->end[from], *dst = &a->end[side_other(from)];

	stage_laws_hold(src->got == src->said.n && src->done == src->got &&
				dst->heard.n - a->behind[side_other(from)] ==
					src->said.n - a->from[from],
			"conservation: an end is passed on behind the last byte");
}

/* ---- the end ---- */

/* What the client heard is a beginning of the engine's replies, then the last words. */
static bool is_said(struct str heard, struct str replies, struct str words)
{
	size_t n = 0;

	while (n < heard.n && n < replies.n && heard.p[n] == replies.p[n])
		n++;
	for (;; n--) {
		struct str rest = str_from(heard, n);

		if (!rest.n || str_starts(words, rest))
			return true;
		if (!n || heard.n - n > words.n)
			return false;
	}
}

static void check_replies(struct stage_actor *a, enum reason reason)
{
	struct stage_end *e = &a->end[SIDE_FRONT], *back = &a->end[SIDE_BACK];
	struct str heard = stage_stream_all(&e->heard);
	struct str words = reason_row(reason)->words[a->conf.front.protocol];

	if (a->relayed) {
		heard = str_first(heard, a->behind[SIDE_FRONT]);
		words = str_none();
	} else if (a->greeted) {
		(void)feed(a, str_of(e->said.bytes + a->read, e->done - a->read));
	}
	if (reason == REASON_BACK_REFUSED && str_starts(heard, stage_stream_all(&a->replies))) {
		/* in the backend's own words */
		heard = str_from(heard, a->replies.n);
		stage_laws_hold(!heard.n ||
					memmem(back->said.bytes, back->said.n, heard.p, heard.n),
				"replies: the backend's words are its own");
		return;
	}
	stage_laws_hold(is_said(heard, stage_stream_all(&a->replies), words),
			"replies: those of the engine, and then the last words");
}

/* A PROXY header goes first, and is no command. */
static struct str behind_header(const struct stage_actor *a, struct str heard)
{
	struct buf in = buf_view(heard);
	struct proxy_ends ends;

	if (a->conf.proxy_out == PROXY_OUT_OFF)
		return heard;
	switch (proxy_header_read(&in, &ends)) {
	case PROXY_HEADER_OK:
		return buf_data(&in);
	case PROXY_HEADER_MORE:
		return STR("");
	case PROXY_HEADER_BROKEN:
	case PROXY_HEADER_VERSION:
	case PROXY_HEADER_TOO_LONG:
		break;
	}
	stage_laws_hold(false, "proxy: the backend hears no header");
	return heard;
}

/* In SMTP no control byte of the client goes on, elsewhere none that could end a command. */
static bool is_broken(const struct stage_actor *a, uint8_t c)
{
	if (a->conf.front.protocol == PROTOCOL_SMTP)
		return str_has_ctl(str_of(&c, 1));
	return c == '\r' || c == '\n' || c == '\0';
}

static void check_commands(const struct stage_actor *a)
{
	struct str heard = stage_stream_all(&a->end[SIDE_BACK].heard);

	if (a->relayed)
		heard = str_first(heard, a->behind[SIDE_BACK]);
	heard = behind_header(a, heard);
	for (size_t i = 0; i < heard.n; i++) {
		bool end = heard.p[i] == '\n' && i && heard.p[i - 1] == '\r';
		bool cr = heard.p[i] == '\r' && (i + 1 == heard.n || heard.p[i + 1] == '\n');

		stage_laws_hold(end || cr || !is_broken(a, heard.p[i]),
				"injection: control bytes in a command");
	}
}

/* Desks that nobody has are blank. */
static void check_desks(const struct stage *st)
{
	const struct slab *desks = &st->env.desks;

	if (desks->used)
		return;
	for (uint32_t i = 0; i < desks->touched; i++) {
		const struct desk *d = slab_at(desks, i);
		size_t n = session_desk_bytes(&st->env.sizes) - sizeof(*d);

		stage_laws_hold(!d->bytes[0] && memcmp(d->bytes, d->bytes + 1, n - 1) == 0,
				"secrecy: a desk is wiped when it is given back");
	}
}

void stage_laws_done(struct stage *st, struct stage_actor *a, enum reason reason)
{
	static const struct session blank;

	stage_laws_hold(memcmp(a->session, &blank, sizeof(blank)) == 0,
			"secrecy: a session is wiped when it is done");
	if (a->relayed) {
		check_relayed(a, SIDE_FRONT);
		check_relayed(a, SIDE_BACK);
	}
	check_replies(a, reason);
	check_commands(a);
	check_desks(st);
	for (unsigned i = 0; i < a->n_secrets; i++)
		stage_laws_hold(!count(stage_stream_all(&a->log), &a->secret[i]) ||
					!is_secret(a, &a->secret[i]),
				"secrecy: a password is in the log");
}

void stage_laws_close(const struct stage *st)
{
	const struct session_counters *c = &st->counters;
	uint64_t ended = 0;

	for (int i = 0; i < REASON_COUNT; i++)
		ended += c->ended[i];
	stage_laws_hold(c->accepted == st->started && ended == st->started,
			"counters: every session ends once, for one reason");
	stage_laws_hold(!c->ended[REASON_NONE], "counters: no end without a reason");
	stage_laws_hold(c->logged_in == st->relayed, "counters: logins");
	stage_laws_hold(st->env.desks.used == 0, "memory: every desk is given back");
	stage_laws_hold(st->env.names.used == 0, "memory: every name is given back");
}
