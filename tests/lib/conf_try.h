/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_try: loads configurations that tests hold as strings: each in a folder of its own that is
 * gone afterwards.
 */
#ifndef TESTS_LIB_CONF_TRY_H
#define TESTS_LIB_CONF_TRY_H

#include "app/conf.h"

struct conf_try_file {
	const char *name, *text;
};

/*
 * A main file "c" with this text, and more files (ended by a NULL name; may be NULL), loaded.
 * e->text has the folder's name taken out: "c:3".
 */
struct conf *conf_try_files(const char *text, const struct conf_try_file *more,
			    struct conf_error *e);
struct conf *conf_try(const char *text, struct conf_error *e);

/* "mail { auth_http ...; server { listen 127.0.0.1:2525; protocol smtp; TEXT } }", line 4. */
struct conf *conf_try_server(const char *text, struct conf_error *e);

/* The same with TEXT in mail, line 2. */
struct conf *conf_try_mail(const char *text, struct conf_error *e);

/* The same with TEXT before the mail block, line 1. */
struct conf *conf_try_main(const char *text, struct conf_error *e);

/* One that must load. */
struct conf *conf_try_good(const char *text);

#endif
