/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "libos/base/rng.h"
#include "libos/dev/sim/heap.h"

#define NUM 200

static struct sim_heap_entry entries[NUM];

static const struct sim_heap_entry *earliest_or_null(void)
{
	const struct sim_heap_entry *best = NULL;

	for (int i = 0; i < NUM; i++) {
		const struct sim_heap_entry *e = &entries[i];

		if (e->at != TIME_NEVER && (!best || e->at < best->at))
			best = e;
	}
	return best;
}

/* Small times, so that ties are the rule: the lower number, that is the first found, wins. */
Test(heap, the_root_is_always_the_earliest_and_of_equals_the_lowest)
{
	struct sim_heap heap = { 0 };
	struct rng rng;

	rng_init(&rng, 7);
	for (uint32_t i = 0; i < NUM; i++)
		sim_heap_entry_init(&entries[i], i);
	for (int step = 0; step < 100000; step++) {
		struct sim_heap_entry *e = &entries[rng_below(&rng, NUM)];
		uint64_t at = rng_below(&rng, 4) ? rng_below(&rng, 50) : TIME_NEVER;

		sim_heap_set(&heap, e, at);
		cr_assert_eq(e->at, at);
		cr_assert_eq(heap.root, earliest_or_null(), "step %d", step);
	}
	for (int i = 0; i < NUM; i++)
		sim_heap_set(&heap, &entries[i], TIME_NEVER);
	cr_assert_null(heap.root);
}
