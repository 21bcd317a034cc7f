/* SPDX-License-Identifier: MIT */
/*
 * Seeded pseudo-random numbers (xoshiro256**, seeded through splitmix64): the simulator, ephemeral ports, jitter.
 * The same seed gives the same sequence for ever. For secrets use rng_seed_from_os.
 */
#ifndef LIBOS_BASE_RNG_H
#define LIBOS_BASE_RNG_H

#include "libos/base/compiler.h"

struct rng {
	uint64_t s[4];
};

void rng_init(struct rng *r, uint64_t seed);

/* A 64-bit seed from the kernel's generator. */
uint64_t rng_seed_from_os(void);

uint64_t rng_next(struct rng *r);

/* Uniform in [0, bound); bound 0 gives 0. */
uint64_t rng_below(struct rng *r, uint64_t bound);

/* True with probability @ppm / 1,000,000. Draws nothing when @ppm is 0, so unused faults cost no randomness. */
bool rng_chance_ppm(struct rng *r, uint32_t ppm);

#endif
