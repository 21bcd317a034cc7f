/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <math.h>

#include "libos/tcp/cc/cbrt.h"
#include "tests/lib/seed.h"
#include "tests/unit/tcp_cc/bench.h"

static void expect_cbrt(uint64_t x)
{
	unsigned __int128 r = tcp_cc_cbrt(x);

	cr_assert(r * r * r <= x && (r + 1) * (r + 1) * (r + 1) > x, "cbrt(%llu) = %u",
		  (unsigned long long)x, (unsigned)r);
}

Test(cbrt, exact_at_every_cube_and_beside_it)
{
	for (uint64_t r = 0; r <= 2642245; r++) {
		uint64_t cube = r * r * r;

		cr_assert_eq(tcp_cc_cbrt(cube), r);
		if (cube)
			cr_assert_eq(tcp_cc_cbrt(cube - 1), r - 1);
	}
	cr_assert_eq(tcp_cc_cbrt(UINT64_MAX), 2642245);
}

Test(cbrt, exact_for_small_and_random_numbers_of_every_size)
{
	struct rng rng;

	rng_init(&rng, test_seed());
	for (uint64_t x = 0; x < 10000; x++)
		expect_cbrt(x);
	for (unsigned i = 0; i < 200000; i++)
		expect_cbrt(rng_next(&rng) >> rng_below(&rng, 64));
}

/* To congestion avoidance with W_max = 100 segments, cwnd = 70. */
static void reduced_from_100(struct bench *b)
{
	bench_init(b, "cubic");
	b->cc.cwnd = 100000;
	bench_recovery(b);
	tcp_cc_exit(&b->cc, b->now);
}

Test(cubic, rfc9438_4_6_reduces_to_seven_tenths)
{
	struct bench b;

	reduced_from_100(&b);
	cr_assert_eq(b.cc.ssthresh, 70000);
	cr_assert_eq(b.cc.cwnd, 70000);
	b.cc.cwnd = 2500;
	bench_recovery(&b);
	cr_assert_eq(b.cc.ssthresh, 2000, "two segments at least");
}

/* Concave up to W_max at K = cbrt(30 / 0.4) = 4.217 s, convex beyond; at each round against the equation itself.
 * RTT 500 ms, where Reno is slower. */
Test(cubic, rfc9438_4_4_4_5_follows_the_curve)
{
	struct bench b;
	uint64_t start;
	double k = cbrt(30 / 0.4);

	reduced_from_100(&b);
	b.rtt = 500 * NS_PER_MS;
	b.now += b.rtt;
	start = b.now;
	for (unsigned round = 0; round < 18; round++) {
		double t, w;

		bench_round(&b);
		t = (double)(b.now - start) / 1e9;
		w = 0.4 * pow(t - k, 3) + 100;
		/* The window heads for the curve one RTT ahead, and gets there in (1 - 1/e) steps. */
		cr_assert(b.cc.cwnd / 1000. > w - 2.5 && b.cc.cwnd / 1000. < w + 3.5,
			  "t %.1f: %.2f segments, W_cubic %.2f", t, b.cc.cwnd / 1000., w);
	}
	cr_assert_gt(b.cc.cwnd, 130000);
}

Test(cubic, rfc9438_4_2_target_is_at_most_half_more)
{
	struct bench b;
	uint32_t before;

	reduced_from_100(&b);
	bench_ack(&b, 1000);
	b.now += 200 * NS_PER_SEC;
	before = b.cc.cwnd;
	bench_ack(&b, 10000);
	/* (target - cwnd) / cwnd of the bytes acknowledged: half of them */
	cr_assert(b.cc.cwnd - before > 4990 && b.cc.cwnd - before <= 5001, "%u",
		  b.cc.cwnd - before);
}

/* Short RTT: W_est = 70 + 9/17 per RTT until 100 is reached, one per RTT from then on. */
Test(cubic, rfc9438_4_3_reno_friendly)
{
	struct bench b;
	double w_est = 70;

	reduced_from_100(&b);
	b.rtt = NS_PER_MS;
	for (unsigned round = 0; round < 100; round++) {
		double cwnd = b.cc.cwnd / 1000.;

		bench_round(&b);
		w_est += (w_est < 100 ? 9 / 17. : 1.) * floor(cwnd) / cwnd;
		cr_assert_lt(fabs(b.cc.cwnd / 1000. - w_est), 1.2, "round %u: %u, W_est %.2f",
			     round, b.cc.cwnd, w_est);
	}
	cr_assert_gt(b.cc.cwnd, 140000);
}

/* A flow that is reduced below its last W_max gives way: W_max = 0.85 of the window. It shows in where the curve is
 * flat: with K for (85 * 0.85 - 59.5) segments rather than for 25.5. */
Test(cubic, rfc9438_4_7_fast_convergence)
{
	struct bench b;

	reduced_from_100(&b);
	b.cc.cwnd = 85000;
	bench_recovery(&b);
	tcp_cc_exit(&b.cc, b.now);
	cr_assert_eq(b.cc.cwnd, 59500);
	b.rtt = 200 * NS_PER_MS;
	for (unsigned round = 0; round < 15; round++)
		bench_round(&b);
	/* t = 3.0 s = K + 0.05 s: at W_max = 72.25 */
	cr_assert(b.cc.cwnd > 71000 && b.cc.cwnd < 74500, "%u", b.cc.cwnd);
}

Test(cubic, rfc9438_4_8_timeout_reduces_to_seven_tenths_and_starts_a_flat_curve)
{
	struct bench b;

	bench_init(&b, "cubic");
	b.cc.cwnd = 100000;
	bench_rto(&b);
	cr_assert_eq(b.cc.cwnd, 1000);
	cr_assert_eq(b.cc.ssthresh, 70000);
	tcp_cc_exit(&b.cc, b.now);
	b.cc.cwnd = 70000;
	b.rtt = 200 * NS_PER_MS;
	for (unsigned round = 0; round < 5; round++)
		bench_round(&b);
	/* K = 0: convex from 70 on, 0.4 t^3 after a second, and Reno's 5 * 9/17 is more */
	cr_assert(b.cc.cwnd > 71500 && b.cc.cwnd < 73500, "%u", b.cc.cwnd);
}

Test(cubic, rfc9438_5_8_time_without_need_of_the_window_does_not_count)
{
	struct bench a, b;

	reduced_from_100(&a);
	a.rtt = 200 * NS_PER_MS;
	for (unsigned round = 0; round < 10; round++)
		bench_round(&a);
	b = a;
	b.unlimited = true;
	b.flight = 50000;
	for (unsigned round = 0; round < 50; round++)
		bench_round(&b);
	b.unlimited = false;
	b.flight = 0;
	cr_assert(b.cc.cwnd - a.cc.cwnd < 2000, "growth goes on for one round at most");
	a.cc.cwnd = b.cc.cwnd;
	for (unsigned round = 0; round < 20; round++) {
		bench_round(&a);
		bench_round(&b);
		cr_assert(labs((long)a.cc.cwnd - (long)b.cc.cwnd) < 3000, "round %u: %u, %u", round,
			  a.cc.cwnd, b.cc.cwnd);
	}
}

/* Idle time stops the clock in the same way, from the last transmission on. */
Test(cubic, rfc9438_5_8_idle_time_does_not_count)
{
	struct bench a, b;

	reduced_from_100(&a);
	for (unsigned round = 0; round < 10; round++)
		bench_round(&a);
	b = a;
	b.now += 30 * NS_PER_SEC;
	tcp_cc_on_idle(&b.cc, b.now, 30 * NS_PER_SEC, 60 * NS_PER_SEC);
	for (unsigned round = 0; round < 30; round++) {
		bench_round(&a);
		bench_round(&b);
	}
	cr_assert_eq(a.cc.cwnd, b.cc.cwnd);
}

Test(cubic, no_overflow_at_the_extremes)
{
	static const uint32_t sizes[] = { 1, 88, 536, 1460, 65535 };

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct bench b;

		bench_init(&b, "cubic");
		tcp_cc_set_mss(&b.cc, sizes[i]);
		b.cc.cwnd = TCP_CC_CWND_MAX;
		bench_recovery(&b);
		tcp_cc_exit(&b.cc, b.now);
		for (unsigned step = 0; step < 64; step++) {
			uint32_t before = b.cc.cwnd;

			bench_ack(&b, 1u << (step % 31));
			cr_assert(b.cc.cwnd >= before && b.cc.cwnd <= TCP_CC_CWND_MAX);
			b.now += 1ull << step;
		}
	}
}
