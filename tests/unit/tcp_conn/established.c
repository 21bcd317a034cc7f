/* SPDX-License-Identifier: MIT */
/* Data both ways while all is well. */
#include <criterion/criterion.h>

#include "tests/unit/tcp_conn/lang.h"

Test(tcp_conn_established, rfc9293_3_10_7_4_in_order)
{
	lang_run(NULL, LANG_SERVER "> P. 1:100 ack 1 win 10000\n"
				   "< . 1:0 ack 101 none\n"
				   "recv 100\n"
				   "send 50\n"
				   "< P. 1:50 ack 101\n"
				   "> . 101:0 ack 51 win 10000\n");
}

Test(tcp_conn_established, rfc2018_out_of_order)
{
	lang_run(NULL, LANG_SACK_SERVER "> P. 1001:1000 ack 1 win 60000\n"
					"< . 1:0 ack 1 sack 1001-2001\n"
					"> P. 3001:1000 ack 1 win 60000\n"
					"< . 1:0 ack 1 sack 3001-4001 sack 1001-2001\n"
					"> P. 1:1000 ack 1 win 60000\n"
					"< . 1:0 ack 2001 sack 3001-4001\n"
					"> P. 2001:1000 ack 1 win 60000\n"
					"< . 1:0 ack 4001 none\n"
					"recv 4000\n");
}

Test(tcp_conn_established, rfc2883_duplicate)
{
	lang_run(NULL, LANG_SACK_SERVER "> P. 1:1000 ack 1 win 60000\n"
					"< . 1:0 ack 1001\n"
					"> P. 1:1000 ack 1 win 60000\n"
					"< . 1:0 ack 1001 sack 1-1001\n"
					"> P. 501:1000 ack 1 win 60000\n"
					"< . 1:0 ack 1501 sack 501-1001\n"
					"recv 1500\n");
}

Test(tcp_conn_established, rfc9293_3_7_4_nagle)
{
	lang_run(NULL, LANG_SERVER "send 10\n"
				   "< P. 1:10\n"
				   "send 20\n"
				   "send 30\n"
				   "> . 1:0 ack 11 win 10000\n"
				   "< P. 11:50\n"
				   "send 5\n"
				   "nodelay\n"
				   "< P. 61:5\n"
				   "send 6\n"
				   "< P. 66:6\n");
}

Test(tcp_conn_established, rfc9293_3_7_4_full_segments_do_not_wait)
{
	lang_run(NULL, LANG_SERVER "send 2500\n"
				   "< . 1:1000\n"
				   "< . 1001:1000\n"
				   "< P. 2001:500\n"
				   "send 600\n"
				   "> . 1:0 ack 2001 win 10000\n"
				   "> . 1:0 ack 2501 win 10000\n"
				   "< P. 2501:600\n");
}

Test(tcp_conn_established, rfc9293_3_8_6_peer_window)
{
	lang_run(NULL, "listen\n"
		       "> S 0:0 win 2000 mss 1000\n"
		       "< S. 0:0 ack 1\n"
		       "> . 1:0 ack 1 win 2000\n"
		       "send 5000\n"
		       "< . 1:1000\n"
		       "< . 1001:1000\n"
		       "> . 1:0 ack 2001 win 0\n"
		       "+199\n"
		       "+2\n"
		       "< . 2000:0 ack 1\n"
		       "> . 1:0 ack 2001 win 0\n"
		       "+399\n"
		       "+2\n"
		       "< . 2000:0 ack 1\n"
		       "> . 1:0 ack 2001 win 3000\n"
		       "< . 2001:1000\n"
		       "< . 3001:1000\n"
		       "< P. 4001:1000\n");
}

Test(tcp_conn_established, rfc9293_3_8_6_2_1_silly_window_waits_for_the_timer)
{
	lang_run(NULL, "listen\n"
		       "> S 0:0 win 2000 mss 1000\n"
		       "< S. 0:0 ack 1\n"
		       "> . 1:0 ack 1 win 2000\n"
		       "send 5000\n"
		       "< . 1:1000\n"
		       "< . 1001:1000\n"
		       "> . 1:0 ack 2001 win 300\n"
		       "+199\n"
		       "+2\n"
		       "< . 2001:300 ack 1\n");
}

Test(tcp_conn_established, rfc5681_4_2_delayed_ack)
{
	struct tcp_config c = lang_config();

	/* Past the quick ones at the start. */
	lang_run(&c, LANG_SERVER "> . 1:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 1001\n"
				 "> . 1001:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 2001\n"
				 "> . 2001:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 3001\n"
				 "> . 3001:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 4001\n"
				 "> . 4001:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 5001\n"
				 "> . 5001:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 6001\n"
				 "> . 6001:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 7001\n"
				 "> . 7001:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 8001\n"
				 "> . 8001:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 9001\n"
				 "> . 9001:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 10001\n"
				 "> . 10001:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 11001\n"
				 "> . 11001:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 12001\n"
				 "> . 12001:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 13001\n"
				 "> . 13001:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 14001\n"
				 "> . 14001:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 15001\n"
				 "> . 15001:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 16001\n"
				 "> . 16001:1000 ack 1 win 10000\n"
				 "> . 17001:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 18001\n"
				 "> . 18001:1000 ack 1 win 10000\n"
				 "+39\n"
				 "+2\n"
				 "< . 1:0 ack 19001\n"
				 "> . 19001:1000 ack 1 win 10000\n"
				 "send 7\n"
				 "< P. 1:7 ack 20001\n"
				 "+39\n");
}

Test(tcp_conn_established, rfc7323_5_3_paws)
{
	lang_run(NULL, "listen\n"
		       "> S 0:0 win 10000 mss 1000 ts 100\n"
		       "< S. 0:0 ack 1 ts 100\n"
		       "> . 1:0 ack 1 win 10000 ts 101\n"
		       "> P. 1:10 ack 1 win 10000 ts 200\n"
		       "< . 1:0 ack 11 ts 200\n"
		       "> P. 11:10 ack 1 win 10000 ts 150\n"
		       "< . 1:0 ack 11 ts 200\n"
		       "> P. 11:10 ack 1 win 10000 ts 200\n"
		       "< . 1:0 ack 21 ts 200\n"
		       "recv 20\n");
}

Test(tcp_conn_established, rfc9293_3_10_7_4_outside_of_the_window)
{
	lang_run(NULL, LANG_SERVER "> P. 70000:10 ack 1 win 10000\n"
				   "< . 1:0 ack 1\n"
				   "> P. -500:100 ack 1 win 10000\n"
				   "< . 1:0 ack 1\n"
				   "> . 0:0 ack 1 win 10000\n"
				   "< . 1:0 ack 1\n");
}

Test(tcp_conn_established, rfc9293_3_8_6_own_window_closes_and_opens)
{
	struct tcp_config c = lang_config();

	c.rcv_buf = 2000;
	c.wscale = false;
	lang_run(&c, LANG_SERVER "> . 1:1000 ack 1 win 10000\n"
				 "< . 1:0 ack 1001 win 460\n"
				 "> . 1001:460 ack 1 win 10000\n"
				 "< . 1:0 ack 1461 win 0\n"
				 "> . 1461:1 ack 1 win 10000\n"
				 "< . 1:0 ack 1461 win 0\n"
				 "recv 1460\n"
				 "< . 1:0 ack 1461 win 1540\n");
}

Test(tcp_conn_established, rfc1191_path_becomes_narrower)
{
	/* What was too long goes again in pieces, at once and without a smaller window; pieces of several pushes too. */
	lang_run(NULL, LANG_SERVER "send 10\n"
				   "< P. 1:10\n"
				   "send 300\n"
				   "send 300\n"
				   "send 300\n"
				   "> . 1:0 ack 11 win 10000\n"
				   "< P. 11:900\n"
				   "send 1500\n"
				   "< . 911:1000\n"
				   "path 500\n"
				   "< . 11:500\n"
				   "< P. 511:400\n"
				   "< . 911:500\n"
				   "< . 1411:500\n"
				   "< P. 1911:500\n"
				   "> . 1:0 ack 2411 win 10000\n"
				   "+1000\n");
}

#define TEN_PUSHES                                                                                 \
	"send 3\nsend 3\nsend 3\nsend 3\nsend 3\nsend 3\nsend 3\nsend 3\nsend 3\nsend 3\n"

Test(tcp_conn_established, very_small_pushes_fill_segments)
{
	lang_run(NULL, LANG_SERVER "send 1\n"
				   "< P. 1:1\n" TEN_PUSHES TEN_PUSHES TEN_PUSHES TEN_PUSHES
				   "> . 1:0 ack 2 win 10000\n"
				   "< P. 2:120\n"
				   "> . 1:0 ack 122 win 10000\n");
}
