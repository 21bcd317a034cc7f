/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>

#include "libos/base/pool.h"

struct obj {
	uint64_t link, gen, rest;
};

Test(pool, hands_out_distinct_zeroed_objects_up_to_its_limit)
{
	struct pool p;
	struct obj *seen[2 * POOL_CHUNK];

	pool_init(&p, sizeof(struct obj), 2 * POOL_CHUNK);
	for (unsigned i = 0; i < ARRAY_SIZE(seen); i++) {
		seen[i] = pool_get_or_null(&p);
		cr_assert_not_null(seen[i]);
		cr_assert_eq(seen[i]->gen, 0);
		seen[i]->gen = i + 1;
	}
	cr_assert_null(pool_get_or_null(&p));
	for (unsigned i = 0; i < ARRAY_SIZE(seen); i++)
		cr_assert_eq(seen[i]->gen, i + 1);
	pool_fini(&p);
}

Test(pool, recycles_last_in_first_out_and_keeps_the_contents)
{
	struct pool p;
	struct obj *a;

	pool_init(&p, sizeof(struct obj), POOL_CHUNK);
	a = pool_get_or_null(&p);
	a->gen = 42;
	pool_put(&p, a);
	cr_assert_eq(pool_get_or_null(&p), a);
	cr_assert_eq(a->gen, 42);
	cr_assert_eq(p.in_use, 1);
	pool_fini(&p);
}

Test(pool, reserve_means_no_growth_later)
{
	struct pool p;

	pool_init(&p, 100, 10 * POOL_CHUNK);
	cr_assert_eq(p.obj_size % CACHE_LINE, 0);
	cr_assert_eq(pool_reserve(&p, 3 * POOL_CHUNK - 1), 0);
	for (unsigned i = 0; i < 3 * POOL_CHUNK; i++)
		cr_assert_not_null(pool_get_or_null(&p));
	cr_assert_eq(p.grows, 0);
	cr_assert_not_null(pool_get_or_null(&p));
	cr_assert_eq(p.grows, 1);
	cr_assert_eq(pool_reserve(&p, 11 * POOL_CHUNK), -ENOMEM);
	pool_fini(&p);
}

static void remember_index(void *obj, uint32_t index)
{
	((struct obj *)obj)->rest = index;
}

Test(pool, fresh_objects_are_shown_with_their_index)
{
	struct pool p;

	pool_init(&p, sizeof(struct obj), 4 * POOL_CHUNK);
	p.on_fresh = remember_index;
	for (uint32_t i = 0; i < 4 * POOL_CHUNK; i++) {
		struct obj *o = pool_get_or_null(&p);

		cr_assert_eq(pool_at(&p, (uint32_t)o->rest), o);
	}
	pool_fini(&p);
}

Test(pool, index_and_pointer_agree)
{
	struct pool p;

	pool_init(&p, sizeof(struct obj), 4 * POOL_CHUNK);
	cr_assert_eq(pool_reserve(&p, 4 * POOL_CHUNK), 0);
	for (uint32_t i = 0; i < pool_capacity(&p); i++)
		((struct obj *)pool_at(&p, i))->rest = i;
	for (uint32_t i = 0; i < pool_capacity(&p); i++)
		cr_assert_eq(((struct obj *)pool_at(&p, i))->rest, i);
	pool_fini(&p);
}
