/* SPDX-License-Identifier: MIT */
/* Large runs of memory on the calling thread's NUMA node, on huge pages where there are any. */
#ifndef LIBOS_BUF_ARENA_H
#define LIBOS_BUF_ARENA_H

#include "libos/base/compiler.h"

struct arena {
	struct arena *next;
	void *base;
	size_t bytes;
	bool huge;
};

enum arena_pages {
	ARENA_PAGES_ANY, /* huge pages if the system has free ones, else plain pages */
	ARENA_PAGES_PLAIN,
	ARENA_PAGES_HUGE, /* huge pages or nothing */
};

/* Maps @bytes, zeroed. NULL when there is no such memory. */
struct arena *arena_new_or_null(size_t bytes, enum arena_pages pages);

/* Unmaps a whole list. */
void arena_free_list(struct arena *a);

#endif
