/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/conf_table: the rows hold together, names are found, near names are guessed.
 * What they do when they are met is in the other files of conf_*.
 */
#include "app/conf_table.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void check_row(const struct conf_row *row)
{
	cr_expect_eq(conf_table_find(str_cstr(row->name)), row, "%s is there twice", row->name);
	cr_expect(row->contexts, "%s has no context", row->name);
	cr_expect_leq(row->args_min, row->args_max, "%s", row->name);
	cr_expect(row->kind != CONF_SETTING || row->set, "%s: setter", row->name);
	cr_expect(row->set == NULL || row->kind == CONF_SETTING || row->kind == CONF_IDLE, "%s",
		  row->name);
	cr_expect(row->kind != CONF_SETTING || (row->help && row->syntax), "%s: help", row->name);
	cr_expect(!row->help || row->help[strlen(row->help) - 1] == '.', "%s: help", row->name);
	cr_expect_leq((size_t)row->offset + row->size, sizeof(struct conf_settings), "%s",
		      row->name);
	cr_expect_leq(row->min, row->max, "%s", row->name);
}

Test(conf_table, every_row_is_sound)
{
	cr_assert_leq(conf_table_n(), CONF_ROWS_MAX);
	for (uint32_t i = 0; i < conf_table_n(); i++)
		check_row(conf_table_row(i));
}

Test(conf_table, names_are_exact)
{
	cr_assert(conf_table_find(STR("listen")));
	cr_assert_null(conf_table_find(STR("Listen")));
	cr_assert_null(conf_table_find(STR("liste")));
	cr_assert_null(conf_table_find(STR("")));
}

static const struct {
	const char *said, *meant; /* NULL: nothing is near */
	unsigned context;
} slips[] = {
	{"listne", "listen", CONF_IN_SERVER},
	{"lisen", "listen", CONF_IN_SERVER},
	{"listenn", "listen", CONF_IN_SERVER},
	{"servername", "server_name", CONF_IN_SERVER},
	{"server-name", "server_name", CONF_IN_MAIL},
	{"Timeout", "timeout", CONF_IN_MAIL},
	{"smtp_capabilites", "smtp_capabilities", CONF_IN_MAIL},
	{"auth_http_headers", "auth_http_header", CONF_IN_SERVER},
	{"start_tls", "starttls", CONF_IN_SERVER},
	{"worker_process", "worker_processes", CONF_IN_MAIN},
	{"wrker_connections", "worker_connections", CONF_IN_EVENTS},
	{"pop3_auht", "pop3_auth", CONF_IN_MAIL},
	{"xclien", "xclient", CONF_IN_SERVER},
	{"usr", "user", CONF_IN_MAIN},
	{"us", "use", CONF_IN_EVENTS},
	{"client_max_body_size", NULL, CONF_IN_MAIN},
	{"location", NULL, CONF_IN_SERVER},
	{"", NULL, CONF_IN_MAIN},
	{"a_name_that_is_much_too_long_to_be_any_directive", NULL, CONF_IN_MAIN},
};

Test(conf_table, slips_are_understood)
{
	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		const char *near = conf_table_nearest(str_cstr(slips[i].said), slips[i].context);

		cr_expect_str_eq(near ? near : "-", slips[i].meant ? slips[i].meant : "-", "%s: %s",
				 slips[i].said, near ? near : "-");
	}
}
