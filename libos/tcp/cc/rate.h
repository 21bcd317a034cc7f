/* SPDX-License-Identifier: MIT */
/*
 * Delivery rate estimation (draft-cheng-iccrg-delivery-rate-estimation) and the counting of rounds. Needed by
 * algorithms with TCP_CC_NEEDS_RATE_SAMPLES; without the flag the engine may leave it out. How it works: rate.c.
 *
 * For each ACK: tcp_rate_ack_begin; tcp_rate_on_lost and tcp_rate_on_delivered for the segments concerned;
 * tcp_rate_ack_end; the rest of the tcp_cc_ack is the engine's.
 */
#ifndef LIBOS_TCP_CC_RATE_H
#define LIBOS_TCP_CC_RATE_H

#include "libos/tcp/cc/cc.h"

/* The connection's. */
struct tcp_rate {
	uint64_t delivered;     /* bytes acknowledged or SACKed, ever */
	uint64_t delivered_at;  /* when the last of them were */
	uint64_t first_sent_at; /* when the first segment of the present flight was sent */
	uint64_t
		app_limited; /* until so much is delivered, samples tell of the application; 0: not limited */
	uint64_t
		round_end; /* an ACK for what was sent at this count of delivered, or later, starts a round */
	uint32_t lost; /* bytes marked lost, ever, modulo 2^32 */
};

/* What each segment in flight carries from its (last) transmission. The ages are in units of 16 ns, saturating. */
struct tcp_rate_stamp {
	uint64_t sent_at;
	uint64_t delivered;      /* rate.delivered then */
	uint32_t send_age;       /* sent_at - rate.first_sent_at */
	uint32_t delivered_age;  /* sent_at - rate.delivered_at */
	uint32_t lost;           /* rate.lost then */
	uint32_t in_flight : 31; /* with itself */
	uint32_t is_app_limited : 1;
};

void tcp_rate_init(struct tcp_rate *r, uint64_t now);

/* A segment of @bytes leaves, for the first time or again; @in_flight without it. */
void tcp_rate_on_sent(struct tcp_rate *r, struct tcp_rate_stamp *stamp, uint32_t in_flight,
		      uint32_t bytes, uint64_t now);

/* Prepares @ack for the segments that this ACK is about. */
void tcp_rate_ack_begin(struct tcp_cc_ack *ack, uint64_t now);

/* @bytes of a segment were acknowledged or SACKed for the first time. */
void tcp_rate_on_delivered(struct tcp_rate *r, const struct tcp_rate_stamp *stamp, uint32_t bytes,
			   struct tcp_cc_ack *ack);

/* @bytes were marked lost. Fills @lost for the algorithm's on_lost; @stamp is of their last transmission. */
void tcp_rate_on_lost(struct tcp_rate *r, const struct tcp_rate_stamp *stamp, uint32_t bytes,
		      uint64_t now, struct tcp_cc_lost *lost);

/* Completes the second half of @ack; ack->min_rtt_ns must be set. */
void tcp_rate_ack_end(struct tcp_rate *r, struct tcp_cc_ack *ack);

/* The application has nothing to send while cwnd has room and no loss waits for retransmission. */
void tcp_rate_on_app_limited(struct tcp_rate *r, uint32_t in_flight);

/* For a move to another clock. */
void tcp_rate_shift_time(struct tcp_rate *r, uint64_t delta);

static inline void tcp_rate_stamp_shift_time(struct tcp_rate_stamp *stamp, uint64_t delta)
{
	stamp->sent_at += delta;
}

#endif
