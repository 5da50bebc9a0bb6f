/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * world: one world: its plan (configuration, weather, guests), its peers and its checks.
 *
 * Everything is drawn from the seed before the program starts, or from chance while it runs. The
 * program under test is io/thread.h, unchanged; nobody here calls into it but thread_tell().
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "io/thread.h"
#include "tests/sim/channel_sim.h"
#include "tests/sim/guest.h"

#include <setjmp.h>

enum {
	WORLD_SERVERS = 3,
	WORLD_SERVICES = 2,
	WORLD_ADDRESSES = 2,
	WORLD_SOURCES = 2, /* 10.1.0.1 and so on */
	BACK_PORT = 10000, /* + guest: where a guest's backend listens */
	AUTH_PORT = 9000,  /* + service * WORLD_ADDRESSES + address */
	MARK_BYTES = 12,
	WORLD_LAST_GUESTS = 4,
};

struct world {
	uint64_t seed;
	char mark[MARK_BYTES + 1]; /* in every password of this world */
	struct weather weather;
	struct worker_conf worker;
	struct listen_conf listens[WORLD_SERVERS];
	struct server_conf servers[WORLD_SERVERS];
	struct auth_service_conf services[WORLD_SERVICES];
	const struct auth_service_conf *service_list[WORLD_SERVICES];
	union socket_address addresses[WORLD_SERVICES][WORLD_ADDRESSES];
	struct source_conf sources[WORLD_SERVERS];
	union socket_address source_ip4[WORLD_SOURCES], source_ip6;
	struct thread_listen sockets[WORLD_SERVERS];
	struct acceptor acceptors[WORLD_SERVERS];
	struct connector connector, auth_connector;
	struct dns_conf dns;
	const struct dns_conf *dns_list[1];
	struct resolver_conf resolvers[WORLD_SERVERS];
	char dead[WORLD_SERVICES]; /* the first address: 'r' refuses, 's' is silent, 0 is well */
	struct guest *guests;
	uint32_t n_guests, n_over;
	bool auth_spoilt; /* the auth services do wrong with TLS */
	bool narrow;      /* fewer auth connections than guests, none of whom is slow */
	bool stormy;      /* the weather may cost a session without touching its connections */
	bool scarce;      /* fewer slots or auth connections than guests */
	bool brief;       /* a scenario of the sweeps: few events */
	bool early_stop;  /* told to stop among the traffic */
	enum thread_order order;
	uint64_t stop_us;  /* early_stop: when */
	uint64_t storm_us; /* many come at once then; 0: never */
	bool told;
	uint64_t told_us;
	struct thread *thread;
	_Atomic uint64_t connections;
	struct logger logger;
	uint64_t log_lines, log_logins;
	struct guest *last;
	uint32_t last_tries;
	uint32_t fulls, greeted; /* clients that saw 421, 220 */
	uint64_t looked, look_us, changed_us;
	uint32_t looks;
	jmp_buf out;
};

/* ---- plan.c: everything from chance ---- */
void plan_world(struct world *w);
void plan_mark(struct world *w);
void plan_guests(struct world *w, uint32_t n);
void plan_guest_at(struct world *w, struct guest *g, uint32_t listen);
void plan_guest(struct guest *g);
void plan_last_guest(struct guest *g);

/* ---- plan_tls.c ---- */
void plan_tls(struct world *w);         /* of the configuration */
void plan_tls_guest(struct guest *g);   /* before its lines are written */
void plan_tls_fair(struct guest *g);    /* the same of a guest who does nothing wrong */
void plan_wire(struct wire_plan *wire); /* a fair one */
void plan_wire_trick(struct wire_plan *wire);

/* ---- plan_conf.c ---- */
void plan_configuration(struct world *w);
void plan_weather(struct world *w);

/* ---- lines.c: the client's script and what others expect of it ---- */
void lines_write(struct guest *g);
void lines_write_plain(struct guest *g); /* nothing but HELO and the login */
void lines_user(const struct guest *g, struct out *o);
void lines_password(const struct guest *g, unsigned attempt, struct out *o);
void lines_mail(const struct guest *g, struct out *o);
void lines_rcpt(const struct guest *g, struct out *o);
struct str lines_helo(const struct guest *g);
/* As the auth service hands them on. */
void lines_final_user(const struct guest *g, struct out *o);
void lines_final_password(const struct guest *g, struct out *o);
uint16_t lines_refusal(const struct guest *g); /* code of a refused login */
bool lines_replaced(const struct guest *g);    /* the auth service gives another user */

/* ---- the peers ---- */
void client_start(struct guest *g);
void backend_dialled(struct guest *g, struct end *e);
void authd_dialled(struct world *w, unsigned service, struct end *e);
void authd_done(void); /* frees what the services hold */

/* ---- world.c ---- */
struct world_start {
	uint64_t seed;
	void (*plan)(struct world *w); /* plan_world, or a scenario of the sweeps */
	enum fault_kind fault;
	uint64_t fault_n; /* 0: none */
};

struct world_result {
	uint64_t hash;
	uint32_t guests;
	bool untouched; /* no fault has struck */
	char check[32]; /* that failed first; empty: none */
	char text[512];
};

/* One world from kernel_open() on. The caller calls kernel_close() when it has looked at the
 * trace. True: all is well. */
bool world_run(const struct world_start *start, struct world_result *result);
bool world_was_hit(const struct guest *g);
struct guest *world_guest(struct world *w, uint32_t id);
void world_over(struct guest *g); /* the client is done */
/* What was owed to this guest is owed no more: something the plan or the weather did. */
bool world_excuses(const struct guest *g);
bool world_relay_owed(const struct guest *g);

#endif
