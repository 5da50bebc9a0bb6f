/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/limits_judge: what is needed, what is too low, and how that is mended where.
 */
#include "app/limits_judge.h"
#include "io/thread.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define SAYS(text, part) cr_assert(strstr((text), (part)), "%s", (text))

/* ---- what is needed ---- */

Test(limits_judge, locked_memory_grows_with_threads_and_ring_entries)
{
	struct worker_conf one = {.threads = 1, .ring = {.submissions = 1024, .completions = 8192}};
	struct worker_conf four = one, small = one;

	four.threads = 4;
	small.ring.submissions = small.ring.completions = 8;
	cr_assert_geq(limits_judge_locked_bytes(&one), 1024 * 64 + 8192 * 16);
	cr_assert_eq(limits_judge_locked_bytes(&four), 4 * limits_judge_locked_bytes(&one));
	cr_assert_lt(limits_judge_locked_bytes(&small), limits_judge_locked_bytes(&one) / 2);
}

static struct limits_need need_of(const struct conf *c)
{
	struct limits_need need;

	limits_judge_need(&need, c, 1 << 30);
	return need;
}

Test(limits_judge, files_grow_with_threads_connections_and_services)
{
	struct auth_service_conf service = {.connections_max = 10};
	const struct auth_service_conf *services[] = {&service, &service};
	struct dns_conf resolver = {.n_servers = 2};
	const struct dns_conf *resolvers[] = {&resolver};
	struct conf one = {.worker = {.threads = 1, .connections = 1000, .n_listens = 0}};
	struct conf four = one, with = one;
	uint64_t base = need_of(&one).files;

	cr_assert_geq(base, 2000 + 2 * THREAD_PIPES);
	four.worker.threads = 4;
	cr_assert_geq(need_of(&four).files, 4 * (2000 + 2 * THREAD_PIPES));
	with.worker.auth_services = services;
	with.worker.n_auth_services = 2;
	cr_assert_eq(need_of(&with).files, base + 20);
	with.worker.dns = resolvers;
	with.worker.n_dns = 1;
	cr_assert_eq(need_of(&with).files, base + 20 + 2 * 8);
}

Test(limits_judge, the_longest_queue_and_the_fewest_sources_count)
{
	struct listen_conf listens[] = {{.backlog = 511, .text = STR("a:25")},
					{.backlog = 9000, .text = STR("b:25")},
					{.backlog = 4096, .text = STR("c:25")}};
	struct source_conf three = {.n_ip4 = 3, .n_ip6 = 1}, two = {.n_ip6 = 2};
	struct conf_server a = {.session = {.sources = &three}};
	struct conf_server b = {.session = {.sources = &two}},
			   none = {.session = {.sources = NULL}};
	struct conf_server *servers[] = {&a, &b, &none};
	struct conf c = {
		.worker = {.threads = 3, .connections = 10, .listens = listens, .n_listens = 3},
		.servers = servers,
		.n_servers = 1};

	cr_assert_eq(need_of(&c).backlog, 9000);
	cr_assert(str_eq(need_of(&c).backlog_of, STR("b:25")));
	cr_assert_eq(need_of(&c).dials, 30);
	cr_assert_eq(need_of(&c).sources, 3);
	c.n_servers = 2;
	cr_assert_eq(need_of(&c).sources, 2);
	c.n_servers = 3;
	cr_assert_eq(need_of(&c).sources, 1);
	cr_assert_eq(need_of(&c).pipe_pages, 3 * THREAD_PIPES * (THREAD_PIPE_BYTES / 4096));
}

/* ---- the judgement ---- */

static const struct limits_need some = {.files = 5000,
					.locked_bytes = 1 << 20,
					.address_bytes = 1 << 30,
					.backlog = 8192,
					.dials = 100000,
					.pipe_pages = 24576,
					.maps = 600,
					.memory_bytes = 1 << 30,
					.tasks = 6,
					.backlog_of = STR_INIT("0.0.0.0:25"),
					.sources = 1};

static const struct limits_found plenty = {.files = 5000,
					   .files_each = 1 << 20,
					   .files_all = LIMITS_UNLIMITED,
					   .locked_bytes = LIMITS_UNLIMITED,
					   .address_bytes = LIMITS_UNLIMITED,
					   .backlog = 8192,
					   .syn_backlog = LIMITS_UNLIMITED,
					   .ports = 100000,
					   .pipe_pages = LIMITS_UNLIMITED,
					   .maps = 65530,
					   .promised_bytes = LIMITS_UNLIMITED,
					   .memory_bytes = 1 << 30,
					   .tasks = LIMITS_UNLIMITED};

static const struct limits_found little = {.files = 4999,
					   .files_each = 1 << 20,
					   .files_all = 1000,
					   .locked_bytes = 65536,
					   .address_bytes = 1 << 20,
					   .backlog = 4096,
					   .syn_backlog = 128,
					   .ports = 28232,
					   .pipe_pages = 16384,
					   .maps = 500,
					   .promised_bytes = 1 << 20,
					   .memory_bytes = 1 << 20,
					   .tasks = 5};

Test(limits_judge, enough_is_enough_and_one_less_is_not)
{
	struct limits_row rows[LIMITS_ROWS];

	cr_assert_eq(limits_judge_all(&plenty, &some, rows), LIMITS_ROWS);
	for (int i = 0; i < LIMITS_ROWS; i++) {
		cr_assert_not(rows[i].low, "%s", rows[i].text);
		cr_assert_str_empty(rows[i].mend);
	}
	cr_assert_eq(limits_judge_all(&little, &some, rows), LIMITS_ROWS);
	for (int i = 0; i < LIMITS_ROWS; i++) {
		cr_assert(rows[i].low, "%s", rows[i].text);
		cr_assert_str_not_empty(rows[i].mend);
		cr_assert_lt(strlen(rows[i].mend), sizeof(rows[i].mend) - 1, "it is cut");
		cr_assert_lt(strlen(rows[i].text), sizeof(rows[i].text) - 1, "it is cut");
	}
}

Test(limits_judge, what_is_unknown_is_not_judged)
{
	struct limits_found f = little;
	struct limits_row rows[LIMITS_ROWS];

	f.tasks = f.files = LIMITS_UNKNOWN;
	cr_assert_eq(limits_judge_all(&f, &some, rows), LIMITS_ROWS - 2);
	for (int i = 0; i < LIMITS_ROWS - 2; i++) {
		cr_assert_null(strstr(rows[i].text, "RLIMIT_NOFILE"));
		cr_assert_null(strstr(rows[i].text, "pids.max"));
	}
}

/* The row whose text has `part`. */
static const struct limits_row *row_of(const struct limits_found *f, const struct limits_need *need,
				       const char *part)
{
	static struct limits_row rows[LIMITS_ROWS];
	uint32_t n = limits_judge_all(f, need, rows);

	for (uint32_t i = 0; i < n; i++)
		if (strstr(rows[i].text, part))
			return &rows[i];
	cr_assert_fail("no row has \"%s\"", part);
	return NULL;
}

static const char *mend(enum limits_place place, const char *part)
{
	struct limits_found f = little;

	f.place = place;
	snprintf(f.unit, sizeof(f.unit), "mail.service");
	return row_of(&f, &some, part)->mend;
}

Test(limits_judge, resource_limits_are_raised_where_they_are_set)
{
	SAYS(mend(LIMITS_HOST, "RLIMIT_NOFILE"), "ulimit -n 5000 before the start, as root");
	SAYS(mend(LIMITS_SERVICE, "RLIMIT_NOFILE"),
	     "systemctl edit mail.service and set LimitNOFILE=5000");
	SAYS(mend(LIMITS_CONTAINER, "RLIMIT_NOFILE"), "--ulimit nofile=5000:5000");
	SAYS(mend(LIMITS_POD, "RLIMIT_NOFILE"), "LimitNOFILE=5000 for the service of the node's");
	SAYS(mend(LIMITS_HOST, "RLIMIT_MEMLOCK"), "ulimit -l 1024 ");
	SAYS(mend(LIMITS_SERVICE, "RLIMIT_MEMLOCK"), "LimitMEMLOCK=1048576");
	SAYS(mend(LIMITS_HOST, "RLIMIT_AS"), "ulimit -v 1048576 ");
}

Test(limits_judge, settings_of_the_kernel_are_set_where_they_are)
{
	SAYS(mend(LIMITS_HOST, "somaxconn"), "run sysctl -w net.core.somaxconn=8192");
	SAYS(mend(LIMITS_SERVICE, "somaxconn"), "run sysctl -w net.core.somaxconn=8192");
	SAYS(mend(LIMITS_CONTAINER, "somaxconn"), "--sysctl net.core.somaxconn=8192");
	SAYS(mend(LIMITS_POD, "somaxconn"), "securityContext.sysctls net.core.somaxconn=8192");
	SAYS(mend(LIMITS_HOST, "tcp_max_syn_backlog"), "net.ipv4.tcp_max_syn_backlog=8192");
	SAYS(mend(LIMITS_POD, "pipe-user-pages"),
	     "run sysctl -w fs.pipe-user-pages-soft=24576 on the host");
	SAYS(mend(LIMITS_HOST, "file-max"), "run sysctl -w fs.file-max=5000");
	SAYS(mend(LIMITS_HOST, "max_map_count"), "run sysctl -w vm.max_map_count=600");
	SAYS(mend(LIMITS_HOST, "overcommit"), "run sysctl -w vm.overcommit_memory=0");
	SAYS(mend(LIMITS_SERVICE, "pids.max"), "TasksMax=6");
	SAYS(mend(LIMITS_CONTAINER, "control group"), "--memory 1024M");
	SAYS(mend(LIMITS_POD, "control group"), "resources.limits.memory to 1024Mi");
}

Test(limits_judge, files_may_need_more_than_one_thing)
{
	struct limits_found f = little;
	struct limits_need need = some;
	const char *text;

	f.files_each = 4096;
	need.nofile_max = 3000;
	text = row_of(&f, &need, "RLIMIT_NOFILE")->mend;
	SAYS(text, "sysctl -w fs.nr_open=5000, and raise worker_rlimit_nofile to 5000, and ");
}

Test(limits_judge, addresses_of_proxy_bind_bring_ports)
{
	struct limits_need need = some;
	const struct limits_row *row = row_of(&little, &need, "ip_local_port_range");

	cr_assert_eq(row->found, 28232);
	SAYS(row->text, "local ports towards one mail server from 1 address (");
	cr_assert_str_eq(row->mend,
			 "run sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\", and "
			 "name 2 addresses of this machine in proxy_bind");
	need.sources = 3;
	row = row_of(&little, &need, "ip_local_port_range");
	cr_assert_eq(row->found, 3 * 28232);
	SAYS(row->text, "from 3 addresses (");
	cr_assert(row->low);
	cr_assert_str_eq(row->mend, "run sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"");
	need.sources = 4;
	cr_assert_not(row_of(&little, &need, "ip_local_port_range")->low);
}

static const char *figure(const struct limits_row *row, uint64_t value)
{
	static char text[32];
	struct out o;

	memset(text, 0, sizeof(text));
	out_init(&o, text, sizeof(text) - 1);
	limits_judge_figure(&o, row, value);
	return text;
}

Test(limits_judge, figures_have_their_units)
{
	struct limits_row row = {.need = 1025, .shift = 10, .unit = " KiB"};

	cr_assert_str_eq(figure(&row, 1024), "1 KiB");
	cr_assert_str_eq(figure(&row, 1025), "2 KiB");
	cr_assert_str_eq(figure(&row, LIMITS_UNLIMITED), "unlimited");
	row = (struct limits_row){.need = 7, .unit = ""};
	cr_assert_str_eq(figure(&row, 7), "7");
}
