/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of app/conf_table: the rows hold together, names are found, near names are guessed,
 * and those that come later or never are treated by their kind.
 */
#include "app/conf_table.h"

#include "tests/lib/conf_try.h"

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

/* A statement with this row's name in a place where it is allowed. */
static struct conf *try_row(const struct conf_row *row, const char *argument, struct conf_error *e)
{
	char text[256];

	snprintf(text, sizeof(text), "%s%s %s;%s",
		 row->contexts & CONF_IN_EVENTS ? "events { " : "", row->name, argument,
		 row->contexts & CONF_IN_EVENTS ? " }" : "");
	return row->contexts & CONF_IN_MAIL ? conf_try_mail(text, e) : conf_try_main(text, e);
}

/* resolver, so far. */
Test(conf_table, what_comes_later_is_refused_unless_it_is_off)
{
	for (uint32_t i = 0; i < conf_table_n(); i++) {
		const struct conf_row *row = conf_table_row(i);
		struct conf_error e;
		struct conf *c;

		if (row->kind != CONF_LATER)
			continue;
		c = try_row(row, "on", &e);
		cr_expect_null(c, "%s is accepted", row->name);
		conf_free(c);
		cr_expect(strstr(e.text, "is not supported yet in c:"), "%s", e.text);
		c = try_row(row, "off", &e);
		cr_expect_eq(c != NULL, row->off != NULL, "%s off", row->name);
		conf_free(c);
	}
}
