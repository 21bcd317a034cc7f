/* SPDX-License-Identifier: MIT */
/* What one ACK brings, as it is passed along between acknowledgement, scoreboard, RACK and recovery. */
#ifndef LIBOS_TCP_ACK_H
#define LIBOS_TCP_ACK_H

#include "libos/tcp/conn.h"

struct tcp_acking {
	struct tcp_cc_ack cc;
	const struct tcp_in *in;
	uint32_t prior_una;
	uint32_t prior_flight; /* SND.NXT - SND.UNA before */
	uint32_t prior_sacked;
	uint64_t rtt_sent_at; /* of the newest segment that is now delivered for the first time */
	bool has_rtt;
	bool rtt_is_ambiguous; /* a retransmitted segment is among them */
	bool is_old;           /* below SND.UNA: counts for its SACK blocks alone */
	bool has_dsack;
	bool is_dup; /* a duplicate ACK as RFC 5681 2 defines it, or one with news in SACK */
	bool found_loss;
	bool is_original; /* F-RTO: delivered something from before the timeout that was sent only once */
};

/* @s is delivered, for the first time: samples. Marks are the caller's. */
void tcp_seg_delivered(struct tcp_conn *c, struct tcp_seg *s, uint32_t bytes, struct tcp_acking *a);

/* Marks @s lost, also if it was retransmitted before. */
void tcp_seg_mark_lost(struct tcp_conn *c, struct tcp_seg *s, uint64_t now);

#endif
