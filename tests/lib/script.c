/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * script: read a transcript file into steps. Owns the lists and texts it returns; never plays
 * anything. The format is described in tests/dialog/README.md.
 */
#include "tests/lib/script.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT "tests/dialog/"

enum { LINE_MAX_BYTES = 8192 };

/* How a run of lines becomes one text. */
enum form {
	FORM_NONE,
	FORM_TEXT,     /* lines with CRLF, raw parts without: one write, or one expectation each */
	FORM_REQUEST,  /* A>: an auth request, parts left out have their usual value */
	FORM_RESPONSE, /* A<: as FORM_TEXT, and an empty line at the end unless parts are raw */
};

/* The mark before a line's text, e.g. "C:", already without its [proxy]. */
struct mark {
	const char *name;
	enum script_kind kind;
	enum script_wire wire;
	enum form form;
	bool raw;
};

static const struct mark marks[] = {
	{"C:", SCRIPT_SEND, SCRIPT_CLIENT, FORM_TEXT, false},
	{"C|", SCRIPT_SEND, SCRIPT_CLIENT, FORM_TEXT, true},
	{"C!", SCRIPT_CLOSE, SCRIPT_CLIENT, FORM_NONE, false},
	{"S:", SCRIPT_EXPECT, SCRIPT_CLIENT, FORM_TEXT, false},
	{"S|", SCRIPT_EXPECT, SCRIPT_CLIENT, FORM_TEXT, true},
	{"S!", SCRIPT_EXPECT_CLOSE, SCRIPT_CLIENT, FORM_NONE, false},
	{"S*", SCRIPT_EXPECT_END, SCRIPT_CLIENT, FORM_NONE, false},
	{"A>", SCRIPT_EXPECT, SCRIPT_AUTH, FORM_REQUEST, false},
	{"A>!", SCRIPT_EXPECT_CLOSE, SCRIPT_AUTH, FORM_NONE, false},
	{"A<", SCRIPT_SEND, SCRIPT_AUTH, FORM_RESPONSE, false},
	{"A<|", SCRIPT_SEND, SCRIPT_AUTH, FORM_RESPONSE, true},
	{"A<!", SCRIPT_CLOSE, SCRIPT_AUTH, FORM_NONE, false},
	{"B>", SCRIPT_EXPECT, SCRIPT_BACK, FORM_TEXT, false},
	{"B>|", SCRIPT_EXPECT, SCRIPT_BACK, FORM_TEXT, true},
	{"B>!", SCRIPT_EXPECT_CLOSE, SCRIPT_BACK, FORM_NONE, false},
	{"B<", SCRIPT_SEND, SCRIPT_BACK, FORM_TEXT, false},
	{"B<|", SCRIPT_SEND, SCRIPT_BACK, FORM_TEXT, true},
	{"B<!", SCRIPT_CLOSE, SCRIPT_BACK, FORM_NONE, false},
	{"L:", SCRIPT_LOG, SCRIPT_CLIENT, FORM_TEXT, true},
	{"P!", SCRIPT_STOP, SCRIPT_CLIENT, FORM_NONE, false},
	{"quiet:", SCRIPT_QUIET, SCRIPT_CLIENT, FORM_NONE, false},
};

/* Folders of transcripts. */
static const char *const folders[] = {"smtp", "pop3", "imap"};
enum { FOLDERS = sizeof(folders) / sizeof(folders[0]) };

/* The parts of an auth request that a transcript need not repeat, in their order. */
static const struct {
	const char *line;
	bool rare;        /* has a place, but no usual value */
	const char *only; /* in this protocol alone */
} usual_request[] = {
	{"GET /auth HTTP/1.0", false, NULL},
	{"Host: 127.0.0.1", false, NULL},
	{"Connection:", true, NULL},
	{"Auth-Method: plain", false, NULL},
	{"Auth-User: ", false, NULL},
	{"Auth-Pass: ", false, NULL},
	{"Auth-Salt:", true, NULL},
	{"Auth-Protocol: smtp", false, "smtp"},
	{"Auth-Protocol: pop3", false, "pop3"},
	{"Auth-Protocol: imap", false, "imap"},
	{"Auth-Login-Attempt: 1", false, NULL},
	{"Client-IP: 127.0.0.1", false, NULL},
	{"Client-Host: [UNAVAILABLE]", false, "smtp"},
};
enum { USUAL = sizeof(usual_request) / sizeof(usual_request[0]) };
enum { REQUEST_LINES_MAX = 64 };

struct loader {
	const char *path;
	int line;
	enum script_proxy proxy;
	struct script *s;
	const struct mark *run; /* mark of the run being gathered, NULL: none */
	struct str parts[REQUEST_LINES_MAX];
	size_t n_parts;
	bool raw;
	int run_line;
};

static void script_free_str(struct str s)
{
	free((void *)(uintptr_t)s.p);
}

static struct script_step *script_add(struct loader *l, const struct mark *m, int line)
{
	struct script *s = l->s;
	struct script_step *step;

	s->steps = realloc(s->steps, (s->n + 1) * sizeof(*s->steps));
	if (!s->steps)
		abort();
	step = &s->steps[s->n++];
	*step = (struct script_step){.kind = m->kind, .wire = m->wire, .line = line};
	return step;
}

static struct str script_join(const struct str *parts, size_t n, const char *last)
{
	size_t size = strlen(last) + 1, at = 0;
	char *p;

	for (size_t i = 0; i < n; i++)
		size += parts[i].n;
	p = malloc(size);
	if (!p)
		abort();
	for (size_t i = 0; i < n; at += parts[i++].n)
		if (parts[i].n)
			memcpy(p + at, parts[i].p, parts[i].n);
	memcpy(p + at, last, size - at);
	return str_of(p, size - 1);
}

static bool script_same_header(struct str line, const char *usual)
{
	size_t n = strcspn(usual, ":") + 1;

	return str_starts_nocase(line, str_of(usual, n));
}

/* The full request that the lines of an A> run stand for. */
static struct str script_request(struct loader *l)
{
	struct str all[REQUEST_LINES_MAX + 2 * USUAL];
	bool used[REQUEST_LINES_MAX] = {false};
	size_t n = 0;

	if (str_starts(l->parts[0], STR("GET ")))
		return script_join(l->parts, l->n_parts, "\r\n");
	for (size_t i = 0; i < USUAL; i++) {
		const char *only = usual_request[i].only;
		size_t k = 0;

		if (only && strcmp(only, l->s->protocol) != 0)
			continue;
		while (k < l->n_parts &&
		       (i == 0 || !script_same_header(l->parts[k], usual_request[i].line)))
			k++;
		if (k < l->n_parts) {
			all[n++] = l->parts[k];
			used[k] = true;
		} else if (!usual_request[i].rare) {
			all[n++] = str_cstr(usual_request[i].line);
			all[n++] = STR("\r\n");
		}
	}
	for (size_t k = 0; k < l->n_parts; k++)
		if (!used[k])
			all[n++] = l->parts[k];
	return script_join(all, n, "\r\n");
}

static void script_end_run(struct loader *l)
{
	const struct mark *m = l->run;
	struct script_step *step;

	if (!m)
		return;
	step = script_add(l, m, l->run_line);
	if (m->form == FORM_REQUEST)
		step->text = script_request(l);
	else
		step->text = script_join(l->parts, l->n_parts,
					 m->form == FORM_RESPONSE && !l->raw ? "\r\n" : "");
	for (size_t i = 0; i < l->n_parts; i++)
		script_free_str(l->parts[i]);
	l->run = NULL;
	l->n_parts = 0;
	l->raw = false;
}

static int script_wrong(const struct loader *l, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", l->path, l->line, what);
	return -1;
}

/* Does a line of mark m continue the run? Sends and auth requests are gathered, others stand alone.
 */
static bool script_continues(const struct loader *l, const struct mark *m)
{
	bool gathered = m->kind == SCRIPT_SEND || m->form == FORM_REQUEST;

	return l->run && gathered && l->run->kind == m->kind && l->run->wire == m->wire &&
	       l->n_parts < REQUEST_LINES_MAX;
}

static int script_text(struct loader *l, const struct mark *m, struct str text)
{
	struct str plain = script_unescape(text);

	if (!plain.p)
		return script_wrong(l, "unknown escape");
	if (!script_continues(l, m)) {
		script_end_run(l);
		l->run = m;
		l->run_line = l->line;
	}
	l->raw |= m->raw;
	if (m->raw) {
		l->parts[l->n_parts++] = plain;
	} else {
		l->parts[l->n_parts++] = script_join(&plain, 1, "\r\n");
		script_free_str(plain);
	}
	return 0;
}

static int script_action(struct loader *l, const struct mark *m, const char *word)
{
	static const struct {
		const char *word;
		enum script_kind kind;
	} words[] = {{"close", SCRIPT_CLOSE}, {"shut", SCRIPT_SHUT}, {"reset", SCRIPT_RESET},
		     {"tls", SCRIPT_TLS},     {"stop", SCRIPT_STOP}, {"go", SCRIPT_GO},
		     {"quit", SCRIPT_QUIT}};
	size_t n = strcspn(word, " ");
	struct script_step *step;

	script_end_run(l);
	step = script_add(l, m, l->line);
	if (m->kind == SCRIPT_QUIET) {
		step->ms = (unsigned)strtoul(word, NULL, 10);
		return step->ms ? 0 : script_wrong(l, "quiet: needs milliseconds");
	}
	if (m->kind == SCRIPT_EXPECT_CLOSE || m->kind == SCRIPT_EXPECT_END)
		return strcmp(word, "close") ? script_wrong(l, "only \"close\" can be expected")
					     : 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i].word) == n && !strncmp(word, words[i].word, n)) {
			step->kind = words[i].kind;
			step->text = script_join(&(struct str){0}, 0, word[n] ? word + n + 1 : "");
			l->s->tls |= step->kind == SCRIPT_TLS;
			l->s->last |= step->kind == SCRIPT_QUIT;
			return 0;
		}
	}
	return script_wrong(l, "no such thing can be done");
}

/* More of the configuration: `before`, text and `behind` at the end of *to. */
static void script_append(char **to, const char *before, const char *text, const char *behind)
{
	size_t have = *to ? strlen(*to) : 0;
	size_t n = strlen(before) + strlen(text) + strlen(behind) + 1;

	*to = realloc(*to, have + n);
	if (!*to)
		abort();
	snprintf(*to + have, n, "%s%s%s", before, text, behind);
}

/* Take "[nginx]" or "[ringpost]" out of the mark. 0: for us, 1: for the other proxy, -1: wrong. */
static int script_for_us(struct loader *l, char *mark)
{
	static const char *const names[] = {"[nginx]", "[ringpost]"};
	char *at = strchr(mark, '[');

	if (!at)
		return 0;
	for (int i = 0; i < 2; i++) {
		size_t n = strlen(names[i]);

		if (strncmp(at, names[i], n))
			continue;
		memmove(at, at + n, strlen(at + n) + 1);
		return (int)l->proxy == i ? 0 : 1;
	}
	return script_wrong(l, "no such proxy");
}

static bool script_configures(struct script *s, const char *mark, const char *text)
{
	if (!strcmp(mark, "conf:"))
		script_append(&s->conf, "\t\t", text, "\n");
	else if (!strcmp(mark, "listen:"))
		script_append(&s->listen, " ", text, "");
	else if (!strcmp(mark, "starttls:"))
		script_append(&s->starttls, "", text, "");
	else if (!strcmp(mark, "dns:"))
		script_append(&s->names, "", text, "\n");
	else
		return false;
	return true;
}

/* A mark whose text is only for people. */
static bool script_flag(struct script *s, const char *mark)
{
	bool whole = !strcmp(mark, "whole:"), mended = !strcmp(mark, "mended:");
	bool ours = !strcmp(mark, "ours:"), twin = !strcmp(mark, "twin:");

	s->whole_only |= whole;
	s->mended |= mended;
	s->ours |= ours;
	s->twin |= twin;
	return whole || mended || ours || twin;
}

static int script_line(struct loader *l, char *line)
{
	size_t n = strcspn(line, " ");
	char mark[32], *text = line + n + (line[n] == ' ');
	int whose;

	if (n == 0 || line[0] == '#') {
		script_end_run(l);
		return 0;
	}
	if (n >= sizeof(mark))
		return script_wrong(l, "no mark");
	snprintf(mark, sizeof(mark), "%.*s", (int)n, line);
	whose = script_for_us(l, mark);
	if (whose)
		return whose < 0 ? -1 : 0;
	if (script_configures(l->s, mark, text) || script_flag(l->s, mark))
		return 0;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (strcmp(mark, marks[i].name))
			continue;
		if (marks[i].form == FORM_NONE)
			return script_action(l, &marks[i], text);
		return script_text(l, &marks[i], str_cstr(text));
	}
	return script_wrong(l, "no such mark");
}

static int script_read(struct loader *l, FILE *f)
{
	char line[LINE_MAX_BYTES];
	int failed = 0;

	while (!failed && fgets(line, sizeof(line), f)) {
		l->line++;
		line[strcspn(line, "\n")] = '\0';
		failed = script_line(l, line);
	}
	script_end_run(l);
	return failed;
}

/* Name and protocol are the last two parts of the path. */
static int script_identify(struct script *s, const char *path)
{
	const char *name = path;
	size_t i = 0;

	for (const char *slash = path; (slash = strchr(slash, '/')); slash++)
		name = strchr(slash + 1, '/') ? slash + 1 : name;
	s->name = strndup(name, strlen(name) - strlen(".txt"));
	if (!s->name)
		abort();
	while (i < FOLDERS && strncmp(name, folders[i], strcspn(name, "/")) != 0)
		i++;
	if (i == FOLDERS)
		return -1;
	s->protocol = folders[i];
	return 0;
}

struct script *script_load(const char *path, enum script_proxy proxy)
{
	struct loader l = {.path = path, .proxy = proxy};
	FILE *f = fopen(path, "r");
	int failed;

	if (!f) {
		perror(path);
		return NULL;
	}
	l.s = calloc(1, sizeof(*l.s));
	if (!l.s)
		abort();
	failed = script_identify(l.s, path) ? script_wrong(&l, "no such folder") : 0;
	script_append(&l.s->conf, "", "", "");
	script_append(&l.s->listen, "", "", "");
	script_append(&l.s->starttls, "", "", "");
	script_append(&l.s->names, "", "", "");
	failed = failed ? failed : script_read(&l, f);
	fclose(f);
	if (!failed)
		return l.s;
	script_free(l.s);
	return NULL;
}

void script_free(struct script *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		script_free_str(s->steps[i].text);
	free(s->steps);
	free(s->name);
	free(s->conf);
	free(s->listen);
	free(s->starttls);
	free(s->names);
	free(s);
}

static int script_is_transcript(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot && !strcmp(dot, ".txt");
}

static bool script_wanted(const char *path, char *const *only)
{
	const char *file = strrchr(path, '/') + 1, *name = path + strlen(ROOT);

	for (char *const *o = only; *o; o++)
		if (!strncmp(*o, file, strlen(*o)) || !strncmp(*o, name, strlen(*o)))
			return true;
	return !*only;
}

/* Append the transcripts of one folder. -1 after a message. */
static int script_list_folder(const char *protocol, char *const *only, char ***list, size_t *n)
{
	struct dirent **found;
	char path[512];
	int count;

	snprintf(path, sizeof(path), ROOT "%s", protocol);
	count = scandir(path, &found, script_is_transcript, alphasort);
	if (count < 0) {
		perror(path);
		return -1;
	}
	*list = realloc(*list, (*n + (size_t)count + 1) * sizeof(**list));
	if (!*list)
		abort();
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), ROOT "%s/%s", protocol, found[i]->d_name);
		free(found[i]);
		if (script_wanted(path, only))
			(*list)[(*n)++] = strdup(path);
	}
	free(found);
	(*list)[*n] = NULL;
	return 0;
}

char **script_list(char *const *only)
{
	char **list = NULL;
	size_t n = 0;

	for (size_t i = 0; i < FOLDERS; i++) {
		if (!script_list_folder(folders[i], only, &list, &n))
			continue;
		while (n)
			free(list[--n]);
		free(list);
		return NULL;
	}
	return list;
}
