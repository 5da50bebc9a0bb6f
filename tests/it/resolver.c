/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of clients from a name server that is fair, and from one that is not: the authentication
 * service and the mail server are told the right thing, the log says why, nothing leaks and nobody
 * waits for longer than resolver_timeout. Each case is a client with an address of its own.
 */
#include "tests/lib/dnsd.h"
#include "tests/it/lib/fake.h"
#include "tests/it/lib/place.h"
#include "tests/it/lib/talk.h"
#include "tests/lib/port.h"
#include "tools/lib/net.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(it_resolver, .timeout = 120, .fini = place_fini);

#define ALICE "AUTH PLAIN AGFsaWNlAHNlY3JldA=="

/* The last XCLIENT that a mail server was sent. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char xclient[1200];

static void backend(struct fake *f, int fd)
{
	char line[1200];
	FILE *in = fdopen(dup(fd), "r");

	fake_write(fd, "220 sink.test ESMTP\r\n");
	while (in && fgets(line, sizeof(line), in)) {
		if (strncmp(line, "XCLIENT", 7) == 0) {
			pthread_mutex_lock(&lock);
			memcpy(xclient, line, sizeof(xclient));
			pthread_mutex_unlock(&lock);
		}
		fake_write(fd, strncmp(line, "XCLIENT", 7) == 0 ? "220 sink.test ESMTP\r\n"
								: "250 OK\r\n");
	}
	if (in)
		fclose(in);
}

static struct place *place_asking(const char *server, const char *more)
{
	static char users[64], record[160], mail[256];
	struct place *p = place_new();
	const char *const options[] = {"--backend", users,  "--accept-all",
				       "--record",  record, NULL};

	snprintf(users, sizeof(users), "%s", fake_start(backend, NULL)->at);
	snprintf(record, sizeof(record), "%s/requests", p->dir);
	snprintf(mail, sizeof(mail), "resolver %s; resolver_timeout 1s; %s", server, more);
	place_authd(p, "{\"users\": {\"alice\": {\"password\": \"secret\"}}}", options);
	place_proxy(p, &(struct place_conf){.mail = mail});
	return p;
}

static void connect_from(struct talk *t, int number, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET};

	memset(t, 0, sizeof(*t));
	t->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	a.sin_addr.s_addr = htonl(0x7f000000U | (unsigned)number);
	cr_assert_eq(bind(t->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons(port);
	cr_assert_eq(connect(t->fd, (struct sockaddr *)&a, sizeof(a)), 0);
}

/* The last header of that name in the requests that the service got. */
static void expect_client_host(struct place *p, const char *want, const char *what)
{
	const char *all = place_read(p, "requests"), *last = NULL;
	char text[1200];

	for (const char *at = all; (at = strstr(at, "Client-Host: ")); at++)
		last = at;
	snprintf(text, sizeof(text), "Client-Host: %s\r\n", want);
	cr_expect(last && strncmp(last, text, strlen(text)) == 0, "%s: not \"%s\" but \"%.80s\"",
		  what, want, last ? last : "nothing");
}

static void expect_xclient(const char *want, const char *what)
{
	char text[1200];

	snprintf(text, sizeof(text), " NAME=%s", want);
	pthread_mutex_lock(&lock);
	cr_expect(strstr(xclient, text), "%s: not \"%s\" in \"%s\"", what, text, xclient);
	pthread_mutex_unlock(&lock);
}

/* In the texts of a case: %r is its client's address as the DNS has it, %a the address, %n a name
 * that is this case's alone. */
struct dns_case {
	const char *what;
	const char *zone;
	enum dnsd_trick trick;
	const char *host; /* what is told; NULL: %n */
	const char *log;  /* of its message, NULL: none */
};

static int client; /* the last one's address: 127.0.x.y */

static const char *word_of(char mark)
{
	static char text[64];
	int x = client >> 8, y = client & 255;

	if (mark == 'r')
		snprintf(text, sizeof(text), "%d.%d.0.127.in-addr.arpa", y, x);
	else if (mark == 'a')
		snprintf(text, sizeof(text), "127.0.%d.%d", x, y);
	else
		snprintf(text, sizeof(text), "h%d-%d.test", x, y);
	return text;
}

static void fill(char *to, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text && n + 64 < size; text++) {
		if (*text == '%')
			n += (size_t)snprintf(to + n, size - n, "%s", word_of(*++text));
		else
			to[n++] = *text;
	}
	to[n] = '\0';
}

/* One client from its connection to its login. */
static void try(struct place *p, struct dnsd *d, const struct dns_case *c)
{
	char zone[4096], host[512], log[512];
	struct talk t;

	client = client ? client + 1 : 0x0a01;
	fill(zone, sizeof(zone), c->zone);
	fill(host, sizeof(host), c->host ? c->host : "%n");
	dnsd_zone(d, zone);
	d->trick = c->trick;
	connect_from(&t, client, p->login);
	talk_expect_code(&t, "220");
	talk_say(&t, "EHLO me.test", "250");
	talk_say(&t, ALICE, "235");
	talk_close(&t);
	expect_client_host(p, host, c->what);
	expect_xclient(host, c->what);
	if (!c->log)
		return;
	fill(log, sizeof(log), c->log);
	place_await_log(p, log);
}

#define PTR           "%r PTR 0 %n\n"
#define GOOD          PTR "%n A 0 %a\n"
#define WHILE_ADDRESS " while in resolving client address, client: %a, server: .*"
#define WHILE_NAME    " while in resolving client hostname, client: %a, server: .*"
#define NOT_FOUND     "%a could not be resolved \\(3: Host not found\\)" WHILE_ADDRESS
#define NAME_NOT      "\"%n\" could not be resolved \\(3: Host not found\\)" WHILE_NAME
#define TIMED_OUT     "%a could not be resolved \\(110: Operation timed out\\)" WHILE_ADDRESS

static const struct dns_case fair[] = {
	{"a good name", GOOD, DNSD_FAIR, NULL, NULL},
	{"one of several addresses", PTR "%n A 0 192.0.2.1\n%n A 0 %a\n", DNSD_FAIR, NULL, NULL},
	{"an alias", PTR "%n CNAME 0 x%n\nx%n A 0 %a\n", DNSD_FAIR, NULL, NULL},
	{"no name", "", DNSD_FAIR, "[UNAVAILABLE]", NOT_FOUND},
	{"a name without addresses", PTR "%n AAAA 0 ::1\n", DNSD_FAIR, "[UNAVAILABLE]", NULL},
	{"a name that is none", PTR, DNSD_FAIR, "[UNAVAILABLE]", NAME_NOT},
	{"another's name", PTR "%n A 0 192.0.2.1\n", DNSD_FAIR, "[UNAVAILABLE]", NULL},
	{"server failure", "%r RCODE 0 2\n", DNSD_FAIR, "[TEMPUNAVAIL]",
	 "%a could not be resolved \\(2: Server failure\\)" WHILE_ADDRESS},
	{"refused", "%r RCODE 0 5\n", DNSD_FAIR, "[TEMPUNAVAIL]",
	 "%a could not be resolved \\(5: Operation refused\\)" WHILE_ADDRESS},
	{"not implemented", "%r RCODE 0 4\n", DNSD_FAIR, "[TEMPUNAVAIL]",
	 "%a could not be resolved \\(4: Unimplemented\\)" WHILE_ADDRESS},
	{"failure of the name", PTR "%n RCODE 0 2\n", DNSD_FAIR, "[TEMPUNAVAIL]",
	 "\"%n\" could not be resolved \\(2: Server failure\\)" WHILE_NAME},
	{"no answer", GOOD, DNSD_SILENT, "[TEMPUNAVAIL]", TIMED_OUT},
};

Test(it_resolver, clients_have_names)
{
	struct dnsd *d = dnsd_start();
	struct place *p = place_asking(d->at, "");

	for (size_t i = 0; i < sizeof(fair) / sizeof(fair[0]); i++)
		try(p, d, &fair[i]);
	place_end(p, false);
}

#define LABEL61 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1"
#define LONGEST LABEL61 "23." LABEL61 "23." LABEL61 "23." LABEL61

static const struct dns_case hostile[] = {
	{"format error", "%r RCODE 0 1\n", DNSD_FAIR, "[TEMPUNAVAIL]",
	 "%a could not be resolved \\(1: Format error\\)" WHILE_ADDRESS},
	{"answers over TCP", GOOD, DNSD_TCP, NULL, NULL},
	{"wrong id", GOOD, DNSD_WRONG_ID, "[TEMPUNAVAIL]", TIMED_OUT},
	{"wrong port", GOOD, DNSD_WRONG_PORT, "[TEMPUNAVAIL]", TIMED_OUT},
	{"wrong question", GOOD, DNSD_WRONG_QUESTION, "[TEMPUNAVAIL]", TIMED_OUT},
	{"half a packet", GOOD, DNSD_CUT, "[TEMPUNAVAIL]", TIMED_OUT},
	{"names that loop", GOOD, DNSD_LOOP, "[TEMPUNAVAIL]", TIMED_OUT},
	{"noise", GOOD, DNSD_NOISE, "[TEMPUNAVAIL]", TIMED_OUT},
	{"empty packets", GOOD, DNSD_EMPTY, "[TEMPUNAVAIL]", TIMED_OUT},
	{"a flood before the answer", GOOD, DNSD_FLOOD, NULL, NULL},
	{"TCP that closes", GOOD, DNSD_TCP_CLOSE, "[TEMPUNAVAIL]", TIMED_OUT},
	{"TCP byte by byte", GOOD, DNSD_TCP_SLOW, "[TEMPUNAVAIL]", TIMED_OUT},
	{"a line end in the name", "%r PTR 0 a\\013\\010b.test\n", DNSD_FAIR, "[TEMPUNAVAIL]",
	 NULL},
	{"a header in the name", "%r PTR 0 a\\013\\010X-Evil:\\0321.test\n", DNSD_FAIR,
	 "[TEMPUNAVAIL]", NULL},
	{"NUL in the name", "%r PTR 0 good\\000evil.test\n", DNSD_FAIR, "[TEMPUNAVAIL]", NULL},
	{"a space in the name", "%r PTR 0 a\\032b.test\n", DNSD_FAIR, "[TEMPUNAVAIL]", NULL},
	{"8-bit bytes in the name", "%r PTR 0 a\\255\\128.test\n", DNSD_FAIR, "[TEMPUNAVAIL]",
	 NULL},
	{"a dot in a label", "%r PTR 0 a\\046b.test\na.b.test A 0 %a\n", DNSD_FAIR, "[TEMPUNAVAIL]",
	 NULL},
	{"the root for a name", "%r PTR 0 .\n", DNSD_FAIR, "[TEMPUNAVAIL]", NULL},
	{"as long as names can be", "%r PTR 0 " LONGEST "\n" LONGEST " A 0 %a\n", DNSD_FAIR,
	 LONGEST, NULL},
	{"longer than that", "%r PTR 0 " LONGEST "x\n", DNSD_FAIR, "[TEMPUNAVAIL]", TIMED_OUT},
	{"2000 addresses", PTR "%n A+2000 0 %a\n", DNSD_FAIR, NULL, NULL},
	{"aliases in a circle", PTR "%n CNAME 0 x%n\nx%n CNAME 0 %n\n", DNSD_FAIR, "[UNAVAILABLE]",
	 NAME_NOT},
	{"an alias of itself", PTR "%n CNAME 0 %n\n", DNSD_FAIR, "[UNAVAILABLE]", NAME_NOT},
	{"an address that is its own alias", "%r CNAME 0 %r\n", DNSD_FAIR, "[UNAVAILABLE]",
	 NOT_FOUND},
	{"a time without end", PTR "%n A 4294967295 %a\n", DNSD_FAIR, NULL, NULL},
	{"no time at all", "%r PTR 0 %n\n%n A 0 %a\n", DNSD_FAIR, NULL, NULL},
};

/* Processor time of the worker process so far. */
static uint64_t worker_cpu_ms(struct place *p)
{
	unsigned long user = 0, system = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)place_worker(p));
	f = fopen(path, "re");
	cr_assert(f);
	cr_assert_eq(fscanf(f, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
			    &system),
		     2);
	fclose(f);
	return (user + system) * 1000 / (unsigned long)sysconf(_SC_CLK_TCK);
}

Test(it_resolver, a_hostile_name_server_is_survived)
{
	struct dnsd *d = dnsd_start();
	struct place *p;
	uint64_t began_ms;
	int fds;

	if (place_is_nginx())
		cr_skip("what nginx makes of these is not asked here");
	p = place_asking(d->at, "");
	fds = place_worker_fds(p);
	began_ms = place_now_ms();
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
		try(p, d, &hostile[i]);
	/* Who waits for time to pass does not spin. */
	cr_expect_lt(worker_cpu_ms(p), (place_now_ms() - began_ms) / 4, "%llu ms of processor time",
		     (unsigned long long)worker_cpu_ms(p));
	place_expect_fds(p, fds + 4);
	place_end(p, false);
}

Test(it_resolver, a_server_that_is_down_costs_the_time_out)
{
	char at[32];
	struct dnsd *d = dnsd_start();
	struct place *p;

	snprintf(at, sizeof(at), "127.0.0.1:%u", port_free());
	p = place_asking(at, "");
	try(p, d, &(struct dns_case){"down", "", DNSD_FAIR, "[TEMPUNAVAIL]", TIMED_OUT});
	place_end(p, false);
}

Test(it_resolver, the_next_server_is_asked)
{
	char at[64];
	struct dnsd *d = dnsd_start();
	struct place *p;

	if (place_is_nginx())
		cr_skip("nginx turns to the next server after five seconds");
	snprintf(at, sizeof(at), "127.0.0.1:%u %s", port_free(), d->at);
	p = place_asking(at, "");
	for (int i = 0; i < 4; i++)
		try(p, d, &(struct dns_case){"two servers", GOOD, DNSD_FAIR, NULL, NULL});
	place_end(p, false);
}

/* Answers that come when nobody waits any more. */
Test(it_resolver, clients_leave_while_their_names_are_looked_up)
{
	struct dnsd *d = dnsd_start();
	struct place *p = place_asking(d->at, "");
	int fds = place_worker_fds(p);

	d->trick = DNSD_LATE;
	for (int i = 0; i < 50; i++) {
		struct talk t;

		connect_from(&t, 0x0b01 + i, p->login);
		if (i % 2)
			talk_close(&t);
		else
			talk_reset(&t);
	}
	while (d->questions < 10)
		place_pause();
	place_expect_fds(p, fds + 4);
	try(p, d, &(struct dns_case){"afterwards", GOOD, DNSD_FAIR, NULL, NULL});
	place_end(p, false);
}

/* Many at once who want to know the same are one question. */
Test(it_resolver, equal_questions_are_asked_once)
{
	struct dnsd *d = dnsd_start();
	struct place *p;
	struct talk t[20];

	if (place_is_nginx())
		cr_skip("nginx asks again for each connection that comes after an error");
	p = place_asking(d->at, "");
	d->trick = DNSD_SILENT;
	for (int i = 0; i < 20; i++)
		connect_from(&t[i], 0x0c01, p->login);
	for (int i = 0; i < 20; i++)
		talk_expect_code(&t[i], "220");
	for (int i = 0; i < 20; i++)
		talk_close(&t[i]);
	cr_expect_leq(d->questions, 3, "%d questions", d->questions);
	place_end(p, false);
}

/* ---- auth_http by name ---- */

static char host_name[128];

/* This machine's own name, if the system knows an IPv4 address for it; else the test is skipped. */
static bool has_name(void)
{
	struct addrinfo hints = {.ai_family = AF_INET}, *found;

	if (gethostname(host_name, sizeof(host_name) - 1) ||
	    getaddrinfo(host_name, NULL, &hints, &found))
		return false;
	freeaddrinfo(found);
	return strlen(host_name) < 100 && strcmp(host_name, "localhost") != 0;
}

static void refuses(struct fake *f, int fd)
{
	fake_read_until(fd, "\r\n\r\n");
	fake_write(fd, "HTTP/1.0 200 OK\r\nAuth-Status: ");
	fake_write(fd, f->text);
	fake_write(fd, "\r\n\r\n");
}

/* Clients log in until the service of that word has been asked. */
static void await_service(struct place *p, const char *word)
{
	uint64_t until_ms = place_now_ms() + 20000;
	char want[64];

	snprintf(want, sizeof(want), "535 5.7.0 %s", word);
	for (;;) {
		struct talk t;
		bool there;

		talk_open(&t, p->login);
		talk_expect_code(&t, "220");
		talk_send(&t, ALICE "\r\n");
		there = talk_is_line(&t, want);
		talk_close(&t);
		if (there)
			return;
		cr_assert(place_now_ms() < until_ms, "%s was never asked", word);
		place_pause();
	}
}

static void name_is_at(struct dnsd *d, const char *address)
{
	char zone[512];

	snprintf(zone, sizeof(zone), "%s A 0 %s\n", host_name, address);
	dnsd_zone(d, zone);
}

/* Its first address is whatever the machine's is: nobody listens there. */
Test(it_resolver, an_auth_service_moves)
{
	struct dnsd *d = dnsd_start();
	struct fake *one, *two;
	char at[160], mail[128];
	struct place *p;

	if (!has_name() || place_is_nginx())
		cr_skip("%s", place_is_nginx() ? "nginx looks it up once"
					       : "this machine has no name with an address");
	one = fake_start(refuses, "first");
	snprintf(at, sizeof(at), "127.0.0.2:%u", one->port);
	two = fake_start_at(at, refuses, "second");
	name_is_at(d, "127.0.0.1");
	snprintf(at, sizeof(at), "%s:%u", host_name, one->port);
	snprintf(mail, sizeof(mail), "resolver %s ipv6=off; resolver_timeout 1s;", d->at);
	p = place_new();
	place_proxy(p, &(struct place_conf){.mail = mail, .auth_http = at});
	await_service(p, "first");
	name_is_at(d, "127.0.0.2");
	await_service(p, "second");
	dnsd_zone(d, "");
	place_await_log(p,
			"auth_http host .* could not be resolved \\(3: Host not found\\), its last "
			"known addresses stay");
	await_service(p, "second");
	cr_expect(two->connections > 0);
	place_end(p, false);
}
