/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smtp_front: the server side of an SMTP session until login (RFC 5321, 2920; AUTH is in
 * smtp_front_auth.c). Lines are cut first, then looked up in a table that holds all policy: what
 * a command needs before it may run. Handlers keep or forget strings and say what comes next.
 *
 * The store holds, in this order: HELO's name if it is long, the MAIL line (auth_mark is here),
 * then whatever belongs to one login attempt. Entering START wipes the last part, DONE everything.
 */
#include "proto/smtp_front.h"

#include "base/machine.h"
#include "base/must.h"
#include "proto/smtp_front_auth.h"

#include <string.h>

#define OK                STR("250 2.0.0 OK\r\n")
#define BYE               STR("221 2.0.0 Bye\r\n")
#define START_TLS         STR("220 2.0.0 Start TLS\r\n")
#define INVALID_ARGUMENT  STR("501 5.5.4 Invalid argument\r\n")
#define BAD_SEQUENCE      STR("503 5.5.1 Bad sequence of commands\r\n")
#define AUTH_REQUIRED     STR("530 5.7.1 Authentication required\r\n")
#define LINE_TOO_BIG      STR("500 5.5.2 Command line is too long\r\n")
#define TOO_MANY_COMMANDS STR("421 4.7.0 Too many commands\r\n")

static const struct machine_state states[SMTP_FRONT_STATE_COUNT] = {
#define FROM(s) (1U << SMTP_FRONT_##s)
#define FROM_AUTH                                                                                  \
	(FROM(AUTH_PLAIN) | FROM(AUTH_LOGIN_USER) | FROM(AUTH_LOGIN_PASS) | FROM(AUTH_CRAM_MD5) |  \
	 FROM(AUTH_EXTERNAL))
	[SMTP_FRONT_START] = {"start", FROM(START) | FROM_AUTH | FROM(WAITING) | FROM(TLS)},
	[SMTP_FRONT_AUTH_PLAIN] = {"auth-plain", FROM(START)},
	[SMTP_FRONT_AUTH_LOGIN_USER] = {"auth-login-user", FROM(START)},
	[SMTP_FRONT_AUTH_LOGIN_PASS] = {"auth-login-pass", FROM(START) | FROM(AUTH_LOGIN_USER)},
	[SMTP_FRONT_AUTH_CRAM_MD5] = {"auth-cram-md5", FROM(START)},
	[SMTP_FRONT_AUTH_EXTERNAL] = {"auth-external", FROM(START)},
	[SMTP_FRONT_WAITING] = {"waiting", FROM(START) | (FROM_AUTH & ~FROM(AUTH_LOGIN_USER))},
	[SMTP_FRONT_TLS] = {"tls", FROM(START)},
	[SMTP_FRONT_DONE] = {"done", FROM(START) | FROM_AUTH | FROM(WAITING)},
};

MACHINE(machine, "smtp_front", states);

const char *smtp_front_state_name(enum smtp_front_state s)
{
	return states[s].name;
}

static void forget_attempt(struct smtp_front *f)
{
	struct login *l = &f->login;

	if (f->store) /* else nothing of ours is anywhere */
		arena_reset_to(f->store, f->auth_mark);
	l->user = l->pass = l->salt = l->rcpt_to = str_none();
}

static void forget_mail(struct smtp_front *f)
{
	struct login *l = &f->login;

	f->auth_mark = f->helo_embedded ? 0 : (uint32_t)l->helo.n;
	l->mail_from = str_none();
	forget_attempt(f);
}

static void forget_helo(struct smtp_front *f)
{
	f->login.helo = str_none();
	f->helo_embedded = false;
	forget_mail(f);
}

static void enter(struct smtp_front *f, enum smtp_front_state to)
{
	if (to == SMTP_FRONT_START && f->state != SMTP_FRONT_START)
		forget_attempt(f);
	if (to == SMTP_FRONT_DONE || to == SMTP_FRONT_TLS)
		forget_helo(f);
	machine_enter(&machine, &f->state, to);
}

static enum front_ev fail(struct smtp_front *f, enum reason reason)
{
	f->reason = (uint8_t)reason;
	enter(f, SMTP_FRONT_DONE);
	return FRONT_FAIL;
}

static struct smtp_front_step reply(struct str text)
{
	return (struct smtp_front_step){.reply = text, .to = SMTP_FRONT_START};
}

/* The first line of a reply of several, then its others: which is the last decides "-" or " ". */
static void begin_line(struct out *out, uint32_t *left)
{
	if (--*left)
		out_lit(out, "250-");
	else
		out_lit(out, "250 ");
}

static void write_auth_line(const struct smtp_front_conf *conf, struct out *out)
{
	static const struct str names[] = {
		[SMTP_AUTH_PLAIN] = STR_INIT(" PLAIN"),
		[SMTP_AUTH_LOGIN] = STR_INIT(" LOGIN"),
		[SMTP_AUTH_CRAM_MD5] = STR_INIT(" CRAM-MD5"),
		[SMTP_AUTH_EXTERNAL] = STR_INIT(" EXTERNAL"),
	};

	out_lit(out, "AUTH");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (conf->methods & 1U << i)
			out_str(out, names[i]);
	out_lit(out, "\r\n");
}

static void write_ehlo(const struct smtp_front *f, struct out *out)
{
	const struct smtp_front_conf *conf = f->conf;
	bool starttls = conf->starttls != STARTTLS_OFF && !f->secured;
	bool auth = (conf->methods & ((1U << SMTP_AUTH_NONE) - 1)) &&
		    !(conf->starttls == STARTTLS_ONLY && !f->secured);
	uint32_t left = 1 + conf->n_capabilities + auth + starttls;

	begin_line(out, &left);
	out_str(out, conf->server_name);
	out_lit(out, "\r\n");
	for (uint32_t i = 0; i < conf->n_capabilities; i++) {
		begin_line(out, &left);
		out_str(out, conf->capabilities[i]);
		out_lit(out, "\r\n");
	}
	if (auth) {
		begin_line(out, &left);
		write_auth_line(conf, out);
	}
	if (starttls) {
		begin_line(out, &left);
		out_lit(out, "STARTTLS\r\n");
	}
}

/* A new name forgets MAIL and RCPT, even one that then does not fit. */
static int keep_helo(struct smtp_front *f, struct str name)
{
	forget_helo(f);
	if (name.n <= SMTP_FRONT_HELO_EMBEDDED) {
		memcpy(f->helo_bytes, name.p, name.n);
		f->login.helo = str_of(f->helo_bytes, name.n);
		f->helo_embedded = true;
		return 0;
	}
	if (arena_copy(f->store, name, &f->login.helo) < 0)
		return -1;
	f->auth_mark = (uint32_t)arena_mark(f->store);
	return 0;
}

static struct smtp_front_step on_helo(struct smtp_front *f, const struct smtp_front_line *line,
				      struct out *out)
{
	if (keep_helo(f, line->args[0]) < 0)
		return reply(LINE_TOO_BIG);
	out_lit(out, "250 ");
	out_str(out, f->conf->server_name);
	out_lit(out, "\r\n");
	return reply(str_none());
}

static struct smtp_front_step on_ehlo(struct smtp_front *f, const struct smtp_front_line *line,
				      struct out *out)
{
	if (keep_helo(f, line->args[0]) < 0)
		return reply(LINE_TOO_BIG);
	f->login.esmtp = true;
	write_ehlo(f, out);
	return reply(str_none());
}

/* The command as it goes to the auth service and the backend: without spaces at its end. */
static struct str whole_command(const struct smtp_front_line *line)
{
	struct str last = line->args[line->n - 1];

	return str_of(line->text.p, (size_t)(last.p + last.n - line->text.p));
}

static struct smtp_front_step on_mail(struct smtp_front *f, const struct smtp_front_line *line,
				      struct out *out)
{
	(void)out;
	if (arena_copy(f->store, whole_command(line), &f->login.mail_from) < 0)
		return reply(LINE_TOO_BIG);
	f->auth_mark = (uint32_t)arena_mark(f->store);
	return reply(OK);
}

static struct smtp_front_step on_rcpt(struct smtp_front *f, const struct smtp_front_line *line,
				      struct out *out)
{
	(void)out;
	if (arena_copy(f->store, whole_command(line), &f->login.rcpt_to) < 0)
		return reply(LINE_TOO_BIG);
	f->login.method = AUTH_NONE;
	f->login.attempt++;
	return (struct smtp_front_step){.to = SMTP_FRONT_WAITING, .ev = FRONT_LOGIN};
}

static struct smtp_front_step on_rset(struct smtp_front *f, const struct smtp_front_line *line,
				      struct out *out)
{
	(void)line, (void)out;
	forget_mail(f);
	return reply(OK);
}

static struct smtp_front_step on_noop(struct smtp_front *f, const struct smtp_front_line *line,
				      struct out *out)
{
	(void)f, (void)line, (void)out;
	return reply(OK);
}

static struct smtp_front_step on_quit(struct smtp_front *f, const struct smtp_front_line *line,
				      struct out *out)
{
	(void)f, (void)line, (void)out;
	return (struct smtp_front_step){.reply = BYE, .to = SMTP_FRONT_DONE, .ev = FRONT_QUIT};
}

static struct smtp_front_step on_starttls(struct smtp_front *f, const struct smtp_front_line *line,
					  struct out *out)
{
	(void)f, (void)line, (void)out;
	return (struct smtp_front_step){.reply = START_TLS, .to = SMTP_FRONT_TLS, .ev = FRONT_TLS};
}

typedef struct smtp_front_step handler(struct smtp_front *f, const struct smtp_front_line *line,
				       struct out *out);

/* What must hold for a command to run, checked in this order; each has its refusal. */
enum {
	TLS_TO_DO = 1,   /* TLS is on offer and not up yet                        */
	TLS_FIRST = 2,   /* not in plain text where TLS is demanded               */
	METHOD_NONE = 4, /* mail without login is configured                      */
	NO_MAIL = 8,     /* no MAIL is open                                       */
	HAS_MAIL = 16,   /* one is                                                */
	CLEAN = 32,      /* no control characters: they would go on to HTTP headers and backend */
};

struct command {
	struct str name;
	handler *run; /* NULL: known, but refused; not counted as an error */
	uint8_t args_min, args_max;
	uint8_t needs;
};

static const struct command commands[] = {
	{STR_INIT("EHLO"), on_ehlo, 1, 1, CLEAN},
	{STR_INIT("HELO"), on_helo, 1, 1, CLEAN},
	{STR_INIT("AUTH"), smtp_front_auth_begin, 1, UINT8_MAX, TLS_FIRST},
	{STR_INIT("MAIL"), on_mail, 1, UINT8_MAX, METHOD_NONE | NO_MAIL | CLEAN},
	{STR_INIT("RCPT"), on_rcpt, 1, UINT8_MAX, HAS_MAIL | CLEAN},
	{STR_INIT("QUIT"), on_quit, 0, UINT8_MAX, 0},
	{STR_INIT("RSET"), on_rset, 0, UINT8_MAX, 0},
	{STR_INIT("NOOP"), on_noop, 0, UINT8_MAX, 0},
	{STR_INIT("STARTTLS"), on_starttls, 0, UINT8_MAX, TLS_TO_DO},
	{STR_INIT("VRFY"), NULL, 0, UINT8_MAX, 0},
	{STR_INIT("EXPN"), NULL, 0, UINT8_MAX, 0},
	{STR_INIT("HELP"), NULL, 0, UINT8_MAX, 0},
};

static const struct command *find_command(struct str verb)
{
	if (verb.n != 4 && verb.n != 8)
		return NULL;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (str_eq_nocase(verb, commands[i].name))
			return &commands[i];
	return NULL;
}

/* The bytes a log line shows of `text`. Its line end, which waits behind it, is shown too. */
static struct str with_line_end(struct str text)
{
	return str_of(text.p, text.n + (text.p[text.n] == '\r' ? 2 : 1));
}

/* Empty, or how `c` is refused here. The table is the policy, this is its only reader. */
static struct str refusal(struct smtp_front *f, const struct command *c,
			  const struct smtp_front_line *line)
{
	const struct smtp_front_conf *conf = f->conf;
	bool has_mail = f->login.mail_from.n != 0;

	if (!c->run || (c->needs & TLS_TO_DO && (conf->starttls == STARTTLS_OFF || f->secured)))
		return SMTP_FRONT_INVALID;
	if (c->needs & TLS_FIRST && conf->starttls == STARTTLS_ONLY && !f->secured)
		return SMTP_FRONT_INVALID;
	if (c->needs & METHOD_NONE && !(conf->methods & 1U << SMTP_AUTH_NONE)) {
		f->note = STR("client was rejected");
		f->refused = str_first(with_line_end(line->text), SMTP_FRONT_REFUSED_MAX);
		return AUTH_REQUIRED;
	}
	if ((c->needs & NO_MAIL && has_mail) || (c->needs & HAS_MAIL && !has_mail))
		return BAD_SEQUENCE;
	if (line->n < c->args_min || line->n > c->args_max)
		return INVALID_ARGUMENT;
	if (c->needs & CLEAN && str_has_ctl(line->text))
		return INVALID_ARGUMENT;
	return str_none();
}

/* Browsers can be made to send HTTP to any port: such a talk ends with its first line. */
static bool is_http(struct str text)
{
	static const struct str verbs[] = {
		STR_INIT("GET "),    STR_INIT("POST "),    STR_INIT("PUT "),   STR_INIT("HEAD "),
		STR_INIT("DELETE "), STR_INIT("OPTIONS "), STR_INIT("PATCH "), STR_INIT("CONNECT "),
		STR_INIT("TRACE "),  STR_INIT("PRI "),
	};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (str_starts(text, verbs[i]))
			return true;
	return false;
}

/* A line that is no command at all. Only these count as errors, as in NGINX. */
static enum front_ev invalid(struct smtp_front *f, struct str text, struct out *out)
{
	out_str(out, SMTP_FRONT_INVALID);
	if (f->commands == 1 && is_http(text)) {
		f->refused = str_first(text, SMTP_FRONT_REFUSED_MAX);
		return fail(f, REASON_CLIENT_HTTP);
	}
	if (++f->errors >= f->conf->errors_max)
		return fail(f, REASON_CLIENT_TOO_MANY_ERRORS);
	enter(f, SMTP_FRONT_START);
	return FRONT_MORE;
}

/* Words between spaces. -1: too many, or a CR that is not part of the line end. */
static int split(struct str rest, struct smtp_front_line *line)
{
	if (str_find(rest, '\r') != rest.n)
		return -1;
	while (rest.n) {
		size_t word = str_find(rest, ' ');

		if (word && line->n == SMTP_FRONT_ARGS_MAX)
			return -1;
		if (word)
			line->args[line->n++] = str_first(rest, word);
		rest = str_from(rest, word ? word : 1);
	}
	return 0;
}

static enum front_ev carry_out(struct smtp_front *f, struct smtp_front_step step, struct out *out)
{
	out_str(out, step.reply);
	enter(f, step.to);
	return f->note.n ? FRONT_NOTE : step.ev;
}

static enum front_ev on_command(struct smtp_front *f, struct str text, struct out *out)
{
	struct smtp_front_line line = {.text = text};
	struct str verb = str_first(text, str_find(text, ' '));
	const struct command *c = find_command(verb);
	struct str no;

	if (!c || split(str_from(text, verb.n), &line) < 0)
		return invalid(f, text, out);
	no = refusal(f, c, &line);
	return carry_out(f, no.n ? reply(no) : c->run(f, &line, out), out);
}

static enum front_ev on_response(struct smtp_front *f, struct str text, struct out *out)
{
	struct smtp_front_line line = {.text = text};
	struct str response = str_first(text, str_find(text, ' '));

	/* A line that begins with a space has an empty first word here. */
	line.n = response.n ? 0 : 1;
	if (split(text, &line) < 0)
		return invalid(f, text, out);
	return carry_out(f, smtp_front_auth_response(f, response), out);
}

static enum front_ev on_line(struct smtp_front *f, struct str text, struct out *out)
{
	uint32_t max = f->conf->commands_max;

	if (max && f->commands >= max) {
		out_str(out, TOO_MANY_COMMANDS);
		return fail(f, REASON_CLIENT_TOO_MANY_COMMANDS);
	}
	f->commands++;
	if (f->state == SMTP_FRONT_START)
		return on_command(f, text, out);
	return on_response(f, text, out);
}

/* The log may show the beginning, unless it could be somebody's password. */
static enum front_ev too_long(struct smtp_front *f, const struct buf *in, struct out *out)
{
	struct str shown = str_first(buf_data(in), f->conf->line_max);
	bool secret = f->state != SMTP_FRONT_START || str_starts_nocase(shown, STR("AUTH"));

	out_str(out, SMTP_FRONT_INVALID);
	f->refused = secret ? str_none() : str_first(shown, SMTP_FRONT_REFUSED_MAX);
	return fail(f, REASON_CLIENT_TOO_LONG);
}

static bool is_reading(const struct smtp_front *f)
{
	return f->state < SMTP_FRONT_WAITING;
}

enum front_ev smtp_front_next(struct smtp_front *f, struct buf *in, struct out *out)
{
	enum front_ev ev = FRONT_MORE;
	struct str text;

	f->note = f->refused = str_none();
	if (!is_reading(f))
		return FRONT_WAIT;
	must(f->store);
	while (ev == FRONT_MORE && buf_len(in)) {
		if (out_room(out) < SMTP_FRONT_REPLY_MAX)
			return FRONT_FULL;
		switch (line_next(&f->line, in, f->conf->line_max, &text)) {
		case LINE_MORE:
			return FRONT_MORE;
		case LINE_TOO_LONG:
			return too_long(f, in, out);
		case LINE_OK:
			ev = on_line(f, text, out);
		}
	}
	/* What came in plain text behind STARTTLS is somebody else's (CVE-2014-3556). */
	if (ev == FRONT_TLS)
		buf_consume(in, buf_len(in));
	return ev;
}

void smtp_front_init(struct smtp_front *f, const struct smtp_front_conf *conf, struct str nonce)
{
	struct out o;

	*f = (struct smtp_front){.conf = conf, .state = SMTP_FRONT_START};
	out_init(&o, f->nonce, sizeof(f->nonce));
	out_byte(&o, '<');
	out_str(&o, nonce);
	out_byte(&o, '@');
	must(!out_overflow(&o));
	f->nonce_n = (uint8_t)out_data(&o).n;
}

void smtp_front_lend(struct smtp_front *f, struct arena *store)
{
	must(store ? arena_mark(store) == 0 : smtp_front_idle(f));
	f->store = store;
}

bool smtp_front_idle(const struct smtp_front *f)
{
	return !f->store || arena_mark(f->store) == 0;
}

void smtp_front_greet(struct smtp_front *f, struct out *out)
{
	out_lit(out, "220 ");
	out_str(out, f->conf->server_name);
	out_lit(out, " ESMTP ready\r\n");
}

void smtp_front_verdict(struct smtp_front *f, const struct front_answer *a, struct out *out)
{
	enum { CODE_MAX = 64, AROUND = 3 }; /* SP and line end */
	struct str code = a->code.n ? str_first(a->code, CODE_MAX) : STR("535 5.7.0");

	must(f->state == SMTP_FRONT_WAITING);
	switch (a->outcome) {
	case FRONT_ACCEPTED:
		if (f->login.method != AUTH_NONE)
			out_lit(out, "235 2.0.0 OK\r\n");
		enter(f, SMTP_FRONT_DONE);
		return;
	case FRONT_REFUSED:
		if (out_room(out) >= code.n + AROUND) {
			size_t room = out_room(out) - code.n - AROUND;

			out_str(out, code);
			out_byte(out, ' ');
			out_str(out, str_first(a->text, room));
			out_lit(out, "\r\n");
		}
		enter(f, SMTP_FRONT_START);
		return;
	}
}

void smtp_front_secured(struct smtp_front *f)
{
	f->secured = true;
	f->line = (struct line){0};
	enter(f, SMTP_FRONT_START);
}

void smtp_front_note(const struct smtp_front *f, struct out *o)
{
	struct str refused = f->refused;

	out_str(o, f->note);
	if (!refused.n)
		return;
	out_lit(o, ": \"");
	for (size_t i = 0; i < refused.n; i++) {
		if (refused.p[i] == '\r' || refused.p[i] == '\n')
			out_byte(o, '_');
		else
			out_escaped(o, str_of(refused.p + i, 1));
	}
	out_byte(o, '"');
}
