/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/conf: whole configurations, from text to what runs.
 */
#include "app/conf.h"
#include "tests/lib/certs.h"
#include "tests/lib/conf_try.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char ordinary[] = "worker_processes 2;\n"
			       "error_log stderr info;\n"
			       "events { worker_connections 1000; }\n"
			       "mail {\n"
			       "	server_name mail.example.org;\n"
			       "	auth_http 127.0.0.1:9000/auth;\n"
			       "	smtp_capabilities \"SIZE 1000\" 8BITMIME;\n"
			       "	server { listen 127.0.0.1:2525; protocol smtp; }\n"
			       "	server { listen [::1]:587; server_name other; }\n"
			       "}\n";

Test(conf, an_ordinary_file_becomes_what_runs)
{
	struct conf *c = conf_try_good(ordinary);
	const struct server_conf *first, *second;

	cr_assert(c);
	first = &c->servers[0]->session;
	second = &c->servers[1]->session;
	cr_assert_eq(c->worker.threads, 2);
	cr_assert_eq(c->worker.connections, 1000);
	cr_assert_eq(c->worker.n_listens, 2);
	cr_assert(str_eq(c->worker.listens[0].text, STR("127.0.0.1:2525")));
	cr_assert(str_eq(c->worker.listens[1].text, STR("[::1]:587")));
	cr_assert_eq(c->worker.listens[0].server, first);
	cr_assert_eq(c->worker.listens[1].server, second);
	cr_assert(str_eq(first->front.server_name, STR("mail.example.org")));
	cr_assert(str_eq(second->front.server_name, STR("other")));
	cr_assert_eq(first->front.n_capabilities, 2);
	cr_assert(str_eq(first->front.capabilities[0], STR("SIZE 1000")));
	cr_assert_eq(first->auth, second->auth);
	cr_assert_eq(c->worker.n_auth_services, 1);
	cr_assert(str_eq(first->auth->name, STR("127.0.0.1:9000")));
	cr_assert(str_eq(first->auth->http.uri, STR("/auth")));
	cr_assert(str_eq(first->auth->http.host, STR("127.0.0.1")));
	cr_assert_eq(ntohs(first->auth->addresses[0].ip4.sin_port), 9000);
	cr_assert_eq(first->log_level, LEVEL_INFO);
	conf_free(c);
}

Test(conf, addresses_of_every_form_are_listened_on)
{
	struct conf_error e;
	struct conf *c = conf_try_server("listen 127.0.0.1:2600-2602;\nlisten 26;\nlisten *:27;\n"
					 "listen [::]:28 ipv6only=off;\nlisten [::1]:29;\n"
					 "listen localhost:30;\nlisten unix:/tmp/x.sock;",
					 &e);
	static const char *const texts[] = {
		"127.0.0.1:2525", "127.0.0.1:2600", "127.0.0.1:2601", "127.0.0.1:2602",
		"0.0.0.0:26",     "0.0.0.0:27",     "[::]:28",        "[::1]:29",
	};
	const struct listen_conf *l;

	cr_assert(c, "%s", e.text);
	l = c->worker.listens;
	cr_assert_geq(c->worker.n_listens, 10);
	for (size_t i = 0; i < 8; i++)
		cr_expect(str_eq(l[i].text, str_cstr(texts[i])), "%s", texts[i]);
	cr_assert_eq(l[0].address_n, sizeof(struct sockaddr_in));
	cr_assert_eq(l[0].address.ip4.sin_family, AF_INET);
	cr_assert_eq(ntohs(l[0].address.ip4.sin_port), 2525);
	cr_assert_eq(l[6].address_n, sizeof(struct sockaddr_in6));
	cr_assert(!l[6].ipv6only);
	cr_assert(l[7].ipv6only);
	l += c->worker.n_listens - 1;
	cr_assert(str_eq(l->text, STR("unix:/tmp/x.sock")));
	cr_assert_eq(l->address.un.sun_family, AF_UNIX);
	cr_assert_str_eq(l->address.un.sun_path, "/tmp/x.sock");
	conf_free(c);
}

Test(conf, parameters_of_listen_reach_the_socket)
{
	struct conf_error e;
	struct conf *c =
		conf_try_server("listen 26 backlog=9 rcvbuf=1k sndbuf=1m bind;\n"
				"listen 27 so_keepalive=on;\nlisten 28 so_keepalive=off;\n"
				"listen 29 so_keepalive=1m::5;\nlisten 30 so_keepalive=:2;",
				&e);
	const struct listen_conf *l;

	cr_assert(c, "%s", e.text);
	l = c->worker.listens;
	cr_assert_eq(l[0].backlog, 511);
	cr_assert(!l[0].keepalive.set);
	cr_assert_eq(l[1].backlog, 9);
	cr_assert_eq(l[1].rcvbuf, 1024);
	cr_assert_eq(l[1].sndbuf, 1 << 20);
	cr_assert(l[2].keepalive.set && l[2].keepalive.on);
	cr_assert(l[3].keepalive.set && !l[3].keepalive.on);
	cr_assert(l[4].keepalive.on);
	cr_assert_eq(l[4].keepalive.idle_s, 60);
	cr_assert_eq(l[4].keepalive.interval_s, 0);
	cr_assert_eq(l[4].keepalive.count, 5);
	cr_assert_eq(l[5].keepalive.interval_s, 2);
	conf_free(c);
}

Test(conf, a_known_port_stands_for_its_protocol)
{
	static const struct {
		const char *port;
		enum protocol protocol;
	} rows[] = {{"25", PROTOCOL_SMTP},  {"465", PROTOCOL_SMTP}, {"587", PROTOCOL_SMTP},
		    {"110", PROTOCOL_POP3}, {"995", PROTOCOL_POP3}, {"143", PROTOCOL_IMAP},
		    {"993", PROTOCOL_IMAP}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256];
		struct conf *c;

		snprintf(text, sizeof(text),
			 "mail { auth_http 127.0.0.1; server { listen 2525; listen %s; } }",
			 rows[i].port);
		c = conf_try_good(text);
		cr_assert(c, "%s", rows[i].port);
		cr_assert_eq(c->servers[0]->session.front.protocol, rows[i].protocol);
		cr_assert_eq(c->servers[0]->session.back.protocol, rows[i].protocol);
		conf_free(c);
	}
}

Test(conf, what_mail_says_behind_a_server_counts_for_it_too)
{
	struct conf *c = conf_try_good("mail { server { listen 25; } timeout 7s;\n"
				       "auth_http [::1]:81/x; }");

	cr_assert(c);
	cr_assert_eq(c->servers[0]->session.timeout_ms, 7000);
	cr_assert(str_eq(c->servers[0]->session.auth->name, STR("[::1]:81")));
	cr_assert(str_eq(c->servers[0]->session.auth->http.host, STR("[::1]")));
	conf_free(c);
}

Test(conf, servers_share_an_auth_service_only_when_all_about_it_is_the_same)
{
	struct conf *c =
		conf_try_good("mail { auth_http 127.0.0.1; auth_http_header A b;\n"
			      "server { listen 25; }\n"
			      "server { listen 587; }\n"
			      "server { listen 26; protocol smtp; auth_http_timeout 1s; }\n"
			      "server { listen 27; protocol smtp; auth_http_header C d; }\n"
			      "server { listen 28; protocol smtp; auth_http 127.0.0.1:81; } }");
	const struct conf_server *const *s;

	cr_assert(c);
	s = (const struct conf_server *const *)c->servers;
	cr_assert_eq(c->worker.n_auth_services, 4);
	cr_assert_eq(s[0]->session.auth, s[1]->session.auth);
	for (uint32_t i = 0; i < 4; i++)
		cr_assert_eq(c->worker.auth_services[i]->index, i);
	cr_assert_eq(s[2]->session.auth->index, 1);
	cr_assert_eq(s[3]->session.auth->index, 2);
	cr_assert(str_eq(s[3]->session.auth->http.headers, STR("C: d\r\n")));
	cr_assert_eq(s[4]->session.auth->index, 3);
	conf_free(c);
}

Test(conf, a_host_name_of_auth_http_gives_all_its_addresses)
{
	struct conf_error e;
	struct conf *c = conf_try_server("auth_http http://localhost/a;", &e);
	const struct auth_service_conf *a;

	cr_assert(c, "%s", e.text);
	a = c->servers[0]->session.auth;
	cr_assert_geq(a->n_addresses, 1);
	cr_assert(str_eq(a->http.host, STR("localhost")));
	for (uint32_t i = 0; i < a->n_addresses; i++)
		cr_assert_eq(ntohs(a->addresses[i].ip4.sin_port), 80);
	conf_free(c);
}

Test(conf, a_reply_to_ehlo_fits_or_is_refused)
{
	char text[8192];
	size_t n = (size_t)snprintf(text, sizeof(text), "server_name m; smtp_capabilities");
	struct conf_error e;
	struct conf *c;

	for (unsigned i = 0; i < 36; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " \"X%099u\"", i);
	snprintf(text + n, sizeof(text) - n, ";");
	c = conf_try_server(text, &e);
	cr_assert(c, "%s", e.text);
	conf_free(c);
	snprintf(text + n, sizeof(text) - n, " \"X%0230u\";", 1u);
	cr_assert_null(conf_try_server(text, &e));
	cr_assert_str_eq(e.text, "a reply to EHLO of 4134 bytes is too long for server in c:3 "
				 "(at most 4096: shorten \"smtp_capabilities\")");
}

Test(conf, a_reply_to_capa_fits_or_is_refused)
{
	char text[8192];
	size_t n = (size_t)snprintf(text, sizeof(text), "server_name m; pop3_capabilities");
	struct conf_error e;
	struct conf *c;

	for (unsigned i = 0; i < 38; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " \"X%099u\"", i);
	snprintf(text + n, sizeof(text) - n, "; protocol pop3;");
	c = conf_try_server(text, &e);
	cr_assert(c, "%s", e.text);
	conf_free(c);
	snprintf(text + n, sizeof(text) - n, " \"X%0230u\";", 1u);
	c = conf_try_server(text, &e);
	cr_assert(c, "another protocol's: %s", e.text);
	conf_free(c);
	snprintf(text + n, sizeof(text) - n, " \"X%0230u\"; protocol pop3;", 1u);
	cr_assert_null(conf_try_server(text, &e));
	cr_assert_str_eq(e.text, "a reply to CAPA of 4204 bytes is too long for server in c:3 "
				 "(at most 4096: shorten \"pop3_capabilities\")");
}

Test(conf, names_and_paths_that_are_too_long_are_refused)
{
	char text[4096];
	struct conf_error e;

	snprintf(text, sizeof(text), "listen unix:/%0120d;", 0);
	cr_assert_null(conf_try_server(text, &e));
	cr_assert(strstr(e.text, "too long path in the unix domain socket in \"unix:/0"));
	snprintf(text, sizeof(text), "auth_http unix:/%0120d;", 0);
	cr_assert_null(conf_try_mail(text, &e));
	cr_assert(strstr(e.text, "too long path in the unix domain socket in auth_http"));
	snprintf(text, sizeof(text), "auth_http 127.0.0.1/%03000d;", 0);
	cr_assert_null(conf_try_mail(text, &e));
	snprintf(text, sizeof(text), "auth_http_header a %03000d;", 0);
	cr_assert_null(conf_try_mail(text, &e));
	snprintf(text, sizeof(text), "server_name %0300d;", 0);
	cr_assert_null(conf_try_mail(text, &e));
	cr_assert_str_eq(e.text, "\"server_name\" is longer than 255 bytes in c:4");
	snprintf(text, sizeof(text), "%03000d;", 0);
	cr_assert_null(conf_try_mail(text, &e));
	cr_assert_lt(strlen(e.text), CONF_ERROR_MAX);
}

Test(conf, what_is_for_nginx_is_skipped_with_a_notice)
{
	struct conf *c = conf_try_good(
		"http { server { listen 80; set $a \"}{\"; # }\n location ~ \"^/(a{2})$\" { } }\n"
		"content_by_lua_block { ngx.say(\"}\") -- it's\n } map $a $b { default \"\"; } }\n"
		"stream { }\nload_module x.so;\n"
		"mail { auth_http 127.0.0.1; smtp_auth plain plain; auth_http 127.0.0.2;\n"
		"smtp_capabilities \"\";\n"
		"server { listen 25; } }");

	static const char *const wanted[] = {
		"\"http\" block is skipped, it is for NGINX to serve in ",
		"\"stream\" block is skipped, it is for NGINX to serve in ",
		"\"load_module\" has no effect in ",
		"duplicate value \"plain\" in ",
		"\"auth_http\" is given again, the last one counts in ",
		"an empty word in \"smtp_capabilities\" is left out in ",
	};

	cr_assert(c);
	cr_assert_eq(c->n_notes, 6);
	for (uint32_t i = 0; i < 6; i++) {
		cr_expect_eq(strncmp(c->notes[i].text, wanted[i], strlen(wanted[i])), 0, "%s",
			     c->notes[i].text);
		cr_expect_eq(c->notes[i].level, i < 3 ? LEVEL_NOTICE : LEVEL_WARN);
	}
	cr_assert(str_eq(c->servers[0]->session.auth->name, STR("127.0.0.2:80")));
	cr_assert_eq(c->servers[0]->session.front.n_capabilities, 0);
	conf_free(c);
}

static const struct log_target *count_logs(const struct conf_log *v, size_t n)
{
	return (const struct log_target *)(const void *)(v + (n - 1));
}

Test(conf, every_server_gets_its_log_target)
{
	struct conf *c = conf_try_good("error_log /a; mail { auth_http 127.0.0.1;\n"
				       "server { listen 25; }\n"
				       "server { listen 587; error_log /b; error_log /c info; } }");

	cr_assert(c);
	conf_bind_logs(c, count_logs);
	cr_assert_eq((const void *)c->servers[0]->session.log, c->main.logs.v);
	cr_assert_eq((const void *)c->servers[1]->session.log, &c->servers[1]->logs.v[1]);
	cr_assert_eq(c->servers[1]->session.log_level, LEVEL_INFO);
	conf_free(c);
}

Test(conf, a_file_that_cannot_be_read_is_told)
{
	struct options o = {.conf = "/nowhere/c", .prefix = "/"};
	struct conf_error e;

	cr_assert_null(conf_load(&o, &e));
	cr_assert_str_eq(e.text, "open() \"/nowhere/c\" failed (2: No such file or directory)");
	o.conf = "/";
	cr_assert_null(conf_load(&o, &e));
	cr_assert_str_eq(e.text, "read() \"/\" failed (21: Is a directory)");
	o.conf = "/dev/zero";
	cr_assert_null(conf_load(&o, &e));
	cr_assert_str_eq(e.text, "\"/dev/zero\" is too large for a configuration");
}

/* The tests run in the top folder of the sources. */
Test(conf, the_examples_are_good)
{
	static const char *const names[] = {"smtp.conf", "dovecot.conf", "try.conf"};

	for (size_t i = 0; i < 3; i++) {
		struct options o = {.conf = names[i], .prefix = "conf.example"};
		struct conf_error e;
		struct conf *c = conf_load(&o, &e);

		cr_assert(c, "%s", e.text);
		/* only "user" has no effect without root */
		cr_expect_eq(c->n_notes, geteuid() == 0 || i == 2 ? 0 : 1, "%s", names[i]);
		conf_free(c);
	}
}

/* `to` in the folder is `from`, wherever that is. */
static void link_file(const char *folder, const char *to, const char *from)
{
	char path[256], *there = realpath(from, NULL);

	snprintf(path, sizeof(path), "%s/%s", folder, to);
	cr_assert(there && !symlink(there, path));
	free(there);
}

static const char *const linked[][2] = {
	{"mail.example.org.pem", "ecdsa.pem"},   {"mail.example.org.key", "ecdsa.key"},
	{"mail.example.org-rsa.pem", "rsa.pem"}, {"mail.example.org-rsa.key", "rsa.key"},
	{"example.net.pem", "wild.pem"},         {"example.net.key", "wild.key"},
};

/* The example with TLS, beside a folder that has what it names. */
Test(conf, the_example_with_tls_is_good)
{
	char folder[] = "/tmp/ringpost-conf-XXXXXX", path[256], from[1024];
	struct options o = {.conf = "c", .prefix = folder};
	struct conf_error e;
	struct conf *c;

	cr_assert(certs_folder() && mkdtemp(folder));
	link_file(folder, "c", "conf.example/mail.conf");
	snprintf(path, sizeof(path), "%s/tls", folder);
	cr_assert(!mkdir(path, 0700));
	for (size_t i = 0; i < sizeof(linked) / sizeof(linked[0]); i++) {
		snprintf(from, sizeof(from), "%s/%s", certs_folder(), linked[i][1]);
		link_file(path, linked[i][0], from);
	}
	c = conf_load(&o, &e);
	cr_assert(c, "%s", e.text);
	for (uint32_t i = 0; i < c->n_servers; i++)
		cr_expect(c->servers[i]->session.acceptor, "server %u", i);
	conf_free(c);
	for (size_t i = 0; i < sizeof(linked) / sizeof(linked[0]); i++) {
		snprintf(from, sizeof(from), "%s/%s", path, linked[i][0]);
		unlink(from);
	}
	rmdir(path);
	snprintf(path, sizeof(path), "%s/c", folder);
	unlink(path);
	rmdir(folder);
}
