/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/conf_tls_build and app/conf_tls_client: the effect of every directive of TLS
 * on what the floor below is asked for: its default, its value, and what servers inherit. Files
 * are read, not looked into: each holds its own name.
 */
#include "app/conf_files.h"
#include "app/conf_opened.h"
#include "app/conf_parse.h"
#include "app/conf_rows.h"
#include "app/conf_tls_build.h"
#include "app/conf_tls_client.h"
#include "base/must.h"
#include "tls/ciphers.h"
#include "tls/library.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64]; /* ends in "/" */

static const char *const files[] = {"a", "b", "c", "d"};
enum { FILES = sizeof(files) / sizeof(files[0]) };

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", folder, name);
	f = fopen(path, "we");
	must(f && fputs(text, f) >= 0 && !fclose(f) && !chmod(path, 0600));
}

static void folder_open(void)
{
	char made[] = "/tmp/ringpost-tls-XXXXXX", ticket[81];

	must(mkdtemp(made));
	snprintf(folder, sizeof(folder), "%s/", made);
	for (size_t i = 0; i < FILES; i++)
		write_file(files[i], files[i]);
	write_file("lines", "one\n\ntwo\r\nthree");
	memset(ticket, '1', sizeof(ticket));
	ticket[48] = '\0';
	write_file("t48", ticket);
	memset(ticket, '2', sizeof(ticket));
	ticket[80] = '\0';
	write_file("t80", ticket);
}

static void folder_close(void)
{
	static const char *const more[] = {"lines", "t48", "t80"};
	char path[128];

	for (size_t i = 0; i < FILES + 3; i++) {
		snprintf(path, sizeof(path), "%s%s", folder,
			 i < FILES ? files[i] : more[i - FILES]);
		unlink(path);
	}
	rmdir(folder);
}

TestSuite(conf_tls_effects, .init = folder_open, .fini = folder_close);

/* A configuration up to where TLS would be opened. */
struct looked {
	struct conf_build b;
	struct conf_error error;
	struct conf_opened opened;
	const struct conf_settings *s; /* of the server */
	struct tls_acceptor_conf front;
	struct tls_connector_conf back, auth;
};

static void look(struct looked *l, const char *text)
{
	const struct conf_tls_client_of back = {.prefix = "proxy_ssl"};
	const struct conf_tls_client_of auth = {
		.prefix = "auth_http_ssl", .name = STR("host"), .system_ca = true};
	struct conf_settings *s;

	memset(l, 0, sizeof(*l));
	l->b = (struct conf_build){.pool = conf_pool_new(),
				   .error = &l->error,
				   .prefix = "/nowhere/",
				   .folder = folder,
				   .opened = &l->opened};
	cr_assert(!conf_parse_defaults(&l->b));
	cr_assert(!conf_parse_text(&l->b, "c", str_cstr(text)), "%s\n%s", l->error.text, text);
	s = *(struct conf_settings **)l->b.servers.items;
	conf_build_inherit(&l->b.mail, &l->b.main);
	conf_build_inherit(s, &l->b.mail);
	l->s = s;
	cr_assert(!conf_tls_build_lay_out(&l->b, s, &l->front), "%s", l->error.text);
	cr_assert(!conf_tls_client_lay_out(&l->b, &s->proxy_tls, &back, &l->back), "%s",
		  l->error.text);
	cr_assert(!conf_tls_client_lay_out(&l->b, &s->auth_tls, &auth, &l->auth), "%s",
		  l->error.text);
}

static void look_away(struct looked *l)
{
	conf_files_wipe(&l->b);
	conf_opened_close(&l->opened);
	conf_pool_free(l->b.pool);
}

typedef void shower(const struct looked *l, struct out *o);

static void show_flag(struct out *o, bool on)
{
	out_str(o, on ? STR("on") : STR("off"));
}

/* Its contents, when it was found below the folder. */
static void show_file(struct out *o, const struct tls_file *f)
{
	if (f->bytes.n)
		must(str_starts(f->name, str_cstr(folder)));
	out_str(o, f->bytes.n ? f->bytes : STR("-"));
}

static void show_identities(struct out *o, const struct tls_identities *ids)
{
	for (uint32_t i = 0; i < ids->n; i++) {
		show_file(o, &ids->v[i].chain);
		out_byte(o, '/');
		show_file(o, &ids->v[i].key);
		for (uint32_t k = 0; k < ids->v[i].n_passwords; k++) {
			out_byte(o, ':');
			out_str(o, ids->v[i].passwords[k]);
		}
		out_byte(o, ' ');
	}
}

static void show_starttls(const struct looked *l, struct out *o)
{
	out_u64(o, l->s->starttls.value);
}

static void show_ssl(const struct looked *l, struct out *o)
{
	show_flag(o, l->s->ssl.value);
}

static void show_certificates(const struct looked *l, struct out *o)
{
	show_identities(o, &l->front.identities);
}

static void show_suites(struct out *o, const struct tls_suites *s)
{
	out_u64(o, s->versions);
	out_byte(o, ' ');
	out_str(o, s->ciphers);
	out_byte(o, ' ');
	out_str(o, s->ciphersuites);
	out_byte(o, ' ');
	out_str(o, s->curves);
}

static void show_front_suites(const struct looked *l, struct out *o)
{
	show_suites(o, &l->front.suites);
}

static void show_prefer(const struct looked *l, struct out *o)
{
	show_flag(o, l->front.prefer_server_ciphers);
}

static void show_dhparam(const struct looked *l, struct out *o)
{
	show_file(o, &l->front.dhparam);
}

static void show_cache(const struct looked *l, struct out *o)
{
	const struct conf_tls_cache *c = l->s->tls.cache;

	must((c != NULL) == (l->front.cache != NULL));
	out_str(o, c ? c->name : STR("none"));
	out_byte(o, ' ');
	out_u64(o, c ? c->bytes : 0);
}

static void show_timeout(const struct looked *l, struct out *o)
{
	out_u64(o, l->front.session_timeout_s);
}

static void show_tickets(const struct looked *l, struct out *o)
{
	show_flag(o, l->front.tickets);
}

static void show_ticket_keys(const struct looked *l, struct out *o)
{
	for (uint32_t i = 0; i < l->front.n_ticket_keys; i++) {
		out_u64(o, l->front.ticket_keys[i].bytes.n);
		out_byte(o, ' ');
	}
}

static void show_verify(const struct looked *l, struct out *o)
{
	out_u64(o, l->front.verify);
	out_byte(o, ' ');
	out_u64(o, l->front.verify_depth);
	out_byte(o, ' ');
	show_file(o, &l->front.client_ca);
	show_file(o, &l->front.trusted_ca);
	show_file(o, &l->front.crl);
}

static void show_names(const struct looked *l, struct out *o)
{
	for (uint32_t i = 0; i < l->front.n_names; i++) {
		const struct tls_name *name = &l->front.names[i];

		for (uint32_t k = 0; k < name->n_names; k++) {
			out_str(o, name->names[k]);
			out_byte(o, ' ');
		}
		show_identities(o, &name->identities);
	}
}

static void show_pass_cert(const struct looked *l, struct out *o)
{
	show_flag(o, l->s->auth_pass_cert);
}

/* What must not change anything. */
static void show_nothing(const struct looked *l, struct out *o)
{
	out_u64(o, l->front.identities.n);
}

static void show_proxy(const struct looked *l, struct out *o)
{
	out_u64(o, l->s->proxy_ssl.value);
}

static void show_client(struct out *o, const struct tls_connector_conf *c)
{
	show_flag(o, c->verify);
	out_byte(o, ' ');
	out_u64(o, c->verify_depth);
	out_byte(o, ' ');
	show_file(o, &c->trusted_ca);
	out_byte(o, ' ');
	show_file(o, &c->crl);
	out_byte(o, ' ');
	out_str(o, c->name);
	out_byte(o, ' ');
	show_identities(o, &c->identities);
	show_flag(o, c->session_reuse);
}

static void show_back(const struct looked *l, struct out *o)
{
	show_client(o, &l->back);
}

static void show_back_suites(const struct looked *l, struct out *o)
{
	show_suites(o, &l->back.suites);
}

static void show_auth(const struct looked *l, struct out *o)
{
	show_client(o, &l->auth);
}

static void show_auth_suites(const struct looked *l, struct out *o)
{
	show_suites(o, &l->auth.suites);
}

#define HIGH  CIPHERS_DEFAULT
#define FRONT "12 " HIGH "  auto"
#define CERT  "ssl_certificate a; ssl_certificate_key b; "

static const struct effect {
	const char *name;
	shower *show;
	const char *by_default;      /* what is shown when it is not said */
	const char *text, *shown;    /* one use of it */
	const char *other, *instead; /* another use, in the server when both levels are allowed */
} effects[] = {
	{"starttls", show_starttls, "0", "starttls on;", "1", "starttls only;", "2"},
	{"ssl", show_ssl, "off", "ssl on;", "on", "ssl off;", "off"},
	{"ssl_certificate", show_certificates, "a/b ", "ssl_certificate c; ssl_certificate_key b;",
	 "c/b ",
	 "ssl_certificate d; ssl_certificate a; ssl_certificate_key c; ssl_certificate_key d;",
	 "d/c a/d "},
	{"ssl_certificate_key", show_certificates, "a/b ",
	 "ssl_certificate a; ssl_certificate_key c;", "a/c ",
	 "ssl_certificate a; ssl_certificate_key d; ssl_certificate_key a;", "a/d "},
	{"ssl_password_file", show_certificates, "a/b ", "ssl_password_file lines;",
	 "a/b:one:two:three ", "ssl_password_file \"\";", "a/b "},
	{"ssl_protocols", show_front_suites, FRONT, "ssl_protocols TLSv1.3;", "8 " HIGH "  auto",
	 "ssl_protocols TLSv1.2 SSLv3;", "4 " HIGH "  auto"},
	{"ssl_ciphers", show_front_suites, FRONT, "ssl_ciphers ALL;", "12 ALL  auto",
	 "ssl_ciphers HIGH:kEDH;", "12 HIGH:kEDH  auto"},
	{"ssl_prefer_server_ciphers", show_prefer, "off", "ssl_prefer_server_ciphers on;", "on",
	 "ssl_prefer_server_ciphers off;", "off"},
	{"ssl_dhparam", show_dhparam, "-", "ssl_dhparam c;", "c", "ssl_dhparam \"\";", "-"},
	{"ssl_ecdh_curve", show_front_suites, FRONT, "ssl_ecdh_curve X25519;",
	 "12 " HIGH "  X25519", "ssl_ecdh_curve auto;", FRONT},
	{"ssl_session_cache", show_cache, "none 0", "ssl_session_cache builtin shared:x:1m;",
	 "x 1048576", "ssl_session_cache builtin:9;", " 2448"},
	{"ssl_session_timeout", show_timeout, "300", "ssl_session_timeout 1y;", "31536000",
	 "ssl_session_timeout 1h1s;", "3601"},
	{"ssl_session_tickets", show_tickets, "on", "ssl_session_tickets off;", "off",
	 "ssl_session_tickets on;", "on"},
	{"ssl_session_ticket_key", show_ticket_keys, "", "ssl_session_ticket_key t48;", "48 ",
	 "ssl_session_ticket_key t80; ssl_session_ticket_key t48;", "80 48 "},
	{"ssl_verify_client", show_verify, "0 1 ---", "ssl_verify_client optional_no_ca;",
	 "3 1 ---", "ssl_verify_client off;", "0 1 ---"},
	{"ssl_verify_depth", show_verify, "0 1 ---", "ssl_verify_depth 3;", "0 3 ---",
	 "ssl_verify_depth 0;", "0 0 ---"},
	{"ssl_client_certificate", show_verify, "0 1 ---",
	 "ssl_client_certificate c; ssl_verify_client on;", "1 1 c--",
	 "ssl_client_certificate d; "
	 "ssl_verify_client optional;",
	 "2 1 d--"},
	{"ssl_trusted_certificate", show_verify, "0 1 ---",
	 "ssl_trusted_certificate c; ssl_verify_client on;", "1 1 -c-",
	 "ssl_trusted_certificate d; ssl_verify_client off;", "0 1 -d-"},
	{"ssl_crl", show_verify, "0 1 ---", "ssl_crl c;", "0 1 --c", "ssl_crl d;", "0 1 --d"},
	{"ssl_conf_command", show_front_suites, FRONT, "ssl_conf_command MinProtocol TLSv1.3;",
	 "8 " HIGH "  auto",
	 "ssl_conf_command MaxProtocol TLSv1.2; ssl_conf_command cipherstring ALL; "
	 "ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256; ssl_conf_command Groups P-256;",
	 "4 ALL TLS_AES_128_GCM_SHA256 P-256"},
	{"ssl_certificate_compression", show_nothing, "1", "ssl_certificate_compression on;", "1",
	 "ssl_certificate_compression off;", "1"},
	{"ssl_server_name", show_names, "", "ssl_server_name A.b *.c.d { " CERT "}",
	 "a.b *.c.d a/b ",
	 "ssl_server_name x { " CERT "} ssl_server_name .y { ssl_certificate c; "
	 "ssl_certificate_key d; ssl_password_file lines; }",
	 "x a/b .y c/d:one:two:three "},
	{"auth_http_pass_client_cert", show_pass_cert, "off", "auth_http_pass_client_cert on;",
	 "on", "auth_http_pass_client_cert off;", "off"},
	{"proxy_ssl", show_proxy, "1", "proxy_ssl on;", "2", "proxy_ssl starttls;", "3"},
	{"proxy_ssl_verify", show_back, "off 1 - -  on",
	 "proxy_ssl_verify on; proxy_ssl_trusted_certificate a;", "on 1 a -  on",
	 "proxy_ssl_verify off;  proxy_ssl_trusted_certificate \"\";", "off 1 - -  on"},
	{"proxy_ssl_verify_depth", show_back, "off 1 - -  on", "proxy_ssl_verify_depth 2;",
	 "off 2 - -  on", "proxy_ssl_verify_depth 0;", "off 0 - -  on"},
	{"proxy_ssl_trusted_certificate", show_back, "off 1 - -  on",
	 "proxy_ssl_trusted_certificate a;", "off 1 a -  on", "proxy_ssl_trusted_certificate b;",
	 "off 1 b -  on"},
	{"proxy_ssl_crl", show_back, "off 1 - -  on", "proxy_ssl_crl a;", "off 1 - a  on",
	 "proxy_ssl_crl b;", "off 1 - b  on"},
	{"proxy_ssl_name", show_back, "off 1 - -  on", "proxy_ssl_name x.y;", "off 1 - - x.y on",
	 "proxy_ssl_name \"\";", "off 1 - -  on"},
	{"proxy_ssl_certificate", show_back, "off 1 - -  on",
	 "proxy_ssl_certificate a; proxy_ssl_certificate_key b;", "off 1 - -  a/b on",
	 "proxy_ssl_certificate b; proxy_ssl_certificate_key a;", "off 1 - -  b/a on"},
	{"proxy_ssl_certificate_key", show_back, "off 1 - -  on",
	 "proxy_ssl_certificate a; proxy_ssl_certificate_key c;", "off 1 - -  a/c on",
	 "proxy_ssl_certificate \"\"; proxy_ssl_certificate_key a;", "off 1 - -  on"},
	{"proxy_ssl_password_file", show_back, "off 1 - -  on",
	 "proxy_ssl_certificate a; proxy_ssl_certificate_key b; proxy_ssl_password_file lines;",
	 "off 1 - -  a/b:one:two:three on",
	 "proxy_ssl_certificate a; proxy_ssl_certificate_key b; proxy_ssl_password_file \"\";",
	 "off 1 - -  a/b on"},
	{"proxy_ssl_protocols", show_back_suites, "12 " HIGH "  ", "proxy_ssl_protocols TLSv1.3;",
	 "8 " HIGH "  ", "proxy_ssl_protocols TLSv1.2;", "4 " HIGH "  "},
	{"proxy_ssl_ciphers", show_back_suites, "12 " HIGH "  ", "proxy_ssl_ciphers ALL;",
	 "12 ALL  ", "proxy_ssl_ciphers HIGH;", "12 HIGH  "},
	{"proxy_ssl_session_reuse", show_back, "off 1 - -  on", "proxy_ssl_session_reuse off;",
	 "off 1 - -  off", "proxy_ssl_session_reuse on;", "off 1 - -  on"},
	{"auth_http_ssl_verify", show_auth, "on 4 a - host on", "auth_http_ssl_verify off;",
	 "off 4 a - host on", "auth_http_ssl_verify on;", "on 4 a - host on"},
	{"auth_http_ssl_verify_depth", show_auth, "on 4 a - host on",
	 "auth_http_ssl_verify_depth 2;", "on 2 a - host on", "auth_http_ssl_verify_depth 0;",
	 "on 0 a - host on"},
	{"auth_http_ssl_trusted_certificate", show_auth, "on 4 a - host on",
	 "auth_http_ssl_trusted_certificate b; auth_http_ssl_verify on;", "on 4 b - host on",
	 "auth_http_ssl_trusted_certificate \"\"; auth_http_ssl_verify off;", "off 4 - - host on"},
	{"auth_http_ssl_crl", show_auth, "on 4 a - host on", "auth_http_ssl_crl a;",
	 "on 4 a a host on", "auth_http_ssl_crl b;", "on 4 a b host on"},
	{"auth_http_ssl_name", show_auth, "on 4 a - host on", "auth_http_ssl_name x.y;",
	 "on 4 a - x.y on", "auth_http_ssl_name \"\";", "on 4 a - host on"},
	{"auth_http_ssl_certificate", show_auth, "on 4 a - host on",
	 "auth_http_ssl_certificate a; auth_http_ssl_certificate_key b;", "on 4 a - host a/b on",
	 "auth_http_ssl_certificate b; auth_http_ssl_certificate_key a;", "on 4 a - host b/a on"},
	{"auth_http_ssl_certificate_key", show_auth, "on 4 a - host on",
	 "auth_http_ssl_certificate a; auth_http_ssl_certificate_key c;", "on 4 a - host a/c on",
	 "auth_http_ssl_certificate \"\"; auth_http_ssl_certificate_key a;", "on 4 a - host on"},
	{"auth_http_ssl_password_file", show_auth, "on 4 a - host on",
	 "auth_http_ssl_certificate a; auth_http_ssl_certificate_key b; "
	 "auth_http_ssl_password_file lines;",
	 "on 4 a - host a/b:one:two:three on",
	 "auth_http_ssl_certificate a; auth_http_ssl_certificate_key b; "
	 "auth_http_ssl_password_file \"\";",
	 "on 4 a - host a/b on"},
	{"auth_http_ssl_protocols", show_auth_suites, "12 " HIGH "  ",
	 "auth_http_ssl_protocols TLSv1.3;", "8 " HIGH "  ", "auth_http_ssl_protocols TLSv1.2;",
	 "4 " HIGH "  "},
	{"auth_http_ssl_ciphers", show_auth_suites, "12 " HIGH "  ", "auth_http_ssl_ciphers ALL;",
	 "12 ALL  ", "auth_http_ssl_ciphers HIGH;", "12 HIGH  "},
	{"auth_http_ssl_session_reuse", show_auth, "on 4 a - host on",
	 "auth_http_ssl_session_reuse off;", "on 4 a - host off", "auth_http_ssl_session_reuse on;",
	 "on 4 a - host on"},
};

enum { EFFECTS = sizeof(effects) / sizeof(effects[0]) };

/* In mail and in the server, around what every file needs and what these do not say. */
static void expect(const struct effect *e, const char *mail, const char *server, const char *shown)
{
	bool said = *mail || *server;
	char text[2048], got[1024] = "";
	struct looked l;
	struct out o;

	snprintf(text, sizeof(text), "mail { %s%s%s server { %s listen 127.0.0.1:465; } }",
		 strstr(mail, "auth_http_ssl_trusted") ? ""
						       : "auth_http_ssl_trusted_certificate a; ",
		 said && e->show == show_certificates && strstr(e->text, "_key") ? "" : CERT, mail,
		 server);
	look(&l, text);
	out_init(&o, got, sizeof(got) - 1);
	e->show(&l, &o);
	cr_expect_str_eq(got, shown, "%s: \"%s\" is not \"%s\"\n%s", e->name, got, shown, text);
	look_away(&l);
}

static const struct effect *find(const char *name)
{
	for (size_t i = 0; i < EFFECTS; i++)
		if (str_eq(str_cstr(effects[i].name), str_cstr(name)))
			return &effects[i];
	return NULL;
}

Test(conf_tls_effects, every_setting_has_a_test)
{
	unsigned settings = 0;

	for (uint32_t i = 0; i < conf_rows_tls.n; i++) {
		const struct conf_row *row = &conf_rows_tls.v[i];

		if (!row->size) /* only ever refused */
			continue;
		settings++;
		cr_expect(find(row->name), "%s has no test of its effect", row->name);
	}
	cr_assert_eq(settings, EFFECTS);
}

Test(conf_tls_effects, each_has_its_default_and_its_value)
{
	for (size_t i = 0; i < EFFECTS; i++) {
		const struct effect *e = &effects[i];

		expect(e, "", "", e->by_default);
		expect(e, "", e->text, e->shown);
		expect(e, "", e->other, e->instead);
	}
}

Test(conf_tls_effects, servers_inherit_from_mail_and_replace_as_a_whole)
{
	for (size_t i = 0; i < EFFECTS; i++) {
		const struct effect *e = &effects[i];

		expect(e, e->text, "", e->shown);
		expect(e, e->other, "", e->instead);
		expect(e, e->text, e->other, e->instead);
		expect(e, e->other, e->text, e->shown);
	}
}

/* Some distributions' libraries have neither, which costs a warning each. */
Test(conf_tls_effects, old_versions_are_spoken_if_the_library_can)
{
	unsigned have = library_versions() & (TLS_1_0 | TLS_1_1);
	struct looked l;

	look(&l, "mail { auth_http_ssl_verify off; " CERT
		 " ssl_protocols TLSv1 TLSv1.1 TLSv1.2; server { } }");
	cr_expect_eq(l.front.suites.versions, have | TLS_1_2);
	cr_expect(str_eq(l.front.suites.ciphers,
			 have ? STR("HIGH:!aNULL:!MD5") : STR(CIPHERS_DEFAULT)));
	cr_expect_eq(l.b.notes.n, 0u + !(have & TLS_1_0) + !(have & TLS_1_1));
	look_away(&l);
}

Test(conf_tls_effects, a_list_of_long_ago_gets_what_is_newer)
{
	static const char *const old[] = {"TLSv1", "TLSv1.1", "SSLv3 TLSv1 TLSv1.1"};
	uint32_t today = TLS_1_2 | TLS_1_3;

	for (size_t i = 0; i < 3; i++) {
		char text[256];
		struct looked l;

		snprintf(text, sizeof(text),
			 "mail { auth_http_ssl_verify off; " CERT " ssl_protocols %s; server { } }",
			 old[i]);
		look(&l, text);
		cr_expect_eq(l.front.suites.versions & today, today & library_versions());
		cr_expect(l.b.notes.n && strstr(((struct conf_note *)l.b.notes.items)[i == 2].text,
						"has nothing newer than \"TLSv1"));
		look_away(&l);
	}
}

Test(conf_tls_effects, a_version_between_is_spoken_and_told)
{
	struct looked l;

	if (!(library_versions() & TLS_1_1))
		cr_skip_test("the library has nothing before TLS 1.2");
	look(&l, "mail { auth_http_ssl_verify off; " CERT " ssl_protocols TLSv1.1 TLSv1.3;"
		 " server { } }");
	cr_assert_eq(l.b.notes.n, 1);
	cr_assert_str_eq(((struct conf_note *)l.b.notes.items)->text,
			 "\"TLSv1.2\" is spoken as well, since it is between those of "
			 "\"ssl_protocols\" in c:1");
	look_away(&l);
}

static uint32_t count_notes(void)
{
	struct looked l;
	uint32_t n;

	look(&l, "mail { auth_http_ssl_verify off; " CERT " server { } }");
	n = l.b.notes.n;
	look_away(&l);
	return n;
}

Test(conf_tls_effects, a_key_that_others_can_read_is_warned_of)
{
	char key[128];

	snprintf(key, sizeof(key), "%sb", folder);
	must(!chmod(key, 0640));
	cr_expect_eq(count_notes(), 0);
	must(!chmod(key, 0644));
	cr_expect_eq(count_notes(), 1);
}

Test(conf_tls_effects, keys_and_passwords_are_wiped_from_memory)
{
	struct looked l;
	const struct tls_identity *id;

	look(&l, "mail { auth_http_ssl_verify off; " CERT "ssl_password_file lines; server { } }");
	id = l.front.identities.v;
	cr_assert(str_eq(id->key.bytes, STR("b")));
	cr_assert_eq(l.b.files.n, 3);
	conf_files_wipe(&l.b);
	cr_assert_eq(l.b.files.n, 0);
	cr_assert_eq((*(struct conf_file **)l.s->tls.keys.items)->file.bytes.n, 0);
	look_away(&l);
}
