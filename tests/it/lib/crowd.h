/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crowd: a process of clients, one after the other, that say a part of a dialogue in pieces, hear
 * some of the answers, and are gone, each in another way. The same seed makes the same dialogues.
 */
#ifndef TESTS_IT_LIB_CROWD_H
#define TESTS_IT_LIB_CROWD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The users that they log in as. */
#define CROWD_USERS                                                                                \
	"{\"users\": {\"alice\": {\"password\": \"secret\"}, \"slow\": {\"delay_ms\": 30,"         \
	" \"password\": \"secret\"}}}"

struct crowd {
	uint16_t port;
	unsigned seed;
	int sessions; /* 0: until it is stopped */
	bool hard;    /* every one is reset, and none has finished its message by then */
};

pid_t crowd_start(const struct crowd *c);
void crowd_wait(const pid_t *pids, int n);
void crowd_stop(const pid_t *pids, int n);

#endif
