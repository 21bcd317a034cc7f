/* SPDX-License-Identifier: MIT */
/*
 * The handshake of both ends (RFC 9293 3.5 and 3.10.7.3, RFC 7323 for the options). Our SYN is an ordinary segment of
 * the flight, so it is sent again like one. What the peer's SYN offers and we want too is agreed once, in
 * tcp_take_syn; from then on flags and scales say what holds.
 */
#include "libos/tcp/handshake.h"

#include <errno.h>

#include "libos/tcp/close.h"
#include "libos/tcp/input.h"
#include "libos/tcp/listen.h"
#include "libos/tcp/output.h"
#include "libos/tcp/payload.h"
#include "libos/tcp/state.h"
#include "libos/tcp/timers.h"

void tcp_syn_opts(const struct tcp_conn *c, uint8_t flags, struct tcp_opts *o, uint64_t now)
{
	o->seen = TCP_HAS_MSS;
	o->mss = c->path_mss;
	if (c->flags & TCP_F_SACK)
		o->seen |= TCP_HAS_SACK_PERM;
	if (c->flags & TCP_F_TS) {
		o->seen |= TCP_HAS_TS;
		o->ts_val = tcp_ts_now(c, now);
		o->ts_ecr = flags & TCP_ACK ? c->ts_recent : 0;
	}
	if (c->flags & TCP_F_WSCALE) {
		o->seen |= TCP_HAS_WSCALE;
		o->wscale = c->rcv_wscale;
	}
}

void tcp_take_syn(struct tcp_conn *c, const struct tcp_in *in)
{
	const struct tcp_opts *o = in->opts_or_null;
	uint16_t seen = o ? o->seen : 0;

	c->irs = in->seq;
	c->rcv_nxt = in->seq + 1;
	c->rcv_wup = c->rcv_nxt;
	/* The window of a SYN is never scaled (RFC 7323 2.2). */
	c->snd_wnd = in->wnd;
	c->max_snd_wnd = in->wnd;
	c->snd_wl1 = in->seq;
	c->snd_wl2 = in->ack;
	if (seen & TCP_HAS_MSS)
		c->peer_mss = max_t(uint16_t, o->mss, TCP_MIN_MSS);
	if (!(seen & TCP_HAS_SACK_PERM))
		c->flags &= ~(uint32_t)TCP_F_SACK;
	if (!in->has_ts)
		c->flags &= ~(uint32_t)TCP_F_TS;
	if (!(seen & TCP_HAS_WSCALE))
		c->flags &= ~(uint32_t)TCP_F_WSCALE;
	if (c->flags & TCP_F_TS) {
		c->ts_recent = in->ts_val;
		c->ts_recent_ms = (uint32_t)(in->now / NS_PER_MS);
	}
	c->snd_wscale = o && c->flags & TCP_F_WSCALE ? o->wscale : 0;
	if (!(c->flags & TCP_F_WSCALE))
		c->rcv_wscale = 0;
	tcp_conn_set_mss(c);
	c->rcv_mss = c->mss;
}

/* The SYN of ours that heads the flight is acknowledged. */
static void ack_our_syn(struct tcp_conn *c, const struct tcp_in *in)
{
	struct tcp_flight *f = c->flight_or_null;
	struct tcp_seg *s = f->head;
	struct tcp_rtt_ack sample = {
		.now = in->now,
		.sent_at = s->stamp.sent_at,
		.was_retransmitted = s->transmits > 1,
		.has_ts = c->flags & TCP_F_TS && in->has_ts && in->ts_ecr != 0,
		.ts_tick_ns = NS_PER_MS,
		.ts_sent_at = in->now - (uint64_t)(tcp_ts_now(c, in->now) - in->ts_ecr) * NS_PER_MS,
	};
	uint64_t rtt_ns;

	/* A timestamp from before the first SYN is no sample. */
	if (sample.has_ts && seq_diff(tcp_ts_now(c, in->now), in->ts_ecr) < 0)
		sample.has_ts = false;
	f->head = s->next;
	if (!f->head)
		f->tail = NULL;
	tcp_clear_marks(f, s);
	c->snd_una = s->seq + 1;
	tcp_seg_free(c->tcp, s);
	f->rtx_at = TIME_NEVER;
	f->rack_fack = c->snd_una;
	f->small_end = c->snd_una;
	f->recover = c->snd_una;
	if (tcp_rtt_from_ack(&sample, &rtt_ns))
		tcp_rtt_sample(&c->rtt, &c->tcp->rtt_config, rtt_ns, 1, in->now);
	tcp_rtt_on_established(&c->rtt);
}

/* Both SYNs are acknowledged. */
static void become_established(struct tcp_conn *c, const struct tcp_in *in)
{
	struct tcp_flight *f = c->flight_or_null;
	struct tcp_cc_start start = {
		.now = in->now,
		.srtt_ns = c->rtt.srtt_ns,
		.mss = c->mss,
		.seed = (uint16_t)c->iss,
	};

	ack_our_syn(c, in);
	start.srtt_ns = c->rtt.srtt_ns;
	tcp_cc_init(&f->cc, c->cc_ops, &start);
	tcp_rate_init(&f->rate, in->now);
	/* RFC 6298 5.7, RFC 5681 3.1: whose SYN was lost begins with one segment. */
	if (c->rtt.syn_lost && f->cc.cwnd > c->mss)
		f->cc.cwnd = c->mss;
	f->last_sent_at = 0;
	tcp_set_state(c, TCP_ESTABLISHED);
	c->quick_acks = TCP_QUICK_ACKS;
	c->heard_at = in->now;
	c->flags |= TCP_F_SEND;
	tcp_arm_keepalive(c, in->now);
	if (c->flags & TCP_F_PASSIVE)
		tcp_listener_on_established(c);
	else
		c->events |= TCP_EV_CONNECTED;
}

/* The peer has sent a SYN as well, without having seen ours. */
static void simultaneous_open(struct tcp_conn *c, struct tcp_in *in)
{
	struct tcp_flight *f = c->flight_or_null;

	tcp_take_syn(c, in);
	tcp_set_state(c, TCP_SYN_RCVD);
	/* Our SYN goes again, now with an ACK; not for being lost. */
	f->rtx_at = TIME_NEVER;
	tcp_retransmit(c, f->head, in->now);
	tcp_arm_rto(c, in->now);
}

bool tcp_in_syn_sent(struct tcp_conn *c, struct tcp_in *in)
{
	bool has_ack = in->flags & TCP_ACK;

	if (has_ack && in->ack != c->snd_nxt) {
		tcp_count(c->tcp, TCP_DROP_BAD_ACK);
		tcp_refuse_segment(c, in);
		return false;
	}
	if (has_ack && c->flags & TCP_F_TS && in->has_ts && in->ts_ecr != 0 &&
	    seq_diff(tcp_ts_now(c, in->now), in->ts_ecr) < 0) {
		/* It echoes what we have not sent yet: somebody else's (RFC 7323 3.2). */
		tcp_refuse_segment(c, in);
		return false;
	}
	if (in->flags & TCP_RST) {
		if (has_ack) {
			tcp_count(c->tcp, TCP_ATTEMPT_FAILS);
			tcp_conn_kill(c, -ECONNREFUSED);
		}
		return false;
	}
	if (!(in->flags & TCP_SYN)) {
		tcp_count(c->tcp, TCP_DROP_NO_ACK);
		return false;
	}
	if (!has_ack) {
		simultaneous_open(c, in);
		return false;
	}
	tcp_take_syn(c, in);
	become_established(c, in);
	/* Data that waits takes the ACK along; otherwise it goes at once. */
	c->flags |= TCP_F_ACK_NOW;
	in->seq++;
	in->flags &= (uint8_t)~TCP_SYN;
	return true;
}

bool tcp_in_syn_rcvd(struct tcp_conn *c, struct tcp_in *in)
{
	if (in->ack != c->snd_nxt) {
		tcp_count(c->tcp, TCP_DROP_BAD_ACK);
		tcp_refuse_segment(c, in);
		return false;
	}
	become_established(c, in);
	c->snd_wnd = in->wnd << c->snd_wscale;
	c->max_snd_wnd = max_t(uint32_t, c->max_snd_wnd, c->snd_wnd);
	c->snd_wl1 = in->seq;
	c->snd_wl2 = in->ack;
	return true;
}
