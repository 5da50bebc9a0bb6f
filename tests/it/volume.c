/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Volume: Postfix's smtp-source pushes mail through the real program, and the sink proves every
 * byte of every message. VOLUME=full in the environment sends the numbers that a release must pass.
 */
#include "tests/it/lib/place.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(it_volume, .timeout = 1800, .fini = place_fini);

static bool is_full(void)
{
	const char *volume = getenv("VOLUME");

	return volume && strcmp(volume, "full") == 0;
}

struct load {
	const char *messages, *full_messages;
	const char *size, *parallel;
	const char *keep; /* "-d": many messages in each session */
	const char *mail; /* directives */
};

static void send_all(const struct load *load)
{
	const char *messages = is_full() ? load->full_messages : load->messages;
	struct place *p = place_new();
	char to[32];
	const char *argv[] = {"smtp-source", "-s", load->parallel, "-m", messages,   "-l",
			      load->size,    "-M", "client.test",  to,   load->keep, NULL};
	json_int_t want = strtoll(messages, NULL, 10);
	int fds;

	if (load->keep) {
		argv[9] = load->keep;
		argv[10] = to;
	}
	place_sink(p, (const char *const[]){"--verify-source", load->size, NULL});
	place_authd(p, "{}", NULL);
	place_proxy(p, &(struct place_conf){.mail = load->mail});
	fds = place_worker_fds(p);
	snprintf(to, sizeof(to), "127.0.0.1:%u", p->none);
	setenv("PATH", "/usr/sbin:/usr/bin:/bin:/sbin:/usr/local/bin", 1);
	cr_assert_eq(place_run(p, "smtp-source", argv), 0, "%s", place_read(p, "smtp-source.err"));
	cr_assert_eq(place_await_sink(p, "intact", want), want);
	cr_assert_eq(place_sink_count(p, "messages"), want);
	cr_assert_eq(place_sink_count(p, "damaged"), 0);
	cr_assert_eq(place_sink_count(p, "ended_early"), 0);
	/* one connection to the auth service may have been kept */
	place_expect_fds(p, fds + 64);
	place_end(p, false);
}

Test(it_volume, sessions_of_one_message)
{
	send_all(&(struct load){
		.messages = "2000", .full_messages = "100000", .size = "4096", .parallel = "100"});
}

Test(it_volume, sessions_of_many_messages)
{
	send_all(&(struct load){.messages = "5000",
				.full_messages = "200000",
				.size = "4096",
				.parallel = "50",
				.keep = "-d"});
}

Test(it_volume, messages_of_ten_megabytes)
{
	send_all(&(struct load){
		.messages = "20", .full_messages = "1000", .size = "10000000", .parallel = "4"});
}

Test(it_volume, small_buffers_change_nothing)
{
	send_all(&(struct load){.messages = "300",
				.full_messages = "3000",
				.size = "70000",
				.parallel = "20",
				.mail = "smtp_client_buffer 1k; proxy_buffer 1k;"});
}
