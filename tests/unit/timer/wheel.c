/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

#include "libos/base/rng.h"
#include "libos/timer/wheel.h"

#define TICK TIMER_TICK_NS
#define HOUR (3600 * NS_PER_SEC)

struct probe {
	struct timer t;
	int id;
	unsigned fired;
	uint64_t fired_at;
};

static struct timer_wheel w;
static int order[4096];
static unsigned num_fired;

static void note(struct timer *t, uint64_t now)
{
	struct probe *p = container_of(t, struct probe, t);

	cr_assert(!timer_is_armed(t));
	p->fired++;
	p->fired_at = now;
	order[num_fired++ % ARRAY_SIZE(order)] = p->id;
}

static void setup(void)
{
	timer_wheel_init(&w, 0);
	num_fired = 0;
}

static struct probe probe(timer_fn fn)
{
	static int ids;
	struct probe p = { .id = ids++ };

	timer_init(&p.t, fn);
	return p;
}

TestSuite(wheel, .init = setup);

Test(wheel, an_empty_wheel_is_idle)
{
	cr_assert_eq(timer_wheel_next(&w), TIME_NEVER);
	cr_assert_eq(timer_wheel_advance(&w, HOUR), 0);
	cr_assert_eq(timer_wheel_next(&w), TIME_NEVER);
}

Test(wheel, fires_at_the_deadline_rounded_up_to_its_tick)
{
	struct probe p = probe(note);

	timer_arm(&w, &p.t, 1500);
	cr_assert(timer_is_armed(&p.t));
	cr_assert_eq(timer_wheel_next(&w), 2000);
	cr_assert_eq(timer_wheel_advance(&w, 1500), 0);
	cr_assert_eq(timer_wheel_advance(&w, 1999), 0);
	cr_assert_eq(timer_wheel_advance(&w, 2345), 1);
	cr_assert_eq(p.fired_at, 2345);
	cr_assert(!timer_is_armed(&p.t));
	cr_assert_eq(timer_wheel_advance(&w, HOUR), 0);
}

Test(wheel, a_past_deadline_fires_at_the_next_advance_even_at_the_same_time)
{
	struct probe p = probe(note), zero = probe(note);

	timer_arm(&w, &zero.t, 0);
	cr_assert_eq(timer_wheel_next(&w), 0);
	cr_assert_eq(timer_wheel_advance(&w, 0), 1);
	timer_arm(&w, &zero.t, 5000);
	cr_assert_eq(timer_wheel_advance(&w, 5000), 1);
	timer_arm(&w, &p.t, 3);
	cr_assert_eq(timer_wheel_next(&w), 5000);
	cr_assert_eq(timer_wheel_advance(&w, 5000), 1);
	timer_arm(&w, &p.t, 5000);
	cr_assert_eq(timer_wheel_advance(&w, 5000), 1);
}

Test(wheel, cancelling_disarms_and_leaves_the_wheel_idle)
{
	static const uint64_t ats[] = { 0,          1,    100 * TICK,  300 * TICK,
					NS_PER_SEC, HOUR, 1000 * HOUR, TIME_NEVER };
	struct probe p = probe(note);

	timer_cancel(&w, &p.t);
	for (size_t i = 0; i < ARRAY_SIZE(ats); i++) {
		timer_arm(&w, &p.t, ats[i]);
		cr_assert(timer_is_armed(&p.t));
		timer_cancel(&w, &p.t);
		timer_cancel(&w, &p.t);
		cr_assert(!timer_is_armed(&p.t));
		cr_assert_eq(timer_wheel_next(&w), TIME_NEVER, "armed for %lu", ats[i]);
	}
	cr_assert_eq(timer_wheel_advance(&w, 2000 * HOUR), 0);
}

Test(wheel, cancelling_one_of_two_leaves_the_other)
{
	struct probe a = probe(note), b = probe(note);

	for (int first = 0; first < 2; first++) {
		timer_arm(&w, &a.t, NS_PER_SEC * (unsigned)(1 + first));
		timer_arm(&w, &b.t, NS_PER_SEC * (unsigned)(1 + first));
		timer_cancel(&w, first ? &a.t : &b.t);
		cr_assert_eq(timer_wheel_next(&w), NS_PER_SEC * (unsigned)(1 + first));
		cr_assert_eq(timer_wheel_advance(&w, NS_PER_SEC * (unsigned)(1 + first)), 1);
		cr_assert(!timer_is_armed(&a.t) && !timer_is_armed(&b.t));
	}
	cr_assert_eq(a.fired, 1);
	cr_assert_eq(b.fired, 1);
}

Test(wheel, moving_a_timer_earlier_or_later_counts_from_the_new_deadline)
{
	struct probe p = probe(note);

	timer_arm(&w, &p.t, 10 * NS_PER_MS);
	timer_arm(&w, &p.t, 3 * NS_PER_MS);
	cr_assert_eq(timer_wheel_next(&w), 3 * NS_PER_MS);
	timer_arm(&w, &p.t, 20 * NS_PER_MS);
	cr_assert_eq(timer_wheel_advance(&w, 10 * NS_PER_MS), 0);
	cr_assert_eq(timer_wheel_next(&w), 20 * NS_PER_MS);
	timer_arm(&w, &p.t, 30 * NS_PER_MS);
	timer_arm(&w, &p.t, 25 * NS_PER_MS);
	cr_assert_eq(timer_wheel_advance(&w, 25 * NS_PER_MS - 1), 0);
	cr_assert_eq(timer_wheel_advance(&w, 25 * NS_PER_MS), 1);
	cr_assert_eq(timer_wheel_next(&w), TIME_NEVER);
}

/* What TCP does: every segment moves the retransmission timer. It may wake the loop once per original deadline. */
Test(wheel, a_timer_moved_all_the_time_wakes_nobody_more_than_once_per_period)
{
	struct probe p = probe(note);
	uint64_t now = 0;
	unsigned wakes = 0;

	timer_arm(&w, &p.t, 200 * NS_PER_MS);
	for (unsigned i = 0; i < 100000; i++) {
		now += 10 * NS_PER_US;
		if (now >= timer_wheel_next(&w))
			wakes++;
		cr_assert_eq(timer_wheel_advance(&w, now), 0);
		timer_arm(&w, &p.t, now + 200 * NS_PER_MS);
	}
	cr_assert_leq(wakes, 10);
	cr_assert_eq(timer_wheel_advance(&w, now + 200 * NS_PER_MS), 1);
}

Test(wheel, every_level_boundary_is_exact_from_every_side)
{
	static const uint64_t starts[] = { 0, 255, 256, 65535, 65536, 0xfffffe, (1ull << 32) - 1 };
	struct probe p = probe(note);

	for (size_t s = 0; s < ARRAY_SIZE(starts); s++) {
		for (unsigned bit = 0; bit <= 34; bit++) {
			for (int off = -1; off <= 1; off++) {
				uint64_t at = (starts[s] + (1ull << bit) + (uint64_t)off) * TICK;

				if (at <= starts[s] * TICK)
					continue;
				timer_wheel_init(&w, starts[s] * TICK);
				timer_arm(&w, &p.t, at);
				cr_assert_eq(timer_wheel_next(&w), at, "bit %u%+d", bit, off);
				cr_assert_eq(timer_wheel_advance(&w, at - 1), 0);
				cr_assert_eq(timer_wheel_next(&w), at);
				cr_assert_eq(timer_wheel_advance(&w, at), 1, "bit %u%+d", bit, off);
			}
		}
	}
}

Test(wheel, beyond_the_horizon_is_still_exact_and_never_never_comes)
{
	struct probe day = probe(note), year = probe(note), never = probe(note), late = probe(note);
	uint64_t last = TIME_NEVER - 2 * TICK;

	timer_arm(&w, &never.t, TIME_NEVER);
	cr_assert_eq(timer_wheel_next(&w), TIME_NEVER);
	timer_arm(&w, &year.t, 365 * 24 * HOUR);
	timer_arm(&w, &day.t, 24 * HOUR);
	cr_assert_eq(timer_wheel_next(&w), 24 * HOUR);
	cr_assert_eq(timer_wheel_advance(&w, 24 * HOUR - 1), 0);
	cr_assert_eq(timer_wheel_advance(&w, 24 * HOUR), 1);
	cr_assert_eq(day.fired, 1);
	cr_assert_eq(timer_wheel_advance(&w, 365 * 24 * HOUR - 1), 0);
	cr_assert_eq(timer_wheel_advance(&w, 365 * 24 * HOUR), 1);
	cr_assert(timer_is_armed(&never.t));
	timer_cancel(&w, &never.t);

	timer_wheel_init(&w, last - HOUR);
	timer_arm(&w, &never.t, TIME_NEVER);
	timer_arm(&w, &late.t, last - TICK);
	cr_assert_eq(timer_wheel_advance(&w, last), 1);
	cr_assert_eq(late.fired, 1);
	cr_assert_eq(never.fired, 0);
}

Test(wheel, one_advance_over_hours_fires_everything_by_tick)
{
	enum {
		N = 2000
	};
	struct probe *p = calloc(N, sizeof(*p));
	struct rng rng;

	rng_init(&rng, 42);
	for (int i = 0; i < N; i++) {
		timer_init(&p[i].t, note);
		p[i].id = i;
		timer_arm(&w, &p[i].t, rng_below(&rng, i % 2 ? 10 * HOUR : 300 * NS_PER_MS));
	}
	cr_assert_eq(timer_wheel_advance(&w, 10 * HOUR), N);
	for (int i = 1; i < N; i++) {
		uint64_t before = p[order[i - 1]].t.at, after = p[order[i]].t.at;

		cr_assert_leq((before + TICK - 1) / TICK, (after + TICK - 1) / TICK);
	}
	free(p);
}

/* A simulator that jumps to next each time must get on: at most a few jumps for nothing per timer. */
Test(wheel, jumping_from_next_to_next_makes_progress)
{
	enum {
		N = 500
	};
	struct probe *p = calloc(N, sizeof(*p));
	uint64_t now = 0, next;
	unsigned fired = 0, jumps = 0;
	struct rng rng;

	rng_init(&rng, 7);
	for (int i = 0; i < N; i++) {
		timer_init(&p[i].t, note);
		timer_arm(&w, &p[i].t, 1 + rng_below(&rng, 60 * NS_PER_SEC));
	}
	while ((next = timer_wheel_next(&w)) != TIME_NEVER) {
		cr_assert_gt(next, now);
		now = next;
		fired += timer_wheel_advance(&w, now);
		jumps++;
	}
	cr_assert_eq(fired, N);
	cr_assert_leq(jumps, 2 * N);
	free(p);
}

#define NUM_TIES 300

/* The same calls on probes that lie in memory in order or in reverse; @out: who fired when. */
static unsigned run_ties(struct timer_wheel *wheel, bool reverse, int *out)
{
	struct probe *p = calloc(NUM_TIES, sizeof(*p));
	struct probe *at[NUM_TIES];
	unsigned fired;

	timer_wheel_init(wheel, 0);
	for (int i = 0; i < NUM_TIES; i++) {
		at[i] = &p[reverse ? NUM_TIES - 1 - i : i];
		at[i]->id = i;
		timer_init(&at[i]->t, note);
		timer_arm(wheel, &at[i]->t,
			  (uint64_t)(1 + i % 3) * 777 * NS_PER_MS + (uint64_t)(i % 5));
	}
	for (int i = 0; i < NUM_TIES; i += 7)
		timer_cancel(wheel, &at[i]->t);
	num_fired = 0;
	fired = timer_wheel_advance(wheel, 10 * NS_PER_SEC);
	for (unsigned i = 0; i < fired; i++)
		out[i] = order[i];
	free(p);
	return fired;
}

Test(wheel, ties_fire_in_an_order_that_does_not_depend_on_addresses)
{
	struct timer_wheel *other = malloc(sizeof(*other));
	int a[NUM_TIES], b[NUM_TIES];
	unsigned n = run_ties(&w, false, a);

	cr_assert_eq(n, NUM_TIES - (NUM_TIES + 6) / 7);
	cr_assert_eq(run_ties(other, true, b), n);
	cr_assert_arr_eq(a, b, n * sizeof(a[0]));
	free(other);
}

static void rearm_past(struct timer *t, uint64_t now)
{
	note(t, now);
	timer_arm(&w, t, t->at);
}

Test(wheel, a_callback_that_rearms_in_the_past_fires_once_per_advance)
{
	struct probe p = probe(rearm_past);

	timer_arm(&w, &p.t, 100 * TICK);
	cr_assert_eq(timer_wheel_advance(&w, HOUR), 1);
	cr_assert_eq(timer_wheel_next(&w), HOUR);
	cr_assert_eq(timer_wheel_advance(&w, HOUR), 1);
	cr_assert_eq(timer_wheel_advance(&w, HOUR), 1);
	timer_cancel(&w, &p.t);
	cr_assert_eq(timer_wheel_advance(&w, HOUR), 0);
	cr_assert_eq(timer_wheel_next(&w), TIME_NEVER);
}

static struct probe peers[5];

static void cancel_peers(struct timer *t, uint64_t now)
{
	note(t, now);
	for (size_t i = 0; i < ARRAY_SIZE(peers); i++)
		timer_cancel(&w, &peers[i].t);
}

/* Overdue (at 0), the tick that is firing, and one to come: whoever is first keeps all others from firing. */
Test(wheel, a_callback_may_cancel_what_is_due_in_the_same_advance)
{
	static const uint64_t ats[] = { 0, 5 * TICK, 5 * TICK, 300 * TICK, NS_PER_SEC };

	for (int same_tick = 0; same_tick < 3; same_tick++) {
		timer_wheel_init(&w, TICK);
		for (size_t i = 0; i < ARRAY_SIZE(peers); i++) {
			peers[i] = probe(cancel_peers);
			timer_arm(&w, &peers[i].t,
				  same_tick == 0   ? ats[i]
				  : same_tick == 1 ? 5 * TICK
						   : 0);
		}
		cr_assert_eq(timer_wheel_advance(&w, HOUR), 1);
		cr_assert_eq(timer_wheel_next(&w), TIME_NEVER);
		cr_assert_eq(timer_wheel_advance(&w, 2 * HOUR), 0);
	}
}

static void arm_peers(struct timer *t, uint64_t now)
{
	note(t, now);
	timer_arm(&w, &peers[0].t, t->at + TICK);
	timer_arm(&w, &peers[1].t, t->at);
	timer_arm(&w, &peers[2].t, t->at + NS_PER_SEC);
	timer_arm(&w, &peers[3].t, now);
	timer_arm(&w, &peers[4].t, now + 1);
}

Test(wheel, what_a_callback_arms_fires_in_its_turn_or_in_the_next_advance)
{
	struct probe p = probe(arm_peers);

	for (size_t i = 0; i < ARRAY_SIZE(peers); i++)
		peers[i] = probe(note);
	timer_arm(&w, &p.t, 5 * TICK);
	cr_assert_eq(timer_wheel_advance(&w, HOUR), 4);
	cr_assert_eq(order[1], peers[0].id);
	cr_assert_eq(order[2], peers[2].id);
	cr_assert_eq(order[3], peers[3].id);
	cr_assert(timer_is_armed(&peers[1].t));
	cr_assert_eq(timer_wheel_next(&w), HOUR);
	cr_assert_eq(timer_wheel_advance(&w, HOUR), 1);
	cr_assert_eq(peers[1].fired, 1);
	cr_assert_eq(timer_wheel_advance(&w, HOUR + TICK), 1);
	cr_assert_eq(peers[4].fired, 1);
}

static void release(struct timer *t, uint64_t now)
{
	free(container_of(t, struct probe, t));
}

Test(wheel, a_callback_may_free_its_timer)
{
	for (unsigned i = 0; i < 200; i++) {
		struct probe *p = malloc(sizeof(*p));

		timer_init(&p->t, release);
		timer_arm(&w, &p->t, (i % 4) * 70 * NS_PER_MS);
	}
	cr_assert_eq(timer_wheel_advance(&w, NS_PER_SEC), 200);
}

static void nest(struct timer *t, uint64_t now)
{
	timer_wheel_advance(&w, now);
}

Test(wheel, advancing_from_a_callback_is_a_bug, .signal = SIGABRT)
{
	struct probe p = probe(nest);

	timer_arm(&w, &p.t, TICK);
	timer_wheel_advance(&w, TICK);
}

Test(wheel, advancing_to_never_is_a_bug, .signal = SIGABRT)
{
	struct probe p = probe(note);

	timer_arm(&w, &p.t, TICK);
	timer_wheel_advance(&w, TIME_NEVER);
}
