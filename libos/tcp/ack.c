/* SPDX-License-Identifier: MIT */
/*
 * The ACK field (RFC 9293 3.10.7.4 fifth, RFC 5961 5): what is acknowledged leaves the flight and gives samples; then
 * scoreboard, loss detection, recovery and the window; last the send window, since WL1 and WL2 compare with it.
 */
#include "libos/tcp/ack.h"

#include "libos/tcp/close.h"
#include "libos/tcp/input.h"
#include "libos/tcp/output.h"
#include "libos/tcp/payload.h"
#include "libos/tcp/rack.h"
#include "libos/tcp/recovery.h"
#include "libos/tcp/sack.h"
#include "libos/tcp/state.h"
#include "libos/tcp/timers.h"

void tcp_seg_delivered(struct tcp_conn *c, struct tcp_seg *s, uint32_t bytes, struct tcp_acking *a)
{
	struct tcp_flight *f = c->flight_or_null;

	tcp_rate_on_delivered(&f->rate, &s->stamp, bytes, &a->cc);
	if (s->flags & TCP_SEG_EVER_RETRANS) {
		a->rtt_is_ambiguous = true;
	} else {
		a->has_rtt = true;
		a->rtt_sent_at = max_t(uint64_t, a->rtt_sent_at, s->stamp.sent_at);
		if (seq_leq(tcp_seg_end(s), f->recover))
			a->is_original = true;
	}
	if (c->flags & TCP_F_SACK)
		tcp_rack_update(c, s, a);
}

void tcp_seg_mark_lost(struct tcp_conn *c, struct tcp_seg *s, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;
	uint32_t bytes = tcp_seg_end(s) - s->seq;
	struct tcp_cc_lost lost;

	if (s->flags & TCP_SEG_RETRANS)
		f->retrans -= bytes;
	if (!(s->flags & TCP_SEG_LOST))
		f->lost += bytes;
	s->flags &= (uint8_t)~TCP_SEG_RETRANS;
	s->flags |= TCP_SEG_LOST;
	tcp_rate_on_lost(&f->rate, &s->stamp, bytes, now, &lost);
}

/* Takes what is acknowledged off the flight. */
static void clean_flight(struct tcp_conn *c, uint32_t ack, struct tcp_acking *a)
{
	struct tcp_flight *f = c->flight_or_null;

	while (f->head && seq_lt(f->head->seq, ack)) {
		struct tcp_seg *s = f->head;
		bool was_sacked = s->flags & TCP_SEG_SACKED;
		uint8_t marks = s->flags & (TCP_SEG_SACKED | TCP_SEG_LOST | TCP_SEG_RETRANS);
		bool is_whole = seq_leq(tcp_seg_end(s), ack);
		uint32_t bytes = is_whole ? tcp_seg_end(s) - s->seq : ack - s->seq;
		uint32_t rest;

		if (!was_sacked) {
			a->cc.acked += bytes;
			tcp_seg_delivered(c, s, bytes, a);
		}
		tcp_clear_marks(f, s);
		if (is_whole) {
			f->head = s->next;
			tcp_seg_free(c->tcp, s);
			continue;
		}
		tcp_seg_trim(s, bytes);
		rest = tcp_seg_end(s) - s->seq;
		s->flags |= marks;
		f->sacked += marks & TCP_SEG_SACKED ? rest : 0;
		f->lost += marks & TCP_SEG_LOST ? rest : 0;
		f->retrans += marks & TCP_SEG_RETRANS ? rest : 0;
		break;
	}
	if (!f->head)
		f->tail = NULL;
	c->snd_una = ack;
}

static void sample_rtt(struct tcp_conn *c, struct tcp_acking *a)
{
	const struct tcp_in *in = a->in;
	uint32_t ts_now = tcp_ts_now(c, in->now);
	bool has_ts = c->flags & TCP_F_TS && in->has_ts && in->ts_ecr != 0 &&
		      seq_diff(ts_now, in->ts_ecr) >= 0 && c->snd_una != a->prior_una;
	struct tcp_rtt_ack sample = {
		.now = in->now,
		.sent_at = a->rtt_sent_at,
		.was_retransmitted = !a->has_rtt || a->rtt_is_ambiguous,
		.has_ts = has_ts,
		.ts_sent_at = in->now - (uint64_t)(ts_now - in->ts_ecr) * NS_PER_MS,
		.ts_tick_ns = NS_PER_MS,
	};
	uint32_t per_rtt = (a->prior_flight + 2 * c->mss - 1) / (2u * c->mss);
	uint64_t rtt_ns;

	if (!tcp_rtt_from_ack(&sample, &rtt_ns))
		return;
	tcp_rtt_sample(&c->rtt, &c->tcp->rtt_config, rtt_ns, max_t(uint32_t, per_rtt, 1), in->now);
	a->cc.rtt_ns = rtt_ns;
}

/* RFC 5681 2: nothing new in it, while something is on its way. */
static bool is_duplicate(const struct tcp_conn *c, const struct tcp_in *in)
{
	return in->ack == c->snd_una && c->snd_una != c->snd_nxt && in->len == 0 &&
	       !(in->flags & (TCP_SYN | TCP_FIN)) && in->wnd << c->snd_wscale == c->snd_wnd;
}

/* Without SACK a duplicate ACK says that one segment has left the network. */
static void count_duplicate(struct tcp_conn *c, struct tcp_flight *f, struct tcp_acking *a)
{
	uint32_t most = c->snd_nxt - c->snd_una - f->lost;

	if (f->dupacks < UINT8_MAX)
		f->dupacks++;
	if (f->sacked + c->mss < most)
		f->sacked += c->mss;
	a->cc.sacked = c->mss;
}

static void process_flight(struct tcp_conn *c, struct tcp_flight *f, struct tcp_acking *a)
{
	const struct tcp_in *in = a->in;
	bool advanced = seq_gt(in->ack, c->snd_una);

	a->is_dup = !a->is_old && is_duplicate(c, in);
	tcp_rate_ack_begin(&a->cc, in->now);
	a->cc.in_flight_before = tcp_in_flight(c, f);
	a->prior_sacked = f->sacked;
	if (advanced) {
		if (!(c->flags & TCP_F_SACK)) {
			f->sacked = 0;
			f->dupacks = 0;
		}
		clean_flight(c, in->ack, a);
		f->progress_at = in->now;
		f->persist_backoff = 0;
		tcp_rtt_end_backoff(&c->rtt);
		c->events |= TCP_EV_ACKED;
	}
	if (c->flags & TCP_F_SACK)
		tcp_sack_process(c, a);
	else if (a->is_dup)
		count_duplicate(c, f, a);
	sample_rtt(c, a);
	tcp_recovery_on_ack(c, a);
	if (advanced)
		tcp_arm_after_ack(c, in->now);
}

static void update_window(struct tcp_conn *c, const struct tcp_in *in)
{
	uint32_t wnd = in->wnd << c->snd_wscale;

	if (!seq_lt(c->snd_wl1, in->seq) &&
	    !(c->snd_wl1 == in->seq && seq_leq(c->snd_wl2, in->ack)))
		return;
	if (wnd > c->snd_wnd)
		c->flags |= TCP_F_SEND;
	c->snd_wnd = wnd;
	c->max_snd_wnd = max_t(uint32_t, c->max_snd_wnd, wnd);
	c->snd_wl1 = in->seq;
	c->snd_wl2 = in->ack;
}

static void tell_writable(struct tcp_conn *c)
{
	if (!(c->flags & TCP_F_WANT_WRITABLE) || tcp_unacked_bytes(c) >= c->tcp->config.snd_buf)
		return;
	c->flags &= ~(uint32_t)TCP_F_WANT_WRITABLE;
	c->events |= TCP_EV_WRITABLE;
}

bool tcp_ack(struct tcp_conn *c, struct tcp_in *in)
{
	struct tcp_acking a = {
		.in = in,
		.prior_una = c->snd_una,
		.prior_flight = c->snd_nxt - c->snd_una,
	};
	struct tcp_flight *f = c->flight_or_null;
	bool has_fin_out = c->flags & TCP_F_FIN_SENT && c->snd_una != c->snd_nxt;

	if (seq_gt(in->ack, c->snd_nxt) || seq_lt(in->ack, c->snd_una - c->max_snd_wnd)) {
		tcp_count(c->tcp, TCP_DROP_BAD_ACK);
		tcp_challenge_ack(c, in->now);
		return false;
	}
	if (seq_lt(in->ack, c->snd_una)) {
		/* Old, but its text may be new, and so may be a D-SACK. */
		in->ack = c->snd_una;
		a.is_old = true;
	} else if (f) {
		f->persist_probes = 0;
	}
	if (f && (c->snd_una != c->snd_nxt || f->has_undo))
		process_flight(c, f, &a);
	if (c->snd_una != a.prior_una || a.is_dup || a.cc.sacked > 0 || a.found_loss)
		c->flags |= TCP_F_SEND;
	if (!a.is_old)
		update_window(c, in);
	tell_writable(c);
	if (has_fin_out && c->snd_una == c->snd_nxt && !tcp_on_fin_acked(c, in->now))
		return false;
	tcp_flight_maybe_put(c);
	return true;
}
