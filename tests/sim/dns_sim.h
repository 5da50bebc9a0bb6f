/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_sim: io/dns.h in the simulated world: the library and its name servers in one. Who is asked
 * about answers as that guest's plan has it; asks and drops are held to the contract.
 */
#ifndef SIM_DNS_SIM_H
#define SIM_DNS_SIM_H

#include "base/out.h"
#include "session/conf.h"

struct guest;
struct world;

/* Of a client's address and of the name that it has; none of these costs a login. */
enum dns_trick {
	DNS_CORRECT,
	DNS_SLOW,
	DNS_MANY, /* its address is one of many */
	DNS_NAMELESS,
	DNS_NAME_FAILS,
	DNS_NAME_NEVER, /* not a word */
	DNS_HOSTILE,    /* a name that is none */
	DNS_OTHER,      /* a name that has other addresses */
	DNS_ADDRESSLESS,
	DNS_ADDRESS_FAILS,
	DNS_ADDRESS_NEVER,
	DNS_TRICKS
};

/* How the auth service tells where the backend is, and what comes of it. */
enum dns_back {
	DNS_BACK_IP,
	DNS_BACK_ONE,
	DNS_BACK_SECOND, /* one address that refuses, and one that does not */
	DNS_BACK_MANY,
	DNS_BACK_SHARED, /* a name that others ask for as well */
	DNS_BACK_FAIR,
	DNS_BACK_DEAD = DNS_BACK_FAIR, /* all its addresses refuse */
	DNS_BACK_NONE,
	DNS_BACK_FAILS,
	DNS_BACK_NEVER,
	DNS_BACKS
};

struct dns_plan {
	enum dns_trick trick;
	enum dns_back back;
	bool lost; /* an answer about the client was struck by the fault of a sweep */
};

/* Where nobody listens, though the DNS names it. */
enum { DNS_DEAD_NET = 9 /* 10.255.9.0 */ };

/* Of the world that begins; NULL: it is over. */
void dns_sim_world(struct world *w);

/* Resolvers of its servers, and what guests meet there. */
void dns_sim_plan(struct world *w);
void dns_sim_plan_guest(struct guest *g);

/* What is to be told about the client: Client-Host, NAME. */
void dns_sim_host(const struct guest *g, struct out *o);

/* The value of Auth-Server. */
void dns_sim_server(const struct guest *g, struct out *o);

/* Questions that wait for their answer, and have not been dropped. */
uint32_t dns_sim_open(void);

#endif
