/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * world: runs one world: opens the thread, lets the guests come, looks on, has a last guest served
 * when all is over, tells the thread to end, and holds what is left against the checks.
 */
#include "tests/sim/world.h"

#include "base/must.h"
#include "io/thread_state.h"
#include "tests/sim/checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOOK_MIN_US = 200000,
	LOOK_MAX_US = 60000000,
	LOOKS_PER_SEARCH = 8,
	STOP_US = 12000000, /* the longest a stop may take */
	FORGOTTEN_US = 100000000,
};

static struct world *now_running; /* for the hooks, which have no argument */

/* ---- guests ---- */

struct guest *world_guest(struct world *w, uint32_t id)
{
	return id >= 1 && id <= w->n_guests + w->last_tries ? &w->guests[id] : NULL;
}

void world_over(struct guest *g)
{
	g->over = true;
	g->over_us = kernel_now_us();
	if (!g->last_guest)
		g->world->n_over++;
}

bool world_was_hit(const struct guest *g)
{
	const struct end *c = g->client.wire.end, *b = g->back.wire.end;

	return (c && end_was_hit(c)) || (b && end_was_hit(b));
}

/* It was not over on both sides when the thread was told to end. */
static bool told_in_time(const struct guest *g)
{
	const struct world *w = g->world;

	return w->told && (!g->over || g->over_us >= w->told_us ||
			   (g->back.wire.end && (!g->back.over || g->back_over_us >= w->told_us)));
}

/* The one fault of a sweep fell into its time. */
static bool was_struck(const struct guest *g)
{
	return kernel_fault_hit() && !g->struck_before;
}

bool world_excuses(const struct guest *g)
{
	const struct world *w = g->world;

	if (told_in_time(g) || world_was_hit(g) || was_struck(g))
		return true;
	if (g->last_guest)
		return w->dead[g->conf->auth->index] == 's';
	return !g->fair || w->stormy || w->scarce;
}

bool world_relay_owed(const struct guest *g)
{
	return g->fair && g->client.relay && !told_in_time(g) && !world_was_hit(g) &&
	       !was_struck(g);
}

/* ---- what the program finds in this world ---- */

static enum dial_answer on_dial(const struct addr *to, struct end *e)
{
	struct world *w = now_running;
	struct guest *g;

	if (to->port < BACK_PORT) {
		unsigned i = to->port - AUTH_PORT, service = i / WORLD_ADDRESSES;

		if (i % WORLD_ADDRESSES == 0 && w->dead[service])
			return w->dead[service] == 'r' ? DIAL_REFUSED : DIAL_SILENT;
		authd_dialled(w, service, e);
		return DIAL_ACCEPTED;
	}
	g = world_guest(w, to->port - BACK_PORT);
	if (!g) {
		kernel_violation("backend-dialogue", "port %u is nobody's", to->port);
		return DIAL_REFUSED;
	}
	if (to->ip[2] == DNS_DEAD_NET)
		return DIAL_REFUSED;
	checks_source(g, end_peer(e));
	if (g->back_trick == BACK_REFUSES_CONNECT)
		return DIAL_REFUSED;
	if (g->back_trick == BACK_SILENT_CONNECT)
		return DIAL_SILENT;
	backend_dialled(g, e);
	return DIAL_ACCEPTED;
}

static void on_log(struct logger *self, const struct log_line *line)
{
	(void)self;
	kernel_trace(0, "log %d *%llu %.*s", (int)line->level, (unsigned long long)line->conn,
		     (int)line->message.n, (const char *)line->message.p);
	checks_log_line(now_running, line);
}

static void on_must(enum must_grade grade, const char *where, const char *what)
{
	kernel_violation(grade == MUST_BROKEN ? "must" : "odd", "%s: %s", where, what);
	if (grade == MUST_BROKEN)
		longjmp(now_running->out, 1);
}

static void on_dead_end(void)
{
	longjmp(now_running->out, 1);
}

/* ---- looking on ---- */

static void tell(struct world *w)
{
	kernel_trace(0, "told to %s", w->order == THREAD_STOP ? "stop" : "drain");
	w->told = true;
	w->told_us = kernel_now_us();
	thread_tell(w->thread, w->order);
}

static void check_stop(const struct world *w)
{
	uint64_t most = STOP_US + MILLIS(w->worker.shutdown_timeout_ms);

	/* Draining without a time of its own takes as long as its sessions. */
	if (w->order == THREAD_DRAIN && w->early_stop && !w->worker.shutdown_timeout_ms &&
	    w->thread->pairs.used)
		return;
	if (kernel_now_us() > w->told_us + most)
		kernel_violation("stop", "told to end %llu ms ago",
				 (unsigned long long)(kernel_now_us() - w->told_us) / 1000);
}

static void call_last_guest(struct world *w)
{
	static const struct weather calm = {
		.latency_us_min = 10,
		.latency_us_max = 100,
		.socket_room = 65536,
		.fds_max = 1U << 20,
	};
	struct guest *g = &w->guests[w->n_guests + ++w->last_tries];

	kernel_weather(&calm);
	w->last = g;
	plan_guest_at(w, g, 0);
	plan_last_guest(g);
	client_start(g);
}

/* Served, or another try where there is an excuse. True: enough. */
static bool last_guest_is_served(struct world *w)
{
	struct guest *g = w->last;
	bool served = g->client.relay;

	if (served || w->last_tries == WORLD_LAST_GUESTS || !world_excuses(g)) {
		if (!served)
			kernel_violation("last-guest", "guest %u was not served", g->id);
		return true;
	}
	call_last_guest(w);
	return false;
}

/* A backend that pauses still has bytes to read that were sent to it. */
static bool is_reading(const struct world *w)
{
	for (uint32_t i = 1; i <= w->n_guests; i++)
		if (w->guests[i].back.talk.paused && !w->guests[i].back.over)
			return true;
	return false;
}

static void next_stage(struct world *w)
{
	if (w->told) {
		check_stop(w);
	} else if (w->early_stop) {
		if (kernel_now_us() >= w->stop_us)
			tell(w);
	} else if (w->thread->pairs.used || is_reading(w)) {
		return;
	} else if (!w->last && w->n_over == w->n_guests) {
		call_last_guest(w);
	} else if (w->last && w->last->over && last_guest_is_served(w)) {
		tell(w);
	}
}

static uint32_t first_waiting(const struct world *w)
{
	uint32_t i = 1;

	while (i < w->n_guests && w->guests[i].over)
		i++;
	return i;
}

static void look(void *arg)
{
	struct world *w = arg;
	uint64_t hash = checks_deadlines(w) + w->n_over * 1000003U + w->told;

	if (hash != w->looked) {
		w->look_us = LOOK_MIN_US;
		w->changed_us = kernel_now_us();
	} else if (w->look_us < LOOK_MAX_US) {
		w->look_us += w->look_us / 4;
	}
	w->looked = hash;
	if (!w->thread->pairs.used && !w->told && kernel_now_us() > w->changed_us + FORGOTTEN_US)
		kernel_violation("client-forgotten", "guest %u waits, %u of %u are over",
				 first_waiting(w), w->n_over, w->n_guests);
	if (w->looks++ % LOOKS_PER_SEARCH == LOOKS_PER_SEARCH - 1)
		checks_secrets(w, false);
	next_stage(w);
	if (kernel_failed_check())
		longjmp(w->out, 1);
	kernel_after(w->look_us, look, w);
}

/* ---- one world ---- */

static bool open_thread(struct world *w)
{
	char error[256] = "";
	struct thread_start start = {
		.conf = &w->worker,
		.listens = w->sockets,
		.n_listens = w->worker.n_listens,
		.logger = &w->logger,
		.connection_counter = &w->connections,
	};

	kernel_starting(true);
	w->thread = thread_open(&start, error, sizeof(error));
	kernel_starting(false);
	if (w->thread)
		return true;
	if (!error[0] || !kernel_fault_hit())
		kernel_violation("start", "thread_open: \"%s\"", error);
	return false;
}

static void open_world(struct world *w, const struct world_start *start)
{
	static const struct weather fair = {
		.latency_us_max = 1, .socket_room = 65536, .fds_max = 1U << 20};

	now_running = w;
	w->seed = start->seed;
	must_report_to(on_must);
	kernel_open(w->seed, &fair);
	kernel_on_dial(on_dial);
	kernel_on_dead_end(on_dead_end);
	dns_sim_world(w);
	start->plan(w);
	kernel_weather(&w->weather);
	kernel_fault(start->fault, start->fault_n);
	w->logger.write = on_log;
	w->look_us = LOOK_MIN_US;
	for (uint32_t i = 0; i < w->worker.n_listens; i++) {
		const struct sockaddr_in *to = &w->listens[i].address.ip4;
		uint32_t ip = ntohl(to->sin_addr.s_addr);
		struct addr at = {.family = ADDR_IP4,
				  .ip = {(uint8_t)(ip >> 24), (uint8_t)(ip >> 16),
					 (uint8_t)(ip >> 8), (uint8_t)ip},
				  .port = ntohs(to->sin_port)};

		w->sockets[i].fd = kernel_listener(i, &at, 511);
		w->sockets[i].conf = &w->worker.listens[i];
	}
}

static void run_thread(struct world *w)
{
	kernel_watch_slab(&w->thread->pairs);
	for (uint32_t i = 1; i <= w->n_guests; i++)
		client_start(&w->guests[i]);
	kernel_after(w->look_us, look, w);
	thread_run(w->thread);
	checks_thread(w);
	checks_counters(w);
	checks_secrets(w, true);
	thread_close(w->thread);
	checks_left();
	checks_guests(w);
}

bool world_run(const struct world_start *start, struct world_result *result)
{
	struct world *volatile w = calloc(1, sizeof(*w));

	must(w != NULL);
	open_world(w, start);
	if (setjmp(w->out) == 0) {
		if (open_thread(w))
			run_thread(w);
		else
			checks_left();
	}
	*result = (struct world_result){
		.hash = kernel_trace_hash(),
		.guests = w->n_guests,
		.untouched = !kernel_fault_hit(),
	};
	if (kernel_failed_check()) {
		snprintf(result->check, sizeof(result->check), "%s", kernel_failed_check());
		snprintf(result->text, sizeof(result->text), "%s", kernel_failed_text());
	}
	wire_clear();
	channel_sim_clear();
	dns_sim_world(NULL);
	authd_done();
	free(w->guests);
	free(w);
	now_running = NULL;
	return !result->check[0];
}
