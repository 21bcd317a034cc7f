/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <string.h>

#include "libos/tcp/rtt.h"

#define MS NS_PER_MS

static struct tcp_rtt_config config;
static struct tcp_rtt rtt;

static void start(uint64_t floor_ns)
{
	config = tcp_rtt_default_config();
	config.floor_ns = floor_ns;
	tcp_rtt_init(&rtt);
}

static uint64_t rto(void)
{
	return tcp_rtt_rto_ns(&rtt, &config);
}

static void sample(uint64_t ns)
{
	tcp_rtt_sample(&rtt, &config, ns, 1, 0);
}

Test(tcp_rtt, rfc6298_2_1_first_rto_is_one_second_and_backs_off)
{
	static const unsigned want_s[] = { 1, 2, 4, 8, 16, 32, 64, 120, 120 };

	start(200 * MS);
	cr_assert_eq(tcp_rtt_min_ns(&rtt), TIME_NEVER);
	for (size_t i = 0; i < ARRAY_SIZE(want_s); i++) {
		cr_assert_eq(rto(), want_s[i] * NS_PER_SEC, "timeout %zu", i);
		tcp_rtt_on_timeout(&rtt);
	}
	for (unsigned i = 0; i < 1000; i++)
		tcp_rtt_on_timeout(&rtt);
	cr_assert_eq(rto(), 120 * NS_PER_SEC);
	config.max_ns = 60 * NS_PER_SEC;
	cr_assert_eq(rto(), 60 * NS_PER_SEC);
	tcp_rtt_end_backoff(&rtt);
	cr_assert_eq(rto(), NS_PER_SEC);
}

/* RTO = R + 4 * R/2; then by hand with alpha 1/8, beta 1/4, RTTVAR from the old SRTT. */
Test(tcp_rtt, rfc6298_2_2_and_2_3_worked_example)
{
	start(1000);
	sample(100 * MS);
	cr_assert_eq(rtt.srtt_ns, 100 * MS);
	cr_assert_eq(rtt.rttvar_ns, 50 * MS);
	cr_assert_eq(rto(), 300 * MS);
	sample(200 * MS); /* error 100: RTTVAR 3/4*50 + 25, SRTT 7/8*100 + 25 */
	cr_assert_eq(rtt.rttvar_ns, 62500 * NS_PER_US);
	cr_assert_eq(rtt.srtt_ns, 112500 * NS_PER_US);
	cr_assert_eq(rto(), 362500 * NS_PER_US);
	sample(72500 * NS_PER_US); /* error 40: RTTVAR 3/4*62.5 + 10, SRTT 7/8*112.5 + 9.0625 */
	cr_assert_eq(rtt.rttvar_ns, 56875 * NS_PER_US);
	cr_assert_eq(rtt.srtt_ns, 107500 * NS_PER_US);
	cr_assert_eq(rto(), 335 * MS);
	cr_assert_eq(rtt.latest_us, 72500);
}

Test(tcp_rtt, rfc6298_2_4_the_floor_is_under_the_variance)
{
	start(200 * MS);
	for (unsigned i = 0; i < 200; i++)
		sample(250 * MS);
	cr_assert_eq(rtt.srtt_ns, 250 * MS);
	cr_assert_lt(rtt.rttvar_ns, 10u);
	cr_assert_eq(rto(), 450 * MS, "more than a delayed acknowledgement above a steady path");

	start(1 * MS); /* a rack */
	for (unsigned i = 0; i < 200; i++)
		sample(20 * NS_PER_US);
	cr_assert_eq(rto(), 1020 * NS_PER_US);
}

Test(tcp_rtt, rfc6298_2_5_the_maximum_holds_for_slow_paths)
{
	start(200 * MS);
	sample(100 * NS_PER_SEC);
	cr_assert_eq(rto(), 120 * NS_PER_SEC);
	sample(UINT64_MAX);
	cr_assert_eq(rto(), 120 * NS_PER_SEC);
	cr_assert_eq(rtt.latest_us, UINT32_MAX);
}

Test(tcp_rtt, less_than_a_microsecond_counts_as_one)
{
	start(1 * MS);
	sample(0);
	cr_assert(tcp_rtt_has_sample(&rtt));
	cr_assert_eq(rtt.srtt_ns, 1000);
	cr_assert_eq(tcp_rtt_min_ns(&rtt), 1000);
	for (unsigned i = 0; i < 100; i++)
		sample(0);
	cr_assert_geq(rtt.srtt_ns, 1000, "never back to `no sample'");
}

Test(tcp_rtt, rfc6298_5_7_three_seconds_after_a_lost_syn)
{
	start(200 * MS);
	tcp_rtt_on_syn_timeout(&rtt);
	cr_assert_eq(rto(), 2 * NS_PER_SEC, "the handshake itself backs off from one second");
	tcp_rtt_on_established(&rtt);
	cr_assert_eq(rto(), 3 * NS_PER_SEC);
	tcp_rtt_on_timeout(&rtt);
	cr_assert_eq(rto(), 6 * NS_PER_SEC);
	sample(10 * MS);
	cr_assert_eq(rto(), 210 * MS, "a sample is worth more, and ends the backoff");

	start(200 * MS);
	tcp_rtt_on_established(&rtt);
	cr_assert_eq(rto(), NS_PER_SEC, "no SYN was lost");
}

Test(tcp_rtt, rfc6298_5_5_and_5_6_backoff_ends_with_a_sample)
{
	start(200 * MS);
	sample(100 * MS);
	tcp_rtt_on_timeout(&rtt);
	tcp_rtt_on_timeout(&rtt);
	cr_assert_eq(rto(), 1200 * MS);
	sample(100 * MS);
	cr_assert_eq(rto(), 300 * MS);
}

Test(tcp_rtt, rfc6298_3_karn_and_timestamps)
{
	struct tcp_rtt_ack ack = { .now = 100 * MS, .sent_at = 70 * MS };
	uint64_t ns = 0;

	cr_assert(tcp_rtt_from_ack(&ack, &ns));
	cr_assert_eq(ns, 30 * MS);
	ack.was_retransmitted = true;
	cr_assert(!tcp_rtt_from_ack(&ack, &ns), "which transmission does it answer?");
	ack.has_ts = true;
	ack.ts_sent_at = 60 * MS;
	ack.ts_tick_ns = MS;
	cr_assert(tcp_rtt_from_ack(&ack, &ns));
	cr_assert_eq(ns, 40 * MS, "the timestamp knows");
	ack.ts_sent_at = 100 * MS - 5;
	cr_assert(tcp_rtt_from_ack(&ack, &ns));
	cr_assert_eq(ns, MS, "no less than its resolution");
	ack.ts_sent_at = 100 * MS;
	cr_assert(tcp_rtt_from_ack(&ack, &ns));
	cr_assert_eq(ns, MS);
	ack.ts_sent_at = 101 * MS;
	cr_assert(!tcp_rtt_from_ack(&ack, &ns), "an echo from the future");
	ack = (struct tcp_rtt_ack){ .now = 1, .sent_at = 2 };
	cr_assert(!tcp_rtt_from_ack(&ack, &ns));
}

/* n samples with weights over n move the estimate about as far as one with the whole weight. */
Test(tcp_rtt, rfc7323_g_many_samples_in_a_round_trip_weigh_as_one)
{
	struct tcp_rtt one;

	start(1000);
	sample(100 * MS);
	one = rtt;
	tcp_rtt_sample(&one, &config, 180 * MS, 1, 0);
	for (unsigned i = 0; i < 50; i++)
		tcp_rtt_sample(&rtt, &config, 180 * MS, 50, 0);
	cr_assert_eq(one.srtt_ns, 110 * MS);
	/* 80 * (1 - (1 - 1/400)^50) = 9.411 */
	cr_assert_float_eq((double)rtt.srtt_ns / (double)MS, 109.4112, 0.0002);
	/* One alone: 200 us. */
	start(1000);
	sample(100 * MS);
	tcp_rtt_sample(&rtt, &config, 180 * MS, 50, 0);
	cr_assert_eq(rtt.srtt_ns, 100200 * NS_PER_US);
	cr_assert_eq(rtt.rttvar_ns, 50150 * NS_PER_US);
	tcp_rtt_sample(&rtt, &config, 180 * MS, 0, 0);
	cr_assert_gt(rtt.srtt_ns, 100200 * NS_PER_US, "0 is taken for 1");
}

static void sample_at(uint64_t ms, uint64_t us)
{
	tcp_rtt_sample(&rtt, &config, us * NS_PER_US, 1, ms * MS);
}

Test(tcp_rtt, the_minimum_falls_at_once_and_rises_after_a_window)
{
	start(200 * MS);
	config.window_ms = 1000;
	sample_at(0, 500);
	sample_at(10, 300);
	cr_assert_eq(tcp_rtt_min_ns(&rtt), 300 * NS_PER_US);
	for (uint64_t ms = 20; ms <= 1010; ms += 10) {
		sample_at(ms, 400 + ms / 10);
		cr_assert_eq(tcp_rtt_min_ns(&rtt), 300 * NS_PER_US, "after %u ms", (unsigned)ms);
	}
	sample_at(1020, 900);
	/* The successor: least of what came after a quarter of the window. */
	cr_assert_geq(tcp_rtt_min_ns(&rtt), 402 * NS_PER_US);
	cr_assert_leq(tcp_rtt_min_ns(&rtt), 430 * NS_PER_US);
	sample_at(5000, 777);
	cr_assert_eq(tcp_rtt_min_ns(&rtt), 777 * NS_PER_US, "all in it was older than the window");
}

/* Against the true minimum of a sliding window: never below it, and at most what a quarter of a window later would be. */
Test(tcp_rtt, the_minimum_is_never_older_than_the_window)
{
	uint32_t us[4000];
	uint32_t x = 12345;

	start(200 * MS);
	config.window_ms = 200;
	for (uint32_t ms = 0; ms < ARRAY_SIZE(us); ms++) {
		uint32_t least = UINT32_MAX, got;

		x = x * 1664525 + 1013904223;
		us[ms] = 1000 + (x >> 22) + ms % 700;
		sample_at(ms, us[ms]);
		for (uint32_t i = ms > 200 ? ms - 200 : 0; i <= ms; i++)
			least = us[i] < least ? us[i] : least;
		got = (uint32_t)(tcp_rtt_min_ns(&rtt) / NS_PER_US);
		cr_assert_geq(got, least, "at %u", ms);
		cr_assert_leq(got, us[ms], "at %u", ms);
	}
}

Test(tcp_rtt, the_minimum_survives_the_wrap_of_its_clock)
{
	uint64_t wrap = 1ull << 32;

	start(200 * MS);
	config.window_ms = 1000;
	sample_at(wrap - 500, 100);
	sample_at(wrap + 400, 200);
	cr_assert_eq(tcp_rtt_min_ns(&rtt), 100 * NS_PER_US);
	sample_at(wrap + 600, 300);
	cr_assert_eq(tcp_rtt_min_ns(&rtt), 200 * NS_PER_US);
}

Test(tcp_rtt, is_plain_data)
{
	struct tcp_rtt copy;

	start(200 * MS);
	sample(30 * MS);
	tcp_rtt_on_timeout(&rtt);
	memcpy(&copy, &rtt, sizeof(copy));
	cr_assert_eq(tcp_rtt_rto_ns(&copy, &config), rto());
	cr_assert_leq(sizeof(copy), 48);
}
