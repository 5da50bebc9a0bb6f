/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_files: the files that directives name, certificates and keys above all: read whole, once,
 * and gone again from memory, wiped, when the configuration has been built.
 */
#ifndef APP_CONF_FILES_H
#define APP_CONF_FILES_H

#include "app/conf_build.h"

struct conf_file {
	struct tls_file file; /* name: absolute. bytes: only after conf_files_read() */
	struct str written;   /* as the configuration names it */
	const char *folder;   /* where a relative name began; NULL: it was absolute */
	struct conf_where where;
	bool is_read;
	bool is_open_to_all; /* others than its owner and group may read it */
};

/* The file that the first argument of a directive names; in the pool. */
struct conf_file *conf_files_name(struct conf_build *b, const struct conf_call *c);

/* `what` it is, for the error: "certificate". NULL: the sentence begins with the call that
 * failed. A second call does nothing. */
NODISCARD int conf_files_read(struct conf_build *b, struct conf_file *f, const char *what);

/* A certificate's key: that others can read it is worth a warning. */
NODISCARD int conf_files_read_key(struct conf_build *b, struct conf_file *key);

/* struct str: the lines of a file that has been read, without empty ones; they live as long as its
 * bytes. */
struct conf_vec conf_files_lines(struct conf_build *b, const struct conf_file *f);

/* Where the file is named that a sentence about TLS has in quotes; `instead` if it has none. */
struct conf_where conf_files_blamed(const struct conf_build *b, const char *text,
				    struct conf_where instead);

/* Forget all contents. */
void conf_files_wipe(struct conf_build *b);

#endif
