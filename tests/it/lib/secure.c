/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * secure: writes the servers of the proxy, and tells Python programs where everything is.
 */
#include "tests/it/lib/secure.h"

#include "tests/lib/certs.h"
#include "tests/lib/port.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define USUAL                                                                                      \
	"ssl_certificate %C/ecdsa.pem; ssl_certificate_key %C/ecdsa.key;"                          \
	" ssl_certificate %C/rsa.pem; ssl_certificate_key %C/rsa.key;"
#define USERS "{\"users\": {\"alice\": {\"password\": \"secret\"}}}"

void secure_begin(struct secure *s, const char *const *sink_options)
{
	cr_assert(certs_folder());
	*s = (struct secure){.place = place_new()};
	place_sink(s->place, sink_options);
	s->smtps = port_free();
	s->imaps = port_free();
	s->pop3s = port_free();
	s->smtp = port_free();
	s->imap = port_free();
	s->pop3 = port_free();
}

char *secure_text(const struct secure *s, const char *text)
{
	char *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);

	cr_assert(f);
	for (; *text; text++) {
		if (text[0] == '%' && text[1] == 'C')
			fputs(certs_folder(), f);
		else if (text[0] == '%' && text[1] == 'D')
			fputs(s->place->dir, f);
		else
			fputc(*text, f);
		text += text[0] == '%' && text[1];
	}
	fclose(f);
	return out;
}

static char *write_servers(const struct secure *s, const struct secure_conf *conf)
{
	char *ssl = secure_text(s, conf->ssl ? conf->ssl : USUAL);
	char *mail = secure_text(s, conf->mail ? conf->mail : ""), *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);
	const struct {
		uint16_t at_once, later;
		const char *protocol;
	} servers[] = {
		{s->smtps, s->smtp, "smtp; smtp_auth plain login none"},
		{s->imaps, s->imap, "imap; imap_auth plain login"},
		{s->pop3s, s->pop3, "pop3; pop3_auth plain"},
	};

	cr_assert(f);
	/* what ringpost does by itself */
	if (place_is_nginx() && !strstr(ssl, "ssl_protocols"))
		fputs("ssl_protocols TLSv1.2 TLSv1.3;\n", f);
	fprintf(f, "%s\n%s\n", ssl, mail);
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		fprintf(f,
			"server { listen 127.0.0.1:%u ssl; protocol %s; }\n"
			"server { listen 127.0.0.1:%u; protocol %s; starttls on; }\n",
			servers[i].at_once, servers[i].protocol, servers[i].later,
			servers[i].protocol);
	fclose(f);
	free(ssl);
	free(mail);
	return out;
}

void secure_proxy(struct secure *s, const struct secure_conf *conf)
{
	char *mail = write_servers(s, conf);

	if (!conf->auth_at)
		place_authd(s->place, conf->users ? conf->users : USERS, NULL);
	place_proxy(s->place, &(struct place_conf){.mail = mail,
						   .workers = conf->workers,
						   .auth_http = conf->auth_at});
	free(mail);
}

void secure_open(struct secure *s, const struct secure_conf *conf)
{
	secure_begin(s, NULL);
	secure_proxy(s, conf);
}

static void tell(const char *name, unsigned value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	setenv(name, text, 1);
}

void secure_python(struct secure *s, const char *const *arguments)
{
	char program[128];
	const char *argv[16] = {"python3", program};

	snprintf(program, sizeof(program), "tests/it/%s", arguments[0]);
	for (int i = 1; arguments[i]; i++)
		argv[i + 1] = arguments[i];
	setenv("CERTS", certs_folder(), 1);
	setenv("PLACE", s->place->dir, 1);
	setenv("SINK_CONTROL", s->place->control_at, 1);
	tell("PROXY_PID", (unsigned)s->place->proxy);
	tell("SMTPS", s->smtps);
	tell("IMAPS", s->imaps);
	tell("POP3S", s->pop3s);
	tell("SMTP", s->smtp);
	tell("IMAP", s->imap);
	tell("POP3", s->pop3);
	cr_assert_eq(place_run(s->place, "python", argv), 0, "%s %s: %s", arguments[0],
		     arguments[1] ? arguments[1] : "", place_read(s->place, "python.err"));
}
