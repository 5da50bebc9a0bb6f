/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sealed: see sealed.h. A channel of the tls floor and a socket that is the caller's. What is sent
 * fits the socket's buffer: the texts of transcripts are short.
 */
#include "tests/twin/sealed.h"

#include "tls/channel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

struct sealed {
	bool ended;                  /* nothing more will come */
	struct connector *connector; /* its own, NULL: the one of those without certificate */
	struct channel channel;
	struct buf in; /* cipher bytes */
	struct out out;
	uint8_t bytes[2][96 * 1024];
};

static struct tls_file sealed_read(const char *folder, const char *name, const char *end)
{
	char path[512], *bytes = malloc(65536);
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s%s", folder, name, end);
	f = fopen(path, "r");
	if (!f || !bytes) {
		perror(path);
		abort();
	}
	n = fread(bytes, 1, 65536, f);
	fclose(f);
	return (struct tls_file){str_of(bytes, n), str_cstr(name)};
}

static struct connector *sealed_connector(const char *folder, const char *identity)
{
	struct tls_connector_conf conf = {
		.suites = {.versions = TLS_1_3, .ciphersuites = STR_INIT("TLS_AES_128_GCM_SHA256")},
	};
	struct tls_identity shown;
	struct connector *c;
	struct tls_error e;

	if (identity) {
		shown = (struct tls_identity){.chain = sealed_read(folder, identity, ".pem"),
					      .key = sealed_read(folder, identity, ".key")};
		conf.identities = (struct tls_identities){&shown, 1};
	}
	c = connector_open(&conf, &e);
	if (!c) {
		fprintf(stderr, "no TLS: %s\n", e.text);
		abort();
	}
	if (identity) {
		free((void *)(uintptr_t)shown.chain.bytes.p);
		free((void *)(uintptr_t)shown.key.bytes.p);
	}
	return c;
}

struct sealed *sealed_new(const char *folder, const char *identity)
{
	static struct connector *plain;
	struct sealed *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	if (identity)
		s->connector = sealed_connector(folder, identity);
	else if (!plain)
		plain = sealed_connector(folder, NULL);
	if (channel_connect(&s->channel, identity ? s->connector : plain, NULL, 0))
		abort();
	buf_init(&s->in, s->bytes[0], sizeof(s->bytes[0]));
	out_init(&s->out, s->bytes[1], sizeof(s->bytes[1]));
	return s;
}

void sealed_free(struct sealed *s)
{
	if (!s)
		return;
	channel_close(&s->channel);
	if (s->connector)
		connector_close(s->connector);
	free(s);
}

static void sealed_flush(struct sealed *s, int fd)
{
	struct str bytes = out_data(&s->out);

	while (bytes.n) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n <= 0)
			break; /* gone: what it says will tell */
		bytes = str_from(bytes, (size_t)n);
	}
	out_reset(&s->out);
}

/* As recv(2), of cipher bytes. */
static ssize_t sealed_fill(struct sealed *s, int fd)
{
	size_t room = buf_room(&s->in);
	ssize_t n = recv(fd, buf_reserve(&s->in, room), room, MSG_DONTWAIT);

	if (n > 0)
		buf_commit(&s->in, (size_t)n);
	return n;
}

int sealed_shake(struct sealed *s, int fd)
{
	for (;;) {
		enum channel_ev ev = channel_handshake(&s->channel, &s->in, &s->out);
		ssize_t n;

		sealed_flush(s, fd);
		if (ev != CHANNEL_MORE)
			return ev == CHANNEL_UP ? 1 : -1;
		n = sealed_fill(s, fd);
		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
	}
}

ssize_t sealed_send(struct sealed *s, int fd, struct str bytes)
{
	size_t n = channel_write(&s->channel, bytes, &s->out);

	sealed_flush(s, fd);
	if (n)
		return (ssize_t)n;
	errno = EPIPE;
	return -1;
}

ssize_t sealed_recv(struct sealed *s, int fd, uint8_t *bytes, size_t room)
{
	while (!s->ended) {
		struct channel_plain plain = {.p = bytes, .room = room};
		enum channel_ev ev = channel_read(&s->channel, &s->in, &s->out, &plain);
		ssize_t n;

		sealed_flush(s, fd);
		s->ended = ev == CHANNEL_CLOSED || ev == CHANNEL_FAILED;
		if (plain.n)
			return (ssize_t)plain.n;
		if (ev != CHANNEL_MORE)
			continue;
		n = sealed_fill(s, fd);
		if (n < 0)
			return n;
		s->ended = n == 0;
	}
	return 0;
}

void sealed_bye(struct sealed *s, int fd)
{
	channel_bye(&s->channel, &s->out);
	sealed_flush(s, fd);
}

struct str sealed_why(const struct sealed *s)
{
	return channel_why(&s->channel);
}
