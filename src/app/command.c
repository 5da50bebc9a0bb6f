/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command: the short ways through the program. -t goes as far as a start would without changing
 * anything: it loads, opens logs and the pid file, and tries every address.
 */
#include "app/command.h"

#include "tls/acceptor.h"
#include "tls/library.h"
#include "io/library.h"
#include "io/thread.h"
#include "app/conf.h"
#include "app/conf_json.h"
#include "app/conf_man.h"
#include "app/limits.h"
#include "app/limits_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifdef __clang__
static const char compiler[] = "clang " __clang_version__;
#else
static const char compiler[] = "gcc " __VERSION__;
#endif

static void print_version(void)
{
	fprintf(stderr, "ringpost version: ringpost/%s\n", RINGPOST_VERSION);
}

static int long_version(void)
{
	struct str wolfssl = library_version(), built = library_built(), cares = dns_version();
	char ring[LIMITS_RING_TEXT_MAX];
	struct utsname u;

	print_version();
	fprintf(stderr, "built by %s, C %ld\n", compiler, __STDC_VERSION__);
	fprintf(stderr, "running with wolfSSL %.*s (%.*s)\n", (int)wolfssl.n,
		(const char *)wolfssl.p, (int)built.n, (const char *)built.p);
	fprintf(stderr, "running with c-ares %.*s\n", (int)cares.n, (const char *)cares.p);
	if (!uname(&u))
		fprintf(stderr, "running on %s %s %s\n", u.sysname, u.release, u.machine);
	fprintf(stderr, "%s\n", limits_ring_try(ring) ? ring : "io_uring can be used");
	fprintf(stderr,
		"configure arguments: --prefix=%s --conf-path=%s --pid-path=%s "
		"--error-log-path=%s --with-mail\n",
		RINGPOST_PREFIX, RINGPOST_CONF, RINGPOST_PID, RINGPOST_ERROR_LOG);
	return 0;
}

static int help(void)
{
	print_version();
	fprintf(stderr,
		"Usage: ringpost [-?hvVtTq] [-s signal] [-p prefix]\n"
		"                [-e filename] [-c filename] [-g directives]\n"
		"\n"
		"Options:\n"
		"  -?,-h         : this help\n"
		"  -v            : show version and exit\n"
		"  -V            : show version and how it was built, then exit\n"
		"  -t            : test configuration and exit\n"
		"  -T            : the same, and show it with all that it includes\n"
		"  --json        : with -T, show it as JSON\n"
		"  -q            : with -t or -T, show errors and warnings only\n"
		"  -s signal     : send signal to the master process: stop, quit, reload, reopen\n"
		"  -p prefix     : set prefix path (default: %s)\n"
		"  -e filename   : set error log file (default: %s)\n"
		"  -c filename   : set configuration file (default: %s/%s)\n"
		"  -g directives : set global directives out of configuration file\n",
		RINGPOST_PREFIX, RINGPOST_ERROR_LOG, RINGPOST_PREFIX, RINGPOST_CONF);
	return 0;
}

static int emerg(const char *text)
{
	fprintf(stderr, "ringpost: [emerg] %s\n", text);
	return 1;
}

static int emerg_call(const char *call, const char *what)
{
	fprintf(stderr, "ringpost: [emerg] %s \"%s\" failed (%d: %s)\n", call, what, errno,
		strerror(errno));
	return 1;
}

static void print_line(enum log_level level, const char *text)
{
	static const char *const names[] = {[LEVEL_EMERG] = "emerg",
					    [LEVEL_ALERT] = "alert",
					    [LEVEL_WARN] = "warn",
					    [LEVEL_NOTICE] = "notice"};

	fprintf(stderr, "ringpost: [%s] %s\n", names[level], text);
}

static void print_nothing(enum log_level level, const char *text)
{
	(void)level;
	(void)text;
}

/* What would be in force in a worker process; only a ring that cannot be had is fatal. */
static int check_limits(const struct conf *c, bool quiet)
{
	size_t memory = c->worker.threads * thread_memory(&c->worker);
	limits_say *say = quiet ? print_nothing : print_line;
	char text[LIMITS_RING_TEXT_MAX];

	limits_raise(c, say);
	limits_list(c, memory, say);
	return limits_ring_try_as(&c->main, text) ? emerg(text) : 0;
}

/* -q leaves warnings, as NGINX's does: a script that tests quietly shows what needs a look. */
static void print_notes(const struct conf *c, bool quiet)
{
	for (uint32_t i = 0; i < c->n_notes; i++)
		if (!quiet || c->notes[i].level == LEVEL_WARN)
			print_line(c->notes[i].level, c->notes[i].text);
}

/* Can it be written? A file that only this test made is taken away again. */
static int check_file(const char *path)
{
	bool new = access(path, F_OK) != 0;
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644);

	if (fd < 0)
		return emerg_call("open()", path);
	close(fd);
	if (new)
		unlink(path);
	return 0;
}

static int check_logs(const struct conf_logs *logs)
{
	for (uint32_t i = 0; i < logs->n; i++)
		if (logs->v[i].path && check_file(logs->v[i].path))
			return 1;
	return 0;
}

static int emerg_address(const char *call, const struct listen_conf *l)
{
	fprintf(stderr, "ringpost: [emerg] %s %.*s failed (%d: %s)\n", call, (int)l->text.n,
		(const char *)l->text.p, errno, strerror(errno));
	return 1;
}

/* In use is fine: by the ringpost that runs, most likely. */
static int check_address(const struct listen_conf *l)
{
	int on = 1, rc, fd;

	if (l->address.any.sa_family == AF_UNIX)
		return 0;
	fd = socket(l->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return emerg_address("socket()", l);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (l->address.any.sa_family == AF_INET6 && l->ipv6only)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	rc = bind(fd, &l->address.any, l->address_n);
	if (rc && errno == EADDRINUSE)
		rc = 0;
	if (rc)
		emerg_address("bind() to", l);
	close(fd);
	return rc ? 1 : 0;
}

static int check_surroundings(const struct conf *c)
{
	if (check_logs(&c->main.logs) || check_file(c->main.pid_path))
		return 1;
	if (c->main.working_directory && access(c->main.working_directory, X_OK))
		return emerg_call("chdir()", c->main.working_directory);
	for (uint32_t i = 0; i < c->n_servers; i++)
		if (check_logs(&c->servers[i]->logs))
			return 1;
	for (uint32_t i = 0; i < c->worker.n_listens; i++)
		if (check_address(&c->worker.listens[i]))
			return 1;
	return 0;
}

/* As conf.c makes it; for the sentences that name the file even when it cannot be loaded. */
static void say_file(const struct options *o, const char *before, const char *after)
{
	bool absolute = o->conf[0] == '/';
	size_t n = strlen(o->prefix);

	fprintf(stderr, "ringpost: %s %s%s%s %s\n", before, absolute ? "" : o->prefix,
		absolute || (n && o->prefix[n - 1] == '/') ? "" : "/", o->conf, after);
}

/* What came of the cipher lists, for whoever wrote them. */
static void print_ciphers(const struct conf *c, const struct server_conf *server)
{
	char text[4096];
	struct out o;

	out_init(&o, text, sizeof(text));
	acceptor_describe(server->acceptor, &o);
	printf("# server");
	for (uint32_t i = 0; i < c->worker.n_listens; i++)
		if (c->worker.listens[i].server == server)
			printf(" %s", (const char *)c->worker.listens[i].text.p);
	printf(" ciphers: %.*s\n", (int)out_data(&o).n, (const char *)out_data(&o).p);
}

static int dump_text(const struct conf *c)
{
	for (uint32_t i = 0; i < c->n_sources; i++) {
		printf("# configuration file %s:\n", c->sources[i].path);
		fwrite(c->sources[i].text.p, 1, c->sources[i].text.n, stdout);
		putchar('\n');
	}
	for (uint32_t i = 0; i < c->n_servers; i++)
		if (c->servers[i]->session.acceptor)
			print_ciphers(c, &c->servers[i]->session);
	return 0;
}

static int dump(const struct conf *c, bool json)
{
	int rc = json ? conf_json_print(c, stdout) : dump_text(c);

	if (rc || fflush(stdout) || ferror(stdout))
		return emerg_call("write() to", "standard output");
	return 0;
}

static int test(const struct options *o)
{
	struct conf_error error;
	struct conf *c = conf_load(o, &error);
	int rc;

	if (!c) {
		emerg(error.text);
		say_file(o, "configuration file", "test failed");
		return 1;
	}
	print_notes(c, o->quiet);
	if (!o->quiet)
		say_file(o, "the configuration file", "syntax is ok");
	rc = check_surroundings(c) || check_limits(c, o->quiet);
	if (rc || !o->quiet)
		say_file(o, "configuration file", rc ? "test failed" : "test is successful");
	if (!rc && o->action == OPTIONS_DUMP)
		rc = dump(c, o->json);
	conf_free(c);
	return rc;
}

static int read_pid(const char *path, pid_t *pid)
{
	char text[32] = "";
	FILE *f = fopen(path, "re");
	char *end;
	long value;

	fprintf(stderr, "ringpost: [notice] signal process started\n");
	if (!f) {
		fprintf(stderr, "ringpost: [error] open() \"%s\" failed (%d: %s)\n", path, errno,
			strerror(errno));
		return 1;
	}
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	text[strcspn(text, "\r\n")] = '\0';
	value = strtol(text, &end, 10);
	if (end == text || *end || value <= 0 || value > INT32_MAX) {
		fprintf(stderr, "ringpost: [error] invalid PID number \"%s\" in \"%s\"\n", text,
			path);
		return 1;
	}
	*pid = (pid_t)value;
	return 0;
}

static int send_signal(const struct options *o)
{
	struct conf_error error;
	struct conf *c = conf_load(o, &error);
	pid_t pid = 0;
	int rc;

	if (!c)
		return emerg(error.text);
	rc = read_pid(c->main.pid_path, &pid);
	if (!rc && kill(pid, o->signal_number)) {
		fprintf(stderr, "ringpost: [alert] kill(%d, %d) failed (%d: %s)\n", (int)pid,
			o->signal_number, errno, strerror(errno));
		rc = 1;
	}
	conf_free(c);
	return rc;
}

static int perform(const struct options *o, enum options_action action)
{
	switch (action) {
	case OPTIONS_RUN:
		return COMMAND_SERVE;
	case OPTIONS_TEST:
	case OPTIONS_DUMP:
		return test(o);
	case OPTIONS_SIGNAL:
		return send_signal(o);
	case OPTIONS_VERSION:
		print_version();
		return 0;
	case OPTIONS_VERSION_LONG:
		return long_version();
	case OPTIONS_HELP:
		return help();
	case OPTIONS_MAN:
		return conf_man_print() ? 1 : 0;
	case OPTIONS_BAD:
		fprintf(stderr, "ringpost: %s\n", o->problem);
		return 1;
	}
	return 1;
}

int command_perform(const struct options *o)
{
	bool tests = o->action == OPTIONS_TEST || o->action == OPTIONS_DUMP;

	if (tests && o->first != OPTIONS_RUN)
		perform(o, o->first);
	return perform(o, o->action);
}
