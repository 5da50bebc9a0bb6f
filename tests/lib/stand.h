/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stand: one real ring thread in a pthread, with the test as its client, auth service and backend.
 *
 * The test talks over plain blocking sockets, one step after the other, so nothing depends on
 * time; every wait is bounded and fails the test when it ends. What the thread logged and counted
 * may be looked at after stand_stop().
 */
#ifndef TESTS_LIB_STAND_H
#define TESTS_LIB_STAND_H

#include "io/conf.h"
#include "io/thread.h"

#include <pthread.h>

enum { STAND_ADDRESSES = 3, STAND_LOG_MAX = 64 * 1024, STAND_TEXT_MAX = 8192 };

struct stand {
	struct worker_conf worker;
	struct server_conf server;
	struct listen_conf listen;
	struct auth_service_conf service;
	const struct auth_service_conf *services[1];
	union socket_address addresses[STAND_ADDRESSES];
	struct logger logger;
	_Atomic uint64_t connections;
	struct thread *thread;
	struct thread_counters counters; /* after stand_stop() */
	pthread_t pthread;
	pthread_barrier_t opened;
	int listen_fd, auth_fd, back_fd; /* listening sockets */
	bool running;
	size_t log_n;
	char log[STAND_LOG_MAX];
	char text[STAND_TEXT_MAX]; /* what stand_request() has read */
};

/* Sockets bound, configuration filled; the test may change it before stand_start(). */
struct stand *stand_new(void);
void stand_start(struct stand *st);
void stand_stop(struct stand *st, enum thread_order order); /* and wait for its end */
void stand_wait(struct stand *st);                          /* just wait for its end */
void stand_done(struct stand *st);

/* A listening socket on a free loopback port, and its address. */
int stand_bind(union socket_address *address);

int stand_connect(struct stand *st); /* a client */
int stand_accept(int listener);
void stand_say(int fd, const char *text);
void stand_expect(int fd, const char *text);         /* exactly these bytes come next */
void stand_expect_end(int fd);                       /* no more comes: end of stream, or a reset */
const char *stand_request(struct stand *st, int fd); /* one HTTP request */

/* Answer with a route to the backend; the connection may be kept. */
void stand_route(struct stand *st, int auth);

/* A client that has sent its AUTH, and both ends of one that is in the relay. */
int stand_asking(struct stand *st);
struct stand_pair {
	int client, back;
};
struct stand_pair stand_relay(struct stand *st);

bool stand_logged(const struct stand *st, const char *part);

#endif
