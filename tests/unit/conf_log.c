/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/conf_log: what error_log says about syslog servers and levels, and which log
 * there is when nothing names a file.
 */
#include "app/conf_log.h"
#include "app/log_syslog.h"
#include "app/options.h"
#include "tests/lib/conf_try.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct conf_log *first(struct conf *c)
{
	cr_assert_eq(c->main.logs.n, 1);
	return &c->main.logs.v[0];
}

static struct conf *conf_main(const char *text)
{
	struct conf_error e;
	struct conf *c = conf_try_main(text, &e);

	cr_assert(c, "%s", e.text);
	return c;
}

static void expect_str(struct str s, const char *text)
{
	cr_assert(str_eq(s, str_cstr(text)), "%.*s", (int)s.n, (const char *)s.p);
}

Test(conf_log, a_syslog_server_has_nginx_s_defaults)
{
	struct conf *c = conf_main("error_log syslog:server=127.0.0.1;");
	const struct log_syslog *to = first(c)->syslog;
	char name[256] = "";

	cr_assert(to);
	cr_assert_null(first(c)->path);
	cr_assert_eq(first(c)->level, LEVEL_ERR);
	cr_assert_eq(to->address.ip4.sin_family, AF_INET);
	cr_assert_eq(ntohs(to->address.ip4.sin_port), 514);
	cr_assert_eq(to->facility, 23);
	expect_str(to->tag, "nginx");
	cr_assert_str_eq(to->text, "syslog:server=127.0.0.1");
	cr_assert_eq(gethostname(name, sizeof(name) - 1), 0);
	cr_assert_eq(to->host.n, strnlen(name, LOG_SYSLOG_HOST_MAX));
	cr_assert_eq(c->n_notes, 0);
	conf_free(c);
}

Test(conf_log, a_syslog_server_s_parameters_come_in_any_order)
{
	struct conf *c = conf_main("error_log syslog:nohostname,tag=Mail_1,facility=mail,"
				   "severity=crit,server=[::1]:5514 info;");
	const struct log_syslog *to = first(c)->syslog;

	cr_assert_eq(first(c)->level, LEVEL_INFO);
	cr_assert_eq(to->address.ip6.sin6_family, AF_INET6);
	cr_assert_eq(ntohs(to->address.ip6.sin6_port), 5514);
	cr_assert_eq(to->facility, 2);
	cr_assert_eq(to->host.n, 0);
	expect_str(to->tag, "Mail_1");
	cr_assert_eq(c->n_notes, 0);
	conf_free(c);
}

Test(conf_log, a_syslog_server_may_be_a_unix_socket)
{
	struct conf *c = conf_main("error_log syslog:server=unix:/dev/log,tag=;");
	const struct log_syslog *to = first(c)->syslog;

	cr_assert_eq(to->address.un.sun_family, AF_UNIX);
	cr_assert_str_eq(to->address.un.sun_path, "/dev/log");
	cr_assert_eq(to->tag.n, 0);
	conf_free(c);
}

Test(conf_log, every_facility_has_its_number)
{
	static const char *const names[] = {
		"kern",   "user",   "mail",     "daemon", "auth",   "intern", "lpr",    "news",
		"uucp",   "clock",  "authpriv", "ftp",    "ntp",    "audit",  "alert",  "cron",
		"local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char text[128];
		struct conf *c;

		snprintf(text, sizeof(text), "error_log syslog:server=127.0.0.1,facility=%s;",
			 names[i]);
		c = conf_main(text);
		cr_assert_eq(first(c)->syslog->facility, i);
		conf_free(c);
	}
}

Test(conf_log, parts_of_debug_are_debug)
{
	struct conf *c = conf_main("error_log stderr debug_mail debug_core;");

	cr_assert_eq(first(c)->level, LEVEL_DEBUG);
	conf_free(c);
}

Test(conf_log, memory_keeps_nothing_and_says_so)
{
	struct conf *c = conf_main("error_log memory:32m debug; error_log /a info;");

	cr_assert_str_eq(first(c)->path, "/a");
	cr_assert_eq(c->n_notes, 1);
	cr_assert_eq(c->notes[0].level, LEVEL_NOTICE);
	cr_assert(strstr(c->notes[0].text, "keeps nothing here"), "%s", c->notes[0].text);
	conf_free(c);
	c = conf_main("error_log memory:32m;");
	cr_assert_str_eq(first(c)->path, RINGPOST_ERROR_LOG);
	conf_free(c);
}

Test(conf_log, servers_may_log_elsewhere)
{
	struct conf_error e;
	struct conf *c = conf_try_server("error_log syslog:server=127.0.0.1,tag=a info;"
					 "error_log /b crit;",
					 &e);
	const struct conf_logs *logs = &c->servers[0]->logs;

	cr_assert_eq(logs->n, 2);
	expect_str(logs->v[0].syslog->tag, "a");
	cr_assert_str_eq(logs->v[1].path, "/b");
	cr_assert_null(logs->v[1].syslog);
	cr_assert_eq(c->servers[0]->session.log_level, LEVEL_INFO);
	conf_free(c);
}
