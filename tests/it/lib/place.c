/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * place: starts, watches and ends the programs of an integration test. Owns the temporary folder
 * and the processes in it, and ends no other. Waits by looking, never by sleeping a fixed time.
 */
#include "tests/it/lib/place.h"

#include "tests/it/lib/talk.h"
#include "tests/lib/port.h"
#include "tests/lib/slowness.h"
#include "tools/lib/net.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MAX 64

static struct place *last;

bool place_is_nginx(void)
{
	const char *proxy = getenv("PROXY");

	return proxy && strcmp(proxy, "nginx") == 0;
}

static const char *build(void)
{
	const char *b = getenv("BUILD");

	return b ? b : "build/release";
}

uint64_t place_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void place_pause(void)
{
	nanosleep(&(struct timespec){0, 5000000}, NULL);
}

/* --- files ---------------------------------------------------------------------------------------
 */

static void path_of(const struct place *p, const char *name, char path[256])
{
	snprintf(path, 256, "%s/%s", p->dir, name);
}

const char *place_read(struct place *p, const char *name)
{
	static char *text;
	static size_t room;
	char path[256];
	size_t n = 0;
	FILE *f;

	path_of(p, name, path);
	f = fopen(path, "re");
	for (;;) {
		if (n + 1 >= room && !(text = realloc(text, room = room * 2 + 65536)))
			abort();
		size_t got = f ? fread(text + n, 1, room - n - 1, f) : 0;

		if (got == 0)
			break;
		n += got;
	}
	if (f)
		fclose(f);
	text[n] = '\0';
	return text;
}

static void write_file(struct place *p, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	path_of(p, name, path);
	f = fopen(path, "we");
	cr_assert(f, "%s: %s", path, strerror(errno));
	fputs(text, f);
	fclose(f);
}

static void show(struct place *p, const char *name)
{
	const char *text = place_read(p, name);
	size_t n = strlen(text);

	if (n)
		fprintf(stderr, "--- %s\n%s", name, n > 3000 ? text + n - 3000 : text);
}

/* --- processes -----------------------------------------------------------------------------------
 */

/* In the child: stdin from nowhere, stdout and stderr to files of the place. */
static void redirect(struct place *p, const char *name)
{
	char out[256], err[256], file[64];
	int fd = open("/dev/null", O_RDONLY);

	dup2(fd, 0);
	snprintf(file, sizeof(file), "%s.out", name);
	path_of(p, file, out);
	snprintf(file, sizeof(file), "%s.err", name);
	path_of(p, file, err);
	fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	dup2(fd, 1);
	fd = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	dup2(fd, 2);
}

pid_t place_start(struct place *p, const char *name, const char *const *argv)
{
	char *args[ARGS_MAX];
	sigset_t none;
	pid_t pid;
	int n = 0;

	for (; argv[n] && n < ARGS_MAX - 1; n++)
		args[n] = strdup(argv[n]);
	args[n] = NULL;
	pid = fork();
	cr_assert(pid >= 0, "fork: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
		redirect(p, name);
		if (p->before && strcmp(name, "proxy") == 0)
			p->before();
		execvp(args[0], args);
		fprintf(stderr, "%s: %s\n", args[0], strerror(errno));
		_exit(127);
	}
	while (n > 0)
		free(args[--n]);
	return pid;
}

static bool is_alive(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == 0;
}

/* SIGTERM, and SIGKILL when that is not obeyed within 5 seconds; the status as waitpid() gives it.
 */
static int stop(pid_t pid)
{
	uint64_t began = place_now_ms();
	int status = 0;

	if (pid <= 0)
		return 0;
	kill(pid, SIGTERM);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (place_now_ms() - began > 5000 * slowness())
			kill(pid, SIGKILL);
		place_pause();
	}
	return status;
}

int place_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		cr_assert_eq(errno, EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int place_run(struct place *p, const char *name, const char *const *argv)
{
	return place_wait(place_start(p, name, argv));
}

/* --- the programs
 * ---------------------------------------------------------------------------------- */

struct place *place_new(void)
{
	const char *tmp = getenv("TMPDIR");
	struct place *p = calloc(1, sizeof(*p));

	cr_assert(p);
	snprintf(p->dir, sizeof(p->dir), "%s/ringpost-it.XXXXXX", tmp ? tmp : "/tmp");
	cr_assert(mkdtemp(p->dir), "%s: %s", p->dir, strerror(errno));
	chmod(p->dir, 0755);
	last = p;
	return p;
}

static void add_options(const char **argv, int n, const char *const *options)
{
	while (options && *options && n < ARGS_MAX - 1)
		argv[n++] = *options++;
	argv[n] = NULL;
}

/* What stands behind `word` in a program's output, once it does. */
static void await_word(struct place *p, const char *file, const char *word, char to[PLACE_TEXT])
{
	uint64_t began = place_now_ms();
	const char *at = NULL, *end = NULL;

	while (!end) {
		at = strstr(place_read(p, file), word);
		end = at ? strchr(at, '\n') : NULL;
		cr_assert(place_now_ms() - began < 10000, "%s does not say %s", file, word);
		if (!end)
			place_pause();
	}
	at += strlen(word) + 1;
	snprintf(to, PLACE_TEXT, "%.*s", (int)(end - at), at);
}

void place_sink(struct place *p, const char *const *options)
{
	char program[256];
	const char *argv[ARGS_MAX] = {program, "--listen",
				      p->sink_at[0] ? p->sink_at : "127.0.0.1:0", "--control",
				      "127.0.0.1:0"};

	snprintf(program, sizeof(program), "%s/tools/sink", build());
	add_options(argv, 5, options);
	p->sink = place_start(p, "sink", argv);
	await_word(p, "sink.out", "control", p->control_at);
	await_word(p, "sink.out", "listening", p->sink_at);
}

void place_authd(struct place *p, const char *users, const char *const *options)
{
	char program[256], path[256];
	const char *argv[ARGS_MAX] = {program, "--users", path, "--verbose"};
	int n = 4;

	snprintf(program, sizeof(program), "%s/tools/authd", build());
	path_of(p, "users.json", path);
	write_file(p, "users.json", users);
	if (p->sink_at[0]) {
		argv[n++] = "--backend";
		argv[n++] = p->sink_at;
	}
	add_options(argv, n, options);
	p->authd = place_start(p, "authd", argv);
	await_word(p, "authd.out", "listening", p->authd_at);
}

static void write_conf(struct place *p, const struct place_conf *conf)
{
	const char *auth = conf->auth_http ? conf->auth_http : p->authd_at;
	const char *listen = conf->listen ? conf->listen : "";
	bool nginx = place_is_nginx();
	char path[256];
	FILE *f;

	path_of(p, "nginx.conf", path);
	f = fopen(path, "we");
	cr_assert(f);
	if (nginx)
		fputs("load_module /usr/lib/nginx/modules/ngx_mail_module.so;\n", f);
	if (geteuid() == 0)
		fputs("user root;\n", f);
	if (conf->rlimit_nofile)
		fprintf(f, "worker_rlimit_nofile %u;\n", conf->rlimit_nofile);
	fprintf(f,
		"daemon off;\nworker_processes %u;\npid %s/proxy.pid;\nerror_log %s/proxy.log "
		"info;\n"
		"events { worker_connections %u; %s }\n"
		"mail {\n  server_name mx.test;\n  auth_http %s%s/auth;\n  %s\n",
		conf->workers ? conf->workers : 1, p->dir, p->dir,
		conf->connections ? conf->connections : 2000, conf->events ? conf->events : "",
		strncmp(auth, "unix:", 5) == 0 || strstr(auth, "://") ? "" : "http://", auth,
		conf->mail ? conf->mail : "");
	fprintf(f,
		"  server { listen 127.0.0.1:%u %s; protocol smtp;"
		" smtp_auth plain login cram-md5 external; }\n"
		"  server { listen 127.0.0.1:%u %s; protocol smtp; smtp_auth none; }\n"
		"  server { listen 127.0.0.1:%u %s; protocol smtp; smtp_auth plain login cram-md5;"
		" proxy_smtp_auth on; xclient off; }\n}\n",
		p->login, listen, p->none, listen, p->pass, listen);
	fclose(f);
}

static bool greets(uint16_t port)
{
	struct talk t;
	bool good = talk_try(&t, port) == 0;

	if (good) {
		good = talk_is_line(&t, "220");
		talk_close(&t);
	}
	return good;
}

static bool listens(uint16_t port)
{
	struct talk t;

	if (talk_try(&t, port) < 0)
		return false;
	talk_close(&t);
	return true;
}

void place_proxy(struct place *p, const struct place_conf *conf)
{
	char program[256], path[256];
	const char *argv[] = {
		place_is_nginx() ? "/usr/sbin/nginx" : program, "-p", p->dir, "-c", path, NULL};
	uint64_t began = place_now_ms();

	snprintf(program, sizeof(program), "%s/ringpost", build());
	path_of(p, "nginx.conf", path);
	p->login = port_free();
	p->none = port_free();
	p->pass = port_free();
	write_conf(p, conf);
	p->proxy = place_start(p, "proxy", argv);
	while (!greets(p->login)) {
		cr_assert(is_alive(p->proxy) && place_now_ms() - began < 10000,
			  "the proxy does not start:\n%s%s", place_read(p, "proxy.err"),
			  place_read(p, "proxy.log"));
		place_pause();
	}
	while (!listens(p->none) || !listens(p->pass))
		place_pause();
}

struct place *place_usual(const char *mail_directives)
{
	struct place *p = place_new();

	place_sink(p, NULL);
	place_authd(p, "{\"users\": {\"alice\": {\"password\": \"secret\"}}}", NULL);
	place_proxy(p, &(struct place_conf){.mail = mail_directives});
	return p;
}

/* Whatever was done to it, the proxy never crashed, and no sanitizer found anything. */
static void expect_health(struct place *p, int status)
{
	static const char *const signs[] = {"Sanitizer", "runtime error", "exited on signal"};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		cr_expect_not(strstr(place_read(p, "proxy.log"), signs[i]), "%s in the log:\n%s",
			      signs[i], strstr(place_read(p, "proxy.log"), signs[i]));
		cr_expect_not(strstr(place_read(p, "proxy.err"), signs[i]), "%s",
			      place_read(p, "proxy.err"));
	}
	cr_expect_eq(status, 0, "the proxy ended with status %#x", (unsigned)status);
}

void place_end(struct place *p, bool failed)
{
	static const char *const files[] = {"proxy.log", "proxy.err", "authd.out",
					    "authd.err", "sink.err",  "dovecot/dovecot.log"};
	const char *argv[] = {"rm", "-rf", p->dir, NULL};
	int status;
	pid_t rm;

	for (size_t i = 0; failed && i < sizeof(files) / sizeof(files[0]); i++)
		show(p, files[i]);
	status = stop(p->proxy);
	stop(p->authd);
	stop(p->sink);
	stop(p->dovecot);
	if (!failed) {
		expect_health(p, status);
		rm = place_start(p, "rm", argv);
		waitpid(rm, NULL, 0);
	} else {
		fprintf(stderr, "--- kept: %s\n", p->dir);
	}
	if (last == p)
		last = NULL;
	free(p);
}

void place_fini(void)
{
	if (last)
		place_end(last, true);
}

/* --- looking
 * ---------------------------------------------------------------------------------------- */

static json_int_t ask(const char *address, const char *request, const char *name)
{
	struct talk t;
	char answer[4096];
	json_int_t value = -1;
	const char *body;
	json_t *all;

	talk_open_at(&t, address);
	talk_send(&t, request);
	talk_read_all(&t, answer, sizeof(answer));
	body = strchr(answer, '{');
	all = json_loads(body ? body : "", JSON_DISABLE_EOF_CHECK, NULL);
	cr_assert(all && json_is_integer(json_object_get(all, name)), "no count %s in: %s", name,
		  answer);
	value = json_integer_value(json_object_get(all, name));
	json_decref(all);
	return value;
}

json_int_t place_sink_count(struct place *p, const char *name)
{
	return ask(p->control_at, "stats\n", name);
}

json_int_t place_auth_count(struct place *p, const char *name)
{
	return ask(p->authd_at, "GET /stats HTTP/1.0\r\n\r\n", name);
}

json_int_t place_await_sink(struct place *p, const char *name, json_int_t want)
{
	uint64_t began = place_now_ms();
	json_int_t got;

	while ((got = place_sink_count(p, name)) < want && place_now_ms() - began < 20000)
		place_pause();
	return got;
}

bool place_log_has(struct place *p, const char *pattern)
{
	char whole[4096];
	regex_t re;
	bool hit;

	snprintf(whole, sizeof(whole),
		 "^[0-9/]{10} [0-9:]{8} \\[[a-z]+\\] [0-9]+#[0-9]+: (\\*[0-9]+ )?%s$", pattern);
	cr_assert_eq(regcomp(&re, whole, REG_EXTENDED | REG_NEWLINE | REG_NOSUB), 0, "%s", whole);
	hit = regexec(&re, place_read(p, "proxy.log"), 0, NULL, 0) == 0;
	regfree(&re);
	return hit;
}

const char *place_ours(const char *pattern)
{
	return place_is_nginx() ? NULL : pattern;
}

void place_await_log(struct place *p, const char *pattern)
{
	uint64_t began = place_now_ms();

	if (!pattern)
		return;
	while (!place_log_has(p, pattern)) {
		cr_assert(place_now_ms() - began < 10000, "no line in the log like: %s", pattern);
		place_pause();
	}
}

pid_t place_worker(struct place *p)
{
	char path[64], text[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)p->proxy, (int)p->proxy);
	f = fopen(path, "re");
	cr_assert(f && fgets(text, sizeof(text), f), "the proxy has no worker process");
	fclose(f);
	return (pid_t)strtol(text, NULL, 10);
}

static int count_fds(struct place *p)
{
	char path[64];
	int n = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)place_worker(p));
	folder = opendir(path);
	cr_assert(folder, "%s: %s", path, strerror(errno));
	while (readdir(folder))
		n++;
	closedir(folder);
	return n;
}

int place_worker_fds(struct place *p)
{
	int n = count_fds(p), steady = 0;

	for (uint64_t began = place_now_ms(); steady < 30; place_pause()) {
		int now = count_fds(p);

		steady = now == n ? steady + 1 : 0;
		n = now;
		cr_assert(place_now_ms() - began < 20000, "the worker does not come to rest");
	}
	return n;
}

void place_expect_fds(struct place *p, int most)
{
	uint64_t began = place_now_ms();
	int got;

	while ((got = count_fds(p)) > most && place_now_ms() - began < 20000)
		place_pause();
	cr_assert_leq(got, most, "%d descriptors are open, %d may be", got, most);
}
