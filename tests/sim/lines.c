/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lines: what a client says before its relay, step by step with the code each must be answered
 * with, as the specification has it (RFC 5321, 4954 and NGINX's rules). Nothing here asks the
 * engines under test.
 */
#include "base/codec.h"
#include "base/must.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <string.h>

/* ---- names ---- */

void lines_user(const struct guest *g, struct out *o)
{
	static const struct str tails[] = {STR_INIT(""), STR_INIT("@example.test"),
					   STR_INIT("+tag=1 x%y"), STR_INIT(".b")};

	out_byte(o, 'g');
	out_u64(o, g->id);
	/* The digest of CRAM-MD5 is what follows the first space. */
	if (g->login != LOGIN_CRAM_MD5)
		out_str(o, tails[g->id % 4]);
}

void lines_password(const struct guest *g, unsigned attempt, struct out *o)
{
	out_str(o, str_cstr(g->world->mark));
	out_lit(o, "-");
	out_u64(o, g->id);
	out_lit(o, "-");
	out_u64(o, attempt);
	if (g->id % 3 == 0)
		out_lit(o, " %\xc3\xa9");
}

bool lines_replaced(const struct guest *g)
{
	return g->id % 5 == 0;
}

uint16_t lines_refusal(const struct guest *g)
{
	return g->id % 6 == 1 ? 454 : 535;
}

void lines_final_user(const struct guest *g, struct out *o)
{
	if (lines_replaced(g))
		out_lit(o, "real user+");
	if (g->login != LOGIN_NONE || lines_replaced(g))
		lines_user(g, o);
}

/* Methods that bring no password get one from the auth service where the backend wants it. */
void lines_final_password(const struct guest *g, struct out *o)
{
	if (lines_replaced(g) || g->login >= LOGIN_CRAM_MD5) {
		out_str(o, str_cstr(g->world->mark));
		out_lit(o, "-");
		out_u64(o, g->id);
		out_lit(o, "-real");
	} else {
		lines_password(g, g->attempts, o);
	}
}

void lines_mail(const struct guest *g, struct out *o)
{
	out_lit(o, "MAIL FROM:<g");
	out_u64(o, g->id);
	out_lit(o, "@from.test>");
	if (g->id % 2)
		out_lit(o, " SIZE=1000");
}

void lines_rcpt(const struct guest *g, struct out *o)
{
	out_lit(o, "RCPT TO:<g");
	out_u64(o, g->id);
	out_lit(o, "@to.test>");
}

struct str lines_helo(const struct guest *g)
{
	static const struct str names[] = {
		STR_INIT("client.test"),
		STR_INIT("[192.0.2.1]"),
		STR_INIT("a-very-long-name-that-does-not-fit-into-the-session.of-one-that-waits."
			 "and-goes-on-for-quite-a-while.example.test"),
	};

	return names[g->id % 3];
}

/* ---- steps ---- */

struct writer {
	struct guest *g;
	struct out o;
	unsigned errors; /* that count, up to now */
};

static const struct front_conf *front_of(const struct writer *w)
{
	return &w->g->conf->front;
}

/* What was written since the last step, its line end and the code it is answered with. */
static struct step *end_step(struct writer *w, uint16_t code)
{
	struct guest *g = w->g;
	struct step *s = &g->steps[g->n_steps];

	must(g->n_steps < GUEST_STEPS);
	out_str(&w->o, chance_of(500) ? STR("\n") : STR("\r\n"));
	must(!out_overflow(&w->o));
	*s = (struct step){
		.at = (uint16_t)g->lines_n, .n = (uint16_t)(w->o.n - g->lines_n), .code = code};
	g->lines_n = (uint32_t)w->o.n;
	g->n_steps++;
	return s;
}

static void say(struct writer *w, struct str line, uint16_t code)
{
	out_str(&w->o, line);
	end_step(w, code);
}

static void say_helo(struct writer *w)
{
	struct guest *g = w->g;

	out_str(&w->o, g->esmtp ? STR("EHLO ") : STR("HELO "));
	out_str(&w->o, lines_helo(g));
	end_step(w, 250);
	g->helo_said = true;
	g->esmtp_said |= g->esmtp;
}

/* One command that gets nobody further. */
static void say_extra(struct writer *w)
{
	const struct front_conf *conf = front_of(w);
	bool none = conf->methods & 1U << FRONT_METHOD_NONE;

	switch (chance_below(11)) {
	case 0:
		say(w, STR("NOOP"), 250);
		break;
	case 1:
		say(w, STR("rset"), 250);
		break;
	case 2:
		say(w, STR("VRFY somebody"), 500);
		break;
	case 3:
		say(w, STR("EHLO"), 501);
		break;
	case 4:
		say(w, STR("AUTH GSSAPI"), 500);
		break;
	case 5:
		say(w, STR("AUTH PLAIN =!="), 500);
		break;
	case 6:
		if (!(conf->methods & 1U << SASL_LOGIN))
			break;
		say(w, STR("AUTH LOGIN"), 334);
		say(w, STR("*"), 500);
		break;
	case 7:
		say(w, STR("RCPT TO:<too@early>"), 503);
		break;
	case 8:
		if (!none)
			say(w, STR("MAIL FROM:<no@login>"), 530);
		break;
	case 9:
		if (conf->starttls == STARTTLS_OFF)
			say(w, STR("STARTTLS"), 500);
		break;
	default:
		if (w->errors + 1 >= conf->errors_max)
			break;
		w->errors++;
		say(w, STR("BANANA \x80\x01"), 500);
	}
}

/* ---- logging in ---- */

static void write_plain(struct writer *w, unsigned attempt)
{
	uint8_t bytes[256];
	struct out o;

	out_init(&o, bytes, sizeof(bytes));
	if (w->g->id % 7 == 0)
		out_lit(&o, "somebody-else");
	out_byte(&o, 0);
	lines_user(w->g, &o);
	out_byte(&o, 0);
	lines_password(w->g, attempt, &o);
	codec_base64(&w->o, out_data(&o));
}

static void write_user(struct writer *w)
{
	uint8_t bytes[128];
	struct out o;

	out_init(&o, bytes, sizeof(bytes));
	lines_user(w->g, &o);
	codec_base64(&w->o, out_data(&o));
}

static void write_password(struct writer *w, unsigned attempt)
{
	uint8_t bytes[128];
	struct out o;

	out_init(&o, bytes, sizeof(bytes));
	lines_password(w->g, attempt, &o);
	codec_base64(&w->o, out_data(&o));
}

static void write_digest(struct writer *w)
{
	uint8_t bytes[160];
	struct out o;

	out_init(&o, bytes, sizeof(bytes));
	lines_user(w->g, &o);
	out_lit(&o, " 0123456789abcdef0123456789abcdef");
	codec_base64(&w->o, out_data(&o));
}

/* All but the last line of an attempt; that one waits in the writer. */
static void begin_attempt(struct writer *w, unsigned attempt)
{
	switch (w->g->login) {
	case LOGIN_PLAIN:
		out_lit(&w->o, "AUTH PLAIN ");
		write_plain(w, attempt);
		break;
	case LOGIN_PLAIN_ASKED:
		say(w, STR("auth plain"), 334);
		write_plain(w, attempt);
		break;
	case LOGIN_LOGIN:
		say(w, STR("AUTH LOGIN"), 334);
		write_user(w);
		end_step(w, 334);
		write_password(w, attempt);
		break;
	case LOGIN_LOGIN_INITIAL:
		out_lit(&w->o, "AUTH LOGIN ");
		write_user(w);
		end_step(w, 334);
		write_password(w, attempt);
		break;
	case LOGIN_CRAM_MD5:
		say(w, STR("AUTH CRAM-MD5"), 334);
		write_digest(w);
		break;
	case LOGIN_EXTERNAL:
		out_lit(&w->o, "AUTH EXTERNAL ");
		write_user(w);
		break;
	case LOGIN_EXTERNAL_ASKED:
		say(w, STR("AUTH EXTERNAL"), 334);
		write_user(w);
		break;
	case LOGIN_NONE:
		if (attempt == 1) {
			lines_mail(w->g, &w->o);
			end_step(w, 250);
		}
		lines_rcpt(w->g, &w->o);
		break;
	case LOGIN_KINDS:
		break;
	}
}

static void say_login(struct writer *w)
{
	struct guest *g = w->g;

	for (unsigned a = 1; a <= g->attempts; a++) {
		bool in = a == g->attempts && g->admitted;
		struct step *s;

		begin_attempt(w, a);
		s = end_step(w, in ? (g->login == LOGIN_NONE ? 250 : 235) : lines_refusal(g));
		s->attempt = (uint8_t)a;
		s->last = a == g->attempts && !g->admitted && !g->stays;
	}
	if (!g->admitted && g->stays) {
		say(w, STR("QUIT"), 221);
		g->steps[g->n_steps - 1].last = true;
	}
}

/* ---- clients that do not log in ---- */

static void say_errors(struct writer *w)
{
	unsigned max = front_of(w)->errors_max;

	for (unsigned i = 0; i < max + 2 && w->g->n_steps < GUEST_STEPS; i++) {
		say(w, i % 2 ? STR("XYZZY") : STR("NO \rWAY"), 500);
		w->g->steps[w->g->n_steps - 1].last = i + 1 == max;
	}
}

/* Everything behind STARTTLS is somebody else's: commands that would get a reply, and a login. */
static void write_injection(struct writer *w)
{
	out_lit(&w->o, "\r\nNOOP\r\nAUTH PLAIN ");
	write_plain(w, 1);
	out_lit(&w->o, "\r\nMAIL FROM:<x@y>\r\nRCPT TO:<x@y>\r\nQUIT");
}

static void say_starttls(struct writer *w)
{
	struct guest *g = w->g;
	struct step *s;

	if (chance_of(8000))
		say_helo(w);
	if (chance_of(2000))
		say(w, STR("NOOP"), 250);
	out_str(&w->o, chance_of(2000) ? STR("starttls") : STR("STARTTLS"));
	if (g->client_trick == CLIENT_INJECTS)
		write_injection(w);
	s = end_step(w, 220);
	s->tls = true;
	if (!g->split)
		g->split = chance_of(3000) ? s->n : 1 + chance_below(s->n);
	g->client.tls_at = g->lines_n;
	/* All that was said is forgotten. */
	g->helo_said = g->esmtp_said = false;
}

void lines_write(struct guest *g)
{
	struct writer w = {.g = g};
	bool errors = g->client_trick == CLIENT_ERRORS;
	unsigned extras = errors || chance_of(5000) ? 0 : 1 + chance_below(3);

	out_init(&w.o, g->lines, sizeof(g->lines));
	if (g->client_trick == CLIENT_HTTP) {
		say(&w, STR("GET / HTTP/1.1"), 500);
		g->steps[0].last = true;
		say(&w, STR("Host: ringpost"), 0);
		return;
	}
	if (g->client_trick == CLIENT_GARBAGE || g->client_trick == CLIENT_ENDLESS)
		return;
	if (g->tls == GUEST_STARTTLS)
		say_starttls(&w);
	if (g->esmtp || !chance_of(1000))
		say_helo(&w);
	while (extras--)
		say_extra(&w);
	if (errors) {
		say_errors(&w);
	} else if (g->client_trick == CLIENT_QUITS || g->client_trick == CLIENT_HANGS ||
		   g->client_trick == CLIENT_INJECTS) {
		say(&w, STR("QUIT"), 221);
		g->steps[g->n_steps - 1].last = true;
	} else {
		say_login(&w);
	}
}

void lines_write_plain(struct guest *g)
{
	struct writer w = {.g = g};

	out_init(&w.o, g->lines, sizeof(g->lines));
	if (g->tls == GUEST_STARTTLS)
		say_starttls(&w);
	say_helo(&w);
	say_login(&w);
}
