/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes that must arrive as they were sent: every byte in a user name and a password, at the auth
 * service and at backends of all protocols; and everything that has been used to smuggle mail, in
 * the relay, both ways.
 */
#include "tests/it/lib/fake.h"
#include "tests/it/lib/place.h"
#include "tests/it/lib/talk.h"
#include "tests/lib/port.h"
#include "tools/lib/b64.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

TestSuite(it_unchanged, .timeout = 120, .fini = place_fini);

/* All that one of the fakes has heard since clear(). */
struct heard {
	size_t n;
	char bytes[65536];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct heard at_auth, at_backend;
static struct fake *behind;

static void clear(void)
{
	pthread_mutex_lock(&lock);
	at_auth.n = at_backend.n = 0;
	pthread_mutex_unlock(&lock);
}

/* Until `end` has come behind where it began, or the other side has closed. */
static void hear(int fd, struct heard *h, const char *end)
{
	size_t begin = h->n, n = strlen(end);
	char chunk[4096];
	ssize_t got;

	while (h->n - begin < n || memcmp(h->bytes + h->n - n, end, n) != 0) {
		got = recv(fd, chunk, sizeof(chunk), 0);
		if (got <= 0 || (size_t)got > sizeof(h->bytes) - h->n)
			return;
		pthread_mutex_lock(&lock);
		memcpy(h->bytes + h->n, chunk, (size_t)got);
		h->n += (size_t)got;
		pthread_mutex_unlock(&lock);
	}
}

static void auth(struct fake *f, int fd)
{
	char answer[160];

	(void)f;
	hear(fd, &at_auth, "\r\n\r\n");
	snprintf(answer, sizeof(answer),
		 "HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Server: 127.0.0.1\r\n"
		 "Auth-Port: %u\r\n\r\n",
		 behind->port);
	fake_write(fd, answer);
}

/* Says the replies of f->text, '|' between them, one for each line; hears the rest. */
static void backend(struct fake *f, int fd)
{
	const char *at = f->text;

	for (;;) {
		char reply[128];
		size_t n = strcspn(at, "|");

		snprintf(reply, sizeof(reply), "%.*s", (int)n, at);
		fake_write(fd, reply);
		at += n;
		if (!*at++)
			break;
		hear(fd, &at_backend, "\r\n");
	}
	hear(fd, &at_backend, "nothing of the kind");
}

static bool has(const struct heard *h, const char *bytes, size_t n)
{
	bool found;

	pthread_mutex_lock(&lock);
	found = memmem(h->bytes, h->n, bytes, n) != NULL;
	pthread_mutex_unlock(&lock);
	return found;
}

static struct place *begin(const char *replies, const char *mail)
{
	struct place *p = place_new();

	behind = fake_start(backend, replies);
	place_proxy(p, &(struct place_conf){.mail = mail, .auth_http = fake_start(auth, NULL)->at});
	return p;
}

static void send_base64(struct talk *t, const char *before, const char *bytes, size_t n)
{
	char line[256];

	talk_send(t, before);
	talk_send_bytes(t, line, b64_encode((const uint8_t *)bytes, n, line));
	talk_send(t, "\r\n");
}

/* "Auth-User: u%0Av\r\nAuth-Pass: p%0Aw\r\n": what stands in nginx's documentation and code. */
static void expect_asked(int c)
{
	char want[64];
	bool escaped = c <= ' ' || c == '%';
	int n;

	if (escaped)
		n = snprintf(want, sizeof(want),
			     "\r\nAuth-User: u%%%02Xv\r\nAuth-Pass: p%%%02Xw\r\n", (unsigned)c,
			     (unsigned)c);
	else
		n = snprintf(want, sizeof(want), "\r\nAuth-User: u%cv\r\nAuth-Pass: p%cw\r\n", c,
			     c);
	cr_assert(has(&at_auth, want, (size_t)n), "byte %d", c);
}

/* A login with this byte in user and password; the reply to it is what comes next. */
static void log_in(struct talk *t, const char *command, int c)
{
	char plain[16];
	int n = snprintf(plain, sizeof(plain), "%cu%cv%cp%cw", 0, c, 0, c);

	clear();
	send_base64(t, command, plain, (size_t)n);
}

Test(it_unchanged, every_byte_of_a_login_with_smtp)
{
	struct place *p = begin("220 s\r\n|250 s\r\n|235 in\r\n", NULL);
	struct talk t;

	for (int c = 1; c < 256; c++) {
		char plain[16], line[64] = "AUTH PLAIN ";
		int n = snprintf(plain, sizeof(plain), "%cu%cv%cp%cw", 0, c, 0, c);
		size_t at = strlen(line);

		talk_open(&t, p->pass);
		talk_expect_code(&t, "220");
		log_in(&t, "AUTH PLAIN ", c);
		talk_expect(&t, "235 2.0.0 OK");
		expect_asked(c);
		at += b64_encode((const uint8_t *)plain, (size_t)n, line + at);
		memcpy(line + at, "\r\n", 2);
		cr_assert(has(&at_backend, line, at + 2), "byte %d", c);
		talk_close(&t);
	}
	place_end(p, false);
}

Test(it_unchanged, every_byte_of_a_login_with_pop3_and_imap)
{
	uint16_t port = port_free();
	char mail[256], line[64];
	struct place *p;
	struct talk t;
	int n;

	if (place_is_nginx())
		cr_skip("nginx passes line ends on, quirk Q14");
	snprintf(mail, sizeof(mail), "server { listen 127.0.0.1:%u; protocol pop3; }", port);
	p = begin("+OK\r\n|+OK\r\n|+OK in\r\n", mail);
	for (int c = 1; c < 256; c++) {
		talk_open(&t, port);
		talk_expect_code(&t, "+OK");
		log_in(&t, "AUTH PLAIN ", c);
		if (c == '\r' || c == '\n') {
			talk_expect(&t, "-ERR control character in user name or password");
			talk_expect_end(&t);
			cr_assert_eq(at_backend.n, 0);
		} else {
			talk_expect(&t, "+OK in");
			n = snprintf(line, sizeof(line), "USER u%cv\r\nPASS p%cw\r\n", c, c);
			cr_assert(has(&at_backend, line, (size_t)n), "byte %d", c);
		}
		expect_asked(c);
		talk_close(&t);
	}
	place_end(p, false);

	port = port_free();
	snprintf(mail, sizeof(mail), "server { listen 127.0.0.1:%u; protocol imap; }", port);
	p = begin("* OK\r\n|+ \r\n|+ \r\n|a OK in\r\n", mail);
	for (int c = 1; c < 256; c++) {
		talk_open(&t, port);
		talk_expect_code(&t, "* OK");
		log_in(&t, "a AUTHENTICATE PLAIN ", c);
		talk_expect(&t, "a OK in");
		n = snprintf(line, sizeof(line), "a LOGIN {3}\r\nu%cv {3}\r\np%cw\r\n", c, c);
		cr_assert(has(&at_backend, line, (size_t)n), "byte %d", c);
		expect_asked(c);
		talk_close(&t);
	}
	place_end(p, false);
}

/* Ends of data that some take for one and others do not (CVE-2023-51764 and its like), and what
 * stands around them. */
static const struct {
	const char *bytes;
	size_t n;
} corpus[] = {
#define BYTES(text)                                                                                \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
	BYTES("\n.\n"),         BYTES("\n.\r\n"),           BYTES("\r\n.\n"),
	BYTES("\r.\r"),         BYTES("\r.\r\n"),           BYTES("\r\n.\r"),
	BYTES("\r\r\n.\r\r\n"), BYTES("\n\n.\r\n"),         BYTES("\r\n\0.\r\n"),
	BYTES("\r\n.\0\r\n"),   BYTES("\r\n\t.\r\n"),       BYTES("\r\n .\r\n"),
	BYTES("\r\n..\r\n"),    BYTES("\r\n.x\r\n"),        BYTES("\r\n.\r\r\n"),
	BYTES("\n\r.\n\r"),     BYTES("\xc2\x85.\xc2\x85"), BYTES("\r\n\x0b.\r\n"),
	BYTES("\r\n\xff.\r\n"), BYTES("\r\n.\r\n"),
};

enum { CORPUS = sizeof(corpus) / sizeof(corpus[0]) };

/* Each between the envelope of one mail and that of another, all in one. */
static size_t write_corpus(char *to)
{
	enum { PIECE_MAX = 64 };
	char *at = to;

	for (int i = 0; i < CORPUS; i++) {
		at += snprintf(at, PIECE_MAX, "data %d", i);
		memcpy(at, corpus[i].bytes, corpus[i].n);
		at += corpus[i].n;
		at += snprintf(at, PIECE_MAX, "MAIL FROM:<eve@client.test>\r\n");
	}
	return (size_t)(at - to);
}

static void await_heard(const char *bytes, size_t n)
{
	uint64_t began = place_now_ms();

	while (!has(&at_backend, bytes, n)) {
		cr_assert(place_now_ms() - began < 10000, "it does not arrive unchanged");
		place_pause();
	}
}

/* The same in one piece, byte by byte, and with strict_line_ends, which is not about messages. */
static void smuggle(const char *directives, size_t piece)
{
	struct place *p = begin("220 s\r\n|250 s\r\n|220 s\r\n|250 s\r\n", directives);
	char bytes[4096];
	size_t n = write_corpus(bytes);
	struct talk t;

	clear();
	talk_login(&t, p->login);
	for (size_t at = 0; at < n; at += piece)
		talk_send_bytes(&t, bytes + at, n - at < piece ? n - at : piece);
	await_heard(bytes, n);
	talk_close(&t);
	place_end(p, false);
}

Test(it_unchanged, what_has_smuggled_mail_is_passed_on)
{
	smuggle(NULL, 4096);
	smuggle(NULL, 1);
	smuggle(place_ours("strict_line_ends on;"), 7);
}

static void says_corpus(struct fake *f, int fd)
{
	char bytes[4096];
	size_t n = write_corpus(bytes);

	backend(f, fd);
	(void)send(fd, bytes, n, MSG_NOSIGNAL);
}

Test(it_unchanged, and_the_other_way)
{
	struct place *p = begin("220 s\r\n|250 s\r\n|220 s\r\n|250 s\r\n", NULL);
	char bytes[4096], got[8192];
	size_t n = write_corpus(bytes), heard;
	ssize_t more;
	struct talk t;

	behind->serve = says_corpus;
	talk_login(&t, p->login);
	talk_finish(&t);
	memcpy(got, t.in, t.n);
	for (heard = t.n; heard < sizeof(got); heard += (size_t)more) {
		cr_assert_eq(poll(&(struct pollfd){.fd = t.fd, .events = POLLIN}, 1, 10000), 1);
		more = recv(t.fd, got + heard, sizeof(got) - heard, 0);
		if (more <= 0)
			break;
	}
	cr_assert_eq(heard, n, "%zu bytes of %zu", heard, n);
	cr_assert_eq(memcmp(got, bytes, n), 0);
	talk_close(&t);
	place_end(p, false);
}
