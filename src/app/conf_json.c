/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_json: makes the object with jansson. What a setting looks like is decided by the setter of
 * its row, so that a new directive of a known kind is there by itself; units are in the names. A
 * failed allocation is noticed by jansson, which ignores what is added to NULL, and told at the
 * end.
 */
#include "app/conf_json.h"

#include "tls/acceptor.h"

#include "app/conf_auth.h"
#include "app/conf_files.h"
#include "app/conf_net.h"
#include "app/conf_tls_set.h"
#include "app/conf_value.h"

#include <jansson.h>
#include <string.h>

enum { NAME_MAX_HERE = 64, CIPHERS_TEXT_MAX = 4096 };

/* What is not UTF-8 is taken for Latin-1: every byte can be seen, and it is JSON. */
static json_t *text(struct str s)
{
	json_t *made = json_stringn((const char *)s.p, s.n);
	char *wide;
	size_t n = 0;

	if (made || !s.n)
		return made ? made : json_string("");
	wide = malloc(2 * s.n);
	for (size_t i = 0; wide && i < s.n; i++) {
		if (s.p[i] >= 0x80)
			wide[n++] = (char)(0xc0 | s.p[i] >> 6);
		wide[n++] = (char)(s.p[i] >= 0x80 ? 0x80 | (s.p[i] & 0x3f) : s.p[i]);
	}
	made = wide ? json_stringn(wide, n) : NULL;
	free(wide);
	return made;
}

static json_t *plain(const char *s)
{
	return s ? text(str_cstr(s)) : json_null();
}

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* --- directives as written -----------------------------------------------------------------------
 */

static json_t *directive(const struct conf_node *node)
{
	json_t *made = json_object(), *args = json_array();

	json_object_set_new(made, "name", text(node->words[0]));
	for (uint32_t i = 1; i < node->n; i++)
		json_array_append_new(args, text(node->words[i]));
	json_object_set_new(made, "args", args);
	json_object_set_new(made, "file", plain(node->file));
	json_object_set_new(made, "line", number(node->line));
	return made;
}

/* Those of one depth from *at on, with what they hold. */
static json_t *directives(const struct conf *c, uint32_t *at, uint32_t depth)
{
	json_t *made = json_array();

	while (*at < c->n_nodes && c->nodes[*at].depth == depth) {
		const struct conf_node *node = &c->nodes[(*at)++];
		json_t *one = directive(node);

		if (node->is_block)
			json_object_set_new(one, "block", directives(c, at, depth + 1));
		json_array_append_new(made, one);
	}
	return made;
}

/* --- settings as understood ----------------------------------------------------------------------
 */

static json_t *choice(const struct conf_row *row, uint32_t value)
{
	for (const struct conf_choice *x = row->choices; x && x->name; x++)
		if (x->value == value)
			return json_string(x->name);
	return number(value);
}

static json_t *choices(const struct conf_row *row, uint32_t set)
{
	json_t *made = json_array();

	for (const struct conf_choice *x = row->choices; x && x->name; x++)
		if (x->value && (set & x->value) == x->value)
			json_array_append_new(made, json_string(x->name));
	return made;
}

static json_t *words(const struct conf_words *all)
{
	json_t *made = json_array();

	for (uint32_t i = 0; i < all->n; i++)
		json_array_append_new(made, text(all->v[i]));
	return made;
}

/* Only what headers are called: what they say is often a secret. */
static json_t *header_names(const struct conf_words *all)
{
	json_t *made = json_array();

	for (uint32_t i = 0; i < all->n; i++)
		json_array_append_new(made, text(str_first(all->v[i], str_find(all->v[i], ':'))));
	return made;
}

static json_t *file_name(const struct conf_file *f)
{
	return f ? text(f->file.name) : json_null();
}

static json_t *file_names(const struct conf_vec *files)
{
	struct conf_file *const *all = files->items;
	json_t *made = json_array();

	for (uint32_t i = 0; i < files->n; i++)
		json_array_append_new(made, file_name(all[i]));
	return made;
}

static json_t *session_cache(const struct conf_tls_cache *cache)
{
	json_t *made = cache ? json_object() : json_null();

	if (!cache)
		return made;
	json_object_set_new(made, "name", text(cache->name));
	json_object_set_new(made, "size_bytes", number(cache->bytes));
	return made;
}

static json_t *flag(const void *field)
{
	bool on;

	memcpy(&on, field, sizeof(on));
	return json_boolean(on);
}

static json_t *unsigned_of(const void *field)
{
	uint64_t value;

	memcpy(&value, field, sizeof(value));
	return number(value);
}

/* NULL: no setter whose values are known here. */
static json_t *value_of_tls(const struct conf_row *row, const void *field)
{
	if (row->set == conf_tls_set_file || row->set == conf_tls_set_key)
		return file_name(*(struct conf_file *const *)field);
	if (row->set == conf_tls_set_files || row->set == conf_tls_set_keys)
		return file_names(field);
	if (row->set == conf_tls_set_choice || row->set == conf_tls_set_starttls)
		return choice(row, ((const struct conf_said *)field)->value);
	if (row->set == conf_tls_set_ssl)
		return json_boolean(((const struct conf_said *)field)->value);
	if (row->set == conf_tls_set_text)
		return text(((const struct conf_text *)field)->text);
	if (row->set == conf_tls_set_protocols)
		return choices(row, *(const uint32_t *)field);
	if (row->set == conf_tls_set_cache)
		return session_cache(*(struct conf_tls_cache *const *)field);
	if (row->set == conf_tls_set_compression)
		return flag(field);
	return NULL;
}

static json_t *value_of(const struct conf_row *row, const void *field)
{
	if (row->set == conf_value_flag || row->set == conf_value_proxy)
		return flag(field);
	if (row->set == conf_value_number || row->set == conf_value_size ||
	    row->set == conf_value_ms || row->set == conf_value_s ||
	    row->set == conf_value_connections || row->set == conf_value_threads)
		return unsigned_of(field);
	if (row->set == conf_value_word || row->set == conf_value_path ||
	    row->set == conf_tls_set_ciphers)
		return text(*(const struct str *)field);
	if (row->set == conf_value_words)
		return words(field);
	if (row->set == conf_auth_set_header)
		return header_names(field);
	if (row->set == conf_value_choices && row->args_max > 1)
		return choices(row, *(const uint32_t *)field);
	if (row->set == conf_value_choice || row->set == conf_value_choices)
		return choice(row, *(const uint32_t *)field);
	return value_of_tls(row, field);
}

static const char *unit_of(const struct conf_row *row)
{
	if (row->set == conf_value_ms)
		return "_ms";
	if (row->set == conf_value_s)
		return "_s";
	return row->set == conf_value_size ? "_bytes" : "";
}

/* smtp_auth says nothing about an IMAP server. */
static bool is_of_another(struct str name, enum protocol protocol)
{
	static const struct str begins[PROTOCOL_COUNT] = {
		[PROTOCOL_SMTP] = STR_INIT("smtp_"),
		[PROTOCOL_POP3] = STR_INIT("pop3_"),
		[PROTOCOL_IMAP] = STR_INIT("imap_"),
	};

	for (unsigned p = 0; p < PROTOCOL_COUNT; p++)
		if (p != (unsigned)protocol && str_starts(name, begins[p]))
			return true;
	return false;
}

static void add_settings(json_t *to, const struct conf_settings *s, unsigned contexts)
{
	for (uint32_t i = 0; i < conf_table_n(); i++) {
		const struct conf_row *row = conf_table_row(i);
		bool serves = contexts & CONF_IN_SERVER;
		char name[NAME_MAX_HERE];
		json_t *value;

		if (row->kind != CONF_SETTING || !row->size || !(row->contexts & contexts) ||
		    (serves && is_of_another(str_cstr(row->name), (enum protocol)s->protocol)))
			continue;
		value = value_of(row, (const char *)s + row->offset);
		snprintf(name, sizeof(name), "%s%s", row->name, unit_of(row));
		if (value)
			json_object_set_new(to, name, value);
	}
}

/* --- servers -------------------------------------------------------------------------------------
 */

static json_t *keepalive(const struct listen_keepalive *k)
{
	json_t *made;

	if (!k->set || !k->on)
		return k->set ? json_false() : json_null();
	if (!k->idle_s && !k->interval_s && !k->count)
		return json_true();
	made = json_object();
	json_object_set_new(made, "idle_s", number(k->idle_s));
	json_object_set_new(made, "interval_s", number(k->interval_s));
	json_object_set_new(made, "count", number(k->count));
	return made;
}

static json_t *listens(const struct conf *c, const struct server_conf *server)
{
	json_t *made = json_array();

	for (uint32_t i = 0; i < c->worker.n_listens; i++) {
		const struct listen_conf *l = &c->worker.listens[i];
		json_t *one;

		if (l->server != server)
			continue;
		one = json_object();
		json_object_set_new(one, "address", text(l->text));
		json_object_set_new(one, "ssl", json_boolean(l->ssl));
		json_object_set_new(one, "proxy_protocol", json_boolean(l->proxy_protocol));
		json_object_set_new(one, "backlog", json_integer(l->backlog));
		json_object_set_new(one, "rcvbuf_bytes", json_integer(l->rcvbuf));
		json_object_set_new(one, "sndbuf_bytes", json_integer(l->sndbuf));
		json_object_set_new(one, "ipv6only", json_boolean(l->ipv6only));
		json_object_set_new(one, "so_keepalive", keepalive(&l->keepalive));
		json_array_append_new(made, one);
	}
	return made;
}

static json_t *auth_http(const struct auth_service_conf *a)
{
	json_t *made = json_object();

	json_object_set_new(made, "name", text(a->name));
	json_object_set_new(made, "host", text(a->http.host));
	json_object_set_new(made, "uri", text(a->http.uri));
	json_object_set_new(made, "https", json_boolean(a->connector != NULL));
	return made;
}

static json_t *logs(const struct conf_logs *all)
{
	static const char *const levels[] = {
		[LEVEL_EMERG] = "emerg", [LEVEL_ALERT] = "alert", [LEVEL_CRIT] = "crit",
		[LEVEL_ERR] = "error",   [LEVEL_WARN] = "warn",   [LEVEL_NOTICE] = "notice",
		[LEVEL_INFO] = "info",   [LEVEL_DEBUG] = "debug",
	};
	json_t *made = json_array();

	for (uint32_t i = 0; i < all->n; i++) {
		const struct conf_log *log = &all->v[i];
		json_t *one = json_object();

		json_object_set_new(one, "to",
				    json_string(log->path     ? log->path
						: log->syslog ? "syslog"
							      : "stderr"));
		json_object_set_new(one, "level", json_string(levels[log->level]));
		json_array_append_new(made, one);
	}
	return made;
}

static json_t *networks(const struct server_conf *s)
{
	json_t *made = json_array();

	for (uint32_t i = 0; i < s->n_real_ip_from; i++) {
		const struct addr_net *net = &s->real_ip_from[i];
		char to[ADDR_TEXT_MAX + 8];
		struct out o;

		out_init(&o, to, sizeof(to));
		addr_write(&o, &net->base);
		if (net->base.family != ADDR_UNIX) {
			out_byte(&o, '/');
			out_u64(&o, net->bits);
		}
		json_array_append_new(made, text(out_data(&o)));
	}
	return made;
}

static json_t *resolver(const struct conf *c, const struct resolver_conf *r)
{
	json_t *made = r ? json_object() : json_null(), *servers = json_array();

	for (uint32_t i = 0; r && i < r->dns->n_servers; i++)
		json_array_append_new(servers, text(conf_net_text(c->pool, &r->dns->servers[i])));
	if (r) {
		json_object_set(made, "servers", servers);
		json_object_set_new(made, "valid_ms", number(r->dns->valid_ms));
		json_object_set_new(made, "ipv4", json_boolean(r->dns->ip4));
		json_object_set_new(made, "ipv6", json_boolean(r->dns->ip6));
	}
	json_decref(servers);
	return made;
}

/* The suites that the cipher lists have come to; null without TLS. */
static json_t *ciphers_in_force(const struct acceptor *a)
{
	char names[CIPHERS_TEXT_MAX];
	json_t *made = a ? json_array() : json_null();
	struct str rest = str_none();
	struct out o;

	out_init(&o, names, sizeof(names));
	if (a) {
		acceptor_describe(a, &o);
		rest = out_data(&o);
	}
	while (rest.n) {
		size_t n = str_find(rest, ':');

		json_array_append_new(made, text(str_first(rest, n)));
		rest = str_from(rest, n + 1);
	}
	return made;
}

static json_t *server(const struct conf *c, const struct conf_server *from)
{
	const struct server_conf *s = &from->session;
	json_t *made = json_object();

	add_settings(made, from->said, CONF_IN_SERVER);
	json_object_set_new(made, "listen", listens(c, s));
	json_object_set_new(made, "auth_http", auth_http(s->auth));
	json_object_set_new(made, "error_log", logs(&from->logs));
	json_object_set_new(made, "resolver", resolver(c, s->resolver));
	json_object_set_new(made, "set_real_ip_from", networks(s));
	json_object_set_new(made, "ciphers_in_force", ciphers_in_force(s->acceptor));
	return made;
}

/* --- all -----------------------------------------------------------------------------------------
 */

static json_t *main_settings(const struct conf *c)
{
	json_t *made = json_object();

	add_settings(made, c->said, CONF_IN_MAIN | CONF_IN_EVENTS);
	json_object_set_new(made, "user", plain(c->main.user));
	json_object_set_new(made, "error_log", logs(&c->main.logs));
	return made;
}

static json_t *notes(const struct conf *c)
{
	json_t *made = json_array();

	for (uint32_t i = 0; i < c->n_notes; i++) {
		json_t *one = json_object();
		bool warns = c->notes[i].level == LEVEL_WARN;

		json_object_set_new(one, "level", json_string(warns ? "warn" : "notice"));
		json_object_set_new(one, "text", plain(c->notes[i].text));
		json_array_append_new(made, one);
	}
	return made;
}

int conf_json_print(const struct conf *c, FILE *to)
{
	json_t *all = json_object(), *files = json_array(), *servers = json_array();
	uint32_t at = 0;
	int rc;

	json_object_set_new(all, "version", json_string(RINGPOST_VERSION));
	for (uint32_t i = 0; i < c->n_sources; i++)
		json_array_append_new(files, plain(c->sources[i].path));
	json_object_set_new(all, "files", files);
	json_object_set_new(all, "notes", notes(c));
	json_object_set_new(all, "main", main_settings(c));
	for (uint32_t i = 0; i < c->n_servers; i++)
		json_array_append_new(servers, server(c, c->servers[i]));
	json_object_set_new(all, "servers", servers);
	json_object_set_new(all, "directives", directives(c, &at, 0));
	rc = json_dumpf(all, to, JSON_INDENT(2));
	json_decref(all);
	return rc || at != c->n_nodes || putc('\n', to) == EOF ? -1 : 0;
}
