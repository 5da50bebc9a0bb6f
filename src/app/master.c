/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * master: start, reload, upgrade, crash, stop.
 *
 * One loop over a signalfd and the children's control sockets. A reload brings up a worker process
 * of the next generation first; only when that serves are the current one's told to finish, so
 * that a configuration which cannot serve changes nothing. TERM, INT: fast; QUIT: graceful; HUP:
 * reload; USR1: reopen logs; USR2: a new binary beside us; WINCH: stop accepting.
 */
#include "app/master.h"

#include "app/children.h"
#include "app/daemon.h"
#include "app/log.h"
#include "app/pidfile.h"
#include "app/title.h"
#include "app/upgrade.h"
#include "app/worker_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	STOP_PATIENCE_MS = 5000, /* from TERM to KILL */
	QUICK_DEATH_MS = 1000,   /* a worker process that lived less crashes "again" */
	BACKOFF_FIRST_MS = 100,
	BACKOFF_MAX_MS = 5000,
};

struct master {
	const struct options *options;
	struct generation *current;
	struct generation *next; /* during a reload */
	struct children children;
	struct upgrade upgrade;
	char *pid_path; /* where our pid file is; of malloc() */
	pid_t elder;    /* the master that started us by USR2, 0: none */
	int signal_fd;
	bool daemonized;
	bool began;        /* a worker process has served */
	bool paused;       /* WINCH: no worker process is wanted */
	bool stopping;     /* TERM, INT or QUIT: none is wanted any more */
	bool reload_again; /* HUP during a reload */
	int status;
	unsigned quick_deaths;
	uint64_t start_at_ms; /* when to start one of current; UINT64_MAX: no need */
};

/* Another master lives by the same sockets: the new one that we started, or the old one. */
static bool has_companion(const struct master *m)
{
	return m->upgrade.pid != 0 || (m->elder != 0 && getppid() == m->elder);
}

/* Gives up what `keep` does not have; files of unix sockets stay if a companion needs them. */
static void let_go(const struct master *m, struct generation *g, const struct listeners *keep)
{
	if (has_companion(m))
		listeners_forget(&g->listeners, keep);
	else
		listeners_shut(&g->listeners, keep);
}

static struct generation *generation_pair(const struct master *m, const struct generation *g)
{
	return g == m->current ? m->next : m->current;
}

static struct child *start_child(struct master *m, struct generation *g)
{
	int said = m->upgrade.pid ? m->upgrade.said : -1;
	const int ours[] = {m->signal_fd, daemon_pipe(), said};
	int close_fds[] = {-1, -1, -1, -1};
	unsigned n = 0;
	struct child_start start = {
		.generation = g,
		.other = generation_pair(m, g),
		.detached = m->daemonized,
		.report = g == m->next || !m->began,
		.close_fds = close_fds,
	};

	for (unsigned i = 0; i < 3; i++) {
		if (ours[i] >= 0)
			close_fds[n++] = ours[i];
	}
	return children_start(&m->children, &start);
}

static void give_up_next(struct master *m)
{
	struct generation *g = m->next;

	m->next = NULL;
	let_go(m, g, &m->current->listeners);
	generation_leave(g);
}

static void begin_reload(struct master *m)
{
	if (m->next) {
		m->reload_again = true;
		return;
	}
	m->next = generation_open(m->options, m->current);
	if (m->next)
		log_put(LEVEL_NOTICE, "start worker processes");
	if (m->next && start_child(m, m->next))
		return;
	if (m->next)
		give_up_next(m);
	log_put(LEVEL_ERR, "reload failed: the configuration in force stays as it was");
}

/* What cannot be written, or is being handed over, stays where it is. */
static void move_pidfile(struct master *m, const char *path)
{
	char *copy;

	if (strcmp(path, m->pid_path) == 0 || m->upgrade.pid)
		return;
	copy = strdup(path);
	if (!copy || pidfile_write(path) != 0) {
		free(copy);
		return;
	}
	pidfile_remove(m->pid_path);
	free(m->pid_path);
	m->pid_path = copy;
}

/* The next generation serves: it becomes the current one. */
static void finish_reload(struct master *m)
{
	struct generation *old = m->current;

	m->current = m->next;
	m->next = NULL;
	m->paused = false;
	m->quick_deaths = 0;
	m->start_at_ms = UINT64_MAX;
	log_use(log_set_outputs(m->current->logs));
	move_pidfile(m, m->current->conf->main.pid_path);
	children_tell(&m->children, (struct children_who){.except = m->current}, SIGQUIT, 0);
	let_go(m, old, &m->current->listeners);
	generation_leave(old);
	log_put(LEVEL_NOTICE, "reload is done");
	if (m->reload_again) {
		m->reload_again = false;
		begin_reload(m);
	}
}

static void on_serving(struct master *m, const struct child *child)
{
	if (!m->began) {
		m->began = true;
		log_also_stderr(false);
		daemon_ready();
		if (m->elder && m->daemonized) /* who reads what we say there is about to go */
			daemon_detach();
	}
	if (m->next && child->generation == m->next)
		finish_reload(m);
}

/* How long to wait with the next one: not at all, unless it dies young again and again. */
static uint64_t backoff_ms(struct master *m, const struct child *child)
{
	uint64_t wait_ms = BACKOFF_FIRST_MS;

	if (children_now_ms() - child->started_ms >= QUICK_DEATH_MS) {
		m->quick_deaths = 0;
		return 0;
	}
	if (++m->quick_deaths == 1)
		return 0;
	for (unsigned i = 2; i < m->quick_deaths && wait_ms < BACKOFF_MAX_MS; i++)
		wait_ms *= 2;
	return wait_ms < BACKOFF_MAX_MS ? wait_ms : BACKOFF_MAX_MS;
}

static void on_death(struct master *m, const struct child *child)
{
	if (child->state == CHILD_LEAVING || m->stopping)
		return;
	if (child->generation == m->next) {
		give_up_next(m);
		m->reload_again = false;
		log_put(LEVEL_ERR, "reload failed: no worker process could be started, the "
				   "configuration in force stays as it was");
		return;
	}
	if (!m->began) {
		m->stopping = true;
		m->status = 1;
		return;
	}
	if (child->generation == m->current && !m->paused)
		m->start_at_ms = children_now_ms() + backoff_ms(m, child);
}

/* WINCH taken back: by HUP while a new binary runs, or by its end. */
static void resume_accepting(struct master *m)
{
	if (!m->paused || m->stopping)
		return;
	m->paused = false;
	m->quick_deaths = 0;
	m->start_at_ms = children_now_ms();
	log_put(LEVEL_NOTICE, "start worker processes");
}

static void reap(struct master *m, pid_t pid, int status)
{
	struct child *child = children_ended(&m->children, pid, status);
	struct child dead;

	if (child) {
		/* on_death may free generations: the child's hold on its own ends after it. */
		dead = *child;
		on_death(m, &dead);
		children_forget(child);
	} else if (upgrade_ended(&m->upgrade, pid, status)) {
		resume_accepting(m);
	}
}

static void reap_all(struct master *m)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		reap(m, pid, status);
}

/* No more service: worker processes that are told to quit let go of the sockets at once, so that
 * clients go elsewhere. */
static void stop(struct master *m, int signal, uint64_t kill_ms)
{
	m->stopping = true;
	m->start_at_ms = UINT64_MAX;
	children_tell(&m->children, (struct children_who){0}, signal, kill_ms);
	if (m->next)
		give_up_next(m);
	let_go(m, m->current, NULL);
}

static void pause_accepting(struct master *m)
{
	m->paused = true;
	m->start_at_ms = UINT64_MAX;
	children_tell(&m->children, (struct children_who){.only = m->current}, SIGQUIT, 0);
}

/* While a new binary runs, we are what one goes back to: as we are, without a look at the
 * configuration, which may be meant for the other. */
static void reconfigure(struct master *m)
{
	if (m->upgrade.pid) {
		log_put(LEVEL_NOTICE,
			"the configuration is not read again while a new binary runs");
		resume_accepting(m);
		return;
	}
	log_put(LEVEL_NOTICE, "reconfiguring");
	begin_reload(m);
}

static void reopen(struct master *m)
{
	log_put(LEVEL_NOTICE, "reopening logs");
	children_reopen_logs(&m->children, m->current);
}

static void change_binary(struct master *m)
{
	struct upgrade_start start = {
		.main = &m->current->conf->main,
		.pid_path = m->pid_path,
		.listeners = &m->current->listeners,
		.detached = m->daemonized,
	};

	if (has_companion(m)) {
		log_put(LEVEL_CRIT, "the changing binary signal is ignored: you should shutdown or "
				    "terminate before either old or new binary's process");
		return;
	}
	log_put(LEVEL_NOTICE, "changing binary");
	if (upgrade_begin(&m->upgrade, &start) != 0)
		log_put(LEVEL_ERR, "the binary was not changed: everything stays as it was");
}

/* A terminal whose window changes its size sends it as well, in the kernel's name. Without a
 * daemon it means something only beside a new binary. */
static bool is_pause(const struct master *m, const struct signalfd_siginfo *s)
{
	return m->daemonized || (m->upgrade.pid && s->ssi_pid != 0);
}

/* What a signal will do, in the log's words. */
static const char *effect(const struct master *m, const struct signalfd_siginfo *s)
{
	switch (s->ssi_signo) {
	case SIGTERM:
	case SIGINT:
		return ", exiting";
	case SIGQUIT:
		return ", shutting down";
	case SIGHUP:
		return m->stopping ? ", ignoring" : ", reconfiguring";
	case SIGUSR1:
		return ", reopening logs";
	case SIGUSR2:
		return m->stopping || has_companion(m) ? ", ignoring" : ", changing binary";
	case SIGWINCH:
		return is_pause(m, s) ? ", stop accepting connections" : "";
	}
	return "";
}

static void log_signal(const struct master *m, const struct signalfd_siginfo *s)
{
	char from[32] = "";

	if (s->ssi_pid)
		snprintf(from, sizeof(from), " from %u", s->ssi_pid);
	log_put(LEVEL_NOTICE, "signal %u (SIG%s) received%s%s", s->ssi_signo,
		sigabbrev_np((int)s->ssi_signo), from, effect(m, s));
}

static void obey(struct master *m, const struct signalfd_siginfo *s)
{
	int signal = (int)s->ssi_signo;

	log_signal(m, s);
	if (signal == SIGTERM || signal == SIGINT)
		stop(m, SIGTERM, STOP_PATIENCE_MS);
	else if (signal == SIGQUIT)
		stop(m, SIGQUIT, 0);
	else if (signal == SIGHUP && !m->stopping)
		reconfigure(m);
	else if (signal == SIGUSR1)
		reopen(m);
	else if (signal == SIGUSR2 && !m->stopping)
		change_binary(m);
	else if (signal == SIGWINCH && !m->stopping && is_pause(m, s))
		pause_accepting(m);
	else if (signal == SIGCHLD)
		reap_all(m);
}

static void start_due(struct master *m)
{
	if (children_now_ms() < m->start_at_ms)
		return;
	m->start_at_ms =
		start_child(m, m->current) ? UINT64_MAX : children_now_ms() + BACKOFF_MAX_MS;
}

static int timeout_ms(struct master *m)
{
	uint64_t now_ms = children_now_ms();
	uint64_t at_ms = children_kill_late(&m->children, now_ms);

	if (m->start_at_ms < at_ms)
		at_ms = m->start_at_ms;
	if (at_ms == UINT64_MAX)
		return -1;
	return at_ms <= now_ms ? 0 : (int)(at_ms - now_ms);
}

static void wait_and_obey(struct master *m)
{
	struct pollfd fds[CHILDREN_MAX + 1];
	struct child *heard[CHILDREN_MAX + 1];
	struct signalfd_siginfo s;
	nfds_t n = 1;

	fds[0] = (struct pollfd){.fd = m->signal_fd, .events = POLLIN};
	for (unsigned i = 0; i < CHILDREN_MAX; i++) {
		struct child *child = &m->children.all[i];

		if (child->state == CHILD_NONE || child->control_fd < 0)
			continue;
		heard[n] = child;
		fds[n++] = (struct pollfd){.fd = child->control_fd, .events = POLLIN};
	}
	if (poll(fds, n, timeout_ms(m)) <= 0)
		return;
	for (nfds_t i = 1; i < n; i++) {
		if (fds[i].revents && children_hear(heard[i]))
			on_serving(m, heard[i]);
	}
	if (fds[0].revents && read(m->signal_fd, &s, sizeof(s)) == (ssize_t)sizeof(s))
		obey(m, &s);
}

static int open_signals(void)
{
	static const int ours[] = {SIGTERM, SIGINT,  SIGQUIT,  SIGHUP,
				   SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		sigaddset(&set, ours[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		log_put(LEVEL_EMERG, "signalfd() failed (%d: %s)", errno, strerror(errno));
	return fd;
}

static int serve(struct master *m)
{
	log_put(LEVEL_NOTICE, "start worker processes");
	if (!start_child(m, m->current))
		return 1;
	while (!m->stopping || children_count(&m->children, (struct children_who){0}) > 0) {
		wait_and_obey(m);
		start_due(m);
	}
	return m->status;
}

/* `master_process off`: this process serves by itself. */
static int serve_alone(struct master *m)
{
	struct worker_start start = {
		.conf = m->current->conf,
		.logs = m->current->logs,
		.listeners = &m->current->listeners,
		.control_fd = -1,
		.detached = m->daemonized,
		.report = true,
		.ready = daemon_ready,
	};

	return worker_process_run(&start) == 0 ? 0 : 1;
}

static int run(struct master *m)
{
	const struct conf_main *main = &m->current->conf->main;
	int status = 1;

	/* First: the pid file invites signals. */
	m->signal_fd = open_signals();
	m->pid_path = strdup(main->pid_path);
	if (m->signal_fd < 0 || !m->pid_path || pidfile_write(m->pid_path) != 0)
		return 1;
	log_put(LEVEL_NOTICE, "ringpost/" RINGPOST_VERSION);
	if (main->master_process)
		title_set_master();
	status = main->master_process ? serve(m) : serve_alone(m);
	log_also_stderr(false);
	pidfile_remove(m->pid_path);
	log_put(LEVEL_NOTICE, "exit");
	return status;
}

/* What is asked for before we are ready is done when we are; TERM and INT still end us. */
static void block_early(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

int master_run(const struct options *o)
{
	struct master *m = calloc(1, sizeof(*m));
	enum daemon_side side = DAEMON_SELF;
	int status = 1;

	if (!m)
		return 1;
	block_early();
	m->options = o;
	m->start_at_ms = UINT64_MAX;
	m->current = generation_first(o, &m->elder);
	if (!m->current)
		goto out;
	if (m->elder) {
		m->daemonized = m->current->conf->main.daemon;
	} else if (m->current->conf->main.daemon) {
		side = daemon_fork(&status);
		m->daemonized = side == DAEMON_SELF;
	}
	if (side == DAEMON_SELF) {
		status = run(m);
		let_go(m, m->current, NULL);
	} else {
		listeners_forget(&m->current->listeners, NULL);
	}
	upgrade_done(&m->upgrade);
	log_use(NULL);
	generation_leave(m->current);
out:
	free(m->pid_path);
	free(m);
	return status;
}
