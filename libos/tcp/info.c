/* SPDX-License-Identifier: MIT */
/* User calls on a connection: data, options, questions. Those that open and end it are in conn.c and close.c. */
#include <errno.h>
#include <string.h>

#include "libos/tcp/ack.h"
#include "libos/tcp/output.h"
#include "libos/tcp/state.h"
#include "libos/tcp/table.h"
#include "libos/tcp/timers.h"

uint32_t tcp_recv_bytes(const struct tcp_conn *c)
{
	return c->rcv_queued;
}

bool tcp_recv_is_eof(const struct tcp_conn *c)
{
	return c->rcv_queued == 0 && (c->flags & TCP_F_FIN_RCVD || c->state == TCP_CLOSED);
}

int tcp_error(const struct tcp_conn *c)
{
	return c->state == TCP_CLOSED ? c->err : 0;
}

enum tcp_state tcp_conn_state(const struct tcp_conn *c)
{
	return c->state;
}

void *tcp_user(const struct tcp_conn *c)
{
	return c->user;
}

uint32_t tcp_unacked_bytes(const struct tcp_conn *c)
{
	const struct tcp_flight *f = c->flight_or_null;

	return c->snd_nxt - c->snd_una + (f ? f->unsent_bytes : 0);
}

struct tcp_addrs tcp_addrs(const struct tcp_conn *c)
{
	return (struct tcp_addrs){
		.local = c->tuple.local,
		.remote = c->tuple.remote,
		.local_port = c->tuple.local_port,
		.remote_port = c->tuple.remote_port,
	};
}

void tcp_set_nodelay(struct tcp_conn *c, bool on, uint64_t now)
{
	if (!on) {
		c->flags &= ~(uint32_t)TCP_F_NODELAY;
		return;
	}
	c->flags |= TCP_F_NODELAY | TCP_F_SEND;
	tcp_settle_quietly(c, now);
}

void tcp_set_keepalive(struct tcp_conn *c, const struct tcp_keepalive *k, uint64_t now)
{
	c->flags &= ~(uint32_t)TCP_F_KEEPALIVE;
	c->flags |= k->on ? TCP_F_KEEPALIVE : 0;
	c->keep_idle_s = k->idle_s;
	c->keep_interval_s = k->interval_s;
	c->keep_probes = k->probes;
	c->keep_sent = 0;
	tcp_arm_keepalive(c, now);
	tcp_settle_quietly(c, now);
}

void tcp_set_user_timeout(struct tcp_conn *c, uint32_t ms)
{
	c->user_timeout_ms = ms;
}

void tcp_set_tos(struct tcp_conn *c, uint8_t tos)
{
	c->tos = tos & 0xfc;
}

int tcp_set_cc(struct tcp_conn *c, const char *name, uint64_t now)
{
	const struct tcp_cc_ops *ops = tcp_cc_find_or_null(name);
	struct tcp_cc_start start = {
		.now = now,
		.srtt_ns = c->rtt.srtt_ns,
		.mss = c->mss,
		.seed = (uint16_t)c->iss,
	};

	if (!ops || ops->flags & (TCP_CC_NEEDS_PACING | TCP_CC_NEEDS_ECN))
		return -ENOENT;
	c->cc_ops = ops;
	if (c->flight_or_null)
		tcp_cc_switch(&c->flight_or_null->cc, ops, &start);
	return 0;
}

void tcp_set_path_mss(struct tcp_conn *c, uint16_t mss, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;
	uint16_t was = c->mss;

	c->path_mss = max_t(uint16_t, mss, TCP_MIN_MSS);
	if (c->tcp->config.mss_max)
		c->path_mss = min_t(uint16_t, c->path_mss, c->tcp->config.mss_max);
	tcp_conn_set_mss(c);
	if (!f || c->mss >= was || c->state == TCP_CLOSED)
		return;
	/* What was too long is lost, and no fault of the network's capacity. */
	for (struct tcp_seg *s = f->head; s; s = s->next)
		if (s->len > c->mss && !(s->flags & TCP_SEG_SACKED))
			tcp_seg_mark_lost(c, s, now);
	c->flags |= TCP_F_SEND;
	tcp_settle_quietly(c, now);
}

static int check_send(struct tcp_conn *c, uint64_t now)
{
	if (!tcp_is_in(c, TCP_CAN_SEND))
		return c->flags & TCP_F_FIN_QUEUED && c->state != TCP_CLOSED ? -EPIPE : -ENOTCONN;
	if (c->flags & TCP_F_FIN_QUEUED)
		return -EPIPE;
	if (tcp_unacked_bytes(c) >= c->tcp->config.snd_buf) {
		c->flags |= TCP_F_WANT_WRITABLE;
		return -EAGAIN;
	}
	return tcp_flight_get_or_null(c, now) ? 0 : -ENOBUFS;
}

int tcp_send(struct tcp_conn *c, struct buf *b, uint64_t now)
{
	int err = check_send(c, now);
	struct tcp_flight *f = c->flight_or_null;

	if (err)
		return err;
	while (b) {
		struct buf *next = b->next;

		b->next = NULL;
		if (b->len == 0) {
			buf_put(b);
		} else {
			f->unsent_bytes += b->len;
			buf_queue_push(&f->unsent, b);
		}
		b = next;
	}
	c->flags |= TCP_F_SEND;
	tcp_settle_quietly(c, now);
	return 0;
}

struct buf *tcp_recv_or_null(struct tcp_conn *c, uint32_t max_bytes, uint64_t now)
{
	struct buf *b = c->rcv_head;
	uint32_t was = c->rcv_wup + c->rcv_wnd - c->rcv_nxt;

	if (!b)
		return NULL;
	if (b->len > max_bytes) {
		struct buf *rest = b;

		b = buf_slice_or_null(c->tcp->env.bufs, rest, rest->data, max_bytes);
		if (!b)
			return NULL;
		buf_pull(rest, max_bytes);
	} else {
		c->rcv_head = b->link;
		b->link = NULL;
		if (!c->rcv_head)
			c->rcv_tail = NULL;
	}
	c->rcv_queued -= b->len;
	/* A window that was less than half open and now is: the peer may wait for it. */
	if (tcp_is_in(c, TCP_CAN_RECV) && was < c->rcv_buf / 2 &&
	    tcp_rcv_window(c) >= was + max_t(uint32_t, was, c->rcv_mss)) {
		c->flags |= TCP_F_ACK_NOW;
		tcp_settle_quietly(c, now);
	}
	return b;
}

void tcp_get_info(const struct tcp_conn *c, struct tcp_info *out)
{
	const struct tcp_flight *f = c->flight_or_null;

	*out = (struct tcp_info){
		.state = c->state,
		.backoff = c->rtt.backoff,
		.snd_wscale = c->snd_wscale,
		.rcv_wscale = c->rcv_wscale,
		.has_ts = c->flags & TCP_F_TS,
		.has_sack = c->flags & TCP_F_SACK,
		.has_wscale = c->flags & TCP_F_WSCALE,
		.rto_us = (uint32_t)(tcp_rtt_rto_ns(&c->rtt, &c->tcp->rtt_config) / NS_PER_US),
		.srtt_us = (uint32_t)(c->rtt.srtt_ns / NS_PER_US),
		.rttvar_us = (uint32_t)(c->rtt.rttvar_ns / NS_PER_US),
		.snd_mss = c->mss,
		.rcv_mss = c->rcv_mss,
		.cwnd = f ? f->cc.cwnd : c->cwnd,
		.ssthresh = f ? f->cc.ssthresh : c->ssthresh,
		.snd_wnd = c->snd_wnd,
		.rcv_wnd = c->rcv_wup + c->rcv_wnd - c->rcv_nxt,
		.flight = c->snd_nxt - c->snd_una,
		.total_retrans = c->total_retrans,
	};
	if (tcp_rtt_has_sample(&c->rtt))
		out->min_rtt_us = (uint32_t)(tcp_rtt_min_ns(&c->rtt) / NS_PER_US);
	if (f) {
		out->cc_phase = f->cc.phase;
		out->unsent = f->unsent_bytes;
		out->sacked = f->sacked;
		out->lost = f->lost;
		out->retrans = f->retrans;
	}
	strncpy(out->cc, c->cc_ops->name, sizeof(out->cc) - 1);
}
