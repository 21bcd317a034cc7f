/* SPDX-License-Identifier: MIT */
/*
 * Dispatch and checks of a segment (RFC 9293 3.10.7, hardened by RFC 5961 and 7323). Each step says whether the next
 * one may look at the segment. What the steps owe is sent once, when the connection is settled.
 */
#include "libos/tcp/input.h"

#include <string.h>

#include "libos/tcp/close.h"
#include "libos/tcp/handshake.h"
#include "libos/tcp/listen.h"
#include "libos/tcp/output.h"
#include "libos/tcp/state.h"
#include "libos/tcp/table.h"

#define PACE_MS 500 /* answers of one connection to what is out of its window */
#define TS_RECENT_MAX_MS (24u * 24 * 3600 * 1000) /* RFC 7323 5.5 */

void tcp_challenge_ack(struct tcp_conn *c, uint64_t now)
{
	if (!tcp_ratelimit_take(&c->tcp->challenge, now))
		return;
	tcp_count(c->tcp, TCP_CHALLENGE_ACKS);
	c->flags |= TCP_F_ACK_NOW;
}

static void answer_unacceptable(struct tcp_conn *c, const struct tcp_in *in)
{
	if (in->flags & TCP_RST)
		return;
	/* Bare ones may be answers to ours, and the two ends must not keep each other awake. */
	if (in->len == 0 && !(in->flags & (TCP_SYN | TCP_FIN)) &&
	    !tcp_pace_take(&c->challenge, PACE_MS, in->now) && in->seq + 1 != c->rcv_nxt)
		return;
	c->flags |= TCP_F_ACK_NOW;
}

static bool timestamp_is_good(struct tcp_conn *c, const struct tcp_in *in)
{
	uint32_t age = (uint32_t)(in->now / NS_PER_MS) - c->ts_recent_ms;

	if (!(c->flags & TCP_F_TS) || !in->has_ts || seq_geq(in->ts_val, c->ts_recent) ||
	    in->flags & TCP_RST || age > TS_RECENT_MAX_MS)
		return true;
	tcp_count(c->tcp, TCP_DROP_PAWS);
	return false;
}

static void take_timestamp(struct tcp_conn *c, const struct tcp_in *in)
{
	if (!(c->flags & TCP_F_TS) || !in->has_ts || seq_gt(in->seq, c->rcv_wup))
		return;
	c->ts_recent = in->ts_val;
	c->ts_recent_ms = (uint32_t)(in->now / NS_PER_MS);
}

static bool sequence_is_good(const struct tcp_conn *c, const struct tcp_in *in)
{
	uint32_t end = in->seq + in->len + !!(in->flags & TCP_SYN) + !!(in->flags & TCP_FIN);
	uint32_t edge = seq_max(c->rcv_wup + c->rcv_wnd, c->rcv_nxt);

	/* What ends at the left edge may carry a valid ACK, as may what begins at the right one. */
	return seq_geq(end, c->rcv_wup) && seq_leq(in->seq, edge);
}

/* RFC 5961 3: only the very next number is believed at once. */
static void check_reset(struct tcp_conn *c, const struct tcp_in *in)
{
	if (in->seq == c->rcv_nxt)
		tcp_on_reset(c);
	else
		tcp_challenge_ack(c, in->now);
}

/* A SYN again in SYN-RECEIVED means that our answer was lost. */
static bool is_syn_again(const struct tcp_conn *c, const struct tcp_in *in)
{
	return c->state == TCP_SYN_RCVD && in->flags & TCP_SYN &&
	       !(in->flags & (TCP_ACK | TCP_RST)) && in->seq == c->irs;
}

/* True: the ACK field may be looked at. */
static bool check_segment(struct tcp_conn *c, struct tcp_in *in)
{
	if (is_syn_again(c, in)) {
		tcp_retransmit(c, c->flight_or_null->head, in->now);
		return false;
	}
	if (!timestamp_is_good(c, in)) {
		answer_unacceptable(c, in);
		return false;
	}
	if (!sequence_is_good(c, in)) {
		tcp_count(c->tcp, TCP_DROP_WINDOW);
		answer_unacceptable(c, in);
		if (in->len > 0)
			tcp_note_duplicate(c, in->seq, in->seq + in->len);
		return false;
	}
	if (in->flags & TCP_RST) {
		check_reset(c, in);
		return false;
	}
	if (in->flags & TCP_SYN) {
		/* The second SYN of a simultaneous open comes with an ACK; any other is a challenge (RFC 5961 4). */
		if (c->state == TCP_SYN_RCVD && in->flags & TCP_ACK && in->seq == c->irs) {
			in->flags &= (uint8_t)~TCP_SYN;
			in->seq++;
			return true;
		}
		tcp_count(c->tcp, TCP_DROP_BAD_SYN);
		tcp_challenge_ack(c, in->now);
		return false;
	}
	if (!(in->flags & TCP_ACK)) {
		tcp_count(c->tcp, TCP_DROP_NO_ACK);
		return false;
	}
	return true;
}

/* TIME-WAIT: everything acceptable is an old duplicate, or the peer's FIN again. */
static void in_time_wait(struct tcp_conn *c, const struct tcp_in *in)
{
	if (in->flags & TCP_FIN || in->len > 0) {
		c->flags |= TCP_F_ACK_NOW;
		tcp_restart_time_wait(c, in->now);
	}
}

/* May @in replace a connection in TIME-WAIT (RFC 6191, RFC 9293 MAY-2)? */
static bool may_reuse(const struct tcp_conn *c, const struct tcp_in *in)
{
	if (c->state != TCP_TIME_WAIT ||
	    (in->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) != TCP_SYN)
		return false;
	if (c->flags & TCP_F_TS && in->has_ts && in->ts_val != c->ts_recent)
		return seq_gt(in->ts_val, c->ts_recent);
	return seq_gt(in->seq, c->rcv_nxt);
}

/* All but the text; true: that counts too. */
static bool check_and_ack(struct tcp_conn *c, struct tcp_in *in)
{
	if (c->state == TCP_SYN_SENT)
		return tcp_in_syn_sent(c, in);
	if (!check_segment(c, in))
		return false;
	return c->state == TCP_SYN_RCVD ? tcp_in_syn_rcvd(c, in) : tcp_ack(c, in);
}

/* A segment of a known connection, which it may end: false when @c is freed. */
static bool conn_input(struct tcp_conn *c, struct tcp_in *in)
{
	struct tcp *tcp = c->tcp;
	uint32_t alive = tcp->conns.in_use;
	bool was_time_wait = c->state == TCP_TIME_WAIT;

	c->heard_at = in->now;
	c->keep_sent = 0;
	if (check_and_ack(c, in)) {
		take_timestamp(c, in);
		if (was_time_wait)
			in_time_wait(c, in);
		tcp_text(c, in);
	}
	/* Nothing is opened here, and no handler runs, so a change of the number is @c's end. */
	return tcp->conns.in_use == alive;
}

static void dispatch(struct tcp *tcp, const struct tcp_tuple *tuple, struct tcp_conn *c,
		     struct tcp_in *in)
{
	struct tcp_listener *l;

	if (c && may_reuse(c, in) && tcp_listener_find_or_null(tcp, tuple)) {
		tcp_count(tcp, TCP_TIME_WAIT_REUSED);
		in->replaces = true;
		in->old_snd_nxt = c->snd_nxt;
		if (!tcp_conn_kill(c, 0))
			tcp_settle(c, in->now);
		c = NULL;
	}
	if (c) {
		if (conn_input(c, in))
			tcp_settle(c, in->now);
		return;
	}
	l = tcp_listener_find_or_null(tcp, tuple);
	if (l) {
		tcp_listener_input(l, tuple, in);
		return;
	}
	tcp_count(tcp, TCP_DROP_NO_CONN);
	tcp_reply_rst(tcp, tuple, in);
}

/* Cuts the headers off and reads them. @opts is used only when there is more than a timestamp. */
static void parse(struct buf *b, const struct tcp_hdr *h, struct tcp_opts *opts, struct tcp_in *in)
{
	uint32_t hlen = tcp_hlen(h);

	in->seq = be32_get(h->seq);
	in->ack = be32_get(h->ack);
	in->wnd = be16_get(h->window);
	in->flags = h->flags;
	in->opts_or_null = NULL;
	in->has_ts = hlen > TCP_HLEN && tcp_is_ts_only(h, &in->ts_val, &in->ts_ecr);
	if (hlen > TCP_HLEN && !in->has_ts) {
		tcp_parse_opts(h + 1, hlen - TCP_HLEN, opts);
		in->opts_or_null = opts;
		in->has_ts = opts->seen & TCP_HAS_TS;
		in->ts_val = opts->ts_val;
		in->ts_ecr = opts->ts_ecr;
	}
	buf_pull(b, hlen);
	in->b = b;
	in->len = buf_chain_len(b);
}

void tcp_input(struct tcp *tcp, struct buf *b, const struct tcp_rx *rx, uint64_t now)
{
	const struct tcp_hdr *h = (const struct tcp_hdr *)b->data;
	struct tcp_in in = { .now = now, .tos = rx->tos };
	struct tcp_tuple tuple = { .local = rx->dst, .remote = rx->src };
	struct tcp_opts opts;
	struct tcp_conn *c;

	tcp_count(tcp, TCP_IN_SEGS);
	if (b->len < TCP_HLEN || !tcp_len_is_good(h, b->len)) {
		tcp_count(tcp, TCP_DROP_TRUNCATED);
		buf_put_chain(b);
		return;
	}
	tuple.local_port = be16_get(h->dport);
	tuple.remote_port = be16_get(h->sport);
	c = tcp_table_find_or_null(&tcp->table, &tuple);
	if (c && tcp_fast_path(c, h, b, now))
		return;
	parse(b, h, &opts, &in);
	dispatch(tcp, &tuple, c, &in);
	buf_put_chain(in.b);
}

bool tcp_icmp_error(struct tcp *tcp, const struct tcp_icmp *icmp, uint64_t now)
{
	struct tcp_tuple tuple = {
		.local = icmp->local,
		.remote = icmp->remote,
		.local_port = icmp->local_port,
		.remote_port = icmp->remote_port,
	};
	struct tcp_conn *c = tcp_table_find_or_null(&tcp->table, &tuple);

	/* RFC 5927 4.1: it must quote what is on its way. */
	if (!c || !seq_between(icmp->seq, c->snd_una, c->snd_nxt))
		return false;
	if (icmp->new_mss) {
		if (icmp->new_mss < c->path_mss)
			tcp_set_path_mss(c, icmp->new_mss, now);
		return true;
	}
	if (icmp->is_hard && tcp_is_in(c, TCP_IN(TCP_SYN_SENT) | TCP_IN(TCP_SYN_RCVD))) {
		tcp_count(tcp, TCP_ATTEMPT_FAILS);
		if (!tcp_conn_kill(c, icmp->err))
			tcp_settle(c, now);
		return true;
	}
	/* A soft error (RFC 9293 3.9.2.2): the reason, should the connection die of old age. */
	c->err = icmp->err;
	return true;
}
