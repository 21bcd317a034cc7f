/* SPDX-License-Identifier: MIT */
/*
 * The wheel against the simplest thing that can be right: an array of deadlines, searched from end to end. Random
 * steps arm, move, cancel and advance, also from within callbacks; after each, who fired, in which order, who is
 * armed and what timer_wheel_next says must agree.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "libos/base/rng.h"
#include "libos/timer/wheel.h"

#define NUM 48

struct model_timer {
	struct timer t;
	uint64_t at;
	bool armed;
	bool overdue;    /* was past when armed */
	bool in_advance; /* armed by a callback of the running advance */
};

static struct timer_wheel w;
static struct model_timer timers[NUM];
static struct rng rng;
static uint64_t now, last_key;
static unsigned fired;
static bool advancing;

static uint64_t tick_up(uint64_t at)
{
	return at / TIMER_TICK_NS + (at % TIMER_TICK_NS != 0);
}

/* Spread over all levels, with a liking for the edges of slots and levels, the past and far beyond the horizon. */
static uint64_t random_deadline(void)
{
	uint64_t delta = rng_next(&rng) >> (20 + rng_below(&rng, 44));
	uint64_t edge = 1ull << rng_below(&rng, 36);

	switch (rng_below(&rng, 8)) {
	case 0:
		return delta < now ? now - delta : 0;
	case 1:
		return ((now / TIMER_TICK_NS | (edge - 1)) + rng_below(&rng, 3)) * TIMER_TICK_NS +
		       rng_below(&rng, 3);
	case 2:
		return now + rng_below(&rng, 4);
	case 3:
		return rng_below(&rng, 50) ? timers[rng_below(&rng, NUM)].at : TIME_NEVER;
	default:
		return time_add(now, delta);
	}
}

static void arm_one(void)
{
	struct model_timer *m = &timers[rng_below(&rng, NUM)];
	uint64_t at = random_deadline();

	m->at = at;
	timer_arm(&w, &m->t, m->at);
	m->armed = true;
	m->overdue = tick_up(m->at) <= w.tick;
	m->in_advance = advancing;
}

static void cancel_one(void)
{
	struct model_timer *m = &timers[rng_below(&rng, NUM)];

	timer_cancel(&w, &m->t);
	m->armed = false;
}

static void on_fire(struct timer *t, uint64_t at)
{
	struct model_timer *m = container_of(t, struct model_timer, t);
	uint64_t key = m->overdue ? 0 : tick_up(m->at);

	cr_assert(advancing && m->armed && at == now);
	cr_assert(!timer_is_armed(t));
	cr_assert_leq(tick_up(m->at), now / TIMER_TICK_NS, "early");
	cr_assert(!m->overdue || !m->in_advance, "overdue by a callback: not in this advance");
	cr_assert_geq(key, last_key, "order");
	last_key = key;
	m->armed = false;
	fired++;
	for (uint64_t n = rng_below(&rng, 8); n > 5; n--)
		arm_one();
	if (!rng_below(&rng, 4))
		cancel_one();
}

static void advance(uint64_t to)
{
	unsigned got;

	now = to;
	last_key = 0;
	fired = 0;
	advancing = true;
	got = timer_wheel_advance(&w, now);
	advancing = false;
	cr_assert_eq(got, fired);
	for (unsigned i = 0; i < NUM; i++) {
		struct model_timer *m = &timers[i];
		bool due = m->armed && tick_up(m->at) <= now / TIMER_TICK_NS;

		cr_assert(!due || (m->in_advance && m->overdue), "timer %u is late", i);
		m->in_advance = false;
	}
}

static void check(bool just_advanced)
{
	uint64_t earliest = TIME_NEVER, next = timer_wheel_next(&w);
	bool any = false, overdue = false;

	for (unsigned i = 0; i < NUM; i++) {
		cr_assert_eq(timer_is_armed(&timers[i].t), timers[i].armed, "timer %u", i);
		if (!timers[i].armed)
			continue;
		any = true;
		overdue |= timers[i].overdue;
		earliest = min_t(uint64_t, earliest, timers[i].at);
	}
	if (!any)
		cr_assert_eq(next, TIME_NEVER);
	if (earliest < TIME_NEVER - 2 * TIMER_TICK_NS)
		cr_assert_leq(next, max_t(uint64_t, tick_up(earliest), w.tick) * TIMER_TICK_NS);
	if (just_advanced && !overdue)
		cr_assert_gt(next, now);
}

static void run(uint64_t seed, unsigned steps)
{
	uint64_t total = 0;

	rng_init(&rng, seed);
	now = rng_next(&rng) >> (10 + rng_below(&rng, 50));
	timer_wheel_init(&w, now);
	for (unsigned i = 0; i < NUM; i++) {
		timers[i] = (struct model_timer){ .at = now };
		timer_init(&timers[i].t, on_fire);
	}
	for (unsigned i = 0; i < steps; i++) {
		uint64_t dice = rng_below(&rng, 16);
		uint64_t next;

		if (dice < 7) {
			arm_one();
		} else if (dice < 10) {
			cancel_one();
		} else {
			next = timer_wheel_next(&w) - rng_below(&rng, 2);
			if (dice < 13 && next < now + (1ull << 50))
				advance(max_t(uint64_t, now, next));
			else
				advance(now + (rng_next(&rng) >> (20 + rng_below(&rng, 44))));
			total += fired;
		}
		check(dice >= 10);
	}
	cr_assert_gt(total, steps / 10, "the run must exercise firing");
}

Test(oracle, random_steps_agree_with_a_plain_array)
{
	for (uint64_t seed = 1; seed <= 100; seed++) {
		fprintf(stderr, "oracle: seed %lu\n", (unsigned long)seed);
		run(seed, 25000);
	}
}
