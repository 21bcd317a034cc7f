/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share. A target copies its input to a heap block of exactly its size, so that
 * AddressSanitizer sees the first byte read past the end, and says with FUZZ_CHECK what must hold afterwards.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "libos/base/bug.h"

#define FUZZ_CHECK(cond) BUG_ON(!(cond))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A block of exactly @size bytes; free() it. */
static inline uint8_t *fuzz_copy(const void *data, size_t size)
{
	uint8_t *p = malloc(size);

	BUG_ON(!p);
	if (size > 0)
		memcpy(p, data, size);
	return p;
}

#endif
