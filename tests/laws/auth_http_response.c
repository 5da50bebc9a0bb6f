/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader of auth service answers under all laws: answers of every kind, whole and cut off
 * after every byte, with stores of every size.
 */
#include "../lib/laws_auth_response.h"

#include <criterion/criterion.h>

#define SERVER "Auth-Server: 192.0.2.1\r\nAuth-Port: 25\r\n"

static const struct str answers[] = {
	STR_INIT("HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 0\r\nAuth-Status: OK\r\n" SERVER
		 "Auth-User: u\r\nAuth-Pass: p\r\n\r\n"),
	STR_INIT("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nAuth-Status: no\r\nAuth-Wait: 3\r\n"
		 "Auth-Error-Code: 550 5.1.1\r\nContent-Length: 5\r\n\r\nhello"),
	STR_INIT("HTTP/1.1 200 OK\r\nAuth-Status: WAIT\r\nContent-Length: 2\r\n\r\nabcdef"),
	STR_INIT("HTTP/1.1 200 OK\r\nAuth-Status: WAIT\r\nAuth-Wait: 99999999\r\n\r\nbody"),
	STR_INIT(SERVER "Auth-Server-SSL: starttls\r\n\r\n"),
	STR_INIT(SERVER "Auth-Server-SSL: On\r\nAuth-Server-SSL: of\r\n\r\n"),
	STR_INIT("Auth-Status:OK\nAuth-Server:::1\nAuth-Port:1\n\nrest"),
	STR_INIT("HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
	STR_INIT("HTTP/1.1 204\r\nAuth-Status\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
	STR_INIT("HTTP/1.0 200 OK\r\nAuth-Status: a\rb\r\n\r\n"),
	STR_INIT("HTTP/1.0 200 OK\r\nAuth-User: a\0b\r\n\r\n"),
	STR_INIT("HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Server: host\r\nAuth-Port: 1\r\n\r\n"),
	STR_INIT("HTTP/1.0 200 OK\r\nAuth-Status: OK\r\nAuth-Server: ::\r\nAuth-Port: 0\r\n\r\n"),
	STR_INIT("\x16\x03\x01\x02\n\n"),
	STR_INIT("\n\n"),
	STR_INIT(""),
};

static void check_all(const struct laws_auth_response *conf, bool cuts)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (cuts)
			laws_check_cuts(&laws_auth_response_engine, conf, answers[i]);
		else
			laws_check(&laws_auth_response_engine, conf, answers[i]);
	}
}

Test(laws_auth_response, every_answer)
{
	struct laws_auth_response conf = {0};

	check_all(&conf, true);
	conf.need_password = true;
	check_all(&conf, true);
}

Test(laws_auth_response, small_stores)
{
	struct laws_auth_response conf = {0};

	for (conf.store_max = 1; conf.store_max < 60; conf.store_max++)
		check_all(&conf, false);
}

Test(laws_auth_response, heads_around_the_limit)
{
	static uint8_t text[AUTH_HTTP_RESPONSE_MAX + 64];
	struct laws_auth_response conf = {0};

	for (size_t n = AUTH_HTTP_RESPONSE_MAX - 3; n < AUTH_HTTP_RESPONSE_MAX + 3; n++) {
		struct out o;

		out_init(&o, text, sizeof(text));
		out_lit(&o, "HTTP/1.1 204\nAuth-Status: ");
		while (o.n < n - 2)
			out_byte(&o, o.n % 90 == 0 ? '\n' : 'x');
		out_lit(&o, "\n\n");
		laws_check(&laws_auth_response_engine, &conf, out_data(&o));
	}
}
