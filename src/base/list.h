/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list: a circular doubly linked list whose links live inside the elements.
 *
 * A struct list is a list head, or the link of an element in one list; the comment at each member
 * names the list that owns it.  A link that is in no list points at itself.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/util.h"

struct list {
	struct list *prev, *next;
};

static inline void list_init(struct list *list)
{
	list->prev = list->next = list;
}

static inline bool list_empty(const struct list *list)
{
	return list->next == list;
}

/* Adds @link as the last element of @list. */
static inline void list_append(struct list *list, struct list *link)
{
	link->prev = list->prev;
	link->next = list;
	list->prev->next = link;
	list->prev = link;
}

/* Takes @link out of its list; does nothing when it is in none. */
static inline void list_remove(struct list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

#define list_entry(link, type, member) container_of(link, type, member)

/* Walks @list; the body may remove (and free) the element at @pos. */
#define list_for_each(pos, tmp, list)                                    \
	for ((pos) = (list)->next, (tmp) = (pos)->next; (pos) != (list); \
	     (pos) = (tmp), (tmp) = (pos)->next)

#endif
