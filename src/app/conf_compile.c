/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_compile: gives every server its complete settings and lays them out as io/ and session/
 * want them. Everything comes from the pool.
 */
#include "app/conf_compile.h"

#include "tls/library.h"

#include "app/conf_auth.h"
#include "app/conf_capability.h"
#include "app/conf_log.h"
#include "app/conf_net.h"
#include "app/conf_resolver.h"
#include "app/conf_tls_build.h"
#include "app/conf_tls_client.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <string.h>

enum { SERVER_NAME_MAX = 255 };

static bool in_force(const struct conf_build *b, const struct conf_settings *s, const char *name)
{
	const struct conf_row *row = conf_table_find(str_cstr(name));

	return conf_build_seen(s, row) || conf_build_seen(&b->mail, row);
}

static uint16_t listen_port(const struct listen_conf *l)
{
	return l->address.any.sa_family == AF_UNIX ? 0 : ntohs(l->address.ip4.sin_port);
}

/* NGINX takes the protocol from the first listen with a port that it knows. */
static int guess_protocol(uint16_t port, uint32_t *protocol)
{
	static const struct {
		uint16_t port;
		enum protocol protocol;
	} known[] = {
		{25, PROTOCOL_SMTP},  {465, PROTOCOL_SMTP}, {587, PROTOCOL_SMTP},
		{110, PROTOCOL_POP3}, {995, PROTOCOL_POP3}, {143, PROTOCOL_IMAP},
		{993, PROTOCOL_IMAP},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].port == port) {
			*protocol = known[i].protocol;
			return 0;
		}
	}
	return -1;
}

static int settle_protocol(struct conf_build *b, struct conf_settings *s)
{
	const struct conf_build_listen *l = b->listens.items;
	bool found = in_force(b, s, "protocol");

	for (uint32_t i = 0; i < b->listens.n && !found; i++)
		found = l[i].server == s &&
			!guess_protocol(listen_port(&l[i].listen), &s->protocol);
	if (!found) {
		conf_error_at(b->error, s->where, "unknown mail protocol for server");
		return conf_error_help(b->error, "add \"protocol imap;\", \"protocol pop3;\" or "
						 "\"protocol smtp;\"");
	}
	return 0;
}

static int check_required(struct conf_build *b, const struct conf_settings *s)
{
	const struct conf_build_listen *l = b->listens.items;
	bool listens = false;

	for (uint32_t i = 0; i < b->listens.n; i++)
		listens |= l[i].server == s;
	if (!listens) {
		conf_error_at(b->error, s->where, "no \"listen\" is defined for server");
		return conf_error_help(b->error, "add \"listen 25;\", for example");
	}
	if (!s->auth_url) {
		conf_error_at(b->error, s->where, "no \"auth_http\" is defined for server");
		return conf_error_help(b->error, "add \"auth_http 127.0.0.1:9000/auth;\" here or "
						 "in \"mail\", for example");
	}
	return 0;
}

static int settle_name(struct conf_build *b, struct conf_settings *s)
{
	if (!s->server_name.n)
		s->server_name = conf_net_machine(b->pool);
	if (s->server_name.n > SERVER_NAME_MAX)
		return conf_error_at(b->error, s->where, "\"server_name\" is longer than %d bytes",
				     SERVER_NAME_MAX);
	return 0;
}

/* clang-format off */
#define ALL_AUTHS \
	" AUTH=PLAIN AUTH=LOGIN AUTH=CRAM-MD5 AUTH=EXTERNAL AUTH=XOAUTH2 AUTH=OAUTHBEARER"
/* clang-format on */
#define ALL_METHODS "PLAIN LOGIN CRAM-MD5 EXTERNAL XOAUTH2 OAUTHBEARER\r\n"

/* The longest reply: all that is always there, and around each capability so many bytes. */
static int check_reply(struct conf_build *b, const struct conf_settings *s)
{
	static const struct {
		const char *command, *directive;
		size_t fixed, around;
	} replies[] = {
		[PROTOCOL_SMTP] = {"EHLO", "smtp_capabilities",
				   sizeof("250-\r\n250 AUTH " ALL_METHODS "250 STARTTLS\r\n") - 1,
				   6},
		[PROTOCOL_POP3] = {"CAPA", "pop3_capabilities",
				   sizeof("+OK Capability list follows\r\nSASL " ALL_METHODS
					  "STLS\r\n.\r\n") -
					   1,
				   2},
		[PROTOCOL_IMAP] = {"CAPABILITY", "imap_capabilities",
				   sizeof("* CAPABILITY ID" ALL_AUTHS
					  " STARTTLS LOGINDISABLED\r\n OK completed\r\n") -
					   1 + FRONT_TAG_MAX,
				   1},
	};
	const struct conf_words *words = &s->capabilities[s->protocol];
	size_t n = s->server_name.n + replies[s->protocol].fixed;

	for (uint32_t i = 0; i < words->n; i++)
		n += words->v[i].n + replies[s->protocol].around;
	if (n <= FRONT_REPLY_MAX)
		return 0;
	conf_error_at(b->error, s->where, "a reply to %s of %zu bytes is too long for server",
		      replies[s->protocol].command, n);
	return conf_error_help(b->error, "at most %d: shorten \"%s\"", (int)FRONT_REPLY_MAX,
			       replies[s->protocol].directive);
}

static struct str join_lines(struct conf_build *b, const struct conf_words *lines)
{
	size_t n = 0;
	uint8_t *to, *at;

	for (uint32_t i = 0; i < lines->n; i++)
		n += lines->v[i].n;
	to = at = conf_pool_take(b->pool, n + 1);
	for (uint32_t i = 0; i < lines->n; i++) {
		memcpy(at, lines->v[i].p, lines->v[i].n);
		at += lines->v[i].n;
	}
	return str_of(to, n);
}

static bool same_resolver(const struct resolver_conf *a, const struct resolver_conf *x)
{
	if (!a || !x)
		return a == x;
	return a->dns == x->dns && a->timeout_ms == x->timeout_ms;
}

static bool same_service(const struct auth_service_conf *a, const struct auth_service_conf *x)
{
	return a->addresses == x->addresses && same_resolver(a->resolver, x->resolver) &&
	       a->timeout_ms == x->timeout_ms && a->keepalive == x->keepalive &&
	       a->connections_max == x->connections_max && a->queue_max == x->queue_max &&
	       a->connector == x->connector && a->http.pass_cert == x->http.pass_cert &&
	       str_eq(a->http.headers, x->http.headers);
}

/* "[::1]" without its brackets, as a certificate has it. */
static struct str bare_host(struct str host)
{
	bool bracket = str_starts(host, STR("["));

	return str_first(str_from(host, bracket), host.n - 2 * bracket);
}

static int auth_connector(struct conf_build *b, const struct conf_settings *s,
			  const struct connector **k)
{
	const struct conf_tls_client_of of = {
		.prefix = "auth_http_ssl",
		.where = s->auth_url->where,
		.name = bare_host(s->auth_url->host),
		.system_ca = true,
	};

	*k = NULL;
	if (!s->auth_url->https)
		return 0;
	*k = conf_tls_client_build(b, &s->auth_tls, &of);
	return *k ? 0 : -1;
}

/* Servers that inherit the same auth_http share its connections. NULL: *b->error says why. */
static const struct auth_service_conf *auth_service(struct conf_build *b,
						    const struct conf_settings *s,
						    struct conf_vec *services,
						    const struct resolver_conf *resolver)
{
	const struct conf_auth_url *url = s->auth_url;
	struct auth_service_conf new = {
		.http = {.uri = url->uri,
			 .host = url->host,
			 .headers = join_lines(b, &s->auth_headers),
			 .pass_cert = s->auth_pass_cert,
			 .keepalive = s->auth_keepalive > 0},
		.name = url->name,
		.addresses = url->addresses,
		.n_addresses = url->n_addresses,
		.resolver = url->named ? resolver : NULL,
		.port = url->port,
		.timeout_ms = s->auth_timeout_ms,
		.keepalive = (uint32_t)s->auth_keepalive,
		.connections_max = (uint32_t)s->auth_connections,
		.queue_max = (uint32_t)s->auth_queue,
		.index = services->n,
	};
	struct auth_service_conf **all = services->items, **slot, *made;

	if (auth_connector(b, s, &new.connector))
		return NULL;
	for (uint32_t i = 0; i < services->n; i++)
		if (same_service(all[i], &new))
			return all[i];
	made = conf_pool_take(b->pool, sizeof(*made));
	*made = new;
	slot = conf_pool_push(b->pool, services, sizeof(*slot));
	return *slot = made;
}

static struct front_conf front_conf(const struct conf_settings *s)
{
	return (struct front_conf){
		.protocol = (enum protocol)s->protocol,
		.server_name = s->server_name,
		.capabilities = s->capabilities[s->protocol].v,
		.n_capabilities = s->capabilities[s->protocol].n,
		.methods = s->methods[s->protocol],
		.starttls = (enum front_starttls)s->starttls.value,
		.line_max = (uint32_t)s->client_buffer[s->protocol],
		.errors_max = (uint32_t)s->errors_max,
		.commands_max = (uint32_t)s->commands_max,
		.id = s->imap_id,
		.starttls_required = s->starttls_required && s->protocol == PROTOCOL_SMTP,
		.strict_lines = s->strict_lines,
		.identity = s->identity && s->protocol != PROTOCOL_SMTP,
	};
}

static struct conf_server *lay_out(struct conf_build *b, const struct conf_settings *s)
{
	struct conf_server *server = conf_pool_take(b->pool, sizeof(*server));

	server->logs = s->logs;
	server->said = s;
	server->session = (struct server_conf){
		.front = front_conf(s),
		.back = {.protocol = (enum protocol)s->protocol,
			 .server_name = s->server_name,
			 .xclient = s->xclient,
			 .smtp_auth = s->proxy_smtp_auth,
			 .identity = s->identity && s->protocol != PROTOCOL_SMTP,
			 .reply_max = (uint32_t)s->proxy_buffer},
		.timeout_ms = s->timeout_ms,
		.proxy_timeout_ms = s->proxy_timeout_ms,
		.greeting_delay_ms = s->protocol == PROTOCOL_SMTP ? s->greeting_delay_ms : 0,
		.auth_timeout_ms = s->auth_timeout_ms,
		.pass_error_message = s->pass_error_message,
		.proxy_out = (enum proxy_out)s->proxy_out,
		.back_tls = (enum back_tls)s->proxy_ssl.value,
		.sources = s->sources,
		.real_ip_from = s->real_ip_from.items,
		.n_real_ip_from = s->real_ip_from.n,
		.debug_from = b->main.debug_from.items,
		.n_debug_from = b->main.debug_from.n,
		.log_level = LEVEL_EMERG,
	};
	for (uint32_t i = 0; i < s->logs.n; i++)
		if (s->logs.v[i].level > server->session.log_level)
			server->session.log_level = s->logs.v[i].level;
	return server;
}

static int settle_server(struct conf_build *b, struct conf_settings *s)
{
	conf_build_inherit(s, &b->mail);
	if (check_required(b, s) || settle_protocol(b, s) || settle_name(b, s))
		return -1;
	conf_capability_check(b, s);
	return check_reply(b, s);
}

static uint32_t larger(uint32_t a, uint64_t b)
{
	return b > a ? (uint32_t)b : a;
}

static void warn_of_library(struct conf_build *b)
{
	struct str warning = library_warning();

	if (warning.n)
		conf_build_warn_all(b, warning);
}

/* A connection to a mail server may speak TLS at any time: Auth-Server-SSL decides. */
static int settle_tls(struct conf_build *b, const struct conf_settings *s, struct server_conf *to)
{
	const struct conf_tls_client_of of = {.prefix = "proxy_ssl", .where = s->where};

	if (conf_tls_build_acceptor(b, s, &to->acceptor))
		return -1;
	if (to->acceptor || s->proxy_ssl.value != BACK_TLS_OFF || s->auth_url->https)
		warn_of_library(b);
	if (s->proxy_tls.verify && !s->proxy_tls.name.text.n)
		conf_build_notice(
			b, s->where,
			"\"proxy_ssl_verify\" without \"proxy_ssl_name\" takes every name "
			"in a mail server's certificate for good");
	to->connector = conf_tls_client_build(b, &s->proxy_tls, &of);
	return to->connector ? 0 : -1;
}

static int compile_servers(struct conf_build *b, struct conf *c)
{
	struct conf_settings **all = b->servers.items;
	struct conf_vec services = {0}, resolvers = {0};
	struct server_conf *session;

	c->n_servers = b->servers.n;
	c->servers = conf_pool_take(b->pool, b->servers.n * sizeof(struct conf_server *));
	for (uint32_t i = 0; i < b->servers.n; i++) {
		if (settle_server(b, all[i]))
			return -1;
		c->servers[i] = lay_out(b, all[i]);
		session = &c->servers[i]->session;
		session->resolver = conf_resolver_build(b, all[i], &resolvers);
		session->auth = auth_service(b, all[i], &services, session->resolver);
		if (!session->auth || settle_tls(b, all[i], session))
			return -1;
		session->auth_name = session->auth->name;
		c->worker.client_buffer_max = larger(c->worker.client_buffer_max,
						     all[i]->client_buffer[all[i]->protocol]);
		c->worker.proxy_buffer_max =
			larger(c->worker.proxy_buffer_max, all[i]->proxy_buffer);
	}
	c->worker.auth_services = services.items;
	c->worker.n_auth_services = services.n;
	c->worker.dns = resolvers.items;
	c->worker.n_dns = resolvers.n;
	return 0;
}

static void compile_listens(struct conf_build *b, struct conf *c)
{
	const struct conf_build_listen *from = b->listens.items;
	struct conf_settings **all = b->servers.items;
	struct listen_conf *to = conf_pool_take(b->pool, b->listens.n * sizeof(*to));

	for (uint32_t i = 0; i < b->listens.n; i++) {
		to[i] = from[i].listen;
		to[i].ssl = from[i].listen.ssl || from[i].server->ssl.value;
		for (uint32_t k = 0; k < b->servers.n; k++)
			if (all[k] == from[i].server)
				to[i].server = &c->servers[k]->session;
	}
	c->worker.listens = to;
	c->worker.n_listens = b->listens.n;
}

static int settle_user(struct conf_build *b)
{
	struct conf_user *user = &b->main.user;
	const struct passwd *p;

	if (!b->is_root || user->name)
		return 0;
	user->name = "nobody";
	p = getpwnam(user->name);
	if (!p) {
		conf_error_say(b->error, "getpwnam(\"%s\") failed", user->name);
		return conf_error_help(b->error, "say with \"user\" whom to become");
	}
	user->uid = p->pw_uid;
	user->gid = p->pw_gid;
	return 0;
}

static bool in_main(const struct conf_build *b, const char *name)
{
	return conf_build_seen(&b->main, conf_table_find(str_cstr(name)));
}

static void compare_masks(struct conf_build *b)
{
	const struct conf_affinity *a = &b->main.affinity;

	if (!a->choose && a->n > 1 && a->n != b->main.threads)
		conf_build_warn_all(b, STR("the number of \"worker_processes\" is not equal to the "
					   "number of \"worker_cpu_affinity\" masks, using last "
					   "mask for remaining worker processes"));
}

static void compile_main(struct conf_build *b, struct conf *c)
{
	struct conf_settings *s = conf_pool_take(b->pool, sizeof(*s));

	*s = b->main;
	c->said = s;
	c->main = (struct conf_main){
		.daemon = s->daemon,
		.master_process = s->master_process,
		.drop_privileges = b->is_root && s->user.uid != 0,
		.user = s->user.name,
		.uid = s->user.uid,
		.gid = s->user.gid,
		.pid_path = (const char *)s->pid.p,
		.working_directory = (const char *)s->working_directory.p,
		.nofile_max = s->nofile_max,
		.core_max = s->core_max,
		.core_said = in_main(b, "worker_rlimit_core"),
		.affinity = s->affinity,
		.priority = (int)s->priority,
		.env = s->env.items,
		.n_env = s->env.n,
		.logs = s->logs,
	};
	c->worker.threads = (uint32_t)s->threads;
	c->worker.connections = (uint32_t)s->connections;
	c->worker.ring = s->ring;
	c->worker.tls = true;
	c->worker.shutdown_timeout_ms = s->shutdown_timeout_ms;
	c->sources = b->sources.items;
	c->n_sources = b->sources.n;
	c->nodes = b->nodes.items;
	c->n_nodes = b->nodes.n;
	c->notes = b->notes.items;
	c->n_notes = b->notes.n;
}

int conf_compile_all(struct conf_build *b, struct conf *c)
{
	if (!conf_build_seen(&b->main, conf_table_find(STR("mail")))) {
		conf_error_say(b->error, "no \"mail\" section in configuration");
		return conf_error_help(b->error, "%s", c->path);
	}
	if (!b->servers.n)
		return conf_error_at(b->error, b->mail.where,
				     "no \"server\" is defined in \"mail\"");
	conf_log_settle(b);
	if (settle_user(b))
		return -1;
	conf_build_inherit(&b->mail, &b->main);
	if (compile_servers(b, c))
		return -1;
	compile_listens(b, c);
	compare_masks(b);
	compile_main(b, c);
	return 0;
}
