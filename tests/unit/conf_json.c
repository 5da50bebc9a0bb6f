/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/conf_json: what -T --json prints is JSON, has every directive where it stands
 * and every server as it is understood, and gives no secret away.
 */
#include "app/conf_json.h"

#include "app/conf_table.h"
#include "tests/lib/certs.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];
static char *printed; /* by the last load() */

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "we");
	cr_assert(f && fputs(text, f) >= 0 && !fclose(f));
}

static void folder_open(void)
{
	snprintf(folder, sizeof(folder), "/tmp/ringpost-json-XXXXXX");
	cr_assert(mkdtemp(folder));
}

static void folder_close(void)
{
	static const char *const names[] = {"c", "more", "passwords"};
	char path[128];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
	free(printed);
	printed = NULL;
}

TestSuite(conf_json, .init = folder_open, .fini = folder_close);

/* The configuration with this text, as JSON that has been read again. */
static json_t *load(const char *text)
{
	struct options o = {.conf = "c", .prefix = folder, .json = true};
	struct conf_error e;
	struct conf *c;
	size_t n;
	FILE *to = open_memstream(&printed, &n);
	json_error_t error;
	json_t *all;

	write_file("c", text);
	c = conf_load(&o, &e);
	cr_assert(c && to, "%s", e.text);
	cr_assert_eq(conf_json_print(c, to), 0);
	fclose(to);
	conf_free(c);
	all = json_loads(printed, 0, &error);
	cr_assert(all, "%s in line %d:\n%s", error.text, error.line, printed);
	return all;
}

/* The member at a path of names and numbers: "servers 0 listen 1 ssl". */
static const json_t *at(const json_t *from, const char *path)
{
	char copy[256], *rest = copy;

	snprintf(copy, sizeof(copy), "%s", path);
	for (const char *word; (word = strsep(&rest, " "));)
		from = json_is_array(from) ? json_array_get(from, strtoul(word, NULL, 10))
					   : json_object_get(from, word);
	cr_assert(from, "no %s in:\n%s", path, printed);
	return from;
}

static void expect(const json_t *all, const char *path, const char *want)
{
	char *got = json_dumps(at(all, path), JSON_ENCODE_ANY | JSON_COMPACT);

	cr_expect_str_eq(got, want, "%s: %s", path, got);
	free(got);
}

Test(conf_json, directives_stand_where_they_were_written)
{
	json_t *all;

	write_file("more", "timeout\n5s;auth_http 127.0.0.1;\n");
	all = load("worker_processes 2;\n"
		   "http { server { listen 80;\nlocation \"/ \\\"\" { } } }\n"
		   "mail {\ninclude more;\nserver {\nlisten 127.0.0.1:25; } }");
	expect(all, "directives 0 name", "\"worker_processes\"");
	expect(all, "directives 0 args", "[\"2\"]");
	expect(all, "directives 1 block 0 block 1 args", "[\"/ \\\"\"]");
	expect(all, "directives 1 block 0 block 1 line", "3");
	expect(all, "directives 1 block 0 block 1 block", "[]");
	expect(all, "directives 2 line", "4");
	expect(all, "directives 2 block 0 name", "\"include\"");
	expect(all, "directives 2 block 1 name", "\"timeout\"");
	expect(all, "directives 2 block 1 line", "1");
	expect(all, "directives 2 block 3 block 0 args", "[\"127.0.0.1:25\"]");
	cr_expect_eq(json_array_size(at(all, "directives")), 3);
	cr_expect_eq(json_array_size(at(all, "directives 2 block")), 4);
	cr_expect_eq(json_array_size(at(all, "files")), 2);
	cr_expect(strstr(json_string_value(at(all, "directives 2 block 1 file")), "/more"));
	expect(all, "notes 0 level", "\"notice\"");
	json_decref(all);
}

Test(conf_json, servers_are_shown_as_they_are_understood)
{
	json_t *all =
		load("error_log /a info; worker_processes 3; events { worker_connections 9; }\n"
		     "mail { auth_http http://127.0.0.1:9/x; timeout 1m; server_name a.b;\n"
		     "auth_http_header X-Key secret-of-header;\n"
		     "server { listen 127.0.0.1:25 backlog=5 so_keepalive=1m::3; "
		     "smtp_capabilities \"SIZE 1\" DSN; set_real_ip_from 192.0.2.0/24; }\n"
		     "server { listen [::1]:143 proxy_protocol; imap_auth login cram-md5; "
		     "proxy_protocol v2; timeout 5; resolver 127.0.0.1:5353 valid=9s ipv6=off; "
		     "error_log stderr; } }");

	expect(all, "main worker_processes", "3");
	expect(all, "main worker_connections", "9");
	expect(all, "main error_log", "[{\"to\":\"/a\",\"level\":\"info\"}]");
	expect(all, "servers 0 protocol", "\"smtp\"");
	expect(all, "servers 0 timeout_ms", "60000");
	expect(all, "servers 0 smtp_auth", "[\"plain\",\"login\"]");
	expect(all, "servers 0 smtp_capabilities", "[\"SIZE 1\",\"DSN\"]");
	expect(all, "servers 0 set_real_ip_from", "[\"192.0.2.0/24\"]");
	expect(all, "servers 0 listen 0 address", "\"127.0.0.1:25\"");
	expect(all, "servers 0 listen 0 backlog", "5");
	expect(all, "servers 0 listen 0 so_keepalive",
	       "{\"idle_s\":60,\"interval_s\":0,\"count\":3}");
	expect(all, "servers 0 auth_http uri", "\"/x\"");
	expect(all, "servers 0 auth_http_header", "[\"X-Key\"]");
	expect(all, "servers 0 ssl_protocols", "[\"TLSv1.2\",\"TLSv1.3\"]");
	expect(all, "servers 0 ciphers_in_force", "null");
	cr_expect_null(json_object_get(at(all, "servers 0"), "imap_auth"));
	expect(all, "servers 1 imap_auth", "[\"login\",\"cram-md5\"]");
	expect(all, "servers 0 resolver", "null");
	expect(all, "servers 1 resolver",
	       "{\"servers\":[\"127.0.0.1:5353\"],\"valid_ms\":9000,\"ipv4\":true,\"ipv6\":false}");
	expect(all, "servers 1 timeout_ms", "5000");
	expect(all, "servers 1 proxy_protocol", "\"v2\"");
	expect(all, "servers 1 listen 0 proxy_protocol", "true");
	expect(all, "servers 1 error_log", "[{\"to\":\"stderr\",\"level\":\"error\"}]");
	json_decref(all);
}

Test(conf_json, no_secret_of_a_file_is_in_it)
{
	const char *certs = certs_folder();
	char text[2048];
	json_t *all;

	cr_assert(certs);
	write_file("passwords", "wrong\nright\n");
	snprintf(text, sizeof(text),
		 "mail { auth_http 127.0.0.1:9; ssl_password_file passwords;\n"
		 "ssl_certificate %s/rsa.pem; ssl_certificate_key %s/rsa-locked.key;\n"
		 "ssl_session_ticket_key %s/ticket-80.key;\n"
		 "server { listen 127.0.0.1:465 ssl; } }",
		 certs, certs, certs);
	all = load(text);
	cr_expect_not(strstr(printed, "right"));
	cr_expect_not(strstr(printed, "BEGIN"));
	cr_expect(json_array_size(at(all, "servers 0 ciphers_in_force")) > 2);
	expect(all, "servers 0 listen 0 ssl", "true");
	cr_expect_eq(json_array_size(at(all, "servers 0 ssl_session_ticket_key")), 1);
	json_decref(all);
}

Test(conf_json, bytes_that_are_no_text_are_shown_all_the_same)
{
	json_t *all = load("mail { auth_http 127.0.0.1:9; server_name \"a\xff\xc3\";\n"
			   "server { listen 127.0.0.1:25; } }");

	expect(all, "servers 0 server_name", "\"a\u00ff\u00c3\"");
	json_decref(all);
}

/* Those that are a list of their own, or have no value. */
static const char *const elsewhere[] = {
	"user",         "error_log",    "listen",          "auth_http",
	"ring_entries", "ring_buffers", "set_real_ip_from"};

static bool is_elsewhere(const char *name)
{
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		if (strcmp(elsewhere[i], name) == 0)
			return true;
	return false;
}

/* A directive whose kind of value is new is at least among the directives; few are. */
Test(conf_json, nearly_every_setting_is_there)
{
	json_t *all = load("mail { auth_http 127.0.0.1:9; server { listen 127.0.0.1:25; } }");
	unsigned there = 0, missing = 0;

	for (uint32_t i = 0; i < conf_table_n(); i++) {
		const struct conf_row *row = conf_table_row(i);
		char name[3][64];
		bool found = false;

		if (row->kind != CONF_SETTING || is_elsewhere(row->name) ||
		    strncmp(row->name, "imap_", 5) == 0 || strncmp(row->name, "pop3_", 5) == 0)
			continue;
		snprintf(name[0], sizeof(name[0]), "%s_ms", row->name);
		snprintf(name[1], sizeof(name[1]), "%s_s", row->name);
		snprintf(name[2], sizeof(name[2]), "%s_bytes", row->name);
		for (int k = -1; k < 3; k++) {
			const char *key = k < 0 ? row->name : name[k];

			found |= json_object_get(at(all, "main"), key) ||
				 json_object_get(at(all, "servers 0"), key);
		}
		there += found;
		missing += !found;
	}
	cr_expect_gt(there, 60);
	cr_expect_lt(missing, 12, "%u settings are not shown", missing);
	json_decref(all);
}
