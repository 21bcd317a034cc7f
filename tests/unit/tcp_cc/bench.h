/* SPDX-License-Identifier: MIT */
/* A congestion control on the bench: one event at a time, by hand. MSS 1000, RTT 100 ms, window in full use. */
#ifndef TESTS_UNIT_TCP_CC_BENCH_H
#define TESTS_UNIT_TCP_CC_BENCH_H

#include "libos/tcp/cc/image.h"

struct bench {
	struct tcp_cc cc;
	uint64_t now;
	uint64_t delivered;
	uint64_t rtt;
	uint32_t flight; /* 0: as much as cwnd allows */
	bool unlimited;  /* the application has less to send than cwnd allows */
};

static inline void bench_init(struct bench *b, const char *algorithm)
{
	struct tcp_cc_start start = { .now = NS_PER_SEC, .mss = 1000 };

	*b = (struct bench){ .now = NS_PER_SEC, .rtt = 100 * NS_PER_MS };
	tcp_cc_init(&b->cc, tcp_cc_find_or_null(algorithm), &start);
	b->cc.cwnd = 10000;
}

static inline uint32_t bench_flight(const struct bench *b)
{
	return b->flight ? b->flight : b->cc.cwnd / b->cc.mss * b->cc.mss;
}

static inline void bench_ack_at(struct bench *b, uint32_t bytes, bool round_start)
{
	struct tcp_cc_ack ack = {
		.now = b->now,
		.rtt_ns = b->rtt,
		.srtt_ns = b->rtt,
		.min_rtt_ns = b->rtt,
		.acked = bytes,
		.in_flight_before = bench_flight(b),
		.in_flight = bench_flight(b),
		.is_cwnd_limited = !b->unlimited,
		.round_start = round_start,
	};

	b->delivered += bytes;
	ack.delivered = b->delivered;
	tcp_cc_on_ack(&b->cc, &ack);
}

static inline void bench_ack(struct bench *b, uint32_t bytes)
{
	bench_ack_at(b, bytes, false);
}

static inline struct tcp_cc_event bench_event(const struct bench *b)
{
	return (struct tcp_cc_event){ .now = b->now,
				      .delivered = b->delivered,
				      .flight_size = bench_flight(b),
				      .in_flight = bench_flight(b) };
}

static inline void bench_recovery(struct bench *b)
{
	struct tcp_cc_event ev = bench_event(b);

	tcp_cc_enter_recovery(&b->cc, &ev);
}

static inline void bench_rto(struct bench *b)
{
	struct tcp_cc_event ev = bench_event(b);

	tcp_cc_on_rto(&b->cc, &ev);
}

static inline bool bench_ecn(struct bench *b, uint32_t ce_bytes, uint32_t bytes, bool round_start)
{
	struct tcp_cc_event ev = bench_event(b);

	return tcp_cc_on_ecn(&b->cc, &ev, ce_bytes, bytes, round_start);
}

/* One round: a window's worth of ACKs of one segment each, spread over the RTT. */
static inline void bench_round(struct bench *b)
{
	uint32_t segments = bench_flight(b) / b->cc.mss;
	uint64_t start = b->now;

	for (uint32_t i = 0; i < segments; i++) {
		b->now = start + b->rtt * (i + 1) / segments;
		bench_ack_at(b, b->cc.mss, i == 0);
	}
}

#endif
