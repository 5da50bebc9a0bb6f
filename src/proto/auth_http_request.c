/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * auth_http_request: writes the GET that asks the auth service about a login, NGINX's byte for
 * byte. Owns nothing. A value never ends its header line early: credentials are percent-escaped,
 * and what goes raw goes without control characters or not at all.
 */
#include "base/codec.h"
#include "proto/auth_http.h"

static const struct str methods[] = {
	[AUTH_PLAIN] = STR_INIT("plain"),       [AUTH_APOP] = STR_INIT("apop"),
	[AUTH_CRAM_MD5] = STR_INIT("cram-md5"), [AUTH_EXTERNAL] = STR_INIT("external"),
	[AUTH_XOAUTH2] = STR_INIT("xoauth2"),   [AUTH_OAUTHBEARER] = STR_INIT("oauthbearer"),
	[AUTH_NONE] = STR_INIT("none"),
};

static const struct str protocols[] = {
	[PROTOCOL_SMTP] = STR_INIT("smtp"),
	[PROTOCOL_POP3] = STR_INIT("pop3"),
	[PROTOCOL_IMAP] = STR_INIT("imap"),
};

/* `name` ends with ": ". */
static void write_header(struct out *out, struct str name, struct str value)
{
	out_str(out, name);
	out_str(out, value);
	out_lit(out, "\r\n");
}

/* For bytes of the client: the front engine refuses control characters, this makes sure. */
static void write_raw(struct out *out, struct str name, struct str value)
{
	write_header(out, name, str_has_ctl(value) ? str_none() : value);
}

static void write_escaped(struct out *out, struct str name, struct str value)
{
	out_str(out, name);
	codec_percent(out, value);
	out_lit(out, "\r\n");
}

static void write_login(struct out *out, const struct login *l)
{
	write_header(out, STR("Auth-Method: "), methods[l->method]);
	write_escaped(out, STR("Auth-User: "), l->user);
	write_escaped(out, STR("Auth-Pass: "), l->pass);
	if (l->method == AUTH_APOP || l->method == AUTH_CRAM_MD5)
		write_raw(out, STR("Auth-Salt: "), l->salt);
}

static void write_client(struct out *out, const struct auth_http_query *q)
{
	out_lit(out, "Client-IP: ");
	addr_write(out, &q->client);
	out_lit(out, "\r\n");
	if (q->protocol == PROTOCOL_SMTP && q->client_host.n)
		write_raw(out, STR("Client-Host: "), q->client_host);
}

static void write_end(struct out *out, struct str name, struct str port_name, const struct addr *a)
{
	out_str(out, name);
	addr_write(out, a);
	out_str(out, port_name);
	out_u64(out, a->port);
	out_lit(out, "\r\n");
}

/* What the PROXY header says, whether or not it is believed. */
static void write_proxied(struct out *out, const struct proxy_ends *ends)
{
	if (!ends || ends->from.family == ADDR_NONE)
		return;
	write_end(out, STR("Proxy-Protocol-Addr: "), STR("\r\nProxy-Protocol-Port: "), &ends->from);
	write_end(out, STR("Proxy-Protocol-Server-Addr: "), STR("\r\nProxy-Protocol-Server-Port: "),
		  &ends->to);
}

static void write_envelope(struct out *out, const struct login *l)
{
	write_raw(out, STR("Auth-SMTP-Helo: "), l->helo);
	write_raw(out, STR("Auth-SMTP-From: "), l->mail_from);
	write_raw(out, STR("Auth-SMTP-To: "), l->rcpt_to);
}

/* Nothing to say, and what could be taken for more than a value, is no line at all. */
static void write_fact(struct out *out, struct str name, struct str value)
{
	if (value.n && !str_has_ctl(value))
		write_header(out, name, value);
}

static void write_tls(struct out *out, const struct auth_http_tls *tls, bool pass_cert)
{
	if (!tls)
		return;
	out_lit(out, "Auth-SSL: on\r\n");
	write_fact(out, STR("Auth-SSL-Protocol: "), tls->protocol);
	write_fact(out, STR("Auth-SSL-Cipher: "), tls->cipher);
	write_fact(out, STR("Auth-SSL-Verify: "), tls->verify);
	write_fact(out, STR("Auth-SSL-Subject: "), tls->subject);
	write_fact(out, STR("Auth-SSL-Issuer: "), tls->issuer);
	write_fact(out, STR("Auth-SSL-Serial: "), tls->serial);
	write_fact(out, STR("Auth-SSL-Fingerprint: "), tls->fingerprint);
	if (pass_cert && tls->certificate.n)
		write_escaped(out, STR("Auth-SSL-Cert: "), tls->certificate);
}

void auth_http_request(const struct auth_http_conf *conf, const struct auth_http_query *q,
		       struct out *out)
{
	out_lit(out, "GET ");
	out_str(out, conf->uri);
	out_lit(out, " HTTP/1.0\r\n");
	write_header(out, STR("Host: "), conf->host);
	if (conf->keepalive)
		out_lit(out, "Connection: keep-alive\r\n");
	write_login(out, q->login);
	write_header(out, STR("Auth-Protocol: "), protocols[q->protocol]);
	out_lit(out, "Auth-Login-Attempt: ");
	out_u64(out, q->login->attempt);
	out_lit(out, "\r\n");
	write_client(out, q);
	write_proxied(out, q->proxied);
	if (q->login->method == AUTH_NONE)
		write_envelope(out, q->login);
	write_tls(out, q->tls, conf->pass_cert);
	out_str(out, conf->headers);
	out_lit(out, "\r\n");
}
