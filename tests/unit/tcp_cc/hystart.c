/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/tcp_cc/bench.h"
#include "tests/unit/tcp_cc/path.h"

/* A round of @n ACKs of one segment with RTT @ms. */
static void round_with(struct bench *b, unsigned n, uint64_t ms)
{
	b->rtt = ms * NS_PER_MS;
	for (unsigned i = 0; i < n; i++)
		bench_ack_at(b, 1000, i == 0);
}

Test(hystart, rfc9406_4_2_eight_samples_and_a_growing_rtt_enter_css)
{
	struct bench b;

	bench_init(&b, "reno");
	round_with(&b, 10, 100);
	cr_assert_eq(b.cc.cwnd, 20000);
	round_with(&b, 10, 112); /* less than an eighth more */
	cr_assert_eq(b.cc.cwnd, 30000);
	round_with(&b, 7, 150);
	cr_assert_eq(b.cc.cwnd, 37000, "seven samples do not tell");
	round_with(&b, 8, 166);
	/* the eighth is the first to count a quarter */
	cr_assert_eq(b.cc.cwnd, 37000 + 7250);
	round_with(&b, 4, 170);
	cr_assert_eq(b.cc.cwnd, 44250 + 1000);
}

Test(hystart, rfc9406_4_2_threshold_is_clamped)
{
	struct bench b;

	/* 10 ms / 8 is below 4 ms */
	bench_init(&b, "reno");
	round_with(&b, 8, 10);
	round_with(&b, 8, 13);
	cr_assert_eq(b.cc.cwnd, 26000);
	round_with(&b, 8, 17);
	cr_assert_eq(b.cc.cwnd, 26000 + 7250);

	/* 400 ms / 8 is above 16 ms */
	bench_init(&b, "reno");
	round_with(&b, 8, 400);
	round_with(&b, 8, 416);
	cr_assert_eq(b.cc.cwnd, 18000 + 7250);
}

Test(hystart, rfc9406_4_2_css_lasts_five_rounds_then_avoidance)
{
	struct bench b;

	bench_init(&b, "cubic");
	round_with(&b, 8, 100);
	round_with(&b, 8, 120);
	cr_assert_eq(b.cc.cwnd, 18000 + 7250);
	for (unsigned round = 0; round < 4; round++)
		round_with(&b, 8, 120);
	cr_assert_eq(b.cc.ssthresh, TCP_CC_SSTHRESH_INFINITE);
	cr_assert_eq(b.cc.cwnd, 25250 + 4 * 2000);
	round_with(&b, 1, 120);
	cr_assert_eq(b.cc.ssthresh, 33250);
	cr_assert_geq(b.cc.cwnd, 33250);
}

Test(hystart, rfc9406_4_2_css_goes_back_when_the_delay_does)
{
	struct bench b;

	bench_init(&b, "reno");
	round_with(&b, 8, 100);
	round_with(&b, 8, 120);
	round_with(&b, 8, 119);
	/* seven quarters, and a full one */
	cr_assert_eq(b.cc.cwnd, 25250 + 1750 + 1000);
	round_with(&b, 8, 120);
	cr_assert_eq(b.cc.cwnd, 28000 + 8000);
}

Test(hystart, rfc9406_4_3_only_in_the_first_slow_start)
{
	struct bench b;

	bench_init(&b, "reno");
	bench_rto(&b);
	tcp_cc_exit(&b.cc, b.now);
	b.cc.ssthresh = 1000000;
	round_with(&b, 8, 100);
	round_with(&b, 8, 200);
	round_with(&b, 8, 300);
	cr_assert_eq(b.cc.cwnd, 25000);
}

/* A flow's first slow start on a path of 50 ms that holds @volume packets, with @queue packets of buffer. */
static struct path *slow_start(const char *name, uint32_t volume, uint32_t queue)
{
	struct path *p = path_new(&(struct path_config){
		.tx_ns = 50 * NS_PER_MS / volume, .rtt_ns = 50 * NS_PER_MS, .queue = queue });
	const struct tcp_cc *cc = &p->flow[0].cc;

	path_start_flow(p, 0, name);
	for (unsigned ms = 0; ms < 6000 && cc->ssthresh == TCP_CC_SSTHRESH_INFINITE; ms++)
		path_run_until(p, p->now + NS_PER_MS);
	/* What was sent before the end may still be dropped. */
	path_run_until(p, p->now + 300 * NS_PER_MS);
	fprintf(stderr, "%s: path of %u, buffer of %u: ssthresh %u, queue at most %u, lost %u\n",
		name, volume, queue, cc->ssthresh / PATH_MSS, p->queue_max, (unsigned)p->drops);
	return p;
}

static const uint32_t volumes[] = { 50, 200, 400, 1000 };

/* A queue shows in the round after a window of 2.25 paths at most, which doubles meanwhile; CSS adds a factor of
 * 1.25^5. That is less than 14 paths. */
Test(hystart, rfc9406_does_not_overflow_a_buffer_of_thirteen_paths)
{
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(volumes); i++) {
		uint32_t volume = volumes[i / 2];
		struct path *p = slow_start(i % 2 ? "cubic" : "reno", volume, 13 * volume);

		cr_expect_eq(p->drops, 0);
		cr_expect_geq(p->flow[0].cc.ssthresh / PATH_MSS, volume * 3 / 4);
	}
}

/* Where CSS meets the end of the buffer, it overshoots by a quarter of pipe and buffer at most; plain slow start (that
 * of DCTCP, without marks) by all of it. */
Test(hystart, rfc9406_overshoots_a_buffer_of_three_paths_by_a_quarter)
{
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(volumes); i++) {
		uint32_t volume = volumes[i / 2];
		struct path *p = slow_start(i % 2 ? "cubic" : "reno", volume, 3 * volume);

		cr_expect_leq(p->drops, (volume + 3 * volume) / 4 + 1);
		cr_expect_eq(p->flow[0].rtos, 0);
		cr_expect_gt(slow_start("dctcp", volume, 3 * volume)->drops, 3 * volume);
	}
}

/* A queue of one path fills within the round that could show it, but CSS cuts that round short. */
Test(hystart, rfc9406_loses_less_than_slow_start_with_a_short_buffer)
{
	for (unsigned i = 0; i < ARRAY_SIZE(volumes); i++) {
		uint64_t drops = slow_start("reno", volumes[i], volumes[i])->drops;

		cr_expect_leq(4 * drops, 3 * slow_start("dctcp", volumes[i], volumes[i])->drops);
	}
}
