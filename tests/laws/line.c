/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Line framing under all laws: line ends of every kind around the limit.
 */
#include "../lib/laws_line.h"

#include <criterion/criterion.h>

Test(laws_line, every_cut_of_every_line_end_around_the_limit)
{
	static const struct str inputs[] = {
		STR_INIT("a\r\nbc\ndef\r\n\r\n\n"),
		STR_INIT("\r\r\n\r"),
		STR_INIT("1234567\r\n12345678\r\n"),
		STR_INIT("\0\n\0\r\n\xff\x80\n"),
		STR_INIT("123456789"),
	};
	struct laws_line conf;

	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++)
		for (conf.max = 1; conf.max <= 11; conf.max++)
			laws_check_cuts(&laws_line_engine, &conf, inputs[i]);
}
