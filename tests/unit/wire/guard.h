/* SPDX-License-Identifier: MIT */
/*
 * Memory between two inaccessible pages: a parser that reads one byte outside of what it was given dies, in every
 * build and for vector loads too. Mapped once per test process and never given back.
 */
#ifndef TESTS_UNIT_WIRE_GUARD_H
#define TESTS_UNIT_WIRE_GUARD_H

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>

#include "libos/base/compiler.h"

#define GUARD_PAGE 4096
#define GUARD_SIZE (4 * GUARD_PAGE) /* usable bytes */

/* First usable byte. */
static inline uint8_t *guard_start(void)
{
	static uint8_t *start;

	if (!start) {
		uint8_t *map = mmap(NULL, GUARD_SIZE + 2 * GUARD_PAGE, PROT_NONE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		cr_assert_neq((void *)map, MAP_FAILED);
		start = map + GUARD_PAGE;
		cr_assert_eq(mprotect(start, GUARD_SIZE, PROT_READ | PROT_WRITE), 0);
	}
	return start;
}

/* One past the last usable byte. */
static inline uint8_t *guard_end(void)
{
	return guard_start() + GUARD_SIZE;
}

/* A copy of @data whose last byte is the last one that can be read. */
static inline uint8_t *guard_copy(const void *data, size_t len)
{
	uint8_t *p = guard_end() - len;

	memcpy(p, data, len);
	return p;
}

#endif
