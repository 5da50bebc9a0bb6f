/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * title: what ps shows of a process, as NGINX does it: "ringpost: master process COMMAND",
 * "ringpost: worker process", "ringpost: worker process is shutting down".
 *
 * There is room for as much of it as the process was started with as its command line.
 */
#ifndef APP_TITLE_H
#define APP_TITLE_H

/*
 * First of all. Gives copies of the arguments, to be used from now on; they live as long as the
 * process. No memory: argv itself, and there are no titles.
 */
char **title_remember(int argc, char **argv);

/* Async-signal-safe. */
void title_set(const char *what);

/* The same with the command line behind it. */
void title_set_master(void);

#endif
