/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of base/list: order, removing twice, walking while removing, moving everything.
 */
#include "base/list.h"

#include <criterion/criterion.h>
#include <string.h>

struct item {
	char name;
	struct list node;
};

static struct item items[4] = {{.name = 'a'}, {.name = 'b'}, {.name = 'c'}, {.name = 'd'}};

static void fill(struct list *head)
{
	list_init(head);
	for (size_t i = 0; i < 4; i++)
		list_push_back(head, &items[i].node);
}

/* The names forwards must be `want`, and backwards its mirror image. */
static void is(struct list *head, const char *want)
{
	size_t n = 0;

	list_each(node, head) {
		cr_assert_eq(list_entry(node, struct item, node)->name, want[n]);
		n++;
	}
	cr_assert_eq(n, strlen(want));
	for (struct list *node = head->prev; node != head; node = node->prev)
		cr_assert_eq(list_entry(node, struct item, node)->name, want[--n]);
	cr_assert_eq(n, 0);
}

Test(list, keeps_order_at_both_ends)
{
	struct list head;

	list_init(&head);
	cr_assert(list_empty(&head));
	list_push_back(&head, &items[1].node);
	list_push_front(&head, &items[0].node);
	list_push_back(&head, &items[2].node);
	cr_assert(!list_empty(&head));
	is(&head, "abc");
}

Test(list, removing_twice_is_harmless)
{
	struct list head;

	fill(&head);
	list_remove(&items[1].node);
	list_remove(&items[1].node);
	cr_assert(list_empty(&items[1].node));
	is(&head, "acd");
	list_remove(&items[0].node);
	list_remove(&items[3].node);
	is(&head, "c");
	list_remove(&items[2].node);
	cr_assert(list_empty(&head));
}

Test(list, pop_takes_from_the_front_until_nothing_is_left)
{
	struct list head;

	fill(&head);
	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(list_pop(&head), &items[i].node);
	cr_assert_null(list_pop(&head));
}

Test(list, the_current_node_may_go_while_walking)
{
	struct list head;

	fill(&head);
	list_each_safe(node, &head) {
		if (node != &items[2].node)
			list_remove(node);
	}
	is(&head, "c");
}

Test(list, take_all_moves_everything)
{
	struct list from, to;

	fill(&from);
	list_take_all(&to, &from);
	cr_assert(list_empty(&from));
	is(&to, "abcd");
	list_take_all(&to, &from);
	cr_assert(list_empty(&to));
	cr_assert(list_empty(&from));
}
