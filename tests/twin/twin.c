/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * twin: play every transcript through nginx's mail module and through ringpost and compare what
 * they said to the client, to the auth service and to the backend, byte for byte.
 *
 *     twin-tests [-k] [-n nginx] [-r ringpost] [-j players] [transcript ...]
 *
 * Names may be the beginnings of names, with their folder ("pop3/auth") or without; -k keeps
 * configurations and logs. A proxy named "-" is left
 * out: "-r -" asks nginx alone whether the transcripts are right. Each transcript is played whole
 * and, where it is short and does not say "whole:", with the client's bytes one by one. The time
 * limit of a step is 5 s.
 */
#include "tests/lib/certs.h"
#include "tests/twin/compare.h"
#include "tests/twin/names.h"
#include "tests/twin/proxy.h"
#include "tests/twin/slot.h"
#include "tests/twin/version.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BYTEWISE_MAX = 4500,
	PLAYERS_MAX = 64,
	TICK_MS = 20,
	FILES_MAX = 8192,
	START_TRIES = 3,
	PORTS_FROM = 11000,
	PORTS_N = 20000
};

struct twin {
	char **only; /* transcripts to play, NULL-terminated; empty: all */
	struct proxy proxies[PROXIES];
	struct compare *compare;
	struct slot *slots;
	size_t n;
	unsigned players, runs, failures;
	bool ending; /* those are played that see a proxy end: */
	int ending_which;
	bool keep; /* configurations and logs, even when all is well */
	char parent[64];
};

static uint64_t twin_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* A socket bound to this loopback port, 0: any; -1 if it is taken. *port is what it became. */
static int twin_bind(int type, unsigned want, unsigned *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)want),
				.sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) ||
	    getsockname(fd, (struct sockaddr *)&a, &n)) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*port = ntohs(a.sin_port);
	return fd;
}

/* One that peers of the proxies use. */
static int twin_bind_peer(bool listening, unsigned *port)
{
	int fd = twin_bind(SOCK_STREAM, 0, port);

	if (fd < 0 || (listening && listen(fd, 8))) {
		perror("socket");
		exit(1);
	}
	return fd;
}

/* One for a proxy: below the ports that connections get from the kernel. */
static int twin_bind_proxy(unsigned *port)
{
	static unsigned next;

	next = next ? next : (unsigned)getpid() * 97;
	for (int i = 0; i < PORTS_N; i++) {
		int fd = twin_bind(SOCK_STREAM, PORTS_FROM + next++ % PORTS_N, port);

		if (fd >= 0)
			return fd;
	}
	fprintf(stderr, "no free port\n");
	exit(1);
}

static bool twin_has(const struct twin *t, int proxy)
{
	return t->proxies[proxy].binary != NULL;
}

static int twin_load_slot(struct slot *s, const char *path)
{
	*s = (struct slot){0};
	for (int i = 0; i < PROXIES; i++) {
		s->scripts[i] = script_load(path, (enum script_proxy)i);
		if (!s->scripts[i])
			return -1;
	}
	s->auth_fd = twin_bind_peer(true, &s->vars.auth_port);
	s->back_fd = twin_bind_peer(true, &s->vars.port);
	s->dead_fd = twin_bind_peer(false, &s->vars.dead_port);
	s->vars.certs = certs_folder();
	s->names_fd = s->scripts[0]->names[0] ? twin_bind(SOCK_DGRAM, 0, &s->vars.dns_port) : -1;
	return 0;
}

static int twin_load(struct twin *t)
{
	char **paths = script_list(t->only);
	int failed = 0;

	if (!paths)
		return -1;
	for (size_t i = 0; paths[i]; i++) {
		if (!failed) {
			t->slots = realloc(t->slots, (t->n + 1) * sizeof(*t->slots));
			if (!t->slots)
				abort();
			failed = twin_load_slot(&t->slots[t->n++], paths[i]);
		}
		free(paths[i]);
	}
	free(paths);
	t->compare = failed ? NULL : compare_open();
	return t->compare ? 0 : -1;
}

/* Choose the ports where the proxies will listen: all held at once, so that they differ. */
static void twin_choose_ports(struct twin *t)
{
	int *fds = calloc(PROXIES * (t->n + 1), sizeof(*fds));
	size_t k = 0;

	if (!fds)
		abort();
	for (int i = 0; i < PROXIES; i++) {
		for (size_t s = 0; s < t->n; s++)
			fds[k++] = twin_bind_proxy(&t->slots[s].listen_port[i]);
		fds[k++] = twin_bind_proxy(&t->proxies[i].probe_port);
	}
	while (k > 0)
		close(fds[--k]);
	free(fds);
}

static bool twin_plays(const struct slot *s, int proxy)
{
	const struct script *script = s->scripts[proxy];

	return !script->ours;
}

static int twin_add_server(struct proxy *p, struct slot *s)
{
	s->vars.listen_port = s->listen_port[p->which];
	return twin_plays(s, (int)p->which) ? proxy_add(p, s->scripts[p->which], &s->vars) : 0;
}

static int twin_start_proxy(struct twin *t, struct proxy *p)
{
	int failed = proxy_init(p, t->parent);

	if (!failed)
		failed = proxy_add_probe(p);
	for (size_t s = 0; s < t->n && !failed; s++)
		failed = twin_add_server(p, &t->slots[s]);
	return failed ? -1 : proxy_start(p);
}

static int twin_stop(struct twin *t)
{
	int failed = 0;

	for (int i = 0; i < PROXIES; i++)
		if (twin_has(t, i) && proxy_stop(&t->proxies[i]))
			failed = -1;
	return failed;
}

/* The proxies bind the ports a moment after they were free: somebody may have been faster. */
static int twin_try_start(struct twin *t)
{
	snprintf(t->parent, sizeof(t->parent), "/tmp/ringpost-twin-XXXXXX");
	if (!mkdtemp(t->parent)) {
		perror(t->parent);
		return -1;
	}
	twin_choose_ports(t);
	for (int i = 0; i < PROXIES; i++) {
		t->proxies[i].which = (enum script_proxy)i;
		if (twin_has(t, i) && twin_start_proxy(t, &t->proxies[i]))
			return -1;
	}
	return 0;
}

static int twin_start(struct twin *t)
{
	/* Another run of this test would want the same ports: one starts at a time. */
	int lock = open("/tmp/ringpost-twin.lock", O_RDONLY | O_CREAT | O_CLOEXEC, 0644);
	int started = -1;

	if (lock >= 0)
		flock(lock, LOCK_EX);
	for (int i = 0; i < START_TRIES && started; i++) {
		started = twin_try_start(t);
		if (started)
			twin_stop(t);
	}
	if (lock >= 0)
		close(lock);
	return started;
}

static bool twin_bytewise_possible(const struct script *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->steps[i].kind == SCRIPT_SEND && s->steps[i].wire == SCRIPT_CLIENT)
			n += s->steps[i].text.n;
	/* What comes late behind STARTTLS is no handshake. */
	return !s->whole_only && !s->tls && !s->last && n <= BYTEWISE_MAX;
}

/* Begin the slot's next run, if there is one. */
static bool twin_next_run(struct twin *t, struct slot *s)
{
	if (s->scripts[0]->last != t->ending)
		return false;
	for (; s->run < WAYS * PROXIES; s->run++) {
		int proxy = (int)s->run / WAYS;
		bool bytewise = s->run & 1;
		struct player_run run = {
			.script = s->scripts[proxy],
			.proxy_name = t->proxies[proxy].name,
			.log_path = t->proxies[proxy].log_path,
			.group = t->proxies[proxy].pid,
			.bytewise = bytewise,
			.listen_port = s->listen_port[proxy],
			.auth_fd = s->auth_fd,
			.back_fd = s->back_fd,
			.vars = s->vars,
		};

		if (!twin_has(t, proxy) || !twin_plays(s, proxy) ||
		    (bytewise && !twin_bytewise_possible(run.script)))
			continue;
		if (t->ending && proxy != t->ending_which)
			return false;
		run.vars.listen_port = run.listen_port;
		player_init(&s->player, &run);
		s->playing = s->played[proxy][bytewise] = true;
		t->runs++;
		return true;
	}
	return false;
}

/* A copy of what one wire heard; what cannot be the same with both proxies is a '$' in it. */
static struct str twin_copy(const struct player *p, const struct player_wire *w)
{
	const struct script_vars *vars = &p->run.vars;
	char listen_port[16], client_port[16];
	const char *own[] = {vars->salt64, vars->salt, listen_port, client_port};
	uint8_t *copy = malloc(w->n + 1);
	size_t n = 0;

	if (!copy)
		abort();
	snprintf(listen_port, sizeof(listen_port), " %u", vars->listen_port);
	snprintf(client_port, sizeof(client_port), " %u", vars->client_port);
	for (size_t i = 0; i < w->n;) {
		struct str rest = str_of(w->rx + i, w->n - i);
		size_t skip = 0;

		for (int k = 0; k < 4 && !skip; k++)
			if (own[k][0] && str_starts(rest, str_cstr(own[k])))
				skip = strlen(own[k]);
		copy[n++] = skip ? '$' : w->rx[i];
		i += skip ? skip : 1;
	}
	return str_of(copy, n);
}

/* Perhaps this nginx has newer patches: once more, by our own lines. */
static bool twin_try_mended(struct twin *t, struct slot *s, int proxy)
{
	char path[512];

	if (s->run != SCRIPT_NGINX || s->mended || !s->scripts[proxy]->mended)
		return false;
	fprintf(stderr, "%s.txt: once more, as an nginx that has it mended\n",
		s->scripts[proxy]->name);
	snprintf(path, sizeof(path), "tests/dialog/%s.txt", s->scripts[proxy]->name);
	script_free(s->scripts[proxy]);
	s->scripts[proxy] = script_load(path, SCRIPT_RINGPOST);
	s->mended = true;
	player_done(&s->player);
	for (int w = 0; w < SCRIPT_WIRES; w++)
		free((void *)(uintptr_t)s->heard[proxy][w].p);
	memset(s->heard[proxy], 0, sizeof(s->heard[proxy]));
	s->playing = false;
	return true;
}

static void twin_end_run(struct twin *t, struct slot *s)
{
	int proxy = (int)s->run / WAYS;

	for (int w = 0; w < SCRIPT_WIRES && !(s->run & 1); w++)
		s->heard[proxy][w] = twin_copy(&s->player, &s->player.wires[w]);
	if (s->player.failed && twin_try_mended(t, s, proxy))
		return;
	s->failed |= s->player.failed;
	player_done(&s->player);
	s->playing = false;
	s->run++;
}

static size_t twin_fds(const struct slot *s, struct pollfd *fds)
{
	size_t n = player_fds(&s->player, fds);

	if (s->names_fd >= 0)
		fds[n++] = (struct pollfd){s->names_fd, POLLIN, 0};
	return n;
}

static void twin_sleep(struct twin *t, uint64_t us)
{
	struct pollfd fds[PLAYERS_MAX * (PLAYER_FDS_MAX + 1)];
	struct timespec tick = {0, (long)us * 1000};
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->slots[i].playing)
			n += twin_fds(&t->slots[i], fds + n);
	ppoll(fds, n, &tick, NULL);
}

/* Give every playing slot a turn; returns how many still play. */
static unsigned twin_turn(struct twin *t, bool *hurry)
{
	unsigned playing = 0;
	uint64_t now = twin_now_us();

	for (size_t i = 0; i < t->n; i++) {
		struct slot *s = &t->slots[i];

		if (!s->playing && (playing >= t->players || !twin_next_run(t, s)))
			continue;
		if (s->names_fd >= 0)
			names_answer(s->names_fd, s->scripts[0]->names);
		if (player_turn(&s->player, now)) {
			twin_end_run(t, s);
			*hurry = true;
		} else {
			*hurry |= player_hurries(&s->player);
		}
		playing++;
	}
	return playing;
}

/* All who wait for this have come so far. */
static void twin_quit(struct twin *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->slots[i].playing && !t->slots[i].player.wants_quit)
			return;
	proxy_quit(&t->proxies[t->ending_which]);
	for (size_t i = 0; i < t->n; i++)
		t->slots[i].player.quit_told = t->slots[i].playing;
}

static void twin_play(struct twin *t)
{
	bool hurry = false;

	while (twin_turn(t, &hurry) > 0) {
		twin_sleep(t, hurry ? 100 : TICK_MS * 1000);
		hurry = false;
		if (t->ending)
			twin_quit(t);
	}
}

/* The last transcripts: what becomes of sessions when the proxy ends. */
static void twin_play_last(struct twin *t, int proxy)
{
	t->ending = true;
	t->ending_which = proxy;
	twin_play(t);
}

static void twin_compare(struct twin *t)
{
	const char *const logs[PROXIES] = {t->proxies[0].log_path, t->proxies[1].log_path};
	bool all = !*t->only;

	if (compare_logs(t->compare, logs)) {
		t->failures++;
		return;
	}
	for (size_t i = 0; i < t->n; i++) {
		if (!twin_plays(&t->slots[i], SCRIPT_RINGPOST))
			continue;
		if (t->slots[i].failed)
			all = false;
		else
			t->failures += compare_slot(t->compare, &t->slots[i]);
	}
	t->failures += compare_end(t->compare, all);
}

static void twin_free(struct twin *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct slot *s = &t->slots[i];

		for (int p = 0; p < PROXIES; p++) {
			script_free(s->scripts[p]);
			for (int w = 0; w < SCRIPT_WIRES; w++)
				free((void *)(uintptr_t)s->heard[p][w].p);
		}
	}
	free(t->slots);
	compare_close(t->compare);
}

static void twin_clean(const struct twin *t)
{
	static const char *const files[] = {"nginx.conf", "error.log", "output",
					    "pid",        "cert.pem",  "key.pem"};
	char path[400];

	for (int p = 0; p < PROXIES; p++) {
		if (!twin_has(t, p))
			continue;
		for (int i = 0; i < 6; i++) {
			snprintf(path, sizeof(path), "%s/%s", t->proxies[p].folder, files[i]);
			unlink(path);
		}
		rmdir(t->proxies[p].folder);
	}
	rmdir(t->parent);
}

/* The sum, as tools/run-tests reads it. */
static int twin_report(struct twin *t, uint64_t began)
{
	unsigned failed = t->failures, played = 0;

	for (size_t i = 0; i < t->n; i++) {
		failed += t->slots[i].failed;
		played += twin_plays(&t->slots[i], SCRIPT_RINGPOST);
	}
	printf("%u transcripts, %u runs, %.1f s; %u more are ours alone and not played here\n",
	       played, t->runs, (double)(twin_now_us() - began) / 1e6, (unsigned)t->n - played);
	if (failed || t->keep)
		printf("configurations and logs are in %s\n", t->parent);
	else
		twin_clean(t);
	printf("twin: %u passed, %u failed\n", played > failed ? played - failed : 0, failed);
	return failed != 0;
}

static int twin_run(struct twin *t)
{
	uint64_t began = twin_now_us();

	if (version_ask(t->proxies[SCRIPT_NGINX].binary) || twin_load(t))
		return 1;
	if (twin_start(t)) {
		printf("twin: 0 passed, 1 failed\n");
		return 1;
	}
	twin_play(t);
	for (int i = 0; i < PROXIES; i++)
		twin_play_last(t, i);
	t->failures += twin_stop(t) != 0;
	if (twin_has(t, SCRIPT_NGINX) && twin_has(t, SCRIPT_RINGPOST))
		twin_compare(t);
	return twin_report(t, began);
}

/* Hundreds of transcripts hold three sockets each. */
static void twin_raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max < FILES_MAX ? files.rlim_max : FILES_MAX;
	setrlimit(RLIMIT_NOFILE, &files);
}

static int twin_options(struct twin *t, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "kn:r:j:")) != -1) {
		const char *binary = optarg && strcmp(optarg, "-") ? optarg : NULL;

		if (option == 'n')
			t->proxies[SCRIPT_NGINX].binary = binary;
		else if (option == 'r')
			t->proxies[SCRIPT_RINGPOST].binary = binary;
		else if (option == 'k')
			t->keep = true;
		else if (option == 'j')
			t->players = (unsigned)atoi(optarg);
		else
			return -1;
	}
	t->only = argv + optind;
	return t->players >= 1 && t->players <= PLAYERS_MAX ? 0 : -1;
}

int main(int argc, char **argv)
{
	const char *build = getenv("BUILD");
	struct twin t = {.players = 48};
	char ringpost[256];
	int status;

	snprintf(ringpost, sizeof(ringpost), "%s/ringpost", build ? build : "build/release");
	t.proxies[SCRIPT_NGINX].binary = "nginx";
	t.proxies[SCRIPT_RINGPOST].binary = ringpost;
	if (twin_options(&t, argc, argv)) {
		fprintf(stderr, "usage: twin-tests [-k] [-n nginx] [-r ringpost] [-j players] "
				"[transcript ...]\n");
		return 2;
	}
	if (twin_has(&t, SCRIPT_RINGPOST) && access(ringpost, X_OK)) {
		printf("skip: ringpost is not built, nginx alone is asked\n");
		t.proxies[SCRIPT_RINGPOST].binary = NULL;
	}
	twin_raise_files();
	status = twin_run(&t);
	twin_free(&t);
	return status;
}
