/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf_value: text of one argument to a value, and the setters that rows of the table name.
 *
 * Units and limits are NGINX's. Parsers return 0 or -1 and say nothing; setters write the error.
 */
#ifndef APP_CONF_VALUE_H
#define APP_CONF_VALUE_H

#include "app/conf_build.h"

/* "8192", "8k", "1M", "1g": bytes. */
NODISCARD int conf_value_parse_size(struct str s, uint64_t *bytes);
/* "1h 30m", "500ms", "30": seconds are the unit of a bare number. ms: weeks are the largest. */
NODISCARD int conf_value_parse_ms(struct str s, uint64_t *ms);
/* The same in whole seconds; years and months are known, ms are not. */
NODISCARD int conf_value_parse_s(struct str s, uint64_t *seconds);
NODISCARD int conf_value_parse_flag(struct str s, bool *on);

/* Setters: the row's value is a bool, uint64_t, struct str, uint32_t or struct conf_words. */
conf_set conf_value_flag, conf_value_number, conf_value_size, conf_value_ms, conf_value_s;
conf_set conf_value_word, conf_value_words, conf_value_choice, conf_value_choices;
conf_set conf_value_ring_entries, conf_value_ring_buffers;
conf_set conf_value_proxy, conf_value_connections, conf_value_threads, conf_value_user,
	conf_value_path;

#endif
