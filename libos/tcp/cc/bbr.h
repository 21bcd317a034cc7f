/* SPDX-License-Identifier: MIT */
/* BBR's state, shared by its model of the path (bbr_model.c) and its states (bbr.c). */
#ifndef LIBOS_TCP_CC_BBR_H
#define LIBOS_TCP_CC_BBR_H

#include "libos/tcp/cc/cc.h"

#define BBR_UNKNOWN UINT32_MAX /* an RTT not measured, a bound not set */

enum bbr_state {
	BBR_STARTUP,
	BBR_DRAIN,
	BBR_DOWN, /* the four states of ProbeBW */
	BBR_CRUISE,
	BBR_REFILL,
	BBR_UP,
	BBR_PROBE_RTT,
	BBR_STATE_NUM,
};

/* What the ACKs that arrive now tell, in relation to the last probe for bandwidth. */
enum bbr_acks {
	BBR_ACKS_INIT, /* nothing about a probe */
	BBR_ACKS_REFILLING,
	BBR_ACKS_STARTING, /* the probe is on its way */
	BBR_ACKS_FEEDBACK, /* of the probe */
	BBR_ACKS_STOPPING, /* the probe has ended, its last round is still coming in */
};

/*
 * Units that fit: times are us after base_at, which is moved on every half hour or so; RTTs are 16 ns; bandwidths are
 * 16 bytes per second; counts of delivered bytes are modulo 2^32, and compared within a round. The long-term bound of
 * what may be in flight is cc->ssthresh, since it means the same: the volume that was safe before loss.
 */
struct bbr {
	uint64_t base_at;
	uint32_t min_rtt_at;
	uint32_t probe_rtt_min_at;
	uint32_t
		phase_at; /* start of a probing cycle; in BBR_PROBE_RTT, its earliest end if is_draining_done */
	uint32_t extra_acked_at; /* start of the interval of extra_acked_sum */
	uint32_t min_rtt;        /* over 10 s */
	uint32_t probe_rtt_min;  /* over 5 s */
	uint32_t max_bw[2];      /* of the previous probing cycle, and of this one */
	uint32_t bw_lo;          /* short-term bound */
	uint32_t bw_latest;      /* in this round of loss detection */
	uint32_t full_bw;        /* baseline for seeing whether bandwidth still grows */
	uint32_t undo_bw_lo;
	uint32_t next_round;
	uint32_t loss_round;
	uint32_t inflight_lo; /* short-term bound */
	uint32_t inflight_latest;
	uint32_t undo_inflight_lo;
	uint32_t extra_acked
		[2]; /* most in excess of the bandwidth, previous bucket of rounds and this one */
	uint32_t extra_acked_sum;
	uint32_t probe_up_acked;
	unsigned state : 3;
	unsigned acks : 3;
	unsigned undo_state : 3; /* BBR_STARTUP or BBR_UP; BBR_STATE_NUM: none */
	unsigned full_bw_count : 2;
	unsigned loss_events : 3;  /* in this round, saturating */
	unsigned is_loss_high : 1; /* in this round the share of bytes lost was too large */
	unsigned is_full_bw_now : 1;
	unsigned is_full_bw_reached : 1;
	unsigned is_probe_sample : 1; /* what is lost now tells about a probe */
	unsigned has_loss_in_round : 1;
	unsigned is_loss_round_start : 1;
	unsigned was_probe_too_high : 1;
	unsigned was_probe_precautionary : 1;
	unsigned is_idle_restart : 1;
	unsigned is_round_start : 1;
	unsigned is_probe_rtt_due : 1;
	unsigned is_draining_done : 1; /* BBR_PROBE_RTT: in flight is low, phase_at set */
	unsigned is_probe_rtt_round_done : 1;
	uint8_t up_rounds;
	uint8_t rounds_since_probe;
	uint8_t drain_rounds;
	uint8_t extra_acked_rounds;
	uint16_t probe_wait_ms;
	uint16_t random;
};

_Static_assert(sizeof(struct bbr) <= sizeof(((struct tcp_cc *)0)->priv), "fits");

static inline struct bbr *bbr_of(struct tcp_cc *cc)
{
	return (struct bbr *)cc->priv;
}

static inline bool bbr_is_in_probe_bw(const struct bbr *b)
{
	return b->state >= BBR_DOWN && b->state <= BBR_UP;
}

/* bbr_model.c */

/* @now in us after base_at; moves the base when it is far. */
uint32_t bbr_time(struct bbr *b, uint64_t now);

/* 16 bytes/s; 0: the ACK has no sample. */
uint32_t bbr_sample_bw(const struct tcp_cc_ack *ack);

uint32_t bbr_max_bw(const struct bbr *b);

/* max_bw within the short-term bound. */
uint32_t bbr_bw(const struct bbr *b);

/* @percent of the bandwidth-delay product, at @bw. The initial window while there is no RTT. */
uint32_t bbr_bdp(const struct tcp_cc *cc, uint32_t bw, uint32_t percent);

/* The excess of ACKs to allow for. */
uint32_t bbr_extra_acked(const struct bbr *b);

void bbr_start_round(struct bbr *b, uint64_t delivered);

void bbr_reset_congestion_signals(struct bbr *b);
void bbr_reset_lower_bounds(struct bbr *b);
void bbr_reset_full_bw(struct bbr *b);

/* The bandwidths measured during the previous probing cycle are forgotten. */
void bbr_advance_max_bw(struct bbr *b);

/* Rounds, bandwidth, short-term bounds, aggregation: the first half of an ACK. */
void bbr_model_on_ack(struct tcp_cc *cc, const struct tcp_cc_ack *ack, bool is_probing);

/* After the states had their turn. */
void bbr_model_end_ack(struct bbr *b, const struct tcp_cc_ack *ack);

void bbr_model_update_min_rtt(struct bbr *b, const struct tcp_cc_ack *ack);

/* Congestion in this round. */
void bbr_model_note_loss(struct bbr *b, uint64_t delivered);

#endif
