/* SPDX-License-Identifier: MIT */
/* Algorithms against the equations that describe them, on the path of path.h. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "tests/unit/tcp_cc/path.h"

#define SECONDS(n) ((n)*NS_PER_SEC)

/* A path without queue, on which every @drop_every-th packet is lost: what window does the algorithm keep? */
static double mean_window(const char *algorithm, uint32_t drop_every, uint64_t rtt_ns)
{
	struct path *p = path_new(&(struct path_config){
		.tx_ns = 10, .rtt_ns = rtt_ns, .queue = 100000, .drop_every = drop_every });

	path_start_flow(p, 0, algorithm);
	path_run_until(p, SECONDS(100));
	path_forget(p);
	path_run_until(p, SECONDS(1100));
	cr_assert_gt(p->flow[0].episodes, 20);
	return path_mean_cwnd(p, 0);
}

static void expect_near(const char *what, double is, double should, double tolerance)
{
	fprintf(stderr, "%s: %.2f, expected %.2f\n", what, is, should);
	cr_assert_lt(fabs(is - should), tolerance * should, "%s: %g, not %g", what, is, should);
}

/* 1.22 / sqrt(p), the mean of a saw-tooth between W/2 and W. */
Test(response, rfc5681_reno_is_inverse_to_the_root_of_loss)
{
	static const uint32_t every[] = { 100, 400, 1600, 6400, 25600 };

	for (unsigned i = 0; i < ARRAY_SIZE(every); i++)
		expect_near("reno", mean_window("reno", every[i], 50 * NS_PER_MS),
			    sqrt(1.5 * every[i]), every[i] == 100 ? 0.15 : 0.10);
}

/* Equation 6 of section 5.1: (C * (3 + beta) / (4 * (1 - beta)))^(1/4) * (RTT / p)^(3/4). */
Test(response, rfc9438_5_1_cubic_in_its_own_region)
{
	static const struct {
		uint32_t every;
		uint64_t rtt_ms;
	} cases[] = { { 10000, 100 }, { 30000, 100 }, { 10000, 200 }, { 30000, 50 } };

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		double rtt = (double)cases[i].rtt_ms / 1000;
		double should = pow(0.4 * 3.7 / (4 * 0.3), 0.25) * pow(rtt * cases[i].every, 0.75);

		expect_near("cubic",
			    mean_window("cubic", cases[i].every, cases[i].rtt_ms * NS_PER_MS),
			    should, 0.12);
	}
}

/* Where Reno would do better, CUBIC is as good as Reno (4.3). */
Test(response, rfc9438_4_3_cubic_in_the_reno_friendly_region)
{
	static const uint32_t every[] = { 100, 400, 1600 };

	for (unsigned i = 0; i < ARRAY_SIZE(every); i++)
		expect_near("cubic, friendly", mean_window("cubic", every[i], 10 * NS_PER_MS),
			    sqrt(1.5 * every[i]), 0.15);
}

struct pair_case {
	const char *algorithm;
	uint32_t queue, mark_above;
};

/* 100 Mbit/s, 20 ms: 167 packets. The second flow starts 5 s after the first. */
static const struct pair_case pair_cases[] = {
	{ "reno", 167, 0 },   { "cubic", 167, 0 }, { "cubic", 400, 120 },
	{ "dctcp", 400, 40 }, { "bbr", 400, 0 },   { "bbr", 60, 0 },
};

Test(response, two_flows_share_and_fill_the_path)
{
	for (unsigned i = 0; i < ARRAY_SIZE(pair_cases); i++) {
		const struct pair_case *c = &pair_cases[i];
		struct path *p = path_new(&(struct path_config){ .tx_ns = 120000,
								 .rtt_ns = 20 * NS_PER_MS,
								 .queue = c->queue,
								 .mark_above = c->mark_above });

		path_start_flow(p, 0, c->algorithm);
		path_run_until(p, SECONDS(6));
		path_start_flow(p, 1, c->algorithm);
		path_run_until(p, SECONDS(60));
		path_forget(p);
		path_run_until(p, SECONDS(180));
		fprintf(stderr,
			"%s, queue %u, marks above %u: Jain %.3f, utilisation %.3f, mean queue "
			"%.0f, "
			"max %u, drops %.5f\n",
			c->algorithm, c->queue, c->mark_above, path_fairness(p),
			path_utilisation(p), path_mean_queue(p), p->queue_max,
			(double)p->drops / (double)p->sent);
		cr_expect_geq(path_fairness(p), 0.9);
		cr_expect_geq(path_utilisation(p), 0.9);
		cr_expect_eq(p->flow[0].rtos + p->flow[1].rtos, 0);
	}
}

/* A single flow on 100 Mbit/s, 40 ms: 333 packets, the queue at most a quarter of that on average. */
Test(response, bbr_fills_the_path_and_not_the_queue)
{
	struct path *p = path_new(
		&(struct path_config){ .tx_ns = 120000, .rtt_ns = 40 * NS_PER_MS, .queue = 2000 });

	path_start_flow(p, 0, "bbr");
	path_run_until(p, SECONDS(5));
	path_forget(p);
	path_run_until(p, SECONDS(65));
	fprintf(stderr, "bbr alone: utilisation %.3f, mean queue %.1f, max %u\n",
		path_utilisation(p), path_mean_queue(p), p->queue_max);
	cr_assert_geq(path_utilisation(p), 0.9);
	cr_assert_lt(path_mean_queue(p), 40);
	cr_assert_lt(p->queue_max, 333);
	cr_assert_eq(p->drops, 0);
}

/* 1 % random loss would keep Reno at 12 packets of the 333. */
Test(response, bbr_does_not_mind_random_loss_below_two_percent)
{
	struct path *p = path_new(&(struct path_config){ .tx_ns = 120000,
							 .rtt_ns = 40 * NS_PER_MS,
							 .queue = 2000,
							 .drop_ppm = 10000,
							 .seed = 1 });

	path_start_flow(p, 0, "bbr");
	path_run_until(p, SECONDS(5));
	path_forget(p);
	path_run_until(p, SECONDS(65));
	fprintf(stderr, "bbr, 1 %% loss: utilisation %.3f, mean queue %.1f\n", path_utilisation(p),
		path_mean_queue(p));
	cr_assert_geq(path_utilisation(p), 0.75);
}

/* A step of marks: the queue stays near the threshold, and alpha near sqrt(2 / W), as the analysis of a single flow
 * has it. */
Test(response, rfc8257_dctcp_keeps_the_queue_at_the_threshold)
{
	struct path *p = path_new(&(struct path_config){
		.tx_ns = 1200, .rtt_ns = 200 * NS_PER_US, .queue = 1000, .mark_above = 40 });
	const uint32_t *alpha;
	double sum = 0, window = 167 + 40;

	path_start_flow(p, 0, "dctcp");
	path_run_until(p, SECONDS(2));
	path_forget(p);
	/* struct dctcp: two counters of 64 bits come first. */
	alpha = (const uint32_t *)&p->flow[0].cc.priv[2];
	for (unsigned i = 0; i < 1000; i++) {
		path_run_until(p, SECONDS(2) + i * NS_PER_MS);
		sum += (double)*alpha / (1 << 20);
	}
	fprintf(stderr, "dctcp: utilisation %.3f, mean queue %.1f, max %u\n", path_utilisation(p),
		path_mean_queue(p), p->queue_max);
	expect_near("alpha", sum / 1000, sqrt(2 / window), 0.35);
	cr_assert_geq(path_utilisation(p), 0.95);
	cr_assert_lt(p->queue_max, 50);
}
