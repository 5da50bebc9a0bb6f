/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * library: wolfSSL's memory goes through our hooks, which count it and give all of it back.
 */
#include "tls/library.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

Test(library, memory_is_counted_and_given_back)
{
	uint64_t before, calls;
	WOLFSSL_CTX *ctx;

	cr_assert(library_open());
	before = library_memory();
	calls = library_allocations();
	ctx = wolfSSL_CTX_new(wolfTLS_server_method());
	cr_assert(ctx);
	cr_assert_gt(library_memory(), before);
	cr_assert_gt(library_allocations(), calls);
	wolfSSL_CTX_free(ctx);
	cr_assert_eq(library_memory(), before);
	library_close();
	cr_assert_eq(library_memory(), 0);
}

Test(library, a_block_that_grows_keeps_its_bytes)
{
	wolfSSL_Malloc_cb take;
	wolfSSL_Free_cb give_back;
	wolfSSL_Realloc_cb take_again;
	char *p;

	cr_assert(library_open());
	cr_assert_eq(wolfSSL_GetAllocators(&take, &give_back, &take_again), 0);
	p = take(10);
	cr_assert(p);
	memcpy(p, "ninechars", 10);
	p = take_again(p, 100000);
	cr_assert(p);
	cr_assert_str_eq(p, "ninechars");
	cr_assert_geq(library_memory(), 100000);
	p = take_again(p, 10);
	cr_assert(p);
	cr_assert_str_eq(p, "ninechars");
	give_back(p);
	give_back(NULL);
	library_close();
	cr_assert_eq(library_memory(), 0);
}

Test(library, says_which_it_is)
{
	cr_assert(str_starts(library_version(), STR("5.")));
	cr_assert(str_starts(library_built(), STR("tuned, package ")) ||
		  str_starts(library_built(), STR("system, headers 5.")));
	cr_assert_eq(library_warning().n == 0, library_tuned());
	if (str_starts(library_built(), STR("tuned")))
		cr_assert_eq(library_warning().n, 0);
}
