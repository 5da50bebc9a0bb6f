/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tally: the mail sink's counts as JSON, and which numbered messages have been seen.
 */
#include "tools/lib/tally.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS_MAX (1u << 24) /* repetitions are noticed up to here */

struct tally tally_seen;

static uint8_t *numbers; /* bit n: message n was seen */

static const struct {
	const char *name;
	size_t at;
} fields[] = {
	{"sessions", offsetof(struct tally, sessions)},
	{"open", offsetof(struct tally, open)},
	{"most_open", offsetof(struct tally, most_open)},
	{"ended_with_quit", offsetof(struct tally, quits)},
	{"ended_early", offsetof(struct tally, early)},
	{"commands", offsetof(struct tally, commands)},
	{"refused", offsetof(struct tally, refused)},
	{"messages", offsetof(struct tally, messages)},
	{"bytes", offsetof(struct tally, bytes)},
	{"intact", offsetof(struct tally, intact)},
	{"damaged", offsetof(struct tally, damaged)},
	{"without", offsetof(struct tally, without)},
	{"repeated", offsetof(struct tally, repeated)},
	{"cut", offsetof(struct tally, cut)},
	{"xclient", offsetof(struct tally, xclients)},
	{"auth_accepted", offsetof(struct tally, auth_accepted)},
	{"auth_refused", offsetof(struct tally, auth_refused)},
};

static json_t *tell(void)
{
	json_t *all = json_object();

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uint64_t value;

		memcpy(&value, (const char *)&tally_seen + fields[i].at, sizeof(value));
		json_object_set_new(all, fields[i].name, json_integer((json_int_t)value));
	}
	json_object_set_new(all, "first_damage", json_string(tally_seen.first_damage));
	return all;
}

static void reset(void)
{
	uint64_t open = tally_seen.open;

	free(numbers);
	numbers = NULL;
	memset(&tally_seen, 0, sizeof(tally_seen));
	tally_seen.open = tally_seen.most_open = open;
}

const struct control_source tally_counts = {tell, reset};

void tally_number(uint64_t number)
{
	uint8_t bit = (uint8_t)(1u << (number & 7));

	if (number == 0 || number >= NUMBERS_MAX)
		return;
	if (!numbers)
		numbers = calloc(1, NUMBERS_MAX / 8);
	if (!numbers)
		return;
	tally_seen.repeated += (numbers[number / 8] & bit) != 0;
	numbers[number / 8] |= bit;
}
