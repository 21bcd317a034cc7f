/* SPDX-License-Identifier: MIT */
/*
 * RFC 9293 3.3.2, figure 5. FROM -> TO [who]:
 *
 *   CLOSED -> SYN-SENT [tcp_connect], SYN-RECEIVED [a listener]
 *   SYN-SENT -> ESTABLISHED, SYN-RECEIVED (simultaneous open) [handshake.c]
 *   SYN-RECEIVED -> ESTABLISHED [handshake.c]; a FIN waits for that, as what was queued before it must
 *   ESTABLISHED -> FIN-WAIT-1, CLOSE-WAIT -> LAST-ACK [output.c: when the FIN is sent]
 *   ESTABLISHED -> CLOSE-WAIT, FIN-WAIT-1 -> CLOSING, FIN-WAIT-2 -> TIME-WAIT [close.c: when the peer's FIN is in order]
 *   FIN-WAIT-1 -> FIN-WAIT-2, CLOSING -> TIME-WAIT, LAST-ACK -> CLOSED [close.c: when our FIN is acknowledged]
 *   any -> CLOSED [tcp_conn_kill]
 *
 * An ACK of our FIN that comes with the peer's takes two edges. The change of state follows what is on the wire: a FIN
 * that waits behind data is a flag, not a state.
 */
#include "libos/tcp/state.h"

static const char *const names[] = {
	[TCP_CLOSED] = "CLOSED",         [TCP_SYN_SENT] = "SYN-SENT",
	[TCP_SYN_RCVD] = "SYN-RECEIVED", [TCP_ESTABLISHED] = "ESTABLISHED",
	[TCP_FIN_WAIT_1] = "FIN-WAIT-1", [TCP_FIN_WAIT_2] = "FIN-WAIT-2",
	[TCP_CLOSE_WAIT] = "CLOSE-WAIT", [TCP_CLOSING] = "CLOSING",
	[TCP_LAST_ACK] = "LAST-ACK",     [TCP_TIME_WAIT] = "TIME-WAIT",
};

_Static_assert(ARRAY_SIZE(names) == TCP_STATE_NUM, "a name for each state");

static const uint16_t edges[TCP_STATE_NUM] = {
	[TCP_CLOSED] = TCP_IN(TCP_SYN_SENT) | TCP_IN(TCP_SYN_RCVD),
	[TCP_SYN_SENT] = TCP_IN(TCP_SYN_RCVD) | TCP_IN(TCP_ESTABLISHED) | TCP_IN(TCP_CLOSED),
	[TCP_SYN_RCVD] = TCP_IN(TCP_ESTABLISHED) | TCP_IN(TCP_CLOSED),
	[TCP_ESTABLISHED] = TCP_IN(TCP_FIN_WAIT_1) | TCP_IN(TCP_CLOSE_WAIT) | TCP_IN(TCP_CLOSED),
	[TCP_FIN_WAIT_1] = TCP_IN(TCP_FIN_WAIT_2) | TCP_IN(TCP_CLOSING) | TCP_IN(TCP_CLOSED),
	[TCP_FIN_WAIT_2] = TCP_IN(TCP_TIME_WAIT) | TCP_IN(TCP_CLOSED),
	[TCP_CLOSE_WAIT] = TCP_IN(TCP_LAST_ACK) | TCP_IN(TCP_CLOSED),
	[TCP_CLOSING] = TCP_IN(TCP_TIME_WAIT) | TCP_IN(TCP_CLOSED),
	[TCP_LAST_ACK] = TCP_IN(TCP_CLOSED),
	[TCP_TIME_WAIT] = TCP_IN(TCP_CLOSED),
};

const char *tcp_state_name(enum tcp_state state)
{
	return names[state];
}

bool tcp_edge_is_legal(enum tcp_state from, enum tcp_state to)
{
	return edges[from] & TCP_IN(to);
}

void tcp_set_state(struct tcp_conn *c, enum tcp_state to)
{
	BUG_ON(!tcp_edge_is_legal(c->state, to));
	c->state = (uint8_t)to;
}
