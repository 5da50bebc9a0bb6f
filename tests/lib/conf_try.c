/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_try: files in a temporary folder, loaded, and taken away again.
 */
#include "tests/lib/conf_try.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "we");
	if (!f || fputs(text, f) < 0 || fclose(f)) {
		perror(path);
		abort();
	}
}

static void remove_file(const char *folder, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
}

/* Every "FOLDER/" in text goes. */
static void hide_folder(char *text, const char *folder)
{
	size_t n = strlen(folder) + 1;

	for (char *p = strstr(text, folder); p; p = strstr(p, folder))
		memmove(p, p + n, strlen(p + n) + 1);
}

struct conf *conf_try_files(const char *text, const struct conf_try_file *more,
			    struct conf_error *e)
{
	/* memory where there is some: hundreds of these are made */
	bool shm = !access("/dev/shm", W_OK);
	char folder[64];
	struct options o = {.conf = "c", .prefix = folder};
	const struct conf_try_file *f;
	struct conf *c;

	snprintf(folder, sizeof(folder), "%s/ringpost-conf-XXXXXX", shm ? "/dev/shm" : "/tmp");
	if (!mkdtemp(folder))
		abort();
	write_file(folder, "c", text);
	for (f = more; f && f->name; f++)
		write_file(folder, f->name, f->text);
	c = conf_load(&o, e);
	hide_folder(e->text, folder);
	for (f = more; f && f->name; f++)
		remove_file(folder, f->name);
	remove_file(folder, "c");
	rmdir(folder);
	return c;
}

struct conf *conf_try(const char *text, struct conf_error *e)
{
	return conf_try_files(text, NULL, e);
}

struct conf *conf_try_server(const char *text, struct conf_error *e)
{
	char all[16384];

	snprintf(all, sizeof(all),
		 "mail {\nauth_http 127.0.0.1:9;\nserver { listen 127.0.0.1:2525; protocol "
		 "smtp;\n%s\n}\n}\n",
		 text);
	return conf_try(all, e);
}

struct conf *conf_try_mail(const char *text, struct conf_error *e)
{
	char all[16384];

	snprintf(all, sizeof(all),
		 "mail {\n%s\nauth_http 127.0.0.1:9;\nserver { listen 127.0.0.1:2525; protocol "
		 "smtp; }\n}\n",
		 text);
	return conf_try(all, e);
}

struct conf *conf_try_main(const char *text, struct conf_error *e)
{
	char all[16384];

	snprintf(all, sizeof(all),
		 "%s\nmail { auth_http 127.0.0.1:9; server { listen 127.0.0.1:2525; protocol smtp; "
		 "} "
		 "}\n",
		 text);
	return conf_try(all, e);
}

struct conf *conf_try_good(const char *text)
{
	struct conf_error e;
	struct conf *c = conf_try(text, &e);

	if (!c)
		fprintf(stderr, "%s\n", e.text);
	return c;
}
