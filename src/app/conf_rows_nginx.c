/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_rows_nginx: directives of NGINX that an nginx.conf may have and that do nothing here: those
 * that are passed over, and the blocks that NGINX has to serve itself.
 */
#include "app/conf_rows.h"

#include "app/conf_value.h"

#define IDLE_VALUE  .offset = offsetof(struct conf_settings, idle)
#define IDLE_TIME   .set = conf_value_ms, IDLE_VALUE, LIMIT(0, INT64_MAX)
#define IDLE_NUMBER .set = conf_value_number, IDLE_VALUE, LIMIT(0, INT64_MAX)

static const struct conf_choice debug_points[] = {{"stop", 1}, {"abort", 2}, {NULL, 0}};

static const struct conf_row rows[] = {
	/* NGINX's own business: harmless to pass over */
	{IDLE_ARGS("timer_resolution", MAIN, 1, 1), IDLE_TIME, .syntax = "interval"},
	{IDLE_ARGS("lock_file", MAIN, 1, 1), .syntax = "file"},
	{IDLE_ARGS("debug_points", MAIN, 1, 1), .set = conf_value_choices, IDLE_VALUE,
	 .choices = debug_points, .syntax = "stop | abort"},
	{IDLE_ARGS("load_module", MAIN, 1, 1), .repeats = true, .syntax = "file"},
	{IDLE_ARGS("thread_pool", MAIN, 2, 3), .repeats = true,
	 .syntax = "name threads=number [max_queue=number]"},
	{IDLE_ARGS("worker_rlimit_sigpending", MAIN, 1, 1), IDLE_NUMBER, .syntax = "number"},
	IDLE_FLAG("ssl_object_cache_inheritable", MAIN),
	IDLE_FLAG("quic_bpf", MAIN),
	{IDLE_ARGS("google_perftools_profiles", MAIN, 1, 1), .syntax = "file"},
	IDLE_FLAG("pcre_jit", MAIN),
	{IDLE_ARGS("ssl_engine", MAIN, 1, 1), .syntax = "device"},
	{IDLE_ARGS("use", EVENT, 1, 1), .syntax = "method"},
	IDLE_FLAG("multi_accept", EVENT),
	IDLE_FLAG("accept_mutex", EVENT),
	{IDLE_ARGS("accept_mutex_delay", EVENT, 1, 1), IDLE_TIME, .syntax = "time"},
	{IDLE_ARGS("worker_aio_requests", EVENT, 1, 1), IDLE_NUMBER, .syntax = "number"},
	{IDLE_ARGS("epoll_events", EVENT, 1, 1), IDLE_NUMBER, .syntax = "number"},
	FOREIGN("http"),
	FOREIGN("stream"),
	FOREIGN("mgmt"),
	FOREIGN("rtmp"),
};

const struct conf_rows conf_rows_nginx = {rows, sizeof(rows) / sizeof(rows[0])};
