/* SPDX-License-Identifier: MIT */
/* Delivery rate samples, and what DCTCP makes of its marks. */
#include <criterion/criterion.h>

#include "libos/tcp/cc/rate.h"
#include "tests/unit/tcp_cc/bench.h"

#define MS NS_PER_MS

/* @n segments of 1000 bytes leave at @at. */
static void send_burst(struct tcp_rate *r, struct tcp_rate_stamp *stamps, unsigned n, uint64_t at)
{
	for (unsigned i = 0; i < n; i++)
		tcp_rate_on_sent(r, &stamps[i], i * 1000, 1000, at);
}

static struct tcp_cc_ack deliver(struct tcp_rate *r, const struct tcp_rate_stamp *stamps,
				 unsigned n, uint64_t at)
{
	struct tcp_cc_ack ack;

	tcp_rate_ack_begin(&ack, at);
	for (unsigned i = 0; i < n; i++)
		tcp_rate_on_delivered(r, &stamps[i], 1000, &ack);
	ack.min_rtt_ns = 10 * MS;
	tcp_rate_ack_end(r, &ack);
	return ack;
}

Test(rate, first_flight_counts_from_its_first_transmission)
{
	struct tcp_rate_stamp s[4];
	struct tcp_cc_ack ack;
	struct tcp_rate r;

	tcp_rate_init(&r, 0);
	send_burst(&r, s, 4, 1000 * MS);
	cr_assert_eq(s[3].in_flight, 4000);
	ack = deliver(&r, s, 4, 1020 * MS);
	cr_assert_eq(ack.rate_bytes, 4000);
	cr_assert_eq(ack.interval_ns, 20 * MS);
	cr_assert_eq(ack.tx_in_flight, 4000);
	cr_assert_eq(ack.delivered, 4000);
	cr_assert(ack.round_start);
	cr_assert(!ack.is_app_limited);
}

/* ACKs that arrive all at once do not make the path faster than the sending was. */
Test(rate, sending_bounds_compressed_acks)
{
	struct tcp_rate_stamp first, s[10];
	struct tcp_cc_ack ack;
	struct tcp_rate r;

	tcp_rate_init(&r, 0);
	tcp_rate_on_sent(&r, &first, 0, 1000, 0);
	for (unsigned i = 0; i < 10; i++)
		tcp_rate_on_sent(&r, &s[i], 1000 * (i + 1), 1000, (i + 1) * 10 * MS);
	deliver(&r, &first, 1, 110 * MS);
	ack = deliver(&r, s, 10, 111 * MS);
	cr_assert_eq(ack.rate_bytes, 11000);
	cr_assert_eq(ack.interval_ns, 111 * MS, "not the millisecond between the ACKs");
}

Test(rate, interval_below_the_smallest_rtt_is_no_sample)
{
	struct tcp_rate_stamp s[2];
	struct tcp_rate r;

	tcp_rate_init(&r, 0);
	send_burst(&r, s, 2, 5 * MS);
	cr_assert_eq(deliver(&r, s, 1, 14 * MS).interval_ns, 0);
	cr_assert_neq(deliver(&r, s + 1, 1, 16 * MS).interval_ns, 0);
}

Test(rate, application_limit_lasts_until_its_flight_is_delivered)
{
	struct tcp_rate_stamp s[6];
	struct tcp_rate r;

	tcp_rate_init(&r, 0);
	send_burst(&r, s, 2, 0);
	tcp_rate_on_app_limited(&r, 2000);
	send_burst(&r, s + 2, 1, 1 * MS);
	cr_assert(!deliver(&r, s, 2, 20 * MS).is_app_limited, "sent before");
	send_burst(&r, s + 3, 1, 21 * MS);
	cr_assert(deliver(&r, s + 2, 1, 30 * MS).is_app_limited);
	cr_assert_eq(r.app_limited, 0);
	cr_assert(deliver(&r, s + 3, 1, 40 * MS).is_app_limited, "sent before the bubble was gone");
	send_burst(&r, s + 4, 1, 41 * MS);
	cr_assert(!deliver(&r, s + 4, 1, 60 * MS).is_app_limited);
}

Test(rate, rounds_end_with_what_was_sent_in_them)
{
	struct tcp_rate_stamp s[10];
	struct tcp_rate r;

	tcp_rate_init(&r, 0);
	send_burst(&r, s, 4, 0);
	cr_assert(deliver(&r, s, 1, 20 * MS).round_start);
	tcp_rate_on_sent(&r, &s[4], 3000, 1000, 20 * MS);
	for (unsigned i = 1; i < 4; i++)
		cr_assert(!deliver(&r, s + i, 1, (20 + i) * MS).round_start);
	cr_assert(deliver(&r, s + 4, 1, 40 * MS).round_start);
}

Test(rate, losses_since_the_transmission)
{
	struct tcp_rate_stamp s[4];
	struct tcp_cc_lost lost;
	struct tcp_cc_ack ack;
	struct tcp_rate r;

	tcp_rate_init(&r, 0);
	r.lost = UINT32_MAX - 1500; /* it wraps */
	send_burst(&r, s, 4, 0);
	tcp_rate_on_lost(&r, &s[0], 1000, 20 * MS, &lost);
	cr_assert_eq(lost.lost, 1000);
	cr_assert_eq(lost.tx_in_flight, 1000);
	tcp_rate_on_lost(&r, &s[1], 1000, 20 * MS, &lost);
	cr_assert_eq(lost.lost, 2000);
	ack = deliver(&r, s + 3, 1, 20 * MS);
	cr_assert_eq(ack.lost, 2000);
	tcp_rate_on_sent(&r, &s[0], 3000, 1000, 20 * MS);
	ack = deliver(&r, s, 1, 40 * MS);
	cr_assert_eq(ack.lost, 0);
}

Test(rate, very_old_stamps_saturate)
{
	struct tcp_rate_stamp s[2];
	struct tcp_rate r;

	tcp_rate_init(&r, 0);
	send_burst(&r, s, 1, 0);
	tcp_rate_on_sent(&r, &s[1], 1000, 1000, 3600 * NS_PER_SEC);
	cr_assert_eq(s[1].send_age, UINT32_MAX);
	cr_assert_gt(deliver(&r, s + 1, 1, 3601 * NS_PER_SEC).interval_ns, 60 * NS_PER_SEC);
}

static double alpha_of(const struct bench *b)
{
	/* struct dctcp: two counters of 64 bits come first. */
	return (double)*(const uint32_t *)&b->cc.priv[2] / (1 << 20);
}

/* alpha goes to the share of marked bytes, by a factor of 15/16 per round, from 1. */
Test(dctcp, rfc8257_3_3_alpha_converges_to_the_share_of_marks)
{
	for (unsigned share = 0; share <= 10; share++) {
		double expected = 1, f = share / 10.;
		struct bench b;

		bench_init(&b, "dctcp");
		for (unsigned round = 0; round < 200; round++) {
			for (unsigned i = 0; i < 10; i++)
				bench_ecn(&b, i < share ? 1000 : 0, 1000, i == 0);
			if (round)
				expected += (f - expected) / 16;
			cr_assert(alpha_of(&b) > expected - 1e-4 && alpha_of(&b) < expected + 1e-4,
				  "share %.1f, round %u: %g, not %g", f, round, alpha_of(&b),
				  expected);
		}
	}
}

Test(dctcp, rfc8257_3_3_reduces_by_half_of_alpha_once_per_window)
{
	struct bench b;

	bench_init(&b, "dctcp");
	cr_assert(!bench_ecn(&b, 0, 1000, true));
	cr_assert(bench_ecn(&b, 1000, 1000, false));
	cr_assert_eq(b.cc.ssthresh, 5000, "alpha is 1 at first");
	cr_assert(!bench_ecn(&b, 1000, 1000, false));
	for (unsigned round = 0; round < 200; round++)
		for (unsigned i = 0; i < 10; i++)
			bench_ecn(&b, i == 0 ? 1000 : 0, 1000, i == 0);
	tcp_cc_exit(&b.cc, b.now);
	b.cc.cwnd = 100000;
	cr_assert(bench_ecn(&b, 1000, 1000, false));
	cr_assert(b.cc.ssthresh >= 94999 && b.cc.ssthresh <= 95001, "%u", b.cc.ssthresh);
}

Test(dctcp, rfc8257_3_5_loss_halves_even_after_a_mark)
{
	struct bench b;

	bench_init(&b, "dctcp");
	bench_recovery(&b);
	cr_assert_eq(b.cc.ssthresh, 5000);

	bench_init(&b, "dctcp");
	b.cc.cwnd = 100000;
	bench_ecn(&b, 1000, 1000, false);
	cr_assert_eq(b.cc.ssthresh, 50000);
	bench_recovery(&b);
	cr_assert_eq(b.cc.ssthresh, 50000, "the mark has cost that already");

	bench_init(&b, "dctcp");
	for (unsigned i = 0; i < 200; i++)
		bench_ecn(&b, 0, 1000, true);
	b.cc.cwnd = 100000;
	bench_ecn(&b, 1000, 1000, false);
	cr_assert_gt(b.cc.ssthresh, 99000);
	bench_recovery(&b);
	cr_assert_eq(b.cc.ssthresh, 50000);
}
