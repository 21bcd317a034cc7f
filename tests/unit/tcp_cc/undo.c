/* SPDX-License-Identifier: MIT */
/* Spurious episodes (RFC 3522, 5682; response after RFC 4015 and RFC 9438 4.9), and moves between hosts. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/lib/seed.h"
#include "tests/unit/tcp_cc/bench.h"
#include "tests/unit/tcp_cc/path.h"

static const char *const names[] = { "reno", "cubic", "dctcp" };

/* After some rounds in avoidance, with every field in use. */
static void settle(struct bench *b, const char *name)
{
	bench_init(b, name);
	b->cc.cwnd = 100000;
	bench_recovery(b);
	tcp_cc_exit(&b->cc, b->now);
	for (unsigned round = 0; round < 7; round++)
		bench_round(b);
}

/* The window goes on from there as if nothing had been. */
static void expect_same_future(struct bench *a, struct bench *b)
{
	for (unsigned round = 0; round < 20; round++) {
		bench_round(a);
		bench_round(b);
		cr_assert_eq(a->cc.cwnd, b->cc.cwnd, "%s, round %u: %u, %u", a->cc.ops->name, round,
			     a->cc.cwnd, b->cc.cwnd);
	}
}

Test(undo, rfc4015_recovery_is_restored_exactly)
{
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		struct bench a, b;

		settle(&a, names[i]);
		b = a;
		bench_recovery(&b);
		cr_assert_lt(b.cc.ssthresh, a.cc.cwnd);
		b.cc.cwnd = 5000; /* as PRR left it */
		cr_assert(tcp_cc_undo(&b.cc, b.now));
		cr_assert_eq(b.cc.cwnd, a.cc.cwnd);
		cr_assert_eq(b.cc.ssthresh, a.cc.ssthresh);
		cr_assert_eq(b.cc.phase, TCP_CC_OPEN);
		cr_assert(!tcp_cc_undo(&b.cc, b.now), "only once");
		if (i == 1)
			expect_same_future(&a, &b);
	}
}

Test(undo, rfc9438_4_9_after_a_move_to_another_clock)
{
	struct tcp_rate rate = { 0 };
	struct tcp_cc_image image;
	struct bench a, b;

	settle(&a, "cubic");
	b = a;
	bench_recovery(&b);
	tcp_cc_export(&b.cc, &rate, b.now, &image);
	b.now += 12345 * NS_PER_SEC + 678;
	cr_assert_eq(tcp_cc_import(&image, b.now, &b.cc, &rate), 0);
	cr_assert(tcp_cc_undo(&b.cc, b.now));
	expect_same_future(&a, &b);
}

Test(undo, rfc5682_timeout_is_restored_exactly)
{
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		struct bench a, b;

		settle(&a, names[i]);
		b = a;
		bench_rto(&b);
		bench_ack(&b, 1000);
		bench_rto(&b);
		cr_assert(tcp_cc_undo(&b.cc, b.now));
		cr_assert_eq(b.cc.cwnd, a.cc.cwnd);
		cr_assert_eq(b.cc.ssthresh, a.cc.ssthresh);
	}
}

Test(undo, comes_late_and_keeps_what_was_gained)
{
	struct bench b;
	uint32_t before;

	settle(&b, "cubic");
	before = b.cc.cwnd;
	bench_recovery(&b);
	tcp_cc_exit(&b.cc, b.now);
	cr_assert_lt(b.cc.cwnd, before);
	b.cc.cwnd = before + 5000;
	cr_assert(tcp_cc_undo(&b.cc, b.now));
	cr_assert_eq(b.cc.cwnd, before + 5000);
}

Test(undo, goes_back_to_before_recovery_from_a_timeout_within_it)
{
	struct bench b;
	uint32_t before;

	settle(&b, "cubic");
	before = b.cc.cwnd;
	bench_recovery(&b);
	bench_rto(&b);
	cr_assert(tcp_cc_undo(&b.cc, b.now));
	cr_assert_eq(b.cc.cwnd, before);
}

Test(undo, nothing_without_an_episode)
{
	struct bench b;

	settle(&b, "reno");
	cr_assert(tcp_cc_undo(&b.cc, b.now), "the one of settle()");
	cr_assert(!tcp_cc_undo(&b.cc, b.now));
}

struct move_case {
	const char *name;
	uint32_t queue, mark_above, drop_ppm;
};

static const struct move_case move_cases[] = {
	{ "reno", 100, 0, 0 },     { "cubic", 100, 0, 0 },   { "cubic", 300, 100, 500 },
	{ "dctcp", 300, 40, 100 }, { "bbr", 300, 0, 10000 }, { "bbr", 40, 0, 0 },
};

static uint64_t run(const struct move_case *c, uint64_t seed, uint32_t move_ppm, uint64_t *moves)
{
	struct path *p = path_new(&(struct path_config){ .tx_ns = 240000,
							 .rtt_ns = 30 * NS_PER_MS,
							 .queue = c->queue,
							 .mark_above = c->mark_above,
							 .drop_ppm = c->drop_ppm,
							 .move_ppm = move_ppm,
							 .seed = seed });

	path_start_flow(p, 0, c->name);
	path_start_flow(p, 1, c->name);
	path_run_until(p, 20 * NS_PER_SEC);
	*moves = p->flow[0].moves;
	return p->flow[0].hash ^ p->flow[1].hash;
}

/* Every decision of the senders is the same, whether or not they move to other clocks all the time. */
Test(image, moves_at_random_points_are_invisible)
{
	uint64_t seed = test_seed();

	for (unsigned i = 0; i < ARRAY_SIZE(move_cases); i++) {
		uint64_t moves, none;
		uint64_t moved = run(&move_cases[i], seed, 10000, &moves);

		cr_assert_eq(moved, run(&move_cases[i], seed, 0, &none), "%s", move_cases[i].name);
		cr_assert(moves > 50 && none == 0);
	}
}

/* A second export says what the first one said, with every common field in use. */
Test(image, round_trip_keeps_everything)
{
	for (unsigned i = 0; tcp_cc_at_or_null(i); i++) {
		struct tcp_rate rate = { 1, 2, 3, 4, 5, 6 }, rate_out;
		struct tcp_cc_image first, second;
		struct tcp_cc out;
		struct bench b;

		settle(&b, tcp_cc_at_or_null(i)->name);
		b.cc.pacing_rate = 12345;
		b.cc.phase = TCP_CC_LOSS;
		b.cc.can_undo = true;
		b.cc.undo_cwnd = 5678;
		b.cc.undo_ssthresh = 6789;
		b.cc.valid =
			(struct tcp_cc_valid){ 11, 12, 13, { 14, 15 }, 16, true, { true, true } };
		tcp_cc_export(&b.cc, &rate, b.now, &first);
		cr_assert_eq(tcp_cc_import(&first, b.now + 99, &out, &rate_out), 0);
		cr_assert_eq(out.cwnd, b.cc.cwnd);
		cr_assert_eq(out.undo_cwnd, 5678);
		cr_assert_eq(out.valid.bucket_at, 11 + 99);
		cr_assert_eq(rate_out.delivered_at, 2 + 99);
		tcp_cc_export(&out, &rate_out, b.now + 99, &second);
		cr_assert_eq(memcmp(&first, &second, sizeof(first)), 0);
	}
}

Test(image, refuses_what_no_connection_can_have)
{
	struct tcp_rate rate = { 0 }, rate_out = { .lost = 77 };
	struct tcp_cc_image good, bad;
	struct tcp_cc out;
	struct bench b;

	settle(&b, "cubic");
	tcp_cc_export(&b.cc, &rate, b.now, &good);
	cr_assert_eq(tcp_cc_import(&good, b.now, &out, &rate_out), 0);
	cr_assert_eq(memcmp(&out.priv, &b.cc.priv, sizeof(out.priv)), 0);
	cr_assert_eq(rate_out.lost, 0);
#define EXPECT_BAD(error, ...)                                                                     \
	do {                                                                                       \
		bad = good;                                                                        \
		__VA_ARGS__;                                                                       \
		out.mss = 4711;                                                                    \
		cr_assert_eq(tcp_cc_import(&bad, b.now, &out, &rate_out), error);                  \
		cr_assert_eq(out.mss, 4711);                                                       \
	} while (0)
	EXPECT_BAD(-ENOENT, bad.name[0] = 'x');
	EXPECT_BAD(-ENOENT, memset(bad.name, 'c', sizeof(bad.name)));
	EXPECT_BAD(-ENOENT, bad.version++);
	EXPECT_BAD(-EINVAL, bad.mss = 0);
	EXPECT_BAD(-EINVAL, bad.mss = 65536);
	EXPECT_BAD(-EINVAL, bad.cwnd = 999);
	EXPECT_BAD(-EINVAL, bad.cwnd = TCP_CC_CWND_MAX + 1);
	EXPECT_BAD(-EINVAL, bad.undo_cwnd = TCP_CC_CWND_MAX + 1);
	EXPECT_BAD(-EINVAL, bad.ssthresh = 0);
	EXPECT_BAD(-EINVAL, bad.phase = TCP_CC_PHASE_NUM);
	EXPECT_BAD(-EINVAL, bad.can_undo = 2);
	EXPECT_BAD(-EINVAL, bad.is_unused = 2);
	EXPECT_BAD(-EINVAL, bad.limited_round[0] = 2);
	EXPECT_BAD(-EINVAL, bad.limited_round[1] = 2);
	EXPECT_BAD(-EINVAL, bad.priv[2] = UINT64_MAX); /* w_max, k */
}

/* Whatever gets past the checks: no undefined behaviour afterwards (the sanitizers look), and sane windows. */
Test(image, survives_garbage)
{
	uint64_t seed = test_seed();
	struct rng rng;

	rng_init(&rng, seed);
	for (unsigned i = 0; i < 40000; i++) {
		struct tcp_rate rate = { 0 };
		struct tcp_cc_image image;
		struct bench b;

		settle(&b, tcp_cc_at_or_null(i % 4)->name);
		tcp_cc_export(&b.cc, &rate, b.now, &image);
		for (uint64_t n = rng_below(&rng, 6); n; n--) {
			size_t at = sizeof(image.name) + 4;

			at += rng_below(&rng, sizeof(image) - at);
			((uint8_t *)&image)[at] = (uint8_t)rng_next(&rng);
		}
		if (tcp_cc_import(&image, b.now, &b.cc, &rate))
			continue;
		for (unsigned step = 0; step < 12; step++) {
			switch (rng_below(&rng, 6)) {
			case 0:
				bench_recovery(&b);
				break;
			case 1:
				bench_rto(&b);
				break;
			case 2:
				bench_ecn(&b, 500, 1000, true);
				break;
			case 3:
				tcp_cc_undo(&b.cc, b.now);
				break;
			case 4:
				tcp_cc_exit(&b.cc, b.now);
				break;
			default:
				bench_round(&b);
			}
			cr_assert(b.cc.cwnd >= b.cc.mss && b.cc.cwnd <= TCP_CC_CWND_MAX);
			if (b.cc.cwnd > 1000000)
				break;
		}
	}
}
