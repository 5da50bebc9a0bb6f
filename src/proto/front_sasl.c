/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * front_sasl: the AUTH exchange as a table of challenges. A cancelling "*" is answered as the
 * invalid base64 that it is, as NGINX does. Never keeps a credential outside the store.
 */
#include "proto/front_sasl.h"

#include "base/codec.h"
#include "base/must.h"

static const struct machine_state states[SASL_STATE_COUNT] = {
#define FROM(s) (1U << SASL_##s)
#define FROM_ASKED                                                                                 \
	(FROM(ASKED_PLAIN) | FROM(ASKED_USER) | FROM(ASKED_PASS) | FROM(ASKED_CRAM_MD5) |          \
	 FROM(ASKED_EXTERNAL) | FROM(ASKED_XOAUTH2) | FROM(ASKED_OAUTHBEARER))
	[SASL_IDLE] = {"idle", FROM(IDLE) | FROM_ASKED | FROM(EXPLAINED)},
	[SASL_ASKED_PLAIN] = {"plain", FROM(IDLE)},
	[SASL_ASKED_USER] = {"login-user", FROM(IDLE)},
	[SASL_ASKED_PASS] = {"login-pass", FROM(IDLE) | FROM(ASKED_USER)},
	[SASL_ASKED_CRAM_MD5] = {"cram-md5", FROM(IDLE)},
	[SASL_ASKED_EXTERNAL] = {"external", FROM(IDLE)},
	[SASL_ASKED_XOAUTH2] = {"xoauth2", FROM(IDLE)},
	[SASL_ASKED_OAUTHBEARER] = {"oauthbearer", FROM(IDLE)},
	[SASL_EXPLAINED] = {"explained", FROM(IDLE)},
};

MACHINE(machine, "front_sasl", states);

typedef enum sasl_result decoder(struct arena *store, struct str response, struct login *l);

/* One question to the client. */
struct challenge {
	struct str text; /* base64; the salt instead where `salted` */
	decoder *decode;
	enum sasl_mechanism mechanism; /* for the log */
	enum sasl_state next;          /* SASL_IDLE: the login is complete */
	bool salted;
};

#define USERNAME STR_INIT("VXNlcm5hbWU6")
#define PASSWORD STR_INIT("UGFzc3dvcmQ6")
#define EMPTY    STR_INIT("")

static const struct challenge challenges[SASL_STATE_COUNT] = {
	[SASL_ASKED_PLAIN] = {EMPTY, sasl_plain, SASL_PLAIN, SASL_IDLE, false},
	[SASL_ASKED_USER] = {USERNAME, sasl_login_user, SASL_LOGIN, SASL_ASKED_PASS, false},
	[SASL_ASKED_PASS] = {PASSWORD, sasl_login_pass, SASL_LOGIN, SASL_IDLE, false},
	[SASL_ASKED_CRAM_MD5] = {EMPTY, sasl_cram_md5, SASL_CRAM_MD5, SASL_IDLE, true},
	[SASL_ASKED_EXTERNAL] = {USERNAME, sasl_external, SASL_EXTERNAL, SASL_IDLE, false},
	[SASL_ASKED_XOAUTH2] = {EMPTY, sasl_xoauth2, SASL_XOAUTH2, SASL_IDLE, false},
	[SASL_ASKED_OAUTHBEARER] = {EMPTY, sasl_oauthbearer, SASL_OAUTHBEARER, SASL_IDLE, false},
};

static const struct {
	struct str name;
	enum sasl_state first;
	uint32_t args_max;
} mechanisms[SASL_COUNT] = {
	[SASL_PLAIN] = {STR_INIT("PLAIN"), SASL_ASKED_PLAIN, 2},
	[SASL_LOGIN] = {STR_INIT("LOGIN"), SASL_ASKED_USER, 2},
	[SASL_CRAM_MD5] = {STR_INIT("CRAM-MD5"), SASL_ASKED_CRAM_MD5, 1},
	[SASL_EXTERNAL] = {STR_INIT("EXTERNAL"), SASL_ASKED_EXTERNAL, 2},
	[SASL_XOAUTH2] = {STR_INIT("XOAUTH2"), SASL_ASKED_XOAUTH2, 2},
	[SASL_OAUTHBEARER] = {STR_INIT("OAUTHBEARER"), SASL_ASKED_OAUTHBEARER, 2},
};

struct str front_sasl_name(enum sasl_mechanism m)
{
	return mechanisms[m].name;
}

static void enter(struct front *f, enum sasl_state to)
{
	machine_enter(&machine, &f->sasl, to);
}

void front_sasl_end(struct front *f)
{
	enter(f, SASL_IDLE);
}

static void write_challenge(const struct front *f, struct str text, struct out *out)
{
	out_str(out, front_engine(f)->challenge);
	out_str(out, text);
	out_lit(out, "\r\n");
}

static struct front_step too_long(struct front *f, struct out *out)
{
	front_engine(f)->say(f, FRONT_SAY_AUTH_TOO_LONG, out);
	return front_reply(str_none());
}

static struct front_step ask(struct front *f, enum sasl_state what, struct out *out)
{
	const struct challenge *c = &challenges[what];

	/* RFC 2195: the salt stays in the store for the auth service to check against. */
	if (c->salted && front_make_salt(f) < 0)
		return too_long(f, out);
	if (c->salted) {
		out_str(out, front_engine(f)->challenge);
		codec_base64(out, f->login.salt);
		out_lit(out, "\r\n");
	} else {
		write_challenge(f, c->text, out);
	}
	enter(f, what);
	return (struct front_step){.to = FRONT_IN_AUTH};
}

/* `response` is the answer to what is asked in `state`. */
static struct front_step take(struct front *f, enum sasl_state state, struct str response,
			      struct out *out)
{
	const struct challenge *c = &challenges[state];
	enum sasl_result r = c->decode(f->store, response, &f->login);

	if (r == SASL_TOO_LONG)
		return too_long(f, out);
	if (r != SASL_OK) {
		f->note = sasl_note(c->mechanism, r);
		return front_refused(f, out);
	}
	if (c->next != SASL_IDLE)
		return ask(f, c->next, out);
	f->login.attempt++;
	return (struct front_step){.to = FRONT_IN_WAITING, .ev = FRONT_LOGIN};
}

struct front_step front_sasl_begin(struct front *f, const struct str *args, uint32_t n,
				   struct out *out)
{
	uint32_t allowed = front_sasl_methods(f->conf);

	for (uint32_t m = 0; m < SASL_COUNT; m++) {
		if (!(allowed & 1U << m) || !str_eq_nocase(args[0], mechanisms[m].name))
			continue;
		if (n > mechanisms[m].args_max)
			break;
		if (n == 2)
			return take(f, mechanisms[m].first, args[1], out);
		return ask(f, mechanisms[m].first, out);
	}
	return front_refused(f, out);
}

/* The refusal that front_sasl_explain() has kept. */
static struct front_step refusal(struct front *f, struct str response, struct out *out)
{
	struct str want = f->login.method == AUTH_OAUTHBEARER ? STR("AQ==") : str_none();
	struct str kept =
		str_of(f->store->base + f->auth_mark, arena_mark(f->store) - f->auth_mark);

	if (!f->closes && !str_eq(response, want))
		return front_refused(f, out);
	out_str(out, kept);
	if (!f->closes)
		return front_reply(str_none());
	f->reason = REASON_CLIENT_REFUSED;
	return (struct front_step){.to = FRONT_IN_DONE, .ev = FRONT_FAIL};
}

/* Only the first word counts, as in NGINX; one that begins with a space is empty. Of a refusal
 * nobody gets rid by answering oddly. */
enum front_ev front_sasl_line(struct front *f, struct str text, uint32_t words_max, struct out *out)
{
	struct front_words words = {0};
	struct str response = str_first(text, str_find(text, ' '));
	bool odd = front_split(str_from(text, response.n), words_max - 1, &words) < 0 ||
		   str_find(response, '\r') < response.n;

	if (odd && f->state != FRONT_IN_REFUSAL)
		return front_invalid(f, text, out);
	return front_take(f, front_sasl_response(f, response, out), out);
}

struct front_step front_sasl_response(struct front *f, struct str response, struct out *out)
{
	if (f->sasl == SASL_EXPLAINED)
		return refusal(f, response, out);
	must(challenges[f->sasl].decode);
	return take(f, (enum sasl_state)f->sasl, response, out);
}

enum { REFUSAL_MIN = 128 /* room for a refusal worth keeping */ };

/* The refusal as it will be said, in the store: nothing else of this login is left there. */
static bool keep_refusal(struct front *f, const struct front_answer *a)
{
	size_t room = f->store->size - f->auth_mark;
	struct out o;

	if (room < REFUSAL_MIN)
		return false;
	front_forget_login(f);
	room = room < FRONT_REPLY_MAX ? room : FRONT_REPLY_MAX;
	out_init(&o, arena_take(f->store, room), room);
	front_engine(f)->refuse(f, a, &o);
	arena_reset_to(f->store, f->auth_mark + out_data(&o).n);
	return true;
}

bool front_sasl_explain(struct front *f, const struct front_answer *a, struct out *out)
{
	bool bearer = f->login.method == AUTH_XOAUTH2 || f->login.method == AUTH_OAUTHBEARER;
	size_t around = front_engine(f)->challenge.n + 2;

	if (!bearer || !a->sasl.n || str_has_ctl(a->sasl) || out_room(out) < a->sasl.n + around ||
	    !keep_refusal(f, a))
		return false;
	write_challenge(f, a->sasl, out);
	f->closes = a->closes;
	enter(f, SASL_EXPLAINED);
	return true;
}
