/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_tls_build: asks for what is missing, reads the files, and lays everything out as the floor
 * below wants it.
 */
#include "app/conf_tls_build.h"

#include "tls/validity.h"

#include "app/conf_files.h"
#include "app/conf_names.h"
#include "app/conf_opened.h"
#include "app/conf_tls_command.h"

#include <string.h>
#include <time.h>

/* What asks for TLS, in the words of errors. */
struct demand {
	const char *name; /* NULL: nothing does */
	struct conf_where where;
};

/* What has been opened for a server, for the next that says the same. */
struct conf_tls_made {
	const struct conf_settings *settings;
	const struct acceptor *acceptor;
};

static struct demand demand_of(const struct conf_build *b, const struct conf_settings *s)
{
	const struct conf_build_listen *l = b->listens.items;
	struct demand d = {NULL, s->where};

	for (uint32_t i = 0; i < b->listens.n; i++)
		if (l[i].server == s && l[i].listen.ssl)
			d = (struct demand){"listen ... ssl", l[i].where};
	if (!d.name && s->ssl.value)
		d = (struct demand){"ssl", s->ssl.where};
	if (!d.name && s->starttls.value != STARTTLS_OFF)
		d = (struct demand){"starttls", s->starttls.where};
	return d;
}

static struct conf_file *file_at(const struct conf_vec *files, uint32_t i)
{
	return ((struct conf_file *const *)files->items)[i];
}

static int missing(struct conf_build *b, const char *what, struct demand d)
{
	conf_error_at(b->error, d.where, "no \"%s\" is defined for the \"%s\" directive", what,
		      d.name);
	return conf_error_help(b->error, "add \"%s FILE;\", a file in PEM form", what);
}

static int check_pairs(struct conf_build *b, const struct conf_tls *tls, struct demand d)
{
	if (!tls->certificates.n)
		return missing(b, "ssl_certificate", d);
	if (!tls->keys.n)
		return missing(b, "ssl_certificate_key", d);
	if (tls->keys.n < tls->certificates.n)
		return conf_error_at(
			b->error, d.where,
			"no \"ssl_certificate_key\" is defined for certificate \"%.*s\" and the "
			"\"%s\" directive",
			CONF_STR(file_at(&tls->certificates, tls->keys.n)->written), d.name);
	return 0;
}

/* Clients will say so, too, but later and less clearly. */
static void warn_of_age(struct conf_build *b, const struct conf_file *chain)
{
	int64_t now_s = (int64_t)time(NULL);
	struct validity v;

	if (validity_read(chain->file.bytes, &v))
		return;
	if (v.to_s < now_s)
		conf_build_warn(b, chain->where, "the certificate \"%s\" has expired",
				(const char *)chain->file.name.p);
	else if (v.from_s > now_s)
		conf_build_warn(b, chain->where, "the certificate \"%s\" is not valid yet",
				(const char *)chain->file.name.p);
}

/* One pair for each certificate; keys that are left over are nobody's. */
static int identities(struct conf_build *b, const struct conf_tls *tls, struct tls_identities *to)
{
	struct tls_identity *all = conf_pool_take(b->pool, tls->certificates.n * sizeof(*all));
	struct conf_vec passwords = {0};

	if (tls->passwords) {
		if (conf_files_read(b, tls->passwords, NULL))
			return -1;
		passwords = conf_files_lines(b, tls->passwords);
	}
	for (uint32_t i = 0; i < tls->certificates.n; i++) {
		struct conf_file *chain = file_at(&tls->certificates, i);
		struct conf_file *key = file_at(&tls->keys, i);

		if (conf_files_read(b, chain, "certificate") || conf_files_read_key(b, key))
			return -1;
		warn_of_age(b, chain);
		all[i] =
			(struct tls_identity){chain->file, key->file, passwords.items, passwords.n};
	}
	*to = (struct tls_identities){all, tls->certificates.n};
	return 0;
}

static int name_of_block(struct conf_build *b, struct conf_settings *block,
			 const struct conf_settings *s, struct tls_name *to)
{
	struct conf_tls *tls = &block->tls;

	if (check_pairs(b, tls, (struct demand){"ssl_server_name", block->where}))
		return -1;
	if (!conf_build_seen(block, conf_table_find(STR("ssl_password_file"))))
		tls->passwords = s->tls.passwords;
	*to = (struct tls_name){.names = tls->own.items, .n_names = tls->own.n};
	return identities(b, tls, &to->identities);
}

static int names(struct conf_build *b, const struct conf_settings *s, struct tls_acceptor_conf *to)
{
	struct conf_settings *const *blocks = s->tls.names.items;
	struct tls_name *all = conf_pool_take(b->pool, s->tls.names.n * sizeof(*all));

	for (uint32_t i = 0; i < s->tls.names.n; i++)
		if (name_of_block(b, blocks[i], s, &all[i]))
			return -1;
	to->names = all;
	to->n_names = s->tls.names.n;
	return 0;
}

static int optional(struct conf_build *b, struct conf_file *f, const char *what,
		    struct tls_file *to)
{
	if (!f)
		return 0;
	if (conf_files_read(b, f, what))
		return -1;
	*to = f->file;
	return 0;
}

static int ticket_keys(struct conf_build *b, const struct conf_tls *tls,
		       struct tls_acceptor_conf *to)
{
	struct tls_file *all = conf_pool_take(b->pool, tls->ticket_keys.n * sizeof(*all));

	for (uint32_t i = 0; i < tls->ticket_keys.n; i++) {
		struct conf_file *f = file_at(&tls->ticket_keys, i);

		if (conf_files_read(b, f, NULL))
			return -1;
		if (f->file.bytes.n != 48 && f->file.bytes.n != 80) {
			conf_error_at(b->error, f->where, "\"%s\" must be 48 or 80 bytes",
				      (const char *)f->file.name.p);
			return conf_error_help(b->error, "make one: openssl rand 80 > FILE");
		}
		all[i] = f->file;
	}
	to->ticket_keys = all;
	to->n_ticket_keys = tls->ticket_keys.n;
	return 0;
}

static bool needs_ca(const struct conf_tls *tls)
{
	return (tls->verify.value == TLS_VERIFY_ON || tls->verify.value == TLS_VERIFY_OPTIONAL) &&
	       !tls->client_ca && !tls->trusted_ca;
}

static int clients(struct conf_build *b, const struct conf_tls *tls, struct tls_acceptor_conf *to)
{
	if (needs_ca(tls)) {
		conf_error_at(b->error, tls->verify.where,
			      "no ssl_client_certificate for ssl_verify_client");
		return conf_error_help(b->error, "whom shall clients' certificates be signed by?");
	}
	to->verify = (enum tls_verify)tls->verify.value;
	to->verify_depth = (uint32_t)tls->verify_depth;
	return optional(b, tls->client_ca, "client certificates", &to->client_ca) ||
			       optional(b, tls->trusted_ca, "trusted certificates",
					&to->trusted_ca) ||
			       optional(b, tls->crl, "CRL", &to->crl)
		       ? -1
		       : 0;
}

static struct str alpn_of(const struct conf_settings *s)
{
	static const struct str all[] = {
		[PROTOCOL_SMTP] = STR_INIT("smtp"),
		[PROTOCOL_POP3] = STR_INIT("pop3"),
		[PROTOCOL_IMAP] = STR_INIT("imap"),
	};

	return all[s->protocol];
}

/*
 * Sessions may be resumed where the same clients are let in for the same reasons, also on another
 * machine and after a reload.
 */
static struct str context_of(struct conf_build *b, const struct tls_acceptor_conf *conf)
{
	char digits[] = {'/', (char)('0' + conf->verify), '/', '\0'};
	struct str context = conf_pool_join(b->pool, conf->alpn, str_cstr(digits));

	if (conf->verify == TLS_VERIFY_OFF)
		return context;
	context = conf_pool_join(b->pool, context, conf->client_ca.bytes);
	return conf_pool_join(b->pool, context, conf->trusted_ca.bytes);
}

static int cache(struct conf_build *b, struct conf_tls_cache *c, struct tls_acceptor_conf *to)
{
	if (!c)
		return 0;
	if (!c->opened)
		c->opened = conf_opened_cache(b->opened, b->pool, c->bytes);
	to->cache = c->opened;
	if (c->opened)
		return 0;
	return conf_error_say(b->error, "no memory for a session cache of %llu bytes",
			      (unsigned long long)c->bytes);
}

static int commands(struct conf_build *b, const struct conf_tls *tls, struct tls_acceptor_conf *to)
{
	const struct conf_tls_command *all = tls->commands.items;

	for (uint32_t i = 0; i < tls->commands.n; i++)
		if (conf_tls_command_apply(b, &all[i], to))
			return -1;
	return 0;
}

/* What the default has is of no use to the versions before TLS 1.2, which somebody has named: they
 * get NGINX's. */
static struct str ciphers_of(const struct conf_build *b, const struct conf_settings *s)
{
	const struct conf_row *row = conf_table_find(STR("ssl_ciphers"));
	bool said = conf_build_seen(s, row) || conf_build_seen(&b->mail, row);

	return !said && s->tls.versions & (TLS_1_0 | TLS_1_1) ? STR("HIGH:!aNULL:!MD5")
							      : s->tls.ciphers;
}

int conf_tls_build_lay_out(struct conf_build *b, const struct conf_settings *s,
			   struct tls_acceptor_conf *to)
{
	const struct conf_tls *tls = &s->tls;

	*to = (struct tls_acceptor_conf){
		.suites = {.versions = tls->versions,
			   .ciphers = ciphers_of(b, s),
			   .curves = tls->curves.text},
		.prefer_server_ciphers = tls->prefer_server_ciphers,
		.session_timeout_s = (uint32_t)tls->session_timeout_s,
		.tickets = tls->tickets,
		.alpn = alpn_of(s),
	};
	if (identities(b, tls, &to->identities) || names(b, s, to) || clients(b, tls, to) ||
	    ticket_keys(b, tls, to) || optional(b, tls->dhparam, "DH parameters", &to->dhparam) ||
	    cache(b, tls->cache, to) || commands(b, tls, to))
		return -1;
	to->context = context_of(b, to);
	return 0;
}

/* Settings come zeroed from the pool and are copied member by member, so that bytes do compare. */
static const struct acceptor *find_made(const struct conf_build *b, const struct conf_settings *s)
{
	const struct conf_tls_made *all = b->made.items;

	for (uint32_t i = 0; i < b->made.n; i++)
		if (all[i].settings->protocol == s->protocol &&
		    !memcmp(&all[i].settings->tls, &s->tls, sizeof(s->tls)))
			return all[i].acceptor;
	return NULL;
}

int conf_tls_build_acceptor(struct conf_build *b, const struct conf_settings *s,
			    const struct acceptor **to)
{
	struct demand d = demand_of(b, s);
	struct tls_acceptor_conf conf;
	struct conf_tls_made *made;
	struct tls_error error;

	if (!d.name)
		return 0;
	if (check_pairs(b, &s->tls, d) || conf_names_check(b, &s->tls.names))
		return -1;
	*to = find_made(b, s);
	if (*to)
		return 0;
	if (conf_tls_build_lay_out(b, s, &conf))
		return -1;
	*to = conf_opened_acceptor(b->opened, b->pool, &conf, &error);
	if (!*to)
		return conf_error_at(b->error, conf_files_blamed(b, error.text, s->where), "%s",
				     error.text);
	made = conf_pool_push(b->pool, &b->made, sizeof(*made));
	*made = (struct conf_tls_made){s, *to};
	return 0;
}
