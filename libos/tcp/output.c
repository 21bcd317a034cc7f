/* SPDX-License-Identifier: MIT */
/*
 * Segments out. Everything that occupies sequence numbers is a tcp_seg, in flight from its first transmission until it
 * is acknowledged; bare ACKs and resets are built on the fly.
 *
 * A segment that cannot be sent for lack of memory counts as sent and lost: the timer brings it again.
 */
#include "libos/tcp/output.h"

#include <errno.h>

#include "libos/tcp/handshake.h"
#include "libos/tcp/payload.h"
#include "libos/tcp/state.h"
#include "libos/tcp/timers.h"
#include "libos/wire/csum_buf.h"

#define IP_PROTO_TCP 6

/* --- one segment --- */

uint32_t tcp_rcv_window(const struct tcp_conn *c)
{
	uint32_t offered = c->rcv_wup + c->rcv_wnd - c->rcv_nxt;
	uint32_t room = c->rcv_buf > c->rcv_queued ? c->rcv_buf - c->rcv_queued : 0;
	uint32_t unit = 1u << c->rcv_wscale;
	uint32_t step = min_t(uint32_t, c->rcv_buf / 2, c->rcv_mss);

	if (seq_lt(c->rcv_wup + c->rcv_wnd, c->rcv_nxt))
		offered = 0;
	room &= ~(unit - 1);
	room = min_t(uint32_t, room, 0xffffu << c->rcv_wscale);
	/* SWS avoidance: the right edge moves by a segment or half the buffer, or not at all. */
	if (room >= offered + step)
		return room;
	return min_t(uint32_t, (offered + unit - 1) & ~(unit - 1), 0xffffu << c->rcv_wscale);
}

static uint16_t window_field(struct tcp_conn *c, uint8_t flags)
{
	uint32_t wnd;

	if (!(flags & TCP_ACK) || flags & TCP_SYN)
		return (uint16_t)min_t(uint32_t, c->rcv_wnd, UINT16_MAX);
	wnd = tcp_rcv_window(c);
	c->rcv_wup = c->rcv_nxt;
	c->rcv_wnd = wnd;
	return (uint16_t)(wnd >> c->rcv_wscale);
}

/* What an established segment carries; returns their length. */
static size_t fill_opts(struct tcp_conn *c, struct tcp_opts *o, uint64_t now)
{
	o->seen = 0;
	if (c->flags & TCP_F_TS) {
		o->seen |= TCP_HAS_TS;
		o->ts_val = tcp_ts_now(c, now);
		o->ts_ecr = c->ts_recent;
	}
	if (c->ooo_or_null && c->flags & TCP_F_SACK) {
		unsigned max = c->flags & TCP_F_TS ? TCP_SACK_WITH_TS : TCP_MAX_SACK;

		o->num_sack = (uint8_t)tcp_sack_rx_blocks(&c->ooo_or_null->sack,
							  &c->ooo_or_null->reass, max, o->sack);
		if (o->num_sack > 0)
			o->seen |= TCP_HAS_SACK;
	}
	return tcp_opts_len(o);
}

/* Finishes the checksum of a segment whose header is at @h, over a payload with the sum @payload. */
static void finish_csum(struct tcp_hdr *h, struct buf *b, const struct tcp_tuple *t, size_t hlen,
			uint32_t payload, bool offload)
{
	uint32_t len = (uint32_t)hlen + payload;
	uint64_t pseudo = csum_pseudo(&t->local, &t->remote, IP_PROTO_TCP, len);

	if (offload) {
		b->flags |= BUF_TX_CSUM_L4;
		csum_store(&h->csum, csum_fold(pseudo));
		return;
	}
	csum_store(&h->csum, csum_finish(csum_add_chain(pseudo, b, 0, len)));
}

/* Puts a header in front of @b (consumed, room checked) and sends it. */
static void emit(struct tcp_conn *c, struct buf *b, uint32_t seq, uint8_t flags, uint64_t now)
{
	uint32_t payload = buf_chain_len(b);
	struct tcp *tcp = c->tcp;
	struct tcp_opts opts = { 0 };
	struct tcp_tx tx = { .src = &c->tuple.local, .dst = &c->tuple.remote, .tos = c->tos };
	size_t opts_len;
	uint8_t *h;

	if (flags & TCP_SYN)
		tcp_syn_opts(c, flags, &opts, now);
	opts_len = flags & TCP_SYN ? tcp_opts_len(&opts) : fill_opts(c, &opts, now);
	h = buf_prepend(b, TCP_HLEN + (uint32_t)opts_len);
	tcp_emit_opts(h + TCP_HLEN, &opts);
	tcp_emit(h, c->tuple.local_port, c->tuple.remote_port, seq,
		 flags & TCP_ACK ? c->rcv_nxt : 0, opts_len, flags, window_field(c, flags), 0);
	finish_csum((struct tcp_hdr *)h, b, &c->tuple, TCP_HLEN + opts_len, payload,
		    c->flags & TCP_F_CSUM_OFFLOAD);
	if (flags & TCP_ACK) {
		c->flags &= ~(uint32_t)(TCP_F_ACK_NOW | TCP_F_ACK_DELAY);
		c->delack_at = TIME_NEVER;
		if (c->quick_acks > 0)
			c->quick_acks--;
	}
	tcp_count(tcp, TCP_OUT_SEGS);
	/* What is lost below is lost like any other segment. */
	(void)tcp->env.ops->output(tcp->env.ctx, c, b, &tx);
}

/* Sends @s, which is in the flight. */
static bool transmit(struct tcp_conn *c, struct tcp_seg *s, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;
	struct buf *b = tcp_dress_payload_or_null(c->tcp, s);
	uint32_t bytes = tcp_seg_end(s) - s->seq;
	uint32_t before = tcp_in_flight(c, f);
	uint8_t flags = TCP_ACK;

	if (s->flags & TCP_SEG_SYN)
		flags = c->state == TCP_SYN_SENT ? TCP_SYN : TCP_SYN | TCP_ACK;
	if (s->flags & TCP_SEG_FIN)
		flags |= TCP_FIN;
	if (s->flags & TCP_SEG_PSH)
		flags |= TCP_PSH;
	/* A segment is in the flight before it is sent for the first time. */
	before -= min_t(uint32_t, before, bytes);
	tcp_rate_on_sent(&f->rate, &s->stamp, before, bytes, now);
	tcp_cc_on_sent(&f->cc, now, before, f->unsent_bytes == 0);
	tcp_prr_on_sent(&f->prr, bytes);
	s->stamp.sent_at = now;
	if (s->transmits < UINT8_MAX)
		s->transmits++;
	f->last_sent_at = now;
	if (!b) {
		tcp_count(c->tcp, TCP_DROP_NO_MEMORY);
		return false;
	}
	emit(c, b, s->seq, flags, now);
	return true;
}

/* --- the flight --- */

static struct tcp_seg *new_seg_or_null(struct tcp_conn *c, uint8_t flags)
{
	struct tcp_seg *s = pool_get_or_null(&c->tcp->segs);

	if (!s)
		return NULL;
	*s = (struct tcp_seg){ .seq = c->snd_nxt, .flags = flags };
	return s;
}

static void link_seg(struct tcp_conn *c, struct tcp_seg *s)
{
	struct tcp_flight *f = c->flight_or_null;

	if (f->head)
		f->tail->next = s;
	else
		f->head = s;
	f->tail = s;
	c->snd_nxt = tcp_seg_end(s);
}

/* Sends a segment of @len unsent bytes, and the FIN if it is due behind them. */
static bool send_new(struct tcp_conn *c, uint32_t len, bool with_fin, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;
	struct tcp_seg *s = new_seg_or_null(c, 0);

	if (!s)
		return false;
	if (len > 0)
		tcp_take_unsent(c, s, len);
	if (len > 0 && s->len == 0) {
		tcp_seg_free(c->tcp, s);
		return false;
	}
	if (f->unsent_bytes == 0 && s->len > 0)
		s->flags |= TCP_SEG_PSH;
	if (with_fin && f->unsent_bytes == 0) {
		s->flags |= TCP_SEG_FIN;
		c->flags |= TCP_F_FIN_SENT;
		tcp_set_state(c, c->state == TCP_CLOSE_WAIT ? TCP_LAST_ACK : TCP_FIN_WAIT_1);
	}
	if (c->snd_una == c->snd_nxt)
		f->progress_at = now;
	if (s->len < c->mss)
		f->small_end = s->seq + s->len;
	link_seg(c, s);
	transmit(c, s, now);
	return true;
}

int tcp_output_syn(struct tcp_conn *c, uint64_t now)
{
	struct tcp_seg *s = new_seg_or_null(c, TCP_SEG_SYN);

	if (!s)
		return -ENOBUFS;
	c->flight_or_null->progress_at = now;
	link_seg(c, s);
	transmit(c, s, now);
	tcp_arm_rto(c, now);
	return 0;
}

/* --- what may be sent --- */

static uint32_t usable_window(const struct tcp_conn *c)
{
	uint32_t edge = c->snd_una + c->snd_wnd;

	return seq_gt(edge, c->snd_nxt) ? edge - c->snd_nxt : 0;
}

static bool fin_is_due(const struct tcp_conn *c)
{
	return (c->flags & (TCP_F_FIN_QUEUED | TCP_F_FIN_SENT)) == TCP_F_FIN_QUEUED;
}

/*
 * How much of what is unsent may go as the next segment; 0: nothing, unless a FIN alone. RFC 9293 3.8.6.2.1 with
 * Minshall's variant of Nagle: a small segment waits only for another small one.
 */
static uint32_t next_len(const struct tcp_conn *c, const struct tcp_flight *f, uint32_t usable)
{
	uint32_t len = min_t(uint32_t, c->mss, min_t(uint32_t, f->unsent_bytes, usable));

	if (len == c->mss)
		return len;
	if (len == f->unsent_bytes) {
		if (c->flags & (TCP_F_NODELAY | TCP_F_FIN_QUEUED) ||
		    seq_leq(f->small_end, c->snd_una))
			return len;
		return 0;
	}
	/* The window is the limit: at least half of the largest that it ever was. */
	return len >= c->max_snd_wnd / 2 ? len : 0;
}

static void send_lost(struct tcp_conn *c, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;

	for (struct tcp_seg *s = f->head; s && f->lost > f->retrans; s = s->next) {
		if ((s->flags & (TCP_SEG_LOST | TCP_SEG_RETRANS)) != TCP_SEG_LOST)
			continue;
		if (tcp_in_flight(c, f) + min_t(uint32_t, s->len, c->mss) > f->cc.cwnd &&
		    tcp_in_flight(c, f) > 0)
			return;
		/* What lies beyond a window that has shrunk must wait; its first segment is a probe. */
		if (s != f->head && seq_gt(tcp_seg_end(s), c->snd_una + c->snd_wnd))
			return;
		if (!tcp_retransmit(c, s, now))
			return;
	}
}

/* Sent nothing for longer than an RTO: what was known of the path is old (RFC 5681 4.1). */
static void mind_idle(struct tcp_conn *c, struct tcp_flight *f, uint64_t now)
{
	uint64_t rto = tcp_rtt_rto_ns(&c->rtt, &c->tcp->rtt_config);

	if (c->snd_una == c->snd_nxt && f->last_sent_at != 0 && now - f->last_sent_at > rto)
		tcp_cc_on_idle(&f->cc, now, now - f->last_sent_at, rto);
}

static void send_unsent(struct tcp_conn *c, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;

	while (f->unsent_bytes > 0 || fin_is_due(c)) {
		uint32_t usable = usable_window(c);
		uint32_t len = next_len(c, f, usable);
		bool with_fin = fin_is_due(c) && len == f->unsent_bytes && len < usable;
		uint32_t in_flight = tcp_in_flight(c, f);

		if (len == 0 && !with_fin)
			return;
		if (in_flight > 0 && in_flight + len > f->cc.cwnd) {
			f->is_cwnd_limited = true;
			return;
		}
		mind_idle(c, f, now);
		if (!send_new(c, len, with_fin, now))
			return;
	}
}

void tcp_output(struct tcp_conn *c, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;
	uint32_t nxt = c->snd_nxt;

	if (!f || tcp_is_in(c, TCP_IN(TCP_SYN_SENT) | TCP_IN(TCP_SYN_RCVD) | TCP_IN(TCP_CLOSED)))
		return;
	if (f->lost > f->retrans)
		send_lost(c, now);
	if (f->lost <= f->retrans)
		send_unsent(c, now);
	if (f->unsent_bytes == 0 && tcp_in_flight(c, f) < f->cc.cwnd)
		tcp_rate_on_app_limited(&f->rate, tcp_in_flight(c, f));
	if (c->snd_nxt != nxt || f->rtx_at == TIME_NEVER)
		tcp_arm_after_send(c, now);
}

bool tcp_output_one(struct tcp_conn *c, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;
	uint32_t usable = usable_window(c);
	uint32_t len = min_t(uint32_t, c->mss, min_t(uint32_t, f->unsent_bytes, usable));
	bool with_fin = fin_is_due(c) && len == f->unsent_bytes && len < usable;

	if (len == 0 && !with_fin)
		return false;
	return send_new(c, len, with_fin, now);
}

bool tcp_retransmit(struct tcp_conn *c, struct tcp_seg *s, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;

	if (s->len > c->mss && !tcp_seg_split(c, s, c->mss))
		return false;
	/* A probe's second copy is not counted: it would hide a loss from who compares the sums. */
	if ((s->flags & (TCP_SEG_LOST | TCP_SEG_RETRANS)) == TCP_SEG_LOST) {
		f->retrans += tcp_seg_end(s) - s->seq;
		s->flags |= TCP_SEG_RETRANS;
	}
	s->flags |= TCP_SEG_EVER_RETRANS;
	if (f->has_undo) {
		if (f->undo_retrans == 0 && f->undo_ts == 0)
			f->undo_ts = tcp_ts_now(c, now);
		f->undo_retrans++;
	}
	c->total_retrans++;
	tcp_count(c->tcp, TCP_RETRANS_SEGS);
	return transmit(c, s, now);
}

/* --- segments without a place in the flight --- */

static void send_bare(struct tcp_conn *c, uint32_t seq, uint8_t flags, uint64_t now)
{
	struct buf *b = buf_alloc_or_null(c->tcp->env.bufs, 0);

	if (!b) {
		tcp_count(c->tcp, TCP_DROP_NO_MEMORY);
		return;
	}
	emit(c, b, seq, flags, now);
}

void tcp_output_ack(struct tcp_conn *c, uint64_t now)
{
	send_bare(c, c->snd_nxt, TCP_ACK, now);
}

void tcp_output_probe(struct tcp_conn *c, uint64_t now)
{
	send_bare(c, c->snd_una - 1, TCP_ACK, now);
}

void tcp_output_rst(struct tcp_conn *c, uint64_t now)
{
	tcp_count(c->tcp, TCP_OUT_RSTS);
	send_bare(c, c->snd_nxt, TCP_RST | TCP_ACK, now);
}

void tcp_reply_rst(struct tcp *tcp, const struct tcp_tuple *tuple, const struct tcp_in *in)
{
	bool has_ack = in->flags & TCP_ACK;
	uint32_t end = in->seq + in->len + !!(in->flags & TCP_SYN) + !!(in->flags & TCP_FIN);
	struct tcp_tx tx = { .src = &tuple->local, .dst = &tuple->remote };
	struct buf *b;
	uint8_t *h;

	if (in->flags & TCP_RST)
		return;
	b = buf_alloc_or_null(tcp->env.bufs, 0);
	if (!b) {
		tcp_count(tcp, TCP_DROP_NO_MEMORY);
		return;
	}
	h = buf_prepend(b, TCP_HLEN);
	tcp_emit(h, tuple->local_port, tuple->remote_port, has_ack ? in->ack : 0, has_ack ? 0 : end,
		 0, has_ack ? TCP_RST : TCP_RST | TCP_ACK, 0, 0);
	finish_csum((struct tcp_hdr *)h, b, tuple, TCP_HLEN, 0, false);
	tcp_count(tcp, TCP_OUT_SEGS);
	tcp_count(tcp, TCP_OUT_RSTS);
	(void)tcp->env.ops->output(tcp->env.ctx, NULL, b, &tx);
}
