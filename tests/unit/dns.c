/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of io/dns as c-ares and io/dns_sockets make it: questions on a real ring to a name
 * server of the test's.
 */
#include "io/dns.h"
#include "io/net.h"
#include "io/sockaddr.h"
#include "tests/lib/dnsd.h"
#include "tests/lib/port.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { QUESTIONS = 128, EVENTS = 64, WAIT_MS = 20000 };

/* What a question was answered. */
struct told {
	int times;
	enum dns_status status;
	uint32_t ttl_s, n;
	char text[256]; /* the name, or the addresses with blanks between */
};

static struct conn_env io;
static struct dns_conf conf;
static const struct dns_conf *const confs[] = {&conf};
static struct worker_conf worker = {.dns = confs, .n_dns = 1};
static union socket_address servers[3];
static struct told told[QUESTIONS];
static struct dns *dns;
static bool within_ask;
static int files; /* open before the first question */

static int open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	cr_assert(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void on_answer(void *asker, uint32_t number, const struct dns_answer *a)
{
	struct told *t = &told[number];
	struct out o;

	cr_assert_eq(asker, (void *)&io);
	cr_assert_not(within_ask);
	t->times++;
	t->status = a->status;
	if (a->status != DNS_FOUND)
		return;
	t->ttl_s = a->ttl_s;
	t->n = a->n;
	out_init(&o, t->text, sizeof(t->text) - 1);
	out_str(&o, a->name);
	for (uint32_t i = 0; !a->name.n && i < a->n && i < 4; i++) {
		if (i)
			out_byte(&o, ' ');
		addr_write(&o, &a->addresses[i]);
	}
	t->text[out_data(&o).n] = '\0';
}

static void server_at(uint16_t port)
{
	union socket_address *a = &servers[conf.n_servers++];

	a->ip4.sin_family = AF_INET;
	a->ip4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a->ip4.sin_port = htons(port);
}

static void begin(void)
{
	const struct ring_conf ring = {
		.submissions = 64, .completions = 256, .buffers = 8, .buffer_size = 4096};
	char error[256];

	conf = (struct dns_conf){.servers = servers, .ip4 = true, .ip6 = true};
	io.ring = ring_open(&ring, error, sizeof(error));
	cr_assert(io.ring, "%s", error);
}

/* With the servers that there are by now. */
static void start(void)
{
	const struct dns_start how = {.io = &io,
				      .conf = &worker,
				      .questions_max = QUESTIONS,
				      .answer = on_answer,
				      .asker = &io};

	dns = dns_open(&how);
	cr_assert(dns);
	files = open_files();
}

static void turn(void)
{
	struct ring_event events[EVENTS];
	uint64_t due_ms = dns_due_ms(dns), now_ms = net_now_ms(), wait_ms = 20;
	unsigned n;

	if (due_ms && due_ms < now_ms + wait_ms)
		wait_ms = due_ms > now_ms ? due_ms - now_ms : 0;
	n = ring_turn(io.ring, wait_ms, events, EVENTS);
	for (unsigned i = 0; i < n; i++)
		dns_event(dns, &events[i]);
	dns_tick(dns, net_now_ms());
}

static void end(void)
{
	ring_close(io.ring);
	dns_close(dns);
}

TestSuite(dns, .init = begin, .fini = end, .timeout = 60);

/* Sockets are closed when nothing is asked any more. */
static void expect_rest(void)
{
	uint64_t until_ms = net_now_ms() + WAIT_MS;

	while (open_files() > files)
		if (turn(), net_now_ms() > until_ms)
			break;
	cr_assert_leq(open_files(), files);
}

static int ask_question(uint32_t number, struct dns_question q)
{
	int rc;

	q.conf = &conf;
	told[number] = (struct told){0};
	within_ask = true;
	rc = dns_ask(dns, number, &q);
	within_ask = false;
	return rc;
}

static void ask(uint32_t number, enum dns_type type, const char *name)
{
	struct dns_question q = {.type = type, .name = str_cstr(name)};

	if (type == DNS_PTR)
		cr_assert_eq(addr_parse(q.name, &q.address), 0);
	cr_assert_eq(ask_question(number, q), 0);
}

static const struct told *await(uint32_t number)
{
	uint64_t until_ms = net_now_ms() + WAIT_MS;

	while (!told[number].times && net_now_ms() < until_ms)
		turn();
	cr_assert_eq(told[number].times, 1, "%d answers", told[number].times);
	return &told[number];
}

static const struct told *answer_to(enum dns_type type, const char *name)
{
	ask(0, type, name);
	return await(0);
}

static void expect_text(enum dns_type type, const char *name, const char *text)
{
	const struct told *t = answer_to(type, name);

	cr_expect_eq(t->status, DNS_FOUND, "%s: %d", name, t->status);
	cr_expect_str_eq(t->text, text);
}

static void expect_status(enum dns_type type, const char *name, enum dns_status status)
{
	const struct told *t = answer_to(type, name);

	cr_expect_eq(t->status, status, "%s: %d", name, t->status);
}

static struct dnsd *server(const char *zone)
{
	struct dnsd *d = dnsd_start();

	dnsd_zone(d, zone);
	server_at(d->port);
	return d;
}

/* ---- answers ---- */

Test(dns, addresses_and_names_are_found)
{
	server("four.test A 60 192.0.2.1\nfour.test A 30 192.0.2.2\n"
	       "six.test AAAA 60 2001:db8::1\n"
	       "1.2.0.192.in-addr.arpa PTR 5 one.test\n"
	       "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR 6 "
	       "six.test\n");
	start();
	expect_text(DNS_A, "four.test", "192.0.2.1 192.0.2.2");
	cr_expect_eq(told[0].ttl_s, 30);
	expect_text(DNS_AAAA, "six.test", "2001:db8::1");
	cr_expect_eq(told[0].ttl_s, 60);
	expect_text(DNS_PTR, "192.0.2.1", "one.test");
	expect_text(DNS_PTR, "2001:db8::1", "six.test");
	cr_expect_eq(told[0].ttl_s, 6);
	expect_status(DNS_A, "six.test", DNS_NONE);
	expect_status(DNS_A, "none.test", DNS_NONE);
	expect_rest();
}

/* A server that does not follow them itself. */
Test(dns, aliases_are_followed)
{
	server("alias.test CNAME 9 other.test\nother.test A 60 192.0.2.7\n"
	       "a.test CNAME 9 b.test\nb.test CNAME 9 a.test\n"
	       "odd.test CNAME 9 a\\032b.test\na b.test A 9 192.0.2.8\n");
	start();
	expect_text(DNS_A, "alias.test", "192.0.2.7");
	cr_expect_eq(told[0].ttl_s, 9);
	expect_status(DNS_A, "a.test", DNS_NONE);
	expect_status(DNS_A, "odd.test", DNS_SILENT);
	expect_rest();
}

Test(dns, codes_of_servers_are_told)
{
	server("format.test RCODE 0 1\nfailure.test RCODE 0 2\nnever.test RCODE 0 4\n"
	       "refused.test RCODE 0 5\nother.test RCODE 0 9\n");
	start();
	expect_status(DNS_A, "format.test", DNS_FORMAT_ERROR);
	expect_status(DNS_A, "failure.test", DNS_SERVER_FAILURE);
	expect_status(DNS_A, "never.test", DNS_NOT_IMPLEMENTED);
	expect_status(DNS_A, "refused.test", DNS_REFUSED);
	expect_status(DNS_A, "other.test", DNS_SERVER_FAILURE);
	expect_rest();
}

Test(dns, a_label_that_is_too_long_is_no_name)
{
	server("");
	start();
	expect_status(DNS_A,
		      "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg.test",
		      DNS_NONE);
	expect_rest();
}

/* ---- servers ---- */

Test(dns, a_server_that_refuses_does_not_speak_for_the_others)
{
	server("mail.test RCODE 0 5\n");
	server("mail.test A 60 192.0.2.1\n");
	start();
	for (int i = 0; i < 4; i++)
		expect_text(DNS_A, "mail.test", "192.0.2.1");
	expect_rest();
}

Test(dns, all_may_refuse)
{
	struct dnsd *one = server("mail.test RCODE 0 5\n"), *two = server("mail.test RCODE 0 5\n");

	start();
	expect_status(DNS_A, "mail.test", DNS_REFUSED);
	cr_expect_eq(one->questions + two->questions, 2);
	expect_rest();
}

/* Whichever of them is asked first. */
Test(dns, a_refusal_says_more_than_silence)
{
	server("mail.test RCODE 0 5\n");
	server_at(port_free());
	start();
	for (int i = 0; i < 4; i++)
		expect_status(DNS_A, "mail.test", DNS_REFUSED);
	expect_rest();
}

Test(dns, servers_take_turns)
{
	struct dnsd *one = server("mail.test A 60 192.0.2.1\n"),
		    *two = server("mail.test A 60 192.0.2.1\n");

	start();
	for (int i = 0; i < 8; i++)
		expect_text(DNS_A, "mail.test", "192.0.2.1");
	cr_expect_eq(one->questions, 4);
	cr_expect_eq(two->questions, 4);
	expect_rest();
}

Test(dns, the_next_one_is_asked_when_one_is_down)
{
	server_at(port_free());
	server("mail.test A 60 192.0.2.1\n");
	start();
	for (int i = 0; i < 4; i++)
		expect_text(DNS_A, "mail.test", "192.0.2.1");
	expect_rest();
}

Test(dns, all_may_be_down)
{
	server_at(port_free());
	server_at(port_free());
	start();
	expect_status(DNS_A, "mail.test", DNS_SILENT);
	expect_rest();
}

Test(dns, the_next_one_is_asked_when_one_is_silent)
{
	struct dnsd *silent = server("");
	uint32_t n = 0;

	silent->trick = DNSD_SILENT;
	server("mail.test A 60 192.0.2.1\n");
	start();
	for (; n < 4; n++)
		ask(n, DNS_A, "mail.test");
	while (n > 0)
		cr_expect_eq(await(--n)->status, DNS_FOUND);
	cr_expect_gt(silent->questions, 0);
	expect_rest();
}

Test(dns, nonsense_is_no_answer)
{
	struct dnsd *d =
		server("mail.test A 60 192.0.2.1\n1.2.0.192.in-addr.arpa PTR 5 one.test\n");

	start();
	d->trick = DNSD_NOISE;
	expect_status(DNS_A, "mail.test", DNS_SILENT);
	d->trick = DNSD_LOOP;
	expect_status(DNS_PTR, "192.0.2.1", DNS_SILENT);
	d->trick = DNSD_FLOOD;
	expect_text(DNS_A, "mail.test", "192.0.2.1");
	expect_rest();
}

Test(dns, an_answer_that_is_too_long_comes_over_tcp)
{
	struct dnsd *d = server("mail.test A+2000 60 192.0.2.1\n");

	start();
	cr_expect_eq(answer_to(DNS_A, "mail.test")->status, DNS_FOUND);
	cr_expect_eq(told[0].n, 2001);
	cr_expect_eq(d->connections, 1);
	d->trick = DNSD_TCP_CLOSE;
	expect_status(DNS_A, "mail.test", DNS_SILENT);
	expect_rest();
}

/* ---- numbers, channels, descriptors ---- */

Test(dns, a_dropped_question_is_not_answered)
{
	struct dnsd *d = server("slow.test A 60 192.0.2.1\nmail.test A 60 192.0.2.2\n");

	start();
	d->trick = DNSD_LATE;
	ask(0, DNS_A, "slow.test");
	dns_drop(dns, 0);
	dns_drop(dns, 0);
	cr_expect_str_eq(answer_to(DNS_A, "mail.test")->text, "192.0.2.2");
	expect_rest();
	cr_expect_eq(told[0].times, 1);
	cr_expect_eq(d->questions, 2);
}

Test(dns, questions_have_an_end_although_they_are_dropped)
{
	struct dnsd *d = server("mail.test A 60 192.0.2.2\n");
	struct dns_question q = {.type = DNS_A, .name = STR("mail.test")};
	uint32_t asked = 0;

	start();
	d->trick = DNSD_LATE;
	while (ask_question(0, q) == 0 && asked < 4 * QUESTIONS) {
		dns_drop(dns, 0);
		asked++;
	}
	cr_expect_geq(asked, QUESTIONS);
	cr_expect_lt(asked, 2 * QUESTIONS);
	d->trick = DNSD_FAIR;
	expect_rest();
	cr_expect_eq(told[0].times, 0);
	expect_text(DNS_A, "mail.test", "192.0.2.2");
}

/* However busy a thread is, its questions do not come from one port for long. */
Test(dns, ports_change_although_there_is_always_a_question)
{
	struct dnsd *d = server("mail.test A 60 192.0.2.2\n");
	uint16_t ports[3] = {0};
	uint32_t n = 0;

	start();
	for (uint32_t i = 0; i < 1000 && n < 3; i++) {
		bool known = false;

		ask(i % 2, DNS_A, "mail.test");
		if (i == 0)
			continue;
		await((i + 1) % 2);
		for (uint32_t k = 0; k < n; k++)
			known |= ports[k] == d->asker;
		if (!known)
			ports[n++] = d->asker;
	}
	cr_expect_eq(n, 3);
	while (!told[0].times || !told[1].times)
		turn();
	expect_rest();
}

static void limit_files(rlim_t n)
{
	struct rlimit limit;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = n;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* The end is known at once, but not told at once. */
Test(dns, no_descriptor_is_left)
{
	server("mail.test A 60 192.0.2.2\n");
	start();
	limit_files(0);
	ask(0, DNS_A, "mail.test");
	ask(1, DNS_A, "mail.test");
	cr_expect_eq(told[0].times + told[1].times, 0);
	dns_drop(dns, 1);
	cr_expect_eq(await(0)->status, DNS_SILENT);
	cr_expect_eq(told[1].times, 0);
	limit_files(1024);
	expect_text(DNS_A, "mail.test", "192.0.2.2");
	expect_rest();
}

Test(dns, it_may_be_closed_with_questions_under_way)
{
	struct dnsd *d = server("mail.test A 60 192.0.2.2\n");

	d->trick = DNSD_SILENT;
	start();
	for (uint32_t i = 0; i < 10; i++)
		ask(i, DNS_A, "mail.test");
	turn();
}
