/* SPDX-License-Identifier: MIT */
/* The seed of a randomised test: a new one for every run, printed; TEST_SEED=... in the environment replays one. */
#ifndef TESTS_LIB_SEED_H
#define TESTS_LIB_SEED_H

#include <stdio.h>
#include <stdlib.h>

#include "libos/base/rng.h"

static inline uint64_t test_seed(void)
{
	const char *given = getenv("TEST_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : rng_seed_from_os();

	fprintf(stderr, "replay with TEST_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

#endif
