/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smtp_front: the server side of an SMTP session until login (RFC 5321, 2920, 4954). A line is
 * looked up in a table that holds all policy: what a command needs before it may run. Handlers
 * keep or forget strings and say what comes next.
 *
 * The store holds, in this order: HELO's name if it is long, the MAIL line (auth_mark is here),
 * then whatever belongs to one login attempt.
 */
#include "proto/front_engine.h"
#include "proto/front_sasl.h"

#include <string.h>

#define INVALID          STR("500 5.5.1 Invalid command\r\n")
#define OK               STR("250 2.0.0 OK\r\n")
#define BYE              STR("221 2.0.0 Bye\r\n")
#define START_TLS        STR("220 2.0.0 Start TLS\r\n")
#define INVALID_ARGUMENT STR("501 5.5.4 Invalid argument\r\n")
#define BAD_SEQUENCE     STR("503 5.5.1 Bad sequence of commands\r\n")
#define STARTTLS_FIRST   STR("530 5.7.0 Must issue a STARTTLS command first\r\n")
#define AUTH_REQUIRED    STR("530 5.7.1 Authentication required\r\n")
#define LINE_TOO_BIG     STR("500 5.5.2 Command line is too long\r\n")

static const struct machine_state states[FRONT_STATE_COUNT] = {
#define FROM(s) (1U << FRONT_IN_##s)
	[FRONT_IN_START] = {"start",
			    FROM(START) | FROM(AUTH) | FROM(REFUSAL) | FROM(WAITING) | FROM(TLS)},
	[FRONT_IN_AUTH] = {"auth", FROM(START) | FROM(AUTH)},
	[FRONT_IN_REFUSAL] = {"refusal", FROM(WAITING)},
	[FRONT_IN_WAITING] = {"waiting", FROM(START) | FROM(AUTH)},
	[FRONT_IN_TLS] = {"tls", FROM(START)},
	[FRONT_IN_DONE] = {"done", FROM(START) | FROM(AUTH) | FROM(REFUSAL) | FROM(WAITING)},
};

MACHINE(machine, "smtp_front", states);

/* One line, cut into words. All borrowed from the input. */
struct line_words {
	struct str text; /* the whole line without its line end */
	struct front_words args;
};

static void forget_mail(struct front *f)
{
	struct login *l = &f->login;

	f->auth_mark = f->u.smtp.helo_embedded ? 0 : (uint32_t)l->helo.n;
	l->mail_from = str_none();
	front_forget_login(f);
}

static void forget_helo(struct front *f)
{
	f->login.helo = str_none();
	/* Its bytes too: they may have been a password, typed at the wrong place. */
	memset(f->u.smtp.helo_bytes, 0, sizeof(f->u.smtp.helo_bytes));
	f->u.smtp.helo_embedded = false;
	forget_mail(f);
}

static void forget(struct front *f, bool all)
{
	struct login *l = &f->login;

	l->rcpt_to = str_none();
	if (all) {
		l->helo = l->mail_from = str_none();
		f->u.smtp.helo_embedded = false;
	}
}

/* The first line of a reply of several, then its others: which is the last decides "-" or " ". */
static void begin_line(struct out *out, uint32_t *left)
{
	if (--*left)
		out_lit(out, "250-");
	else
		out_lit(out, "250 ");
}

static void write_auth_line(const struct front_conf *conf, struct out *out)
{
	out_lit(out, "AUTH");
	for (int m = 0; m < SASL_COUNT; m++) {
		if (!(conf->methods & 1U << m))
			continue;
		out_byte(out, ' ');
		out_str(out, front_sasl_name((enum sasl_mechanism)m));
	}
	out_lit(out, "\r\n");
}

static void write_ehlo(const struct front *f, struct out *out)
{
	const struct front_conf *conf = f->conf;
	bool starttls = front_offers_tls(f);
	bool auth = front_sasl_methods(conf) && !front_demands_tls(f);
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
static int keep_helo(struct front *f, struct str name)
{
	forget_helo(f);
	if (name.n <= FRONT_HELO_EMBEDDED) {
		memcpy(f->u.smtp.helo_bytes, name.p, name.n);
		f->login.helo = str_of(f->u.smtp.helo_bytes, name.n);
		f->u.smtp.helo_embedded = true;
		return 0;
	}
	if (arena_copy(f->store, name, &f->login.helo) < 0)
		return -1;
	f->auth_mark = (uint32_t)arena_mark(f->store);
	return 0;
}

static struct front_step on_helo(struct front *f, const struct line_words *line, struct out *out)
{
	if (keep_helo(f, line->args.v[0]) < 0)
		return front_reply(LINE_TOO_BIG);
	out_lit(out, "250 ");
	out_str(out, f->conf->server_name);
	out_lit(out, "\r\n");
	return front_reply(str_none());
}

static struct front_step on_ehlo(struct front *f, const struct line_words *line, struct out *out)
{
	if (keep_helo(f, line->args.v[0]) < 0)
		return front_reply(LINE_TOO_BIG);
	f->login.esmtp = true;
	write_ehlo(f, out);
	return front_reply(str_none());
}

/* The command as it goes to the auth service and the backend: without spaces at its end. */
static struct str whole_command(const struct line_words *line)
{
	struct str last = line->args.v[line->args.n - 1];

	return str_of(line->text.p, (size_t)(last.p + last.n - line->text.p));
}

static struct front_step on_mail(struct front *f, const struct line_words *line, struct out *out)
{
	(void)out;
	if (arena_copy(f->store, whole_command(line), &f->login.mail_from) < 0)
		return front_reply(LINE_TOO_BIG);
	f->auth_mark = (uint32_t)arena_mark(f->store);
	return front_reply(OK);
}

static struct front_step on_rcpt(struct front *f, const struct line_words *line, struct out *out)
{
	(void)out;
	if (arena_copy(f->store, whole_command(line), &f->login.rcpt_to) < 0)
		return front_reply(LINE_TOO_BIG);
	f->login.method = AUTH_NONE;
	f->login.attempt++;
	return (struct front_step){.to = FRONT_IN_WAITING, .ev = FRONT_LOGIN};
}

static struct front_step on_rset(struct front *f, const struct line_words *line, struct out *out)
{
	(void)line, (void)out;
	forget_mail(f);
	return front_reply(OK);
}

static struct front_step on_noop(struct front *f, const struct line_words *line, struct out *out)
{
	(void)f, (void)line, (void)out;
	return front_reply(OK);
}

static struct front_step on_quit(struct front *f, const struct line_words *line, struct out *out)
{
	(void)f, (void)line, (void)out;
	return (struct front_step){.reply = BYE, .to = FRONT_IN_DONE, .ev = FRONT_QUIT};
}

static struct front_step on_auth(struct front *f, const struct line_words *line, struct out *out)
{
	return front_sasl_begin(f, line->args.v, line->args.n, out);
}

static struct front_step on_starttls(struct front *f, const struct line_words *line,
				     struct out *out)
{
	(void)f, (void)line, (void)out;
	return (struct front_step){.reply = START_TLS, .to = FRONT_IN_TLS, .ev = FRONT_TLS};
}

typedef struct front_step handler(struct front *f, const struct line_words *line, struct out *out);

/* What must hold for a command to run, checked in this order; each has its refusal. */
enum {
	TLS_TO_DO = 1,   /* TLS is on offer and not up yet                        */
	TLS_FIRST = 2,   /* not in plain text where TLS is demanded               */
	METHOD_NONE = 4, /* mail without login is configured                      */
	NO_MAIL = 8,     /* no MAIL is open                                       */
	HAS_MAIL = 16,   /* one is                                                */
	CLEAN = 32,      /* no control characters: they would go on to HTTP headers and backend */
	MAIL_TLS = 64,   /* TLS_FIRST, if that is for mail as well                */
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
	{STR_INIT("AUTH"), on_auth, 1, UINT8_MAX, TLS_FIRST},
	{STR_INIT("MAIL"), on_mail, 1, UINT8_MAX, MAIL_TLS | METHOD_NONE | NO_MAIL | CLEAN},
	{STR_INIT("RCPT"), on_rcpt, 1, UINT8_MAX, MAIL_TLS | HAS_MAIL | CLEAN},
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
static struct str refusal(struct front *f, const struct command *c, const struct line_words *line)
{
	const struct front_conf *conf = f->conf;
	bool has_mail = f->login.mail_from.n != 0;

	if (!c->run || (c->needs & TLS_TO_DO && !front_offers_tls(f)))
		return INVALID;
	if (c->needs & TLS_FIRST && front_demands_tls(f))
		return INVALID;
	if (c->needs & MAIL_TLS && conf->starttls_required && front_demands_tls(f))
		return STARTTLS_FIRST;
	if (c->needs & METHOD_NONE && !(conf->methods & 1U << FRONT_METHOD_NONE)) {
		f->note = STR("client was rejected");
		f->refused = str_first(with_line_end(line->text), FRONT_REFUSED_MAX);
		return AUTH_REQUIRED;
	}
	if ((c->needs & NO_MAIL && has_mail) || (c->needs & HAS_MAIL && !has_mail))
		return BAD_SEQUENCE;
	if (line->args.n < c->args_min || line->args.n > c->args_max)
		return INVALID_ARGUMENT;
	if (c->needs & CLEAN && str_has_ctl(line->text))
		return INVALID_ARGUMENT;
	return str_none();
}

static enum front_ev on_command(struct front *f, struct str text, struct out *out)
{
	struct line_words line = {.text = text};
	struct str verb = str_first(text, str_find(text, ' '));
	const struct command *c = find_command(verb);
	struct str no;

	if (!c || front_split(str_from(text, verb.n), FRONT_WORDS_MAX, &line.args) < 0)
		return front_invalid(f, text, out);
	no = refusal(f, c, &line);
	return front_take(f, no.n ? front_reply(no) : c->run(f, &line, out), out);
}

static enum front_ev on_line(struct front *f, struct str text, struct out *out)
{
	return f->state == FRONT_IN_START ? on_command(f, text, out)
					  : front_sasl_line(f, text, FRONT_WORDS_MAX, out);
}

static bool glance(struct front *f, struct str line)
{
	(void)f;
	return str_starts_nocase(str_trim_sp(line), STR("AUTH"));
}

static void say(const struct front *f, enum front_word word, struct out *out)
{
	switch (word) {
	case FRONT_SAY_GREETING:
		out_lit(out, "220 ");
		out_str(out, f->conf->server_name);
		out_lit(out, " ESMTP ready\r\n");
		break;
	case FRONT_SAY_INVALID:
		out_str(out, INVALID);
		break;
	case FRONT_SAY_AUTH_TOO_LONG:
		out_lit(out, "500 5.5.6 Authentication exchange line is too long\r\n");
		break;
	case FRONT_SAY_TOO_MANY:
		out_lit(out, "421 4.7.0 Too many commands\r\n");
		break;
	case FRONT_SAY_BARE_LF:
		out_lit(out, "521 5.5.2 Bare LF is not a line end\r\n");
		break;
	case FRONT_SAY_ACCEPTED: /* in method none, the backend's reply to RCPT follows */
		if (f->login.method != AUTH_NONE)
			out_lit(out, "235 2.0.0 OK\r\n");
		break;
	}
}

static void refuse(const struct front *f, const struct front_answer *a, struct out *out)
{
	enum { CODE_MAX = 64, AROUND = 3 }; /* SP and line end */
	struct str code = a->code.n ? str_first(a->code, CODE_MAX) : STR("535 5.7.0");

	(void)f;
	if (out_room(out) < code.n + AROUND)
		return;
	out_str(out, code);
	out_byte(out, ' ');
	out_str(out, str_first(a->text, out_room(out) - 2));
	out_lit(out, "\r\n");
}

const struct front_engine smtp_front_engine = {
	.machine = &machine,
	.challenge = STR_INIT("334 "),
	.say = say,
	.line = on_line,
	.refuse = refuse,
	.forget = forget,
	.glance = glance,
};
