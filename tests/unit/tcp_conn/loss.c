/* SPDX-License-Identifier: MIT */
/* Whole connections with every loss of one and of two frames: handshake, transfer both ways, close. */
#include <criterion/criterion.h>

#include "tests/unit/tcp_conn/pair.h"

static struct pair p;

static unsigned run_with(const struct tcp_config *config, uint32_t up, uint32_t down, int i, int j,
			 bool both_open)
{
	pair_start(&p, config, up, down);
	p.drop[0] = i;
	p.drop[1] = j;
	p.both_open = both_open;
	pair_open(&p);
	pair_finish(&p);
	return p.num_frames;
}

static void all_pairs(const struct tcp_config *config, uint32_t up, uint32_t down, bool both_open)
{
	int num = (int)run_with(config, up, down, -1, -1, both_open);

	cr_assert_gt(num, 5);
	for (int i = 0; i < num; i++)
		for (int j = i; j < num + 3; j++)
			run_with(config, up, down, i, j, both_open);
}

Test(tcp_conn_loss, rfc9293_no_data)
{
	all_pairs(NULL, 0, 0, false);
}

Test(tcp_conn_loss, rfc9293_transfer_both_ways)
{
	all_pairs(NULL, 9000, 5000, false);
}

Test(tcp_conn_loss, rfc9293_3_5_simultaneous_open)
{
	all_pairs(NULL, 3000, 3000, true);
}

Test(tcp_conn_loss, rfc6582_without_sack)
{
	struct tcp_config c = tcp_default_config();

	c.max_conns = 256;
	c.sack = false;
	all_pairs(&c, 20000, 0, false);
}

Test(tcp_conn_loss, rfc7323_without_any_option)
{
	struct tcp_config c = tcp_default_config();

	c.max_conns = 256;
	c.sack = false;
	c.timestamps = false;
	c.wscale = false;
	all_pairs(&c, 9000, 3000, false);
}

Test(tcp_conn_loss, rfc9293_3_8_6_small_window)
{
	struct tcp_config c = tcp_default_config();

	c.max_conns = 256;
	c.rcv_buf = 4000;
	c.snd_buf = 2000;
	all_pairs(&c, 12000, 0, false);
}

Test(tcp_conn_loss, bulk_with_many_segments)
{
	for (int i = 2; i < 60; i++)
		run_with(NULL, 200000, 0, i, i + 7, false);
}

/* @seed also chooses sizes, and which options are on. */
static void run_random(uint64_t seed, uint32_t loss_ppm, uint32_t dup_ppm, uint64_t jitter_ns)
{
	struct tcp_config c = tcp_default_config();
	struct rng rng;

	rng_init(&rng, seed);
	c.max_conns = 256;
	c.keep_flights = 0;
	c.sack = rng_below(&rng, 4) != 0;
	c.timestamps = rng_below(&rng, 3) != 0;
	c.rcv_buf = 3000u << rng_below(&rng, 10);
	c.snd_buf = 3000u << rng_below(&rng, 10);
	c.cc = rng_below(&rng, 2) ? "cubic" : "reno";
	pair_start(&p, &c, (uint32_t)rng_below(&rng, 300000), (uint32_t)rng_below(&rng, 100000));
	rng_init(&p.rng, seed);
	p.push_bytes = 1 + (uint32_t)rng_below(&rng, rng_below(&rng, 2) ? 30000 : 500);
	p.loss_ppm = loss_ppm;
	p.dup_ppm = dup_ppm;
	p.jitter_ns = jitter_ns;
	p.seed = seed;
	pair_open(&p);
	pair_finish(&p);
}

Test(tcp_conn_loss, random_loss)
{
	for (uint64_t seed = 1; seed <= 60; seed++)
		run_random(seed, 30000, 0, 0);
}

Test(tcp_conn_loss, random_reordering_and_duplicates)
{
	for (uint64_t seed = 101; seed <= 160; seed++)
		run_random(seed, 0, 20000, 4 * NS_PER_MS);
}

Test(tcp_conn_loss, random_everything)
{
	for (uint64_t seed = 201; seed <= 260; seed++)
		run_random(seed, 20000, 10000, 30 * NS_PER_MS);
}
