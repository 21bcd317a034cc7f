/* SPDX-License-Identifier: MIT */
/*
 * The way out (RFC 9293 3.6). A FIN is queued behind what is unsent, and the state changes when it goes (output.c).
 * The user's end and the connection's are different things: after tcp_close the connection is an orphan, which nobody
 * hears of any more and which frees itself in CLOSED. An orphan waits in FIN-WAIT-2 and TIME-WAIT for a limited time;
 * before that the retransmission limits see to its end.
 */
#include "libos/tcp/close.h"

#include <errno.h>

#include "libos/tcp/listen.h"
#include "libos/tcp/output.h"
#include "libos/tcp/state.h"
#include "libos/tcp/timers.h"

void tcp_restart_time_wait(struct tcp_conn *c, uint64_t now)
{
	c->life_at = time_add(now, c->tcp->config.time_wait_ns);
}

static void enter_time_wait(struct tcp_conn *c, uint64_t now)
{
	tcp_set_state(c, TCP_TIME_WAIT);
	tcp_restart_time_wait(c, now);
}

void tcp_on_peer_fin(struct tcp_conn *c, uint64_t now)
{
	c->flags |= TCP_F_FIN_RCVD | TCP_F_ACK_NOW;
	c->events |= TCP_EV_READABLE;
	switch (c->state) {
	case TCP_ESTABLISHED:
		tcp_set_state(c, TCP_CLOSE_WAIT);
		break;
	case TCP_FIN_WAIT_1:
		tcp_set_state(c, TCP_CLOSING);
		break;
	case TCP_FIN_WAIT_2:
		enter_time_wait(c, now);
		break;
	default:
		BUG_ON(true);
	}
}

bool tcp_on_fin_acked(struct tcp_conn *c, uint64_t now)
{
	switch (c->state) {
	case TCP_FIN_WAIT_1:
		tcp_set_state(c, TCP_FIN_WAIT_2);
		if (c->flags & TCP_F_ORPHAN)
			c->life_at = time_add(now, c->tcp->config.fin_wait_2_ns);
		return true;
	case TCP_CLOSING:
		enter_time_wait(c, now);
		return true;
	default:
		BUG_ON(c->state != TCP_LAST_ACK);
		tcp_conn_kill(c, 0);
		return false;
	}
}

void tcp_on_reset(struct tcp_conn *c)
{
	bool was_refused = c->state == TCP_SYN_RCVD;

	tcp_count(c->tcp, was_refused ? TCP_ATTEMPT_FAILS : TCP_ESTAB_RESETS);
	/* RFC 9293 3.10.7.4: from CLOSING on the user has had his answer. */
	if (tcp_is_in(c, TCP_IN(TCP_CLOSING) | TCP_IN(TCP_LAST_ACK) | TCP_IN(TCP_TIME_WAIT)))
		tcp_conn_kill(c, 0);
	else if (c->state == TCP_CLOSE_WAIT)
		tcp_conn_kill(c, -EPIPE);
	else
		tcp_conn_kill(c, was_refused ? -ECONNREFUSED : -ECONNRESET);
}

/* Before the handshake there is nothing to finish. */
static bool is_unborn(const struct tcp_conn *c)
{
	return tcp_is_in(c, TCP_IN(TCP_SYN_SENT) | TCP_IN(TCP_CLOSED));
}

int tcp_shutdown_send(struct tcp_conn *c, uint64_t now)
{
	if (!tcp_is_in(c, TCP_CAN_SEND))
		return -ENOTCONN;
	if (c->flags & TCP_F_FIN_QUEUED)
		return 0;
	if (!tcp_flight_get_or_null(c, now))
		return -ENOBUFS;
	c->flags |= TCP_F_FIN_QUEUED | TCP_F_SEND;
	tcp_settle_quietly(c, now);
	return 0;
}

void tcp_close(struct tcp_conn *c, uint64_t now)
{
	/* Data that nobody will read: the peer must not believe that it was (RFC 9293 3.6.1, RFC 2525 2.17). */
	if (c->rcv_queued > 0 && c->state != TCP_CLOSED) {
		tcp_abort(c, now);
		return;
	}
	c->flags |= TCP_F_ORPHAN;
	c->user = NULL;
	c->flags &= ~(uint32_t)TCP_F_KEEPALIVE;
	if (is_unborn(c)) {
		if (c->state == TCP_CLOSED)
			tcp_conn_free(c);
		else
			tcp_conn_kill(c, 0);
		return;
	}
	if (c->state == TCP_FIN_WAIT_2)
		c->life_at = time_add(now, c->tcp->config.fin_wait_2_ns);
	if (!tcp_is_in(c, TCP_CAN_SEND))
		tcp_settle_quietly(c, now);
	else if (tcp_shutdown_send(c, now))
		tcp_abort(c, now); /* without memory for a FIN there is no polite way */
}

void tcp_abort(struct tcp_conn *c, uint64_t now)
{
	if (!is_unborn(c) && c->state != TCP_TIME_WAIT)
		tcp_output_rst(c, now);
	c->flags |= TCP_F_ORPHAN;
	if (c->state == TCP_CLOSED)
		tcp_conn_free(c);
	else
		tcp_conn_kill(c, 0);
}
