/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smtp_front_auth: the mechanisms of AUTH as a table: what each needs to be allowed, what it is
 * asked first, how an initial response is read. RFC 4954 with NGINX's replies; a cancelling "*"
 * is answered as the invalid base64 that it is. Never keeps a credential outside the store.
 */
#include "proto/smtp_front_auth.h"

#include "base/codec.h"
#include "base/must.h"
#include "proto/sasl.h"

typedef enum sasl_result decoder(struct arena *store, struct str response, struct login *l);

/* One question to the client, asked on entering its state. */
struct challenge {
	struct str text;
	decoder *decode;
	enum sasl_mechanism mechanism; /* for the log */
	enum smtp_front_state next;    /* SMTP_FRONT_WAITING: the login is complete */
};

static const struct challenge challenges[SMTP_FRONT_STATE_COUNT] = {
	[SMTP_FRONT_AUTH_PLAIN] = {STR_INIT("334 \r\n"), sasl_plain, SASL_PLAIN,
				   SMTP_FRONT_WAITING},
	[SMTP_FRONT_AUTH_LOGIN_USER] = {STR_INIT("334 VXNlcm5hbWU6\r\n"), sasl_login_user,
					SASL_LOGIN, SMTP_FRONT_AUTH_LOGIN_PASS},
	[SMTP_FRONT_AUTH_LOGIN_PASS] = {STR_INIT("334 UGFzc3dvcmQ6\r\n"), sasl_login_pass,
					SASL_LOGIN, SMTP_FRONT_WAITING},
	/* its text is the salt */
	[SMTP_FRONT_AUTH_CRAM_MD5] = {STR_INIT(""), sasl_cram_md5, SASL_CRAM_MD5,
				      SMTP_FRONT_WAITING},
	[SMTP_FRONT_AUTH_EXTERNAL] = {STR_INIT("334 VXNlcm5hbWU6\r\n"), sasl_external,
				      SASL_EXTERNAL, SMTP_FRONT_WAITING},
};

struct mechanism {
	struct str name;
	enum smtp_front_state first;
	uint32_t needs; /* methods of which one must be configured; 0: always there */
	uint32_t args_max;
};

static const struct mechanism mechanisms[] = {
	/* PLAIN and LOGIN work even where they are not listed: NGINX's clients count on it. */
	{STR_INIT("PLAIN"), SMTP_FRONT_AUTH_PLAIN, 0, 2},
	{STR_INIT("LOGIN"), SMTP_FRONT_AUTH_LOGIN_USER, 0, 2},
	{STR_INIT("CRAM-MD5"), SMTP_FRONT_AUTH_CRAM_MD5, 1U << SMTP_AUTH_CRAM_MD5, 1},
	{STR_INIT("EXTERNAL"), SMTP_FRONT_AUTH_EXTERNAL, 1U << SMTP_AUTH_EXTERNAL, 2},
};

static struct smtp_front_step refuse(struct str reply)
{
	return (struct smtp_front_step){.reply = reply, .to = SMTP_FRONT_START};
}

static struct smtp_front_step too_long(void)
{
	return refuse(STR("500 5.5.6 Authentication exchange line is too long\r\n"));
}

static const struct mechanism *find(const struct smtp_front *f, const struct smtp_front_line *line)
{
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
		const struct mechanism *m = &mechanisms[i];

		if (!str_eq_nocase(line->args[0], m->name))
			continue;
		if (m->needs && !(m->needs & f->conf->methods))
			return NULL;
		return line->n <= m->args_max ? m : NULL;
	}
	return NULL;
}

/* "<nonce@server_name>", RFC 2195: kept in the store for the auth service to check against. */
static int make_salt(struct smtp_front *f)
{
	struct str name = f->conf->server_name;
	size_t n = f->nonce_n + name.n + 1;
	uint8_t *p = arena_take(f->store, n);
	struct out salt;

	if (!p)
		return -1;
	out_init(&salt, p, n);
	out_str(&salt, str_of(f->nonce, f->nonce_n));
	out_str(&salt, name);
	out_byte(&salt, '>');
	f->login.salt = out_data(&salt);
	return 0;
}

static struct smtp_front_step challenge_cram_md5(struct smtp_front *f, struct out *out)
{
	if (make_salt(f) < 0)
		return too_long();
	out_lit(out, "334 ");
	codec_base64(out, f->login.salt);
	out_lit(out, "\r\n");
	return (struct smtp_front_step){.to = SMTP_FRONT_AUTH_CRAM_MD5};
}

static struct smtp_front_step complete(struct smtp_front *f)
{
	f->login.attempt++;
	return (struct smtp_front_step){.to = SMTP_FRONT_WAITING, .ev = FRONT_LOGIN};
}

/* `response` is the answer to what is asked in `state`. */
static struct smtp_front_step take(struct smtp_front *f, enum smtp_front_state state,
				   struct str response)
{
	const struct challenge *c = &challenges[state];
	enum sasl_result r = c->decode(f->store, response, &f->login);

	if (r == SASL_TOO_LONG)
		return too_long();
	if (r != SASL_OK) {
		f->note = sasl_note(c->mechanism, r);
		return refuse(SMTP_FRONT_INVALID);
	}
	if (c->next == SMTP_FRONT_WAITING)
		return complete(f);
	return (struct smtp_front_step){.reply = challenges[c->next].text, .to = c->next};
}

struct smtp_front_step smtp_front_auth_begin(struct smtp_front *f,
					     const struct smtp_front_line *line, struct out *out)
{
	const struct mechanism *m = find(f, line);

	if (!m)
		return refuse(SMTP_FRONT_INVALID);
	if (line->n == 2)
		return take(f, m->first, line->args[1]);
	if (m->first == SMTP_FRONT_AUTH_CRAM_MD5)
		return challenge_cram_md5(f, out);
	return (struct smtp_front_step){.reply = challenges[m->first].text, .to = m->first};
}

struct smtp_front_step smtp_front_auth_response(struct smtp_front *f, struct str response)
{
	must(challenges[f->state].decode);
	return take(f, f->state, response);
}
