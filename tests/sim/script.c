/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * script: the commands that a guest's login at its backend consists of, and what is said to them.
 */
#include "tests/sim/script.h"

#include "base/codec.h"

uint8_t script_commands(const struct guest *g, enum command *list)
{
	const struct back_conf *conf = &g->conf->back;
	uint8_t n = 0;

	if (g->back_tls == BACK_TLS_STARTTLS) {
		list[n++] = COMMAND_TLS_HELO;
		list[n++] = COMMAND_STARTTLS;
	}
	list[n++] = COMMAND_HELO;
	if (conf->xclient)
		list[n++] = COMMAND_XCLIENT;
	if (conf->xclient && g->helo_said)
		list[n++] = COMMAND_CLIENT_HELO;
	if (g->login == LOGIN_NONE) {
		list[n++] = COMMAND_MAIL;
		list[n++] = COMMAND_RCPT;
	} else if (conf->smtp_auth) {
		list[n++] = COMMAND_AUTH;
	}
	return n;
}

static void write_xclient(const struct guest *g, struct out *o)
{
	uint8_t bytes[128];
	struct out user;

	out_init(&user, bytes, sizeof(bytes));
	lines_final_user(g, &user);
	out_lit(o, "XCLIENT ADDR=");
	addr_write(o, &g->from);
	if (user.n && !g->conf->back.smtp_auth) {
		out_lit(o, " LOGIN=");
		codec_xtext(o, out_data(&user));
	}
	out_lit(o, " NAME=");
	dns_sim_host(g, o);
}

static void write_auth(const struct guest *g, struct out *o)
{
	uint8_t bytes[256];
	struct out plain;

	out_init(&plain, bytes, sizeof(bytes));
	out_byte(&plain, 0);
	lines_final_user(g, &plain);
	out_byte(&plain, 0);
	lines_final_password(g, &plain);
	out_lit(o, "AUTH PLAIN ");
	codec_base64(o, out_data(&plain));
}

static bool is_esmtp(const struct guest *g)
{
	return g->esmtp_said || g->conf->back.xclient;
}

void script_command(const struct guest *g, enum command c, struct out *o)
{
	switch (c) {
	case COMMAND_TLS_HELO:
	case COMMAND_HELO:
		out_str(o, c == COMMAND_TLS_HELO || is_esmtp(g) ? STR("EHLO ") : STR("HELO "));
		out_str(o, g->conf->back.server_name);
		break;
	case COMMAND_STARTTLS:
		out_lit(o, "STARTTLS");
		break;
	case COMMAND_XCLIENT:
		write_xclient(g, o);
		break;
	case COMMAND_CLIENT_HELO:
		out_str(o, g->esmtp_said ? STR("EHLO ") : STR("HELO "));
		out_str(o, lines_helo(g));
		break;
	case COMMAND_MAIL:
		lines_mail(g, o);
		break;
	case COMMAND_RCPT:
		lines_rcpt(g, o);
		break;
	case COMMAND_AUTH:
		write_auth(g, o);
		break;
	}
}

static struct str helo_reply(const struct guest *g)
{
	if (g->back_tls == BACK_TLS_STARTTLS && g->back_trick != BACK_NO_STARTTLS)
		return g->id % 2 ? STR("250-back.test\r\n250-STARTTLS\r\n250 PIPELINING\r\n")
				 : STR("250-back.test\r\n250 StartTLS\r\n");
	return g->id % 2 ? STR("250-back.test\r\n250-SIZE 1000\r\n250 PIPELINING\r\n")
			 : STR("250 back.test\r\n");
}

static struct str starttls_reply(const struct guest *g)
{
	if (g->back_trick == BACK_REFUSES_STARTTLS)
		return STR("454 4.7.0 not now\r\n");
	if (g->back_trick == BACK_INJECTS)
		return STR("220 2.0.0 go ahead\r\n250-back.test\r\n250 fake\r\n");
	return STR("220 2.0.0 go ahead\r\n");
}

struct str script_reply(const struct guest *g, enum command c)
{
	switch (c) {
	case COMMAND_TLS_HELO:
	case COMMAND_HELO:
	case COMMAND_CLIENT_HELO:
		return helo_reply(g);
	case COMMAND_STARTTLS:
		return starttls_reply(g);
	case COMMAND_XCLIENT:
		return STR("220 back.test\r\n");
	case COMMAND_AUTH:
		return STR("235 2.7.0 welcome\r\n");
	case COMMAND_MAIL:
	case COMMAND_RCPT:
		break;
	}
	return STR("250 2.1.0 fine\r\n");
}
