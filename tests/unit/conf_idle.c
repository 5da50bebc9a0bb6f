/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/conf_rows_nginx: what an nginx.conf says about NGINX itself is accepted where
 * NGINX accepts it, and costs one notice with file and line; its blocks are passed over whole.
 */
#include "app/conf_table.h"
#include "tests/lib/conf_try.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* A use of each, as a real file may have it. */
static const struct {
	const char *name, *text;
} uses[] = {
	{"timer_resolution", "timer_resolution 100ms;"},
	{"lock_file", "lock_file /run/nginx.lock;"},
	{"debug_points", "debug_points abort;"},
	{"load_module", "load_module modules/ngx_mail_module.so;"},
	{"thread_pool", "thread_pool default threads=32 max_queue=65536;"},
	{"worker_rlimit_sigpending", "worker_rlimit_sigpending 32768;"},
	{"ssl_object_cache_inheritable", "ssl_object_cache_inheritable off;"},
	{"quic_bpf", "quic_bpf on;"},
	{"google_perftools_profiles", "google_perftools_profiles /tmp/profile;"},
	{"pcre_jit", "pcre_jit on;"},
	{"ssl_engine", "ssl_engine rdrand;"},
	{"use", "events { use epoll; }"},
	{"multi_accept", "events { multi_accept on; }"},
	{"accept_mutex", "events { accept_mutex off; }"},
	{"accept_mutex_delay", "events { accept_mutex_delay 500ms; }"},
	{"worker_aio_requests", "events { worker_aio_requests 32; }"},
	{"epoll_events", "events { epoll_events 512; }"},
};
enum { USES = sizeof(uses) / sizeof(uses[0]) };

static bool is_used(const char *name)
{
	for (size_t i = 0; i < USES; i++)
		if (strcmp(uses[i].name, name) == 0)
			return true;
	return false;
}

static void expect_notice(const struct conf_row *row, const char *text, const char *says)
{
	struct conf_error e;
	struct conf *c =
		row->contexts & CONF_IN_MAIL ? conf_try_mail(text, &e) : conf_try_main(text, &e);

	cr_assert(c, "%s: %s", text, e.text);
	cr_assert_eq(c->n_notes, 1, "%s", text);
	cr_expect_eq(c->notes[0].level, LEVEL_NOTICE);
	cr_expect(strstr(c->notes[0].text, says), "%s: %s", text, c->notes[0].text);
	conf_free(c);
}

Test(conf_idle, nginx_s_own_business_costs_a_notice)
{
	for (uint32_t i = 0; i < conf_table_n(); i++)
		cr_expect(conf_table_row(i)->kind != CONF_IDLE || is_used(conf_table_row(i)->name),
			  "%s is not tried", conf_table_row(i)->name);
	for (size_t i = 0; i < USES; i++) {
		const struct conf_row *row = conf_table_find(str_cstr(uses[i].name));

		cr_assert(row, "%s", uses[i].name);
		if (row->kind == CONF_IDLE)
			expect_notice(row, uses[i].text, "\" has no effect in ");
	}
}

Test(conf_idle, multipath_costs_a_notice)
{
	struct conf_error e;
	struct conf *c = conf_try_server("listen 127.0.0.1:26 multipath;", &e);

	cr_assert(c, "%s", e.text);
	cr_assert_eq(c->n_notes, 1);
	cr_expect(strstr(c->notes[0].text, "\"multipath\" of \"listen\" has no effect"));
	conf_free(c);
}

Test(conf_idle, mistakes_in_it_are_mistakes)
{
	static const char *const wrong[][2] = {
		{"pcre_jit;", "invalid number of arguments in \"pcre_jit\" directive in c:1"},
		{"pcre_jit yes;", "invalid value \"yes\" in \"pcre_jit\" directive, it must be "
				  "\"on\" or \"off\" in c:1"},
		{"timer_resolution x;", "\"timer_resolution\" directive invalid value in c:1"},
		{"lock_file a; lock_file b;", "\"lock_file\" directive is duplicate in c:1"},
		{"events { use a b; }", "invalid number of arguments in \"use\" directive in c:1"},
		{"debug_points halt;", "invalid value \"halt\" in c:1"},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct conf_error e;

		cr_assert_null(conf_try_main(wrong[i][0], &e));
		cr_expect_eq(strncmp(e.text, wrong[i][1], strlen(wrong[i][1])), 0, "%s", e.text);
	}
}

Test(conf_idle, blocks_for_nginx_are_passed_over)
{
	static const char *const blocks[] = {"http", "stream", "mgmt", "rtmp"};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text),
			 "%s { server { listen 80; location / { return 200 \"}\"; } # }\n } }",
			 blocks[i]);
		expect_notice(conf_table_find(str_cstr(blocks[i])), text,
			      "block is skipped, it is for NGINX to serve in ");
		snprintf(text, sizeof(text), "%s { server { listen 80; }", blocks[i]);
		cr_assert_null(conf_try_main(text, &(struct conf_error){""}));
	}
}
