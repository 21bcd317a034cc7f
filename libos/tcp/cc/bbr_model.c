/* SPDX-License-Identifier: MIT */
/*
 * What BBR believes of the path (draft-ietf-ccwg-bbr 5.5):
 *
 * - max_bw: the most that was delivered per second, over this probing cycle and the one before. Samples limited by the
 *   application count only when they are larger.
 * - min_rtt: the smallest RTT of 10 s; probe_rtt_min is that of 5 s and says when to look again.
 * - bw_lo, inflight_lo: after a round with loss, outside of probing, what the latest round delivered, or 0.7 of the
 *   bound before, whichever is more. They hold until the next probe.
 * - extra_acked: how far ACKs run ahead of the bandwidth at times, since receivers and links gather them.
 *
 * Two kinds of rounds are counted, as the draft has it: one restarted with each change of state, and one from loss to
 * loss. Windowed maxima are kept in two buckets, so that a window of n holds between n / 2 and n.
 */
#include "libos/tcp/cc/bbr.h"

#define MIN_RTT_WINDOW_US (10u * 1000000)
#define PROBE_RTT_INTERVAL_US (5u * 1000000)
#define EXTRA_ACKED_ROUNDS 5
#define TIME_REBASE (1u << 31)
#define TIME_KEPT (1u << 30)

static void move_back(uint32_t *t, uint64_t by)
{
	*t = *t > by ? *t - (uint32_t)by : 0;
}

uint32_t bbr_time(struct bbr *b, uint64_t now)
{
	uint64_t us = (now - b->base_at) / NS_PER_US;

	if (unlikely(us >= TIME_REBASE)) {
		uint64_t by = us - TIME_KEPT;

		/* What would lie before the base is 18 minutes old, and past every interval here. */
		b->base_at += by * NS_PER_US;
		move_back(&b->min_rtt_at, by);
		move_back(&b->probe_rtt_min_at, by);
		move_back(&b->phase_at, by);
		move_back(&b->extra_acked_at, by);
		us = TIME_KEPT;
	}
	return (uint32_t)us;
}

uint32_t bbr_sample_bw(const struct tcp_cc_ack *ack)
{
	if (ack->interval_ns == 0)
		return 0;
	return (uint32_t)min_t(uint64_t,
			       (uint64_t)ack->rate_bytes * (NS_PER_SEC / 16) / ack->interval_ns,
			       BBR_UNKNOWN - 1);
}

uint32_t bbr_max_bw(const struct bbr *b)
{
	return max_t(uint32_t, b->max_bw[0], b->max_bw[1]);
}

uint32_t bbr_bw(const struct bbr *b)
{
	return min_t(uint32_t, bbr_max_bw(b), b->bw_lo);
}

uint32_t bbr_bdp(const struct tcp_cc *cc, uint32_t bw, uint32_t percent)
{
	const struct bbr *b = (const struct bbr *)cc->priv;
	uint64_t bdp;

	if (b->min_rtt == BBR_UNKNOWN)
		return tcp_cc_initial_window(cc->mss);
	/* 16 bytes/s * 16 ns = 256 bytes / 10^9 */
	bdp = (uint64_t)bw * b->min_rtt / (NS_PER_SEC / 256);
	return (uint32_t)min_t(uint64_t, min_t(uint64_t, bdp, UINT32_MAX) * percent / 100,
			       TCP_CC_CWND_MAX);
}

uint32_t bbr_extra_acked(const struct bbr *b)
{
	return max_t(uint32_t, b->extra_acked[0], b->extra_acked[1]);
}

void bbr_start_round(struct bbr *b, uint64_t delivered)
{
	b->next_round = (uint32_t)delivered;
}

void bbr_reset_congestion_signals(struct bbr *b)
{
	b->has_loss_in_round = false;
	b->loss_events = 0;
	b->is_loss_high = false;
	b->bw_latest = 0;
	b->inflight_latest = 0;
}

void bbr_reset_lower_bounds(struct bbr *b)
{
	b->bw_lo = BBR_UNKNOWN;
	b->inflight_lo = BBR_UNKNOWN;
}

void bbr_reset_full_bw(struct bbr *b)
{
	b->full_bw = 0;
	b->full_bw_count = 0;
	b->is_full_bw_now = false;
}

void bbr_advance_max_bw(struct bbr *b)
{
	/* A cycle without a sample has nothing to replace the previous one with. */
	if (b->max_bw[1] == 0)
		return;
	b->max_bw[0] = b->max_bw[1];
	b->max_bw[1] = 0;
}

static bool is_at_or_after(uint64_t delivered, uint32_t mark)
{
	return (int32_t)((uint32_t)delivered - mark) >= 0;
}

static void update_rounds(struct bbr *b, const struct tcp_cc_ack *ack)
{
	b->is_round_start = false;
	b->is_loss_round_start = false;
	if (ack->rate_bytes == 0)
		return;
	if (is_at_or_after(ack->prior_delivered, b->next_round)) {
		bbr_start_round(b, ack->delivered);
		b->is_round_start = true;
		b->rounds_since_probe += b->rounds_since_probe < UINT8_MAX;
		b->drain_rounds += b->drain_rounds < UINT8_MAX;
	}
	if (is_at_or_after(ack->prior_delivered, b->loss_round)) {
		b->loss_round = (uint32_t)ack->delivered;
		b->is_loss_round_start = true;
	}
}

static void update_lower_bounds(struct tcp_cc *cc)
{
	struct bbr *b = bbr_of(cc);

	if (b->bw_lo == BBR_UNKNOWN)
		b->bw_lo = bbr_max_bw(b);
	if (b->inflight_lo == BBR_UNKNOWN)
		b->inflight_lo = cc->cwnd;
	b->bw_lo = max_t(uint32_t, b->bw_latest, (uint32_t)((uint64_t)b->bw_lo * 7 / 10));
	b->inflight_lo =
		max_t(uint32_t, b->inflight_latest, (uint32_t)((uint64_t)b->inflight_lo * 7 / 10));
}

static void update_aggregation(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct bbr *b = bbr_of(cc);
	uint32_t now = bbr_time(b, ack->now), extra;
	uint64_t us = now - b->extra_acked_at;
	uint64_t expected = us * 16 * bbr_bw(b) / 1000000;

	if (b->extra_acked_sum <= expected) {
		b->extra_acked_sum = 0;
		b->extra_acked_at = now;
		expected = 0;
	}
	b->extra_acked_sum += ack->acked + ack->sacked;
	extra = min_t(uint32_t, (uint32_t)(b->extra_acked_sum - expected), cc->cwnd);
	if (b->is_round_start &&
	    ++b->extra_acked_rounds >= (b->is_full_bw_reached ? EXTRA_ACKED_ROUNDS : 1)) {
		b->extra_acked_rounds = 0;
		b->extra_acked[0] = b->extra_acked[1];
		b->extra_acked[1] = 0;
	}
	b->extra_acked[1] = max_t(uint32_t, b->extra_acked[1], extra);
}

void bbr_model_on_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack, bool is_probing)
{
	struct bbr *b = bbr_of(cc);
	uint32_t bw = bbr_sample_bw(ack);

	update_rounds(b, ack);
	b->bw_latest = max_t(uint32_t, b->bw_latest, bw);
	b->inflight_latest = max_t(uint32_t, b->inflight_latest, ack->rate_bytes);
	if (bw >= bbr_max_bw(b) || !ack->is_app_limited)
		b->max_bw[1] = max_t(uint32_t, b->max_bw[1], bw);
	if (b->is_loss_round_start && b->has_loss_in_round && !is_probing)
		update_lower_bounds(cc);
	update_aggregation(cc, ack);
}

void bbr_model_end_ack(struct bbr *b, const struct tcp_cc_ack *ack)
{
	if (!b->is_loss_round_start)
		return;
	b->has_loss_in_round = false;
	b->loss_events = 0;
	b->is_loss_high = false;
	b->bw_latest = bbr_sample_bw(ack);
	b->inflight_latest = ack->rate_bytes;
}

void bbr_model_update_min_rtt(struct bbr *b, const struct tcp_cc_ack *ack)
{
	uint32_t now = bbr_time(b, ack->now);

	b->is_probe_rtt_due = now - b->probe_rtt_min_at > PROBE_RTT_INTERVAL_US;
	if (ack->rtt_ns) {
		uint32_t rtt = (uint32_t)max_t(
			uint64_t, min_t(uint64_t, ack->rtt_ns / 16, BBR_UNKNOWN - 1), 1);

		if (rtt < b->probe_rtt_min || b->is_probe_rtt_due) {
			b->probe_rtt_min = rtt;
			b->probe_rtt_min_at = now;
		}
	}
	if (b->probe_rtt_min < b->min_rtt || now - b->min_rtt_at > MIN_RTT_WINDOW_US) {
		b->min_rtt = b->probe_rtt_min;
		b->min_rtt_at = b->probe_rtt_min_at;
	}
}

void bbr_model_note_loss(struct bbr *b, uint64_t delivered)
{
	if (!b->has_loss_in_round)
		b->loss_round = (uint32_t)delivered;
	b->has_loss_in_round = true;
	b->loss_events += b->loss_events < 7;
}
