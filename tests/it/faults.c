/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults: the kernel says no in every way that it can be made to: no receive buffer, no room in the
 * queues, no room in the sockets, no descriptor, connections reset at any moment. All the while
 * Postfix's smtp-source sends mail, and every message must arrive, whole.
 */
#include "bench/lib/pulse.h"
#include "tests/it/lib/crowd.h"
#include "tests/it/lib/place.h"
#include "tests/it/lib/talk.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(it_faults, .timeout = 180, .fini = place_fini);

/* Descriptors that a worker may keep: both ends of a thread's pipes, idle connections of auth. */
enum { CROWDS = 3, KEPT = 2 * 48 + 8 };

struct mail {
	int n; /* messages */
	const char *size, *parallel;
};

static struct place *place_with(const struct place_conf *conf, const char *size)
{
	struct place *p = place_new();

	setenv("PATH", "/usr/sbin:/usr/bin:/bin:/sbin:/usr/local/bin", 1);
	place_sink(p, (const char *const[]){"--verify-source", size, NULL});
	place_authd(p, CROWD_USERS, NULL);
	place_proxy(p, conf);
	return p;
}

static pid_t start_mail(struct place *p, const struct mail *m, bool keep)
{
	char to[32], messages[16];
	const char *argv[] = {"smtp-source",    "-s",
			      m->parallel,      "-m",
			      messages,         "-l",
			      m->size,          "-M",
			      "client.test",    keep ? "-d" : to,
			      keep ? to : NULL, NULL};

	snprintf(to, sizeof(to), "127.0.0.1:%u", p->none);
	snprintf(messages, sizeof(messages), "%d", m->n);
	return place_start(p, "smtp-source", argv);
}

/* To the last message: smtp-source gives up at the first reply that it does not like. */
static void await_mail(struct place *p, pid_t source, json_int_t intact)
{
	cr_assert_eq(place_wait(source), 0, "%s", place_read(p, "smtp-source.err"));
	cr_assert_eq(place_await_sink(p, "intact", intact), intact);
	cr_assert_eq(place_sink_count(p, "damaged"), 0);
}

static void await_no_clients(struct place *p)
{
	const uint16_t ports[] = {p->login, p->none, p->pass};
	uint64_t began = place_now_ms();
	struct pulse pulse;

	for (int i = 0; i < 3; i++) {
		do {
			pulse_read(&pulse, place_worker(p), (struct pulse_ports){ports[i], 0});
			cr_assert(place_now_ms() - began < 30000, "%.0f clients are left",
				  pulse.clients);
			place_pause();
		} while (pulse.clients > 0);
	}
}

static void expect_service(struct place *p)
{
	struct talk t;

	talk_login(&t, p->login);
	talk_message(&t);
	talk_say(&t, "QUIT", "221");
	talk_expect_end(&t);
	talk_close(&t);
}

/* The sinner's log has no broken promise, and he is the one of the beginning. */
static void expect_unharmed(struct place *p, pid_t worker)
{
	cr_assert_eq(place_worker(p), worker, "the worker process was replaced");
	cr_assert_not(place_log_has(p, "broken promise .*"), "%s", place_read(p, "proxy.log"));
}

static void send_through_faults(const struct place_conf *conf, const struct mail *mail)
{
	struct place *p = place_with(conf, mail->size);
	pid_t worker = place_worker(p), pids[CROWDS];
	int fds = place_worker_fds(p);

	for (int i = 0; i < CROWDS; i++)
		pids[i] = crowd_start(&(struct crowd){
			.port = i ? p->login : p->pass, .seed = (unsigned)i + 1, .hard = true});
	await_mail(p, start_mail(p, mail, false), mail->n);
	await_mail(p, start_mail(p, mail, true), 2 * mail->n);
	crowd_stop(pids, CROWDS);
	await_no_clients(p);
	place_expect_fds(p, fds + KEPT);
	expect_service(p);
	expect_unharmed(p, worker);
	place_end(p, false);
}

/* With so little room the kernel may drop a reset that comes behind bytes it had no room for, and
 * the connection is half open: keepalive finds out. */
#define NARROW "rcvbuf=1k sndbuf=1k so_keepalive=1:1:3"

Test(it_faults, two_buffers_for_everybody)
{
	send_through_faults(&(struct place_conf){.events = place_ours("ring_buffers 2 512;")},
			    &(struct mail){800, "6000", "20"});
}

Test(it_faults, four_buffers_and_large_messages)
{
	send_through_faults(&(struct place_conf){.events = place_ours("ring_buffers 4 4k;")},
			    &(struct mail){150, "700000", "20"});
}

Test(it_faults, queues_of_eight_and_thirty_two_entries)
{
	send_through_faults(&(struct place_conf){.events = place_ours("ring_entries 8 32;")},
			    &(struct mail){1200, "5000", "200"});
}

Test(it_faults, sockets_that_hold_next_to_nothing)
{
	send_through_faults(&(struct place_conf){.listen = NARROW},
			    &(struct mail){60, "100000", "15"});
}

Test(it_faults, all_of_them_at_once)
{
	send_through_faults(
		&(struct place_conf){.events = place_ours("ring_entries 8 8; ring_buffers 2 1k;"),
				     .mail = place_ours("auth_http_keepalive 2; "
							"auth_http_connections 4;"),
				     .listen = NARROW},
		&(struct mail){150, "40000", "30"});
}

/* ---- descriptors ---- */

enum { FILES = 60, QUEUED_MAX = 120 };

#define NO_FILES ".*\\(24: Too many open files\\) while in http auth state.*"

struct silent {
	struct talk *clients;
	int n;
};

/* Clients until the worker has no descriptor for another one. */
static void use_up_files(struct place *p, struct silent *s)
{
	*s = (struct silent){.clients = calloc(QUEUED_MAX, sizeof(struct talk))};
	while (s->n < FILES)
		talk_open(&s->clients[s->n++], p->login);
	place_await_log(p, "accept4\\(\\) failed \\(24: Too many open files\\)");
}

static void leave(struct silent *s)
{
	while (s->n > 0)
		talk_reset(&s->clients[--s->n]);
	free(s->clients);
}

static struct place *place_with_few_files(const char *size)
{
	return place_with(&(struct place_conf){.rlimit_nofile = FILES}, size);
}

Test(it_faults, clients_wait_in_the_queue_while_no_descriptor_is_left)
{
	struct place *p = place_with_few_files("3000");
	pid_t worker = place_worker(p), mail;
	struct silent all, some = {.clients = calloc(QUEUED_MAX, sizeof(struct talk))};
	int fds = place_worker_fds(p);

	use_up_files(p, &all);
	mail = start_mail(p, &(struct mail){300, "3000", "4"}, false);
	/* The worker finds all of them gone at once, and does not accept in between. */
	kill(worker, SIGSTOP);
	leave(&all);
	kill(worker, SIGCONT);
	place_expect_fds(p, FILES / 2);
	while (some.n < FILES / 8)
		talk_open(&some.clients[some.n++], p->pass);
	await_mail(p, mail, 300);
	leave(&some);
	await_no_clients(p);
	place_expect_fds(p, fds + 32);
	expect_service(p);
	expect_unharmed(p, worker);
	place_end(p, false);
}

Test(it_faults, who_needs_a_descriptor_when_none_is_left_is_told_to_come_again)
{
	struct place *p = place_with_few_files("3000");
	struct silent all;
	struct talk t;

	talk_open(&t, p->login);
	talk_expect_code(&t, "220");
	use_up_files(p, &all);
	talk_say(&t, "EHLO client.test", "250");
	talk_say(&t, "AUTH PLAIN AGFsaWNlAHNlY3JldA==", "451");
	talk_expect_end(&t);
	talk_close(&t);
	cr_assert(place_log_has(p, NO_FILES));
	leave(&all);
	await_no_clients(p);
	expect_service(p);
	expect_unharmed(p, place_worker(p));
	place_end(p, false);
}

Test(it_faults, a_large_message_needs_no_pipe)
{
	enum { LINES = 40000 };
	struct place *p = place_with_few_files("3000");
	struct silent all;
	struct talk t;

	talk_login(&t, p->login);
	use_up_files(p, &all);
	talk_say(&t, "MAIL FROM:<a@client.test>", "250");
	talk_say(&t, "RCPT TO:<b@sink.test>", "250");
	talk_say(&t, "DATA", "354");
	for (int i = 0; i < LINES; i++)
		talk_send(&t, "A line of eighty bytes, many of which make a message of a few "
			      "megabytes' length.\r\n");
	talk_say(&t, ".", "250");
	talk_say(&t, "QUIT", "221");
	talk_close(&t);
	cr_assert_eq(place_sink_count(p, "messages"), 1);
	leave(&all);
	await_no_clients(p);
	expect_service(p);
	place_end(p, false);
}
