/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel_sim: include/tls/channel.h over the toy (toy.h), and what a world asks about it.
 *
 * Takes the contract at its word: what a caller may not rely on happens by chance, and what a
 * caller may not do is a violation, "channel-misuse".
 */
#ifndef SIM_CHANNEL_SIM_H
#define SIM_CHANNEL_SIM_H

#include "tests/sim/toy.h"
#include "tls/channel.h"

/* A world has its own; no acceptor_open() or connector_open() here. */
struct acceptor {
	enum tls_verify verify;
};

struct connector {
	bool verify;
};

void channel_sim_clear(void);          /* a new world */
uint32_t channel_sim_open(void);       /* channels that are not closed */
uint32_t channel_sim_stores(void);     /* of connector_sessions_open(), not closed */
uint64_t channel_sim_handshakes(void); /* that came to their end well */

/* The X.509 error of one of toy_plan's certificates; 0: good. */
int channel_sim_error(uint8_t certificate);

#endif
