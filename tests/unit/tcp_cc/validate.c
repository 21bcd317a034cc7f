/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "libos/tcp/cc/validate.h"
#include "tests/unit/tcp_cc/bench.h"

#define RTO (200 * NS_PER_MS)

Test(validate, rfc7661_window_grows_only_where_it_is_the_limit)
{
	struct bench b;

	bench_init(&b, "reno");
	b.unlimited = true;
	b.flight = 5000;
	bench_ack_at(&b, 1000, true);
	cr_assert_eq(b.cc.cwnd, 10000, "half of it is in use");
	b.flight = 6000;
	bench_ack(&b, 1000);
	cr_assert_eq(b.cc.cwnd, 11000, "in slow start more than half is enough");
	b.flight = 1000;
	bench_ack(&b, 1000);
	cr_assert_eq(b.cc.cwnd, 12000, "... for the rest of the round");
	bench_ack_at(&b, 1000, true);
	cr_assert_eq(b.cc.cwnd, 12000);
	b.cc.ssthresh = 12000;
	b.flight = 12000;
	bench_ack(&b, 12000);
	cr_assert_eq(b.cc.cwnd, 12000, "in avoidance cwnd must have been the limit");
	b.unlimited = false;
	bench_ack(&b, 12000);
	cr_assert_eq(b.cc.cwnd, 13000);
	b.unlimited = true;
	bench_ack_at(&b, 13000, true);
	cr_assert_eq(b.cc.cwnd, 14000, "in this round or the one before");
	bench_ack_at(&b, 14000, true);
	cr_assert_eq(b.cc.cwnd, 14000);
}

/* One round of @bytes, of a flow that has no more to send. */
static void light_round(struct bench *b, uint32_t bytes)
{
	b->unlimited = true;
	b->flight = bytes;
	b->now += b->rtt;
	bench_ack_at(b, bytes, true);
}

Test(validate, rfc7661_4_2_pipe_ack_is_the_most_of_the_last_periods)
{
	struct bench b;

	bench_init(&b, "reno");
	cr_assert_eq(tcp_cc_pipe_ack(&b.cc), 0, "undefined at first");
	light_round(&b, 4000);
	light_round(&b, 3000);
	cr_assert_eq(tcp_cc_pipe_ack(&b.cc), 4000);
	light_round(&b, 2000);
	cr_assert_eq(tcp_cc_pipe_ack(&b.cc), 4000);
	/* A period is a second here, ten rounds; after two of them 4000 is forgotten. */
	for (unsigned i = 0; i < 20; i++)
		light_round(&b, 1000);
	cr_assert_eq(tcp_cc_pipe_ack(&b.cc), 1000);
	light_round(&b, 4000);
	light_round(&b, 1000);
	cr_assert_eq(tcp_cc_pipe_ack(&b.cc), 4000);
	b.now += 5 * NS_PER_SEC;
	bench_ack(&b, 1000);
	cr_assert_eq(tcp_cc_pipe_ack(&b.cc), 0, "what was before a long silence is not known");
}

Test(validate, rfc7661_4_4_1_reduction_starts_from_what_was_used)
{
	struct bench b;

	bench_init(&b, "cubic");
	b.cc.cwnd = 100000;
	b.flight = 3000;
	bench_recovery(&b);
	cr_assert_eq(b.cc.ssthresh, 70000, "not known to be unused: the window counts");

	bench_init(&b, "cubic");
	b.cc.cwnd = 100000;
	for (unsigned i = 0; i < 30; i++)
		light_round(&b, 20000);
	b.flight = 30000;
	bench_recovery(&b);
	cr_assert_eq(b.cc.ssthresh, 21000);
}

Test(validate, rfc7661_4_4_3_unused_window_is_halved_after_five_minutes)
{
	struct bench b;

	bench_init(&b, "reno");
	b.cc.cwnd = 100000;
	b.cc.ssthresh = 100000;
	for (unsigned i = 0; i < 2990; i++)
		light_round(&b, 20000);
	cr_assert_eq(b.cc.cwnd, 100000);
	for (unsigned i = 0; i < 30; i++)
		light_round(&b, 20000);
	cr_assert_eq(b.cc.cwnd, 50000);
	for (unsigned i = 0; i < 3010 && b.cc.cwnd == 50000; i++)
		light_round(&b, 20000);
	cr_assert(b.cc.cwnd >= 25000 && b.cc.cwnd <= 27000, "%u", b.cc.cwnd);
	/* More than half of that is in use now: slow start takes it back to twice the use. */
	for (unsigned i = 0; i < 50; i++)
		light_round(&b, 20000);
	cr_assert(b.cc.cwnd >= 40000 && b.cc.cwnd <= 42000, "%u", b.cc.cwnd);
	for (unsigned i = 0; i < 20000; i++)
		light_round(&b, 1000);
	cr_assert_eq(b.cc.cwnd, 10000, "down to the initial window");
}

Test(validate, rfc5681_4_1_idle_halves_per_rto_down_to_the_initial_window)
{
	struct bench b;

	bench_init(&b, "reno");
	b.cc.cwnd = 100000;
	b.cc.ssthresh = 50000;
	tcp_cc_on_idle(&b.cc, b.now, RTO, RTO);
	cr_assert_eq(b.cc.cwnd, 100000);
	tcp_cc_on_idle(&b.cc, b.now, RTO + 1, RTO);
	cr_assert_eq(b.cc.cwnd, 50000);
	cr_assert_eq(b.cc.ssthresh, 75000, "three quarters are remembered");
	tcp_cc_on_idle(&b.cc, b.now, 2 * RTO + 1, RTO);
	cr_assert_eq(b.cc.cwnd, 12500);
	tcp_cc_on_idle(&b.cc, b.now, 3600 * NS_PER_SEC, RTO);
	cr_assert_eq(b.cc.cwnd, 10000);
	cr_assert_eq(b.cc.ssthresh, 75000);
	b.cc.cwnd = 3000;
	tcp_cc_on_idle(&b.cc, b.now, 3600 * NS_PER_SEC, RTO);
	cr_assert_eq(b.cc.cwnd, 3000, "never more than it was");
}
