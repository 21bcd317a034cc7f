/* SPDX-License-Identifier: MIT */
/* Loss: found, repaired, and found to have been none. */
#include <criterion/criterion.h>

#include "tests/unit/tcp_conn/lang.h"

Test(tcp_conn_recovery, rfc6298_5_timeout_backs_off)
{
	lang_run(NULL, LANG_SERVER "send 100\n"
				   "< P. 1:100\n"
				   "+199\n"
				   "+2\n"
				   "< P. 1:100\n"
				   "+398\n"
				   "+2\n"
				   "< P. 1:100\n"
				   "> . 1:0 ack 101 win 10000\n"
				   "+5000\n");
}

Test(tcp_conn_recovery, rfc6582_three_duplicates)
{
	lang_run(NULL, LANG_SERVER "send 5000\n"
				   "< . 1:1000\n"
				   "< . 1001:1000\n"
				   "< . 2001:1000\n"
				   "< . 3001:1000\n"
				   "< P. 4001:1000\n"
				   "> . 1:0 ack 1 win 10000\n"
				   "> . 1:0 ack 1 win 10000\n"
				   "> . 1:0 ack 1 win 10000\n"
				   "< . 1:1000\n"
				   "> . 1:0 ack 2001 win 10000\n"
				   "< . 2001:1000\n"
				   "> . 1:0 ack 5001 win 10000\n"
				   "+5000\n");
}

Test(tcp_conn_recovery, rfc3042_limited_transmit)
{
	lang_run(NULL, "listen\n"
		       "> S 0:0 win 60000 mss 1000\n"
		       "< S. 0:0 ack 1\n"
		       "> . 1:0 ack 1 win 60000\n"
		       "send 12000\n"
		       "< . 1:1000\n"
		       "< . 1001:1000\n"
		       "< . 2001:1000\n"
		       "< . 3001:1000\n"
		       "< . 4001:1000\n"
		       "< . 5001:1000\n"
		       "< . 6001:1000\n"
		       "< . 7001:1000\n"
		       "< . 8001:1000\n"
		       "< . 9001:1000\n"
		       "> . 1:0 ack 1 win 60000\n"
		       "< . 10001:1000\n"
		       "> . 1:0 ack 1 win 60000\n"
		       "< P. 11001:1000\n");
}

#define FIVE                                                                                       \
	"send 5000\n"                                                                              \
	"< . 1:1000\n"                                                                             \
	"< . 1001:1000\n"                                                                          \
	"< . 2001:1000\n"                                                                          \
	"< . 3001:1000\n"                                                                          \
	"< P. 4001:1000\n"

Test(tcp_conn_recovery, rfc8985_three_sacked_segments)
{
	lang_run(NULL, LANG_SACK_SERVER FIVE "+10\n"
					     "> . 1:0 ack 1 win 60000 sack 1001-2001\n"
					     "> . 1:0 ack 1 win 60000 sack 1001-3001\n"
					     "> . 1:0 ack 1 win 60000 sack 1001-4001\n"
					     "< . 1:1000\n"
					     "+10\n"
					     "> . 1:0 ack 5001 win 60000\n"
					     "+5000\n");
}

Test(tcp_conn_recovery, rfc8985_6_2_reordering_window)
{
	/* One SACKed segment is not enough; a quarter of the least round-trip time later it is. */
	lang_run(NULL, LANG_SACK_SERVER FIVE "+10\n"
					     "> . 1:0 ack 1 win 60000 sack 1001-2001\n"
					     "+2\n"
					     "+1\n"
					     "< . 1:1000\n");
}

Test(tcp_conn_recovery, rfc8985_7_tail_loss_probe)
{
	lang_run(NULL, LANG_SACK_SERVER FIVE "+19\n"
					     "+2\n"
					     "< P. 4001:1000\n"
					     "+10\n"
					     "> . 1:0 ack 1 win 60000 sack 4001-5001\n"
					     "< . 1:1000\n"
					     "+10\n"
					     "> . 1:0 ack 1001 win 60000 sack 4001-5001\n"
					     "< . 1001:1000\n"
					     "< . 2001:1000\n"
					     "+10\n"
					     "> . 1:0 ack 3001 win 60000 sack 4001-5001\n"
					     "< . 3001:1000\n"
					     "> . 1:0 ack 5001 win 60000\n"
					     "+5000\n");
}

Test(tcp_conn_recovery, rfc2883_dsack_after_a_probe_is_no_loss)
{
	lang_run(NULL, LANG_SACK_SERVER FIVE "+21\n"
					     "< P. 4001:1000\n"
					     "> . 1:0 ack 5001 win 60000\n"
					     "> . 1:0 ack 5001 win 60000 sack 4001-5001\n"
					     "send 1000\n"
					     "< P. 5001:1000\n");
}

Test(tcp_conn_recovery, rfc3522_spurious_timeout_is_undone)
{
	lang_run(NULL, "listen\n"
		       "> S 0:0 win 60000 mss 1012 ts 1\n"
		       "< S. 0:0 ack 1\n"
		       "+10\n"
		       "> . 1:0 ack 1 win 60000 ts 2\n"
		       "send 3000\n"
		       "< . 1:1000\n"
		       "< . 1001:1000\n"
		       "< P. 2001:1000\n"
		       "+300\n"
		       "< . 1:1000\n"
		       "> . 1:0 ack 1001 win 60000 ts 3 old\n"
		       "> . 1:0 ack 3001 win 60000 ts 4\n"
		       "+5000\n");
}

Test(tcp_conn_recovery, rfc5681_2_old_acks_are_no_duplicates)
{
	lang_run(NULL, LANG_SERVER FIVE "> . 1:0 ack 1001 win 10000\n"
					"> . 1:0 ack 1 win 10000\n"
					"> . 1:0 ack 1 win 10000\n"
					"> . 1:0 ack 1 win 10000\n"
					"> . 1:0 ack 5001 win 10000\n");
}

Test(tcp_conn_recovery, rfc5682_spurious_timeout_without_timestamps)
{
	lang_run(NULL, LANG_SACK_SERVER FIVE "+21\n"
					     "< P. 4001:1000\n"
					     "+300\n"
					     "< . 1:1000\n"
					     "> . 1:0 ack 3001 win 60000\n"
					     "> . 1:0 ack 5001 win 60000\n");
}

Test(tcp_conn_recovery, peer_that_closes_its_window_over_the_flight_is_not_given_up)
{
	struct tcp_config c = lang_config();

	c.rtx_retries = 2;
	c.rto_max_ns = 400 * NS_PER_MS;
	lang_run(&c, LANG_SERVER "send 100\n"
				 "< P. 1:100\n"
				 "+201\n"
				 "< P. 1:100\n"
				 "> . 1:0 ack 1 win 0\n"
				 "+400\n"
				 "< P. 1:100\n"
				 "> . 1:0 ack 1 win 0\n"
				 "+400\n"
				 "< P. 1:100\n"
				 "> . 1:0 ack 1 win 0\n"
				 "+400\n"
				 "< P. 1:100\n"
				 "> . 1:0 ack 101 win 1000\n"
				 "state ESTABLISHED\n");
}
