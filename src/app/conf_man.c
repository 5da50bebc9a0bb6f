/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_man: prints the rows of the table as roff, in the table's order.
 */
#include "app/conf_man.h"

#include "app/conf_table.h"

#include <stdio.h>

/* Text of our own as roff text: a hyphen that can be copied, no accidental request. */
static void print_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		switch (*text) {
		case '\\':
			fputs("\\e", stdout);
			break;
		case '-':
			fputs("\\-", stdout);
			break;
		default:
			putchar(*text);
		}
	}
}

static void print_contexts(unsigned contexts)
{
	const char *between = "";

	for (unsigned one = CONF_IN_MAIN; one <= CONF_IN_NAME; one *= 2) {
		if (!(contexts & one))
			continue;
		printf("%s%s", between, conf_table_context_name(one));
		between = ", ";
	}
}

static void print_row(const struct conf_row *row)
{
	fputs(".TP\n.B ", stdout);
	print_text(row->name);
	fputs("\n.RS\nSyntax: ", stdout);
	print_text(row->name);
	putchar(' ');
	print_text(row->syntax);
	if (row->kind != CONF_BLOCK)
		putchar(';');
	fputs("\n.br\nContext: ", stdout);
	print_contexts(row->contexts);
	if (row->fallback) {
		fputs("\n.br\nDefault: ", stdout);
		print_text(row->fallback);
	}
	fputs("\n.PP\n", stdout);
	print_text(row->help);
	fputs("\n.RE\n", stdout);
}

static void print_names(enum conf_kind kind)
{
	const char *between = "";

	for (uint32_t i = 0; i < conf_table_n(); i++) {
		if (conf_table_row(i)->kind != kind)
			continue;
		fputs(between, stdout);
		print_text(conf_table_row(i)->name);
		between = ",\n";
	}
	fputs(".\n", stdout);
}

int conf_man_print(void)
{
	fputs(".nh\n.SH DIRECTIVES\n", stdout);
	for (uint32_t i = 0; i < conf_table_n(); i++)
		if (conf_table_row(i)->help)
			print_row(conf_table_row(i));
	fputs(".SH WITHOUT EFFECT\n"
	      "These directives of NGINX are accepted, with a notice in the log:\n",
	      stdout);
	print_names(CONF_IDLE);
	fputs(".PP\nThese blocks are skipped whole, with a notice in the log, since NGINX has to "
	      "serve them itself:\n",
	      stdout);
	print_names(CONF_FOREIGN);
	return fflush(stdout) || ferror(stdout) ? -1 : 0;
}
