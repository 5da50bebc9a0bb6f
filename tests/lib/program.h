/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program: the real ringpost under test: a folder of its own with a configuration, the running
 * master, its worker process, its log.
 *
 * The binary is $BUILD/ringpost (build/release without BUILD). Everything that waits gives up after
 * ten seconds and fails the test; nothing here sleeps for a fixed time to be sure of something.
 */
#ifndef TESTS_LIB_PROGRAM_H
#define TESTS_LIB_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct program {
	char dir[64];
	char binary[256]; /* what is started; a test may name another */
	char conf[96], log[96], pid_path[96];
	uint16_t port; /* a free one when the test began, for listen 127.0.0.1:port */
	uint16_t spare_port;
	pid_t master;         /* daemon off: our child; 0: none */
	void (*before)(void); /* called in the child before it becomes the program; NULL: nothing */
};

/* A folder under /tmp; nothing is started. */
void program_init(struct program *p);

/*
 * Writes the configuration: "daemon off", pid, error_log and a server{} on p->port. `main` and
 * `server` are added to those contexts; "daemon on;" in main replaces the first.
 */
void program_configure(struct program *p, const char *main, const char *server);

/* Another one altogether; %D in it is the folder, %P the port, %S the spare port. */
void program_configure_all(struct program *p, const char *text);

/* Starts it and waits until the port answers. */
void program_start(struct program *p);

/* Runs "ringpost -c CONF ARGUMENT..." (NULL ends the list) to its end, its stderr in text[]. Gives
 * the exit status. */
int program_run(const struct program *p, const char *const *arguments, char *text, size_t size);

/* The only child of the master that serves; waits until there is exactly one other than `not`. */
pid_t program_worker(const struct program *p, pid_t not );

void program_signal(const struct program *p, int signal);

/* Waits for the master, our child, to end; gives waitpid()'s status. */
int program_wait(struct program *p);

/* Sends TERM if it still runs, expects exit status 0, removes the folder. */
void program_done(struct program *p);

/* A connection to 127.0.0.1:port, or -1 when nobody listens. */
int program_connect(uint16_t port);

/* Waits until nobody listens there: a ring that ends lets go of its sockets a little later. */
void program_refused(uint16_t port);

/* Connects and expects an SMTP greeting; gives the connection. */
int program_greeted(uint16_t port);

/* Sends a line if it is not NULL, expects a reply that begins so. */
void program_talk(int fd, const char *line, const char *reply);

/* Expects the other side to close. */
void program_closed(int fd);

/* Waits until the log (or a file beside it) has the text `times` times. */
void program_logged(const struct program *p, const char *text, unsigned times);
bool program_file_has(const char *path, const char *text);

/* Waits for process `pid`, not our child, to be gone. */
void program_gone(pid_t pid);

#endif
