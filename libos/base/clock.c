/* SPDX-License-Identifier: MIT */
#include "libos/base/clock.h"

#include <cpuid.h>
#include <pthread.h>
#include <time.h>

#include "libos/base/bug.h"

/* Calibration: the tightest of CAL_TRIES brackets at each end of CAL_SPAN_NS bounds the error to a few ppm. */
#define CAL_SPAN_NS (10 * NS_PER_MS)
#define CAL_TRIES 16

static pthread_once_t calibrated = PTHREAD_ONCE_INIT;
static uint32_t tsc_mult; /* 0: no usable TSC */

static uint64_t monotonic_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

static bool has_invariant_tsc(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & (1u << 8));
}

/* One (tsc, ns) pair, taken where the two reads lay closest together. */
static void sample_pair(uint64_t *tsc, uint64_t *ns)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < CAL_TRIES; i++) {
		uint64_t before = cpu_ticks();
		uint64_t mono = monotonic_ns();
		uint64_t after = cpu_ticks();

		if (after - before < best) {
			best = after - before;
			*tsc = before + (after - before) / 2;
			*ns = mono;
		}
	}
}

static void calibrate(void)
{
	uint64_t tsc0 = 0, ns0 = 0, tsc1 = 0, ns1 = 0;

	if (!has_invariant_tsc())
		return;
	sample_pair(&tsc0, &ns0);
	while (monotonic_ns() - ns0 < CAL_SPAN_NS)
		__builtin_ia32_pause();
	sample_pair(&tsc1, &ns1);
	if (tsc1 <= tsc0)
		return;

	unsigned __int128 mult = ((unsigned __int128)(ns1 - ns0) << CLOCK_SHIFT) / (tsc1 - tsc0);

	if (mult > 0 && mult <= UINT32_MAX)
		tsc_mult = (uint32_t)mult;
}

void clock_init_real(struct clock *c)
{
	pthread_once(&calibrated, calibrate);
	*c = (struct clock){ .kind = CLOCK_KIND_MONOTONIC };
	if (tsc_mult) {
		c->kind = CLOCK_KIND_TSC;
		c->mult = tsc_mult;
		c->base_tsc = cpu_ticks();
	} else {
		c->base_ns = monotonic_ns();
	}
}

void clock_init_virtual(struct clock *c, uint64_t start_ns)
{
	*c = (struct clock){ .kind = CLOCK_KIND_VIRTUAL, .virtual_ns = start_ns };
}

void clock_advance_to(struct clock *c, uint64_t now_ns)
{
	BUG_ON(c->kind != CLOCK_KIND_VIRTUAL);
	BUG_ON(now_ns < c->virtual_ns);
	c->virtual_ns = now_ns;
}

uint64_t clock_read_slow(const struct clock *c)
{
	return c->kind == CLOCK_KIND_VIRTUAL ? c->virtual_ns : monotonic_ns() - c->base_ns;
}
