/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_rows_nginx: directives of NGINX that an nginx.conf may have and that do nothing here: those
 * that are refused, those that are passed over, and the blocks that NGINX has to serve itself.
 */
#include "app/conf_rows.h"

static const struct conf_row rows[] = {
	/* refused until the work that brings them */
	LATER("resolver", M_S, "off"),

	/* NGINX's own business: harmless to pass over */
	IDLE("resolver_timeout", M_S),
	IDLE("worker_cpu_affinity", MAIN),
	IDLE("worker_priority", MAIN),
	IDLE("timer_resolution", MAIN),
	IDLE("lock_file", MAIN),
	IDLE("debug_points", MAIN),
	IDLE("env", MAIN),
	IDLE("load_module", MAIN),
	IDLE("thread_pool", MAIN),
	IDLE("worker_rlimit_sigpending", MAIN),
	IDLE("ssl_object_cache_inheritable", MAIN),
	IDLE("quic_bpf", MAIN),
	IDLE("google_perftools_profiles", MAIN),
	IDLE("pcre_jit", MAIN),
	IDLE("use", EVENT),
	IDLE("multi_accept", EVENT),
	IDLE("accept_mutex", EVENT),
	IDLE("accept_mutex_delay", EVENT),
	IDLE("debug_connection", EVENT),
	IDLE("worker_aio_requests", EVENT),
	IDLE("epoll_events", EVENT),
	FOREIGN("http"),
	FOREIGN("stream"),
	FOREIGN("mgmt"),
	FOREIGN("rtmp"),
};

const struct conf_rows conf_rows_nginx = {rows, sizeof(rows) / sizeof(rows[0])};
