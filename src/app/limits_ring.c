/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limits_ring: makes the three system calls of io_uring once, on a small ring that is gone again.
 * ring_uring.c has the ring that serves.
 */
#include "app/limits_ring.h"

#include "app/limits_found.h"

#include <errno.h>
#include <grp.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROFILE "seccomp-ringpost.json"

static const char old[] =
	"this kernel is too old or built without it: Linux 6.1 or newer is needed";
static const char off[] = "kernel.io_uring_disabled is 2: run sysctl -w kernel.io_uring_disabled=0";
static const char grouped[] =
	"kernel.io_uring_disabled is 1: run sysctl -w kernel.io_uring_group=GID with a group of "
	"ours, or sysctl -w kernel.io_uring_disabled=0";
static const char filter[] =
	"a seccomp filter forbids it: start the container with a profile that allows "
	"io_uring_setup, io_uring_enter and io_uring_register, like " PROFILE
	" that comes with ringpost. Docker: docker run --security-opt seccomp=" PROFILE
	" ... Kubernetes: copy it to /var/lib/kubelet/seccomp/ of each node and say in the pod's "
	"securityContext: seccompProfile: {type: Localhost, localhostProfile: " PROFILE
	"}. systemd: add @aio to the unit's SystemCallFilter=";
static const char module[] =
	"a security module (SELinux, AppArmor, BPF) forbids it: see its messages with dmesg or "
	"ausearch -m avc -c ringpost, and allow it there";
static const char locked[] =
	"the limit of locked memory of this user is too low: run ulimit -l unlimited before the "
	"start, as root, or set LimitMEMLOCK=infinity in the service's unit, or start the "
	"container with --ulimit memlock=-1:-1";
static const char no_files[] =
	"no file descriptors are left: raise worker_rlimit_nofile, or run ulimit -n 1024 before "
	"the start";

static const char *remedy(const struct limits_ring_failure *f)
{
	bool denied = f->error == EPERM || f->error == EACCES;

	if (f->disabled == 2)
		return off;
	if (f->disabled == 1 && f->error == EPERM)
		return grouped;
	/* Filters may also say that there is no such call. */
	if (f->filtered && (denied || f->error == ENOSYS))
		return filter;
	if (denied)
		return module;
	if (f->error == ENOMEM)
		return locked;
	return f->error == EMFILE || f->error == ENFILE ? no_files : old;
}

void limits_ring_text(const struct limits_ring_failure *f, char *text)
{
	snprintf(text, LIMITS_RING_TEXT_MAX, "io_uring cannot be used: %s() failed (%d: %s): %s",
		 f->call, f->error, strerror(f->error), remedy(f));
}

/* 2 behind "Seccomp:" in /proc/self/status: somebody decides about our calls. */
static bool is_filtered(void)
{
	char line[256];
	bool found = false;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && !found && fgets(line, sizeof(line), f))
		found = !strcmp(line, "Seccomp:\t2\n");
	if (f)
		fclose(f);
	return found;
}

/* The name of the call that failed, with errno; NULL: all is well. */
static const char *try_calls(void)
{
	struct io_uring_params params;
	const char *failed = NULL;
	long fd;
	int error;

	memset(&params, 0, sizeof(params));
	fd = syscall(SYS_io_uring_setup, 8, &params);
	if (fd < 0)
		return "io_uring_setup";
	if (syscall(SYS_io_uring_enter, fd, 0, 0, 0, NULL, 0) < 0)
		failed = "io_uring_enter";
	/* Nothing is registered, and that is told by an error of its own. */
	else if (syscall(SYS_io_uring_register, fd, IORING_UNREGISTER_FILES, NULL, 0) < 0 &&
		 errno != ENXIO)
		failed = "io_uring_register";
	error = errno;
	close((int)fd);
	errno = error;
	return failed;
}

int limits_ring_try(char *text)
{
	struct limits_ring_failure f = {.call = try_calls(), .error = errno};
	uint64_t disabled = limits_found_number("", "/proc/sys/kernel/io_uring_disabled");

	if (!f.call)
		return 0;
	f.disabled = disabled < LIMITS_UNKNOWN ? (int)disabled : -1;
	f.filtered = is_filtered();
	limits_ring_text(&f, text);
	return -1;
}

/* In a process of its own: the text goes into the pipe, if there is one. */
_Noreturn static void try_there(const struct conf_main *main, int to)
{
	char text[LIMITS_RING_TEXT_MAX] = "";

	if (setgid(main->gid) == 0 && initgroups(main->user, main->gid) == 0 &&
	    setuid(main->uid) == 0 && limits_ring_try(text) != 0)
		(void)!write(to, text, strlen(text));
	_exit(0);
}

int limits_ring_try_as(const struct conf_main *main, char *text)
{
	int fds[2];
	ssize_t n;
	pid_t pid;

	if (!main->drop_privileges || pipe(fds) != 0)
		return limits_ring_try(text);
	pid = fork();
	if (pid == 0)
		try_there(main, fds[1]);
	close(fds[1]);
	n = read(fds[0], text, LIMITS_RING_TEXT_MAX - 1);
	text[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	if (pid < 0)
		return limits_ring_try(text);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return n > 0 ? -1 : 0;
}
