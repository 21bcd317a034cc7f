/* SPDX-License-Identifier: MIT */
/*
 * Slow start doubles the window in each round, so its last round overshoots by up to a whole path. RFC 9406 stops
 * earlier: a round whose smallest RTT lies above that of the round before, by an eighth within [4 ms, 16 ms], says
 * that a queue has begun to grow.
 *
 *   SS -> CSS: eight samples of this round, and their minimum is that much larger (4.2)
 *   CSS -> SS: the delay went back below that of the round that looked congested; it was noise
 *   CSS -> OFF: five rounds in CSS, or congestion; ssthresh = cwnd, and congestion avoidance follows
 *
 * In CSS the window grows at a quarter of the pace. One ACK raises it by 8 segments at most (L for a sender that does
 * not pace, 4.3). HyStart++ is for the first slow start only, whose ssthresh is infinite. Later ones know where to
 * stop; there one ACK counts for two segments at most (RFC 3465 2.2, L = 2), for one after a timeout (2.3), where what
 * it covers may be data that the receiver has had for long.
 *
 * RTTs are kept in us: no threshold is below 4 ms.
 */
#include "libos/tcp/cc/hystart.h"

#define MIN_RTT_THRESH_US 4000
#define MAX_RTT_THRESH_US 16000
#define MIN_RTT_DIVISOR 8
#define N_RTT_SAMPLE 8
#define CSS_GROWTH_DIVISOR 4
#define CSS_ROUNDS 5
#define L_FIRST 8
#define L_LATER 2

static void start_round(struct hystart *h)
{
	h->last_round_us = h->current_round_us;
	h->current_round_us = 0;
	h->samples = 0;
	if (h->state == HYSTART_CSS)
		h->css_rounds++;
}

static void take_sample(struct hystart *h, uint64_t rtt_ns)
{
	/* A sample of 0 us would read as none. */
	uint32_t us = (uint32_t)max_t(uint64_t, min_t(uint64_t, rtt_ns / NS_PER_US, UINT32_MAX), 1);

	if (h->current_round_us == 0 || us < h->current_round_us)
		h->current_round_us = us;
	if (h->samples < N_RTT_SAMPLE)
		h->samples++;
}

static bool has_delay_grown(const struct hystart *h)
{
	uint32_t thresh = min_t(uint32_t, h->last_round_us / MIN_RTT_DIVISOR, MAX_RTT_THRESH_US);

	thresh = max_t(uint32_t, thresh, MIN_RTT_THRESH_US);
	return h->last_round_us != 0 && h->current_round_us >= (uint64_t)h->last_round_us + thresh;
}

/* True when slow start is over. */
static bool watch(struct hystart *h, const struct tcp_cc_ack *ack)
{
	if (ack->round_start)
		start_round(h);
	if (ack->rtt_ns)
		take_sample(h, ack->rtt_ns);
	if (h->samples >= N_RTT_SAMPLE) {
		if (h->state == HYSTART_SS && has_delay_grown(h)) {
			h->css_baseline_us = h->current_round_us;
			h->css_rounds = 0;
			h->state = HYSTART_CSS;
		} else if (h->state == HYSTART_CSS && h->current_round_us < h->css_baseline_us) {
			h->state = HYSTART_SS;
		}
	}
	return h->state == HYSTART_CSS && h->css_rounds >= CSS_ROUNDS;
}

static uint32_t growth(struct hystart *h, const struct tcp_cc *cc, uint32_t bytes)
{
	uint32_t segments = h->state != HYSTART_OFF    ? L_FIRST
			    : cc->phase == TCP_CC_LOSS ? 1
						       : L_LATER;
	uint32_t grow = min_t(uint32_t, bytes, segments * cc->mss);

	if (h->state == HYSTART_CSS) {
		grow += h->css_bytes;
		h->css_bytes = (uint8_t)(grow % CSS_GROWTH_DIVISOR);
		grow /= CSS_GROWTH_DIVISOR;
	}
	return grow;
}

uint32_t tcp_cc_slow_start(struct tcp_cc *cc, struct hystart *h, const struct tcp_cc_ack *ack)
{
	uint32_t bytes = ack->acked + ack->sacked, grow, room;

	if (cc->ssthresh != TCP_CC_SSTHRESH_INFINITE)
		hystart_stop(h);
	if (h->state != HYSTART_OFF && watch(h, ack)) {
		hystart_stop(h);
		cc->ssthresh = cc->cwnd;
		return bytes;
	}
	grow = growth(h, cc, bytes);
	room = cc->ssthresh - cc->cwnd;
	if (grow <= room) {
		cc->cwnd += grow;
		return 0;
	}
	cc->cwnd = cc->ssthresh;
	return grow - room;
}

bool hystart_is_sane(const struct hystart *h)
{
	return h->state < HYSTART_STATE_NUM && h->css_bytes < CSS_GROWTH_DIVISOR;
}
