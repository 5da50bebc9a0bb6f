/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oserror: number and words of an errno, in English whatever the locale. Owns nothing.
 */
#include "io/oserror.h"

#include <stdio.h>
#include <string.h>

struct str oserror_text(int error, char *text, size_t text_size)
{
	int n = snprintf(text, text_size, "%d: %s", error, strerrordesc_np(error));

	if (n < 0)
		return STR("unknown error");
	return str_of(text, (size_t)n < text_size ? (size_t)n : text_size - 1);
}
