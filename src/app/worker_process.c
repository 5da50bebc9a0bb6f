/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker_process: threads, privileges and signals of the serving process.
 *
 * Thread 0 is the main thread; only with more are threads created. Signals reach the main thread
 * alone, whose handler does nothing but leave orders with the ring threads, so no thread waits for
 * signals. Log files are reopened in the handler: by descriptors from the master, since the user we
 * became may not open them.
 */
#include "app/worker_process.h"

#include "io/thread.h"
#include "app/affinity.h"
#include "app/daemon.h"
#include "app/environment.h"
#include "app/limits.h"
#include "app/limits_ring.h"
#include "app/log.h"
#include "app/title.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ERROR_MAX = 512 };

struct runner {
	struct thread *thread;
	struct log_thread log;
	void *log_memory;
	pthread_t handle;
	uint32_t index;
	char error[ERROR_MAX];
};

/* One per process: what the signal handler needs to reach. */
static struct {
	const struct worker_start *start;
	struct runner *runners;
	uint32_t n;
	pthread_barrier_t opened, judged;
	bool all_opened; /* written between the two barriers */
	_Atomic uint64_t connections;
	_Atomic uint32_t listening; /* threads that may still accept */
} self;

static int failed(const char *what)
{
	log_put(LEVEL_EMERG, "%s failed (%d: %s)", what, errno, strerror(errno));
	return -1;
}

static void say(enum log_level level, const char *text)
{
	log_put(level, "%s", text);
}

static int drop_privileges(const struct conf_main *main)
{
	if (main->drop_privileges) {
		if (setgid(main->gid) != 0)
			return failed("setgid()");
		if (initgroups(main->user, main->gid) != 0)
			return failed("initgroups()");
		if (setuid(main->uid) != 0)
			return failed("setuid()");
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failed("prctl(PR_SET_NO_NEW_PRIVS)");
	/* Passwords pass through this memory: no core, no debugger of the same user, unless the
	 * configuration asks for cores. */
	if (main->core_max && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
		return failed("prctl(PR_SET_DUMPABLE)");
	return 0;
}

/* After drop_privileges, which resets the signal. */
static int die_with_master(pid_t master)
{
	if (master == 0)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0)
		return failed("prctl(PR_SET_PDEATHSIG)");
	return getppid() == master ? 0 : -1;
}

static int become_worker(const struct worker_start *s)
{
	char text[LIMITS_RING_TEXT_MAX];

	limits_raise(s->conf, say);
	if (environment_settle(&s->conf->main) != 0)
		return failed("malloc()");
	if (s->conf->main.priority && setpriority(PRIO_PROCESS, 0, s->conf->main.priority) != 0)
		log_put(LEVEL_ALERT, "setpriority(%d) failed (%d: %s)", s->conf->main.priority,
			errno, strerror(errno));
	if (s->conf->main.working_directory && chdir(s->conf->main.working_directory) != 0) {
		log_put(LEVEL_ALERT, "chdir(\"%s\") failed (%d: %s)",
			s->conf->main.working_directory, errno, strerror(errno));
		return -1;
	}
	/* Without a master this process still has the pid file and the logs to look after. */
	if (s->master == 0 && s->conf->main.drop_privileges)
		log_put(LEVEL_WARN, "\"master_process off\": serving as root, for tests only");
	else if (drop_privileges(&s->conf->main) != 0)
		return -1;
	if (die_with_master(s->master) != 0)
		return -1;
	if (limits_ring_try(text) != 0) {
		log_put(LEVEL_EMERG, "%s", text);
		return -1;
	}
	return 0;
}

static void tell_all(enum thread_order order)
{
	for (uint32_t i = 0; i < self.n; i++)
		thread_tell(self.runners[i].thread, order);
}

/* The descriptors that the master has sent, each with the index of its output. */
static void take_logs(void)
{
	const struct log_outputs *outputs = log_set_outputs(self.start->logs);
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	unsigned index;
	struct iovec iov = {&index, sizeof(index)};

	for (;;) {
		struct msghdr m = {.msg_iov = &iov,
				   .msg_iovlen = 1,
				   .msg_control = control.room,
				   .msg_controllen = sizeof(control.room)};
		struct cmsghdr *c;
		int fd;

		if (recvmsg(self.start->control_fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0)
			return;
		c = CMSG_FIRSTHDR(&m);
		if (!c || c->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
		if (index < outputs->n)
			log_output_replace(outputs->items[index], fd);
		else
			close(fd);
	}
}

int worker_process_send_log(int control_fd, unsigned index, int fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec iov = {&index, sizeof(index)};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.room,
			   .msg_controllen = sizeof(control.room)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(control_fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static void reopen_logs(void)
{
	if (self.start->control_fd >= 0)
		take_logs();
	else
		log_set_reopen(self.start->logs);
}

/* Async-signal-safe throughout; nothing here touches what the main thread may be changing. */
static void on_signal(int signal)
{
	int saved = errno;

	switch (signal) {
	case SIGTERM:
	case SIGINT:
		tell_all(THREAD_STOP);
		break;
	case SIGQUIT:
		if (self.start->master != 0)
			title_set("worker process is shutting down");
		tell_all(THREAD_DRAIN);
		break;
	case SIGUSR1:
		reopen_logs();
		tell_all(THREAD_REOPEN);
		break;
	}
	errno = saved;
}

static void obey_signals(void)
{
	/* HUP and USR2 are the master's business; without one they have no meaning here. */
	static const int handled[] = {SIGTERM, SIGINT, SIGQUIT, SIGUSR1};
	static const int ignored[] = {SIGPIPE, SIGHUP, SIGUSR2, SIGCHLD, SIGWINCH};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	sigset_t none;

	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		sigaction(handled[i], &action, NULL);
	action.sa_handler = SIG_IGN;
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		sigaction(ignored[i], &action, NULL);
	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
}

/* The last of the threads closes for all of them: some sockets they may share. */
static void on_deaf(void)
{
	if (atomic_fetch_sub(&self.listening, 1) == 1)
		listeners_mute(self.start->listeners);
}

static void open_thread(struct runner *r)
{
	const struct worker_start *s = self.start;
	struct thread_start t = {
		.conf = &s->conf->worker,
		.on_deaf = on_deaf,
		.logger = &r->log.logger,
		.index = r->index,
		.connection_counter = &self.connections,
	};

	t.listens = listeners_of_thread(s->listeners, r->index, &t.n_listens);
	log_thread_init(&r->log, log_set_outputs(s->logs), r->log_memory);
	affinity_apply(&s->conf->main.affinity, r->index, &r->log.logger);
	r->thread = thread_open(&t, r->error, sizeof(r->error));
}

/* A ring thread but the first, from beginning to end. Signals stay blocked in it. */
static void *run_thread(void *arg)
{
	struct runner *r = arg;
	char name[16];

	snprintf(name, sizeof(name), "ring %u", r->index);
	pthread_setname_np(pthread_self(), name);
	open_thread(r);
	pthread_barrier_wait(&self.opened);
	pthread_barrier_wait(&self.judged);
	if (self.all_opened)
		thread_run(r->thread);
	return NULL;
}

static int start_others(void)
{
	for (uint32_t i = 1; i < self.n; i++) {
		errno = pthread_create(&self.runners[i].handle, NULL, run_thread, &self.runners[i]);
		if (errno)
			return failed("pthread_create()");
	}
	return 0;
}

static bool judge(void)
{
	bool good = true;

	for (uint32_t i = 0; i < self.n; i++) {
		if (!self.runners[i].thread)
			log_put(LEVEL_EMERG, "thread %u: %s", i, self.runners[i].error);
		good &= self.runners[i].thread != NULL;
	}
	return good;
}

static void announce(void)
{
	const struct worker_start *s = self.start;
	uint8_t word = WORKER_PROCESS_READY;

	if (s->report)
		limits_report(s->conf,
			      self.n * (thread_memory(&s->conf->worker) +
					log_thread_memory(log_set_outputs(s->logs))),
			      say);
	log_also_stderr(false);
	if (s->detached)
		daemon_detach(); /* what is logged to stderr has its own descriptor */
	if (s->ready)
		s->ready();
	if (s->control_fd >= 0 && send(s->control_fd, &word, 1, MSG_NOSIGNAL) < 0)
		log_put(LEVEL_ALERT, "the master process is gone (%d: %s)", errno, strerror(errno));
}

static int serve(void)
{
	bool good;

	if (start_others() != 0)
		_exit(WORKER_PROCESS_CANNOT_START); /* others may wait at the barrier for ever */
	open_thread(&self.runners[0]);
	pthread_barrier_wait(&self.opened);
	good = self.all_opened = judge();
	pthread_barrier_wait(&self.judged);
	if (good) {
		announce();
		obey_signals();
		thread_run(self.runners[0].thread);
	}
	for (uint32_t i = 1; i < self.n; i++)
		pthread_join(self.runners[i].handle, NULL);
	return good ? 0 : WORKER_PROCESS_CANNOT_START;
}

static void block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
}

/* After the last thread has ended; signals may still come and must find nothing. */
static void end_all(void)
{
	block_signals();
	for (uint32_t i = 0; i < self.n; i++) {
		struct runner *r = &self.runners[i];

		if (r->thread)
			thread_close(r->thread);
		if (r->log_memory && r->log.logger.pending)
			r->log.logger.flush(&r->log.logger);
		free(r->log_memory);
	}
	free(self.runners);
	pthread_barrier_destroy(&self.opened);
	pthread_barrier_destroy(&self.judged);
}

static int take_memory(void)
{
	size_t log_n = log_thread_memory(log_set_outputs(self.start->logs));

	self.n = self.start->conf->worker.threads;
	atomic_store(&self.listening, self.n);
	self.runners = calloc(self.n, sizeof(*self.runners));
	for (uint32_t i = 0; self.runners && i < self.n; i++) {
		self.runners[i].index = i;
		self.runners[i].log_memory = malloc(log_n);
		if (!self.runners[i].log_memory)
			return failed("malloc()");
	}
	pthread_barrier_init(&self.opened, NULL, self.n);
	pthread_barrier_init(&self.judged, NULL, self.n);
	return self.runners ? 0 : failed("calloc()");
}

int worker_process_run(const struct worker_start *start)
{
	int status;

	self.start = start;
	block_signals(); /* until all threads are there to be told; in the others for ever */
	if (become_worker(start) != 0 || take_memory() != 0)
		return WORKER_PROCESS_CANNOT_START;
	status = serve();
	end_all();
	if (status == 0) {
		log_put(LEVEL_NOTICE, "exiting");
		log_put(LEVEL_NOTICE, "exit");
	}
	return status;
}
