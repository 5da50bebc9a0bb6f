/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * users: the JSON file of the reference auth service and the decisions made from it. Owns the
 * parsed file; knows nothing of HTTP. CRAM-MD5 is RFC 2195.
 */
#include "tools/lib/users.h"

#include "tools/lib/md5.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *path_of_file;
static char *text_of_file;
static json_t *file;
static const char *default_server;
static int default_port;
static bool all_accepted;

enum key_type { KEY_STRING, KEY_NUMBER, KEY_BOOL };

static const struct {
	const char *name;
	enum key_type type;
} keys[] = {
	{"server", KEY_STRING}, {"port", KEY_NUMBER},     {"password", KEY_STRING},
	{"login", KEY_STRING},  {"external", KEY_BOOL},   {"backend_password", KEY_STRING},
	{"error", KEY_STRING},  {"code", KEY_STRING},     {"wait_s", KEY_NUMBER},
	{"waits", KEY_NUMBER},  {"delay_ms", KEY_NUMBER}, {"server_ssl", KEY_STRING},
};

/* The line on which `"what"` stands first. */
static int line_of(const char *what)
{
	char quoted[256];
	const char *hit;
	int line = 1;

	snprintf(quoted, sizeof(quoted), "\"%s\"", what);
	hit = strstr(text_of_file, quoted);
	for (const char *p = text_of_file; hit && p < hit; p++)
		line += *p == '\n';
	return line;
}

static void refuse(const char *what, const char *problem)
{
	fprintf(stderr, "%s:%d: \"%s\" %s (authd --help shows the shape of the file)\n",
		path_of_file, line_of(what), what, problem);
	exit(1);
}

static void check_key(const char *name, const json_t *value)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].name, name) != 0)
			continue;
		if (keys[i].type == KEY_STRING && !json_is_string(value))
			refuse(name, "must be text in quotes");
		if (keys[i].type == KEY_NUMBER &&
		    (!json_is_integer(value) || json_integer_value(value) < 0))
			refuse(name, "must be a whole number");
		if (keys[i].type == KEY_BOOL && !json_is_boolean(value))
			refuse(name, "must be true or false");
		if (strcmp(name, "port") == 0 && json_integer_value(value) > 65535)
			refuse(name, "must be at most 65535");
		return;
	}
	refuse(name, "is not known here; remove it or mend its name");
}

static void check_entry(const char *name, json_t *entry)
{
	const char *key;
	json_t *value;

	if (!json_is_object(entry))
		refuse(name, "must be an object in { }");
	json_object_foreach(entry, key, value) check_key(key, value);
	if (json_object_get(entry, "server") && !json_object_get(entry, "port"))
		refuse(name, "has a server but no port; add \"port\"");
}

static bool is_route(const char *part)
{
	static const char *const names[] = {"default", "imap", "pop3", "smtp"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(part, names[i]) == 0)
			return true;
	return false;
}

static void check_file(void)
{
	const char *part, *name;
	json_t *value, *entry;

	json_object_foreach(file, part, value)
	{
		if (is_route(part) || strcmp(part, "refusal") == 0) {
			check_entry(part, value);
		} else if (strcmp(part, "users") == 0 || strcmp(part, "domains") == 0) {
			if (!json_is_object(value))
				refuse(part, "must be an object in { }");
			json_object_foreach(value, name, entry) check_entry(name, entry);
		} else {
			refuse(part,
			       "is none of default, imap, pop3, smtp, users, domains, refusal");
		}
	}
}

static char *read_all(const char *path)
{
	FILE *f = fopen(path, "re");
	size_t n = 0, room = 4096;
	char *text = malloc(room + 1);

	if (!f || !text) {
		fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(errno));
		exit(1);
	}
	for (size_t got; (got = fread(text + n, 1, room - n, f)) > 0;) {
		n += got;
		if (n == room && !(text = realloc(text, (room *= 2) + 1)))
			abort();
	}
	fclose(f);
	text[n] = '\0';
	return text;
}

void users_load(const char *path)
{
	json_error_t error;

	path_of_file = path;
	text_of_file = read_all(path);
	file = json_loads(text_of_file, JSON_REJECT_DUPLICATES, &error);
	if (!file) {
		fprintf(stderr,
			"%s:%d:%d: not JSON: %s (a comma, quote or bracket too many or few?)\n",
			path, error.line, error.column, error.text);
		exit(1);
	}
	if (!json_is_object(file)) {
		fprintf(stderr, "%s:1: must be one object in { }; authd --help shows it\n", path);
		exit(1);
	}
	check_file();
}

void users_set_default(const char *server, int port)
{
	default_server = server;
	default_port = port;
}

void users_accept_all(void)
{
	all_accepted = true;
}

/* --- decisions -----------------------------------------------------------------------------------
 */

static json_t *find(const char *part, struct str name)
{
	char key[1024];

	if (name.n == 0 || name.n >= sizeof(key) || memchr(name.p, '\0', name.n))
		return NULL;
	memcpy(key, name.p, name.n);
	key[name.n] = '\0';
	return json_object_get(json_object_get(file, part), key);
}

static const char *text_at(const json_t *entry, const char *key)
{
	return json_string_value(json_object_get(entry, key));
}

static uint64_t number_at(const json_t *entry, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(entry, key));
}

static struct users_answer refused(const json_t *entry)
{
	const char *error = text_at(entry, "error");

	return (struct users_answer){.kind = USERS_REFUSED,
				     .error = error ? error : "Invalid login or password",
				     .code = text_at(entry, "code"),
				     .wait_s = number_at(entry, "wait_s")};
}

/* APOP hashes salt and password, CRAM-MD5 the salt with the password as the key. */
static void hash(const struct users_ask *ask, const char *password, uint8_t digest[16])
{
	struct md5_bytes key = {password, strlen(password)}, salt = {ask->salt.p, ask->salt.n};
	struct md5 m;

	if (str_eq(ask->method, STR("cram-md5"))) {
		md5_hmac(key, salt, digest);
		return;
	}
	md5_init(&m);
	md5_add(&m, salt.p, salt.n);
	md5_add(&m, key.p, key.n);
	md5_done(&m, digest);
}

static bool is_hashed(const struct users_ask *ask)
{
	return str_eq(ask->method, STR("cram-md5")) || str_eq(ask->method, STR("apop"));
}

static bool is_digest(const struct users_ask *ask, const char *password)
{
	uint8_t digest[16];
	char hex[33];

	hash(ask, password, digest);
	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	if (ask->pass.n != 32)
		return false;
	for (size_t i = 0; i < 32; i++)
		if (tolower(ask->pass.p[i]) != hex[i])
			return false;
	return true;
}

static bool is_login(const struct users_ask *ask, const json_t *user)
{
	const char *password = text_at(user, "password");

	if (all_accepted)
		return true;
	if (str_eq(ask->method, STR("external")))
		return json_is_true(json_object_get(user, "external"));
	if (!password)
		return false;
	if (is_hashed(ask))
		return is_digest(ask, password);
	return str_eq(ask->pass, str_cstr(password));
}

/* The protocol's route; NULL: none. */
static const json_t *route(struct str protocol)
{
	char name[8] = "";

	if (protocol.n == 4)
		snprintf(name, sizeof(name), "%.4s", (const char *)protocol.p);
	return is_route(name) ? json_object_get(file, name) : NULL;
}

/* Where to: the entry's own server, that of the protocol, that of the command line, the default. */
static void route_to(struct users_answer *a, const json_t *entry, struct str protocol)
{
	const json_t *const ways[] = {entry, route(protocol),
				      default_server ? NULL : json_object_get(file, "default")};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]) && !a->server; i++) {
		a->server = text_at(ways[i], "server");
		a->port = (int)number_at(ways[i], "port");
		a->server_ssl = a->server ? text_at(ways[i], "server_ssl") : NULL;
	}
	if (a->server)
		return;
	a->server = default_server;
	a->port = default_port;
}

static struct users_answer accepted(const struct users_ask *ask, const json_t *entry)
{
	struct users_answer a = {.kind = USERS_OK,
				 .login = text_at(entry, "login"),
				 .pass = text_at(entry, "backend_password")};

	route_to(&a, entry, ask->protocol);
	if (!a.server)
		return (struct users_answer){.kind = USERS_REFUSED, .error = "No route"};
	if (text_at(entry, "server_ssl"))
		a.server_ssl = text_at(entry, "server_ssl");
	return a;
}

/* The domain of "RCPT TO:<a@example.org> NOTIFY=NEVER". */
static struct str domain_of(struct str rcpt)
{
	struct str after = str_from(rcpt, str_find(rcpt, '@') + 1);
	size_t n = 0;

	while (n < after.n && (isalnum(after.p[n]) || after.p[n] == '.' || after.p[n] == '-'))
		n++;
	return str_first(after, n);
}

/* "waits": N, and how many of them were already said; kept in the entry itself. */
static bool must_wait(json_t *entry)
{
	json_int_t left = json_integer_value(json_object_get(entry, "waits_left"));

	if (number_at(entry, "waits") == 0)
		return false;
	if (left == 0)
		left = (json_int_t)number_at(entry, "waits") + 1;
	json_object_set_new(entry, "waits_left", json_integer(left - 1));
	return left > 1;
}

struct users_answer users_decide(const struct users_ask *ask)
{
	bool none = str_eq(ask->method, STR("none"));
	json_t *entry = none ? find("domains", domain_of(ask->rcpt)) : find("users", ask->user);
	struct users_answer a;

	if (text_at(entry, "error"))
		a = refused(entry);
	else if (must_wait(entry))
		a = (struct users_answer){.kind = USERS_WAIT, .wait_s = number_at(entry, "wait_s")};
	else if (none || is_login(ask, entry))
		a = accepted(ask, entry);
	else
		a = refused(json_object_get(file, "refusal"));
	/* a backend that wants a login needs the password that a digest does not carry */
	if (a.kind == USERS_OK && !a.pass && is_hashed(ask))
		a.pass = text_at(entry, "password");
	a.delay_ms = number_at(entry, "delay_ms");
	return a;
}
