/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_conf: every input as a configuration, read and compiled. Files are not there and names are
 * not looked up: include counts as nested too deeply, open() and getaddrinfo() are ours.
 */
#include "app/conf_compile.h"
#include "app/conf_files.h"
#include "app/conf_opened.h"
#include "app/conf_parse.h"
#include "base/must.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int open(const char *path, int flags, ...)
{
	errno = ENOENT;
	return -1;
}

/* Hosts whose name begins with a digit or a bracket's content exist, at two addresses. */
int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
		struct addrinfo **found)
{
	struct known {
		struct addrinfo info;
		struct sockaddr_in ip4;
	} * k;

	if ((*host < '0' || *host > '9') && *host != ':')
		return EAI_NONAME;
	k = calloc(1, sizeof(*k));
	must(k && hints->ai_socktype == SOCK_STREAM);
	k->ip4.sin_family = AF_INET;
	k->ip4.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	k->ip4.sin_addr.s_addr = htonl((uint32_t)strlen(host));
	k->info.ai_family = AF_INET;
	k->info.ai_addr = (struct sockaddr *)&k->ip4;
	*found = &k->info;
	return 0;
}

void freeaddrinfo(struct addrinfo *found)
{
	free(found);
}

/* What every session and thread relies on. */
static void check(const struct conf *c)
{
	must(c->n_servers && c->worker.n_listens && c->worker.n_auth_services);
	must(c->main.logs.n && c->worker.threads && c->worker.connections);
	for (uint32_t i = 0; i < c->worker.n_listens; i++)
		must(c->worker.listens[i].server && c->worker.listens[i].text.n);
	for (uint32_t i = 0; i < c->n_servers; i++) {
		const struct server_conf *s = &c->servers[i]->session;

		must(s->auth && s->auth->n_addresses && s->auth->http.uri.p[0] == '/');
		must(c->servers[i]->logs.n && s->front.server_name.n);
		must(s->timeout_ms && s->front.line_max && s->back.reply_max);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct conf_error error = {""};
	struct conf_pool *pool = conf_pool_new();
	struct conf_opened opened = {0};
	struct conf c = {.path = "/c", .pool = pool, .opened = &opened};
	struct conf_build b = {
		.pool = pool,
		.error = &error,
		.prefix = "/p/",
		.folder = "/f/",
		.opened = &opened,
		.depth = CONF_INCLUDE_DEPTH_MAX,
	};

	must(!conf_parse_defaults(&b));
	if (!conf_parse_text(&b, "f", str_of(data, n)) && !conf_compile_all(&b, &c))
		check(&c);
	else
		must(error.text[0] && strlen(error.text) < CONF_ERROR_MAX);
	conf_files_wipe(&b);
	conf_free(&c);
	return 0;
}
