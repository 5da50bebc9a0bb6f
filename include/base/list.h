/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list: intrusive, doubly linked, circular. The head is a node that holds nothing.
 *
 * A node that is in no list points at itself (list_init); list_remove leaves it so, which makes
 * removing twice harmless. The list owns no memory.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

/* clang-format off */
#define list_entry(node, type, member) \
	((type *)(void *)((char *)(node) - offsetof(type, member)))
/* clang-format on */
#define list_each(it, head) for (struct list *it = (head)->next; it != (head); it = it->next)
/* The current node may be removed while walking; others may not. */
#define list_each_safe(it, head)                                                                   \
	for (struct list *it = (head)->next, *it##_next = it->next; it != (head);                  \
	     it = it##_next, it##_next = it->next)

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_push_front(struct list *head, struct list *node)
{
	node->next = head->next;
	node->prev = head;
	head->next->prev = node;
	head->next = node;
}

static inline void list_push_back(struct list *head, struct list *node)
{
	list_push_front(head->prev, node);
}

static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* Whether it is in a list or not, node becomes the last of this one. */
static inline void list_move_back(struct list *head, struct list *node)
{
	list_remove(node);
	list_push_back(head, node);
}

/* The first node, taken out, or NULL from an empty list. */
static inline struct list *list_pop(struct list *head)
{
	struct list *node = head->next;

	if (node == head)
		return NULL;
	list_remove(node);
	return node;
}

/* Move everything in `from` to the empty list `to`. */
static inline void list_take_all(struct list *to, struct list *from)
{
	list_init(to);
	if (list_empty(from))
		return;
	*to = *from;
	to->next->prev = to->prev->next = to;
	list_init(from);
}

#endif
