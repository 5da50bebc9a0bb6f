/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pop3_front: the server side of a POP3 session until login (RFC 1939, 2449, 5034, 2595). A line
 * is looked up in a table that holds all policy: in which states a command may come and what it
 * needs. Handlers keep strings and say what comes next.
 *
 * The store holds the strings of one login and nothing else.
 */
#include "base/must.h"
#include "proto/front_engine.h"
#include "proto/front_sasl.h"

#define OK      STR("+OK\r\n")
#define INVALID STR("-ERR invalid command\r\n")

static const struct machine_state states[FRONT_STATE_COUNT] = {
#define FROM(s) (1U << FRONT_IN_##s)
	[FRONT_IN_START] = {"start", FROM(START) | FROM(USER) | FROM(AUTH) | FROM(REFUSAL) |
					     FROM(WAITING) | FROM(TLS)},
	[FRONT_IN_USER] = {"user", FROM(START) | FROM(USER)},
	[FRONT_IN_AUTH] = {"auth", FROM(START) | FROM(AUTH)},
	[FRONT_IN_REFUSAL] = {"refusal", FROM(WAITING)},
	[FRONT_IN_WAITING] = {"waiting", FROM(START) | FROM(USER) | FROM(AUTH)},
	[FRONT_IN_TLS] = {"tls", FROM(START)},
	[FRONT_IN_DONE] = {"done",
			   FROM(START) | FROM(USER) | FROM(AUTH) | FROM(REFUSAL) | FROM(WAITING)},
};

MACHINE(machine, "pop3_front", states);

typedef struct front_step handler(struct front *f, const struct front_words *args, struct out *out);

static struct front_step too_long(void)
{
	return front_reply(STR("-ERR command is too long\r\n"));
}

static struct front_step complete(struct front *f, enum auth_method method)
{
	f->login.method = method;
	f->login.attempt++;
	return (struct front_step){.to = FRONT_IN_WAITING, .ev = FRONT_LOGIN};
}

static struct front_step on_user(struct front *f, const struct front_words *args, struct out *out)
{
	(void)out;
	if (arena_copy(f->store, args->v[0], &f->login.user) < 0)
		return too_long();
	return (struct front_step){.reply = OK, .to = FRONT_IN_USER};
}

static struct front_step on_pass(struct front *f, const struct front_words *args, struct out *out)
{
	(void)out;
	if (arena_copy(f->store, args->v[0], &f->login.pass) < 0)
		return too_long();
	return complete(f, AUTH_PLAIN);
}

static struct front_step on_apop(struct front *f, const struct front_words *args, struct out *out)
{
	struct login *l = &f->login;

	(void)out;
	if (arena_copy(f->store, args->v[0], &l->user) < 0 ||
	    arena_copy(f->store, args->v[1], &l->pass) < 0 || front_make_salt(f) < 0) {
		front_forget_login(f);
		return too_long();
	}
	return complete(f, AUTH_APOP);
}

/* What SASL mechanisms there are: behind a space, or each in a line of its own. */
static void write_mechanisms(const struct front *f, bool lines, struct out *out)
{
	for (int m = 0; m < SASL_COUNT; m++) {
		if (!(f->conf->methods & 1U << m))
			continue;
		if (!lines)
			out_byte(out, ' ');
		out_str(out, front_sasl_name((enum sasl_mechanism)m));
		if (lines)
			out_lit(out, "\r\n");
	}
}

static struct front_step on_auth(struct front *f, const struct front_words *args, struct out *out)
{
	if (args->n)
		return front_sasl_begin(f, args->v, args->n, out);
	out_lit(out, "+OK methods supported:\r\n");
	write_mechanisms(f, true, out);
	out_lit(out, ".\r\n");
	return front_reply(str_none());
}

static struct front_step on_capa(struct front *f, const struct front_words *args, struct out *out)
{
	bool plain_text = f->state == FRONT_IN_START && front_demands_tls(f);

	(void)args;
	out_lit(out, "+OK Capability list follows\r\n");
	for (uint32_t i = 0; i < f->conf->n_capabilities; i++) {
		struct str c = f->conf->capabilities[i];

		if (plain_text && str_eq_nocase(c, STR("USER")))
			continue;
		out_str(out, c);
		out_lit(out, "\r\n");
	}
	if (!plain_text) {
		out_lit(out, "SASL");
		write_mechanisms(f, false, out);
		out_lit(out, "\r\n");
	}
	if (f->state == FRONT_IN_START && front_offers_tls(f))
		out_lit(out, "STLS\r\n");
	out_lit(out, ".\r\n");
	return (struct front_step){.to = (enum front_state)f->state};
}

static struct front_step on_noop(struct front *f, const struct front_words *args, struct out *out)
{
	(void)args, (void)out;
	return (struct front_step){.reply = OK, .to = (enum front_state)f->state};
}

static struct front_step on_quit(struct front *f, const struct front_words *args, struct out *out)
{
	(void)f, (void)args, (void)out;
	return (struct front_step){.reply = OK, .to = FRONT_IN_DONE, .ev = FRONT_QUIT};
}

static struct front_step on_stls(struct front *f, const struct front_words *args, struct out *out)
{
	(void)f, (void)args, (void)out;
	return (struct front_step){.reply = OK, .to = FRONT_IN_TLS, .ev = FRONT_TLS};
}

/*
 * A proxy in front says whose session it is, as Dovecot's do to each other. We take from it only
 * how many proxies may follow: everybody can say the rest.
 */
static struct front_step on_xclient(struct front *f, const struct front_words *args,
				    struct out *out)
{
	bool good = true;

	(void)out;
	for (uint32_t i = 0; i < args->n; i++)
		if (str_starts_nocase(args->v[i], STR("TTL=")))
			good &= front_set_hops(f, str_from(args->v[i], 4));
	if (!front_loops(f))
		return front_reply(good ? STR("+OK Updated\r\n")
					: STR("-ERR invalid parameters\r\n"));
	f->reason = REASON_CLIENT_LOOP;
	return (struct front_step){.reply = STR("-ERR [SYS/PERM] proxies run in a circle\r\n"),
				   .to = FRONT_IN_DONE,
				   .ev = FRONT_FAIL};
}

/* What must hold for a command to run, beside its states. */
enum {
	TLS_TO_DO = 1, /* TLS is on offer and not up yet          */
	TLS_FIRST = 2, /* not in plain text where TLS is demanded */
	PLAIN = 4,     /* pop3_auth has plain                     */
	APOP = 8,      /* pop3_auth has apop                      */
	IDENTITY = 16, /* proxy_identity is on                    */
	/* all behind the verb is one argument, spaces inside and behind it included */
	ONE_ARG = 32,
};

enum { IN_START = 1 << FRONT_IN_START, IN_USER = 1 << FRONT_IN_USER, ARGS_MAX = 3 };

static const struct command {
	struct str name;
	handler *run;
	uint8_t args_min, args_max;
	uint8_t in; /* bit set of states */
	uint8_t needs;
} commands[] = {
	{STR_INIT("USER"), on_user, 1, 1, IN_START, ONE_ARG | PLAIN | TLS_FIRST},
	{STR_INIT("PASS"), on_pass, 1, 1, IN_USER, ONE_ARG},
	{STR_INIT("APOP"), on_apop, 2, 2, IN_START, APOP | TLS_FIRST},
	{STR_INIT("AUTH"), on_auth, 0, ARGS_MAX, IN_START, TLS_FIRST},
	{STR_INIT("CAPA"), on_capa, 0, ARGS_MAX, IN_START | IN_USER, 0},
	{STR_INIT("NOOP"), on_noop, 0, ARGS_MAX, IN_START | IN_USER, 0},
	{STR_INIT("QUIT"), on_quit, 0, ARGS_MAX, IN_START | IN_USER, 0},
	{STR_INIT("STLS"), on_stls, 0, ARGS_MAX, IN_START, TLS_TO_DO},
	{STR_INIT("XCLIENT"), on_xclient, 0, FRONT_WORDS_MAX, IN_START, IDENTITY},
};

/* XCLIENT is a command only where it has a meaning: NGINX does not know it. */
static const struct command *find_command(const struct front *f, struct str verb)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *c = &commands[i];

		if (str_eq_nocase(verb, c->name) && (!(c->needs & IDENTITY) || f->conf->identity))
			return c;
	}
	return NULL;
}

/* The table is the policy, this is its only reader. */
static bool may_run(const struct front *f, const struct command *c, uint32_t n_args)
{
	if (!(c->in & 1U << f->state) || n_args < c->args_min || n_args > c->args_max)
		return false;
	if (c->needs & TLS_TO_DO && !front_offers_tls(f))
		return false;
	if (c->needs & TLS_FIRST && front_demands_tls(f))
		return false;
	if (c->needs & PLAIN && !(f->conf->methods & 1U << SASL_PLAIN))
		return false;
	return !(c->needs & APOP) || f->conf->methods & 1U << FRONT_METHOD_APOP;
}

/* -1: no command of ours, or one that cannot be cut into arguments. */
static int cut(struct str rest, const struct command *c, struct front_words *args)
{
	if (!(c->needs & ONE_ARG))
		return front_split(rest, c->args_max > ARGS_MAX ? c->args_max : ARGS_MAX, args);
	if (str_find(rest, '\r') != rest.n)
		return -1;
	while (rest.n && rest.p[0] == ' ')
		rest = str_from(rest, 1);
	if (rest.n)
		args->v[args->n++] = rest;
	return 0;
}

static enum front_ev on_command(struct front *f, struct str text, struct out *out)
{
	struct str verb = str_first(text, str_find(text, ' '));
	const struct command *c = find_command(f, verb);
	struct front_words args = {0};

	if (!c || cut(str_from(text, verb.n), c, &args) < 0)
		return front_invalid(f, text, out);
	if (!may_run(f, c, args.n))
		return front_take(f, front_refused(f, out), out);
	return front_take(f, c->run(f, &args, out), out);
}

static enum front_ev on_line(struct front *f, struct str text, struct out *out)
{
	bool command = f->state == FRONT_IN_START || f->state == FRONT_IN_USER;

	return command ? on_command(f, text, out) : front_sasl_line(f, text, ARGS_MAX, out);
}

static bool glance(struct front *f, struct str line)
{
	(void)f;
	struct str verb = str_first(str_trim_sp(line), 4);

	return str_eq_nocase(verb, STR("AUTH")) || str_eq_nocase(verb, STR("PASS")) ||
	       str_eq_nocase(verb, STR("APOP"));
}

static void greet(const struct front *f, struct out *out)
{
	/* as Dovecot invites proxies */
	out_str(out, f->conf->identity ? STR("+OK [XCLIENT] POP3 ready") : STR("+OK POP3 ready"));
	if (front_has_challenge(f->conf)) {
		out_byte(out, ' ');
		front_write_salt(f, out);
	}
	out_lit(out, "\r\n");
}

static void say(const struct front *f, enum front_word word, struct out *out)
{
	switch (word) {
	case FRONT_SAY_GREETING:
		greet(f, out);
		break;
	case FRONT_SAY_INVALID:
		out_str(out, INVALID);
		break;
	case FRONT_SAY_AUTH_TOO_LONG:
		out_str(out, too_long().reply);
		break;
	case FRONT_SAY_TOO_MANY:
		out_lit(out, "-ERR too many commands\r\n");
		break;
	case FRONT_SAY_BARE_LF:
		out_lit(out, "-ERR bare LF is not a line end\r\n");
		break;
	case FRONT_SAY_ACCEPTED: /* the backend's reply to PASS follows */
		break;
	}
}

static void refuse(const struct front *f, const struct front_answer *a, struct out *out)
{
	struct str head = STR("-ERR ");

	(void)f;
	if (out_room(out) < head.n + 2)
		return;
	out_str(out, head);
	out_str(out, str_first(a->text, out_room(out) - 2));
	out_lit(out, "\r\n");
}

static void forget(struct front *f, bool all)
{
	(void)f, (void)all;
}

const struct front_engine pop3_front_engine = {
	.machine = &machine,
	.challenge = STR_INIT("+ "),
	.say = say,
	.line = on_line,
	.refuse = refuse,
	.forget = forget,
	.glance = glance,
};
