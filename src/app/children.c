/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * children: fork(), the control socket, signals.
 *
 * A child is told by signals; the control socket carries one byte from it when it serves, and
 * reopened log files to it.
 */
#include "app/children.h"

#include "app/log.h"
#include "app/title.h"
#include "app/worker_process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint64_t children_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool is_meant(const struct child *child, struct children_who who)
{
	return child->state != CHILD_NONE && (!who.only || child->generation == who.only) &&
	       (!who.except || child->generation != who.except);
}

/* What the child has of its master and must not keep: other children's sockets above all, so that
 * each hears when its master is gone. */
static void close_inherited(const struct children *c, const struct child_start *start)
{
	for (unsigned i = 0; i < CHILDREN_MAX; i++) {
		const struct child *child = &c->all[i];

		if (child->state == CHILD_NONE)
			continue;
		if (child->control_fd >= 0)
			close(child->control_fd);
		if (child->generation != start->generation)
			log_output_close_all(log_set_outputs(child->generation->logs));
	}
	for (const int *fd = start->close_fds; *fd >= 0; fd++)
		close(*fd);
	if (start->other) {
		struct listeners theirs = start->other->listeners;

		listeners_forget(&theirs, &start->generation->listeners);
	}
}

_Noreturn static void be_child(const struct child_start *start, int control_fd, pid_t master)
{
	struct worker_start w = {
		.conf = start->generation->conf,
		.logs = start->generation->logs,
		.listeners = &start->generation->listeners,
		.control_fd = control_fd,
		.master = master,
		.detached = start->detached,
		.report = start->report,
	};

	title_set("worker process");
	log_use(log_set_outputs(start->generation->logs));
	exit(worker_process_run(&w)); /* not _exit: leak and coverage reports come at exit */
}

static struct child *free_slot(struct children *c)
{
	for (unsigned i = 0; i < CHILDREN_MAX; i++) {
		if (c->all[i].state == CHILD_NONE)
			return &c->all[i];
	}
	return NULL;
}

struct child *children_start(struct children *c, const struct child_start *start)
{
	struct child *child = free_slot(c);
	pid_t master = getpid();
	int ends[2];

	if (!child) {
		log_put(LEVEL_ALERT, "%d worker processes are still ending: no new one is started",
			CHILDREN_MAX);
		return NULL;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		log_put(LEVEL_ALERT, "socketpair() failed (%d: %s)", errno, strerror(errno));
		return NULL;
	}
	child->pid = fork();
	if (child->pid == 0) {
		close(ends[0]);
		close_inherited(c, start);
		be_child(start, ends[1], master);
	}
	if (child->pid < 0)
		log_put(LEVEL_ALERT, "fork() failed (%d: %s)", errno, strerror(errno));
	close(ends[1]);
	if (child->pid < 0) {
		close(ends[0]);
		return NULL;
	}
	child->state = CHILD_STARTING;
	child->control_fd = ends[0];
	child->generation = start->generation;
	child->generation->users++;
	child->started_ms = children_now_ms();
	child->kill_at_ms = 0;
	log_put(LEVEL_NOTICE, "start worker process %d", child->pid);
	return child;
}

bool children_hear(struct child *child)
{
	char word = 0;
	ssize_t n = recv(child->control_fd, &word, 1, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) { /* it is ending; waitpid() tells the rest */
		close(child->control_fd);
		child->control_fd = -1;
		return false;
	}
	if (word != WORKER_PROCESS_READY || child->state != CHILD_STARTING)
		return false;
	child->state = CHILD_SERVING;
	return true;
}

static void log_end(const struct child *child)
{
	int status = child->status;

	if (WIFSIGNALED(status))
		log_put(LEVEL_ALERT, "worker process %d exited on signal %d%s", child->pid,
			WTERMSIG(status), WCOREDUMP(status) ? " (core dumped)" : "");
	else
		log_put(WEXITSTATUS(status) ? LEVEL_ALERT : LEVEL_NOTICE,
			"worker process %d exited with code %d", child->pid, WEXITSTATUS(status));
}

struct child *children_ended(struct children *c, pid_t pid, int status)
{
	for (unsigned i = 0; i < CHILDREN_MAX; i++) {
		struct child *child = &c->all[i];

		if (child->state == CHILD_NONE || child->pid != pid)
			continue;
		if (child->control_fd >= 0)
			children_hear(child);
		child->status = status;
		log_end(child);
		return child;
	}
	return NULL;
}

void children_forget(struct child *child)
{
	if (child->control_fd >= 0)
		close(child->control_fd);
	generation_leave(child->generation);
	*child = (struct child){.control_fd = -1};
}

void children_tell(struct children *c, struct children_who who, int signal, uint64_t kill_ms)
{
	for (unsigned i = 0; i < CHILDREN_MAX; i++) {
		struct child *child = &c->all[i];

		/* A second QUIT would only start worker_shutdown_timeout anew. */
		if (!is_meant(child, who) || (child->state == CHILD_LEAVING && signal == SIGQUIT))
			continue;
		if (kill(child->pid, signal) != 0)
			log_put(LEVEL_ALERT, "kill(%d, %d) failed (%d: %s)", child->pid, signal,
				errno, strerror(errno));
		child->state = CHILD_LEAVING;
		if (kill_ms)
			child->kill_at_ms = children_now_ms() + kill_ms;
	}
}

uint64_t children_kill_late(struct children *c, uint64_t now_ms)
{
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < CHILDREN_MAX; i++) {
		struct child *child = &c->all[i];

		if (child->state == CHILD_NONE || child->kill_at_ms == 0)
			continue;
		if (child->kill_at_ms <= now_ms) {
			log_put(LEVEL_ALERT, "worker process %d does not end: killed", child->pid);
			kill(child->pid, SIGKILL);
			child->kill_at_ms = 0;
		} else if (child->kill_at_ms < next) {
			next = child->kill_at_ms;
		}
	}
	return next;
}

/* A reopened file or socket goes to every child of the generation, then takes the old one's place
 * here. */
static void share_reopened(struct children *c, const struct generation *g, struct log_output *o)
{
	int fd = log_output_reopened(o);

	if (fd < 0) {
		log_put(LEVEL_EMERG, "open() \"%s\" failed (%d: %s)", log_output_name(o), errno,
			strerror(errno));
		return;
	}
	for (unsigned i = 0; i < CHILDREN_MAX; i++) {
		struct child *child = &c->all[i];

		if (child->state != CHILD_NONE && child->generation == g &&
		    child->control_fd >= 0 &&
		    worker_process_send_log(child->control_fd, o->index, fd) != 0)
			log_put(LEVEL_ALERT, "worker process %d could not be given \"%s\" (%d: %s)",
				child->pid, log_output_name(o), errno, strerror(errno));
	}
	log_output_replace(o, fd);
}

static void reopen_generation(struct children *c, const struct generation *g)
{
	const struct log_outputs *outputs = log_set_outputs(g->logs);

	for (unsigned i = 0; i < outputs->n; i++) {
		if (outputs->items[i]->kind != LOG_OUTPUT_STDERR)
			share_reopened(c, g, outputs->items[i]);
	}
}

void children_reopen_logs(struct children *c, const struct generation *current)
{
	reopen_generation(c, current);
	for (unsigned i = 0; i < CHILDREN_MAX; i++) {
		struct child *child = &c->all[i];
		bool done = child->generation == current;

		for (unsigned j = 0; j < i; j++)
			done |= c->all[j].generation == child->generation;
		if (child->state != CHILD_NONE && !done)
			reopen_generation(c, child->generation);
	}
	for (unsigned i = 0; i < CHILDREN_MAX; i++) {
		if (c->all[i].state != CHILD_NONE)
			kill(c->all[i].pid, SIGUSR1);
	}
}

unsigned children_count(const struct children *c, struct children_who who)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CHILDREN_MAX; i++)
		n += is_meant(&c->all[i], who);
	return n;
}
