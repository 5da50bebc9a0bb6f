/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limits_judge: one table of limits. A row says what is compared and how such a limit is raised: by
 * sysctl, or by the resource limits that whoever starts us sets.
 */
#include "app/limits_judge.h"

#include "io/thread.h"

#include <linux/io_uring.h>
#include <stddef.h>

enum {
	FILES_BASE = 64,          /* logs, rings, eventfds, what libraries open */
	FILES_NAME_SERVER = 8,    /* questions by UDP and TCP, of both address families */
	PAGE = 4096,              /* what the kernel counts pipes in */
	RING_OVERHEAD = 64 << 10, /* of a ring beside its queues */
	PORTS_MAX = 64512,        /* 1024 to 65535 */
	TASKS_BASE = 4,           /* master, its next worker process ... */
	MAPS_BASE = 512,          /* program, libraries, heap */
	MAPS_THREAD = 32,
	ADDRESSES_BASE = 64 << 20,    /* program, libraries, configuration */
	ADDRESSES_THREAD = 136 << 20, /* a stack, and what malloc sets aside for a thread */
};

/* ---- what is needed ---- */

/* Of one thread's ring, and generously: systems round differently. */
uint64_t limits_judge_locked_bytes(const struct worker_conf *conf)
{
	uint64_t queues = conf->ring.submissions * sizeof(struct io_uring_sqe) +
			  conf->ring.completions * sizeof(struct io_uring_cqe);

	return conf->threads * (2 * queues + RING_OVERHEAD);
}

static uint64_t files_needed(const struct worker_conf *conf)
{
	uint64_t each = 2ULL * conf->connections + conf->n_listens + 2ULL * THREAD_PIPES;

	for (uint32_t i = 0; i < conf->n_auth_services; i++)
		each += conf->auth_services[i]->connections_max;
	for (uint32_t i = 0; i < conf->n_dns; i++)
		each += (uint64_t)conf->dns[i]->n_servers * FILES_NAME_SERVER;
	return FILES_BASE + conf->threads * each;
}

/* Of the family that has more of them; 1: the system chooses, always the same. */
static uint32_t sources_of(const struct server_conf *s)
{
	uint32_t n = 1;

	if (s->sources && s->sources->n_ip4 > n)
		n = s->sources->n_ip4;
	if (s->sources && s->sources->n_ip6 > n)
		n = s->sources->n_ip6;
	return n;
}

void limits_judge_need(struct limits_need *need, const struct conf *conf, size_t memory)
{
	const struct worker_conf *w = &conf->worker;

	*need = (struct limits_need){
		.files = files_needed(w),
		.locked_bytes = limits_judge_locked_bytes(w),
		.address_bytes = memory + ADDRESSES_BASE + w->threads * (uint64_t)ADDRESSES_THREAD,
		.dials = (uint64_t)w->connections * w->threads,
		.pipe_pages = w->threads * (uint64_t)THREAD_PIPES * (THREAD_PIPE_BYTES / PAGE),
		.maps = MAPS_BASE + (uint64_t)w->threads * MAPS_THREAD,
		.memory_bytes = memory,
		.tasks = TASKS_BASE + w->threads,
		.nofile_max = conf->main.nofile_max,
	};
	for (uint32_t i = 0; i < w->n_listens; i++) {
		if ((uint64_t)w->listens[i].backlog <= need->backlog)
			continue;
		need->backlog = (uint64_t)w->listens[i].backlog;
		need->backlog_of = w->listens[i].text;
	}
	for (uint32_t i = 0; i < conf->n_servers; i++) {
		uint32_t n = sources_of(&conf->servers[i]->session);

		if (!need->sources || n < need->sources)
			need->sources = n;
	}
}

/* ---- how it is mended ---- */

struct limit;

struct judged {
	const struct limit *limit;
	const struct limits_found *found;
	const struct limits_need *need;
	uint64_t wanted; /* the figure that would be enough */
};

struct limit {
	const char *name, *kept; /* what, and where it is kept */
	size_t found, need;      /* offsets */
	uint8_t shift;           /* how figures are shown */
	const char *unit;
	void (*describe)(const struct judged *j, struct out *o); /* behind the name */
	void (*mend)(const struct judged *j, struct out *o);
	bool of_net; /* a sysctl that each network namespace has */
	struct {
		const char *option, *key, *docker; /* of ulimit, systemd, docker run --ulimit */
		uint8_t shift;                     /* ulimit counts KiB, and so on */
	} resource;
};

static void write_c(struct out *o, const char *text)
{
	out_str(o, str_cstr(text));
}

static void write_sysctl(const struct judged *j, struct out *o, const char *name, const char *value)
{
	bool inside = j->found->place == LIMITS_CONTAINER || j->found->place == LIMITS_POD;

	if (j->limit->of_net && j->found->place == LIMITS_CONTAINER)
		out_lit(o, "start the container with --sysctl ");
	else if (j->limit->of_net && inside)
		out_lit(o, "name in the pod's securityContext.sysctls ");
	else
		out_lit(o, "run sysctl -w ");
	write_c(o, name);
	out_byte(o, '=');
	write_c(o, value);
	if (inside && !j->limit->of_net)
		out_lit(o, " on the host");
}

static void write_number(char text[24], uint64_t n)
{
	struct out o;

	out_init(&o, text, 23);
	out_u64(&o, n);
	text[out_data(&o).n] = '\0';
}

static void mend_sysctl(const struct judged *j, struct out *o)
{
	char number[24];

	write_number(number, j->wanted);
	write_sysctl(j, o, j->limit->kept, number);
}

static void mend_resource(const struct judged *j, struct out *o)
{
	switch (j->found->place) {
	case LIMITS_HOST:
		out_lit(o, "run ulimit ");
		write_c(o, j->limit->resource.option);
		out_byte(o, ' ');
		out_u64(o, (j->wanted + (1U << j->limit->resource.shift) - 1) >>
				   j->limit->resource.shift);
		out_lit(o, " before the start, as root");
		break;
	case LIMITS_SERVICE:
		out_lit(o, "run systemctl edit ");
		write_c(o, j->found->unit);
		out_lit(o, " and set ");
		write_c(o, j->limit->resource.key);
		out_byte(o, '=');
		out_u64(o, j->wanted);
		break;
	case LIMITS_CONTAINER:
		out_lit(o, "start the container with --ulimit ");
		write_c(o, j->limit->resource.docker);
		out_byte(o, '=');
		out_u64(o, j->wanted);
		out_byte(o, ':');
		out_u64(o, j->wanted);
		break;
	case LIMITS_POD:
		out_lit(o, "set ");
		write_c(o, j->limit->resource.key);
		out_byte(o, '=');
		out_u64(o, j->wanted);
		out_lit(o, " for the service of the node's container runtime");
		break;
	}
}

static void mend_files(const struct judged *j, struct out *o)
{
	if (j->found->files_each < j->wanted) {
		char number[24];

		write_number(number, j->wanted);
		write_sysctl(j, o, "fs.nr_open", number);
		out_lit(o, ", and ");
	}
	if (j->need->nofile_max && j->need->nofile_max < j->wanted) {
		out_lit(o, "raise worker_rlimit_nofile to ");
		out_u64(o, j->wanted);
		out_lit(o, ", and ");
	}
	mend_resource(j, o);
	out_lit(o, "; or lower worker_connections");
}

static void mend_locked(const struct judged *j, struct out *o)
{
	mend_resource(j, o);
	out_lit(o, "; or lower ring_entries");
}

static void mend_ports(const struct judged *j, struct out *o)
{
	uint64_t sources = (j->need->dials + PORTS_MAX - 1) / PORTS_MAX;

	write_sysctl(j, o, "net.ipv4.ip_local_port_range", "\"1024 65535\"");
	if (sources <= j->need->sources)
		return;
	out_lit(o, ", and name ");
	out_u64(o, sources);
	out_lit(o, " addresses of this machine in proxy_bind");
}

static void mend_memory(const struct judged *j, struct out *o)
{
	uint64_t mib = (j->wanted + (1U << 20) - 1) >> 20;

	switch (j->found->place) {
	case LIMITS_HOST:
		out_lit(o, "lower worker_connections or the buffer sizes");
		return;
	case LIMITS_SERVICE:
		out_lit(o, "run systemctl edit ");
		write_c(o, j->found->unit);
		out_lit(o, " and set MemoryMax=");
		break;
	case LIMITS_CONTAINER:
		out_lit(o, "start the container with --memory ");
		break;
	case LIMITS_POD:
		out_lit(o, "set the pod's resources.limits.memory to ");
		break;
	}
	out_u64(o, mib);
	out_str(o, j->found->place == LIMITS_POD ? STR("Mi") : STR("M"));
	out_lit(o, ", if the machine has it, or lower worker_connections");
}

static void mend_promised(const struct judged *j, struct out *o)
{
	write_sysctl(j, o, "vm.overcommit_memory", "0");
}

static void mend_tasks(const struct judged *j, struct out *o)
{
	static const char *const set[] = {
		[LIMITS_HOST] = "raise pids.max of the control group to ",
		[LIMITS_SERVICE] = "set in the service's unit TasksMax=",
		[LIMITS_CONTAINER] = "start the container with --pids-limit ",
		[LIMITS_POD] = "set podPidsLimit of the node's kubelet to ",
	};

	write_c(o, set[j->found->place]);
	out_u64(o, j->wanted);
}

/* ---- what it is about ---- */

static void describe_queue(const struct judged *j, struct out *o)
{
	out_byte(o, ' ');
	out_str(o, j->need->backlog_of);
}

static void describe_sources(const struct judged *j, struct out *o)
{
	out_lit(o, " from ");
	out_u64(o, j->need->sources);
	out_str(o, j->need->sources == 1 ? STR(" address") : STR(" addresses"));
}

#define FOUND(field) .found = offsetof(struct limits_found, field)
#define NEED(field)  .need = offsetof(struct limits_need, field)
#define KIB          .shift = 10, .unit = " KiB"
#define MIB          .shift = 20, .unit = " MiB"

static const struct limit limits[LIMITS_ROWS] = {
	{.name = "file descriptors",
	 .kept = "RLIMIT_NOFILE",
	 FOUND(files),
	 NEED(files),
	 .mend = mend_files,
	 .resource = {"-n", "LimitNOFILE", "nofile", 0}},
	{.name = "file descriptors of all processes",
	 .kept = "fs.file-max",
	 FOUND(files_all),
	 NEED(files),
	 .mend = mend_sysctl},
	{.name = "locked memory",
	 .kept = "RLIMIT_MEMLOCK",
	 FOUND(locked_bytes),
	 NEED(locked_bytes),
	 KIB,
	 .mend = mend_locked,
	 .resource = {"-l", "LimitMEMLOCK", "memlock", 10}},
	{.name = "address space",
	 .kept = "RLIMIT_AS",
	 FOUND(address_bytes),
	 NEED(address_bytes),
	 MIB,
	 .mend = mend_resource,
	 .resource = {"-v", "LimitAS", "as", 10}},
	{.name = "accept queue of",
	 .kept = "net.core.somaxconn",
	 FOUND(backlog),
	 NEED(backlog),
	 .describe = describe_queue,
	 .mend = mend_sysctl,
	 .of_net = true},
	{.name = "half-open connections to",
	 .kept = "net.ipv4.tcp_max_syn_backlog",
	 FOUND(syn_backlog),
	 NEED(backlog),
	 .describe = describe_queue,
	 .mend = mend_sysctl,
	 .of_net = true},
	{.name = "local ports towards one mail server",
	 .kept = "net.ipv4.ip_local_port_range",
	 FOUND(ports),
	 NEED(dials),
	 .describe = describe_sources,
	 .mend = mend_ports,
	 .of_net = true},
	{.name = "pages in pipes",
	 .kept = "fs.pipe-user-pages-soft",
	 FOUND(pipe_pages),
	 NEED(pipe_pages),
	 .mend = mend_sysctl},
	{.name = "memory",
	 .kept = "of the machine or its control group",
	 FOUND(memory_bytes),
	 NEED(memory_bytes),
	 MIB,
	 .mend = mend_memory},
	{.name = "memory that may be promised",
	 .kept = "vm.overcommit_memory",
	 FOUND(promised_bytes),
	 NEED(memory_bytes),
	 MIB,
	 .mend = mend_promised},
	{.name = "memory maps",
	 .kept = "vm.max_map_count",
	 FOUND(maps),
	 NEED(maps),
	 .mend = mend_sysctl},
	{.name = "processes and threads",
	 .kept = "pids.max",
	 FOUND(tasks),
	 NEED(tasks),
	 .mend = mend_tasks},
};

/* ---- the judgement ---- */

static uint64_t at(const void *base, size_t offset)
{
	return *(const uint64_t *)(const void *)((const char *)base + offset);
}

static void finish(struct out *o, char *text)
{
	text[out_data(o).n] = '\0';
}

static void judge_one(const struct judged *j, struct limits_row *row)
{
	const struct limit *l = j->limit;
	struct out o;

	row->unit = l->unit ? l->unit : "";
	row->shift = l->shift;
	row->need = j->wanted;
	row->low = row->found < row->need;
	out_init(&o, row->text, sizeof(row->text) - 1);
	write_c(&o, l->name);
	if (l->describe)
		l->describe(j, &o);
	out_lit(&o, " (");
	write_c(&o, l->kept);
	out_byte(&o, ')');
	finish(&o, row->text);
	out_init(&o, row->mend, sizeof(row->mend) - 1);
	if (row->low)
		l->mend(j, &o);
	finish(&o, row->mend);
}

/* Each address brings all the ports once more. */
static uint64_t found_of(const struct judged *j)
{
	uint64_t value = at(j->found, j->limit->found);

	if (j->limit->mend == mend_ports && value < LIMITS_UNKNOWN)
		value *= j->need->sources;
	return value;
}

uint32_t limits_judge_all(const struct limits_found *found, const struct limits_need *need,
			  struct limits_row rows[LIMITS_ROWS])
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < LIMITS_ROWS; i++) {
		struct judged j = {&limits[i], found, need, at(need, limits[i].need)};

		rows[n].found = found_of(&j);
		if (rows[n].found == LIMITS_UNKNOWN)
			continue;
		judge_one(&j, &rows[n++]);
	}
	return n;
}

void limits_judge_figure(struct out *o, const struct limits_row *row, uint64_t value)
{
	/* What is needed is rounded up, so that a figure that is too low looks it. */
	uint64_t up = value == row->need ? (1ULL << row->shift) - 1 : 0;

	if (value == LIMITS_UNLIMITED) {
		out_lit(o, "unlimited");
		return;
	}
	out_u64(o, (value + up) >> row->shift);
	write_c(o, row->unit);
}
