/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * control: answers the counts as JSON. Owns its listener and the connections on it; reads counts
 * only through the source it was given.
 */
#include "tools/lib/control.h"

#include "tools/lib/loop.h"
#include "tools/lib/wbuf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct request {
	struct loop_watch watch;
	struct wbuf reply;
};

static const struct control_source *counts;
static struct loop_watch listener;

static void end(struct request *r)
{
	loop_drop(&r->watch);
	close(r->watch.fd);
	wbuf_free(&r->reply);
	free(r);
}

static void answer(struct request *r, const char *asked)
{
	json_t *all = counts->tell();
	char *text = json_dumps(all, JSON_COMPACT | JSON_PRESERVE_ORDER);

	json_decref(all);
	if (strncmp(asked, "GET ", 4) == 0)
		wbuf_printf(&r->reply,
			    "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n"
			    "Content-Length: %zu\r\n\r\n",
			    strlen(text) + 1);
	wbuf_text(&r->reply, text);
	wbuf_text(&r->reply, "\n");
	free(text);
	if (strncmp(asked, "reset", 5) == 0)
		counts->reset();
}

static void on_request(struct loop_watch *w, uint32_t events)
{
	struct request *r = (struct request *)(void *)w;
	char asked[512] = "";

	(void)events;
	if (r->reply.n == 0) {
		if (read(w->fd, asked, sizeof(asked) - 1) < 0) {
			if (errno != EAGAIN)
				end(r);
			return;
		}
		answer(r, asked);
	}
	if (wbuf_flush(&r->reply, w->fd) != 0) {
		shutdown(w->fd, SHUT_WR);
		end(r);
	} else {
		loop_change(w, EPOLLOUT);
	}
}

static void on_listener(struct loop_watch *w, uint32_t events)
{
	int fd = net_accept_client(w->fd);
	struct request *r = fd < 0 ? NULL : calloc(1, sizeof(*r));

	(void)events;
	if (!r)
		return;
	r->watch = (struct loop_watch){.fd = fd, .on_ready = on_request};
	if (loop_add(&r->watch, EPOLLIN) < 0)
		end(r);
}

void control_open(const char *text, struct net_address *a, const struct control_source *source)
{
	counts = source;
	listener = (struct loop_watch){.fd = net_listen(text, a), .on_ready = on_listener};
	loop_add(&listener, EPOLLIN);
}

void control_print(const struct control_source *source, FILE *to)
{
	json_t *all = source->tell();

	json_dumpf(all, to, JSON_COMPACT | JSON_PRESERVE_ORDER);
	fputc('\n', to);
	fflush(to);
	json_decref(all);
}

void control_save(const struct control_source *source, const char *path)
{
	FILE *f = fopen(path, "we");

	if (!f) {
		fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
		return;
	}
	control_print(source, f);
	fclose(f);
}
