/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/conf: the effect of every directive on what runs: its default, its value, and
 * for those of the mail block that a server inherits it, or has its own instead. A directive in
 * conf_rows_core without a row here fails the test; those of TLS are in conf_tls_effects.
 */
#include "app/affinity.h"
#include "app/conf.h"
#include "app/conf_rows.h"
#include "base/must.h"
#include "io/sockaddr.h"
#include "tests/lib/conf_try.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

/* Writes the part of a configuration that a directive is about. */
typedef void shower(const struct conf *c, struct out *o);

static const struct server_conf *server(const struct conf *c)
{
	return &c->servers[0]->session;
}

static void show_flag(struct out *o, bool on)
{
	out_str(o, on ? STR("on") : STR("off"));
}

static void show_threads(const struct conf *c, struct out *o)
{
	out_u64(o, c->worker.threads);
}

static void show_connections(const struct conf *c, struct out *o)
{
	out_u64(o, c->worker.connections);
}

static void show_entries(const struct conf *c, struct out *o)
{
	out_u64(o, c->worker.ring.submissions);
	out_byte(o, '/');
	out_u64(o, c->worker.ring.completions);
}

static void show_buffers(const struct conf *c, struct out *o)
{
	out_u64(o, c->worker.ring.buffers);
	out_byte(o, '*');
	out_u64(o, c->worker.ring.buffer_bytes);
}

static void show_nofile(const struct conf *c, struct out *o)
{
	out_u64(o, c->main.nofile_max);
}

static void show_core(const struct conf *c, struct out *o)
{
	out_u64(o, c->main.core_max);
}

static void show_affinity(const struct conf *c, struct out *o)
{
	for (uint32_t i = 0; i < 3; i++) {
		cpu_set_t set;
		bool said = affinity_of(&c->main.affinity, i, &set);

		for (size_t k = 0; said && k < 8; k++)
			out_byte(o, CPU_ISSET(k, &set) ? '1' : '0');
		out_str(o, said ? STR(" ") : STR("any "));
	}
}

static void show_priority(const struct conf *c, struct out *o)
{
	out_str(o, c->main.priority < 0 ? STR("-") : STR(""));
	out_u64(o, (uint64_t)(c->main.priority < 0 ? -c->main.priority : c->main.priority));
}

static void show_env(const struct conf *c, struct out *o)
{
	for (uint32_t i = 0; i < c->main.n_env; i++) {
		out_str(o, str_cstr(c->main.env[i]));
		out_byte(o, ';');
	}
}

static void show_shutdown(const struct conf *c, struct out *o)
{
	out_u64(o, c->worker.shutdown_timeout_ms);
}

static void show_daemon(const struct conf *c, struct out *o)
{
	show_flag(o, c->main.daemon);
}

static void show_master(const struct conf *c, struct out *o)
{
	show_flag(o, c->main.master_process);
}

static void show_user(const struct conf *c, struct out *o)
{
	out_str(o, str_cstr(c->main.user ? c->main.user : "none"));
	if (geteuid() == 0) {
		must(c->main.drop_privileges == (c->main.uid != 0));
	} else {
		must(!c->main.drop_privileges);
	}
}

static void show_pid(const struct conf *c, struct out *o)
{
	out_str(o, str_cstr(c->main.pid_path));
}

static void show_folder(const struct conf *c, struct out *o)
{
	out_str(o, str_cstr(c->main.working_directory ? c->main.working_directory : "none"));
}

/* Path and level of each target: of the server, which is that of main when nobody else said. */
static void show_logs(const struct conf *c, struct out *o)
{
	const struct conf_logs *logs = &c->servers[0]->logs;

	for (uint32_t i = 0; i < logs->n; i++) {
		out_str(o, logs->v[i].path ? str_cstr(logs->v[i].path) : STR("stderr"));
		out_byte(o, ' ');
		out_u64(o, logs->v[i].level);
		out_byte(o, ' ');
	}
	out_u64(o, server(c)->log_level);
}

static void show_listens(const struct conf *c, struct out *o)
{
	for (uint32_t i = 0; i < c->worker.n_listens; i++) {
		must(c->worker.listens[i].server == server(c));
		out_str(o, c->worker.listens[i].text);
		out_str(o, c->worker.listens[i].proxy_protocol ? STR("* ") : STR(" "));
	}
}

static void show_protocol(const struct conf *c, struct out *o)
{
	out_u64(o, server(c)->front.protocol);
}

static void show_name(const struct conf *c, struct out *o)
{
	char machine[256] = "";
	struct str name = server(c)->front.server_name;

	must(str_eq(name, server(c)->back.server_name));
	gethostname(machine, sizeof(machine) - 1);
	if (str_eq_nocase(name, str_cstr(machine)))
		name = STR("machine");
	out_str(o, name);
}

static void show_timeout(const struct conf *c, struct out *o)
{
	out_u64(o, server(c)->timeout_ms);
}

static void show_errors(const struct conf *c, struct out *o)
{
	out_u64(o, server(c)->front.errors_max);
}

static void show_commands(const struct conf *c, struct out *o)
{
	out_u64(o, server(c)->front.commands_max);
}

static void show_strict_lines(const struct conf *c, struct out *o)
{
	show_flag(o, server(c)->front.strict_lines);
}

static void show_starttls_required(const struct conf *c, struct out *o)
{
	show_flag(o, server(c)->front.starttls_required);
}

static void show_auth(const struct conf *c, struct out *o)
{
	const struct auth_service_conf *a = server(c)->auth;

	out_str(o, a->name);
	out_byte(o, ' ');
	out_str(o, a->http.host);
	out_byte(o, ' ');
	out_str(o, a->http.uri);
}

static void show_headers(const struct conf *c, struct out *o)
{
	out_str(o, server(c)->auth->http.headers);
}

static void show_auth_timeout(const struct conf *c, struct out *o)
{
	must(server(c)->auth_timeout_ms == server(c)->auth->timeout_ms);
	out_u64(o, server(c)->auth_timeout_ms);
}

static void show_keepalive(const struct conf *c, struct out *o)
{
	must(server(c)->auth->http.keepalive == (server(c)->auth->keepalive > 0));
	out_u64(o, server(c)->auth->keepalive);
}

static void show_auth_connections(const struct conf *c, struct out *o)
{
	out_u64(o, server(c)->auth->connections_max);
}

static void show_queue(const struct conf *c, struct out *o)
{
	out_u64(o, server(c)->auth->queue_max);
}

static void show_methods(const struct conf *c, struct out *o)
{
	static const char letters[] = "plcexona";

	for (unsigned i = 0; i < 8; i++)
		if (server(c)->front.methods >> i & 1)
			out_byte(o, (uint8_t)letters[i]);
}

static void show_capabilities(const struct conf *c, struct out *o)
{
	for (uint32_t i = 0; i < server(c)->front.n_capabilities; i++) {
		out_str(o, server(c)->front.capabilities[i]);
		out_byte(o, ',');
	}
}

static void show_client_buffer(const struct conf *c, struct out *o)
{
	must(c->worker.client_buffer_max == server(c)->front.line_max);
	out_u64(o, server(c)->front.line_max);
}

static void show_delay(const struct conf *c, struct out *o)
{
	out_u64(o, server(c)->greeting_delay_ms);
}

/* Without effect: what it must not change is looked at. */
static void show_nothing(const struct conf *c, struct out *o)
{
	out_u64(o, c->n_servers);
}

static void show_proxy_buffer(const struct conf *c, struct out *o)
{
	must(c->worker.proxy_buffer_max == server(c)->back.reply_max);
	out_u64(o, server(c)->back.reply_max);
}

static void show_proxy_timeout(const struct conf *c, struct out *o)
{
	out_u64(o, server(c)->proxy_timeout_ms);
}

static void show_pass_error(const struct conf *c, struct out *o)
{
	show_flag(o, server(c)->pass_error_message);
}

static void show_smtp_auth(const struct conf *c, struct out *o)
{
	show_flag(o, server(c)->back.smtp_auth);
}

static void show_xclient(const struct conf *c, struct out *o)
{
	show_flag(o, server(c)->back.xclient);
}

static void show_imap_id(const struct conf *c, struct out *o)
{
	show_flag(o, server(c)->front.id);
}

static void show_proxy_out(const struct conf *c, struct out *o)
{
	out_u64(o, server(c)->proxy_out);
}

static void show_sources_of(struct out *o, const union socket_address *v, uint32_t n)
{
	struct addr a;

	for (uint32_t i = 0; i < n; i++) {
		sockaddr_to_addr(&a, &v[i]);
		must(!a.port);
		addr_write(o, &a);
		out_byte(o, ' ');
	}
}

static void show_sources(const struct conf *c, struct out *o)
{
	const struct source_conf *s = server(c)->sources;

	if (!s) {
		out_lit(o, "off");
		return;
	}
	show_sources_of(o, s->ip4, s->n_ip4);
	out_byte(o, '/');
	show_sources_of(o, s->ip6, s->n_ip6);
}

static void show_identity(const struct conf *c, struct out *o)
{
	show_flag(o, server(c)->front.identity);
	out_byte(o, '/');
	show_flag(o, server(c)->back.identity);
}

static void show_resolver(const struct conf *c, struct out *o)
{
	const struct resolver_conf *r = server(c)->resolver;

	if (!r)
		out_lit(o, "off");
	for (uint32_t i = 0; r && i < r->dns->n_servers; i++) {
		struct addr a;

		sockaddr_to_addr(&a, &r->dns->servers[i]);
		addr_write_port(o, &a);
		out_byte(o, ' ');
	}
	if (!r)
		return;
	cr_expect_eq(c->worker.n_dns, 1);
	cr_expect_eq(c->worker.dns[r->dns->index], r->dns);
	out_u64(o, r->dns->valid_ms);
	out_str(o, r->dns->ip4 ? STR(" 4") : str_none());
	out_str(o, r->dns->ip6 ? STR(" 6") : str_none());
}

static void show_resolver_timeout(const struct conf *c, struct out *o)
{
	if (server(c)->resolver)
		out_u64(o, server(c)->resolver->timeout_ms);
	else
		out_lit(o, "off");
}

static void show_real_ip(const struct conf *c, struct out *o)
{
	for (uint32_t i = 0; i < server(c)->n_real_ip_from; i++) {
		addr_write(o, &server(c)->real_ip_from[i].base);
		out_byte(o, '/');
		out_u64(o, server(c)->real_ip_from[i].bits);
		out_byte(o, ' ');
	}
}

static void show_debug_from(const struct conf *c, struct out *o)
{
	for (uint32_t i = 0; i < server(c)->n_debug_from; i++) {
		addr_write(o, &server(c)->debug_from[i].base);
		out_byte(o, '/');
		out_u64(o, server(c)->debug_from[i].bits);
		out_byte(o, ' ');
	}
}

#define MY_AUTH "127.0.0.1:9 127.0.0.1 /"

static const struct effect {
	const char *name;
	shower *show;
	const char *by_default;      /* what is shown when it is not said */
	const char *text, *shown;    /* one use of it */
	const char *other, *instead; /* another use, in the server when both levels are allowed */
} effects[] = {
	{"user", show_user, "nobody", "user root;", "root", "user root root;", "root"},
	{"worker_processes", show_threads, "1", "worker_processes 3;", "3", "worker_processes 256;",
	 "256"},
	{"worker_connections", show_connections, "512", "events { worker_connections 7; }", "7",
	 "events { worker_connections 1048576; }", "1048576"},
	{"ring_entries", show_entries, "1024/8192", "events { ring_entries 8 8; }", "8/8",
	 "events { ring_entries 32768 32768; }", "32768/32768"},
	{"ring_buffers", show_buffers, "128*16384", "events { ring_buffers 2 512; }", "2*512",
	 "events { ring_buffers 16384 64k; }", "16384*65536"},
	{"worker_rlimit_nofile", show_nofile, "0", "worker_rlimit_nofile 9;", "9",
	 "worker_rlimit_nofile 100000;", "100000"},
	{"worker_rlimit_core", show_core, "0", "worker_rlimit_core 1m;", "1048576",
	 "worker_rlimit_core 5;", "5"},
	{"worker_cpu_affinity", show_affinity, "any any any ", "worker_cpu_affinity 0001 1010;",
	 "10000000 01010000 01010000 ", "worker_cpu_affinity auto 10010;",
	 "01000000 00001000 01000000 "},
	{"worker_priority", show_priority, "0", "worker_priority -5;", "-5", "worker_priority +7;",
	 "7"},
	{"env", show_env, "", "env TZ; env A=b;", "TZ;A=b;", "env \"B=c d\";", "B=c d;"},
	{"worker_shutdown_timeout", show_shutdown, "0", "worker_shutdown_timeout 5s;", "5000",
	 "worker_shutdown_timeout 0;", "0"},
	{"daemon", show_daemon, "on", "daemon off;", "off", "daemon on;", "on"},
	{"master_process", show_master, "on", "master_process off;", "off", "master_process on;",
	 "on"},
	{"pid", show_pid, RINGPOST_PID, "pid /x/y;", "/x/y", "pid \"/x y\";", "/x y"},
	{"working_directory", show_folder, "none", "working_directory /tmp;", "/tmp",
	 "working_directory /;", "/"},
	{"error_log", show_logs, RINGPOST_ERROR_LOG " 4 4", "error_log stderr;", "stderr 4 4",
	 "error_log /a info; error_log stderr crit;", "/a 7 stderr 3 7"},
	{"debug_connection", show_debug_from, "", "events { debug_connection 192.0.2.0/24; }",
	 "192.0.2.0/24 ", "events { debug_connection ::1; debug_connection unix:; }",
	 "::1/128 unix:/0 "},
	{"listen", show_listens, "127.0.0.1:2525 ", "listen 127.0.0.1:26;",
	 "127.0.0.1:2525 127.0.0.1:26 ", "listen unix:/tmp/x proxy_protocol;",
	 "127.0.0.1:2525 unix:/tmp/x* "},
	{"protocol", show_protocol, "0", "protocol smtp;", "0", "protocol smtp ;", "0"},
	{"server_name", show_name, "machine", "server_name a.b;", "a.b", "server_name \"\";",
	 "machine"},
	{"timeout", show_timeout, "60000", "timeout 5s;", "5000", "timeout 1d;", "86400000"},
	{"max_errors", show_errors, "5", "max_errors 9;", "9", "max_errors 0;", "0"},
	{"max_commands", show_commands, "1000", "max_commands 9;", "9", "max_commands 0;", "0"},
	{"strict_line_ends", show_strict_lines, "off", "strict_line_ends on;", "on",
	 "strict_line_ends off;", "off"},
	{"smtp_starttls_required", show_starttls_required, "off", "smtp_starttls_required on;",
	 "on", "smtp_starttls_required off;", "off"},
	{"auth_http", show_auth, MY_AUTH, "auth_http http://127.0.0.2:81/a?b;",
	 "127.0.0.2:81 127.0.0.2 /a?b", "auth_http unix:/tmp/x:/u;", "unix:/tmp/x localhost /u"},
	{"auth_http_header", show_headers, "", "auth_http_header X-Key s;", "X-Key: s\r\n",
	 "auth_http_header A \"b c\"; auth_http_header D e;", "A: b c\r\nD: e\r\n"},
	{"auth_http_timeout", show_auth_timeout, "60000", "auth_http_timeout 1;", "1000",
	 "auth_http_timeout 2ms;", "2"},
	{"auth_http_keepalive", show_keepalive, "32", "auth_http_keepalive 1;", "1",
	 "auth_http_keepalive 0;", "0"},
	{"auth_http_connections", show_auth_connections, "256", "auth_http_connections 1;", "1",
	 "auth_http_connections 999;", "999"},
	{"auth_http_queue", show_queue, "4096", "auth_http_queue 0;", "0", "auth_http_queue 9;",
	 "9"},
	{"smtp_auth", show_methods, "pl", "smtp_auth none;", "n",
	 "smtp_auth EXTERNAL cram-md5 plain;", "pce"},
	{"smtp_capabilities", show_capabilities, "", "smtp_capabilities 8BITMIME;", "8BITMIME,",
	 "smtp_capabilities \"SIZE 10\" DSN; smtp_capabilities HELP;", "SIZE 10,DSN,HELP,"},
	{"smtp_client_buffer", show_client_buffer, "4096", "smtp_client_buffer 64;", "64",
	 "smtp_client_buffer 1m;", "1048576"},
	{"smtp_greeting_delay", show_delay, "0", "smtp_greeting_delay 5s;", "5000",
	 "smtp_greeting_delay 1ms;", "1"},
	{"pop3_auth", show_methods, "pl", "pop3_auth apop;", "a",
	 "pop3_auth oauthbearer xoauth2 external cram-md5 PLAIN;", "plcexo"},
	{"pop3_capabilities", show_capabilities, "TOP,USER,UIDL,", "pop3_capabilities UIDL;",
	 "UIDL,", "pop3_capabilities \"EXPIRE 60\" TOP; pop3_capabilities USER;",
	 "EXPIRE 60,TOP,USER,"},
	{"pop3_client_buffer", show_client_buffer, "4096", "pop3_client_buffer 128;", "128",
	 "pop3_client_buffer 64k;", "65536"},
	{"imap_auth", show_methods, "p", "imap_auth login;", "l",
	 "imap_auth oauthbearer xoauth2 external cram-md5 PLAIN login;", "plcexo"},
	{"imap_capabilities", show_capabilities, "IMAP4,IMAP4rev1,UIDPLUS,",
	 "imap_capabilities IMAP4rev2;", "IMAP4rev2,",
	 "imap_capabilities IMAP4rev1 IDLE; imap_capabilities ID;", "IMAP4rev1,IDLE,ID,"},
	{"imap_client_buffer", show_client_buffer, "4096", "imap_client_buffer 128;", "128",
	 "imap_client_buffer 64k;", "65536"},
	{"imap_id", show_imap_id, "off", "imap_id on;", "on", "imap_id off;", "off"},
	{"proxy", show_nothing, "1", "proxy on;", "1", "proxy off;", "1"},
	{"proxy_buffer", show_proxy_buffer, "4096", "proxy_buffer 8k;", "8192", "proxy_buffer 16m;",
	 "16777216"},
	{"proxy_timeout", show_proxy_timeout, "86400000", "proxy_timeout 1h;", "3600000",
	 "proxy_timeout 1;", "1000"},
	{"proxy_pass_error_message", show_pass_error, "off", "proxy_pass_error_message on;", "on",
	 "proxy_pass_error_message off;", "off"},
	{"proxy_smtp_auth", show_smtp_auth, "off", "proxy_smtp_auth on;", "on",
	 "proxy_smtp_auth off;", "off"},
	{"proxy_protocol", show_proxy_out, "0", "proxy_protocol on;", "1", "proxy_protocol v2;",
	 "2"},
	{"set_real_ip_from", show_real_ip, "", "set_real_ip_from 192.0.2.99/24;", "192.0.2.0/24 ",
	 "set_real_ip_from ::1; set_real_ip_from unix:;", "::1/128 unix:/0 "},
	{"proxy_bind", show_sources, "off", "proxy_bind ::1 192.0.2.2 [2001:db8::1] 192.0.2.1;",
	 "192.0.2.2 192.0.2.1 /::1 2001:db8::1 ", "proxy_bind off;", "off"},
	{"resolver", show_resolver, "off", "resolver [::1]:5353 127.0.0.1 valid=1m ipv6=off;",
	 "[::1]:5353 127.0.0.1:53 60000 4", "resolver 127.0.0.2 ipv4=off;", "127.0.0.2:53 0 6"},
	{"resolver_timeout", show_resolver_timeout, "off",
	 "resolver 127.0.0.1; resolver_timeout 1;", "1000",
	 "resolver 127.0.0.1; resolver_timeout 0;", "0"},
	{"proxy_identity", show_identity, "off/off", "proxy_identity on;", "on/on",
	 "proxy_identity off;", "off/off"},
	{"xclient", show_xclient, "on", "xclient off;", "off", "xclient on;", "on"},
};

enum { EFFECTS = sizeof(effects) / sizeof(effects[0]) };

/* Texts for the main level, the mail block and the server, around what every file needs. */
struct levels {
	const char *main, *mail, *server;
};

/* The server that a directive is about: one of its protocol, where its name says so. */
static const char *protocol_of(const struct effect *e)
{
	static const char *const names[] = {"pop3", "imap"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_starts(str_cstr(e->name), str_cstr(names[i])))
			return names[i];
	return e->show == show_identity ? "pop3" : "smtp";
}

static void expect(const struct effect *e, struct levels at, const char *shown)
{
	/* auth_http stands first: what a test says about it is the last and counts */
	char text[1024], got[512] = "";
	struct conf_error error;
	struct conf *c;
	struct out o;

	snprintf(text, sizeof(text),
		 "%s\nmail { auth_http 127.0.0.1:9; %s\n"
		 "server { listen 127.0.0.1:2525; protocol %s; %s } }",
		 at.main, at.mail, protocol_of(e), at.server);
	c = conf_try(text, &error);
	cr_assert(c, "%s: %s\n%s", e->name, error.text, text);
	out_init(&o, got, sizeof(got) - 1);
	e->show(c, &o);
	cr_expect_str_eq(got, shown, "%s: \"%s\" is not \"%s\"\n%s", e->name, got, shown, text);
	conf_free(c);
}

static const struct effect *find(const char *name)
{
	for (size_t i = 0; i < EFFECTS; i++)
		if (str_eq(str_cstr(effects[i].name), str_cstr(name)))
			return &effects[i];
	return NULL;
}

Test(conf_effects, every_setting_in_the_table_has_a_test)
{
	unsigned settings = 0;

	for (uint32_t i = 0; i < conf_rows_core.n; i++) {
		if (conf_rows_core.v[i].kind != CONF_SETTING)
			continue;
		settings++;
		cr_expect(find(conf_rows_core.v[i].name), "%s has no test of its effect",
			  conf_rows_core.v[i].name);
	}
	cr_assert_eq(settings, EFFECTS);
}

Test(conf_effects, each_has_its_default_and_its_value)
{
	for (size_t i = 0; i < EFFECTS; i++) {
		const struct effect *e = &effects[i];
		unsigned contexts = conf_table_find(str_cstr(e->name))->contexts;

		if (e->show == show_user && geteuid() != 0)
			expect(e, (struct levels){"", "", ""}, "none");
		else
			expect(e, (struct levels){"", "", ""}, e->by_default);
		if (contexts & (CONF_IN_MAIN | CONF_IN_EVENTS)) {
			expect(e, (struct levels){e->text, "", ""}, e->shown);
			expect(e, (struct levels){e->other, "", ""}, e->instead);
		}
		if (contexts & CONF_IN_SERVER) {
			expect(e, (struct levels){"", "", e->text}, e->shown);
			expect(e, (struct levels){"", "", e->other}, e->instead);
		}
	}
}

Test(conf_effects, servers_inherit_from_mail_and_replace_as_a_whole)
{
	for (size_t i = 0; i < EFFECTS; i++) {
		const struct effect *e = &effects[i];

		if (!(conf_table_find(str_cstr(e->name))->contexts & CONF_IN_MAIL))
			continue;
		expect(e, (struct levels){"", e->text, ""}, e->shown);
		expect(e, (struct levels){"", e->other, ""}, e->instead);
		expect(e, (struct levels){"", e->text, e->other}, e->instead);
		expect(e, (struct levels){"", e->other, e->text}, e->shown);
	}
}
