/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/conf_real_ip: what set_real_ip_from makes of blocks and host names. Its place
 * in the levels is in conf_effects.c, its mistakes are in conf_errors.c.
 */
#include "tests/lib/conf_try.h"

#include <criterion/criterion.h>
#include <string.h>

static bool trusts(const struct conf *c, const char *address)
{
	const struct server_conf *s = &c->servers[0]->session;
	struct addr a;

	cr_assert_eq(addr_parse(str_cstr(address), &a), 0);
	for (uint32_t i = 0; i < s->n_real_ip_from; i++)
		if (addr_in_net(&a, &s->real_ip_from[i]))
			return true;
	return false;
}

Test(conf_real_ip, bits_that_do_not_count_are_pointed_out)
{
	struct conf *c = conf_try_good("mail {\nauth_http 127.0.0.1:9;\n"
				       "set_real_ip_from 192.0.2.99/24;\n"
				       "server { listen 127.0.0.1:2525; protocol smtp; } }");

	cr_assert_eq(c->n_notes, 1);
	cr_assert_eq(c->notes[0].level, LEVEL_WARN);
	cr_assert(strstr(c->notes[0].text, "low address bits of 192.0.2.99/24 are meaningless in "),
		  "%s", c->notes[0].text);
	cr_assert(trusts(c, "192.0.2.1"));
	cr_assert_not(trusts(c, "192.0.3.1"));
	conf_free(c);
}

Test(conf_real_ip, a_host_name_stands_for_its_addresses)
{
	struct conf *c = conf_try_good("mail {\nauth_http 127.0.0.1:9;\n"
				       "set_real_ip_from localhost;\n"
				       "server { listen 127.0.0.1:2525; protocol smtp; } }");

	cr_assert(trusts(c, "127.0.0.1"));
	cr_assert_not(trusts(c, "127.0.0.2"));
	conf_free(c);
}

Test(conf_real_ip, debug_connection_is_a_list_of_its_own)
{
	struct conf *c = conf_try_good("events { debug_connection 192.0.2.0/24; }\n"
				       "mail {\nauth_http 127.0.0.1:9;\n"
				       "set_real_ip_from 192.0.3.0/24;\n"
				       "server { listen 127.0.0.1:2525; protocol smtp; } }");
	const struct server_conf *s = &c->servers[0]->session;

	cr_assert_eq(s->n_debug_from, 1);
	cr_assert_eq(s->debug_from[0].bits, 24);
	cr_assert_eq(s->debug_from[0].base.ip[2], 2);
	cr_assert_not(trusts(c, "192.0.2.1"));
	conf_free(c);
}
