/* SPDX-License-Identifier: MIT */
/*
 * The timing wheel under 1,000,000 armed timers, each in a cache line of its own as in a connection. Deadlines are a
 * mix as TCP makes them, log-uniform within each part: 20 % from 100 us to 40 ms (pacing, delayed ACK), 60 % from
 * 200 ms to 3 s (retransmission), 20 % from 3 s to 60 s (TIME_WAIT, keep-alive, persist). Timers are armed and
 * cancelled in random order, so nearly every one is a cache miss. Expiry runs time forward to the last deadline in
 * steps of 20 us, the pace of a busy run loop, and is charged everything: idle polls, cascades, callbacks.
 */
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "bench/lib/bench.h"
#include "libos/base/bug.h"
#include "libos/base/rng.h"
#include "libos/timer/wheel.h"

#define NUM 1000000u
#define SEED 1
#define POLL_NS (20 * NS_PER_US)
#define HUGE_PAGE (2ul << 20)

struct object {
	struct timer timer;
} cache_aligned;

struct load {
	struct timer_wheel wheel;
	struct object *objects;
	uint32_t *order;
	uint64_t *at; /* deadline of the i-th timer that is armed */
	struct rng rng;
	uint64_t now;
};

static uint64_t fired;

static void on_timer(struct timer *t, uint64_t now)
{
	fired++;
}

static double log_uniform(struct rng *rng, double low, double high)
{
	double u = (double)rng_next(rng) * 0x1p-64;

	return low * pow(high / low, u);
}

static uint64_t random_delay_ns(struct rng *rng)
{
	uint64_t part = rng_below(rng, 10);

	if (part < 2)
		return (uint64_t)log_uniform(rng, 100e3, 40e6);
	if (part < 8)
		return (uint64_t)log_uniform(rng, 200e6, 3e9);
	return (uint64_t)log_uniform(rng, 3e9, 60e9);
}

static void shuffle(struct load *l)
{
	for (uint32_t i = NUM - 1; i > 0; i--) {
		uint32_t j = (uint32_t)rng_below(&l->rng, i + 1), held = l->order[i];

		l->order[i] = l->order[j];
		l->order[j] = held;
	}
}

static struct load *load_new(void)
{
	struct load *l = calloc(1, sizeof(*l));

	BUG_ON(!l);
	l->objects =
		aligned_alloc(HUGE_PAGE, (NUM * sizeof(struct object) / HUGE_PAGE + 1) * HUGE_PAGE);
	l->order = calloc(NUM, sizeof(l->order[0]));
	l->at = calloc(NUM, sizeof(l->at[0]));
	BUG_ON(!l->objects || !l->order || !l->at);
	/* As the library's own arenas ask for; where there are none, the figures include the TLB's misses. */
	madvise(l->objects, NUM * sizeof(struct object), MADV_HUGEPAGE);
	for (uint32_t i = 0; i < NUM; i++) {
		l->order[i] = i;
		timer_init(&l->objects[i].timer, on_timer);
	}
	rng_init(&l->rng, SEED);
	l->now = NS_PER_SEC;
	timer_wheel_init(&l->wheel, l->now);
	return l;
}

static void load_free(struct load *l)
{
	free(l->objects);
	free(l->order);
	free(l->at);
	free(l);
}

static double arm_all(struct load *l, const struct bench *b)
{
	uint64_t start;

	for (uint32_t i = 0; i < NUM; i++)
		l->at[i] = l->now + random_delay_ns(&l->rng);
	shuffle(l);
	start = bench_now_ns(b);
	for (uint32_t i = 0; i < NUM; i++)
		timer_arm(&l->wheel, &l->objects[l->order[i]].timer, l->at[i]);
	return (double)(bench_now_ns(b) - start) / NUM;
}

static double cancel_all(struct load *l, const struct bench *b)
{
	uint64_t start;

	shuffle(l);
	start = bench_now_ns(b);
	for (uint32_t i = 0; i < NUM; i++)
		timer_cancel(&l->wheel, &l->objects[l->order[i]].timer);
	return (double)(bench_now_ns(b) - start) / NUM;
}

static double expire_all(struct load *l, const struct bench *b)
{
	uint64_t start = bench_now_ns(b);

	fired = 0;
	while (fired < NUM) {
		l->now += POLL_NS;
		timer_wheel_advance(&l->wheel, l->now);
	}
	return (double)(bench_now_ns(b) - start) / NUM;
}

int main(int argc, char **argv)
{
	struct bench_samples arm, cancel, expire;
	struct bench b;
	struct load *l;

	bench_init(&b, "timers", "Arming, cancelling and expiring with 1,000,000 armed timers.",
		   argc, argv);
	bench_samples_init(&arm, bench_reps(&b));
	bench_samples_init(&cancel, bench_reps(&b));
	bench_samples_init(&expire, bench_reps(&b));
	l = load_new();
	arm_all(l, &b);
	cancel_all(l, &b);
	for (unsigned i = bench_reps(&b); i > 0; i--) {
		bench_samples_add(&arm, arm_all(l, &b));
		bench_samples_add(&cancel, cancel_all(l, &b));
		arm_all(l, &b);
		bench_samples_add(&expire, expire_all(l, &b));
	}
	bench_report(&b, "armed=1000000", "arm_ns", "ns", &arm, NULL);
	bench_report(&b, "armed=1000000", "cancel_ns", "ns", &cancel, NULL);
	bench_report(&b, "armed=1000000", "expire_ns", "ns", &expire, NULL);
	load_free(l);
	bench_samples_fini(&arm);
	bench_samples_fini(&cancel);
	bench_samples_fini(&expire);
	return bench_fini(&b);
}
