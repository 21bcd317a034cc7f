/* SPDX-License-Identifier: MIT */
#include "libos/queue/queue.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_SLOTS 64

static uintptr_t free_slot(uint32_t next)
{
	return (uintptr_t)next << 1 | 1;
}

static int grow(struct queue_table *t)
{
	uint32_t num = t->num_slots ? 2 * t->num_slots : FIRST_SLOTS;
	uintptr_t *slots;

	num = min_t(uint32_t, num, t->max_slots);
	if (num <= t->num_slots)
		return -EMFILE;
	slots = realloc(t->slots, num * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	t->slots = slots;
	for (uint32_t i = num; i-- > t->num_slots;) {
		slots[i] = free_slot(t->first_free);
		if (i > 0)
			t->first_free = i;
	}
	t->num_slots = num;
	return 0;
}

int queue_table_init(struct queue_table *t, uint32_t max_queues)
{
	*t = (struct queue_table){ .max_slots = max_queues + 1 }; /* slot 0 serves nobody */
	return grow(t);
}

void queue_table_fini(struct queue_table *t)
{
	free(t->slots);
	*t = (struct queue_table){ 0 };
}

int queue_table_add(struct queue_table *t, struct queue *q)
{
	uint32_t slot;

	if (t->first_free == 0) {
		int err = grow(t);

		if (err)
			return err;
	}
	slot = t->first_free;
	t->first_free = (uint32_t)(t->slots[slot] >> 1);
	t->slots[slot] = (uintptr_t)q;
	t->in_use++;
	q->qd = (int32_t)slot;
	return 0;
}

void queue_table_remove(struct queue_table *t, struct queue *q)
{
	uint32_t slot = (uint32_t)q->qd;

	BUG_ON(t->slots[slot] != (uintptr_t)q);
	t->slots[slot] = free_slot(t->first_free);
	t->first_free = slot;
	t->in_use--;
}

struct queue *queue_table_any_or_null(const struct queue_table *t)
{
	for (uint32_t i = 0; t->in_use && i < t->num_slots; i++) {
		if (!(t->slots[i] & 1))
			return (struct queue *)t->slots[i];
	}
	return NULL;
}
