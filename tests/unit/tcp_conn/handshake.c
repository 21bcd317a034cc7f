/* SPDX-License-Identifier: MIT */
/* Opening: options, refusals, SYN in odd places. */
#include <criterion/criterion.h>
#include <errno.h>

#include "tests/unit/tcp_conn/lang.h"

Test(tcp_conn_handshake, rfc7323_server_answers_what_is_offered)
{
	lang_run(NULL, "listen\n"
		       "> S 0:0 win 65535 mss 1460 sackOK ts 100 wscale 8\n"
		       "< S. 0:0 ack 1 win 64240 mss 1460 sackOK ts 100 wscale 7\n"
		       "state SYN-RECEIVED\n"
		       "> . 1:0 ack 1 win 200 ts 101\n"
		       "state ESTABLISHED\n");
}

Test(tcp_conn_handshake, rfc9293_3_7_1_no_options)
{
	lang_run(NULL, "listen\n"
		       "> S 0:0 win 65535\n"
		       "< S. 0:0 ack 1 win 64240 mss 1460\n"
		       "> . 1:0 ack 1 win 65535\n"
		       "send 1000\n"
		       "< . 1:536 ack 1 none\n"
		       "< P. 537:464 ack 1 none\n"
		       "> . 1:0 ack 1001 win 65535\n");
}

Test(tcp_conn_handshake, rfc7323_client)
{
	lang_run(NULL, "connect\n"
		       "< S 0:0 win 64240 mss 1460 sackOK wscale 7 ts 0\n"
		       "state SYN-SENT\n"
		       "> S. 0:0 ack 1 win 65535 mss 1400 sackOK ts 50 wscale 3\n"
		       "< . 1:0 ack 1 ts 50\n"
		       "state ESTABLISHED\n");
}

Test(tcp_conn_handshake, rfc6298_5_7_syn_is_sent_again)
{
	lang_run(NULL, "connect\n"
		       "< S 0:0\n"
		       "+999\n"
		       "+2\n"
		       "< S 0:0\n"
		       "> S. 0:0 ack 1 win 65535 mss 1460\n"
		       "< . 1:0 ack 1\n");
}

Test(tcp_conn_handshake, rfc9293_3_10_7_3_refused)
{
	lang_run(NULL, "connect\n"
		       "< S 0:0\n"
		       "> R. 0:0 ack 1\n"
		       "state CLOSED\n"
		       "error -111\n"
		       "close\n"
		       "state GONE\n");
}

Test(tcp_conn_handshake, rfc9293_3_10_7_3_reset_without_right_ack_is_ignored)
{
	lang_run(NULL, "connect\n"
		       "< S 0:0\n"
		       "> R 0:0\n"
		       "> R. 0:0 ack 7\n"
		       "state SYN-SENT\n");
}

Test(tcp_conn_handshake, rfc9293_3_10_7_3_bad_ack_is_reset)
{
	lang_run(NULL, "connect\n"
		       "< S 0:0\n"
		       "> . 5:0 ack 7 win 100\n"
		       "< R 7:0\n"
		       "state SYN-SENT\n");
}

Test(tcp_conn_handshake, rfc9293_3_5_simultaneous)
{
	lang_run(NULL, "connect\n"
		       "< S 0:0\n"
		       "> S 0:0 win 65535 mss 1460\n"
		       "< S. 0:0 ack 1\n"
		       "state SYN-RECEIVED\n"
		       "> S. 0:0 ack 1 win 65535 mss 1460\n"
		       "state ESTABLISHED\n");
}

Test(tcp_conn_handshake, rfc9293_3_10_7_4_bad_ack_in_syn_received)
{
	lang_run(NULL, "listen\n"
		       "> S 0:0 win 65535\n"
		       "< S. 0:0 ack 1\n"
		       "> . 1:0 ack 9 win 65535\n"
		       "< R 9:0\n"
		       "state SYN-RECEIVED\n");
}

Test(tcp_conn_handshake, syn_again_gets_its_answer_again)
{
	lang_run(NULL, "listen\n"
		       "> S 0:0 win 65535\n"
		       "< S. 0:0 ack 1\n"
		       "> S 0:0 win 65535\n"
		       "< S. 0:0 ack 1\n");
}

Test(tcp_conn_handshake, rfc9293_reset_in_syn_received_returns_to_listen)
{
	lang_run(NULL, "listen\n"
		       "> S 0:0 win 65535\n"
		       "< S. 0:0 ack 1\n"
		       "> R 1:0\n"
		       "state GONE\n"
		       "> S 0:0 win 65535\n"
		       "< S. 0:0 ack 1\n"
		       "state SYN-RECEIVED\n");
}

Test(tcp_conn_handshake, rfc9293_3_10_7_1_nobody_there)
{
	/* Our initial number is 0 before we have sent a SYN. */
	lang_run(NULL, "> S 0:0 win 100\n"
		       "< R. 0:0 ack 1\n"
		       "> . 5:10 ack 77 win 100\n"
		       "< R 77:0\n"
		       "> R 5:0\n"
		       "> F 5:3\n"
		       "< R. 0:0 ack 9\n");
}

Test(tcp_conn_handshake, rfc9293_3_10_7_2_ack_at_a_listener_is_reset)
{
	lang_run(NULL, "listen\n"
		       "> . 5:0 ack 77 win 100\n"
		       "< R 77:0\n"
		       "> R 5:0\n"
		       "> SF 0:0 win 100\n");
}

Test(tcp_conn_handshake, synack_retries_end)
{
	struct tcp_config c = lang_config();

	c.synack_retries = 1;
	lang_run(&c, "listen\n"
		     "> S 0:0 win 65535\n"
		     "< S. 0:0 ack 1\n"
		     "+1001\n"
		     "< S. 0:0 ack 1\n"
		     "+2001\n"
		     "state GONE\n");
}
