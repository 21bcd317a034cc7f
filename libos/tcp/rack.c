/* SPDX-License-Identifier: MIT */
/*
 * RACK-TLP (RFC 8985), for connections with SACK. A segment is lost when one that was sent sufficiently later has been
 * delivered. "Sufficiently" is the reordering window: none at first, once reordering was seen a part of the least
 * round-trip time, more while D-SACKs tell that it was too little.
 *
 * Segments are looked at in the order of their numbers, up to the highest that was delivered or sent again, rather than
 * in the order of their times: a record has no room for a second list.
 */
#include "libos/tcp/rack.h"

#include "libos/tcp/output.h"

#define REO_PERSIST 16
#define REO_MULT_MAX 64
#define TLP_MAX_ACK_DELAY (200 * NS_PER_MS) /* of the peer, for the ACK of a lone segment */

static bool sent_after(uint64_t at1, uint32_t end1, uint64_t at2, uint32_t end2)
{
	return at1 > at2 || (at1 == at2 && seq_gt(end1, end2));
}

void tcp_rack_update(struct tcp_conn *c, const struct tcp_seg *s, const struct tcp_acking *a)
{
	struct tcp_flight *f = c->flight_or_null;
	uint64_t rtt = a->cc.now - s->stamp.sent_at;
	uint32_t end = tcp_seg_end(s);

	if (seq_lt(end, f->rack_fack) && !(s->flags & TCP_SEG_EVER_RETRANS))
		f->rack_reordering_seen = true;
	f->rack_fack = seq_max(f->rack_fack, end);
	if (s->flags & TCP_SEG_EVER_RETRANS) {
		uint32_t sent_ts = (uint32_t)(s->stamp.sent_at / NS_PER_MS) + c->ts_offset;

		/* The answer to an earlier transmission says nothing about the last one. */
		if (c->flags & TCP_F_TS && a->in->has_ts && seq_lt(a->in->ts_ecr, sent_ts))
			return;
		if (tcp_rtt_has_sample(&c->rtt) && rtt < tcp_rtt_min_ns(&c->rtt))
			return;
	}
	f->rack_rtt_ns = rtt;
	if (!f->rack_has_sample ||
	    sent_after(s->stamp.sent_at, end, f->rack_sent_at, f->rack_end_seq)) {
		f->rack_sent_at = s->stamp.sent_at;
		f->rack_end_seq = end;
		f->rack_has_sample = true;
	}
}

void tcp_rack_on_dsack(struct tcp_conn *c)
{
	struct tcp_flight *f = c->flight_or_null;

	/* Once in a round trip. */
	if (f->rack_dsack_seen && seq_lt(c->snd_una, f->rack_dsack_round))
		return;
	f->rack_dsack_seen = true;
	f->rack_dsack_round = c->snd_nxt;
	f->rack_reordering_seen = true;
	if (f->rack_reo_mult < REO_MULT_MAX)
		f->rack_reo_mult++;
	f->rack_reo_persist = REO_PERSIST;
}

void tcp_rack_on_exit(struct tcp_flight *f)
{
	if (f->rack_reo_persist > 0)
		f->rack_reo_persist--;
	if (f->rack_reo_persist == 0)
		f->rack_reo_mult = 1;
}

static uint64_t reo_wnd(const struct tcp_conn *c, const struct tcp_flight *f)
{
	unsigned num = 0;

	if (!f->rack_reordering_seen) {
		if (f->cc.phase >= TCP_CC_RECOVERY)
			return 0;
		for (const struct tcp_seg *s = f->head; s && num < TCP_DUPTHRESH; s = s->next)
			num += !!(s->flags & TCP_SEG_SACKED);
		if (num >= TCP_DUPTHRESH)
			return 0;
	}
	if (!tcp_rtt_has_sample(&c->rtt))
		return 0;
	return min_t(uint64_t, f->rack_reo_mult * tcp_rtt_min_ns(&c->rtt) / 4, c->rtt.srtt_ns);
}

bool tcp_rack_detect(struct tcp_conn *c, uint64_t now, uint64_t *wait)
{
	struct tcp_flight *f = c->flight_or_null;
	bool found = false;
	uint64_t window;

	*wait = 0;
	if (!f->rack_has_sample)
		return false;
	window = f->rack_rtt_ns + reo_wnd(c, f);
	for (struct tcp_seg *s = f->head; s; s = s->next) {
		uint64_t due = s->stamp.sent_at + window;

		if (!(s->flags & TCP_SEG_EVER_RETRANS) && s->stamp.sent_at > f->rack_sent_at)
			break;
		if (s->flags & TCP_SEG_SACKED ||
		    (s->flags & (TCP_SEG_LOST | TCP_SEG_RETRANS)) == TCP_SEG_LOST ||
		    !sent_after(f->rack_sent_at, f->rack_end_seq, s->stamp.sent_at, tcp_seg_end(s)))
			continue;
		if (due <= now) {
			tcp_seg_mark_lost(c, s, now);
			found = true;
		} else {
			*wait = max_t(uint64_t, *wait, due - now);
		}
	}
	return found;
}

/* --- tail loss probe --- */

uint64_t tcp_tlp_delay(const struct tcp_conn *c)
{
	const struct tcp_flight *f = c->flight_or_null;
	uint64_t delay;

	if (!(c->flags & TCP_F_SACK) || f->tlp_out || f->cc.phase != TCP_CC_OPEN || f->sacked > 0 ||
	    !tcp_rtt_has_sample(&c->rtt) || c->rtt.backoff > 0)
		return TIME_NEVER;
	delay = 2 * c->rtt.srtt_ns;
	if (f->head == f->tail)
		delay += TLP_MAX_ACK_DELAY;
	return max_t(uint64_t, delay, 2 * NS_PER_MS);
}

void tcp_tlp_send(struct tcp_conn *c, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;

	f->tlp_out = true;
	tcp_count(c->tcp, TCP_LOSS_PROBES);
	f->tlp_is_retrans = !tcp_output_one(c, now);
	if (f->tlp_is_retrans)
		tcp_retransmit(c, f->tail, now);
	f->tlp_end_seq = c->snd_nxt;
}

bool tcp_tlp_on_ack(struct tcp_conn *c, const struct tcp_acking *a)
{
	struct tcp_flight *f = c->flight_or_null;

	if (!f->tlp_out || seq_lt(a->in->ack, f->tlp_end_seq))
		return false;
	if (f->tlp_is_retrans && !a->has_dsack && seq_gt(a->in->ack, f->tlp_end_seq)) {
		f->tlp_out = false;
		return true;
	}
	/* New data, or both copies have arrived: nothing was lost. Otherwise that is still open. */
	if (!f->tlp_is_retrans || a->has_dsack || (a->is_dup && a->cc.sacked == 0))
		f->tlp_out = false;
	return false;
}
