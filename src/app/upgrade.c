/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * upgrade: rename, fork, execve, and back again if the new binary does not stay.
 */
#include "app/upgrade.h"

#include "base/out.h"
#include "app/environment.h"
#include "app/log.h"
#include "app/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define VARIABLE "RINGPOST_LISTENERS"

enum { NUMBER_MAX = 12, SAID_MAX = 4096 };

/* As this process was started; the path is absolute. */
static struct {
	char **argv;
	char path[PATH_MAX];
} given;

/* A name without "/" was found by the shell in PATH, which is not ours to search again. */
void upgrade_remember(char **argv)
{
	char folder[PATH_MAX] = "";
	ssize_t n;

	given.argv = argv;
	if (argv[0] && strchr(argv[0], '/')) {
		if (argv[0][0] != '/' && !getcwd(folder, sizeof(folder)))
			folder[0] = '\0';
		n = snprintf(given.path, sizeof(given.path), "%s%s%s", folder, *folder ? "/" : "",
			     argv[0]);
		if (n < (ssize_t)sizeof(given.path))
			return;
	}
	n = readlink("/proc/self/exe", given.path, sizeof(given.path) - 1);
	given.path[n > 0 ? n : 0] = '\0';
}

/* ---- the old master ---- */

static char *join(const char *a, const char *b)
{
	size_t n = strlen(a) + strlen(b) + 1;
	char *to = malloc(n);

	if (to)
		snprintf(to, n, "%s%s", a, b);
	return to;
}

/* In the child: "RINGPOST_LISTENERS=OLD;NEW;FD;FD;", the pids of both masters and the sockets. */
static char *variable_of(const struct listeners *l, pid_t old)
{
	size_t size = sizeof(VARIABLE) + NUMBER_MAX * (l->n_sockets + 3U);
	char *text = malloc(size);
	struct out o;

	if (!text)
		return NULL;
	out_init(&o, text, size - 1);
	out_lit(&o, VARIABLE "=");
	out_u64(&o, (uint64_t)old);
	out_lit(&o, ";");
	out_u64(&o, (uint64_t)getpid());
	out_lit(&o, ";");
	for (uint32_t i = 0; i < l->n_sockets; i++) {
		out_u64(&o, (uint64_t)l->sockets[i].fd);
		out_lit(&o, ";");
	}
	text[o.n] = '\0';
	return text;
}

/* In the child. Signals stay blocked that a master wants to be asked, not killed, by. */
_Noreturn static void become_new(const struct upgrade_start *start, pid_t old, int said)
{
	char *variable = variable_of(start->listeners, old);
	char **environment = variable ? environment_make(start->main, variable) : NULL;
	sigset_t late;

	log_forked();
	if (!environment) {
		log_put(LEVEL_ALERT, "malloc() failed (%d: %s)", errno, strerror(errno));
		_exit(1);
	}
	for (uint32_t i = 0; i < start->listeners->n_sockets; i++)
		fcntl(start->listeners->sockets[i].fd, F_SETFD, 0);
	sigemptyset(&late);
	sigaddset(&late, SIGHUP);
	sigaddset(&late, SIGQUIT);
	sigaddset(&late, SIGUSR1);
	sigaddset(&late, SIGUSR2);
	sigaddset(&late, SIGWINCH);
	sigprocmask(SIG_SETMASK, &late, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (said >= 0)
		dup2(said, STDERR_FILENO);
	execve(given.path, given.argv, environment);
	log_put(LEVEL_ALERT, "execve() failed while executing new binary process \"%s\" (%d: %s)",
		given.path, errno, strerror(errno));
	_exit(1);
}

/* u->said is the end to read from; neither end ever waits. */
static int open_said(struct upgrade *u, const struct upgrade_start *start)
{
	int ends[2] = {-1, -1};

	if (start->detached && pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		log_put(LEVEL_ALERT, "pipe() failed (%d: %s)", errno, strerror(errno));
	u->said = ends[0];
	return ends[1];
}

static int spawn(struct upgrade *u, const struct upgrade_start *start)
{
	int said = open_said(u, start);
	pid_t old = getpid();

	u->pid = fork();
	if (u->pid == 0)
		become_new(start, old, said);
	if (u->pid < 0)
		log_put(LEVEL_ALERT, "fork() failed while spawning \"new binary process\" (%d: %s)",
			errno, strerror(errno));
	else
		log_put(LEVEL_NOTICE, "start new binary process %d", u->pid);
	if (said >= 0)
		close(said);
	return u->pid < 0 ? -1 : 0;
}

static void rename_back(struct upgrade *u)
{
	if (u->said >= 0)
		close(u->said);
	u->said = -1;
	u->pid = 0;
	if (rename(u->old_path, u->path) != 0)
		log_put(LEVEL_ALERT,
			"rename() %s back to %s failed after the new binary process \"%s\" exited "
			"(%d: %s)",
			u->old_path, u->path, given.path, errno, strerror(errno));
	free(u->path);
	free(u->old_path);
	u->path = u->old_path = NULL;
}

int upgrade_begin(struct upgrade *u, const struct upgrade_start *start)
{
	u->said = -1;
	u->path = join(start->pid_path, "");
	u->old_path = join(start->pid_path, ".oldbin");
	if (u->path && u->old_path && rename(u->path, u->old_path) == 0) {
		if (spawn(u, start) == 0)
			return 0;
		rename_back(u);
		return -1;
	}
	log_put(LEVEL_ALERT,
		"rename() %s to %s.oldbin failed before executing new binary process \"%s\" "
		"(%d: %s)",
		start->pid_path, start->pid_path, given.path, errno, strerror(errno));
	free(u->path);
	free(u->old_path);
	u->path = u->old_path = NULL;
	return -1;
}

/* What it had to say before it had a log, a line of ours for each of its own. */
static void pass_on(const struct upgrade *u)
{
	char text[SAID_MAX + 1], *rest = text, *line;
	ssize_t n = u->said >= 0 ? read(u->said, text, SAID_MAX) : 0;

	text[n > 0 ? n : 0] = '\0';
	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			log_put(LEVEL_ERR, "new binary process %d said: %s", u->pid, line);
	}
}

static void log_end(const struct upgrade *u, int status)
{
	if (WIFSIGNALED(status))
		log_put(LEVEL_ALERT, "new binary process %d exited on signal %d%s", u->pid,
			WTERMSIG(status), WCOREDUMP(status) ? " (core dumped)" : "");
	else
		log_put(WEXITSTATUS(status) ? LEVEL_ALERT : LEVEL_NOTICE,
			"new binary process %d exited with code %d", u->pid, WEXITSTATUS(status));
}

bool upgrade_ended(struct upgrade *u, pid_t pid, int status)
{
	if (u->pid == 0 || pid != u->pid)
		return false;
	if (status != 0)
		pass_on(u);
	log_end(u, status);
	log_put(LEVEL_NOTICE, "the upgrade has ended: this binary goes on, its pid file is \"%s\"",
		u->path);
	rename_back(u);
	return true;
}

void upgrade_done(struct upgrade *u)
{
	if (u->pid == 0)
		return;
	pidfile_remove(u->old_path);
	if (u->said >= 0)
		close(u->said);
	free(u->path);
	free(u->old_path);
}

/* ---- the new master ---- */

/* The number before the next ";", or -1; *rest is then at what is wrong. */
static int64_t next_number(struct str *rest)
{
	size_t n = str_find(*rest, ';');
	uint64_t value;

	if (n == rest->n || str_u64(str_first(*rest, n), INT32_MAX, &value) != 0)
		return -1;
	*rest = str_from(*rest, n + 1);
	return (int64_t)value;
}

static void say_bad(struct str what)
{
	log_put(LEVEL_EMERG,
		"invalid socket number \"%.*s\" in " VARIABLE " environment variable, ignoring the "
		"rest of the variable",
		(int)str_first(what, str_find(what, ';')).n, (const char *)what.p);
}

/* What stands before the first mistake counts. */
static void inherit(struct listeners *l, struct str rest)
{
	int *fds = calloc(rest.n + 1, sizeof(*fds));
	struct str *texts = calloc(rest.n + 1, sizeof(*texts));
	uint32_t n = 0, bad = 0;

	while (fds && texts && rest.n) {
		int64_t fd;

		texts[n] = rest;
		fd = next_number(&rest);
		if (fd < 0) {
			say_bad(rest);
			break;
		}
		fds[n++] = (int)fd;
	}
	if (n && listeners_inherit(l, fds, n, &bad) != 0)
		say_bad(texts[bad]);
	free(fds);
	free(texts);
}

/* The old master may have gone by now, and must not take the sockets with it: so what counts is for
 * whom they are, which a variable that is merely passed on cannot say right. */
pid_t upgrade_inherit(struct listeners *l)
{
	const char *value = getenv(VARIABLE);
	struct str rest = value ? str_cstr(value) : str_none();
	int64_t from = value ? next_number(&rest) : 0;
	int64_t meant_for = value ? next_number(&rest) : 0;

	*l = (struct listeners){0};
	if (!value)
		return 0;
	if (from > 0 && meant_for == getpid()) {
		log_put(LEVEL_NOTICE, "using inherited sockets from \"%.*s\"", (int)rest.n,
			(const char *)rest.p);
		inherit(l, rest);
	} else {
		log_put(LEVEL_WARN, "the environment variable " VARIABLE
				    " is not meant for this process: ignored");
		from = 0;
	}
	unsetenv(VARIABLE);
	return (pid_t)from;
}
