/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_tls_client: reads the files of a TLS client and opens its connector.
 */
#include "app/conf_tls_client.h"

#include "app/conf_files.h"
#include "app/conf_opened.h"

#include <string.h>

/* What has been opened, for the next who says the same. */
struct conf_tls_client_made {
	const struct conf_tls_client *settings;
	struct str name;
	bool system_ca;
	const struct connector *connector;
};

/* One thing that is to be opened. */
struct work {
	struct conf_build *b;
	const struct conf_tls_client *settings;
	const struct conf_tls_client_of *of;
	struct tls_connector_conf *to;
};

static int optional(const struct work *w, struct conf_file *f, const char *what,
		    struct tls_file *to)
{
	if (!f)
		return 0;
	if (conf_files_read(w->b, f, what))
		return -1;
	*to = f->file;
	return 0;
}

static struct conf_file *system_ca(const struct work *w)
{
	struct conf_file **f = &w->b->system_ca;

	if (!*f) {
		*f = conf_pool_take(w->b->pool, sizeof(**f));
		(*f)->file.name = STR(RINGPOST_CA_BUNDLE);
		(*f)->where = w->of->where;
	}
	return *f;
}

static int trust(const struct work *w)
{
	struct conf_file *f = w->settings->trusted_ca;

	if (!f && w->settings->verify && w->of->system_ca) {
		if (!optional(w, system_ca(w), "trusted certificates", &w->to->trusted_ca))
			return 0;
		return conf_error_help(w->b->error,
				       "install the package ca-certificates, or name a file with "
				       "\"%s_trusted_certificate\"",
				       w->of->prefix);
	}
	if (!f && w->settings->verify) {
		conf_error_at(w->b->error, w->of->where, "no %s_trusted_certificate for %s_verify",
			      w->of->prefix, w->of->prefix);
		return conf_error_help(
			w->b->error, "whom shall the certificate be signed by? " RINGPOST_CA_BUNDLE
				     " has those whom the system trusts");
	}
	return optional(w, f, "trusted certificates", &w->to->trusted_ca);
}

static int identity(const struct work *w)
{
	const struct conf_tls_client *s = w->settings;
	struct tls_identity *one = conf_pool_take(w->b->pool, sizeof(*one));
	struct conf_vec passwords = {0};

	if (!s->certificate)
		return 0;
	if (!s->key)
		return conf_error_at(
			w->b->error, s->certificate->where,
			"no \"%s_certificate_key\" is defined for certificate \"%.*s\"",
			w->of->prefix, CONF_STR(s->certificate->written));
	if (s->passwords) {
		if (conf_files_read(w->b, s->passwords, NULL))
			return -1;
		passwords = conf_files_lines(w->b, s->passwords);
	}
	if (conf_files_read(w->b, s->certificate, "certificate") ||
	    conf_files_read_key(w->b, s->key))
		return -1;
	*one = (struct tls_identity){s->certificate->file, s->key->file, passwords.items,
				     passwords.n};
	w->to->identities = (struct tls_identities){one, 1};
	return 0;
}

static const struct connector *find_made(const struct work *w)
{
	const struct conf_tls_client_made *all = w->b->clients.items;

	for (uint32_t i = 0; i < w->b->clients.n; i++)
		if (str_eq(all[i].name, w->to->name) && all[i].system_ca == w->of->system_ca &&
		    !memcmp(all[i].settings, w->settings, sizeof(*w->settings)))
			return all[i].connector;
	return NULL;
}

static void begin(const struct work *w)
{
	const struct conf_tls_client *s = w->settings;

	*w->to = (struct tls_connector_conf){
		.suites = {.versions = s->versions, .ciphers = s->ciphers},
		.verify = s->verify,
		.verify_depth = (uint32_t)s->verify_depth,
		.name = s->name.text.n ? s->name.text : w->of->name,
		.session_reuse = s->session_reuse,
	};
}

static int read_files(const struct work *w)
{
	return trust(w) || optional(w, w->settings->crl, "CRL", &w->to->crl) || identity(w) ? -1
											    : 0;
}

int conf_tls_client_lay_out(struct conf_build *b, const struct conf_tls_client *settings,
			    const struct conf_tls_client_of *of, struct tls_connector_conf *to)
{
	struct work w = {b, settings, of, to};

	begin(&w);
	return read_files(&w);
}

static const struct connector *open_new(const struct work *w)
{
	struct conf_tls_client_made *made;
	const struct connector *k;
	struct tls_error error;

	if (read_files(w))
		return NULL;
	k = conf_opened_connector(w->b->opened, w->b->pool, w->to, &error);
	if (!k) {
		conf_error_at(w->b->error, conf_files_blamed(w->b, error.text, w->of->where), "%s",
			      error.text);
		return NULL;
	}
	made = conf_pool_push(w->b->pool, &w->b->clients, sizeof(*made));
	*made = (struct conf_tls_client_made){w->settings, w->to->name, w->of->system_ca, k};
	return k;
}

const struct connector *conf_tls_client_build(struct conf_build *b,
					      const struct conf_tls_client *settings,
					      const struct conf_tls_client_of *of)
{
	struct tls_connector_conf conf;
	struct work w = {b, settings, of, &conf};
	const struct connector *k;

	begin(&w);
	k = find_made(&w);
	return k ? k : open_new(&w);
}
