/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/conf: whole configurations, from text to what runs.
 */
#include "app/conf.h"
#include "tests/lib/conf_try.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>

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
	cr_assert(str_eq(first->smtp_front.server_name, STR("mail.example.org")));
	cr_assert(str_eq(second->smtp_front.server_name, STR("other")));
	cr_assert_eq(first->smtp_front.n_capabilities, 2);
	cr_assert(str_eq(first->smtp_front.capabilities[0], STR("SIZE 1000")));
	cr_assert_eq(first->auth, second->auth);
	cr_assert_eq(c->worker.n_auth_services, 1);
	cr_assert(str_eq(first->auth->name, STR("127.0.0.1:9000")));
	cr_assert(str_eq(first->auth->http.uri, STR("/auth")));
	cr_assert(str_eq(first->auth->http.host, STR("127.0.0.1")));
	cr_assert_eq(ntohs(first->auth->addresses[0].ip4.sin_port), 9000);
	cr_assert_eq(first->log_level, LEVEL_INFO);
	conf_free(c);
}
