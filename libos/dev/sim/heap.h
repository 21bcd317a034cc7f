/* SPDX-License-Identifier: MIT */
/*
 * Pairing heap of things that have a time and a number: the earliest time first, the lower number among equals, so
 * that the order never depends on the heap's history. Entries lie within their owners: no memory, no failure.
 * Moving an entry to an earlier time is O(1), taking one out O(log n) amortised.
 */
#ifndef LIBOS_DEV_SIM_HEAP_H
#define LIBOS_DEV_SIM_HEAP_H

#include "libos/base/clock.h"

struct sim_heap_entry {
	uint64_t at; /* TIME_NEVER: not in the heap */
	uint32_t number;
	struct sim_heap_entry *child;
	struct sim_heap_entry *next; /* right sibling */
	struct sim_heap_entry *prev; /* left sibling; of the first child: the parent */
};

struct sim_heap {
	struct sim_heap_entry *root;
};

static inline void sim_heap_entry_init(struct sim_heap_entry *e, uint32_t number)
{
	*e = (struct sim_heap_entry){ .at = TIME_NEVER, .number = number };
}

/* Moves @e to @at, from wherever it was; TIME_NEVER takes it out. */
void sim_heap_set(struct sim_heap *heap, struct sim_heap_entry *e, uint64_t at);

#endif
