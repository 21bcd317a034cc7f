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
