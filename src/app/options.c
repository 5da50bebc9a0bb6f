/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options: NGINX's command line: letters may be joined ("-tq"), a value may follow its letter
 * directly or as the next argument.
 */
#include "app/options.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* The cursor over argv. */
struct reader {
	char *const *next; /* NULL-terminated */
	struct options *o;
};

static int bad(struct options *o, const char *before, const char *what)
{
	o->action = OPTIONS_BAD;
	snprintf(o->problem, sizeof(o->problem), "invalid option: \"%s%s\"", before, what);
	return -1;
}

/* The value of the option whose letter is letter[0]: what follows it, or the next argument. */
static int take_value(struct reader *r, const char *letter, const char **value)
{
	const char *needs = strchr("cpegs", *letter);

	if (letter[1]) {
		*value = letter + 1;
		return 0;
	}
	if (*r->next) {
		*value = *r->next++;
		return 0;
	}
	r->o->action = OPTIONS_BAD;
	snprintf(r->o->problem, sizeof(r->o->problem), "option \"-%c\" requires %s", *letter,
		 *needs == 'c' || *needs == 'e' ? "file name"
		 : *needs == 'p'                ? "directory name"
		 : *needs == 'g'                ? "parameter"
						: "parameter (stop, quit, reload or reopen)");
	return -1;
}

static int set_signal(struct options *o)
{
	static const struct {
		const char *name;
		int number;
	} known[] = {
		{"stop", SIGTERM},
		{"quit", SIGQUIT},
		{"reload", SIGHUP},
		{"reopen", SIGUSR1},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(known[i].name, o->signal_name)) {
			o->signal_number = known[i].number;
			return 0;
		}
	}
	return bad(o, "-s ", o->signal_name);
}

/* A letter that takes a value: 1 when it is not one, else 0 or -1. */
static int valued(struct reader *r, const char *letter)
{
	struct options *o = r->o;

	switch (*letter) {
	case 'c':
		return take_value(r, letter, &o->conf);
	case 'p':
		return take_value(r, letter, &o->prefix);
	case 'e':
		return take_value(r, letter, &o->error_log);
	case 'g':
		return take_value(r, letter, &o->directives);
	case 's':
		return take_value(r, letter, &o->signal_name) ? -1 : set_signal(o);
	default:
		return 1;
	}
}

static int plain(struct options *o, char letter)
{
	switch (letter) {
	case 't':
		if (o->action != OPTIONS_DUMP)
			o->action = OPTIONS_TEST;
		return 0;
	case 'T':
		o->action = OPTIONS_DUMP;
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	case 'v':
		if (!o->first)
			o->first = OPTIONS_VERSION;
		return 0;
	case 'V':
		o->first = OPTIONS_VERSION_LONG;
		return 0;
	case 'h':
	case '?':
		o->first = OPTIONS_HELP;
		return 0;
	default:
		return bad(o, "", (char[]){letter, '\0'});
	}
}

static int read_letters(struct reader *r, const char *letter)
{
	for (; *letter; letter++) {
		int rc = valued(r, letter);

		if (rc != 1)
			return rc;
		if (plain(r->o, *letter))
			return -1;
	}
	return 0;
}

static int read_argument(struct reader *r, const char *argument)
{
	if (!strcmp(argument, "--man-directives")) {
		r->o->action = OPTIONS_MAN;
		return 0;
	}
	if (!strcmp(argument, "--json")) {
		r->o->json = true;
		return 0;
	}
	if (argument[0] != '-' || !argument[1] || argument[1] == '-')
		return bad(r->o, "", argument);
	return read_letters(r, argument + 1);
}

/* A test comes before all else, then what is only printed, then a signal. */
static void decide(struct options *o)
{
	if (o->json && o->action != OPTIONS_DUMP && o->action != OPTIONS_BAD) {
		o->action = OPTIONS_BAD;
		snprintf(o->problem, sizeof(o->problem), "option \"--json\" goes with \"-T\"");
	}
	if (o->action != OPTIONS_RUN)
		return;
	if (o->first != OPTIONS_RUN)
		o->action = o->first;
	else if (o->signal_name)
		o->action = OPTIONS_SIGNAL;
}

struct options options_parse(int argc, char *const *argv)
{
	struct options o = {.conf = RINGPOST_CONF, .prefix = RINGPOST_PREFIX};
	struct reader r = {argc > 0 ? argv + 1 : argv, &o};

	while (*r.next)
		if (read_argument(&r, *r.next++))
			break;
	decide(&o);
	return o;
}
