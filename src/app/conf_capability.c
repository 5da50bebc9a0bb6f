/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_capability: the table of capabilities that a client may use before it logs in. After the
 * login everything is between it and the mail server; what clients use only then is not here, and
 * neither is what the engines do understand: PIPELINING, SASL-IR, LITERAL+.
 *
 * RFC 1870 and others for SMTP, 2449, 6856 for POP3, 2971, 4978, 5255 for IMAP.
 */
#include "app/conf_capability.h"

#include "proto/sasl.h"

enum trouble {
	ANNOUNCED, /* another directive makes it work, and announces it where it does */
	REFUSED,   /* its command is refused before login */
	NEEDS_IMAP_ID,
	NEEDS_PLAIN,  /* USER and PASS */
	DENIES_PLAIN, /* says that there is no LOGIN */
};

static const struct capability {
	enum protocol protocol;
	enum trouble trouble;
	struct str name; /* ends in "=": and whatever follows */
	const char *directive;
} capabilities[] = {
	{PROTOCOL_SMTP, ANNOUNCED, STR_INIT("STARTTLS"), "starttls"},
	{PROTOCOL_SMTP, ANNOUNCED, STR_INIT("AUTH"), "smtp_auth"},
	{PROTOCOL_SMTP, ANNOUNCED, STR_INIT("AUTH="), "smtp_auth"},
	{PROTOCOL_SMTP, REFUSED, STR_INIT("XCLIENT"), NULL},
	{PROTOCOL_SMTP, REFUSED, STR_INIT("XFORWARD"), NULL},
	{PROTOCOL_SMTP, REFUSED, STR_INIT("ETRN"), NULL},
	{PROTOCOL_SMTP, REFUSED, STR_INIT("VRFY"), NULL},
	{PROTOCOL_SMTP, REFUSED, STR_INIT("EXPN"), NULL},
	{PROTOCOL_SMTP, REFUSED, STR_INIT("HELP"), NULL},
	{PROTOCOL_POP3, ANNOUNCED, STR_INIT("STLS"), "starttls"},
	{PROTOCOL_POP3, ANNOUNCED, STR_INIT("SASL"), "pop3_auth"},
	{PROTOCOL_POP3, NEEDS_PLAIN, STR_INIT("USER"), "pop3_auth"},
	{PROTOCOL_POP3, REFUSED, STR_INIT("UTF8"), NULL},
	{PROTOCOL_POP3, REFUSED, STR_INIT("LANG"), NULL},
	{PROTOCOL_IMAP, ANNOUNCED, STR_INIT("STARTTLS"), "starttls"},
	{PROTOCOL_IMAP, ANNOUNCED, STR_INIT("AUTH="), "imap_auth"},
	{PROTOCOL_IMAP, DENIES_PLAIN, STR_INIT("LOGINDISABLED"), "imap_auth"},
	{PROTOCOL_IMAP, NEEDS_IMAP_ID, STR_INIT("ID"), "imap_id"},
	{PROTOCOL_IMAP, REFUSED, STR_INIT("COMPRESS="), NULL},
	{PROTOCOL_IMAP, REFUSED, STR_INIT("LANGUAGE"), NULL},
};

static bool is_named(const struct capability *x, struct str word)
{
	if (x->name.p[x->name.n - 1] == '=')
		return str_starts_nocase(word, x->name);
	return str_eq_nocase(str_first(word, str_find(word, ' ')), x->name);
}

static const struct capability *find(enum protocol protocol, struct str word)
{
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		if (capabilities[i].protocol == protocol && is_named(&capabilities[i], word))
			return &capabilities[i];
	return NULL;
}

/* One word of a list. */
struct promise {
	struct conf_where where;
	const char *list;
	struct str word;
};

static void warn(struct conf_build *b, const struct promise *p, const struct capability *x)
{
	switch (x->trouble) {
	case ANNOUNCED:
		conf_build_warn(b, p->where,
				"\"%.*s\" in \"%s\" does not make it work before login: \"%s\" "
				"does, and announces it",
				CONF_STR(p->word), p->list, x->directive);
		break;
	case REFUSED:
		conf_build_warn(b, p->where,
				"\"%.*s\" in \"%s\" cannot work before login: its command is "
				"refused until then",
				CONF_STR(p->word), p->list);
		break;
	case NEEDS_IMAP_ID:
		conf_build_warn(b, p->where,
				"\"%.*s\" in \"%s\" cannot work before login without \"imap_id "
				"on\"",
				CONF_STR(p->word), p->list);
		break;
	case NEEDS_PLAIN:
		conf_build_warn(b, p->where,
				"\"%.*s\" in \"%s\" cannot work: \"%s\" does not have \"plain\"",
				CONF_STR(p->word), p->list, x->directive);
		break;
	case DENIES_PLAIN:
		conf_build_warn(b, p->where,
				"\"%.*s\" in \"%s\" keeps clients from logging in, though \"%s\" "
				"has \"plain\"",
				CONF_STR(p->word), p->list, x->directive);
		break;
	}
}

static bool applies(const struct conf_settings *s, enum trouble trouble)
{
	bool plain = s->methods[s->protocol] & 1U << SASL_PLAIN;

	switch (trouble) {
	case NEEDS_IMAP_ID:
		return !s->imap_id && !s->identity;
	case NEEDS_PLAIN:
		return !plain;
	case DENIES_PLAIN:
		return plain;
	case ANNOUNCED:
	case REFUSED:
		return true;
	}
	return false;
}

void conf_capability_check(struct conf_build *b, const struct conf_settings *s)
{
	static const char *const lists[] = {
		[PROTOCOL_SMTP] = "smtp_capabilities",
		[PROTOCOL_POP3] = "pop3_capabilities",
		[PROTOCOL_IMAP] = "imap_capabilities",
	};
	const struct conf_words *words = &s->capabilities[s->protocol];
	struct promise p = {.where = words->where.file ? words->where : s->where,
			    .list = lists[s->protocol]};

	for (uint32_t i = 0; i < words->n; i++) {
		const struct capability *x = find((enum protocol)s->protocol, words->v[i]);

		p.word = words->v[i];
		if (x && applies(s, x->trouble))
			warn(b, &p, x);
	}
}
