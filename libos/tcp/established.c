/* SPDX-License-Identifier: MIT */
/*
 * Text. The fast path takes what nearly every segment of an established connection is: next in order, nothing special
 * about it, an ACK that finds no trouble. Any no, and the segment goes the long way through input.c, which ends in
 * tcp_text. Received bufs wait in order on the connection, and out of order in its tcp_ooo, which exists only while
 * there is disorder or a duplicate to report.
 */
#include "libos/tcp/close.h"
#include "libos/tcp/input.h"
#include "libos/tcp/output.h"
#include "libos/tcp/state.h"

#include <errno.h>

static void append_received(struct tcp_conn *c, struct buf *b)
{
	while (b) {
		struct buf *next = b->next;

		b->next = NULL;
		b->link = NULL;
		if (b->len == 0) {
			buf_put(b);
		} else {
			c->rcv_queued += b->len;
			if (c->rcv_head)
				c->rcv_tail->link = b;
			else
				c->rcv_head = b;
			c->rcv_tail = b;
		}
		b = next;
	}
}

/* Text has come in order: which ACK is owed (RFC 5681 4.2)? */
static void owe_ack(struct tcp_conn *c, uint32_t len)
{
	/* What "full-sized" is, the peer's segments tell (RFC 1122 4.2.3.2); small ones say nothing. */
	if (len > c->rcv_mss)
		c->rcv_mss = (uint16_t)min_t(uint32_t, len, c->path_mss);
	if (c->quick_acks > 0 || c->tcp->config.delack_ns == 0 ||
	    c->rcv_nxt - c->rcv_wup > c->rcv_mss)
		c->flags |= TCP_F_ACK_NOW;
	else
		c->flags |= TCP_F_ACK_DELAY;
}

bool tcp_fast_path(struct tcp_conn *c, const struct tcp_hdr *h, struct buf *b, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;
	uint32_t hlen = tcp_hlen(h), len = b->len - hlen, ack = be32_get(h->ack);
	struct tcp_in in = { .now = now, .seq = be32_get(h->seq), .ack = ack };

	if (c->state != TCP_ESTABLISHED || (h->flags & ~TCP_PSH) != TCP_ACK ||
	    in.seq != c->rcv_nxt || b->next || c->ooo_or_null || c->flags & TCP_F_ORPHAN)
		return false;
	in.wnd = be16_get(h->window);
	/* With timestamps negotiated, one that is not older; without, no options at all. */
	if (c->flags & TCP_F_TS) {
		if (!tcp_is_ts_only(h, &in.ts_val, &in.ts_ecr) || seq_lt(in.ts_val, c->ts_recent))
			return false;
		in.has_ts = true;
	} else if (hlen != TCP_HLEN) {
		return false;
	}
	if (len == 0 || len > c->rcv_wup + c->rcv_wnd - c->rcv_nxt)
		return false;
	if (f && (f->cc.phase != TCP_CC_OPEN || f->sacked > 0))
		return false;
	in.flags = h->flags;
	in.len = len;
	tcp_count(c->tcp, TCP_IN_FAST);
	c->heard_at = now;
	c->keep_sent = 0;
	if (!tcp_ack(c, &in)) {
		buf_put(b);
		tcp_settle(c, now);
		return true;
	}
	if (in.has_ts) {
		c->ts_recent = in.ts_val;
		c->ts_recent_ms = (uint32_t)(now / NS_PER_MS);
	}
	buf_pull(b, hlen);
	c->rcv_nxt += len;
	append_received(c, b);
	owe_ack(c, len);
	c->events |= TCP_EV_READABLE;
	tcp_settle(c, now);
	return true;
}

static struct tcp_ooo *ooo_get_or_null(struct tcp_conn *c)
{
	if (c->ooo_or_null)
		return c->ooo_or_null;
	c->ooo_or_null = pool_get_or_null(&c->tcp->ooos);
	if (c->ooo_or_null)
		*c->ooo_or_null = (struct tcp_ooo){ 0 };
	return c->ooo_or_null;
}

void tcp_ooo_maybe_put(struct tcp_conn *c)
{
	struct tcp_ooo *o = c->ooo_or_null;

	if (!o || !tcp_reass_is_empty(&o->reass) || tcp_sack_rx_has_dsack(&o->sack))
		return;
	pool_put(&c->tcp->ooos, o);
	c->ooo_or_null = NULL;
}

void tcp_note_duplicate(struct tcp_conn *c, uint32_t start, uint32_t end)
{
	end = seq_min(end, c->rcv_nxt);
	if (!(c->flags & TCP_F_SACK) || seq_geq(start, end) || !ooo_get_or_null(c))
		return;
	tcp_sack_rx_on_duplicate(&c->ooo_or_null->sack, start, end);
}

/* Cuts the first @bytes off a chain, freeing bufs that end before. */
static struct buf *pull_chain(struct buf *b, uint32_t bytes)
{
	while (b && bytes >= b->len) {
		struct buf *next = b->next;

		bytes -= b->len;
		b->next = NULL;
		buf_put(b);
		b = next;
	}
	if (b && bytes > 0)
		buf_pull(b, bytes);
	return b;
}

static void drop_text(struct tcp_in *in)
{
	buf_put_chain(in->b);
	in->b = NULL;
	in->len = 0;
}

/* Cuts the text to the window. False: nothing of it is left, nor a FIN. */
static bool trim(struct tcp_conn *c, struct tcp_in *in)
{
	uint32_t edge = seq_max(c->rcv_wup + c->rcv_wnd, c->rcv_nxt);
	uint32_t end = in->seq + in->len;

	if (seq_gt(end, edge) ||
	    (end == edge && in->flags & TCP_FIN && edge != c->rcv_nxt + in->len)) {
		in->flags &= (uint8_t)~TCP_FIN;
		c->flags |= TCP_F_ACK_NOW;
	}
	if (seq_gt(end, edge)) {
		in->len = seq_lt(in->seq, edge) ? edge - in->seq : 0;
		if (in->len == 0)
			drop_text(in);
		else
			buf_trim_chain(in->b, in->len);
	}
	if (seq_lt(in->seq, c->rcv_nxt)) {
		uint32_t old = min_t(uint32_t, c->rcv_nxt - in->seq, in->len);

		/* RFC 2883: what came twice is reported; and the peer may lack our ACK. */
		c->flags |= TCP_F_ACK_NOW;
		tcp_note_duplicate(c, in->seq, in->seq + old);
		in->b = pull_chain(in->b, old);
		in->seq += old;
		in->len -= old;
		if (in->seq != c->rcv_nxt)
			in->flags &= (uint8_t)~TCP_FIN; /* it has had its turn */
	}
	return in->len > 0 || in->flags & TCP_FIN;
}

static void take_out_of_order(struct tcp_conn *c, struct tcp_in *in)
{
	struct tcp_reass_pool *p = &c->tcp->reass;
	struct tcp_ooo *o = ooo_get_or_null(c);
	struct tcp_reass_segment s = {
		.b = in->b,
		.seq = in->seq,
		.rcv_nxt = c->rcv_nxt,
		.max_bytes = 2 * c->rcv_buf,
		.fin = in->flags & TCP_FIN,
	};
	struct tcp_reass_result res;
	struct buf_queue out = { 0 };
	uint32_t was = c->rcv_nxt;
	bool fin = false;

	c->flags |= TCP_F_ACK_NOW;
	if (!o) {
		tcp_count(c->tcp, TCP_DROP_NO_MEMORY);
		drop_text(in);
		return;
	}
	in->b = NULL;
	res = tcp_reass_insert(p, &o->reass, &s);
	c->rcv_nxt = tcp_reass_pop(p, &o->reass, c->rcv_nxt, &out, &fin);
	while (out.head)
		append_received(c, buf_queue_pop_or_null(&out));
	tcp_sack_rx_on_insert(&o->sack, &o->reass, &res);
	if (c->rcv_nxt != was)
		c->events |= TCP_EV_READABLE;
	if (fin)
		tcp_on_peer_fin(c, in->now);
	/* Each segment out of order, and the one that fills a hole, is acknowledged at once (RFC 5681 4.2). */
	c->quick_acks = max_t(uint8_t, c->quick_acks, 2);
}

static void take_in_order(struct tcp_conn *c, struct tcp_in *in)
{
	c->rcv_nxt += in->len;
	append_received(c, in->b);
	in->b = NULL;
	if (in->len > 0) {
		owe_ack(c, in->len);
		c->events |= TCP_EV_READABLE;
	}
	if (in->flags & TCP_FIN) {
		c->rcv_nxt++;
		tcp_on_peer_fin(c, in->now);
	}
}

void tcp_text(struct tcp_conn *c, struct tcp_in *in)
{
	if (in->len == 0 && !(in->flags & TCP_FIN)) {
		/* Nothing there; but a probe from below the window wants an answer. */
		if (in->seq != c->rcv_nxt && seq_lt(in->seq, c->rcv_nxt))
			c->flags |= TCP_F_ACK_NOW;
		return;
	}
	if (!tcp_is_in(c, TCP_CAN_RECV)) {
		/* After the peer's FIN there is no text; what comes is old, and acknowledged as such. */
		tcp_count(c->tcp, TCP_DROP_PAST_FIN);
		c->flags |= TCP_F_ACK_NOW;
		tcp_note_duplicate(c, in->seq, in->seq + in->len);
		return;
	}
	if (!trim(c, in))
		return;
	if (c->flags & TCP_F_ORPHAN && in->len > 0) {
		/* Nobody will ever read it (RFC 9293 3.6.1). */
		tcp_output_rst(c, in->now);
		tcp_conn_kill(c, 0);
		return;
	}
	if (in->seq == c->rcv_nxt &&
	    (!c->ooo_or_null || tcp_reass_is_empty(&c->ooo_or_null->reass)))
		take_in_order(c, in);
	else
		take_out_of_order(c, in);
}
