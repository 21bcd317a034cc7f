/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include <stdio.h>

#include "libos/buf/arena.h"

static size_t free_huge_bytes(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];
	unsigned long pages = 0;

	cr_assert_not_null(f);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "HugePages_Free: %lu", &pages);
	fclose(f);
	return pages * (2ul << 20);
}

Test(arena, plain_memory_is_there_zeroed_and_writable)
{
	struct arena *a = arena_new_or_null(1, ARENA_PAGES_PLAIN);
	uint8_t *p;

	cr_assert_not_null(a);
	cr_assert(!a->huge);
	cr_assert_geq(a->bytes, 2u << 20);
	p = a->base;
	cr_assert_eq(p[0], 0);
	cr_assert_eq(p[a->bytes - 1], 0);
	p[a->bytes - 1] = 1;
	arena_free_list(a);
}

Test(arena, any_pages_fall_back_to_plain_ones)
{
	struct arena *a = arena_new_or_null(free_huge_bytes() + (2ul << 20), ARENA_PAGES_ANY);

	cr_assert_not_null(a);
	cr_assert(!a->huge);
	arena_free_list(a);
}

Test(arena, impossible_sizes_are_refused)
{
	cr_assert_null(arena_new_or_null(1ul << 60, ARENA_PAGES_ANY));
	cr_assert_null(arena_new_or_null(64ul << 40, ARENA_PAGES_HUGE));
}
