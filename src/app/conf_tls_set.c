/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_tls_set: what the words of TLS directives mean. What OpenSSL has and there is no such thing
 * as here is named: left out with a warning where that makes nothing weaker, refused elsewhere.
 */
#include "app/conf_tls_set.h"

#include "tls/ciphers.h"
#include "tls/library.h"

#include "app/conf_files.h"
#include "app/conf_value.h"

static int check_name(struct conf_build *b, const struct conf_call *c)
{
	struct str name = c->args[0].text;

	if (!str_has_ctl(name))
		return 0;
	conf_error_at(b->error, c->where, "\"%s\" directive invalid value", c->row->name);
	return conf_error_help(b->error, "\"%.*s\" has a control character in it", CONF_STR(name));
}

int conf_tls_set_file(struct conf_build *b, const struct conf_call *c)
{
	struct conf_file **to = conf_table_field(c);

	if (check_name(b, c))
		return -1;
	*to = c->args[0].text.n ? conf_files_name(b, c) : NULL;
	return 0;
}

int conf_tls_set_files(struct conf_build *b, const struct conf_call *c)
{
	struct conf_file **to;

	if (!c->args[0].text.n)
		return conf_error_at(b->error, c->where, "no file name in \"%s\" directive",
				     c->row->name);
	if (check_name(b, c))
		return -1;
	to = conf_pool_push(b->pool, conf_table_field(c), sizeof(struct conf_file *));
	*to = conf_files_name(b, c);
	return 0;
}

/* Keys in devices and stores of OpenSSL. */
static int check_key(struct conf_build *b, const struct conf_call *c)
{
	struct str name = c->args[0].text;
	const char *what = str_starts(name, STR("engine:"))  ? "OpenSSL's engines"
			   : str_starts(name, STR("store:")) ? "OpenSSL's stores"
							     : NULL;

	if (!what)
		return 0;
	conf_error_at(b->error, c->where, "cannot load certificate key \"%.*s\": there are no %s",
		      CONF_STR(name), what);
	return conf_error_help(b->error, "name a PEM file that holds the key");
}

int conf_tls_set_key(struct conf_build *b, const struct conf_call *c)
{
	return check_key(b, c) ? -1 : conf_tls_set_file(b, c);
}

int conf_tls_set_keys(struct conf_build *b, const struct conf_call *c)
{
	return check_key(b, c) ? -1 : conf_tls_set_files(b, c);
}

int conf_tls_set_choice(struct conf_build *b, const struct conf_call *c)
{
	struct conf_said *said = conf_table_field(c);

	said->where = c->where;
	return conf_value_choices(b, c);
}

int conf_tls_set_text(struct conf_build *b, const struct conf_call *c)
{
	struct conf_text *text = conf_table_field(c);

	text->where = c->where;
	return conf_value_word(b, c);
}

/* Neither has been safe for many years, and wolfSSL has neither. */
static void warn_of_old(struct conf_build *b, const struct conf_call *c)
{
	for (uint32_t i = 0; i < c->n; i++) {
		if (!str_starts_nocase(c->args[i].text, STR("SSL")))
			continue;
		conf_build_warn(b, c->where,
				"\"%.*s\" of \"%s\" does not exist here, and is left out",
				CONF_STR(c->args[i].text), c->row->name);
		break;
	}
}

/* As some distributions build the library. */
static void leave_out_unknown(struct conf_build *b, const struct conf_call *c, uint32_t *set)
{
	uint32_t missing = *set & ~library_versions();

	for (const struct conf_choice *x = c->row->choices; x->name; x++)
		if (x->value & missing)
			conf_build_warn(b, c->where,
					"the wolfSSL library does not have \"%s\", which is left "
					"out of \"%s\"",
					x->name, c->row->name);
	*set &= ~missing;
}

/* The library knows a lowest and a highest version. */
static void warn_of_gaps(struct conf_build *b, const struct conf_call *c, uint32_t set)
{
	for (const struct conf_choice *x = c->row->choices; x->name; x++)
		if (x->value && !(x->value & set) && set & (x->value - 1) && set > x->value)
			conf_build_warn(b, c->where,
					"\"%s\" is spoken as well, since it is between those of "
					"\"%s\"",
					x->name, c->row->name);
}

/* A list of a time when there was nothing newer: today hardly a client would come in. */
static void add_newer(struct conf_build *b, const struct conf_call *c, uint32_t *set)
{
	uint32_t newer = (TLS_1_1 | TLS_1_2 | TLS_1_3) & library_versions();

	if (!*set || *set & (TLS_1_2 | TLS_1_3))
		return;
	conf_build_warn(
		b, c->where,
		"\"%s\" has nothing newer than \"%s\", which clients of today refuse: newer "
		"versions are spoken as well",
		c->row->name, *set & TLS_1_1 ? "TLSv1.1" : "TLSv1");
	*set |= newer;
}

int conf_tls_set_protocols(struct conf_build *b, const struct conf_call *c)
{
	uint32_t *set = conf_table_field(c);

	if (conf_value_choices(b, c))
		return -1;
	warn_of_old(b, c);
	add_newer(b, c, set);
	leave_out_unknown(b, c, set);
	warn_of_gaps(b, c, *set);
	if (*set)
		return 0;
	conf_error_at(b->error, c->where, "\"%s\" leaves no protocol", c->row->name);
	return conf_error_help(b->error, "it can be: TLSv1.2, TLSv1.3");
}

static int no_cipher(struct conf_build *b, const struct conf_call *c)
{
	conf_error_at(b->error, c->where, "no cipher of \"%.*s\" in \"%s\" can be used",
		      CONF_STR(c->args[0].text), c->row->name);
	return conf_error_help(b->error, "without the directive it is " CIPHERS_DEFAULT);
}

int conf_tls_set_ciphers(struct conf_build *b, const struct conf_call *c)
{
	struct cipher_list list;

	if (!c->args[0].text.n || ciphers_read(c->args[0].text, &list))
		return no_cipher(b, c);
	if (list.unknown.n)
		conf_build_warn(b, c->where, "unknown cipher \"%.*s\" in \"%s\", left out",
				CONF_STR(list.unknown), c->row->name);
	return conf_value_word(b, c);
}

int conf_tls_set_ssl(struct conf_build *b, const struct conf_call *c)
{
	bool on;

	if (conf_value_parse_flag(c->args[0].text, &on))
		return conf_value_flag(b, c);
	conf_build_warn(b, c->where,
			"the \"ssl\" directive is deprecated, use the \"listen ... ssl\" directive "
			"instead");
	if (on && c->to->starttls.value)
		return conf_error_at(b->error, c->where,
				     "\"starttls\" directive conflicts with \"ssl on\"");
	c->to->ssl = (struct conf_said){on, c->where};
	return 0;
}

int conf_tls_set_starttls(struct conf_build *b, const struct conf_call *c)
{
	if (conf_tls_set_choice(b, c))
		return -1;
	if (!c->to->starttls.value || !c->to->ssl.value)
		return 0;
	return conf_error_at(b->error, c->where, "\"ssl\" directive conflicts with \"starttls\"");
}

/* A session takes some 270 bytes; OpenSSL keeps so many unless told otherwise. */
enum { SESSION_BYTES = 272, BUILTIN_SESSIONS = 20480, CACHE_BYTES_MIN = 8 * 4096 };

static int bad_cache(struct conf_build *b, const struct conf_call *c, struct str word)
{
	conf_error_at(b->error, c->where, "invalid session cache \"%.*s\"", CONF_STR(word));
	return conf_error_help(b->error, "it can be: off, none, builtin, builtin:number, "
					 "shared:name:size");
}

static struct conf_tls_cache *builtin(struct conf_build *b, struct str number)
{
	struct conf_tls_cache *cache = conf_pool_take(b->pool, sizeof(*cache));
	uint64_t sessions;

	if (str_u64(number, UINT32_MAX, &sessions))
		return NULL;
	cache->bytes = (sessions ? sessions : BUILTIN_SESSIONS) * SESSION_BYTES;
	return cache;
}

static struct conf_tls_cache *find_shared(struct conf_build *b, struct str name)
{
	struct conf_tls_cache **all = b->caches.items;
	struct conf_tls_cache *new;

	for (uint32_t i = 0; i < b->caches.n; i++)
		if (str_eq(all[i]->name, name))
			return all[i];
	new = conf_pool_take(b->pool, sizeof(*new));
	new->name = name;
	*(struct conf_tls_cache **)conf_pool_push(b->pool, &b->caches, sizeof(new)) = new;
	return new;
}

static int set_shared(struct conf_build *b, const struct conf_call *c, struct str word)
{
	struct str rest = str_from(word, sizeof("shared:") - 1);
	size_t colon = str_find(rest, ':');
	struct conf_tls_cache *cache;
	uint64_t bytes;

	if (!colon || colon == rest.n || conf_value_parse_size(str_from(rest, colon + 1), &bytes))
		return bad_cache(b, c, word);
	if (bytes < CACHE_BYTES_MIN)
		return conf_error_at(b->error, c->where, "session cache \"%.*s\" is too small",
				     CONF_STR(word));
	cache = find_shared(b, str_first(rest, colon));
	if (cache->bytes && cache->bytes != bytes)
		return conf_error_at(b->error, c->where,
				     "the size %llu of shared memory zone \"%.*s\" conflicts with "
				     "already declared size %llu",
				     (unsigned long long)bytes, CONF_STR(cache->name),
				     (unsigned long long)cache->bytes);
	cache->bytes = bytes;
	c->to->tls.cache = cache;
	return 0;
}

static int set_cache_word(struct conf_build *b, const struct conf_call *c, struct str word)
{
	struct conf_tls *tls = &c->to->tls;

	if (str_eq(word, STR("off")) || str_eq(word, STR("none"))) {
		tls->cache = NULL;
		return 0;
	}
	if (str_starts(word, STR("shared:")))
		return set_shared(b, c, word);
	if (str_eq(word, STR("builtin")))
		tls->cache = builtin(b, STR("0"));
	else if (str_starts(word, STR("builtin:")))
		tls->cache = builtin(b, str_from(word, sizeof("builtin:") - 1));
	else
		tls->cache = NULL;
	return tls->cache ? 0 : bad_cache(b, c, word);
}

int conf_tls_set_cache(struct conf_build *b, const struct conf_call *c)
{
	/* Given both, sessions are kept in the shared one: it goes last. */
	for (uint32_t shared = 0; shared < 2; shared++)
		for (uint32_t i = 0; i < c->n; i++)
			if (str_starts(c->args[i].text, STR("shared:")) == shared &&
			    set_cache_word(b, c, c->args[i].text))
				return -1;
	return 0;
}

int conf_tls_set_command(struct conf_build *b, const struct conf_call *c)
{
	struct conf_tls_command *command =
		conf_pool_push(b->pool, &c->to->tls.commands, sizeof(*command));

	*command = (struct conf_tls_command){c->args[0].text, c->args[1].text, c->where};
	return 0;
}

int conf_tls_set_compression(struct conf_build *b, const struct conf_call *c)
{
	if (conf_value_flag(b, c))
		return -1;
	if (c->to->tls.compression)
		conf_build_warn(b, c->where,
				"\"ssl_certificate_compression\" has no effect: certificates are "
				"sent as they are");
	return 0;
}
