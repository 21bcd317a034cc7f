/* SPDX-License-Identifier: MIT */
/* Intrusive doubly linked list. A node that is on no list points at itself, so list_del is safe twice. */
#ifndef LIBOS_BASE_LIST_H
#define LIBOS_BASE_LIST_H

#include "libos/base/compiler.h"

struct list {
	struct list *next;
	struct list *prev;
};

static always_inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static always_inline bool list_is_empty(const struct list *l)
{
	return l->next == l;
}

static always_inline void list_insert_between(struct list *n, struct list *prev, struct list *next)
{
	n->prev = prev;
	n->next = next;
	prev->next = n;
	next->prev = n;
}

static always_inline void list_add_tail(struct list *head, struct list *n)
{
	list_insert_between(n, head->prev, head);
}

static always_inline void list_add_head(struct list *head, struct list *n)
{
	list_insert_between(n, head, head->next);
}

/* Takes @n off and leaves its own pointers as they were: for who puts it elsewhere, or is done with it. */
static always_inline void list_unlink(struct list *n)
{
	struct list *prev = n->prev;
	struct list *next = n->next;

	prev->next = next;
	next->prev = prev;
}

static always_inline void list_del(struct list *n)
{
	list_unlink(n);
	list_init(n);
}

static always_inline void list_move_tail(struct list *head, struct list *n)
{
	list_unlink(n);
	list_add_tail(head, n);
}

/* Moves everything on @from to the tail of @to. */
static inline void list_splice_tail(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)

#define list_first(head, type, member) list_entry((head)->next, type, member)

#define list_for_each(pos, head) for (pos = (head)->next; pos != (head); pos = pos->next)

/* Safe against removal of @pos, not of its successor. */
#define list_for_each_safe(pos, tmp, head)                                                         \
	for (pos = (head)->next, tmp = pos->next; pos != (head); pos = tmp, tmp = pos->next)

#endif
