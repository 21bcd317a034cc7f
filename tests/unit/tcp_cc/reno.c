/* SPDX-License-Identifier: MIT */
/* What all window-based algorithms share, and Reno's arithmetic. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/tcp_cc/bench.h"

Test(cc, rfc6928_initial_window)
{
	cr_assert_eq(tcp_cc_initial_window(1460), 14600);
	cr_assert_eq(tcp_cc_initial_window(536), 5360);
	cr_assert_eq(tcp_cc_initial_window(1448), 14480);
	cr_assert_eq(tcp_cc_initial_window(2000), 14600);
	cr_assert_eq(tcp_cc_initial_window(8960), 17920);
	cr_assert_eq(tcp_cc_initial_window(65495), 130990);
}

Test(cc, registry_finds_by_name)
{
	cr_assert_eq(tcp_cc_find_or_null("reno"), &tcp_cc_newreno);
	cr_assert_eq(tcp_cc_find_or_null("cubic"), &tcp_cc_cubic);
	cr_assert_eq(tcp_cc_find_or_null("dctcp"), &tcp_cc_dctcp);
	cr_assert_eq(tcp_cc_find_or_null("bbr"), &tcp_cc_bbr);
	cr_assert_null(tcp_cc_find_or_null("vegas"));
	cr_assert_null(tcp_cc_find_or_null(""));
	cr_assert_eq(tcp_cc_at_or_null(0), &tcp_cc_cubic);
	cr_assert_null(tcp_cc_at_or_null(4));
	for (unsigned i = 0; tcp_cc_at_or_null(i); i++)
		cr_assert_eq(tcp_cc_find_or_null(tcp_cc_at_or_null(i)->name), tcp_cc_at_or_null(i));
}

Test(cc, connection_costs_three_cache_lines)
{
	cr_assert_leq(sizeof(struct tcp_cc), 192);
	cr_assert_leq(sizeof(((struct tcp_cc *)0)->priv), 104);
	cr_assert_leq(sizeof(struct tcp_rate_stamp), 32);
}

/* Every ACK counts what it covers, whatever the number of ACKs (RFC 3465), up to 8 segments (RFC 9406 4.3). */
Test(reno, rfc9406_first_slow_start_grows_by_bytes_up_to_eight_segments)
{
	struct bench b;

	bench_init(&b, "reno");
	bench_ack(&b, 1000);
	cr_assert_eq(b.cc.cwnd, 11000);
	bench_ack(&b, 8000);
	cr_assert_eq(b.cc.cwnd, 19000);
	bench_ack(&b, 9000);
	cr_assert_eq(b.cc.cwnd, 27000);
	bench_ack(&b, 300);
	cr_assert_eq(b.cc.cwnd, 27300);
}

Test(reno, rfc3465_later_slow_start_counts_two_segments_and_one_after_a_timeout)
{
	struct bench b;

	bench_init(&b, "reno");
	b.cc.ssthresh = 100000;
	bench_ack(&b, 5000);
	cr_assert_eq(b.cc.cwnd, 12000);
	bench_rto(&b);
	cr_assert_eq(b.cc.cwnd, 1000);
	cr_assert_eq(b.cc.ssthresh, 6000);
	bench_ack(&b, 5000);
	cr_assert_eq(b.cc.cwnd, 2000);
	tcp_cc_exit(&b.cc, b.now);
	bench_ack(&b, 5000);
	cr_assert_eq(b.cc.cwnd, 4000);
}

Test(reno, rfc5681_slow_start_ends_at_ssthresh_and_the_rest_counts_for_avoidance)
{
	struct bench b;

	bench_init(&b, "reno");
	b.cc.ssthresh = 11500;
	bench_ack(&b, 2000);
	cr_assert_eq(b.cc.cwnd, 11500);
	bench_ack(&b, 10999);
	cr_assert_eq(b.cc.cwnd, 11500);
	bench_ack(&b, 1);
	cr_assert_eq(b.cc.cwnd, 12500);
}

Test(reno, rfc3465_avoidance_adds_one_segment_per_window_of_bytes)
{
	struct bench b;

	bench_init(&b, "reno");
	b.cc.ssthresh = b.cc.cwnd;
	for (unsigned i = 0; i < 100; i++)
		bench_ack(&b, 100);
	cr_assert_eq(b.cc.cwnd, 11000);
	for (unsigned i = 0; i < 5; i++)
		bench_ack(&b, 2200);
	cr_assert_eq(b.cc.cwnd, 12000);
	/* 40,000 bytes at once: windows of 12, 13 and 14 fit */
	bench_ack(&b, 40000);
	cr_assert_eq(b.cc.cwnd, 15000);
}

Test(reno, rfc5681_ssthresh_is_half_of_what_is_in_flight)
{
	struct bench b;

	bench_init(&b, "reno");
	b.flight = 6000;
	bench_recovery(&b);
	cr_assert_eq(b.cc.ssthresh, 3000);
	cr_assert_eq(b.cc.phase, TCP_CC_RECOVERY);
	bench_ack(&b, 1000);
	tcp_cc_exit(&b.cc, b.now);
	cr_assert_eq(b.cc.cwnd, 3000);

	bench_init(&b, "reno");
	b.flight = 1000;
	bench_recovery(&b);
	cr_assert_eq(b.cc.ssthresh, 2000, "two segments at least");

	bench_init(&b, "reno");
	b.flight = 12000;
	bench_recovery(&b);
	cr_assert_eq(b.cc.ssthresh, 5000, "what limited transmit sent does not count");
}

Test(cc, rfc5681_4_3_lost_retransmission_reduces_again)
{
	struct bench b;

	bench_init(&b, "reno");
	bench_recovery(&b);
	cr_assert_eq(b.cc.ssthresh, 5000);
	bench_recovery(&b);
	cr_assert_eq(b.cc.ssthresh, 2500);
	cr_assert(tcp_cc_undo(&b.cc, b.now));
	cr_assert_eq(b.cc.ssthresh, TCP_CC_SSTHRESH_INFINITE);
	cr_assert_eq(b.cc.cwnd, 10000);
}

Test(cc, rfc5681_second_timeout_and_one_in_recovery_keep_ssthresh)
{
	struct bench b;

	bench_init(&b, "reno");
	bench_rto(&b);
	cr_assert_eq(b.cc.ssthresh, 5000);
	bench_rto(&b);
	cr_assert_eq(b.cc.ssthresh, 5000);
	cr_assert_eq(b.cc.cwnd, 1000);

	bench_init(&b, "reno");
	bench_recovery(&b);
	bench_rto(&b);
	cr_assert_eq(b.cc.ssthresh, 5000);
	cr_assert_eq(b.cc.phase, TCP_CC_LOSS);
	cr_assert_eq(b.cc.cwnd, 1000);
}

Test(cc, rfc3168_one_reduction_per_window_and_none_for_loss_after_it)
{
	static const char *const names[] = { "reno", "cubic" };

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		struct bench b;
		uint32_t reduced;

		bench_init(&b, names[i]);
		cr_assert(!bench_ecn(&b, 0, 1000, false));
		cr_assert(bench_ecn(&b, 1000, 1000, false));
		cr_assert_eq(b.cc.phase, TCP_CC_CWR);
		reduced = b.cc.ssthresh;
		cr_assert_eq(reduced, i == 0 ? 5000 : 7000);
		cr_assert(!bench_ecn(&b, 1000, 1000, false));
		bench_recovery(&b);
		cr_assert_eq(b.cc.ssthresh, reduced);
		cr_assert(!tcp_cc_undo(&b.cc, b.now), "marks are never spurious");
		tcp_cc_exit(&b.cc, b.now);
		cr_assert_eq(b.cc.cwnd, reduced);
		cr_assert(bench_ecn(&b, 1000, 1000, false));
	}
}

Test(cc, algorithm_can_be_changed_under_way)
{
	struct bench b;
	struct tcp_cc_start start = { .now = NS_PER_SEC, .mss = 1000 };

	bench_init(&b, "bbr");
	cr_assert_neq(b.cc.pacing_rate, 0);
	bench_ack(&b, 5000);
	tcp_cc_switch(&b.cc, &tcp_cc_newreno, &start);
	cr_assert_eq(b.cc.pacing_rate, 0);
	cr_assert_eq(b.cc.cwnd, 15000);
	bench_recovery(&b);
	tcp_cc_switch(&b.cc, &tcp_cc_cubic, &start);
	cr_assert_eq(b.cc.ssthresh, 7500);
	cr_assert_eq(b.cc.phase, TCP_CC_RECOVERY);
	cr_assert(!tcp_cc_undo(&b.cc, b.now));
	tcp_cc_exit(&b.cc, b.now);
	cr_assert_eq(b.cc.cwnd, 7500);
}

Test(cc, smaller_path_mtu_keeps_the_bytes)
{
	struct bench b;

	bench_init(&b, "cubic");
	tcp_cc_set_mss(&b.cc, 500);
	cr_assert_eq(b.cc.cwnd, 10000);
	bench_rto(&b);
	cr_assert_eq(b.cc.cwnd, 500);
	tcp_cc_set_mss(&b.cc, 1400);
	cr_assert_eq(b.cc.cwnd, 1400);
}

Test(cc, send_quantum_is_a_millisecond_within_bounds)
{
	struct bench b;

	bench_init(&b, "reno");
	cr_assert_eq(tcp_cc_send_quantum(&b.cc), 2000);
	b.cc.pacing_rate = 10000000;
	cr_assert_eq(tcp_cc_send_quantum(&b.cc), 10000);
	b.cc.pacing_rate = 12500000000ull;
	cr_assert_eq(tcp_cc_send_quantum(&b.cc), 65536);
}
