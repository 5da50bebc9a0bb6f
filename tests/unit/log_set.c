/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/log_set: error_log directives become shared outputs and targets.
 */
#include "app/log_set.h"
#include "tests/lib/conf_try.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/ringpost-logset-XXXXXX";

/* A configuration with these error_log lines in main, and in the second of two servers. */
static struct conf *conf_with(const char *main, const char *server)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "%s events { }\n"
		 "mail { auth_http 127.0.0.1:1/; server_name x;\n"
		 "server { listen 127.0.0.1:2525; protocol smtp; }\n"
		 "server { listen 127.0.0.1:2526; protocol smtp; %s } }\n",
		 main, server);
	return conf_try_good(text);
}

Test(log_set, each_path_is_opened_once)
{
	char main[256], server[256], error[512], path[128];
	const struct log_outputs *outputs;
	struct log_set *set;
	struct conf *c;

	cr_assert(mkdtemp(dir));
	snprintf(main, sizeof(main), "error_log %s/a.log; error_log stderr alert;", dir);
	snprintf(server, sizeof(server), "error_log %s/a.log info; error_log %s/b.log crit;", dir,
		 dir);
	c = conf_with(main, server);
	set = log_set_open(c, error, sizeof(error));
	cr_assert(set, "%s", error);
	outputs = log_set_outputs(set);
	cr_assert_eq(outputs->n, 3);
	cr_assert_eq(outputs->main->n_rules, 2);
	cr_assert_eq(outputs->main->rules[0].level, LEVEL_ERR);
	cr_assert_eq(outputs->main->rules[1].output->kind, LOG_OUTPUT_STDERR);
	for (unsigned i = 0; i < outputs->n; i++) {
		cr_assert_eq(outputs->items[i]->index, i);
		cr_assert_geq(outputs->items[i]->fd, 0);
	}
	cr_assert_eq(c->servers[0]->session.log->n_rules, 2);
	cr_assert_eq(c->servers[1]->session.log->n_rules, 2);
	cr_assert_eq(c->servers[1]->session.log->rules[0].output, outputs->main->rules[0].output);
	cr_assert_eq(c->servers[1]->session.log->rules[0].level, LEVEL_INFO);
	log_set_close(set);
	conf_free(c);
	snprintf(path, sizeof(path), "%s/a.log", dir);
	cr_assert_eq(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/b.log", dir);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(rmdir(dir), 0);
}

Test(log_set, a_file_that_cannot_be_opened_is_named)
{
	struct conf *c = conf_with("error_log /nonexistent/x.log;", "");
	char error[512];

	cr_assert_null(log_set_open(c, error, sizeof(error)));
	cr_assert_str_eq(
		error,
		"open() \"/nonexistent/x.log\" failed (2: No such file or directory): make its "
		"folder, or name another file with error_log");
	conf_free(c);
}
