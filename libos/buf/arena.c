/* SPDX-License-Identifier: MIT */
/*
 * Huge pages come from the kernel's pool (MAP_HUGETLB), which may be empty: then plain pages, with a hint for
 * transparent huge ones. Placement is a preference, not a bind: memory on the wrong node beats none.
 */
#include "libos/buf/arena.h"

#include <numa.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "libos/base/log.h"

#define HUGE_PAGE_BYTES (2ul << 20)

static size_t round_up(size_t bytes, size_t unit)
{
	return (bytes + unit - 1) / unit * unit;
}

static void *map_pages(size_t bytes, int flags)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1,
		       0);

	return p == MAP_FAILED ? NULL : p;
}

static void prefer_local_node(void *base, size_t bytes)
{
	if (numa_available() >= 0 && numa_max_node() > 0)
		numa_setlocal_memory(base, bytes);
}

struct arena *arena_new_or_null(size_t bytes, enum arena_pages pages)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->bytes = round_up(bytes, HUGE_PAGE_BYTES);
	if (pages != ARENA_PAGES_PLAIN)
		a->base = map_pages(a->bytes, MAP_HUGETLB);
	a->huge = a->base != NULL;
	if (!a->base && pages != ARENA_PAGES_HUGE) {
		a->base = map_pages(a->bytes, 0);
		if (a->base)
			madvise(a->base, a->bytes, MADV_HUGEPAGE);
	}
	if (!a->base) {
		free(a);
		return NULL;
	}
	prefer_local_node(a->base, a->bytes);
	log_info("mapped %zu MiB of buffer memory on %s pages", a->bytes >> 20,
		 a->huge ? "huge" : "plain");
	return a;
}

void arena_free_list(struct arena *a)
{
	while (a) {
		struct arena *next = a->next;

		munmap(a->base, a->bytes);
		free(a);
		a = next;
	}
}
