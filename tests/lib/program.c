/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program: starts, watches and ends a real ringpost for the tests in tests/it.
 */
#include "tests/lib/program.h"

#include "tests/lib/port.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, STEP_MS = 5, FILE_MAX = 1 << 20 };

static void step(void)
{
	nanosleep(&(struct timespec){.tv_nsec = STEP_MS * 1000000L}, NULL);
}

void program_init(struct program *p)
{
	const char *build = getenv("BUILD");

	*p = (struct program){.dir = "/tmp/ringpost-it-XXXXXX"};
	snprintf(p->binary, sizeof(p->binary), "%s/ringpost", build ? build : "build/release");
	signal(SIGPIPE, SIG_IGN);
	cr_assert(mkdtemp(p->dir));
	cr_assert_eq(chmod(p->dir, 0755), 0);
	snprintf(p->conf, sizeof(p->conf), "%s/ringpost.conf", p->dir);
	snprintf(p->log, sizeof(p->log), "%s/error.log", p->dir);
	snprintf(p->pid_path, sizeof(p->pid_path), "%s/ringpost.pid", p->dir);
	p->port = port_free();
	p->spare_port = port_free();
}

void program_configure_all(struct program *p, const char *text)
{
	FILE *f = fopen(p->conf, "we");

	cr_assert(f);
	for (const char *c = text; *c; c++) {
		if (c[0] == '%' && c[1] == 'D')
			fputs(p->dir, f);
		else if (c[0] == '%' && c[1] == 'P')
			fprintf(f, "%u", p->port);
		else if (c[0] == '%' && c[1] == 'S')
			fprintf(f, "%u", p->spare_port);
		else
			fputc(*c, f);
		c += c[0] == '%' && strchr("DPS", c[1]);
	}
	cr_assert_eq(fclose(f), 0);
}

void program_configure(struct program *p, const char *main, const char *server)
{
	char text[4096];

	snprintf(text, sizeof(text),
		 "%s\n%s\n"
		 "pid %%D/ringpost.pid;\n"
		 "error_log %%D/error.log info;\n"
		 "events { worker_connections 64; }\n"
		 "mail {\n"
		 "	server_name mx.example;\n"
		 "	auth_http 127.0.0.1:%%S/auth;\n"
		 "	server { listen 127.0.0.1:%%P; protocol smtp; %s }\n"
		 "}\n",
		 strstr(main, "daemon on;") ? "" : "daemon off;", main, server);
	program_configure_all(p, text);
}

int program_connect(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				.sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void start(struct program *p, const char *const *arguments, int stderr_fd)
{
	char *argv[16] = {p->binary, (char *)(uintptr_t) "-c", p->conf};
	pid_t parent = getpid();

	for (unsigned i = 0; arguments && arguments[i]; i++)
		argv[3 + i] = (char *)(uintptr_t)arguments[i];
	p->master = fork();
	cr_assert_geq(p->master, 0);
	if (p->master > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	if (stderr_fd >= 0)
		dup2(stderr_fd, 2);
	if (p->before)
		p->before();
	execv(argv[0], argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

void program_start(struct program *p)
{
	int status, fd;

	unlink(p->pid_path); /* of one that was killed */
	start(p, NULL, -1);
	for (int ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
		cr_assert_eq(waitpid(p->master, &status, WNOHANG), 0, "it ended at once");
		fd = program_connect(p->port);
		if (fd >= 0 && access(p->pid_path, F_OK) == 0) {
			close(fd);
			return;
		}
		if (fd >= 0)
			close(fd);
		step();
	}
	cr_assert_fail("it does not listen");
}

int program_run(const struct program *p, const char *const *arguments, char *text, size_t size)
{
	struct program other = *p;
	size_t n = 0;
	ssize_t got;
	int ends[2], status;

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	start(&other, arguments, ends[1]);
	close(ends[1]);
	while (n < size - 1 && (got = read(ends[0], text + n, size - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = '\0';
	close(ends[0]);
	cr_assert_eq(waitpid(other.master, &status, 0), other.master);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static pid_t only_child(pid_t parent, pid_t not )
{
	char path[64];
	int child, found = 0, n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &child) == 1) {
		found = child;
		n++;
	}
	if (f)
		fclose(f);
	return n == 1 && found != not ? found : 0;
}

pid_t program_worker(const struct program *p, pid_t not )
{
	pid_t pid;

	for (int ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
		pid = only_child(p->master, not );
		if (pid)
			return pid;
		step();
	}
	cr_assert_fail("there is no single worker process");
	return 0;
}

void program_signal(const struct program *p, int signal)
{
	cr_assert_eq(kill(p->master, signal), 0);
}

int program_wait(struct program *p)
{
	int status;

	for (int ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
		if (waitpid(p->master, &status, WNOHANG) == p->master) {
			p->master = 0;
			return status;
		}
		step();
	}
	kill(p->master, SIGKILL);
	cr_assert_fail("the master does not end");
	return -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void program_done(struct program *p)
{
	if (p->master) {
		program_signal(p, SIGTERM);
		cr_assert_eq(program_wait(p), 0);
	}
	nftw(p->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* One read with patience; 0 at the end of the stream. */
static ssize_t read_some(int fd, char *to, size_t size)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	cr_assert_eq(poll(&poll_fd, 1, PATIENCE_MS), 1, "no answer");
	return recv(fd, to, size, 0);
}

void program_talk(int fd, const char *line, const char *reply)
{
	char text[1024] = "";
	size_t n = 0;
	ssize_t got;

	if (line) {
		cr_assert_eq(send(fd, line, strlen(line), MSG_NOSIGNAL), (ssize_t)strlen(line));
		cr_assert_eq(send(fd, "\r\n", 2, MSG_NOSIGNAL), 2);
	}
	while (n < sizeof(text) - 1 && !strchr(text, '\n')) {
		got = read_some(fd, text + n, sizeof(text) - 1 - n);
		cr_assert_gt(got, 0, "closed instead of \"%s\"", reply);
		n += (size_t)got;
		text[n] = '\0';
	}
	cr_assert_eq(strncmp(text, reply, strlen(reply)), 0, "\"%s\" for \"%s\"", text, reply);
}

int program_greeted(uint16_t port)
{
	int fd = program_connect(port);

	cr_assert_geq(fd, 0, "nobody listens on port %u", port);
	program_talk(fd, NULL, "220 ");
	return fd;
}

void program_refused(uint16_t port)
{
	for (int ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
		int fd = program_connect(port);

		if (fd < 0)
			return;
		close(fd);
		step();
	}
	cr_assert_fail("somebody still listens on port %u", port);
}

void program_closed(int fd)
{
	char text[1024];
	ssize_t got;

	while ((got = read_some(fd, text, sizeof(text))) > 0)
		;
	cr_assert(got == 0 || errno == ECONNRESET);
	close(fd);
}

static unsigned count_in(const char *path, const char *text)
{
	char *content = calloc(1, FILE_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned n = 0;

	if (fd >= 0 && read(fd, content, FILE_MAX) < 0)
		content[0] = '\0';
	if (fd >= 0)
		close(fd);
	for (const char *at = content; (at = strstr(at, text)); at++)
		n++;
	free(content);
	return n;
}

bool program_file_has(const char *path, const char *text)
{
	return count_in(path, text) > 0;
}

void program_logged(const struct program *p, const char *text, unsigned times)
{
	for (int ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
		if (count_in(p->log, text) >= times)
			return;
		step();
	}
	cr_assert_fail("the log lacks \"%s\" (%u times)", text, times);
}

void program_gone(pid_t pid)
{
	for (int ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
		char path[64], text[256] = "";
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return;
		if (read(fd, text, sizeof(text) - 1) < 0)
			text[0] = '\0';
		close(fd);
		if (!text[0] || strstr(text, ") Z ")) /* nobody has waited for it yet */
			return;
		step();
	}
	cr_assert_fail("process %d is still there", pid);
}
