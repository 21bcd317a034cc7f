/* SPDX-License-Identifier: MIT */
/* BBR's states and bounds; sections are those of draft-ietf-ccwg-bbr. */
#include "libos/tcp/cc/bbr.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/unit/tcp_cc/bench.h"
#include "tests/unit/tcp_cc/path.h"

#define MS NS_PER_MS

Test(bbr, times_survive_hours_of_silence)
{
	struct bbr b = { .base_at = 5 * NS_PER_SEC, .probe_rtt_min_at = 1000000 };

	cr_assert_eq(bbr_time(&b, 6 * NS_PER_SEC), 1000000);
	cr_assert_eq(bbr_time(&b, 6 * NS_PER_SEC) - b.probe_rtt_min_at, 0);
	for (uint64_t s = 1; s < 1000000; s *= 3) {
		uint64_t now = 6 * NS_PER_SEC + s * NS_PER_SEC;
		uint32_t age = bbr_time(&b, now) - b.probe_rtt_min_at;

		cr_assert(age == s * 1000000 || (s > 1000 && age > 1000u * 1000000),
			  "%u after %u s", age, (unsigned)s);
	}
}

Test(bbr, bandwidth_delay_product_in_its_units)
{
	struct bench b;
	struct bbr *s;

	bench_init(&b, "bbr");
	s = bbr_of(&b.cc);
	cr_assert_eq(bbr_bdp(&b.cc, 1000, 100), 10000, "no RTT yet: the initial window");
	s->min_rtt = 100 * MS / 16;
	/* 10 MB/s * 100 ms */
	cr_assert_eq(bbr_bdp(&b.cc, 10000000 / 16, 100), 1000000);
	cr_assert_eq(bbr_bdp(&b.cc, 10000000 / 16, 225), 2250000);
	s->min_rtt = 5 * NS_PER_US / 16;
	cr_assert(abs((int)bbr_bdp(&b.cc, 12500000000ull / 16, 100) - 62500) <= 100);
	s->min_rtt = BBR_UNKNOWN - 1;
	cr_assert_eq(bbr_bdp(&b.cc, UINT32_MAX, 225), TCP_CC_CWND_MAX);
}

/* As if probing a path of 10 MB/s and 100 ms, with a long-term bound of 1.2 MB. */
static struct bbr *probing(struct bench *b)
{
	struct bbr *s;

	bench_init(b, "bbr");
	s = bbr_of(&b->cc);
	s->min_rtt = 100 * MS / 16;
	s->max_bw[1] = 10000000 / 16;
	s->is_full_bw_reached = true;
	s->is_probe_sample = true;
	s->up_rounds = 1;
	s->state = BBR_UP;
	b->cc.ssthresh = 1200000;
	b->cc.cwnd = 1250000;
	return s;
}

/* @percent of a flight of @flight bytes is gone. */
static void lose(struct bench *b, uint32_t flight, uint32_t percent)
{
	struct tcp_cc_lost lost = { .now = b->now,
				    .delivered = b->delivered,
				    .bytes = 1000,
				    .tx_in_flight = flight,
				    .lost = flight / 100 * percent };

	tcp_cc_on_lost(&b->cc, &lost);
}

Test(bbr, s5_5_10_2_two_percent_loss_ends_a_probe_and_bounds_the_volume)
{
	struct bench b;
	struct bbr *s = probing(&b);

	bench_recovery(&b);
	lose(&b, 1000000, 2);
	cr_assert_eq(s->state, BBR_UP, "no more than the threshold");
	cr_assert_eq(b.cc.ssthresh, 1200000);
	lose(&b, 1000000, 3);
	cr_assert_eq(s->state, BBR_DOWN);
	/* 999000 in flight before, 29000 lost before: 2 % of it is 19980, less 29000, over 0.98 */
	cr_assert_eq(b.cc.ssthresh, 999000 - 9204);
	lose(&b, 500000, 50);
	cr_assert_eq(b.cc.ssthresh, 999000 - 9204, "only once per probe");
}

Test(bbr, s5_5_10_2_bound_is_at_least_seven_tenths_of_the_target)
{
	struct bench b;

	probing(&b);
	bench_recovery(&b);
	lose(&b, 100000, 10);
	cr_assert(abs((int)b.cc.ssthresh - 700000) < 100);
}

Test(bbr, s5_5_10_3_undo_resumes_the_probe_with_the_bounds_before)
{
	struct bench b;
	struct bbr *s = probing(&b);

	bench_recovery(&b);
	lose(&b, 1000000, 3);
	s->bw_lo = 1;
	s->inflight_lo = 1;
	cr_assert(tcp_cc_undo(&b.cc, b.now));
	cr_assert_eq(s->state, BBR_REFILL);
	cr_assert_eq(b.cc.ssthresh, 1200000);
	cr_assert_eq(b.cc.cwnd, 1250000);
	cr_assert_eq(s->bw_lo, BBR_UNKNOWN);
	cr_assert_eq(s->inflight_lo, BBR_UNKNOWN);
}

Test(bbr, s5_3_1_3_high_loss_ends_startup_and_undo_returns_to_it)
{
	struct bench b;
	struct bbr *s = probing(&b);
	struct tcp_cc_ack ack = { .now = b.now,
				  .acked = 1000,
				  .rtt_ns = 100 * MS,
				  .delivered = 1000,
				  .prior_delivered = 500,
				  .rate_bytes = 500,
				  .interval_ns = 100 * MS,
				  .in_flight = 2000000,
				  .in_flight_before = 2000000,
				  .tx_in_flight = 2000000,
				  .lost = 100000 };

	s->state = BBR_STARTUP;
	s->is_full_bw_reached = false;
	s->is_probe_sample = false;
	b.cc.ssthresh = TCP_CC_SSTHRESH_INFINITE;
	bench_recovery(&b);
	for (unsigned i = 0; i < 5; i++)
		lose(&b, 1000000, 3);
	tcp_cc_on_ack(&b.cc, &ack);
	cr_assert_eq(s->state, BBR_STARTUP, "five are noise");
	for (unsigned i = 0; i < 6; i++)
		lose(&b, 1000000, 3);
	s->loss_round = 0;
	tcp_cc_on_ack(&b.cc, &ack);
	cr_assert_eq(s->state, BBR_DRAIN);
	cr_assert(abs((int)b.cc.ssthresh - 1000000) < 100, "the path's volume");
	cr_assert(tcp_cc_undo(&b.cc, b.now));
	cr_assert_eq(s->state, BBR_STARTUP);
	cr_assert(!s->is_full_bw_reached);
	cr_assert_eq(b.cc.ssthresh, TCP_CC_SSTHRESH_INFINITE);
}

Test(bbr, s5_6_4_4_timeout_cuts_to_one_segment_and_recovery_gives_it_back)
{
	struct bench b;

	probing(&b);
	bench_rto(&b);
	cr_assert_eq(b.cc.cwnd, 1000);
	tcp_cc_exit(&b.cc, b.now);
	cr_assert_eq(b.cc.cwnd, 1250000);
}

Test(bbr, mark_counts_as_too_much_loss)
{
	struct bench b;
	struct bbr *s = probing(&b);

	b.flight = 900000;
	cr_assert(!bench_ecn(&b, 0, 1000, false));
	cr_assert_eq(s->state, BBR_UP);
	cr_assert(bench_ecn(&b, 1000, 1000, false));
	cr_assert_eq(s->state, BBR_DOWN);
	cr_assert_eq(b.cc.ssthresh, 900000);
	cr_assert(!bench_ecn(&b, 1000, 1000, false), "CWR once per window");
	cr_assert(s->has_loss_in_round);
}

/* After silence the RTT is measured anyway, so that no PROBE_RTT is due. */
Test(bbr, s5_4_1_restart_from_idle_needs_no_probe_rtt)
{
	for (unsigned idle = 0; idle < 2; idle++) {
		struct bench b;
		struct bbr *s = probing(&b);

		s->state = BBR_CRUISE;
		s->probe_rtt_min = s->min_rtt;
		b.now += 6 * NS_PER_SEC;
		if (idle)
			tcp_cc_on_sent(&b.cc, b.now, 0, true);
		bench_ack(&b, 1000);
		cr_assert_eq(s->state == BBR_PROBE_RTT, !idle);
	}
}

/* Every five seconds or so, for 200 ms and a round, half of the path's volume is in flight. */
Test(bbr, s5_3_4_probe_rtt_comes_and_goes)
{
	struct path *p = path_new(
		&(struct path_config){ .tx_ns = 120000, .rtt_ns = 40 * MS, .queue = 2000 });
	unsigned visits = 0, ms = 0, state = BBR_STARTUP;

	path_start_flow(p, 0, "bbr");
	for (unsigned i = 0; i < 21000; i++) {
		const struct tcp_cc *cc = &p->flow[0].cc;
		unsigned now;

		path_run_until(p, p->now + MS);
		now = bbr_of(&p->flow[0].cc)->state;
		visits += now == BBR_PROBE_RTT && state != now;
		if (now == BBR_PROBE_RTT && state == now) {
			ms++;
			cr_assert_leq(cc->cwnd / PATH_MSS, 333 * 6 / 10);
		}
		state = now;
	}
	cr_assert(visits >= 3 && visits <= 4, "%u", visits);
	cr_assert(ms / visits >= 200 && ms / visits <= 320, "%u ms in %u visits", ms, visits);
}
