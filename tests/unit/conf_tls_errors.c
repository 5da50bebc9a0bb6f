/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/conf: what is wrong with TLS in a configuration, told in NGINX's words as far
 * as it has any, and what is only worth a warning. With certificates made by tests/lib/certs.
 */
#include "app/conf.h"
#include "tls/ciphers.h"
#include "tests/lib/certs.h"
#include "tests/lib/conf_try.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the text stands: in mail (line 2), in its server, which is not TLS without more (4), or
 * there behind a listen with ssl and a certificate (4). */
enum place { MAIL, SERVER, SECURE };

/* "%C" becomes the folder of the certificates. */
static void expand(char *to, size_t room, const char *text, const char *folder)
{
	size_t n = 0, m = strlen(folder);

	for (; *text; text++) {
		cr_assert_lt(n + m + 1, room);
		if (text[0] == '%' && text[1] == 'C') {
			memcpy(to + n, folder, m);
			n += m;
			text++;
		} else {
			to[n++] = *text;
		}
	}
	to[n] = '\0';
}

/* The folder becomes "C" again. */
static void hide(char *text, const char *folder)
{
	size_t n = strlen(folder);

	for (char *p = strstr(text, folder); p; p = strstr(p, folder)) {
		*p = 'C';
		memmove(p + 1, p + n, strlen(p + n) + 1);
	}
}

static const char *folder(void)
{
	const char *path = certs_folder();

	cr_assert(path, "no certificates");
	return path;
}

static struct conf *load(enum place place, const char *text, struct conf_error *e)
{
	static const char secure[] = "listen 127.0.0.1:2465 ssl; ssl_certificate %C/ecdsa.pem; "
				     "ssl_certificate_key %C/ecdsa.key; ";
	char all[8192], whole[8192];
	struct conf *c = NULL;

	snprintf(all, sizeof(all), "%s%s", place == SECURE ? secure : "", text);
	expand(whole, sizeof(whole), all, folder());
	switch (place) {
	case MAIL:
		c = conf_try_mail(whole, e);
		break;
	case SERVER:
	case SECURE:
		c = conf_try_server(whole, e);
		break;
	}
	if (!c)
		hide(e->text, folder());
	return c;
}

static const struct refused {
	enum place place;
	const char *text, *error;
} refused[] = {
	{MAIL, "starttls on;",
	 "no \"ssl_certificate\" is defined for the \"starttls\" directive in c:2 (add "
	 "\"ssl_certificate FILE;\", a file in PEM form)"},
	{SERVER, "starttls only;",
	 "no \"ssl_certificate\" is defined for the \"starttls\" directive in c:4 (add "
	 "\"ssl_certificate FILE;\", a file in PEM form)"},
	{MAIL, "starttls maybe;", "invalid value \"maybe\" in c:2 (it can be: off, on, only)"},
	{MAIL, "starttls;",
	 "invalid number of arguments in \"starttls\" directive in c:2 (syntax: starttls on | off "
	 "| only;)"},
	{SERVER, "ssl maybe;",
	 "invalid value \"maybe\" in \"ssl\" directive, it must be \"on\" or \"off\" in c:4"},
	{SERVER, "ssl on;",
	 "no \"ssl_certificate\" is defined for the \"ssl\" directive in c:4 (add "
	 "\"ssl_certificate FILE;\", a file in PEM form)"},
	{SERVER, "ssl on; starttls on;", "\"ssl\" directive conflicts with \"starttls\" in c:4"},
	{SERVER, "starttls on;\nssl on;",
	 "\"starttls\" directive conflicts with \"ssl on\" in c:5"},
	{SERVER, "listen 127.0.0.1:2526 ssl;",
	 "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive in c:4 (add "
	 "\"ssl_certificate FILE;\", a file in PEM form)"},
	{SERVER, "\n\nlisten 127.0.0.1:2526 ssl;\nssl_certificate %C/rsa.pem;",
	 "no \"ssl_certificate_key\" is defined for the \"listen ... ssl\" directive in c:6 (add "
	 "\"ssl_certificate_key FILE;\", a file in PEM form)"},
	{SECURE, "ssl_certificate x;",
	 "no \"ssl_certificate_key\" is defined for certificate \"x\" and the \"listen ... ssl\" "
	 "directive in c:4"},
	{SECURE, "ssl_certificate \"\";", "no file name in \"ssl_certificate\" directive in c:4"},
	{SECURE, "ssl_certificate \"a\\tb\";",
	 "\"ssl_certificate\" directive invalid value in c:4 (\"a?b\" has a control character in "
	 "it)"},
	{SECURE, "ssl_certificate /no/such; ssl_certificate_key %C/rsa.key;",
	 "cannot load certificate \"/no/such\": open() failed (2: No such file or directory) in "
	 "c:4"},
	{SECURE, "ssl_certificate %C; ssl_certificate_key %C/rsa.key;",
	 "cannot load certificate \"C\": read() failed (21: Is a directory) in c:4"},
	{SECURE, "ssl_certificate %C/rsa.pem; ssl_certificate_key /no/such;",
	 "cannot load certificate key \"/no/such\": open() failed (2: No such file or directory) "
	 "in c:4"},
	{SECURE, "ssl_certificate_key engine:x:y;",
	 "cannot load certificate key \"engine:x:y\": there are no OpenSSL's engines in c:4 (name "
	 "a PEM file that holds the key)"},
	{SECURE, "ssl_certificate_key store:x;",
	 "cannot load certificate key \"store:x\": there are no OpenSSL's stores in c:4 (name a "
	 "PEM file that holds the key)"},
	{SECURE, "ssl_password_file /no/such;",
	 "open() \"/no/such\" failed (2: No such file or directory) in c:4"},
	{SECURE, "ssl_protocols SSLv2 SSLv3;",
	 "\"ssl_protocols\" leaves no protocol in c:4 (it can be: TLSv1.2, TLSv1.3)"},
	{MAIL, "ssl_protocols TLSv1.9;",
	 "invalid value \"TLSv1.9\" in c:2 (it can be: SSLv2, SSLv3, TLSv1, TLSv1.1, TLSv1.2, "
	 "TLSv1.3)"},
	{MAIL, "ssl_ciphers foo;",
	 "no cipher of \"foo\" in \"ssl_ciphers\" can be used in c:2 (without the directive it "
	 "is " CIPHERS_DEFAULT ")"},
	{MAIL, "ssl_ciphers \"\";",
	 "no cipher of \"\" in \"ssl_ciphers\" can be used in c:2 (without the directive it "
	 "is " CIPHERS_DEFAULT ")"},
	{MAIL, "proxy_ssl_ciphers aNULL;",
	 "no cipher of \"aNULL\" in \"proxy_ssl_ciphers\" can be used in c:2 (without the "
	 "directive it is " CIPHERS_DEFAULT ")"},
	{SECURE, "ssl_dhparam /no/such;",
	 "cannot load DH parameters \"/no/such\": open() failed (2: No such file or directory) in "
	 "c:4"},
	{MAIL, "ssl_session_cache builtin:x;",
	 "invalid session cache \"builtin:x\" in c:2 (it can be: off, none, builtin, "
	 "builtin:number, shared:name:size)"},
	{MAIL, "ssl_session_cache shared:a;",
	 "invalid session cache \"shared:a\" in c:2 (it can be: off, none, builtin, "
	 "builtin:number, shared:name:size)"},
	{MAIL, "ssl_session_cache shared::1m;",
	 "invalid session cache \"shared::1m\" in c:2 (it can be: off, none, builtin, "
	 "builtin:number, shared:name:size)"},
	{MAIL, "ssl_session_cache shared:a:x;",
	 "invalid session cache \"shared:a:x\" in c:2 (it can be: off, none, builtin, "
	 "builtin:number, shared:name:size)"},
	{MAIL, "ssl_session_cache foo;",
	 "invalid session cache \"foo\" in c:2 (it can be: off, none, builtin, builtin:number, "
	 "shared:name:size)"},
	{MAIL, "ssl_session_cache shared:a:100;",
	 "session cache \"shared:a:100\" is too small in c:2"},
	{MAIL, "ssl_session_cache shared:a:1m;\nserver { ssl_session_cache shared:a:2m; }",
	 "the size 2097152 of shared memory zone \"a\" conflicts with already declared size "
	 "1048576 in c:3"},
	{MAIL, "ssl_session_cache off none builtin;",
	 "invalid number of arguments in \"ssl_session_cache\" directive in c:2 (syntax: "
	 "ssl_session_cache off | none | [builtin[:number]] [shared:name:size];)"},
	{MAIL, "ssl_session_timeout 1x;",
	 "\"ssl_session_timeout\" directive invalid value in c:2 (\"1x\" is not a time like 30s, "
	 "5m or 1h30m)"},
	{SECURE, "ssl_session_ticket_key /no/such;",
	 "open() \"/no/such\" failed (2: No such file or directory) in c:4"},
	{SECURE, "ssl_session_ticket_key %C/ecdsa.key;",
	 "\"C/ecdsa.key\" must be 48 or 80 bytes in c:4 (make one: openssl rand 80 > FILE)"},
	{MAIL, "ssl_verify_client foo;",
	 "invalid value \"foo\" in c:2 (it can be: off, on, optional, optional_no_ca)"},
	{SECURE, "ssl_verify_client on;",
	 "no ssl_client_certificate for ssl_verify_client in c:4 (whom shall clients' certificates "
	 "be signed by?)"},
	{SECURE, "ssl_verify_client optional;",
	 "no ssl_client_certificate for ssl_verify_client in c:4 (whom shall clients' certificates "
	 "be signed by?)"},
	{SECURE, "ssl_client_certificate /no/such;",
	 "cannot load client certificates \"/no/such\": open() failed (2: No such file or "
	 "directory) in c:4"},
	{SECURE, "ssl_trusted_certificate /no/such;",
	 "cannot load trusted certificates \"/no/such\": open() failed (2: No such file or "
	 "directory) in c:4"},
	{SECURE, "ssl_crl no-such;",
	 "cannot load CRL \"no-such\": open() failed (2: No such file or directory) in c:4 "
	 "(relative names start at )"},
	{MAIL, "ssl_verify_depth x;",
	 "\"ssl_verify_depth\" directive invalid number in c:2 (\"x\" is not a number)"},
	{SECURE, "ssl_conf_command Foo bar;",
	 "SSL_CONF_cmd(\"Foo\", \"bar\") failed: unknown command in c:4 (known are: MinProtocol "
	 "MaxProtocol CipherString Ciphersuites Curves Groups Options)"},
	{SECURE, "ssl_conf_command MinProtocol TLSv9;",
	 "SSL_CONF_cmd(\"MinProtocol\", \"TLSv9\") failed: \"TLSv9\" is not known, or cannot be "
	 "used in c:4 (it can be: None, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3)"},
	{SECURE, "ssl_conf_command MaxProtocol TLSv1.1;",
	 "\"ssl_conf_command MaxProtocol TLSv1.1\" leaves no protocol in c:4 (of those in "
	 "\"ssl_protocols\")"},
	{SECURE, "ssl_conf_command Ciphersuites foo;",
	 "SSL_CONF_cmd(\"Ciphersuites\", \"foo\") failed: \"foo\" is not known, or cannot be used "
	 "in c:4"},
	{SECURE, "ssl_conf_command CipherString foo;",
	 "SSL_CONF_cmd(\"CipherString\", \"foo\") failed: \"foo\" is not known, or cannot be used "
	 "in c:4"},
	{SECURE, "ssl_conf_command Options ServerPreference,foo;",
	 "SSL_CONF_cmd(\"Options\", \"ServerPreference,foo\") failed: \"foo\" is not known, or "
	 "cannot be used in c:4"},
	{SECURE, "ssl_conf_command Options Compression;",
	 "SSL_CONF_cmd(\"Options\", \"Compression\") failed: \"Compression\" is not known, or "
	 "cannot be used in c:4 (it is always on, or always off)"},
	{SECURE, "ssl_conf_command Protocol -TLSv1.2;",
	 "\"ssl_conf_command Protocol\" is not supported in c:4 (use \"ssl_protocols\")"},
	{SECURE, "ssl_conf_command dhparameters x;",
	 "\"ssl_conf_command dhparameters\" is not supported in c:4 (use \"ssl_dhparam\")"},
	{SECURE, "ssl_conf_command NumTickets 3;",
	 "\"ssl_conf_command NumTickets\" is not supported in c:4 (nothing here can be set so)"},
	{MAIL, "ssl_engine x;",
	 "\"ssl_engine\" directive is not allowed here in c:2 (this is mail, it belongs in main)"},
	{SECURE, "ssl_server_name;", "directive \"ssl_server_name\" has no opening \"{\" in c:4"},
	{SECURE, "ssl_server_name { }",
	 "invalid number of arguments in \"ssl_server_name\" directive in c:4 (syntax: "
	 "ssl_server_name name ... { ... })"},
	{SECURE, "ssl_server_name a { starttls on; }",
	 "\"starttls\" directive is not allowed here in c:4 (this is ssl_server_name, it belongs "
	 "in mail or server)"},
	{SECURE, "\nssl_server_name a { }",
	 "no \"ssl_certificate\" is defined for the \"ssl_server_name\" directive in c:5 (add "
	 "\"ssl_certificate FILE;\", a file in PEM form)"},
	{SECURE, "ssl_server_name a { ssl_certificate x; }",
	 "no \"ssl_certificate_key\" is defined for the \"ssl_server_name\" directive in c:4 (add "
	 "\"ssl_certificate_key FILE;\", a file in PEM form)"},
	{SECURE, "ssl_server_name *.*.b { }",
	 "invalid server name or wildcard \"*.*.b\" in c:4 (mx.example.org, *.example.org and "
	 ".example.org are such)"},
	{SECURE, "ssl_server_name b.* { }",
	 "invalid server name or wildcard \"b.*\" in c:4 (mx.example.org, *.example.org and "
	 ".example.org are such)"},
	{SECURE, "ssl_server_name a..b { }",
	 "invalid server name or wildcard \"a..b\" in c:4 (mx.example.org, *.example.org and "
	 ".example.org are such)"},
	{SECURE, "ssl_server_name . { }",
	 "invalid server name or wildcard \".\" in c:4 (mx.example.org, *.example.org and "
	 ".example.org are such)"},
	{SECURE, "\nssl_server_name a.b c {\n}\nssl_server_name d C {\n}\n",
	 "duplicate server name \"c\" in c:7 (it has a certificate in c:5 already)"},
	{SECURE, "ssl_server_name a.b A.B { }",
	 "duplicate server name \"a.b\" in c:4 (it has a certificate in c:4 already)"},
	{SECURE, "ssl_server_name a {",
	 "unexpected end of file, expecting \"}\" in c:7 (the block opened in line 1 is not "
	 "closed)"},
	{MAIL, "proxy_ssl maybe;", "invalid value \"maybe\" in c:2 (it can be: off, on, starttls)"},
	{SERVER, "proxy_ssl_verify on;",
	 "no proxy_ssl_trusted_certificate for proxy_ssl_verify in c:3 (whom shall the certificate "
	 "be signed by? " RINGPOST_CA_BUNDLE " has those whom the system trusts)"},
	{SERVER, "proxy_ssl_certificate x;",
	 "no \"proxy_ssl_certificate_key\" is defined for certificate \"x\" in c:4"},
	{MAIL, "auth_http_ssl_certificate_key engine:x:y;",
	 "cannot load certificate key \"engine:x:y\": there are no OpenSSL's engines in c:2 (name "
	 "a PEM file that holds the key)"},
	{SERVER, "auth_http https://127.0.0.1/; auth_http_ssl_trusted_certificate /no/such;",
	 "cannot load trusted certificates \"/no/such\": open() failed (2: No such file or "
	 "directory) in c:4"},
};

Test(conf_tls_errors, every_mistake_is_told_with_its_place_and_a_way_out)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct conf_error e;
		struct conf *c = load(refused[i].place, refused[i].text, &e);

		cr_expect_null(c, "accepted: %s", refused[i].text);
		if (!c)
			cr_expect_str_eq(e.text, refused[i].error, "%s\n  %s\n  %s",
					 refused[i].text, e.text, refused[i].error);
		conf_free(c);
	}
}

static const struct warned {
	const char *text, *warning; /* NULL: none */
} warned[] = {
	{"", NULL},
	{"ssl_protocols SSLv3 TLSv1.2;",
	 "\"SSLv3\" of \"ssl_protocols\" does not exist here, and is left out"},
	{"ssl_protocols TLSv1.2 TLSv1.2;", "duplicate value \"TLSv1.2\""},
	{"ssl_protocols TLSv1.3;", NULL},
	{"ssl_ciphers foo:HIGH;", "unknown cipher \"foo\" in \"ssl_ciphers\", left out"},
	{"ssl off;", "the \"ssl\" directive is deprecated, use the \"listen ... ssl\" directive "
		     "instead"},
	{"ssl_certificate %C/past.pem; ssl_certificate_key %C/past.key;",
	 "the certificate \"C/past.pem\" has expired"},
	{"ssl_certificate_compression off;", NULL},
	{"ssl_certificate_compression on;",
	 "\"ssl_certificate_compression\" has no effect: certificates are sent as they are"},
	{"ssl_conf_command Options PrioritizeChaCha;",
	 "\"PrioritizeChaCha\" has no effect: a client's own preference counts without "
	 "\"ssl_prefer_server_ciphers on\""},
	{"ssl_conf_command Options KTLS;", "\"KTLS\" has no effect"},
	{"ssl_conf_command Options -SessionTicket,ServerPreference,-Compression;", NULL},
};

/* The warning of the configuration, but for those about files and the build. */
static const char *warning_of(const struct conf *c)
{
	for (uint32_t i = 0; i < c->n_notes; i++)
		if (c->notes[i].level == LEVEL_WARN && !strstr(c->notes[i].text, "every user") &&
		    !strstr(c->notes[i].text, "TLS is slow"))
			return c->notes[i].text;
	return "";
}

Test(conf_tls_errors, what_only_may_be_a_mistake_is_warned_of)
{
	for (size_t i = 0; i < sizeof(warned) / sizeof(warned[0]); i++) {
		const char *wanted = warned[i].warning ? warned[i].warning : "";
		struct conf_error e;
		struct conf *c = load(SECURE, warned[i].text, &e);
		char said[1024];

		cr_assert(c, "%s: %s", warned[i].text, e.text);
		snprintf(said, sizeof(said), "%s", warning_of(c));
		hide(said, folder());
		cr_expect(str_starts(str_cstr(said), str_cstr(wanted)) && !*said == !*wanted,
			  "%s: %s", warned[i].text, said);
		conf_free(c);
	}
}

/* What the floor below finds wrong: the sentence is its own; the place is that of the file. */
static const struct {
	const char *text, *part, *end;
} broken[] = {
	{"\nssl_certificate %C/rsa.key;\n ssl_certificate_key %C/ecdsa.key;",
	 "cannot load certificate \"C/rsa.key\": ", " in c:5"},
	{"ssl_certificate %C/rsa.pem;\nssl_certificate_key %C/ca.pem;",
	 "cannot load certificate key \"C/ca.pem\": ", " in c:5"},
	{"ssl_certificate %C/rsa.pem;\n\nssl_certificate_key %C/renewed.key;", "\"C/renewed.key\"",
	 " in c:6"},
	{"ssl_certificate %C/rsa.pem;\nssl_certificate_key %C/rsa-locked.key;",
	 "\"C/rsa-locked.key\"", " in c:5"},
	{"ssl_ecdh_curve nonsense;", "nonsense", " in c:3"},
	{"\nssl_dhparam %C/ecdsa.pem;", "\"C/ecdsa.pem\"", " in c:4"},
	{"ssl_verify_client on;\nssl_client_certificate %C/rsa.key;", "\"C/rsa.key\"", " in c:5"},
	{"ssl_verify_client on; ssl_client_certificate %C/ca.pem;\nssl_crl %C/rsa.key;",
	 "\"C/rsa.key\"", " in c:5"},
	{"proxy_ssl_verify on;\nproxy_ssl_trusted_certificate %C/rsa.key;", "\"C/rsa.key\"",
	 " in c:5"},
};

Test(conf_tls_errors, files_that_do_not_hold_what_they_should_are_named)
{
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct conf_error e;
		struct conf *c = load(SECURE, broken[i].text, &e);

		cr_expect_null(c, "accepted: %s", broken[i].text);
		if (!c)
			cr_expect(strstr(e.text, broken[i].part) && strstr(e.text, broken[i].end),
				  "%s: %s", broken[i].text, e.text);
		conf_free(c);
	}
}

/* "%C/x" of each kind together, and all that may be said with them. */
static const char *const good[] = {
	"ssl_certificate %C/rsa.pem; ssl_certificate_key %C/rsa.key; ssl_certificate "
	"%C/ed25519.pem; ssl_certificate_key %C/ed25519.key;",
	"ssl_certificate %C/rsa.pem; ssl_certificate_key %C/rsa-locked.key; ssl_password_file "
	"%C/password;",
	"ssl_dhparam %C/dh.pem; ssl_session_ticket_key %C/ticket-1.key; ssl_session_ticket_key "
	"%C/ticket-80.key; ssl_session_cache shared:x:1m;",
	"ssl_verify_client on; ssl_client_certificate %C/ca.pem; ssl_crl %C/crl.pem;",
	"ssl_verify_client optional; ssl_trusted_certificate %C/ca.pem;",
	"ssl_ecdh_curve X25519:prime256v1:secp384r1; ssl_ciphers ALL:!aNULL; ssl_session_tickets "
	"off; ssl_session_cache builtin;",
	"ssl_server_name mx.test { ssl_certificate %C/exact.pem; ssl_certificate_key "
	"%C/exact.key; } ssl_server_name *.wild.test { ssl_certificate %C/wild.pem; "
	"ssl_certificate_key %C/wild.key; }",
	"proxy_ssl starttls; proxy_ssl_verify on; proxy_ssl_trusted_certificate %C/ca.pem; "
	"proxy_ssl_certificate %C/good.pem; proxy_ssl_certificate_key %C/good.key; proxy_ssl_name "
	"mx.test; proxy_ssl_crl %C/crl.pem;",
	"auth_http https://127.0.0.1:9/; auth_http_ssl_trusted_certificate %C/ca.pem;",
};

Test(conf_tls_errors, what_is_right_is_opened)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct conf_error e;
		struct conf *c = load(SECURE, good[i], &e);

		cr_assert(c, "%s: %s", good[i], e.text);
		cr_expect(c->servers[0]->session.acceptor);
		cr_expect(c->servers[0]->session.connector);
		cr_expect(c->worker.tls);
		conf_free(c);
	}
}
