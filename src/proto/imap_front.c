/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imap_front: the server side of an IMAP session until login (RFC 3501, 7888, 2971, 4959). A
 * command may come in several pieces, lines and literals; its arguments are put aside in the store
 * and it runs when it is whole. Its tag stays for every reply until the next command.
 *
 * The store holds the arguments of one command, one behind the other, then what its login needs.
 */
#include "proto/front_engine.h"
#include "proto/front_sasl.h"
#include "proto/imap_text.h"

#include <string.h>

static const struct machine_state states[FRONT_STATE_COUNT] = {
#define FROM(s) (1U << FRONT_IN_##s)
	[FRONT_IN_START] = {"start", FROM(START) | FROM(LITERAL) | FROM(AUTH) | FROM(REFUSAL) |
					     FROM(WAITING) | FROM(TLS)},
	[FRONT_IN_LITERAL] = {"literal", FROM(START) | FROM(LITERAL)},
	[FRONT_IN_AUTH] = {"auth", FROM(START) | FROM(LITERAL) | FROM(AUTH)},
	[FRONT_IN_REFUSAL] = {"refusal", FROM(WAITING)},
	[FRONT_IN_WAITING] = {"waiting", FROM(START) | FROM(LITERAL) | FROM(AUTH)},
	[FRONT_IN_TLS] = {"tls", FROM(START) | FROM(LITERAL)},
	[FRONT_IN_DONE] = {"done", FROM(START) | FROM(LITERAL) | FROM(AUTH) | FROM(REFUSAL) |
					   FROM(WAITING)},
};

MACHINE(machine, "imap_front", states);

typedef struct front_step handler(struct front *f, struct out *out);

/* ---- replies ---- */

static bool is_listed(const struct front_conf *conf, struct str capability)
{
	for (uint32_t i = 0; i < conf->n_capabilities; i++)
		if (str_eq_nocase(conf->capabilities[i], capability))
			return true;
	return false;
}

static void write_capabilities(const struct front *f, struct out *out)
{
	const struct front_conf *conf = f->conf;

	for (uint32_t i = 0; i < conf->n_capabilities; i++) {
		out_byte(out, ' ');
		out_str(out, conf->capabilities[i]);
	}
	if (conf->identity && !is_listed(conf, STR("ID")))
		out_lit(out, " ID");
	for (int m = 0; m < SASL_COUNT && !front_demands_tls(f); m++) {
		if (!(conf->methods & 1U << m))
			continue;
		out_lit(out, " AUTH=");
		out_str(out, front_sasl_name((enum sasl_mechanism)m));
	}
	if (front_offers_tls(f))
		out_lit(out, " STARTTLS");
	if (front_demands_tls(f))
		out_lit(out, " LOGINDISABLED");
}

/* A proxy in front looks for ID in the greeting, before it says what it knows. */
static void greet(const struct front *f, struct out *out)
{
	out_lit(out, "* OK ");
	if (f->conf->identity) {
		out_lit(out, "[CAPABILITY");
		write_capabilities(f, out);
		out_lit(out, "] ");
	}
	out_lit(out, "IMAP4 ready\r\n");
}

static void write_tag(const struct front *f, struct out *out)
{
	struct str tag = str_of(f->u.imap.tag, f->u.imap.tag_n);

	out_str(out, tag.n ? tag : STR("*"));
}

static struct front_step completed(const struct front *f, struct out *out)
{
	write_tag(f, out);
	out_lit(out, " OK completed\r\n");
	return front_reply(str_none());
}

static void say(const struct front *f, enum front_word word, struct out *out)
{
	switch (word) {
	case FRONT_SAY_GREETING:
		greet(f, out);
		break;
	case FRONT_SAY_INVALID:
		write_tag(f, out);
		out_lit(out, " BAD invalid command\r\n");
		break;
	case FRONT_SAY_AUTH_TOO_LONG:
		write_tag(f, out);
		out_lit(out, " BAD response is too long\r\n");
		break;
	case FRONT_SAY_TOO_MANY:
		out_lit(out, "* BYE too many commands\r\n");
		break;
	case FRONT_SAY_BARE_LF:
		out_lit(out, "* BYE bare LF is not a line end\r\n");
		break;
	case FRONT_SAY_ACCEPTED: /* the backend's own tagged line follows */
		break;
	}
}

static void refuse(const struct front *f, const struct front_answer *a, struct out *out)
{
	enum { AROUND = FRONT_TAG_MAX + sizeof(" NO \r\n") };

	if (out_room(out) < AROUND)
		return;
	write_tag(f, out);
	out_lit(out, " NO ");
	out_str(out, str_first(a->text, out_room(out) - 2));
	out_lit(out, "\r\n");
}

/* ---- arguments ---- */

static struct str argument(const struct front *f, uint32_t i)
{
	const uint8_t *p = f->store->base + f->auth_mark;

	for (uint32_t before = 0; before < i; before++)
		p += f->u.imap.size[before];
	return str_of(p, f->u.imap.size[i]);
}

/* How a piece of a command ends. */
enum piece { PIECE_LAST, PIECE_LITERAL, PIECE_INVALID };

static int add_argument(struct front *f, struct str text)
{
	struct str copy;

	if (f->u.imap.n == FRONT_ARGUMENTS_MAX || arena_copy(f->store, text, &copy) < 0)
		return -1;
	f->u.imap.size[f->u.imap.n++] = (uint32_t)text.n;
	return 0;
}

/* Behind the opening quote; *rest becomes what is behind the closing one. An open quote ends with
 * its line, as in NGINX. */
static int add_quoted(struct front *f, struct str *rest)
{
	uint8_t *to = arena_take(f->store, rest->n);
	size_t mark = arena_mark(f->store) - rest->n, i = 0, n = 0;

	if (f->u.imap.n == FRONT_ARGUMENTS_MAX || !to)
		return -1;
	for (; i < rest->n && rest->p[i] != '"'; i++) {
		if (rest->p[i] == '\\' && ++i == rest->n)
			return -1;
		to[n++] = rest->p[i];
	}
	arena_reset_to(f->store, mark + n);
	f->u.imap.size[f->u.imap.n++] = (uint32_t)n;
	*rest = str_from(*rest, i + 1);
	return 0;
}

/* The bytes of an empty literal have come already: the rest of its line is next. */
static enum piece await(struct front *f, const struct imap_literal *literal, struct out *out)
{
	if (!literal->nonsync)
		out_lit(out, "+ OK\r\n");
	f->literal = literal->size;
	f->u.imap.in_literal = literal->size != 0;
	return PIECE_LITERAL;
}

static enum piece add_literal(struct front *f, struct str spec, struct out *out)
{
	struct imap_literal literal;

	if (f->u.imap.n == FRONT_ARGUMENTS_MAX || imap_text_literal(spec, &literal) < 0)
		return PIECE_INVALID;
	if (literal.size == 0 && add_argument(f, str_none()) < 0)
		return PIECE_INVALID;
	return await(f, &literal, out);
}

static enum piece add_arguments(struct front *f, struct str rest, struct out *out)
{
	while (rest.n) {
		size_t word = str_find(rest, ' ');

		if (rest.p[0] == '{')
			return add_literal(f, rest, out);
		if (rest.p[0] == '"') {
			rest = str_from(rest, 1);
			if (add_quoted(f, &rest) < 0)
				return PIECE_INVALID;
			continue;
		}
		if (word && add_argument(f, str_first(rest, word)) < 0)
			return PIECE_INVALID;
		rest = str_from(rest, word ? word : 1);
	}
	return PIECE_LAST;
}

/* ---- commands ---- */

static struct front_step on_capability(struct front *f, struct out *out)
{
	out_lit(out, "* CAPABILITY");
	write_capabilities(f, out);
	out_lit(out, "\r\n");
	return completed(f, out);
}

static struct front_step on_noop(struct front *f, struct out *out)
{
	return completed(f, out);
}

static struct front_step on_logout(struct front *f, struct out *out)
{
	out_lit(out, "* BYE\r\n");
	completed(f, out);
	return (struct front_step){.to = FRONT_IN_DONE, .ev = FRONT_QUIT};
}

static struct front_step on_starttls(struct front *f, struct out *out)
{
	if (!front_offers_tls(f))
		return front_refused(f, out);
	completed(f, out);
	return (struct front_step){.to = FRONT_IN_TLS, .ev = FRONT_TLS};
}

static struct front_step on_login(struct front *f, struct out *out)
{
	struct login *l = &f->login;

	if (front_demands_tls(f) || !(f->conf->methods & 1U << SASL_PLAIN) || f->u.imap.n != 2 ||
	    !f->u.imap.size[0])
		return front_refused(f, out);
	l->method = AUTH_PLAIN;
	l->user = argument(f, 0);
	l->pass = argument(f, 1);
	l->attempt++;
	return (struct front_step){.to = FRONT_IN_WAITING, .ev = FRONT_LOGIN};
}

static struct front_step on_authenticate(struct front *f, struct out *out)
{
	struct str args[FRONT_ARGUMENTS_MAX];

	if (front_demands_tls(f) || !f->u.imap.n)
		return front_refused(f, out);
	for (uint32_t i = 0; i < f->u.imap.n; i++)
		args[i] = argument(f, i);
	return front_sasl_begin(f, args, f->u.imap.n, out);
}

/* RFC 2971: whoever asks is told nothing, and of what it says, only hear() keeps something. */
static struct front_step on_id(struct front *f, struct out *out)
{
	if (front_loops(f)) {
		out_lit(out, "* BYE proxies run in a circle\r\n");
		write_tag(f, out);
		out_lit(out, " NO [CONTACTADMIN] proxies run in a circle\r\n");
		f->reason = REASON_CLIENT_LOOP;
		return (struct front_step){.to = FRONT_IN_DONE, .ev = FRONT_FAIL};
	}
	out_lit(out, "* ID NIL\r\n");
	return completed(f, out);
}

static const struct command {
	struct str name;
	handler *run;
	bool id; /* its arguments are RFC 2971's list: passed over */
} commands[] = {
	{STR_INIT("NOOP"), on_noop, false},
	{STR_INIT("LOGIN"), on_login, false},
	{STR_INIT("LOGOUT"), on_logout, false},
	{STR_INIT("STARTTLS"), on_starttls, false},
	{STR_INIT("CAPABILITY"), on_capability, false},
	{STR_INIT("AUTHENTICATE"), on_authenticate, false},
	{STR_INIT("ID"), on_id, true},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static uint8_t find_command(const struct front *f, struct str verb)
{
	uint8_t i = 0;

	while (i < COMMANDS && !str_eq_nocase(verb, commands[i].name))
		i++;
	if (i < COMMANDS && commands[i].id && !f->conf->id && !f->conf->identity)
		return COMMANDS;
	return i;
}

/* ---- pieces of a command ---- */

/* Behind a literal that the client does not wait to be asked for, nobody knows where the next
 * command begins. */
static enum front_ev invalid(struct front *f, struct str text, struct out *out)
{
	front_forget_login(f);
	if (!imap_text_is_unsynced(text))
		return front_invalid(f, text, out);
	say(f, FRONT_SAY_INVALID, out);
	return front_fail(f, REASON_CLIENT_LITERAL);
}

static enum front_ev run(struct front *f, struct out *out)
{
	struct front_step step = commands[f->u.imap.command].run(f, out);

	if (step.to == FRONT_IN_START)
		front_forget_login(f);
	return front_take(f, step, out);
}

/* A proxy in front says whose session it is. We take from it only how many proxies may follow, if
 * that is a number: everybody can say the rest. */
static void hear(struct front *f, struct str list)
{
	(void)(f->conf->identity && front_set_hops(f, imap_text_ttl(list)));
}

/* The list of ID: besides that, only its literals matter, for they have to be read. */
static enum piece pass_over(struct front *f, struct str text, struct out *out)
{
	struct imap_literal literal;
	size_t at = text.n;

	hear(f, text);
	if (front_loops(f))
		return PIECE_LAST; /* it ends here, whatever else would come */
	while (at && text.p[at - 1] != '{')
		at--;
	if (!at || imap_text_literal(str_from(text, at - 1), &literal) < 0)
		return imap_text_is_unsynced(text) ? PIECE_INVALID : PIECE_LAST;
	return await(f, &literal, out);
}

/* A line of a command, from behind its verb or behind a literal. */
static enum front_ev go_on(struct front *f, struct str text, struct str rest, struct out *out)
{
	bool id = commands[f->u.imap.command].id;

	/* A CR is only good in front of LF. */
	if (str_find(text, '\r') != text.n)
		return invalid(f, text, out);
	switch (id ? pass_over(f, rest, out) : add_arguments(f, rest, out)) {
	case PIECE_INVALID:
		return invalid(f, text, out);
	case PIECE_LITERAL:
		return front_take(f, (struct front_step){.to = FRONT_IN_LITERAL}, out);
	case PIECE_LAST:
		break;
	}
	return run(f, out);
}

/* Its tag if it has one, for every reply to it. */
static size_t keep_tag(struct front *f, struct str line)
{
	size_t n = imap_text_tag(line, FRONT_TAG_MAX);

	/* Nothing of the last one stays: a password typed at the wrong place looks like a tag. */
	memset(f->u.imap.tag, 0, sizeof(f->u.imap.tag));
	memcpy(f->u.imap.tag, line.p, n);
	f->u.imap.tag_n = (uint8_t)n;
	f->login.tag = str_of(f->u.imap.tag, n);
	return n;
}

static enum front_ev on_command(struct front *f, struct str text, struct out *out)
{
	size_t tag = keep_tag(f, text);
	struct str rest = str_from(text, tag + 1), verb;

	f->u.imap.n = 0;
	if (!tag)
		return invalid(f, text, out);
	while (rest.n && rest.p[0] == ' ')
		rest = str_from(rest, 1);
	verb = str_first(rest, str_find(rest, ' '));
	f->u.imap.command = find_command(f, verb);
	if (f->u.imap.command == COMMANDS)
		return invalid(f, text, out);
	return go_on(f, text, str_from(rest, verb.n), out);
}

/* The byte behind a literal is a space, whatever it is, as in NGINX; but not a CR. */
static enum front_ev behind_literal(struct front *f, struct str text, struct out *out)
{
	bool kept = text.n && (text.p[0] == '{' || text.p[0] == '\r');

	return go_on(f, text, kept ? text : str_from(text, 1), out);
}

static enum front_ev on_literal(struct front *f, struct str bytes, struct out *out)
{
	bool id = commands[f->u.imap.command].id;

	f->u.imap.in_literal = false;
	if (!id && add_argument(f, bytes) < 0) {
		/* The rest of its line is no command. */
		say(f, FRONT_SAY_INVALID, out);
		return front_fail(f, REASON_CLIENT_LITERAL);
	}
	return front_take(f, (struct front_step){.to = FRONT_IN_LITERAL}, out);
}

static enum front_ev on_line(struct front *f, struct str text, struct out *out)
{
	if (f->state == FRONT_IN_START)
		return on_command(f, text, out);
	if (f->state != FRONT_IN_LITERAL)
		return front_sasl_line(f, text, FRONT_ARGUMENTS_MAX, out);
	return f->u.imap.in_literal ? on_literal(f, text, out) : behind_literal(f, text, out);
}

static void forget(struct front *f, bool all)
{
	(void)all;
	f->u.imap.n = 0;
	f->u.imap.in_literal = false;
	f->literal = 0;
}

static bool logs_in(struct str words)
{
	return str_starts_nocase(words, STR("LOGIN")) || str_starts_nocase(words, STR("AUTH"));
}

/* What is no tag to us may be one to the client, which may also have forgotten it. */
static bool glance(struct front *f, struct str line)
{
	if (f->state == FRONT_IN_START)
		(void)keep_tag(f, line);
	line = str_trim_sp(line);
	return logs_in(line) || logs_in(str_trim_sp(str_from(line, str_find(line, ' '))));
}

const struct front_engine imap_front_engine = {
	.machine = &machine,
	.challenge = STR_INIT("+ "),
	.say = say,
	.line = on_line,
	.refuse = refuse,
	.forget = forget,
	.glance = glance,
};
