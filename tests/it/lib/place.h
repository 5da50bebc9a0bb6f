/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place: one temporary folder with the programs of an integration test in it: auth service, mail
 * sink and the proxy, on ports of their own, ready when the opening calls return.
 *
 * Every call that cannot do its work fails the test and shows the logs. Children die with the test
 * process. PROXY=nginx puts nginx's mail module in ringpost's place; BUILD says whose programs.
 */
#ifndef TESTS_IT_LIB_PLACE_H
#define TESTS_IT_LIB_PLACE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PLACE_TEXT 128

struct place {
	char dir[PLACE_TEXT];
	pid_t authd, sink, proxy, dovecot; /* 0: not started */
	char authd_at[PLACE_TEXT];
	char sink_at[PLACE_TEXT], control_at[PLACE_TEXT];
	uint16_t login;       /* listener with PLAIN LOGIN CRAM-MD5 EXTERNAL */
	uint16_t none;        /* listener with smtp_auth none */
	uint16_t pass;        /* listener with proxy_smtp_auth on and xclient off */
	void (*before)(void); /* called in the process that becomes the proxy; NULL: nothing */
};

/* What the proxy's configuration has besides the three listeners; NULL or 0: nothing. */
struct place_conf {
	const char *mail;       /* directives at the mail level */
	unsigned connections;   /* worker_connections, 0: 2000 */
	unsigned workers;       /* worker_processes, 0: 1 */
	const char *auth_http;  /* in place of the auth service that was started: its address, or
				   with its scheme, a whole URL */
	unsigned rlimit_nofile; /* worker_rlimit_nofile, 0: not set */
	const char *events;     /* directives in the events block */
	const char *listen;     /* what stands behind each listener's address */
};

bool place_is_nginx(void);

/* An empty place. */
struct place *place_new(void);

/* Options as on a command line, NULL at the end. Users as lib/users.h of the tools reads them. */
void place_sink(struct place *p, const char *const *options);
void place_authd(struct place *p, const char *users, const char *const *options);
void place_proxy(struct place *p, const struct place_conf *conf);

/* sink, authd with the user alice/secret, proxy: what most tests want. */
struct place *place_usual(const char *mail_directives);

/* Ends everything; shows the logs first when `failed`. */
void place_end(struct place *p, bool failed);

/* Called by a test's .fini; the place that place_new() made last. */
void place_fini(void);

/* A count of the sink, of the auth service, by its JSON name. */
json_int_t place_sink_count(struct place *p, const char *name);
json_int_t place_auth_count(struct place *p, const char *name);

/* Waits until the sink's count is at least `want`, at most 20 seconds; the count. */
json_int_t place_await_sink(struct place *p, const char *name, json_int_t want);

/* Runs a program to its end; its exit status, -1 if it was killed. Output goes to DIR/name.out. */
int place_run(struct place *p, const char *name, const char *const *argv);

/* The same in two steps. */
pid_t place_start(struct place *p, const char *name, const char *const *argv);
int place_wait(pid_t pid);

/* The whole of a file of the place; static until the next call. */
const char *place_read(struct place *p, const char *name);

/* Waits until the proxy's log has a line that the extended regular expression matches from its
 * message on; fails the test after 10 seconds. */
void place_await_log(struct place *p, const char *pattern);

/* A log pattern or a directive that nginx does not have: NULL when nginx is under test. */
const char *place_ours(const char *pattern);

bool place_log_has(struct place *p, const char *pattern);

/* The proxy's worker process, and how many descriptors it has open once it has come to rest. */
pid_t place_worker(struct place *p);
int place_worker_fds(struct place *p);

/* The worker must come down to so many descriptors within 20 seconds. */
void place_expect_fds(struct place *p, int most);

/* Sleeps between two looks at something that is awaited. */
void place_pause(void);

uint64_t place_now_ms(void);

#endif
