/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_ciphers: every input as a cipher string. No suite comes twice; what is complained about is
 * in the text; the names of the list, as a string of their own, give the same list; a rule that
 * forbids everything leaves nothing.
 */
#include "base/must.h"
#include "tests/lib/guard.h"
#include "tls/ciphers.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { TEXT_MAX = 4096 };

static void check_list(const struct cipher_list *list, struct str text, int result)
{
	must(list->n <= CIPHERS_MAX && (result == 0) == (list->n > 0));
	must(list->unknown.n == 0 ||
	     (list->unknown.p >= text.p && list->unknown.p + list->unknown.n <= text.p + text.n));
	for (uint32_t i = 0; i < list->n; i++) {
		must(ciphers_find(list->v[i]->id) == list->v[i]);
		for (uint32_t k = 0; k < i; k++)
			must(list->v[i] != list->v[k]);
	}
}

static bool is_same(const struct cipher_list *a, const struct cipher_list *b)
{
	return a->n == b->n && !memcmp(a->v, b->v, a->n * sizeof(a->v[0]));
}

/* What it was written as means the same. */
static void check_names(const struct cipher_list *list,
			int (*read)(struct str text, struct cipher_list *list))
{
	uint8_t names[TEXT_MAX];
	struct cipher_list again;
	struct out o;

	out_init(&o, names, sizeof(names));
	ciphers_write(list, &o);
	must(!out_overflow(&o));
	must(read(out_data(&o), &again) == 0 && is_same(list, &again) && again.unknown.n == 0);
}

/* With something behind it. */
static void check_more(struct str text, struct str more, uint32_t n)
{
	static uint8_t room[TEXT_MAX];
	struct cipher_list list;
	struct out o;

	out_init(&o, room, sizeof(room));
	out_str(&o, text);
	out_str(&o, more);
	if (out_overflow(&o))
		return;
	(void)!ciphers_read(out_data(&o), &list);
	must(list.n == n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct guard source;
	struct str text = guard_copy(&source, str_of(data, n));
	struct cipher_list list;
	int result = ciphers_read_tls13(text, &list);

	check_list(&list, text, result);
	if (result == 0)
		check_names(&list, ciphers_read_tls13);
	result = ciphers_read(text, &list);
	if (n)
		check_list(&list, text, result);
	if (result < 0)
		return 0;
	check_names(&list, ciphers_read);
	/* Nothing counts behind the names of Suite B. */
	if (n == 0 || str_starts(text, STR("SUITEB")))
		return 0;
	check_more(text, STR(":!ALL"), 0);
	check_more(text, STR(":@STRENGTH"), list.n);
	return 0;
}
