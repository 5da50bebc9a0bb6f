/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/limits_ring: every reason without a ring has its remedy.
 */
#include "app/limits_ring.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const char *text_of(const char *call, int error, int disabled, bool filtered)
{
	static char text[LIMITS_RING_TEXT_MAX];
	struct limits_ring_failure f = {call, error, disabled, filtered};

	limits_ring_text(&f, text);
	cr_assert_null(strchr(text, '\n'));
	cr_assert_lt(strlen(text), sizeof(text) - 1, "it is cut");
	return text;
}

#define SAYS(text, part) cr_assert(strstr((text), (part)), "%s", (text))

Test(limits_ring, the_switch_of_the_kernel)
{
	SAYS(text_of("io_uring_setup", EPERM, 2, false), "sysctl -w kernel.io_uring_disabled=0");
	SAYS(text_of("io_uring_setup", EPERM, 2, true), "sysctl -w kernel.io_uring_disabled=0");
	SAYS(text_of("io_uring_setup", EPERM, 1, false), "sysctl -w kernel.io_uring_group=GID");
}

Test(limits_ring, a_filter_of_a_container)
{
	const char *text = text_of("io_uring_setup", EPERM, 0, true);

	SAYS(text, "docker run --security-opt seccomp=seccomp-ringpost.json");
	SAYS(text, "seccompProfile: {type: Localhost, localhostProfile: seccomp-ringpost.json}");
	SAYS(text, "/var/lib/kubelet/seccomp/");
	SAYS(text, "io_uring_setup, io_uring_enter and io_uring_register");
	SAYS(text_of("io_uring_setup", EACCES, 0, true), "--security-opt");
	SAYS(text_of("io_uring_setup", ENOSYS, 0, true), "--security-opt");
	SAYS(text_of("io_uring_enter", EPERM, -1, true), "--security-opt");
}

Test(limits_ring, all_else)
{
	SAYS(text_of("io_uring_setup", EPERM, 0, false), "security module");
	SAYS(text_of("io_uring_setup", EACCES, -1, false), "security module");
	SAYS(text_of("io_uring_setup", ENOSYS, -1, false), "Linux 6.1 or newer");
	SAYS(text_of("io_uring_setup", ENOMEM, 0, true), "ulimit -l");
	SAYS(text_of("io_uring_setup", EMFILE, 0, false), "worker_rlimit_nofile");
}

Test(limits_ring, the_sentence_names_call_and_error)
{
	const char *start =
		"io_uring cannot be used: io_uring_enter() failed (1: Operation not permitted): ";

	cr_assert_eq(strncmp(text_of("io_uring_enter", EPERM, 0, true), start, strlen(start)), 0);
}

/* As whoever runs the tests, who has one; and as the user of a configuration. */
Test(limits_ring, it_is_tried)
{
	struct conf_main same = {.drop_privileges = false};
	struct conf_main nobody = {
		.drop_privileges = true, .user = "nobody", .uid = 65534, .gid = 65534};
	char text[LIMITS_RING_TEXT_MAX] = "";

	cr_assert_eq(limits_ring_try(text), 0, "%s", text);
	cr_assert_eq(limits_ring_try_as(&same, text), 0, "%s", text);
	cr_assert_eq(limits_ring_try_as(&nobody, text), 0, "%s", text);
}
