/* SPDX-License-Identifier: MIT */
/*
 * Episodes. Fast recovery begins when something is marked lost, a timeout's episode with the timeout; both end when
 * SND.UNA reaches f->recover, which is SND.NXT as the episode began. Within them cwnd is PRR's (RFC 9937) or, after a
 * timeout, slow start's. Which segments are lost is RACK's to say with SACK, and the third duplicate ACK's and each
 * partial ACK's without (RFC 6582).
 *
 * Undo: an episode was for nothing when the first retransmission is answered by an echo older than itself (RFC 3522),
 * when every retransmission was reported as a duplicate (RFC 3708), or when after a timeout something is delivered
 * that was sent before it and only once (RFC 5682).
 */
#include "libos/tcp/recovery.h"

#include "libos/tcp/output.h"
#include "libos/tcp/rack.h"
#include "libos/tcp/sack.h"
#include "libos/tcp/timers.h"

static struct tcp_cc_event event_of(const struct tcp_conn *c, uint32_t flight_size, uint64_t now)
{
	const struct tcp_flight *f = c->flight_or_null;

	return (struct tcp_cc_event){
		.now = now,
		.delivered = f->rate.delivered,
		.flight_size = flight_size,
		.in_flight = tcp_in_flight(c, f),
	};
}

static void begin_episode(struct tcp_conn *c, struct tcp_flight *f)
{
	f->recover = c->snd_nxt;
	f->has_undo = true;
	f->undo_retrans = 0;
	f->undo_ts = 0;
	f->tlp_out = false;
}

static void enter_recovery(struct tcp_conn *c, uint32_t flight_size, uint32_t acked,
			   uint32_t sacked, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;
	struct tcp_cc_event ev = event_of(c, flight_size, now);

	tcp_cc_enter_recovery(&f->cc, &ev);
	begin_episode(c, f);
	tcp_prr_init(&f->prr, max_t(uint32_t, c->snd_nxt - c->snd_una, 1), acked, sacked,
		     f->sacked);
	tcp_count(c->tcp, TCP_FAST_RECOVERIES);
}

static void exit_episode(struct tcp_conn *c, struct tcp_flight *f, uint64_t now)
{
	tcp_cc_exit(&f->cc, now);
	tcp_rack_on_exit(f);
	f->frto = false;
}

static bool is_spurious(const struct tcp_conn *c, const struct tcp_flight *f,
			const struct tcp_acking *a)
{
	const struct tcp_in *in = a->in;

	if (!f->has_undo)
		return false;
	if (f->frto && f->cc.phase == TCP_CC_LOSS && a->is_original && c->snd_una != a->prior_una)
		return true;
	if (f->undo_ts == 0)
		return false;
	if (c->flags & TCP_F_TS && in->has_ts && c->snd_una != a->prior_una && in->ts_ecr != 0 &&
	    seq_lt(in->ts_ecr, f->undo_ts))
		return true;
	return a->has_dsack && f->undo_retrans == 0;
}

static void undo(struct tcp_conn *c, struct tcp_flight *f, uint64_t now)
{
	f->has_undo = false;
	f->frto = false;
	if (!tcp_cc_undo(&f->cc, now))
		return;
	tcp_count(c->tcp, TCP_SPURIOUS);
	for (struct tcp_seg *s = f->head; s; s = s->next)
		s->flags &= (uint8_t) ~(TCP_SEG_LOST | TCP_SEG_RETRANS);
	f->lost = 0;
	f->retrans = 0;
}

/* RFC 6582 for connections without SACK. */
static bool detect_by_count(struct tcp_conn *c, struct tcp_flight *f, const struct tcp_acking *a)
{
	bool is_partial = c->snd_una != a->prior_una && f->cc.phase == TCP_CC_RECOVERY &&
			  seq_lt(c->snd_una, f->recover);

	if (!f->head || f->head->flags & TCP_SEG_LOST)
		return false;
	/* Step 2: not for what a previous episode has already answered. */
	if (f->cc.phase < TCP_CC_RECOVERY && f->dupacks == TCP_DUPTHRESH &&
	    seq_geq(c->snd_una, f->recover)) {
		tcp_seg_mark_lost(c, f->head, a->cc.now);
		return true;
	}
	if (is_partial) {
		tcp_seg_mark_lost(c, f->head, a->cc.now);
		return true;
	}
	return false;
}

static void detect_loss(struct tcp_conn *c, struct tcp_flight *f, struct tcp_acking *a)
{
	uint64_t wait = 0;

	if (!(c->flags & TCP_F_SACK)) {
		a->found_loss = detect_by_count(c, f, a);
		return;
	}
	if (f->sacked == 0 && f->cc.phase == TCP_CC_OPEN && f->retrans == 0)
		return;
	a->found_loss = tcp_rack_detect(c, a->cc.now, &wait);
	if (wait > 0) {
		f->rtx_kind = TCP_RTX_REO;
		f->rtx_at = time_add(a->cc.now, wait);
	} else if (f->rtx_kind == TCP_RTX_REO && f->rtx_at != TIME_NEVER) {
		tcp_arm_rto(c, a->cc.now);
	}
}

/* Congestion control for an ACK that has delivered something. */
static void compute_window(struct tcp_conn *c, struct tcp_flight *f, struct tcp_acking *a)
{
	uint32_t delivered = a->cc.acked + a->cc.sacked;

	a->cc.srtt_ns = c->rtt.srtt_ns;
	a->cc.min_rtt_ns = tcp_rtt_has_sample(&c->rtt) ? tcp_rtt_min_ns(&c->rtt) : 0;
	a->cc.in_flight = tcp_in_flight(c, f);
	a->cc.is_cwnd_limited = f->is_cwnd_limited;
	f->is_cwnd_limited = false;
	tcp_rate_ack_end(&f->rate, &a->cc);
	/* Duplicate ACKs leave the window alone, but for algorithms that model the path (RFC 5681 3.2, step 1). */
	if (c->snd_una != a->prior_una || f->cc.phase != TCP_CC_OPEN ||
	    f->cc.ops->flags & TCP_CC_OWN_RECOVERY)
		tcp_cc_on_ack(&f->cc, &a->cc);
	if (f->cc.phase == TCP_CC_RECOVERY && !(f->cc.ops->flags & TCP_CC_OWN_RECOVERY))
		f->cc.cwnd =
			tcp_prr_on_ack(&f->prr, f->cc.ssthresh, c->mss, a->cc.in_flight, delivered,
				       c->snd_una != a->prior_una && !a->found_loss);
}

void tcp_recovery_on_ack(struct tcp_conn *c, struct tcp_acking *a)
{
	struct tcp_flight *f = c->flight_or_null;
	uint64_t now = a->cc.now;

	if (tcp_tlp_on_ack(c, a) && f->cc.phase == TCP_CC_OPEN) {
		/* The probe filled the only hole: reduce once, and be done. */
		enter_recovery(c, a->prior_flight, a->cc.acked, a->cc.sacked, now);
		f->has_undo = false;
		exit_episode(c, f, now);
	}
	if (is_spurious(c, f, a))
		undo(c, f, now);
	detect_loss(c, f, a);
	if (f->cc.phase >= TCP_CC_RECOVERY && seq_geq(c->snd_una, f->recover))
		exit_episode(c, f, now);
	/* Not for what is lost because it was too long for the path. */
	if (a->found_loss && f->cc.phase < TCP_CC_RECOVERY)
		enter_recovery(c, a->prior_flight, a->cc.acked, a->cc.sacked, now);
	if (a->cc.acked + a->cc.sacked > 0)
		compute_window(c, f, a);
}

void tcp_recovery_on_reo(struct tcp_conn *c, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;
	uint64_t wait;

	if (tcp_rack_detect(c, now, &wait) && f->cc.phase < TCP_CC_RECOVERY) {
		enter_recovery(c, c->snd_nxt - c->snd_una, 0, 0, now);
		/* The first retransmission need not wait for another ACK (RFC 9937 6.2). */
		f->cc.cwnd = max_t(uint32_t, f->cc.cwnd, tcp_in_flight(c, f) + c->mss);
	}
	tcp_arm_rto(c, now);
	c->flags |= TCP_F_SEND;
}

void tcp_recovery_on_rto(struct tcp_conn *c, uint64_t now)
{
	struct tcp_flight *f = c->flight_or_null;
	uint32_t flight_size = c->snd_nxt - c->snd_una;
	bool is_new = f->cc.phase != TCP_CC_LOSS || seq_geq(c->snd_una, f->recover);
	struct tcp_cc_event ev;

	if (!(c->flags & TCP_F_SACK))
		f->sacked = 0;
	else if (f->head->flags & TCP_SEG_SACKED)
		tcp_sack_forget(c);
	f->dupacks = 0;
	for (struct tcp_seg *s = f->head; s; s = s->next)
		if (!(s->flags & TCP_SEG_SACKED))
			tcp_seg_mark_lost(c, s, now);
	ev = event_of(c, flight_size, now);
	tcp_cc_on_rto(&f->cc, &ev);
	if (is_new) {
		begin_episode(c, f);
		f->frto = c->flags & TCP_F_SACK;
	}
	f->recover = c->snd_nxt;
	f->tlp_out = false;
}
