/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/limits: what is needed and what is said.
 */
#include "app/limits.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const char *ring_text(int error, int disabled)
{
	static char text[LIMITS_TEXT_MAX];

	limits_ring_text(error, disabled, text);
	return text;
}

Test(limits, every_reason_without_a_ring_has_its_remedy)
{
	cr_assert(strstr(ring_text(EPERM, 2), "sysctl -w kernel.io_uring_disabled=0"));
	cr_assert(strstr(ring_text(EPERM, 1), "kernel.io_uring_group"));
	cr_assert(strstr(ring_text(EPERM, 0), "seccomp"));
	cr_assert(strstr(ring_text(EACCES, 0), "seccomp"));
	cr_assert(strstr(ring_text(ENOSYS, -1), "Linux 6.1 or newer"));
	cr_assert(strstr(ring_text(ENOMEM, 0), "ulimit -l"));
	cr_assert(strstr(ring_text(EMFILE, 0), "worker_rlimit_nofile"));
}

Test(limits, the_sentence_names_the_error)
{
	const char *start = "io_uring cannot be used (1: Operation not permitted): ";

	cr_assert_eq(strncmp(ring_text(EPERM, 0), start, strlen(start)), 0);
	cr_assert_null(strchr(ring_text(EPERM, 0), '\n'));
}

Test(limits, locked_memory_grows_with_threads_and_ring_entries)
{
	struct worker_conf one = {.threads = 1, .ring = {.submissions = 1024, .completions = 8192}};
	struct worker_conf four = one, small = one;

	four.threads = 4;
	small.ring.submissions = small.ring.completions = 8;
	cr_assert_geq(limits_locked_bytes(&one), 1024 * 64 + 8192 * 16);
	cr_assert_eq(limits_locked_bytes(&four), 4 * limits_locked_bytes(&one));
	cr_assert_lt(limits_locked_bytes(&small), limits_locked_bytes(&one) / 2);
}

Test(limits, files_needed_grow_with_threads_connections_and_services)
{
	struct auth_service_conf service = {.connections_max = 10};
	const struct auth_service_conf *services[] = {&service, &service};
	struct worker_conf one = {.threads = 1, .connections = 1000, .n_listens = 3};
	struct worker_conf four = one, with = one;
	uint64_t base = limits_files_needed(&one);

	cr_assert_geq(base, 2003);
	four.threads = 4;
	cr_assert_geq(limits_files_needed(&four), 4 * 2003);
	with.auth_services = services;
	with.n_auth_services = 2;
	cr_assert_eq(limits_files_needed(&with), base + 20);
}
