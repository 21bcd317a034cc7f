/* SPDX-License-Identifier: MIT */
/* States, the table of legal edges, the one setter. */
#ifndef LIBOS_TCP_STATE_H
#define LIBOS_TCP_STATE_H

#include "libos/tcp/conn.h"

/* A set of states as a mask. */
#define TCP_IN(state) (1u << (state))

/* Where our FIN may still be ahead: data can be sent or queued. */
#define TCP_CAN_SEND                                                                               \
	(TCP_IN(TCP_SYN_SENT) | TCP_IN(TCP_SYN_RCVD) | TCP_IN(TCP_ESTABLISHED) |                   \
	 TCP_IN(TCP_CLOSE_WAIT))

/* Where text may come. */
#define TCP_CAN_RECV (TCP_IN(TCP_ESTABLISHED) | TCP_IN(TCP_FIN_WAIT_1) | TCP_IN(TCP_FIN_WAIT_2))

static always_inline bool tcp_is_in(const struct tcp_conn *c, unsigned states)
{
	return TCP_IN(c->state) & states;
}

bool tcp_edge_is_legal(enum tcp_state from, enum tcp_state to);

/* An illegal edge is a bug. */
void tcp_set_state(struct tcp_conn *c, enum tcp_state to);

#endif
