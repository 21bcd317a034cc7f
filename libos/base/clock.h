/* SPDX-License-Identifier: MIT */
/*
 * Where time comes from. A clock is either the machine's TSC, calibrated against CLOCK_MONOTONIC, or virtual:
 * a number that the simulator moves. Both give nanoseconds as uint64_t and start near zero, so that timer
 * arithmetic never meets a wrap. Only the run loop reads a clock; everything below is handed `now`.
 *
 * TSC time: ns = base_ns + ((tsc - base_tsc) * mult >> CLOCK_SHIFT). `mult` is measured once per process, by
 * bracketing CLOCK_MONOTONIC reads, and never changed afterwards: a clock that is 10 ppm off is better than one
 * that jumps. Where the CPU has no invariant TSC, CLOCK_MONOTONIC itself is read.
 */
#ifndef LIBOS_BASE_CLOCK_H
#define LIBOS_BASE_CLOCK_H

#include "libos/base/compiler.h"

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_SEC 1000000000ull

/* "No deadline". Later than any time that a clock returns. */
#define TIME_NEVER UINT64_MAX

enum clock_kind {
	CLOCK_KIND_VIRTUAL,
	CLOCK_KIND_TSC,
	CLOCK_KIND_MONOTONIC,
};

struct clock {
	enum clock_kind kind;
	uint32_t mult;       /* CLOCK_KIND_TSC: ns per tick, fixed point with CLOCK_SHIFT */
	uint64_t base_tsc;   /* CLOCK_KIND_TSC: tick count at time zero */
	uint64_t virtual_ns; /* CLOCK_KIND_VIRTUAL: the time */
	uint64_t base_ns;    /* CLOCK_KIND_MONOTONIC: CLOCK_MONOTONIC at time zero */
};

#define CLOCK_SHIFT 30

/* A real clock that reads zero now. The first call in a process calibrates the TSC (about 10 ms). */
void clock_init_real(struct clock *c);

/* A virtual clock at @start_ns; clock_advance_to moves it. */
void clock_init_virtual(struct clock *c, uint64_t start_ns);

/* Time never goes back: an earlier @now_ns is a bug. */
void clock_advance_to(struct clock *c, uint64_t now_ns);

uint64_t clock_read_slow(const struct clock *c);

static always_inline uint64_t cpu_ticks(void)
{
	return __builtin_ia32_rdtsc();
}

static always_inline uint64_t clock_read(const struct clock *c)
{
	if (likely(c->kind == CLOCK_KIND_TSC)) {
		uint64_t ticks = cpu_ticks() - c->base_tsc;

		return (uint64_t)(((unsigned __int128)ticks * c->mult) >> CLOCK_SHIFT);
	}
	return clock_read_slow(c);
}

/* now + delay, saturating at TIME_NEVER. */
static always_inline uint64_t time_add(uint64_t now, uint64_t delay)
{
	uint64_t at = now + delay;

	return at < now ? TIME_NEVER : at;
}

#endif
