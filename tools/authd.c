/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * authd: a reference auth service. Speaks the HTTP protocol of NGINX's mail module: a request says
 * in its header who wants to log in and how, the answer's header says yes and where to, or no and
 * why.
 *
 * HTTP/1.0 and 1.1 (RFC 9112) with kept-alive connections and pipelined requests, over TCP or a
 * unix socket; bodies are neither read nor sent. One thread. Who may log in is lib/users.h's
 * business.
 */
#include "base/str.h"
#include "tools/lib/control.h"
#include "tools/lib/loop.h"
#include "tools/lib/net.h"
#include "tools/lib/users.h"
#include "tools/lib/wbuf.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER_MAX (64 * 1024)
#define FIELD_MAX  4096

struct conn {
	struct loop_watch watch;
	struct loop_timer delay; /* armed while an answer is held back */
	struct wbuf in, out;
	bool closing;
};

/* One request as far as it matters here; strings point into the connection's input. */
struct request {
	struct str line;
	bool http11, keep;
	struct users_ask ask;
	char user[FIELD_MAX], pass[FIELD_MAX]; /* decoded */
};

static struct {
	uint64_t connections, open, requests, plain, cram_md5, external, none, other;
	uint64_t accepted, refused, waits, malformed, left_early;
} seen;

static bool verbose, no_keepalive;
static uint64_t delay_all_ms;
static FILE *record;

static json_t *tell(void)
{
	return json_pack("{sI sI sI sI sI sI sI sI sI sI sI sI sI}", "connections",
			 (json_int_t)seen.connections, "open", (json_int_t)seen.open, "requests",
			 (json_int_t)seen.requests, "plain", (json_int_t)seen.plain, "cram_md5",
			 (json_int_t)seen.cram_md5, "external", (json_int_t)seen.external, "none",
			 (json_int_t)seen.none, "other", (json_int_t)seen.other, "accepted",
			 (json_int_t)seen.accepted, "refused", (json_int_t)seen.refused, "waits",
			 (json_int_t)seen.waits, "malformed", (json_int_t)seen.malformed,
			 "left_early", (json_int_t)seen.left_early);
}

static void reset(void)
{
	uint64_t open = seen.open;

	memset(&seen, 0, sizeof(seen));
	seen.open = open;
}

static const struct control_source counts = {tell, reset};

static void on_usr1(void)
{
	control_print(&counts, stderr);
}

/* --- reading a request ---------------------------------------------------------------------------
 */

static int hex_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes %XX into `to`; a value that is too long becomes empty, which no user is. */
static struct str decode(struct str value, char to[FIELD_MAX])
{
	size_t n = 0;

	if (value.n > FIELD_MAX)
		return str_none();
	for (size_t i = 0; i < value.n; i++) {
		int high = i + 2 < value.n ? hex_of(value.p[i + 1]) : -1;
		int low = i + 2 < value.n ? hex_of(value.p[i + 2]) : -1;

		if (value.p[i] == '%' && high >= 0 && low >= 0) {
			to[n++] = (char)(high * 16 + low);
			i += 2;
		} else {
			to[n++] = (char)value.p[i];
		}
	}
	return str_of(to, n);
}

static void take_field(struct request *r, struct str name, struct str value)
{
	if (str_eq_nocase(name, STR("Auth-Method")))
		r->ask.method = value;
	else if (str_eq_nocase(name, STR("Auth-User")))
		r->ask.user = decode(value, r->user);
	else if (str_eq_nocase(name, STR("Auth-Pass")))
		r->ask.pass = decode(value, r->pass);
	else if (str_eq_nocase(name, STR("Auth-Salt")))
		r->ask.salt = value;
	else if (str_eq_nocase(name, STR("Auth-Protocol")))
		r->ask.protocol = value;
	else if (str_eq_nocase(name, STR("Auth-SMTP-To")))
		r->ask.rcpt = value;
	else if (str_eq_nocase(name, STR("Auth-Login-Attempt")))
		r->ask.attempt = (uint64_t)(value.n ? value.p[0] - '0' : 0);
	else if (str_eq_nocase(name, STR("Connection")))
		r->keep = str_eq_nocase(value, STR("keep-alive")) ||
			  (r->http11 && !str_eq_nocase(value, STR("close")));
}

/* The next line of *rest without its end; *rest moves behind it. */
static struct str next_line(struct str *rest)
{
	size_t lf = str_find(*rest, '\n');
	struct str line = str_first(*rest, lf);

	*rest = str_from(*rest, lf + 1);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static bool parse(struct request *r, struct str head)
{
	static const struct str http10 = STR_INIT(" HTTP/1.0"), http11 = STR_INIT(" HTTP/1.1");
	struct str version;

	memset(r, 0, offsetof(struct request, user));
	r->line = next_line(&head);
	version = str_from(r->line, r->line.n > http11.n ? r->line.n - http11.n : 0);
	r->http11 = r->keep = str_eq(version, http11);
	if (!str_starts(r->line, STR("GET /")) || !(r->http11 || str_eq(version, http10)))
		return false;
	while (head.n) {
		struct str line = next_line(&head);
		size_t colon = str_find(line, ':');

		if (line.n == 0)
			break;
		if (colon == line.n)
			return false;
		take_field(r, str_first(line, colon), str_trim_sp(str_from(line, colon + 1)));
	}
	return true;
}

/* Bytes of the first whole header in `in` with its empty line, or 0. */
static size_t header_size(const struct wbuf *in)
{
	const uint8_t *end = memmem(in->p, in->n, "\r\n\r\n", 4);

	if (end)
		return (size_t)(end - in->p) + 4;
	end = memmem(in->p, in->n, "\n\n", 2);
	return end ? (size_t)(end - in->p) + 2 : 0;
}

/* --- answering
 * ------------------------------------------------------------------------------------ */

static void count(const struct request *r, const struct users_answer *a)
{
	seen.requests++;
	if (str_eq(r->ask.method, STR("plain")))
		seen.plain++;
	else if (str_eq(r->ask.method, STR("cram-md5")))
		seen.cram_md5++;
	else if (str_eq(r->ask.method, STR("external")))
		seen.external++;
	else if (str_eq(r->ask.method, STR("none")))
		seen.none++;
	else
		seen.other++;
	seen.accepted += a->kind == USERS_OK;
	seen.refused += a->kind == USERS_REFUSED;
	seen.waits += a->kind == USERS_WAIT;
}

static void show(const struct request *r, const struct users_answer *a)
{
	static const char *const kinds[] = {"OK", "refused", "WAIT"};

	printf("%.*s user=\"%.*s\" rcpt=\"%.*s\" attempt=%llu -> %s", (int)r->ask.method.n,
	       (const char *)r->ask.method.p, (int)r->ask.user.n, (const char *)r->ask.user.p,
	       (int)r->ask.rcpt.n, (const char *)r->ask.rcpt.p, (unsigned long long)r->ask.attempt,
	       kinds[a->kind]);
	if (a->kind == USERS_OK)
		printf(" %s:%d", a->server, a->port);
	else if (a->error)
		printf(" \"%s\"", a->error);
	putchar('\n');
	fflush(stdout);
}

static void field(struct wbuf *out, const char *name, const char *value)
{
	if (value)
		wbuf_printf(out, "%s: %s\r\n", name, value);
}

static void begin(struct conn *c, const struct request *r, const char *status)
{
	c->closing = !r->keep || no_keepalive;
	wbuf_printf(&c->out, "HTTP/1.%d %s\r\nConnection: %s\r\n", r->http11, status,
		    c->closing ? "close" : "keep-alive");
}

static void answer(struct conn *c, const struct request *r)
{
	struct users_answer a = users_decide(&r->ask);
	uint64_t delay_ms = a.delay_ms + delay_all_ms;

	count(r, &a);
	if (verbose)
		show(r, &a);
	begin(c, r, "200 OK");
	field(&c->out, "Auth-Status",
	      a.kind == USERS_OK     ? "OK"
	      : a.kind == USERS_WAIT ? "WAIT"
				     : a.error);
	field(&c->out, "Auth-Server", a.server);
	if (a.kind == USERS_OK)
		wbuf_printf(&c->out, "Auth-Port: %d\r\n", a.port);
	field(&c->out, "Auth-Server-SSL", a.server_ssl);
	field(&c->out, "Auth-User", a.login);
	field(&c->out, "Auth-Pass", a.pass);
	field(&c->out, "Auth-Error-Code", a.code);
	if (a.wait_s)
		wbuf_printf(&c->out, "Auth-Wait: %llu\r\n", (unsigned long long)a.wait_s);
	wbuf_text(&c->out, "Content-Length: 0\r\n\r\n");
	if (delay_ms)
		loop_arm(&c->delay, delay_ms);
}

static void answer_stats(struct conn *c, const struct request *r)
{
	json_t *all = tell();
	char *text = json_dumps(all, JSON_COMPACT | JSON_PRESERVE_ORDER);

	begin(c, r, "200 OK");
	wbuf_printf(&c->out, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s\n",
		    strlen(text) + 1, text);
	free(text);
	json_decref(all);
}

static void answer_malformed(struct conn *c, const struct request *r)
{
	seen.malformed++;
	c->closing = true;
	wbuf_printf(&c->out, "HTTP/1.%d 400 Bad Request\r\nContent-Length: 0\r\n\r\n", r->http11);
}

/* --- connections
 * ----------------------------------------------------------------------------------- */

static void end(struct conn *c)
{
	seen.open--;
	seen.left_early += c->delay.due_ms != 0;
	loop_disarm(&c->delay);
	loop_drop(&c->watch);
	close(c->watch.fd);
	wbuf_free(&c->in);
	wbuf_free(&c->out);
	free(c);
}

static void serve(struct conn *c)
{
	static struct request r;
	size_t n;

	while (!c->closing && c->delay.due_ms == 0 && (n = header_size(&c->in)) > 0) {
		if (record) {
			fwrite(c->in.p, 1, n, record);
			fflush(record);
		}
		if (!parse(&r, str_of(c->in.p, n)))
			answer_malformed(c, &r);
		else if (str_starts(r.line, STR("GET /stats ")))
			answer_stats(c, &r);
		else
			answer(c, &r);
		wbuf_eat(&c->in, n);
	}
	if (c->in.n > HEADER_MAX)
		c->closing = true;
}

/* False when the connection is gone. */
static bool flush(struct conn *c)
{
	int done = c->delay.due_ms ? 0 : wbuf_flush(&c->out, c->watch.fd);

	if (done < 0 || (done > 0 && c->closing)) {
		end(c);
		return false;
	}
	if (done == 0 && c->delay.due_ms == 0)
		loop_change(&c->watch, EPOLLIN | EPOLLOUT);
	return true;
}

static void on_delay(struct loop_timer *t)
{
	struct conn *c = LOOP_OWNER(t, struct conn, delay);

	if (!flush(c))
		return;
	serve(c);
	flush(c);
}

static void on_ready(struct loop_watch *w, uint32_t events)
{
	struct conn *c = LOOP_OWNER(w, struct conn, watch);
	uint8_t bytes[16384];
	ssize_t n;

	if (events & EPOLLOUT)
		loop_change(w, EPOLLIN);
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		n = recv(w->fd, bytes, sizeof(bytes), 0);
		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			end(c);
			return;
		}
		if (n > 0)
			wbuf_add(&c->in, bytes, (size_t)n);
		serve(c);
	}
	flush(c);
}

static void on_listener(struct loop_watch *w, uint32_t events)
{
	int fd = net_accept_client(w->fd);
	struct conn *c = fd < 0 ? NULL : calloc(1, sizeof(*c));

	(void)events;
	if (!c)
		return;
	c->watch = (struct loop_watch){.fd = fd, .on_ready = on_ready};
	c->delay.on_due = on_delay;
	seen.connections++;
	seen.open++;
	if (loop_add(&c->watch, EPOLLIN) < 0)
		end(c);
}

/* --- command line
 * ---------------------------------------------------------------------------------- */

static const char help[] =
	"authd: an auth service for auth_http, for trying things out and for tests\n"
	"\n"
	"  --listen ADDR       IP:PORT, PORT or unix:/path; port 0 is chosen and printed\n"
	"  --users FILE        who may log in and where to (JSON, see below)\n"
	"  --backend IP:PORT   the default route, in place of the file's\n"
	"  --accept-all        every login is good, whatever the password\n"
	"  --delay-ms N        wait before each answer\n"
	"  --no-keepalive      close after each answer\n"
	"  --record FILE       write every request there as it came\n"
	"  --verbose           print a line for each request\n"
	"\n"
	"GET /stats answers the counts as JSON; SIGUSR1 and the end print them to standard error.\n"
	"\n"
	"{\n"
	"  \"default\": {\"server\": \"127.0.0.1\", \"port\": 2525},\n"
	"  \"imap\": {\"server\": \"127.0.0.1\", \"port\": 143},\n"
	"  \"users\": {\n"
	"    \"alice@example.org\": {\"password\": \"secret\"},\n"
	"    \"bob\": {\"password\": \"x\", \"server\": \"127.0.0.2\", \"port\": 2626,\n"
	"            \"login\": \"bob@inside\", \"backend_password\": \"y\"},\n"
	"    \"key\": {\"external\": true},\n"
	"    \"locked\": {\"error\": \"Account is locked\", \"code\": \"535 5.7.8\", \"wait_s\": "
	"3},\n"
	"    \"busy\": {\"password\": \"x\", \"waits\": 2, \"wait_s\": 1},\n"
	"    \"late\": {\"password\": \"x\", \"delay_ms\": 500}\n"
	"  },\n"
	"  \"domains\": {\n"
	"    \"example.org\": {\"server\": \"127.0.0.3\", \"port\": 2525},\n"
	"    \"nowhere.example\": {\"error\": \"No such domain\", \"code\": \"550 5.1.2\", "
	"\"wait_s\": 1}\n"
	"  },\n"
	"  \"refusal\": {\"error\": \"Invalid login or password\", \"wait_s\": 0}\n"
	"}\n"
	"\n"
	"default: the route of users and recipients without their own; imap, pop3, smtp: of one\n"
	"protocol. domains: the routes of RCPT TO when clients need not log in. refusal: what a\n"
	"wrong password gets. error: refuse. waits: say WAIT so many times first. \n"
	"server_ssl: off, on or starttls, said as Auth-Server-SSL. All keys are optional.\n";

static const char *listen_at = "127.0.0.1:0";

static const struct option options[] = {
	{"listen", required_argument, NULL, 'l'},   {"users", required_argument, NULL, 'u'},
	{"backend", required_argument, NULL, 'b'},  {"accept-all", no_argument, NULL, 'A'},
	{"delay-ms", required_argument, NULL, 'd'}, {"no-keepalive", no_argument, NULL, 'k'},
	{"record", required_argument, NULL, 'r'},   {"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0}};

static void set_backend(const char *text)
{
	static char copy[NET_TEXT_SIZE]; /* of the last one given */
	struct net_address a;
	char *colon, *server = copy;

	snprintf(copy, sizeof(copy), "%s", text);
	colon = strrchr(server, ':');
	if (!colon || net_parse(text, &a) < 0 || a.sa.any.sa_family == AF_UNIX) {
		fprintf(stderr, "--backend takes IP:PORT, not %s\n", text);
		exit(1);
	}
	*colon = '\0';
	if (server[0] == '[') {
		server[strlen(server) - 1] = '\0';
		server++;
	}
	users_set_default(server, atoi(colon + 1));
}

static void set_option(int option, const char *value)
{
	if (option == 'l')
		listen_at = value;
	else if (option == 'u')
		users_load(value);
	else if (option == 'b')
		set_backend(value);
	else if (option == 'A')
		users_accept_all();
	else if (option == 'd')
		delay_all_ms = strtoull(value, NULL, 10);
	else if (option == 'k')
		no_keepalive = true;
	else if (option == 'v')
		verbose = true;
}

int main(int argc, char **argv)
{
	struct loop_watch listener = {.fd = -1, .on_ready = on_listener};
	struct net_address a;
	char text[NET_TEXT_SIZE];
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h' || option == '?') {
			fputs(help, option == 'h' ? stdout : stderr);
			return option == '?';
		}
		if (option == 'r' && !(record = fopen(optarg, "we"))) {
			fprintf(stderr, "cannot write %s: %s\n", optarg, strerror(errno));
			return 1;
		}
		set_option(option, optarg);
	}
	loop_open(on_usr1);
	listener.fd = net_listen(listen_at, &a);
	net_text(&a, text);
	printf("listening %s\n", text);
	fflush(stdout);
	loop_add(&listener, EPOLLIN);
	loop_run();
	control_print(&counts, stderr);
	return 0;
}
