/* SPDX-License-Identifier: MIT */
/* The way out, in each state. */
#include <criterion/criterion.h>

#include "tests/unit/tcp_conn/lang.h"

Test(tcp_conn_close, rfc9293_3_6_active)
{
	lang_run(NULL, LANG_SERVER "close\n"
				   "< F. 1:0 ack 1\n"
				   "state FIN-WAIT-1\n"
				   "> . 1:0 ack 2 win 10000\n"
				   "state FIN-WAIT-2\n"
				   "> F. 1:0 ack 2 win 10000\n"
				   "< . 2:0 ack 2\n"
				   "state TIME-WAIT\n"
				   "+59000\n"
				   "state TIME-WAIT\n"
				   "+1001\n"
				   "state GONE\n");
}

Test(tcp_conn_close, rfc9293_3_6_passive)
{
	lang_run(NULL, LANG_SERVER "> F. 1:0 ack 1 win 10000\n"
				   "< . 1:0 ack 2\n"
				   "state CLOSE-WAIT\n"
				   "eof\n"
				   "send 10\n"
				   "< P. 1:10 ack 2\n"
				   "close\n"
				   "< F. 11:0 ack 2\n"
				   "state LAST-ACK\n"
				   "> . 2:0 ack 12 win 10000\n"
				   "state GONE\n");
}

Test(tcp_conn_close, rfc9293_3_6_simultaneous)
{
	lang_run(NULL, LANG_SERVER "close\n"
				   "< F. 1:0 ack 1\n"
				   "> F. 1:0 ack 1 win 10000\n"
				   "< . 2:0 ack 2\n"
				   "state CLOSING\n"
				   "> . 2:0 ack 2 win 10000\n"
				   "state TIME-WAIT\n");
}

Test(tcp_conn_close, rfc9293_fin_with_ack_of_ours)
{
	lang_run(NULL, LANG_SERVER "close\n"
				   "< F. 1:0 ack 1\n"
				   "> F. 1:0 ack 2 win 10000\n"
				   "< . 2:0 ack 2\n"
				   "state TIME-WAIT\n"
				   "> F. 1:0 ack 2 win 10000\n"
				   "< . 2:0 ack 2\n"
				   "state TIME-WAIT\n");
}

#define TO_TIME_WAIT                                                                               \
	"close\n"                                                                                  \
	"< F. 1:0 ack 1\n"                                                                         \
	"> F. 1:0 ack 2 win 10000\n"                                                               \
	"< . 2:0 ack 2\n"                                                                          \
	"state TIME-WAIT\n"

Test(tcp_conn_close, rfc9293_time_wait_reused_by_a_later_number)
{
	/* With an initial number ahead of what we sent before. */
	lang_run(NULL, LANG_SERVER TO_TIME_WAIT "> S 3:0 win 10000\n"
						"< S. 65539:0 ack 4\n"
						"state SYN-RECEIVED\n");
}

Test(tcp_conn_close, rfc9293_time_wait_kept_from_an_old_syn)
{
	lang_run(NULL, LANG_SERVER TO_TIME_WAIT "> S 1:0 win 10000\n"
						"< . 2:0 ack 2\n"
						"state TIME-WAIT\n");
}

Test(tcp_conn_close, rfc6191_time_wait_reused_by_a_later_timestamp)
{
	lang_run(NULL, "listen\n"
		       "> S 0:0 win 10000 mss 1000 ts 100\n"
		       "< S. 0:0 ack 1 ts 100\n"
		       "> . 1:0 ack 1 win 10000 ts 101\n"
		       "close\n"
		       "< F. 1:0 ack 1\n"
		       "> F. 1:0 ack 2 win 10000 ts 102\n"
		       "< . 2:0 ack 2 ts 102\n"
		       "> S -5000:0 win 10000 ts 101\n"
		       "< . 2:0 ack 2 ts 102\n"
		       "state TIME-WAIT\n"
		       "> S -5000:0 win 10000 ts 103\n"
		       "< S. 65539:0 ack -4999 ts 103\n");
}

Test(tcp_conn_close, rfc9293_half_close_still_receives)
{
	lang_run(NULL, LANG_SERVER "shutdown\n"
				   "< F. 1:0 ack 1\n"
				   "> . 1:0 ack 2 win 10000\n"
				   "> P. 1:100 ack 2 win 10000\n"
				   "< . 2:0 ack 101\n"
				   "recv 100\n"
				   "state FIN-WAIT-2\n");
}

Test(tcp_conn_close, rfc9293_3_6_1_data_for_nobody_is_reset)
{
	lang_run(NULL, LANG_SERVER "close\n"
				   "< F. 1:0 ack 1\n"
				   "> P. 1:100 ack 2 win 10000\n"
				   "< R. 2:0\n"
				   "state GONE\n");
}

Test(tcp_conn_close, rfc2525_2_17_close_with_unread_data)
{
	lang_run(NULL, LANG_SERVER "> P. 1:100 ack 1 win 10000\n"
				   "< . 1:0 ack 101\n"
				   "close\n"
				   "< R. 1:0 ack 101\n"
				   "state GONE\n");
}

Test(tcp_conn_close, fin_waits_behind_data)
{
	lang_run(NULL, "listen\n"
		       "> S 0:0 win 1000 mss 1000\n"
		       "< S. 0:0 ack 1\n"
		       "> . 1:0 ack 1 win 1000\n"
		       "send 1500\n"
		       "< . 1:1000 ack 1\n"
		       "close\n"
		       "state ESTABLISHED\n"
		       "> . 1:0 ack 1001 win 1000\n"
		       "< FP. 1001:500 ack 1\n"
		       "state FIN-WAIT-1\n");
}

Test(tcp_conn_close, fin_wait_2_of_an_orphan_ends)
{
	lang_run(NULL, LANG_SERVER "close\n"
				   "< F. 1:0 ack 1\n"
				   "> . 1:0 ack 2 win 10000\n"
				   "+60001\n"
				   "state GONE\n");
}

Test(tcp_conn_close, rfc5961_3_reset)
{
	lang_run(NULL, LANG_SERVER "> R 2:0\n"
				   "< . 1:0 ack 1\n"
				   "state ESTABLISHED\n"
				   "> R 70000:0\n"
				   "state ESTABLISHED\n"
				   "> R 1:0\n"
				   "state CLOSED\n"
				   "error -104\n"
				   "close\n"
				   "state GONE\n");
}

Test(tcp_conn_close, rfc5961_4_syn_is_challenged)
{
	lang_run(NULL, LANG_SERVER "> S 1:0 win 100\n"
				   "< . 1:0 ack 1\n"
				   "state ESTABLISHED\n");
}

Test(tcp_conn_close, rfc5961_5_ack_of_the_future_or_the_distant_past)
{
	lang_run(NULL, LANG_SERVER "> P. 1:10 ack 2 win 10000\n"
				   "< . 1:0 ack 1\n"
				   "> P. 1:10 ack -10001 win 10000\n"
				   "< . 1:0 ack 1\n");
}

Test(tcp_conn_close, rfc9293_3_8_4_keepalive)
{
	lang_run(NULL, LANG_SERVER "keepalive\n"
				   "+10001\n"
				   "< . 0:0 ack 1\n"
				   "> . 1:0 ack 1 win 10000\n"
				   "+10001\n"
				   "< . 0:0 ack 1\n"
				   "+5001\n"
				   "< . 0:0 ack 1\n"
				   "+5001\n"
				   "state CLOSED\n"
				   "error -110\n");
}

Test(tcp_conn_close, rfc5482_user_timeout)
{
	struct tcp_config c = lang_config();

	c.user_timeout_ms = 700;
	lang_run(&c, LANG_SERVER "send 10\n"
				 "< P. 1:10\n"
				 "+201\n"
				 "< P. 1:10\n"
				 "+400\n"
				 "< P. 1:10\n"
				 "+98\n"
				 "state ESTABLISHED\n"
				 "+3\n"
				 "state CLOSED\n"
				 "error -110\n");
}
